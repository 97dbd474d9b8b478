"""The compiled engine's way through capture files: whatever a file holds, it sees what the readable engine sees."""

from __future__ import annotations

import io
import random
import struct

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import needs
from capture_samples import Raw as RawPacket
from capture_samples import block, enhanced, interface, option, pcap_bytes, section
from synfin.capture.reader import open_capture
from synfin.errors import UnreadableInput
from synfin.watch.engine.readable import ReadableEngine
from synfin.watch.follow.raw import RawConnection

Seen = tuple[int, int, list[str], list[RawConnection]]


@pytest.fixture(autouse=True)
def kernels(monkeypatch: pytest.MonkeyPatch) -> None:
    needs.have("kernels")
    from synfin.watch.engine import compiled

    monkeypatch.setattr(compiled, "SLOWLY", 1)  # small files, too, are for the kernels to read


def tcp(seq: int, flags: int, *, from_client: bool = True, ethernet: bool = True) -> bytes:
    hosts, ports = (b"\x0a\x00\x00\x01", b"\x0a\x00\x00\x02"), (40000, 80)
    if not from_client:
        hosts, ports = hosts[::-1], ports[::-1]
    network = struct.pack(">BBHHHBBH", 0x45, 0, 40, 0, 0, 64, 6, 0) + hosts[0] + hosts[1]
    header = struct.pack(">HHIIHHHH", *ports, seq, 7, 5 << 12 | flags, 500, 0, 0)
    return (bytes(12) + b"\x08\x00" if ethernet else b"") + network + header


def simple(data: bytes) -> bytes:
    """A Simple Packet Block."""
    return block("<", 3, struct.pack("<I", len(data)) + data + bytes(-len(data) % 4))


class Drops(io.RawIOBase):
    """A stream that gives its bytes in drops."""

    def __init__(self, data: bytes, size: int) -> None:
        self._rest, self._size = io.BytesIO(data), size

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer)  # type: ignore[arg-type]
        return self._rest.readinto(view[: self._size])


def compiled_sees(data: bytes, drop: int = 1 << 20) -> Seen:
    from synfin.watch.engine.compiled import CompiledEngine

    engine = CompiledEngine()
    with open_capture(Drops(data, drop)) as reader:  # type: ignore[arg-type]
        engine.feed(reader)
    return engine.frames, engine.segments, reader.warnings, list(engine.connections())


def readable_sees(data: bytes) -> Seen:
    """With times that wrap at 64 bits, as the kernels' do."""
    from synfin.watch.engine.described import int64

    engine = ReadableEngine()
    with open_capture(Drops(data, 1 << 20)) as reader:  # type: ignore[arg-type]
        for packet in reader:
            engine.see(packet._replace(time_ns=int64(packet.time_ns)))
    return engine.frames, engine.segments, reader.warnings, list(engine.connections())


def assert_alike(data: bytes, drop: int = 1 << 20) -> Seen:
    seen = compiled_sees(data, drop)
    assert seen == readable_sees(data)
    return seen


START = section("<") + interface("<", 1)
PACKETS = [enhanced("<", 0, at, tcp(at, 0x10), 54) for at in range(20)]


def test_a_block_whose_two_lengths_differ_ends_the_capture() -> None:
    broken = PACKETS[3][:-4] + struct.pack("<I", 96)
    frames, _, warnings, _ = assert_alike(START + b"".join(PACKETS[:3]) + broken + b"".join(PACKETS[4:]))
    assert frames == 3
    assert "begins with length" in warnings[0]


@pytest.mark.parametrize("ticks", [0, 1 << 33, 1 << 40, (1 << 64) - 1])
@pytest.mark.parametrize("resolution", [b"\x00", b"\x80", b"\x01", b"\x09", b"\x9d"])
@pytest.mark.parametrize("offset_s", [0, -5, (1 << 63) - 1, -1 << 63])
def test_times_beyond_64_bits_wrap(ticks: int, resolution: bytes, offset_s: int) -> None:
    options = option("<", 9, resolution), option("<", 14, struct.pack("<q", offset_s)), bytes(4)
    start = section("<") + interface("<", 1, 0, *options)
    assert_alike(start + enhanced("<", 0, ticks, tcp(1, 2), 54) + enhanced("<", 0, 1, tcp(2, 0x10), 54))


