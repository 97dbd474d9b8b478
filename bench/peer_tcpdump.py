"""tcpdump's expected texts: the TCP lines of its own tests, value by value."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path

from connections import Library
from peer_difference import Comparison
from synfin.watch.connections.record import utc
from synfin.wire.tcp import ACK, FIN, RST, SYN, URG, Segment, options

OUT_OF_REACH = "no such segment here: link type, tunnel or file format that is not read"

_START = re.compile(r" *(\d+)  (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+) (.*)")
_SEGMENT = re.compile(r"(?:^    |IP6? )(\S+) > (\S+): (Flags \[.*)")
_LETTERS = ((FIN, "F"), (SYN, "S"), (RST, "R"), (0x08, "P"), (ACK, "."), (URG, "U"), (0x40, "E"), (0x80, "W"))

Values = dict[str, str]


def compare(folder: Path, library: Library) -> Comparison:
    """Compare every TCP line of every text."""
    found = Comparison("tcpdump", "lines")
    texts = folder / "expected" / "tcpdump"
    with (texts / "tcpdump.tsv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    for row in rows:
        if row["tcp_flag_lines"] == "0":
            continue
        ours = {one.frame: one for one in library.segments(row["file"])}
        shown = Relative()
        verbose = row["options"].count("v")
        for number, theirs in lines((texts / Path(row["out"]).name).read_text(encoding="utf-8", errors="replace")):
            place = f"{row['test']}:{number}"
            if number not in ours:
                found.lacks(row["file"], place, OUT_OF_REACH)
                continue
            values = shown.values(ours[number], verbose)
            pairs = [(name, theirs.get(name, ""), values.get(name, "")) for name in sorted({*theirs, *values})]
            found.compare(row["file"], place, pairs, lambda name, theirs, ours: "")
    return found


def lines(text: str) -> Iterator[tuple[int, Values]]:
    """(frame.number, values) of every TCP segment in a text."""
    number, when = 0, ""
    for line in text.splitlines():
        start = _START.fullmatch(line)
        if start:
            number, when = int(start[1]), start[2]
        segment = _SEGMENT.search(start[3] if start else line)
        if segment and number:
            yield number, {"time": when, "source": segment[1], "destination": segment[2]} | _values(segment[3])
            number = 0


def _values(text: str) -> Values:
    """`Flags [S.], seq 1, ack 2, win 3, options [mss 4], length 0` as values."""
    found: Values = {}
    text = re.sub(r", cksum 0x[0-9a-f]+ \([^)]*\)", "", text)
    if listed := re.search(r", options \[(.*)\], length", text):
        found["options"] = ",".join(_plain_option(one) for one in _split(listed[1]))
        text = text.replace(listed[0], ", length")
    for name, pattern in (
        ("flags", r"Flags \[([^]]*)\]"), ("seq", r", seq ([\d:]+)"), ("ack", r", ack (\d+)"), ("win", r", win (\d+)"),
        ("urg", r", urg (\d+)"), ("length", r", length (\d+)"),
    ):  # fmt: skip
        if value := re.search(pattern, text):
            found[name] = value[1]
    return found


def _split(text: str) -> list[str]:
    """The options in a list; commas in braces belong to one."""
    return re.split(r",(?![^{]*\})", text)


def _plain_option(text: str) -> str:
    """An option without what MPTCP says in it."""
    return " ".join(text.split()[:2]) if text.startswith("mptcp") else text


class Relative:
    """tcpdump's relative numbers: a conversation's first line with ACK shows raw ones, as does every SYN,ACK."""

    def __init__(self) -> None:
        self._bases: dict[frozenset[tuple[bytes, int]], dict[tuple[bytes, int], int]] = {}

    def values(self, segment: Segment, verbose: int) -> Values:
        here, there = (segment.src, segment.src_port), (segment.dst, segment.dst_port)
        bases = self._bases.get(frozenset((here, there)))
        seq, ack = segment.seq, segment.ack
        if not segment.has(ACK):
            pass  # is shown raw, and begins nothing
        elif bases is None or segment.has(SYN):
            self._bases[frozenset((here, there))] = {here: seq, there: (ack - 1) & 0xFFFFFFFF}
        else:
            seq, ack = (seq - bases[here]) & 0xFFFFFFFF, (ack - bases[there]) & 0xFFFFFFFF
        found = {
            "time": utc(segment.time_ns).replace("T", " ")[:26],
            "source": _endpoint(here),
            "destination": _endpoint(there),
            "flags": "".join(letter for flag, letter in _LETTERS if segment.has(flag)) or "none",
            "win": str(segment.window),
            "length": str(segment.length),
        }
        if segment.length or segment.flags & (SYN | FIN | RST) or verbose > 1:
            end = (seq + segment.length) & 0xFFFFFFFF
            found["seq"] = f"{seq}:{end}" if segment.length else str(seq)
        if segment.has(ACK):
            found["ack"] = str(ack)
        if segment.has(URG):
            found["urg"] = str(segment.urgent)
        if listed := ",".join(_options(segment.options)):
            found["options"] = listed
        return found


def _endpoint(end: tuple[bytes, int]) -> str:
    return f"{ip_address(end[0])}.{end[1]}"


def _options(raw: bytes) -> Iterator[str]:
    """The options in tcpdump's words."""
    for one in options(raw):
        numbers = [int.from_bytes(one.data[k : k + 4], "big") for k in range(0, len(one.data), 4)]
        if one.kind == 2:
            yield f"mss {int.from_bytes(one.data, 'big')}"
        elif one.kind == 3:
            yield f"wscale {one.data[0]}"
        elif one.kind == 5:
            blocks = "".join(f"{{{a}:{b}}}" for a, b in zip(numbers[::2], numbers[1::2], strict=False))
            yield f"sack {len(numbers) // 2} {blocks}"
        elif one.kind == 8:
            yield f"TS val {numbers[0]} ecr {numbers[1]}"
        elif one.kind == 30:
            yield f"mptcp {one.length}"
        else:
            yield {0: "eol", 1: "nop", 4: "sackOK"}.get(one.kind, f"unknown-{one.kind}")
