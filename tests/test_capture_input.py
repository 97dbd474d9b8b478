"""Where captures come from: gzip, pipes, standard input; input that is cut, damaged, hostile or no capture at all."""

from __future__ import annotations

import gzip
import io
import os
import struct
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from capture_samples import FEW, block, enhanced, interface, pcap_bytes, section, small_pcap, small_pcapng
from synfin.capture.reader import CaptureReader, open_capture
from synfin.capture.source import ByteSource, open_source
from synfin.errors import UnreadableInput

SAMPLES: dict[str, Callable[[], bytes]] = {"pcap": small_pcap, "pcapng": small_pcapng}
ALL_DATA = [packet.data for packet in FEW]


def opened(data: bytes) -> CaptureReader:
    return open_capture(io.BytesIO(data))


class Dribble(io.RawIOBase):
    """A stream that gives a byte at a time, then optionally fails."""

    def __init__(self, data: bytes, error: OSError | None = None) -> None:
        self._data = io.BytesIO(data)
        self._error = error

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        byte = self._data.read(1)
        if not byte and self._error:
            raise self._error
        return byte

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        byte = self.read(1)
        buffer[: len(byte)] = byte
        return len(byte)


@pytest.mark.parametrize("sample", SAMPLES)
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_a_stream_may_give_a_byte_at_a_time(sample: str, pack: Callable[[bytes], bytes]) -> None:
    reader = open_capture(Dribble(pack(SAMPLES[sample]())))  # type: ignore[arg-type]
    assert [packet.data for packet in reader] == ALL_DATA
    assert not reader.warnings


@pytest.mark.parametrize("sample", SAMPLES)
def test_gzip_of_several_members_and_padding(sample: str, tmp_path: Path) -> None:
    data = SAMPLES[sample]()
    path = tmp_path / "capture.gz"
    path.write_bytes(b"".join(gzip.compress(data[at : at + 50]) for at in range(0, len(data), 50)) + bytes(700))
    with open_capture(path) as reader:
        assert reader.format.startswith(f"gzip:{sample}")
        assert [packet.data for packet in reader] == ALL_DATA
        assert not reader.warnings


def test_standard_input_may_be_gzip(monkeypatch: pytest.MonkeyPatch) -> None:
    stdin = io.BytesIO(gzip.compress(small_pcap()))
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=stdin))
    with open_capture("-") as reader:
        assert reader.name == "standard input"
        assert len(list(reader)) == len(FEW)
    assert not stdin.closed


@pytest.mark.parametrize("sample", SAMPLES)
def test_a_pipe_gives_each_packet_when_it_is_there(sample: str) -> None:
    start, step = {
        "pcap": (pcap_bytes([]), pcap_bytes(FEW[-1:])[24:]),
        "pcapng": (section("<") + interface("<", 1), enhanced("<", 0, 0, FEW[-1].data, 21)),
    }[sample]
    out, into = os.pipe()
    with os.fdopen(out, "rb") as stream:
        os.write(into, start)
        packets: Iterator[object] = iter(open_capture(stream))
        for _ in range(3):
            os.write(into, step)
            assert next(packets)  # would block for ever if more were asked for than is there
        os.close(into)
        assert not list(packets)


def whole_before(data: bytes, cut: int) -> int:
    """How many packets of `data` end at or before `cut`."""
    reader = opened(data)
    trailing = reader.format == "pcapng"
    ends = [packet.offset + len(packet.data) for packet in reader]
    if trailing:  # up to the block's second length
        ends = [start - 8 + struct.unpack_from("<I", data, start - 4)[0] for start in block_bodies(data)]
    return sum(end <= cut for end in ends)


def block_bodies(data: bytes) -> list[int]:
    """Where the bodies of the Enhanced Packet Blocks begin."""
    at, bodies = 0, []
    while at < len(data):
        kind, length = struct.unpack_from("<II", data, at)
        if kind == 6:
            bodies.append(at + 8)
        at += length
    return bodies


