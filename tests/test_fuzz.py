"""Mutated captures (bench/fuzz_captures.py feeds a million to sanitised kernels), and what they have found."""

from __future__ import annotations

import io
import random
import struct
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import fuzz_tunnels
import needs
import wire_bytes
from capture_samples import block, enhanced, interface, option, section
from fuzz_mutants import Mutants
from synfin.capture.packet import Packet
from synfin.capture.reader import open_capture
from synfin.errors import UnreadableInput
from synfin.wire.fragments import MAX_BYTES, MAX_PARTS, Part, Reassembler
from synfin.wire.frame import dissect
from test_engine import Seen, compiled_sees, readable_sees

DATA = Path(__file__).parent / "data"
MUTANTS = 3000
MiB = 1 << 20


@pytest.fixture(autouse=True)
def small_buffers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small files, too, fill buffers and blocks of rows."""
    needs.have("kernels")
    from synfin.watch.engine import compiled

    monkeypatch.setattr(compiled, "SLOWLY", 2)
    monkeypatch.setattr(compiled, "BLOCK", 4)
    monkeypatch.setattr(compiled, "CHUNK", 4096)


@contextmanager
def memory(most: int) -> Iterator[None]:
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < most
    finally:
        tracemalloc.stop()


def assert_alike(data: bytes) -> Seen | None:
    """What both engines see in a capture, None where it is none."""
    from synfin.watch.engine.described import int64

    try:
        wanted = readable_sees(data)
    except UnreadableInput:
        with pytest.raises(UnreadableInput):
            compiled_sees(data)
        return None
    seen = compiled_sees(data)
    assert seen[:3] == wanted[:3]
    # legs that are longer than 64 bits of nanoseconds wrap
    assert seen[3] == [raw._replace(legs_ns=(int64(raw.legs_ns[0]), int64(raw.legs_ns[1]))) for raw in wanted[3]]
    return seen


def pcapng(link: int, *frames: tuple[int, bytes], resolution: int = 6) -> bytes:
    """Frames and the ticks at which they were captured."""
    start = section("<") + interface("<", link, 0, option("<", 9, bytes((resolution,))))
    return start + b"".join(enhanced("<", 0, ticks, data, len(data)) for ticks, data in frames)


def test_mutated_captures_are_read_alike() -> None:
    mutants = Mutants([DATA], 1)
    for number in range(MUTANTS):
        data = mutants.capture(number)
        try:
            assert_alike(data)
        except Exception as error:
            raise AssertionError(f"capture {number}: {data.hex()}") from error


def test_a_mutant_is_its_number() -> None:
    one, other = Mutants([DATA], 7), Mutants([DATA], 7)
    assert [one.capture(at) for at in range(50)] == [other.capture(at) for at in range(49, -1, -1)][::-1]


def test_seeds_hold_tcp() -> None:
    dice, seen = random.Random(3), 0
    for _ in range(300):
        link, data = fuzz_tunnels.frame(dice)
        seen += dissect(Packet(1, 0, link, data, len(data))).tcp is not None
    assert seen > 100


# --- what was found ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("flags", "completeness"), [(0x02, 1), (0x10, 4)])
def test_a_quoted_header_shows_no_data(flags: int, completeness: int) -> None:
    """As in tshark: the bytes that an ICMP error quotes behind a header are no payload (`tcp.len` is absent)."""
    quoted = wire_bytes.ipv4(wire_bytes.tcp(flags=flags, payload=b"data"))
    error = wire_bytes.ipv4(bytes((3, 3)) + bytes(6) + quoted, 1)
    own = wire_bytes.ipv4(wire_bytes.tcp(flags=0))
    frames = [error, error, own] if flags == 0x10 else [error, own]  # a first segment counts only when it is a SYN
    seen = assert_alike(pcapng(101, *enumerate(frames)))
    assert seen is not None and [raw.completeness for raw in seen[3]] == [completeness]


def test_fragments_are_of_one_age_whichever_way_they_come() -> None:
    """Times beyond 64 bits wrap both in the walks and in the readable reader, which takes over at other blocks."""
    whole = wire_bytes.tcp(payload=bytes(28))
    first = wire_bytes.ipv4(whole[:24], fragment=0x2000)
    last = wire_bytes.ipv4(whole[24:], fragment=3)
    ticks = 1_573_548_016_908_708  # of a second each
    start = pcapng(101, resolution=0)
    own = [(ticks, wire_bytes.ipv4(wire_bytes.tcp()))] * 2  # for the readable reader, which reads the interface
    one, other = (pcapng(101, *frames, resolution=0) for frames in ([*own, (ticks, first)], [(ticks, last)]))
    for between in (b"", block("<", 0xBAD, bytes(4))):
        seen = assert_alike(one + between + other.removeprefix(start))
        assert seen is not None and seen[1] == 3


def test_small_fragments_count_with_what_they_cost() -> None:
    """Parts of two bytes each would take seventy times their data."""
    reassembler = Reassembler()
    with memory(12 * MiB):
        for at in range(120_000):
            ident, offset = divmod(at, MAX_PARTS - 1)
            reassembler.add(
                (b"a", b"b", 6, ident, 0), Part(8 * offset + 8, struct.pack(">H", at & 0xFFFF)), last=False, time_ns=0
            )


# --- bounds -----------------------------------------------------------------------------------------------------------

NESTED = {
    "ip in ip": wire_bytes.ipv4(b"", 4, total=0),
    "authentication": wire_bytes.ipv4(b"", 51, total=0) + bytes((51, 1)) + bytes(10),
    "extensions": struct.pack(">IHBB", 6 << 28, 0, 0, 64) + bytes(40),
    "gre": wire_bytes.ipv4(b"", 47, total=0) + b"\0\0\x08\0",
}


@pytest.mark.parametrize("header", NESTED.values(), ids=list(NESTED))
def test_headers_without_end_cost_little(header: bytes) -> None:
    data = (header * (200_000 // len(header)))[: 1 << 17]
    with memory(8 * MiB):
        assert assert_alike(pcapng(101, *((at, data) for at in range(4)))) is not None


def test_fragments_without_end_cost_little() -> None:
    frames = []
    for at in range(4000):
        head = struct.pack(">BBHHHBBH", 0x45, 0, 1020, at, 0x2000 | at % 7, 64, 6, 0)
        frames.append((at, head + bytes(8) + bytes(1000)))
    data = pcapng(101, *frames)
    with memory(4 * MAX_BYTES):
        engine_frames = compiled_sees(data)[0]
    assert engine_frames == 4000


class Interrupted(io.BytesIO):
    """A file during whose reading somebody presses Ctrl-C."""

    def __init__(self, data: bytes, reads: int) -> None:
        super().__init__(data)
        self.reads = reads

    def _count(self) -> None:
        self.reads -= 1
        if self.reads < 0:
            raise KeyboardInterrupt

    def read1(self, size: int | None = -1, /) -> bytes:
        self._count()
        return super().read1(min(size or 1, 97))

    def readinto1(self, buffer: object, /) -> int:
        self._count()
        return super().readinto1(memoryview(buffer)[:97])  # type: ignore[arg-type]


@pytest.mark.parametrize("reads", range(1, 40, 3))
def test_ctrl_c_keeps_what_was_read(reads: int) -> None:
    from synfin.watch.engine.compiled import CompiledEngine

    data = (DATA / "textbook.pcapng").read_bytes()
    engine, whole = CompiledEngine(), compiled_sees(data)
    with open_capture(Interrupted(data, reads + 1)) as reader:
        try:
            engine.feed(reader)
        except KeyboardInterrupt:
            pass
    assert engine.frames <= whole[0]
    assert sum(raw.client.packets + raw.server.packets for raw in engine.connections()) == engine.segments
