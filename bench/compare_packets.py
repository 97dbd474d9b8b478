"""CPU time of `synfin packets FILE` beside `tshark -n -r FILE`: filters, text, JSON and the table of all columns.

Whole processes, user and system time, in turn, output into a pipe. The lists of frame numbers are compared first: a
figure of a filter that chooses other packets would mean nothing. Without a file two captures are generated.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import measure
from synfin.watch.packets.packet_table import COLUMNS

GENERATE = Path(__file__).with_name("generate.py")
GENERATED = {
    "small": ["--mix", "small", "--concurrent", "2000", "--seed", "1"],
    "mixed": ["--mix", "mixed", "--concurrent", "2000", "--seed", "1"],
}
NUMBERS = ("-T", "fields", "-e", "frame.number")
ELEVEN = (
    "frame.number", "frame.time_relative", "ip.src", "ip.dst", "tcp.srcport", "tcp.dstport", "tcp.stream", "tcp.seq",
    "tcp.ack", "tcp.len", "tcp.flags",
)  # fmt: skip
FLAGS = (
    "retransmission", "fast_retransmission", "spurious_retransmission", "out_of_order", "lost_segment",
    "ack_lost_segment", "duplicate_ack", "keep_alive", "keep_alive_ack", "zero_window", "zero_window_probe",
    "zero_window_probe_ack", "window_full", "window_update", "reused_ports",
)  # fmt: skip


class Case(NamedTuple):
    """What both are asked for; {out} is a file to write."""

    name: str
    ours: tuple[str, ...]
    theirs: tuple[str, ...]
    same: bool = True  #: both print the same


def filtered(text: str) -> Case:
    return Case(f"-Y '{text}'", ("-Y", text, *NUMBERS), ("-Y", text, *NUMBERS))


def columns(names: Sequence[str]) -> tuple[str, ...]:
    return ("-T", "fields", *(word for name in names for word in ("-e", name)))


def everything() -> Case:
    """All packet columns; tshark prints each flag of the analysis where ours has a bit."""
    fields = [column.name for column in COLUMNS if not column.name.startswith("synfin.")]
    theirs = columns([*fields, *(f"tcp.analysis.{flag}" for flag in FLAGS)])
    return Case(f"all {len(COLUMNS)} columns to Arrow IPC", ("-o", "{out}.arrow"), ("-2", *theirs), same=False)


CASES = (
    filtered("ip.addr == 10.0.0.1 and tcp.port in {9501}"),
    filtered("tcp.analysis.retransmission"),
    filtered("tcp.flags.syn == 1 and tcp.options.mss_val < 1460"),
    filtered('tcp.payload contains "Just a test"'),
    Case("11 fields as text", columns(ELEVEN), columns(ELEVEN), same=False),
    Case("-T json of 1,000 packets", ("-T", "json", "-Y", "{thousand}"),
         ("-T", "json", "-Y", "{thousand}"), same=False),
    everything(),
    Case("frame numbers, no filter", NUMBERS, NUMBERS),
)  # fmt: skip


def main() -> int:
    arguments = _arguments().parse_args()
    measure.refuse_uncompiled()
    if not shutil.which("tshark"):
        sys.exit("refused: nothing to compare with, missing tshark (apt-get install tshark)")
    for line in measure.machine():
        print(line)
    print(f"tools:   {measure.first_line(*measure.synfin(), '--version')}")
    print(f"         {measure.first_line('tshark', '--version')}")
    measure.run([*measure.synfin(), "packets", "--help"])  # its modules are compiled from now on
    with tempfile.TemporaryDirectory(prefix="synfin-bench-") as folder:
        for file in arguments.files:
            _compare(file, "given", Path(folder), arguments)
        for mix, options in {} if arguments.files else GENERATED.items():
            file = Path(folder) / f"{mix}.pcap"
            command = [str(GENERATE), str(file), "--packets", str(arguments.packets), *options]
            subprocess.run([sys.executable, *command], check=True, stderr=subprocess.DEVNULL)
            _compare(file, f"bench/generate.py {' '.join(command[2:])}", Path(folder), arguments)
            file.unlink()
    return 0


def _compare(file: Path, made_by: str, folder: Path, arguments: argparse.Namespace) -> None:
    print(f"\ndata:    {file.name}, {file.stat().st_size} bytes; made by: {made_by}")
    print(f"         {arguments.turns} turns, CPU of user and system, warm cache")
    print(f"{'synfin s':>9} {'tshark s':>9} {'ratio':>7} {'lowest':>7} {'highest':>8} {'peak MB':>8}   what")
    measure.warm(file)
    thousand = _thousand(file)
    for case in CASES:
        if arguments.only and arguments.only not in case.name:
            continue
        ours, theirs = (
            [word.replace("{out}", str(folder / "out")).replace("{thousand}", thousand) for word in words]
            for words in (case.ours, case.theirs)
        )
        ours = [*measure.synfin(), "packets", str(file), *ours]
        theirs = ["tshark", "-n", "-r", str(file), *theirs]
        if case.same and _output(ours) != _output(theirs):
            sys.exit(f"{case.name}: the two do not print the same; no figure")
        runs = measure.in_turn([ours, theirs], arguments.turns)
        ratio = measure.Spread.of([other.cpu_s / one.cpu_s for one, other in zip(*runs, strict=True)])
        cpu = [measure.Spread.of([run.cpu_s for run in one]).median for one in runs]
        print(f"{cpu[0]:9.3f} {cpu[1]:9.2f} {ratio.median:7.1f} {ratio.lowest:7.1f} {ratio.highest:8.1f} "
              f"{measure.peak_mb(runs[0]):8.1f}   {case.name}", flush=True)  # fmt: skip


def _thousand(file: Path) -> str:
    """A filter that chooses 1,000 packets from all over the capture."""
    data = _output([*measure.synfin(), "packets", str(file), "-Y", "tcp.len > 0", *NUMBERS]).split()
    step = max(len(data) // 1000, 1)
    return f"frame.number in {{{', '.join(data[::step][:1000])}}}"


def _output(command: Sequence[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(command)}: exit {done.returncode}\n{done.stderr}")
    return done.stdout


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE", help="captures instead of generated ones")
    parser.add_argument("--packets", type=int, default=1_000_000, metavar="N", help="packets to generate")
    parser.add_argument("--turns", type=int, default=3, metavar="N", help="counted turns")
    parser.add_argument("--only", metavar="TEXT", help="only cases with this in their name")
    return parser


if __name__ == "__main__":
    sys.exit(main())
