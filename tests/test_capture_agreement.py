"""Every recorded capture gives the frames, times, lengths and link types that tshark saw in it."""

from __future__ import annotations

import csv
import lzma
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

import needs
from synfin.capture.packet import Packet
from synfin.capture.reader import open_capture
from synfin.errors import UnreadableInput

WITHOUT_LINKTYPE = {"snoop", "erf", "peekclassic56", "peekclassic7"}  # formats that number link types their own way
FIELDS = ("frame.number", "frame.time_epoch", "frame.len", "frame.cap_len")
ALL_FRAMES = ("tshark", "-n", "-T", "fields", "-E", "occurrence=a", "-E", "aggregator=/s")


class Frame(NamedTuple):
    """What both sides say about a frame."""

    number: int
    time_ns: int  # since the epoch, 0 where the capture has none
    wire_len: int
    cap_len: int


def index(folder: Path) -> list[dict[str, str]]:
    with (folder / "INDEX.tsv").open(newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def rows() -> list[dict[str, str]]:
    """The captures, for parametrising; empty without the folder (the fixture tells)."""
    folder = needs.captures_folder()
    return index(folder) if folder else []


def kind(row: dict[str, str]) -> str:
    return row["format"].removeprefix("gzip:")


def time_ns(text: str) -> int:
    """tshark's seconds.nanoseconds; corrupt captures have more than nine digits after the dot, some packets no time."""
    if not text:
        return 0
    seconds, _, fraction = text.partition(".")
    return int(seconds) * 1_000_000_000 + int(fraction)


def expected_frame(columns: list[str]) -> Frame:
    number, time, wire_len, cap_len = columns[:4]
    return Frame(int(number), time_ns(time), int(wire_len), int(cap_len))


def frame(packet: Packet) -> Frame:
    return Frame(packet.number, packet.time_ns, packet.wire_len, len(packet.data))


def read_by_tshark(row: dict[str, str]) -> bool:
    return not row["tshark_message"] or "cut short" in row["tshark_message"]


def unknown_to_tshark(row: dict[str, str]) -> bool:
    return "unknown or unsupported" in row["tshark_message"]


@pytest.mark.parametrize("row", rows(), ids=lambda row: row["file"])
def test_frames_are_those_of_the_index(row: dict[str, str], captures_dir: Path) -> None:
    path = captures_dir / row["file"]
    needs.captures_ran(path)
    if "reserved field not zero" in row["tshark_message"]:
        with pytest.raises(UnreadableInput, match="reserved bits"):
            open_capture(path)
        return
    with open_capture(path) as capture:
        packets = {packet.number: packet for packet in capture}
    assert list(packets) == list(range(1, len(packets) + 1))
    assert capture.format.removeprefix("gzip:") == kind(row)
    assert bool(capture.warnings) == ("cut short" in row["tshark_message"])
    assert len(capture.warnings) <= 1
    assert {packet.link_type for packet in packets.values()} == (
        {1} if kind(row) in WITHOUT_LINKTYPE else {int(link.partition(":")[0]) for link in row["link_types"].split(",")}
    )
    if unknown_to_tshark(row):
        assert packets
        return
    assert len(packets) == int(row["packets"])
    for expected in tcp_rows(captures_dir / "expected" / "tshark" / f"{row['file']}.tsv.xz"):
        assert frame(packets[expected.number]) == expected


def tcp_rows(path: Path) -> Iterator[Frame]:
    with lzma.open(path, "rt", newline="") as file:
        for line in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
            yield expected_frame([line[name] for name in FIELDS])


@pytest.mark.parametrize("row", [row for row in rows() if read_by_tshark(row)], ids=lambda row: row["file"])
def test_every_frame_equals_tshark(row: dict[str, str], captures_dir: Path) -> None:
    needs.have("tshark")
    path = captures_dir / row["file"]
    names = (*FIELDS, "frame.comment", "frame.section_number", "frame.interface_id")
    command = [*ALL_FRAMES, "-r", os.fspath(path), *(word for name in names for word in ("-e", name))]
    said = subprocess.run(command, capture_output=True, encoding="utf-8", env={**os.environ, "TZ": "UTC"})
    theirs = [line.split("\t") for line in said.stdout.splitlines()]
    with open_capture(path) as capture:
        packets = list(capture)
    assert [(frame(packet), "/s".join(packet.comments)) for packet in packets] == [
        (expected_frame(columns), columns[4]) for columns in theirs
    ]
    for packet, (section, interface) in zip(packets, (columns[5:] for columns in theirs), strict=True):
        if section in ("", "1"):  # tshark counts interfaces anew in each section, and then mixes them up
            assert packet.interface == int(interface or 0)