def test_a_connection_before_1970_settles_like_any_other() -> None:
    options = option("<", 14, struct.pack("<q", -1000)), bytes(4)
    start = section("<") + interface("<", 1, 0, *options)
    later = enhanced("<", 0, 100_000_000, tcp(1, 2)[:20], 54)
    seen = assert_alike(start + enhanced("<", 0, 0, tcp(1, 2), 54) + later)
    assert seen[3][0].marks & 1 << 13, "100 s without an answer"


@pytest.mark.parametrize("chunk", [16, 28, 57, 300, 4096])
@pytest.mark.parametrize("drop", [1, 50, 1 << 20])
def test_blocks_may_be_cut_anywhere(monkeypatch: pytest.MonkeyPatch, chunk: int, drop: int) -> None:
    from synfin.watch.engine import compiled

    monkeypatch.setattr(compiled, "CHUNK", chunk)
    statistics = block("<", 5, struct.pack("<III", 0, 0, 0))
    assert assert_alike(START + b"".join(PACKETS) + statistics + b"".join(PACKETS), drop)[0] == 40


def test_every_section_has_its_own_interfaces() -> None:
    """In the other byte order, with another link type under the same index; one more is described between packets."""
    raw = section(">") + interface(">", 101)
    packets = [enhanced(">", at % 2, at, tcp(at, 0x10, ethernet=bool(at % 2)), 54) for at in range(100)]
    other = raw + packets[0] + interface(">", 1) + b"".join(packets[1:])
    data = START + b"".join(PACKETS) * 4 + other + START + b"".join(PACKETS) * 4
    assert assert_alike(data)[:2] == (260, 260)


def test_an_undescribed_interface_ends_the_capture() -> None:
    assert assert_alike(START + PACKETS[0] + section("<") + PACKETS[1])[0] == 1


def test_interfaces_are_converted_once() -> None:
    """However many there are, and however often the walk begins anew (each Simple Packet Block ends it)."""
    data = section("<") + interface("<", 1) * 65_535 + (simple(tcp(1, 0x10)) * 64 + PACKETS[0]) * 20
    assert compiled_sees(data)[:2] == (1300, 1300)


def test_a_block_larger_than_the_buffer(monkeypatch: pytest.MonkeyPatch) -> None:
    from synfin.watch.engine import compiled

    monkeypatch.setattr(compiled, "CHUNK", 4096)
    comment = option("<", 1, b"c" * 60_000) + bytes(4)
    large = enhanced("<", 0, 5, tcp(5, 0x10), 54, comment)
    assert assert_alike(START + PACKETS[0] + large + PACKETS[1] + block("<", 0xBAD, bytes(9000)) + PACKETS[2])[0] == 4


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.randoms(use_true_random=False), st.booleans(), st.integers(1, 8))
def test_broken_files_are_read_alike(dice: random.Random, ng: bool, broken: int) -> None:
    if ng:
        parts = [START, *PACKETS[:6], simple(tcp(9, 0x18)), block("<", 5, struct.pack("<III", 0, 0, 0)), *PACKETS[6:]]
        data = bytearray(b"".join(parts))
    else:
        data = bytearray(pcap_bytes([RawPacket(at, 0, tcp(at, 0x10), 54) for at in range(9)]))
    for _ in range(broken):
        data[dice.randrange(8, len(data))] = dice.choice([0, 1, 3, 5, 6, 72, 255, dice.randrange(256)])
    cut = dice.choice([len(data), dice.randrange(40, len(data))])
    try:
        assert_alike(bytes(data[:cut]))
    except UnreadableInput:
        with pytest.raises(UnreadableInput):
            readable_sees(bytes(data[:cut]))
