"""The pcap format: both byte orders, both resolutions, odd headers, and the writer."""

from __future__ import annotations

import io
import struct
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import needs
from capture_samples import BILLION, FEW, Raw, packets, pcap_bytes
from synfin.capture.damage import Damage
from synfin.capture.packet import Interface, Packet
from synfin.capture.pcap import PcapWriter, parse_header
from synfin.capture.reader import CaptureReader, open_capture
from synfin.errors import UnreadableInput, UsageError

LARGEST = 256 * 1024


def opened(data: bytes) -> CaptureReader:
    return open_capture(io.BytesIO(data))


def header(link: int = 1, version: tuple[int, int] = (2, 4)) -> bytes:
    return struct.pack("<IHHiIII", 0xA1B2C3D4, *version, 0, 0, 96, link)


raw_packets = st.lists(
    st.builds(
        Raw,
        seconds=st.integers(0, 0xFFFFFFFF),
        fraction=st.integers(0, 0xFFFFFFFF),
        data=st.binary(max_size=90),
        wire_len=st.integers(0, 0xFFFFFFFF),
    ),
    max_size=9,
)


@given(raw_packets, st.sampled_from("<>"), st.booleans())
def test_packets_are_what_the_file_stores(raw: list[Raw], order: str, nanoseconds: bool) -> None:
    file = pcap_bytes(raw, order, 0xA1B23C4D if nanoseconds else 0xA1B2C3D4, link=113)
    reader = opened(file)
    tick = 1 if nanoseconds else 1000
    got = list(reader)
    assert [(p.time_ns, p.data, p.wire_len) for p in got] == [
        (r.seconds * BILLION + r.fraction * tick, r.data, r.wire_len) for r in raw
    ]
    assert [p.number for p in got] == list(range(1, len(raw) + 1))
    assert all(file[p.offset : p.offset + len(p.data)] == p.data and p.link_type == 113 for p in got)
    assert reader.interfaces == [Interface(113, 65535, BILLION // tick)]
    assert reader.format == f"pcap-{'le' if order == '<' else 'be'}-{'ns' if nanoseconds else 'us'}"
    assert not reader.warnings


def test_fcs_bits_stand_above_the_link_type() -> None:
    parsed = parse_header(header(link=0x2400_0001))
    assert (parsed.link_type, parsed.fcs_len) == (1, 4)
    assert parse_header(header(link=0x2000_0001)).fcs_len is None
    assert parse_header(header(link=0x0400_0001)).fcs_len == 0


def test_reserved_link_bits_are_refused_with_their_offset() -> None:
    with pytest.raises(UnreadableInput, match=r"0x02c50001 has reserved bits set \(offset 20: 01 00 c5 02\)"):
        opened(header(link=0x02C50001))


def test_ancient_versions_are_refused() -> None:
    with pytest.raises(Damage, match=r"version 1\.9"):
        parse_header(header(version=(1, 9)))


@pytest.mark.parametrize(
    ("version", "stored", "lengths"),
    [
        ((2, 4), (4, 60), (4, 60)),
        ((2, 2), (60, 4), (4, 60)),
        ((2, 3), (60, 4), (4, 60)),
        ((2, 3), (4, 60), (4, 60)),
    ],
)
def test_old_versions_store_the_lengths_the_other_way_round(
    version: tuple[int, int], stored: tuple[int, int], lengths: tuple[int, int]
) -> None:
    (packet,) = opened(header(version=version) + struct.pack("<IIII", 0, 0, *stored) + b"abcd")
    assert (len(packet.data), packet.wire_len) == lengths


@pytest.mark.parametrize("link", [1, 231])
def test_an_impossible_captured_length_ends_the_capture_with_one_warning(link: int) -> None:
    sound = pcap_bytes(FEW, link=link)
    limit = {1: LARGEST, 231: 128 << 20}[link]
    reader = opened(sound + struct.pack("<IIII", 0, 0, limit + 1, limit + 1) + b"rest")
    assert len(list(reader)) == len(FEW)
    (warning,) = reader.warnings
    assert f"captured length {limit + 1}" in warning
    assert f"offset {len(sound)}, in packet {len(FEW) + 1}" in warning


def test_the_largest_packet_is_read() -> None:
    (packet,) = opened(pcap_bytes([Raw(0, 0, bytes(LARGEST), LARGEST)]))
    assert len(packet.data) == LARGEST


def test_numbers_go_on_from_an_earlier_capture() -> None:
    assert [p.number for p in open_capture(io.BytesIO(pcap_bytes(FEW)), first_number=8)] == list(range(8, 14))


@given(packets(), st.booleans())
def test_what_is_written_is_read_back(written: list[Packet], nanoseconds: bool) -> None:
    file = io.BytesIO()
    writer = PcapWriter(file, 1, nanoseconds=nanoseconds)
    for packet in written:
        writer.write(packet)
    tick = 1 if nanoseconds else 1000
    assert [(p.time_ns, p.data, p.wire_len) for p in opened(file.getvalue())] == [
        (p.time_ns // tick * tick, p.data, p.wire_len) for p in written
    ]


@pytest.mark.parametrize(
    "packet", [Packet(3, 0, 101, b"", 0), Packet(3, 1 << 32 << 32, 1, b"", 0), Packet(3, -1, 1, b"", 0)]
)
def test_what_pcap_cannot_hold_is_refused(packet: Packet) -> None:
    with pytest.raises(UsageError, match=r"packet 3 .*write pcapng"):
        PcapWriter(io.BytesIO(), 1).write(packet)


def test_tshark_reads_what_is_written(tmp_path: Path) -> None:
    needs.have("tshark")
    path = tmp_path / "written.pcap"
    with path.open("wb") as file:
        writer = PcapWriter(file, 1)
        writer.write(Packet(1, 1_700_000_000_123_456_789, 1, bytes(60), 60))
        writer.write(Packet(2, 1_700_000_001_000_000_001, 1, bytes(60), 1514))
        writer.flush()
    fields = [word for name in ("frame.time_epoch", "frame.len", "frame.cap_len") for word in ("-e", name)]
    said = subprocess.run(["tshark", "-n", "-r", path, "-T", "fields", *fields], capture_output=True, text=True)
    assert said.returncode == 0
    assert said.stdout == "1700000000.123456789\t60\t60\n1700000001.000000001\t1514\t60\n"
