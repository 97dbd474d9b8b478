"""What the benchmarks compare: a row for each pair of commands, with the ratio that is wanted."""

from __future__ import annotations

import functools
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import measure

ELEVEN = (
    "frame.number", "tcp.stream", "tcp.srcport", "tcp.dstport", "tcp.seq", "tcp.ack", "tcp.len", "tcp.flags",
    "tcp.window_size", "tcp.hdr_len", "tcp.analysis.retransmission",
)  # fmt: skip
Command = Callable[[Path], list[str]]


@dataclass(frozen=True)
class Row:
    """Two commands, ours and what it is measured against, each on a capture; the ratio counts per packet."""

    what: str
    against: str
    ours: Command
    theirs: Command
    data: str  #: capture of both, unless `other` names another for theirs
    wanted: float  #: theirs / ours, at least
    other: str = ""
    tool: str = ""  #: what theirs needs
    wall: bool = False  #: compare time, not CPU
    turns: int = 5


def synfin(*arguments: str) -> Command:
    """A command of ours on a capture."""
    return lambda file: [*measure.synfin(), arguments[0], str(file), *arguments[1:]]


def tool(*words: str) -> Command:
    """A command of theirs; FILE stands for the capture."""
    return lambda file: [str(file) if word == "FILE" else word for word in words]


#: the plain table; what findings cost beside it is a row of its own (finding_costs.py)
CONNS = synfin("conns", "--ndjson", "--no-findings", "--jobs", "1")
TSHARK = tool("tshark", "-n", "-q", "-z", "conv,tcp", "-r", "FILE")
TCPTRACE = tool("tcptrace", "-n", "FILE")
ARGUS = tool("argus", "-r", "FILE", "-w", "-")
TCPDUMP = tool("tcpdump", "-r", "FILE", "-w", "/dev/null")


def read(file: Path) -> list[str]:
    """A bare read() of the file, a megabyte at a time."""
    return ["dd", f"if={file}", "of=/dev/null", "bs=1M", "status=none"]


def fields_as_text(program: Sequence[str]) -> Command:
    """The eleven fields, a line each packet."""
    fields = [word for name in ELEVEN for word in ("-e", name)]
    return lambda file: [*program, "-r", str(file), "-T", "fields", *fields]


def every_column(file: Path) -> list[str]:
    """All columns that we have of a packet, as an Arrow file."""
    return [*measure.synfin(), "packets", str(file), "-o", str(file.with_suffix(".arrow"))]


def the_same_fields(file: Path) -> list[str]:
    """What tshark has of those columns, as text."""
    fields = [word for name in _common_fields(str(file)) for word in ("-e", name)]
    return ["tshark", "-n", "-2", "-r", str(file), "-T", "fields", *fields]


_COLUMNS = "import sys, synfin; print(*synfin.read(sys.argv[1]).packets.column_names)"


@functools.cache
def _common_fields(file: str) -> list[str]:
    """The names of our columns that tshark knows."""
    ours = subprocess.check_output([sys.executable, "-c", _COLUMNS, file], text=True).split()
    listed = subprocess.check_output(["tshark", "-G", "fields"], text=True).splitlines()
    known = {parts[2] for parts in (line.split("\t") for line in listed) if parts[0] == "F"}
    return [name for name in ours if name in known]


def _connection_rows() -> list[Row]:
    """On captures so long that starting does not count; then with ten times as many connections alive at once."""
    table = "connection table"
    peers = (
        ("tshark -q -z conv,tcp", TSHARK, "tshark", (110, 60), 1),
        ("tcptrace -n", TCPTRACE, "tcptrace", (15, 10), 5),
        ("argus -r", ARGUS, "argus", (9, 5), 5),
        ("tcpdump -w /dev/null, which analyses nothing", TCPDUMP, "tcpdump", (0.9, 1.4), 5),
    )
    rows = [
        Row(f"{table}{alive}", against, CONNS, theirs, f"{form}-{mix}.pcap", wanted[place], tool=needs, turns=turns)
        for form, alive in (("long", ""), ("many", ", 20,000 alive at once"))
        for place, mix in enumerate(("small", "mixed"))
        for against, theirs, needs, wanted, turns in peers
    ]
    return [*rows, Row(table, "a bare read() of the file (dd bs=1M)", CONNS, read, "long-mixed.pcap", 0.4)]


def _packet_rows() -> list[Row]:
    everything = "everything: all tcp.analysis values, all packet columns, to Arrow IPC"
    eleven = "11 fields as text (packets -T fields)"
    return [
        row
        for mix, wanted in (("small", 200), ("mixed", 120))
        for row in (
            Row(everything, "tshark -2 -T fields with the same fields", every_column, the_same_fields,
                f"{mix}.pcap", wanted, other=f"part-{mix}.pcap", tool="tshark", turns=2),
            Row(eleven, "tshark -T fields", fields_as_text([*measure.synfin(), "packets"]),
                fields_as_text(["tshark", "-n"]), f"{mix}.pcap", 40, other=f"part-{mix}.pcap", tool="tshark", turns=2),
        )
    ]  # fmt: skip


def _own_rows() -> list[Row]:
    rows = [
        Row("200,000 connections alive at once", "1,000 alive at once", CONNS, CONNS, "alive-200k.pcap", 0.5,
            other="alive-1k.pcap"),
        Row("pcapng", "the same packets as pcap", CONNS, CONNS, "ipv4.pcapng", 0.85, other="ipv4.pcap"),
        Row("IPv6 only", "IPv4 only", CONNS, CONNS, "ipv6.pcap", 0.85, other="ipv4.pcap"),
        Row("VLAN tags", "the same packets without", CONNS, CONNS, "vlan.pcap", 0.85, other="ipv4.pcap"),
        Row("gzip input", "gzip -dc alone", CONNS, tool("gzip", "-dc", "FILE"), "small.pcap.gz", 1.0, tool="gzip"),
    ]  # fmt: skip
    two = synfin("conns", "--ndjson", "--no-findings", "--jobs", "2")
    return rows + [
        Row("two cores", "one core, time", two, CONNS, f"{mix}.pcap", 1.6, wall=True) for mix in ("small", "mixed")
    ]


def rows() -> list[Row]:
    """Every row, in the order of the table."""
    return [*_connection_rows(), *_packet_rows(), *_own_rows()]
