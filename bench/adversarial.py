"""Agreement with tshark itself on adversarial traffic: `adversarial.py --packets 200000`, in one pass and in two.

Generates random traces (traffic/adversarial.py) in batches, prints packets, values and differing values. Exit 1 where
a value differs.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from agreement import FIELDS as AGREED
from synfin.capture.packet import Packet
from synfin.capture.pcap import PcapWriter
from synfin.dissect import fields, format
from synfin.watch.packets.annotate import annotated
from traffic.adversarial import packets

BATCH = 5000  #: packets a file: tshark's time grows with the segments in flight
FIELDS = (
    *AGREED, "tcp.nxtseq", "tcp.analysis", "tcp.analysis.flags", "tcp.options.sack.count", "tcp.options.sack.dsack",
    "tcp.options.wscale.shift.invalid", "tcp.ack.nonzero", "tcp.bogus_header_length", "tcp.options.mss.absent",
    "tcp.option.len.invalid", "tcp.nop", "tcp.short_segment",
)  # fmt: skip


@dataclass(slots=True)
class Report:
    """What a comparison found."""

    packets: int = 0
    values: int = 0
    differing: Counter[str] = field(default_factory=Counter)  #: by field
    seen: Counter[str] = field(default_factory=Counter)  #: packets that have a value, by field
    examples: list[str] = field(default_factory=list)


def write(path: Path, trace: Iterable[Packet]) -> None:
    with path.open("wb") as file:
        writer = PcapWriter(file, 1)
        for packet in trace:
            writer.write(packet)


def compare(path: Path, passes: int, report: Report, what: str) -> None:
    """Compare every field of every packet of a capture, and add to the report."""
    chosen = [fields.lookup(name) for name in FIELDS]
    style = format.Layout()
    for theirs, (frame, facts) in zip(_tshark(path, passes), annotated([str(path)], passes=passes), strict=True):
        ours = format.row(chosen, frame, facts, style).split("\t")
        report.packets += 1
        for name, value, wanted in zip(FIELDS, ours, theirs, strict=True):
            report.values += 1
            report.seen[name] += bool(wanted)
            if value != wanted:
                report.differing[name] += 1
                report.examples.append(f"{what}, {passes} passes, {frame.packet.number} {name}: "
                                       f"tshark {wanted!r}, synfin {value!r}")  # fmt: skip


def _tshark(path: Path, passes: int) -> Iterator[list[str]]:
    """tshark's cells, a list a packet, under default preferences."""
    named = [word for name in FIELDS for word in ("-e", name)]
    command = ["tshark", "-n", *(["-2"] if passes == 2 else []), "-r", str(path), "-T", "fields", *named]
    with tempfile.TemporaryDirectory() as home:
        environment = {"PATH": os.environ["PATH"], "TZ": "UTC", "HOME": home, "XDG_CONFIG_HOME": home}
        done = subprocess.run(command, capture_output=True, env=environment, text=True, timeout=600, check=True)
    for line in done.stdout.split("\n")[:-1]:
        yield line.split("\t")


def run(count: int, seed: int, report: Report, passes: Sequence[int] = (1, 2), progress: bool = False) -> None:
    """Compare `count` packets, batch by batch, each with the given passes."""
    with tempfile.TemporaryDirectory() as folder:
        for number, size in enumerate(_batches(count)):
            path = Path(folder) / "trace.pcap"
            write(path, packets(seed + number, size))
            for how_many in passes:
                compare(path, how_many, report, f"seed {seed + number}")
            if progress:
                print(f"{report.packets:,} packets, {sum(report.differing.values())} differ", file=sys.stderr)


def _batches(count: int) -> Iterator[int]:
    while count > 0:
        yield min(count, BATCH)
        count -= BATCH


def main() -> int:
    parser = argparse.ArgumentParser(description="Compare with tshark on adversarial traffic.")
    parser.add_argument("--packets", type=int, default=20_000, help="how many, each compared in one pass and in two")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--passes", type=int, choices=(1, 2), help="only these")
    arguments = parser.parse_args()
    report = Report()
    run(arguments.packets, arguments.seed, report, (arguments.passes,) if arguments.passes else (1, 2), progress=True)
    for example in report.examples[:40]:
        print(example, file=sys.stderr)
    print(f"packets             {report.packets:>12,}  (each pass counts)")
    print(f"fields a packet     {len(FIELDS):>12,}")
    print(f"values compared     {report.values:>12,}")
    print(f"values that differ  {sum(report.differing.values()):>12,}")
    for name, count in report.differing.most_common():
        print(f"  {name:<40} {count:>7,}")
    print("packets with")
    for name in FIELDS:
        if name.startswith("tcp.analysis."):
            print(f"  {name:<40} {report.seen[name]:>7,}")
    return 1 if report.differing else 0


if __name__ == "__main__":
    sys.exit(main())
