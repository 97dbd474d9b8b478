"""Captures that cannot carry a conclusion: said first, in one line, and the conclusions are weakened."""

from __future__ import annotations

import json
import struct
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from segments import REQUEST, START_NS, Segment, exchange, record_of
from synfin.watch.compare import Heard, compare
from synfin.watch.findings import resting_on_absence_softened
from synfin.watch.story.story import tell

ETHERNET = bytes(12) + b"\x08\x00"
WAIT = "C PSH,ACK seq=15 ack=1 len=5\nS ACK seq=1 ack=20\n+2\nS PSH,ACK seq=1 ack=20 len=5\n"


def written(file: Path, segments: list[Segment]) -> Path:
    """A capture of these segments."""
    with file.open("wb") as out:
        out.write(struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 65535, 1))
        for one in segments:
            offset = one.hdr_len // 4 << 12 | one.flags
            tcp = struct.pack("!HHIIHHHH", one.src_port, one.dst_port, one.seq, one.ack, offset, one.window, 0, 0)
            body = tcp + one.options + one.payload
            head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(body), one.frame, 0, 64, 6, 0, one.src, one.dst)
            data = ETHERNET + head + body
            out.write(struct.pack("<IIII", *divmod(one.time_ns, 10**9), len(data), len(data)) + data)
    return file


def checked(file: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "synfin", "check", "--lang", "en", *options, str(file)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def said(tmp_path: Path, segments: list[Segment]) -> tuple[str, dict[str, dict[str, str]]]:
    done = checked(written(tmp_path / "a.pcap", segments), "--json", "--min", "info", "--fail-on", "never")
    return done.stderr, {one["id"]: one for one in json.loads(done.stdout)["findings"]}


def test_a_whole_capture_has_nothing_to_say_of_itself(tmp_path: Path) -> None:
    first, _ = said(tmp_path, [*exchange(REQUEST + WAIT).segments])
    assert first == ""


def test_no_handshake(tmp_path: Path) -> None:
    first, findings = said(tmp_path, [*exchange(REQUEST + WAIT).segments[3:]])
    assert "1 already open when it began" in first and first.count("\n") == 1
    assert "latency.server" not in findings  # who asks is a guess


def test_one_direction(tmp_path: Path) -> None:
    fin = exchange(f"{REQUEST}C FIN,ACK seq=15 ack=1\n").segments
    other = replace(fin[0], src_port=4000, time_ns=START_NS + 9 * 10**9)
    first, findings = said(tmp_path, [*(one for one in fin if one.src_port != 9501), other])
    assert "1 with one direction only" in first
    assert findings["close.fin_unanswered"]["severity"] == "note"
    assert findings["close.fin_unanswered"]["confidence"] == "likely"
    assert findings["path.asymmetric"]["severity"] == "info"


def test_missing_packets(tmp_path: Path) -> None:
    gap = "C PSH,ACK seq=1015 ack=1 len=10\nS ACK seq=1 ack=1025\n"
    text = f"{REQUEST}{gap}C FIN,ACK seq=1025 ack=1\nS ACK seq=1 ack=1026\n"
    late = replace(exchange(text).segments[0], src_port=4000, time_ns=START_NS + 9 * 10**9)
    first, findings = said(tmp_path, [*exchange(text).segments, late])
    assert "1 without segments that were delivered" in first
    assert findings["close.fin_unanswered"]["severity"] == "note"


def test_a_clock_that_goes_back_weakens_what_rests_on_time(tmp_path: Path) -> None:
    read = exchange(f"{REQUEST}{WAIT}C ACK seq=20 ack=6\nC PSH,ACK seq=20 ack=6 len=1\nS ACK seq=6 ack=21\n")
    straight, findings = said(tmp_path, [*read.segments])
    assert straight == "" and findings["latency.server"]["severity"] == "warn"
    turned = [*read.segments[:-2], *(replace(one, time_ns=one.time_ns - 10**8) for one in read.segments[-2:])]
    first, findings = said(tmp_path, turned)
    assert "1 during which the clock goes back" in first
    assert (findings["latency.server"]["severity"], findings["latency.server"]["confidence"]) == ("note", "likely")


@pytest.mark.parametrize("option", ["-q", "--json"])
def test_the_line_is_for_people_on_standard_error_and_for_programs_in_the_document(tmp_path: Path, option: str) -> None:
    file = written(tmp_path / "a.pcap", [*exchange(REQUEST + WAIT).segments[3:]])
    done = checked(file, option, "--fail-on", "never")
    if option == "-q":
        assert done.stderr == ""
    else:
        assert json.loads(done.stdout)["warnings"][0].startswith("The capture itself limits")


# --- two captures ---


def heard(text: str, **changes: int) -> list[Heard]:
    read = exchange(text)
    return [Heard(record_of(read), [replace(one, **changes) for one in read.segments])]


def test_two_captures_that_do_not_belong_together_are_told_apart() -> None:
    assert compare(heard(REQUEST), heard(REQUEST)).related
    other = "C SYN seq=#77\nS SYN,ACK seq=#99 ack=#78\nC ACK seq=#78 ack=#100\nC PSH,ACK seq=#78 ack=#100 len=3\n"
    assert not compare(heard(REQUEST), heard(other)).related


def test_one_segment_with_equal_numbers_at_other_addresses_is_chance() -> None:
    first, second = heard("C RST,FIN seq=#0 bare"), heard("C RST,FIN seq=#0 bare")
    elsewhere = replace(second[0].connection, client=replace(second[0].connection.client, port=4000))
    moved = [Heard(elsewhere, [replace(one, src_port=4000) for one in second[0].segments])]
    assert compare(first, second).related and not compare(first, moved).related


def test_softening_takes_nothing_away() -> None:
    read = exchange(f"{REQUEST}C FIN,ACK seq=15 ack=1\n+9")
    findings = tell(read.segments, record_of(read), capture_end_ns=read.end_ns).findings
    softer = resting_on_absence_softened(findings)
    assert [one.id for one in softer] == [one.id for one in findings]
    assert {one.severity for one in softer} < {"ok", "info", "note"} | {"note"}