@pytest.mark.parametrize("sample", SAMPLES)
def test_a_capture_cut_anywhere_gives_what_it_holds(sample: str) -> None:
    data = SAMPLES[sample]()
    header = {"pcap": 24, "pcapng": 28}[sample]
    for cut in range(len(data)):
        if cut < header:
            with pytest.raises(UnreadableInput, match="input: "):
                opened(data[:cut])
            continue
        reader = opened(data[:cut])
        assert [packet.data for packet in reader] == ALL_DATA[: whole_before(data, cut)]
        assert len(reader.warnings) <= 1
        for warning in reader.warnings:
            assert "input: cut short" in warning
            assert "in packet" in warning


@pytest.mark.parametrize("sample", SAMPLES)
def test_a_gzip_file_cut_anywhere_gives_a_prefix_and_one_warning(sample: str) -> None:
    packed = gzip.compress(SAMPLES[sample]())
    most = 0
    for cut in range(len(packed)):
        try:
            reader = opened(packed[:cut])
        except UnreadableInput:
            assert not most
            continue
        got = [packet.data for packet in reader]
        assert got == ALL_DATA[: len(got)]
        assert len(got) >= most
        most = len(got)
        (warning,) = reader.warnings
        assert f"the gzip data ends early, at offset {cut} of the compressed file" in warning
    assert most == len(FEW)


def test_a_wrong_checksum_loses_no_packet() -> None:
    packed = bytearray(gzip.compress(small_pcap()))
    packed[-8] ^= 1
    reader = opened(bytes(packed))
    assert [packet.data for packet in reader] == ALL_DATA
    (warning,) = reader.warnings
    assert "gzip data is damaged" in warning
    assert "incorrect data check" in warning


def test_damage_in_the_middle_keeps_what_stands_before_it() -> None:
    store = zlib.compressobj(0, zlib.DEFLATED, 31)
    whole = store.compress(small_pcap()) + store.flush(zlib.Z_FULL_FLUSH)
    reader = opened(whole + b"\xff" * 40)
    assert [packet.data for packet in reader] == ALL_DATA
    assert len(reader.warnings) == 1


