"""The pcapng format: sections, interfaces, resolutions, every packet block, comments, drops, and the writer."""

from __future__ import annotations

import io
import math
import struct
import subprocess
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import needs
from capture_samples import (
    BILLION,
    block,
    enhanced,
    interface,
    old_packet,
    option,
    packets,
    section,
    simple,
    statistics,
)
from synfin.capture.packet import Interface, Packet
from synfin.capture.pcapng import PcapngWriter, to_ns
from synfin.capture.reader import CaptureReader, open_capture
from synfin.errors import UnreadableInput, UsageError

ORDERS = st.sampled_from("<>")


def opened(data: bytes) -> CaptureReader:
    return open_capture(io.BytesIO(data))


def u64(order: str, value: int) -> bytes:
    return struct.pack(order + "Q", value)


@pytest.mark.parametrize("order", "<>")
def test_every_packet_block(order: str) -> None:
    file = (
        section(order)
        + interface(order, 113, 3)
        + enhanced(order, 0, 7, b"abcde", 60)
        + old_packet(order, 0, 0xFFFF, 8, b"fg", 2)
        + simple(order, b"hij", 99)
    )
    reader = opened(file)
    got = list(reader)
    assert [(p.number, p.time_ns, p.link_type, p.data, p.wire_len) for p in got] == [
        (1, 7000, 113, b"abcde", 60),
        (2, 8000, 113, b"fg", 2),
        (3, 0, 113, b"hij", 99),
    ]
    assert [file[p.offset : p.offset + len(p.data)] for p in got] == [b"abcde", b"fg", b"hij"]
    assert reader.format == "pcapng"
    assert reader.interfaces == [Interface(113, 3, section=1)]
    assert not reader.warnings


def test_each_section_has_its_own_byte_order_and_interfaces() -> None:
    reader = opened(
        section("<")
        + interface("<", 1, 0, option("<", 2, b"eth0"))
        + interface("<", 101, 0, option("<", 2, b"tun0"))
        + enhanced("<", 1, 1, b"a", 1)
        + section(">")
        + interface(">", 276, 0, option(">", 2, b"any"))
        + enhanced(">", 0, 2, b"b", 1)
        + simple(">", b"c", 1)
    )
    assert [(p.interface, p.link_type, p.data) for p in reader] == [(1, 101, b"a"), (2, 276, b"b"), (2, 276, b"c")]
    assert [i.name for i in reader.interfaces] == ["eth0", "tun0", "any"]
    assert not reader.warnings


@given(ORDERS, st.integers(0, 255), st.integers(0, 2**64 - 1), st.integers(-(2**40), 2**40))
def test_times_are_exact_in_every_resolution(order: str, resolution: int, ticks: int, offset_s: int) -> None:
    described = interface(
        order, 1, 0, option(order, 9, bytes([resolution])), option(order, 14, struct.pack(order + "q", offset_s))
    )
    (packet,) = opened(section(order) + described + enhanced(order, 0, ticks, b"", 0))
    per_second = 2 ** (resolution & 127) if resolution & 128 else 10**resolution
    assert packet.time_ns == math.floor(Fraction(ticks, per_second) * BILLION) + offset_s * BILLION


def test_to_ns_rounds_down() -> None:
    assert to_ns(3, Interface(1, ticks_per_second=1 << 31)) == 1


@pytest.mark.parametrize("order", "<>")
def test_comments_and_drop_counts_are_kept(order: str) -> None:
    options = (
        option(order, 1, b"handshake-1/3"),
        option(order, 2, bytes(4)),
        option(order, 1, "三次握手\0".encode()),
        option(order, 4, u64(order, 5)),
        option(order, 0, b""),
        option(order, 1, b"after the end"),
    )
    reader = opened(
        section(order)
        + interface(order, 1) * 3
        + enhanced(order, 0, 0, b"abc", 3, *options)
        + enhanced(order, 0, 0, b"", 0, option(order, 4, u64(order, 2)))
        + old_packet(order, 1, 3, 0, b"", 0)
        + statistics(order, 1, option(order, 5, u64(order, 40)), option(order, 7, u64(order, 2)))
        + statistics(order, 2, option(order, 4, u64(order, 9)))
    )
    assert [p.comments for p in reader] == [("handshake-1/3", "三次握手"), (), ()]
    assert [i.drops for i in reader.interfaces] == [7, 42, None]


