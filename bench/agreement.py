"""Agreement with tshark, capture by capture, field by field: `synfin packets -Y tcp -T fields` against stored truth.

Compares every row that is within reach; every other row must stand, with its reason, in out_of_reach.tsv beside this
file. Prints captures, rows, fields, differing values and the rows out of reach by reason. Exit 1 where a value differs
or the table is not exact. `--write` makes the table anew.
"""

from __future__ import annotations

import argparse
import csv
import lzma
import os
import re
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from synfin.dissect import fields, format
from synfin.errors import UnreadableInput
from synfin.watch.packets.annotate import annotated
from synfin.wire.frame import Frame

ROOT = Path(__file__).resolve().parent.parent
TABLE = Path(__file__).with_name("out_of_reach.tsv")

FIELDS = (
    "frame.number", "frame.time_epoch", "frame.len", "frame.cap_len", "ip.src", "ip.dst", "ipv6.src", "ipv6.dst",
    "tcp.stream", "tcp.srcport", "tcp.dstport", "tcp.seq", "tcp.seq_raw", "tcp.ack", "tcp.ack_raw", "tcp.len",
    "tcp.hdr_len", "tcp.flags", "tcp.flags.str", "tcp.window_size_value", "tcp.window_size",
    "tcp.window_size_scalefactor", "tcp.urgent_pointer", "tcp.completeness", "tcp.time_relative", "tcp.time_delta",
    "tcp.option_kind", "tcp.options.mss_val", "tcp.options.wscale.shift", "tcp.options.sack_le",
    "tcp.options.sack_re", "tcp.options.sack.dsack_le", "tcp.options.sack.dsack_re", "tcp.options.timestamp.tsval",
    "tcp.options.timestamp.tsecr", "tcp.options.tfo.request", "tcp.options.tfo.cookie", "tcp.options.mptcp.subtype",
    "tcp.analysis.retransmission", "tcp.analysis.fast_retransmission", "tcp.analysis.spurious_retransmission",
    "tcp.analysis.out_of_order", "tcp.analysis.lost_segment", "tcp.analysis.ack_lost_segment",
    "tcp.analysis.duplicate_ack", "tcp.analysis.duplicate_ack_num", "tcp.analysis.duplicate_ack_frame",
    "tcp.analysis.keep_alive", "tcp.analysis.keep_alive_ack", "tcp.analysis.zero_window",
    "tcp.analysis.zero_window_probe", "tcp.analysis.zero_window_probe_ack", "tcp.analysis.window_full",
    "tcp.analysis.window_update", "tcp.analysis.reused_ports", "tcp.analysis.tfo_syn", "tcp.analysis.tfo_ack",
    "tcp.analysis.tfo_ignored", "tcp.analysis.acks_frame", "tcp.analysis.ack_rtt", "tcp.analysis.initial_rtt",
    "tcp.analysis.rto", "tcp.analysis.rto_frame", "tcp.analysis.bytes_in_flight", "tcp.analysis.push_bytes_sent",
    "tcp.connection.syn", "tcp.connection.synack", "tcp.connection.fin", "tcp.connection.fin_active",
    "tcp.connection.fin_passive", "tcp.connection.rst",
)  # fmt: skip

#: differences that are meant: (capture, field) -> why ours is right
EXCEPTIONS = {
    ("tcpdump/of13_ericsson.pcapng", "ip.src"): "tshark adds the addresses of packets that OpenFlow messages carry",
    ("tcpdump/of13_ericsson.pcapng", "ip.dst"): "tshark adds the addresses of packets that OpenFlow messages carry",
}


@dataclass(slots=True)
class Report:
    """What a comparison found."""

    captures: int = 0
    rows: int = 0
    compared: int = 0
    values: int = 0
    differing: Counter[str] = field(default_factory=Counter)  #: by field
    excepted: Counter[tuple[str, str]] = field(default_factory=Counter)  #: of EXCEPTIONS
    examples: list[str] = field(default_factory=list)
    out_of_reach: dict[tuple[str, str], list[int]] = field(default_factory=dict)  #: (capture, reason) -> frames

    def reasons(self) -> Counter[str]:
        """Rows out of reach by reason."""
        counted: Counter[str] = Counter()
        for (_, reason), frames in self.out_of_reach.items():
            counted[reason] += len(frames)
        return counted


def captures_folder() -> Path:
    """The folder with captures and expected results: CAPTURES, else one beside the project."""
    return Path(os.environ.get("CAPTURES") or ROOT.parent / "shared" / "captures")


def captures(folder: Path) -> Iterator[tuple[str, Path]]:
    """(name, file with tshark's rows) of every capture."""
    truth = folder / "expected" / "tshark"
    for path in sorted(truth.glob("*/*.tsv.xz")):
        yield str(path.relative_to(truth))[: -len(".tsv.xz")], path


