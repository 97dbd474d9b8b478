"""Capture files besides pcap and pcapng (snoop, ERF, EtherPeek), and zstd around any of them."""

from __future__ import annotations

import struct
import sys
from pathlib import Path

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from capture_samples import small_pcap
from nested_frames import ETH
from synfin.capture.packet import Packet
from synfin.capture.reader import CaptureReader, open_capture
from synfin.errors import UnreadableInput

SECONDS = 1_700_000_000


def snoop(frame: bytes, count: int = 2) -> bytes:
    pad = bytes(-len(frame) % 4)
    record = struct.pack(">6I", len(frame) + 9, len(frame), 24 + len(frame) + len(pad), 0, SECONDS, 250_000)
    return b"snoop\0\0\0" + struct.pack(">II", 2, 4) + (record + frame + pad) * count


def erf(frame: bytes, count: int = 2, *, kind: int = 2, more: bytes = b"") -> bytes:
    size = 18 + len(more) + len(frame)
    head = struct.pack("<QBB", SECONDS << 32 | 1 << 30, kind, 4) + struct.pack(">HHH", size, 0, len(frame))
    return (head + more + b"\0\0" + frame) * count


def etherpeek7(frame: bytes, count: int = 2) -> bytes:
    head = struct.pack(">BB12I", 7, 0, 1000, count, 0xB0BC361D, 0, 0, 0, 0, 0, 0, 0, 0, 0)
    ticks = (SECONDS + 2_082_844_800) * 1_000_000 + 250_000
    record = struct.pack(">HHHBBQ", 0, len(frame), 0, 0, 0, ticks)
    return head + (record + frame + bytes(len(frame) & 1)) * count


def etherpeek6(frame: bytes, count: int = 2) -> bytes:
    head = struct.pack(">BB12I", 6, 0, 1000, count, SECONDS - 10 + 2_082_844_800, 0, 0, 0, 0, 0, 0, 0, 0, 0)
    return head + (struct.pack(">HHBBI6x8x2x", len(frame) + 9, len(frame), 0, 0, 10_250) + frame) * count


WRITERS = {"snoop": snoop, "erf": erf, "peekclassic7": etherpeek7, "peekclassic56": etherpeek6}


def opened(tmp_path: Path, data: bytes) -> CaptureReader:
    (tmp_path / "capture").write_bytes(data)
    return open_capture(tmp_path / "capture")


@pytest.mark.parametrize("name", WRITERS)
@pytest.mark.parametrize("frame", [ETH, ETH + b"\0"], ids=["even", "odd"])
def test_packets_times_and_lengths(name: str, frame: bytes, tmp_path: Path) -> None:
    with opened(tmp_path, WRITERS[name](frame)) as reader:
        packets = list(reader)
        assert (reader.format, reader.warnings, reader.interfaces[0].link_type) == (name, [], 1)
    assert [(packet.number, packet.data, packet.link_type) for packet in packets] == [(1, frame, 1), (2, frame, 1)]
    assert {packet.time_ns for packet in packets} == {SECONDS * 10**9 + 250_000_000}
    assert {packet.wire_len - len(frame) for packet in packets} == {0 if name in ("erf", "peekclassic7") else 9}
    data = (tmp_path / "capture").read_bytes()
    assert all(data[packet.offset : packet.offset + len(frame)] == frame for packet in packets)


@pytest.mark.parametrize("name", WRITERS)
def test_half_a_file_keeps_what_stands_before_and_says_where(name: str, tmp_path: Path) -> None:
    whole = WRITERS[name](ETH)
    one = len(WRITERS[name](ETH, 1))
    for size in (one + 7, len(whole) - 5):
        with opened(tmp_path, whole[:size]) as reader:
            assert len(list(reader)) == 1
        assert len(reader.warnings) == 1
        assert f"at offset {one}, in packet 2" in reader.warnings[0] and "cut short" in reader.warnings[0]


def test_lengths_that_lie_are_named(tmp_path: Path) -> None:
    lie = bytearray(snoop(ETH))
    lie[20:24] = b"\xff" * 4
    with opened(tmp_path, bytes(lie)) as reader:
        assert list(reader) == []
    assert "corrupt record: captured length 4294967295" in reader.warnings[0] and "offset 16" in reader.warnings[0]
    lie = bytearray(erf(ETH, 3))
    at = len(erf(ETH, 2))
    lie[at + 10 : at + 12] = b"\0\3"
    with opened(tmp_path, bytes(lie)) as reader:
        assert len(list(reader)) == 2
    assert f"a length of 3 bytes (at least 16 are needed) at offset {at}" in reader.warnings[0]


def test_extension_headers_and_other_records_of_erf(tmp_path: Path) -> None:
    more = bytes([0x83]) + bytes(7) + bytes([3]) + bytes(7)
    with opened(tmp_path, erf(ETH, kind=0x82, more=more) + erf(ETH, kind=48) + erf(b"x" * 20, 1, kind=21)) as reader:
        found = [(packet.link_type, packet.data) for packet in reader]
    assert found[:2] == [(1, ETH)] * 2, "padding is no packet"
    assert [link_type for link_type, _ in found[2:]] == [197]


def test_zstd_beside_gzip(tmp_path: Path) -> None:
    data = snoop(ETH, 5000)
    packed = zstandard.ZstdCompressor().compress(data)
    with opened(tmp_path, packed + zstandard.ZstdCompressor().compress(snoop(ETH)[16:])) as reader:
        assert len(list(reader)) == 5002
        assert (reader.format, reader.warnings) == ("zstd:snoop", [])
    with opened(tmp_path, zstandard.ZstdCompressor().compress(small_pcap())) as reader:
        assert reader.format.startswith("zstd:pcap") and list(reader)


def test_damaged_zstd_keeps_what_stands_before(tmp_path: Path) -> None:
    import random

    dice = random.Random(1)
    data = snoop(bytes(dice.randrange(256) for _ in range(1400)), 1) + snoop(ETH, 1)[16:]
    data += b"".join(snoop(dice.randbytes(1400), 1)[16:] for _ in range(400))
    packed = zstandard.ZstdCompressor().compress(data)
    with opened(tmp_path, packed[: len(packed) // 2]) as reader:
        count = len(list(reader))
    assert 50 < count < 402 and "the zstd data ends early, at offset" in reader.warnings[0]


def test_without_zstandard_the_remedy_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "zstandard", None)
    with pytest.raises(UnreadableInput, match=r"compressed with zstd \(offset 0: 28 b5 2f fd\); install the package"):
        opened(tmp_path, b"\x28\xb5\x2f\xfd" + bytes(40))


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(sorted(WRITERS)), st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), max_size=4))
def test_broken_files_never_raise_anything_else(name: str, changes: list[tuple[int, int]]) -> None:
    import io

    data = bytearray(WRITERS[name](ETH, 3))
    for place, value in changes:
        data[place % len(data)] = value
    try:
        reader = open_capture(io.BytesIO(bytes(data)))
    except UnreadableInput:
        return
    packets: list[Packet] = list(reader)
    assert len(packets) < 1000 and len(reader.warnings) <= 1