def test_other_blocks_are_skipped() -> None:
    others = b"".join(block("<", kind, bytes(40)) for kind in (0, 4, 7, 8, 10, 0xBAD, 0x40000BAD, 0x80000001))
    reader = opened(section("<") + others + interface("<", 1) + others + enhanced("<", 0, 0, b"x", 1) + others)
    assert [p.data for p in reader] == [b"x"]
    assert not reader.warnings


def test_options_that_do_not_fit_are_no_harm() -> None:
    runaway = struct.pack("<HH", 1, 900) + b"abcd"
    reader = opened(section("<") + interface("<", 1, 0, runaway) + enhanced("<", 0, 0, b"x", 1, runaway))
    assert [(p.data, p.comments) for p in reader] == [(b"x", ())]
    assert not reader.warnings


def block_of_length(length: int) -> bytes:
    return struct.pack("<II", 6, length) + bytes(200)


CORRUPT = {
    "length below the least": (block_of_length(8), "its length is 8"),
    "length of no whole words": (block_of_length(33), "its length is 33"),
    "length beyond reason": (block_of_length(0x7FFFFFF0), "its length is 2147483632"),
    "lengths that differ": (enhanced("<", 0, 0, b"abcd", 4)[:-4] + struct.pack("<I", 99), "ends with 99"),
    "unknown interface": (enhanced("<", 1, 0, b"", 0), "interface 1 of a section that describes 1"),
    "packet larger than its block": (block("<", 6, struct.pack("<IIIII", 0, 0, 0, 400, 400)), "need 420 bytes"),
    "packet larger than possible": (enhanced("<", 0, 0, bytes(262148), 1), "captured length 262148"),
    "packet block too short": (block("<", 6, bytes(16)), "need 20 bytes"),
    "statistics too short": (block("<", 5, bytes(4)), "need 12 bytes"),
    "interface too short": (block("<", 1, bytes(4)), "only 4 bytes"),
    "section without byte order": (block("<", 0x0A0D0D0A, bytes(16)), "byte-order magic 00 00 00 00"),
    "section of the future": (
        block("<", 0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 2, 0, -1)),
        "version 2.0 is not supported",
    ),
}


@pytest.mark.parametrize("what", CORRUPT)
def test_corruption_ends_the_capture_with_one_warning(what: str) -> None:
    bad, words = CORRUPT[what]
    sound = section("<") + interface("<", 1) + enhanced("<", 0, 0, b"kept", 4)
    reader = opened(sound + bad + enhanced("<", 0, 0, b"lost", 4))
    assert [p.data for p in reader] == [b"kept"]
    (warning,) = reader.warnings
    assert words in warning
    assert f"offset {len(sound)}, in packet 2" in warning


def test_a_packet_before_any_interface_is_corrupt() -> None:
    for packet in (enhanced("<", 0, 0, b"x", 1), simple("<", b"x", 1)):
        reader = opened(section("<") + packet)
        assert not list(reader)
        assert len(reader.warnings) == 1


@pytest.mark.parametrize("which", ["section without byte order", "section of the future"])
def test_a_bad_first_section_is_refused(which: str) -> None:
    with pytest.raises(UnreadableInput, match=r"offset 0: 0a 0d 0d 0a"):
        opened(CORRUPT[which][0])


comments = st.lists(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1), max_size=2)