def compare(folder: Path, name: str, truth: Path, report: Report) -> None:
    """Compare one capture and add to the report."""
    expected = _expected(truth)
    report.captures += 1
    report.rows += len(expected)
    chosen = [fields.lookup(one) for one in FIELDS]
    style = format.Layout()
    missing = dict(expected)
    try:
        for frame, facts in annotated([str(folder / name)]):
            row = missing.get(frame.packet.number)
            if row is None:
                if frame.tcp is not None:
                    report.differing["row that tshark does not have"] += 1
                    report.examples.append(f"{name} frame {frame.packet.number}: tshark has no such row")
                continue
            reason = _why_not(frame, row["frame.protocols"])
            if not reason:
                report.compared += 1
                ours = format.row(chosen, frame, facts, style).split("\t")
                _compare_row(name, frame.packet.number, ours, row, report)
            else:
                report.out_of_reach.setdefault((name, reason), []).append(frame.packet.number)
            del missing[frame.packet.number]
    except UnreadableInput as refused:
        report.out_of_reach[name, _format(name, refused)] = sorted(missing)
        return
    for number in missing:
        report.differing["row that synfin does not have"] += 1
        report.examples.append(f"{name} frame {number}: no such row here")


def _format(name: str, refused: UnreadableInput) -> str:
    """Which kind of file it is that cannot be read."""
    if ".erf" in name:
        return "file: ERF, which has no magic number"
    said = re.search(r": (?:an? )?([^:]*?)(?: cannot be read)? \(offset", str(refused))
    return f"file: {said[1] if said else refused}"


def _expected(truth: Path) -> dict[int, dict[str, str]]:
    with lzma.open(truth, "rt", encoding="utf-8", newline="\n") as file:
        rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        return {int(row["frame.number"]): row for row in rows}


def _compare_row(name: str, number: int, ours: list[str], row: Mapping[str, str], report: Report) -> None:
    for one, value in zip(FIELDS, ours, strict=True):
        report.values += 1
        if value != row[one] and (name, one) in EXCEPTIONS:
            report.excepted[name, one] += 1
        elif value != row[one]:
            report.differing[one] += 1
            report.examples.append(f"{name} frame {number} {one}: tshark {row[one]!r}, synfin {value!r}")


def _why_not(frame: Frame, protocols: str) -> str:
    """Why a TCP row of tshark has no TCP header here; empty where it has one."""
    if frame.tcp is not None:
        return ""
    return f"link type {frame.packet.link_type}" if frame.reason == "unsupported" else f"unread: {protocols}"


def table(report: Report) -> list[str]:
    """The lines of out_of_reach.tsv."""
    lines = ["capture\treason\trows\tframes"]
    for (name, reason), frames in sorted(report.out_of_reach.items()):
        lines.append(f"{name}\t{reason}\t{len(frames)}\t{_ranges(frames)}")
    return lines


def _ranges(numbers: list[int]) -> str:
    parts: list[list[int]] = []
    for number in sorted(numbers):
        if parts and parts[-1][1] == number - 1:
            parts[-1][1] = number
        else:
            parts.append([number, number])
    return ",".join(str(a) if a == b else f"{a}-{b}" for a, b in parts)


def main() -> int:
    parser = argparse.ArgumentParser(description="Compare with tshark on every capture at hand.")
    parser.add_argument("--write", action="store_true", help="write out_of_reach.tsv")
    arguments = parser.parse_args()
    folder = captures_folder()
    if not folder.is_dir():
        sys.exit(f"no captures in {folder}; set CAPTURES to the folder that holds them")
    report = Report()
    for name, truth in captures(folder):
        compare(folder, name, truth, report)
    lines = table(report)
    if arguments.write:
        TABLE.write_text("\n".join(lines) + "\n", encoding="utf-8")
    exact = TABLE.exists() and TABLE.read_text(encoding="utf-8").splitlines() == lines
    _print(report, exact)
    return 0 if exact and not report.differing else 1


def _print(report: Report, exact: bool) -> None:
    for example in report.examples[:50]:
        print(example, file=sys.stderr)
    print(f"captures             {report.captures:>9,}")
    print(f"TCP rows of tshark   {report.rows:>9,}")
    print(f"rows compared        {report.compared:>9,}")
    print(f"fields a row         {len(FIELDS):>9,}")
    print(f"values compared      {report.values:>9,}")
    print(f"values that differ   {sum(report.differing.values()):>9,}")
    for name, count in report.differing.most_common():
        print(f"  {name:<40} {count:>7,}")
    print(f"named exceptions     {sum(report.excepted.values()):>9,}")
    for (name, one), count in report.excepted.items():
        print(f"  {name} {one} {count}: {EXCEPTIONS[name, one]}")
    print(f"rows out of reach    {sum(report.reasons().values()):>9,}  (each stands in bench/{TABLE.name})")
    for reason, count in report.reasons().most_common():
        print(f"  {reason:<40} {count:>7,}")
    if not exact:
        print(f"bench/{TABLE.name} is not what was found: look at the difference, then run with --write")


if __name__ == "__main__":
    sys.exit(main())