@pytest.mark.parametrize("sample", SAMPLES)
def test_gzip_reads_the_same_without_the_fast_library(sample: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whole, cut at every byte, and with every byte damaged: the same packets and as many warnings."""
    packed = gzip.compress(SAMPLES[sample](), mtime=0)
    inputs = [packed, *(packed[:at] for at in range(len(packed)))]
    inputs += [packed[:at] + bytes([packed[at] ^ 0x41]) + packed[at + 1 :] for at in range(len(packed))]
    fast = list(map(outcome, inputs))
    monkeypatch.setattr("synfin.capture.compression._library", lambda: zlib)
    assert list(map(outcome, inputs)) == fast


def outcome(data: bytes) -> tuple[list[bytes], int] | str:
    try:
        reader = opened(data)
    except UnreadableInput:
        return "no capture"
    return [packet.data for packet in reader], len(reader.warnings)


def test_bytes_after_the_gzip_data_are_named() -> None:
    reader = opened(gzip.compress(small_pcap()) + b"more")
    assert [packet.data for packet in reader] == ALL_DATA
    (warning,) = reader.warnings
    assert "is not gzip" in warning


def test_a_failing_device_ends_the_capture_with_one_warning() -> None:
    stream = Dribble(small_pcap()[:-5], OSError(5, "Input/output error"))
    reader = open_capture(stream)  # type: ignore[arg-type]
    assert [packet.data for packet in reader] == ALL_DATA[:-1]
    (warning,) = reader.warnings
    assert "Input/output error" in warning


def test_a_gzip_bomb_costs_no_memory() -> None:
    huge = block("<", 0xBAD, bytes(15 << 20))
    packer = zlib.compressobj(6, zlib.DEFLATED, 31)
    pieces = [packer.compress(section("<") + interface("<", 1))]
    pieces += [packer.compress(huge) for _ in range(4)]
    pieces += [packer.compress(enhanced("<", 0, 0, b"end", 3)), packer.flush()]
    bomb = io.BytesIO(b"".join(pieces))
    del huge, pieces
    tracemalloc.start()
    try:
        assert [packet.data for packet in open_capture(bomb)] == [b"end"]
        assert tracemalloc.get_traced_memory()[1] < 3 << 20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("start", "words"),
    [
        (b"", "the input is empty (offset 0: nothing)"),
        (gzip.compress(b""), "the input is empty"),
        (b"snoop\0\0\0\0\0\0\2", "the snoop file header is cut short: 12 of 16 bytes (offset 12: nothing)"),
        (b"snoop\0\0\0\0\0\0\3\0\0\0\4", "snoop version 3 is not supported (offset 8: "),
        (b"snoop\0\0\0\0\0\0\2\0\0\0\5", "the snoop datalink type 5 is not supported (offset 12: "),
        (b"\x34\xcd\xb2\xa1" + bytes(20), "modified kind (magic a1b2cd34)"),
        (b"\x28\xb5\x2f\xfd" + b"\xff" * 20, "the zstd data is damaged before offset 24 of the compressed file"),
        (gzip.compress(gzip.compress(small_pcap())), "gzip inside gzip"),
        (b"12:00:00.000 IP a.1 > b.2: Flags [S]\n", "this is text, not a capture"),
        (
            b"\x07\0\0\0\1" + b"\1" * 9 + bytes(11) + b"\x09" + bytes(60),
            "the EtherPeek medium 9.0 is not supported (offset 22",
        ),
        (bytes(range(128, 200)), "not a capture (offset 0: 80 81 82"),
        (small_pcap()[:23], "cut short: 23 of 24 bytes (offset 23: nothing)"),
        (gzip.compress(small_pcap())[:12], "the gzip data ends early"),
    ],
)
def test_what_is_no_capture_is_refused_in_a_sentence(start: bytes, words: str) -> None:
    with pytest.raises(UnreadableInput) as caught:
        opened(start)
    assert words in str(caught.value)
    assert "input: " in str(caught.value)
    assert caught.value.exit_code == 3


@pytest.mark.parametrize("name", ["missing.pcap", ".", "nul\0.pcap"])
def test_what_cannot_be_opened_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(UnreadableInput, match="cannot be opened"):
        open_capture(os.path.join(tmp_path, name))


mutations = st.lists(
    st.tuples(st.integers(0, 10_000), st.sampled_from(["set", "delete", "insert"]), st.binary(max_size=9)), max_size=5
)


@settings(max_examples=300)
@given(st.sampled_from(sorted(SAMPLES)), mutations, st.booleans())
def test_mutated_captures_never_raise_while_read(
    sample: str, changes: list[tuple[int, str, bytes]], packed: bool
) -> None:
    data = bytearray(SAMPLES[sample]())
    if packed:
        data = bytearray(gzip.compress(data, mtime=0))
    for at, how, new in changes:
        at %= len(data) + 1
        data[at : at + (0 if how == "insert" else len(new))] = b"" if how == "delete" else new
    try:
        reader = opened(bytes(data))
    except UnreadableInput:
        return
    got = list(reader)
    assert [packet.number for packet in got] == list(range(1, len(got) + 1))
    assert all(0 <= packet.interface < len(reader.interfaces) for packet in got)
    assert len(reader.warnings) <= 1


steps = st.lists(
    st.tuples(st.sampled_from(["peek", "read", "skip", "some", "into"]), st.integers(0, 400_000)), max_size=12
)


@given(steps, st.booleans(), st.integers(0, 700_000))
def test_a_source_gives_its_bytes_in_order(taken: list[tuple[str, int]], packed: bool, length: int) -> None:
    data = (b"0123456789abcdef!" * (length // 17 + 1))[:length]
    source = open_source(io.BytesIO(gzip.compress(data, 1) if packed else data))
    at = 0
    for how, size in taken:
        if how == "peek":
            assert source.peek(size) == data[at : at + size]
        elif how == "skip":
            assert source.skip(size) == min(size, length - at)
            at = min(at + size, length)
        else:
            got = taken_by(source, how, size)
            assert data.startswith(got, at)
            assert len(got) == min(size, length - at) or (how != "read" and got)
            at += len(got)
        assert source.tell() == at
    assert b"".join(source.chunks()) == data[at:]
    assert source.problem is None


def taken_by(source: ByteSource, how: str, size: int) -> bytes:
    if how == "read":
        return source.read(size)
    if how == "some":
        return source.read_some(size)
    room = bytearray(size)
    return bytes(room[: source.readinto(room)])