@given(packets(2**64 - 1), st.lists(st.tuples(st.integers(0, 2), comments), min_size=8, max_size=8))
def test_what_is_written_is_read_back(drawn: list[Packet], extra: list[tuple[int, list[str]]]) -> None:
    interfaces = [Interface(1, 96, BILLION, "eth0"), Interface(101, 0, BILLION, ""), Interface(113, 5, BILLION, "网")]
    written = [
        Packet(p.number, p.time_ns, interfaces[at].link_type, p.data, p.wire_len, 0, at, tuple(words))
        for p, (at, words) in zip(drawn, extra, strict=False)
    ]
    file = io.BytesIO()
    writer = PcapngWriter(file, interfaces)
    for packet in written:
        writer.write(packet)
    writer.write_statistics(1, received=9, dropped=4)
    reader = opened(file.getvalue())
    assert [(p.number, p.time_ns, p.link_type, p.data, p.wire_len, p.interface, p.comments) for p in reader] == [
        (p.number, p.time_ns, p.link_type, p.data, p.wire_len, p.interface, p.comments) for p in written
    ]
    assert [i.drops for i in reader.interfaces] == [None, 4, None]
    assert [(i.name, i.link_type, i.snap_len, i.ticks_per_second) for i in reader.interfaces] == [
        (i.name, i.link_type, i.snap_len, i.ticks_per_second) for i in interfaces
    ]


def test_interfaces_are_described_as_a_reader_meets_them() -> None:
    source = opened(
        section("<")
        + interface("<", 1)
        + enhanced("<", 0, 1, b"a", 1)
        + section(">")
        + interface(">", 101)
        + enhanced(">", 0, 2, b"b", 1)
    )
    file = io.BytesIO()
    writer = PcapngWriter(file, source.interfaces)
    for packet in source:
        writer.write(packet)
    assert [(p.interface, p.link_type, p.data) for p in opened(file.getvalue())] == [(0, 1, b"a"), (1, 101, b"b")]


def test_every_write_leaves_whole_blocks() -> None:
    file = io.BytesIO()
    writer = PcapngWriter(file, [Interface(1)])
    for number in range(1, 4):
        writer.write(Packet(number, number, 1, b"abc", 3))
        writer.flush()
        reader = opened(file.getvalue())
        assert len(list(reader)) == number
        assert not reader.warnings


@pytest.mark.parametrize(
    "packet",
    [
        Packet(3, 0, 1, b"", 0, interface=1),
        Packet(3, 0, 1, b"", 0, interface=-1),
        Packet(3, 0, 101, b"", 0),
        Packet(3, 1 << 64, 1, b"", 0),
        Packet(3, -1, 1, b"", 0),
    ],
)
def test_what_cannot_be_written_is_refused(packet: Packet) -> None:
    with pytest.raises(UsageError, match="packet 3"):
        PcapngWriter(io.BytesIO(), [Interface(1)]).write(packet)


def test_long_comments_are_cut_between_characters() -> None:
    file = io.BytesIO()
    PcapngWriter(file, [Interface(1)]).write(Packet(1, 0, 1, b"", 0, comments=("x" + "包" * 30_000,)))
    (packet,) = opened(file.getvalue())
    assert packet.comments == ("x" + "包" * 21_844,)


def test_tshark_and_capinfos_read_what_is_written(tmp_path: Path) -> None:
    needs.have("tshark")
    path = tmp_path / "written.pcapng"
    with path.open("wb") as file:
        texts: dict[str, Any] = {"operating_system": "Linux 6.1", "hardware": "a machine", "comment": "of a test"}
        writer = PcapngWriter(file, [Interface(1, 262144, name="lo")], application="synfin test", **texts)
        writer.write(Packet(1, 1_700_000_000_123_456_789, 1, bytes(61), 61, comments=("handshake-1/3", "第一步")))
        writer.write(Packet(2, 1_700_000_001_000_000_001, 1, bytes(60), 1514))
        writer.write_statistics(0, received=2, dropped=0)
    names = ("frame.time_epoch", "frame.len", "frame.cap_len", "frame.comment", "frame.interface_name")
    fields = [word for name in names for word in ("-e", name)]
    said = subprocess.run(["tshark", "-n", "-r", path, "-T", "fields", *fields], capture_output=True, encoding="utf-8")
    assert said.returncode == 0
    assert said.stdout == (
        "1700000000.123456789\t61\t61\thandshake-1/3,第一步\tlo\n1700000001.000000001\t1514\t60\t\tlo\n"
    )
    about = subprocess.run(["capinfos", "-M", path], capture_output=True, encoding="utf-8").stdout
    for words in ("Linux 6.1", "a machine", "of a test", "synfin test", "Time resolution = 0x09", "stat entries = 1"):
        assert words in about
