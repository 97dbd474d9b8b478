"""Packets of which the file tells no time (Simple Packet Blocks of pcapng) are shown without one, as by tshark 4.0.

Like tshark's, what is counted from such a packet counts it as 1970.
"""

from __future__ import annotations

import json
import struct
from pathlib import Path

import pytest

import needs
from capture_samples import enhanced, interface, section, simple
from command import synfin as run
from synfin.capture.packet import Packet
from synfin.capture.reader import open_capture
from wire_bytes import ethernet, ipv4

UDP = ethernet(0x0800, ipv4(struct.pack(">HHHH", 40000, 40001, 12, 0) + b"data", 17))
START_US = 1_340_954_905_298_858
TIMES = ("frame.time_epoch", "frame.time_delta", "frame.time_delta_displayed", "frame.time_relative",
         "frame.offset_shift")  # fmt: skip
ENGINES = [{"SYNFIN_READABLE": "1"}, {}]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Two packets with times, one without, and one with a time again."""
    found = tmp_path / "a.pcapng"
    timed = [enhanced("<", 0, START_US + after, UDP, len(UDP)) for after in (0, 1000, 3000)]
    found.write_bytes(section("<") + interface("<", 1) + timed[0] + timed[1] + simple("<", UDP, len(UDP)) + timed[2])
    return found


def asked(path: Path, *arguments: str, env: dict[str, str]) -> list[str]:
    if not env:
        needs.have("kernels")
    done = run("packets", str(path), *arguments, env=env)
    assert done.status == 0
    return done.out.splitlines()


def test_the_reader_tells_it_from_a_time_of_zero(path: Path) -> None:
    with open_capture(str(path)) as reader:
        packets: list[Packet] = list(reader)
        assert [packet.timed for packet in packets] == [True, True, False, True]
        assert reader.pcapng is not None and reader.pcapng.timeless == 1


@pytest.mark.parametrize("env", ENGINES, ids=["readable", "compiled"])
def test_fields_of_time_are_absent(path: Path, env: dict[str, str]) -> None:
    options = [word for name in TIMES for word in ("-e", name)]
    assert asked(path, "-T", "fields", *options, env=env) == [
        "1340954905.298858000\t0.000000000\t0.000000000\t0.000000000\t0.000000000",
        "1340954905.299858000\t0.001000000\t0.001000000\t0.001000000\t0.000000000",
        "\t\t\t\t",
        "1340954905.301858000\t1340954905.301858000\t1340954905.301858000\t0.003000000\t0.000000000",
    ]


@pytest.mark.parametrize("env", ENGINES, ids=["readable", "compiled"])
def test_filters_do_not_find_a_time(path: Path, env: dict[str, str]) -> None:
    expected = {
        "frame.time": "124",
        "not frame.time_epoch": "3",
        "frame.time_epoch < 9": "",
        "frame.time_delta > 5": "4",
    }
    for wanted, frames in expected.items():
        assert asked(path, "-Y", wanted, "-T", "fields", "-e", "frame.number", env=env) == list(frames)


@pytest.mark.parametrize("env", ENGINES, ids=["readable", "compiled"])
def test_lines_leave_the_time_blank(path: Path, env: dict[str, str]) -> None:
    for kind in ("a", "e", "r"):
        lines = asked(path, "-t", kind, env=env)
        assert lines[2].startswith("    3                10.0.0.1 "), kind
        assert lines[3][6:16].strip(), kind


@pytest.mark.parametrize("env", ENGINES, ids=["readable", "compiled"])
def test_tables_and_json_have_none(path: Path, env: dict[str, str], tmp_path: Path) -> None:
    table = tmp_path / "a.csv"
    asked(path, "-o", str(table), env=env)
    names, *rows = [line.split(",") for line in table.read_text().splitlines()]
    times = [names.index(name) for name in ("frame.time", "synfin.time_ns", "frame.time_relative", "frame.time_delta")]
    assert [rows[2][place] for place in times] == [""] * 4 and all(rows[3][place] for place in times)
    third = json.loads("\n".join(asked(path, "-T", "json", env=env)))[2]["_source"]["layers"]["frame"]
    assert not any(name in third for name in ("frame.time", *TIMES)) and third["frame.number"] == "3"


def test_the_tree_says_nothing_of_a_time(path: Path) -> None:
    told = run("explain", str(path), "--packet", "3").out
    assert "Frame number: 3" in told and "Arrival time" not in told


def test_a_warning_says_how_connections_count_it(path: Path) -> None:
    assert "a packet has no time; connections count it as 1970-01-01T00:00:00Z" in run("conns", str(path)).err


def test_what_is_written_again_has_no_time_either(path: Path, tmp_path: Path) -> None:
    written = tmp_path / "b.pcapng"
    assert run("packets", str(path), "-Y", "udp", "-w", str(written)).status == 0
    with open_capture(str(written)) as reader:
        assert [packet.timed for packet in reader] == [True, True, False, True]
