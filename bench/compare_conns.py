"""CPU time of `synfin conns FILE` beside `tshark -n -q -z conv,tcp` and `tcptrace -n` on the same file.

Whole processes, user and system time, in turn, output into a pipe. Without a file two captures are generated.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import measure

GENERATE = Path(__file__).with_name("generate.py")
GENERATED = {
    "small": ["--mix", "small", "--concurrent", "2000", "--seed", "1"],
    "mixed": ["--mix", "mixed", "--concurrent", "2000", "--seed", "1"],
}


def main() -> int:
    arguments = _arguments().parse_args()
    measure.refuse_uncompiled()
    absent = [tool for tool in ("tshark", "tcptrace") if not shutil.which(tool)]
    if absent:
        sys.exit(f"refused: nothing to compare with, missing {', '.join(absent)} (apt-get install {' '.join(absent)})")
    _head()
    if arguments.files:
        for file in arguments.files:
            _compare(file, "given", arguments.repeats)
        return 0
    with tempfile.TemporaryDirectory(prefix="synfin-bench-") as folder:
        for mix, options in GENERATED.items():
            file = Path(folder) / f"{mix}.pcap"
            command = [str(GENERATE), str(file), "--packets", str(arguments.packets), *options]
            subprocess.run([sys.executable, *command], check=True, stderr=subprocess.DEVNULL)
            _compare(file, f"bench/generate.py {' '.join(command[2:])}", arguments.repeats)
            file.unlink()
    return 0


def _head() -> None:
    for line in measure.machine():
        print(line)
    print(f"tools:   {measure.first_line(measure.synfin(), '--version')}")
    print(f"         {measure.first_line('tshark', '--version')}")
    print(f"         {measure.first_line('tcptrace', '-v')}")


def _compare(file: Path, made_by: str, repeats: int) -> None:
    commands: dict[str, list[str]] = {
        "synfin": [measure.synfin(), "conns", str(file)],
        "tshark": ["tshark", "-n", "-q", "-z", "conv,tcp", "-r", str(file)],
        "tcptrace": ["tcptrace", "-n", str(file)],
    }
    packets = _packets(file)
    print(f"\ndata:    {file.name}, {packets or 'unknown'} packets, {file.stat().st_size} bytes; made by: {made_by}")
    runs = measure.in_turn(commands, repeats)
    print(f"         {repeats} turns after one uncounted, {' '.join(commands)} {' '.join(commands)} ...")
    print(f"{'tool':<9} {'CPU s':>8} {'lowest':>8} {'highest':>8} {'Mpkt/s':>7} {'peak MB':>8}   command")
    for name, measured in runs.items():
        print(_row(name, measured, packets, commands[name]))
    for name in ("tshark", "tcptrace"):
        median, low, high = measure.ratios(runs[name], runs["synfin"])
        print(f"ratio    {name} / synfin = {median:.1f} (lowest {low:.1f}, highest {high:.1f})")


def _row(name: str, runs: Sequence[measure.Run], packets: int | None, command: Sequence[str]) -> str:
    cpu = measure.median_cpu_s(runs)
    rate = f"{packets / cpu / 1e6:7.2f}" if packets else "      ?"
    peak = statistics.median(run.peak_kib for run in runs) / 1024
    spread = f"{min(run.cpu_s for run in runs):8.3f} {max(run.cpu_s for run in runs):8.3f}"
    shown = " ".join(Path(word).name if "/" in word else word for word in command)
    return f"{name:<9} {cpu:8.3f} {spread} {rate} {peak:8.1f}   {shown}"


def _packets(file: Path) -> int | None:
    """The number of packets from the truth beside a generated file; None for another one."""
    truth = file.with_suffix(".truth.json")
    return int(json.loads(truth.read_text())["packets"]) if truth.exists() else None


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", type=Path, help="captures to compare on (pcap); generated ones without")
    parser.add_argument("--packets", type=int, default=1_000_000, help="size of the generated captures")
    parser.add_argument("--repeats", type=int, default=5, help="turns that count")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
