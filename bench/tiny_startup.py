"""CPU time that `synfin conns tiny.pcap | cat` costs above `python -c pass`: what a person waits for a small answer."""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import measure

LIMIT_MS = 100.0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", nargs="?", type=Path, help="a small capture; one connection is generated without")
    parser.add_argument("--repeats", type=int, default=25)
    arguments = parser.parse_args()
    measure.refuse_uncompiled()
    with tempfile.TemporaryDirectory(prefix="synfin-bench-") as folder:
        file = arguments.file or _one_connection(Path(folder))
        commands = {
            "synfin": [measure.synfin(), "conns", str(file)],
            "python": [sys.executable, "-c", "pass"],
        }
        runs = measure.in_turn(commands, arguments.repeats)
        size = file.stat().st_size
    for line in measure.machine():
        print(line)
    more = [(a.cpu_s - b.cpu_s) * 1000 for a, b in zip(runs["synfin"], runs["python"], strict=True)]
    print(f"data:    {size} bytes, {arguments.repeats} turns, output into a pipe")
    for name, measured in runs.items():
        print(f"{name:<8} {measure.median_cpu_s(measured) * 1000:6.1f} ms CPU (median)")
    median = statistics.median(more)
    print(f"more     {median:6.1f} ms (lowest {min(more):.1f}, highest {max(more):.1f}); at most {LIMIT_MS:.0f} wanted")
    return 0 if median <= LIMIT_MS else 1


def _one_connection(folder: Path) -> Path:
    file = folder / "tiny.pcap"
    generate = Path(__file__).with_name("generate.py")
    options = ["--packets", "1", "--concurrent", "1", "--mix", "small"]
    subprocess.run([sys.executable, str(generate), str(file), *options], check=True, stderr=subprocess.DEVNULL)
    return file


if __name__ == "__main__":
    raise SystemExit(main())
