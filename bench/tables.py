"""CPU time and memory of `synfin.read` and its tables, on a generated capture: each step in a process of its own."""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import measure

#: what is measured -> the program; the first is part of all others
STEPS = {
    "read": "capture = synfin.read(path)",
    "connections": "for batch in synfin.read(path).connections.batches(): batch.__arrow_c_array__()",
    "packets": "for batch in synfin.read(path).packets.batches(): batch.__arrow_c_array__()",
    "packets, all at once": "import pyarrow; pyarrow.table(synfin.read(path).packets)",
    "one story": "print(len(synfin.read(path)[1000].story().steps))",
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", nargs="?", type=Path, help="a capture; a million small packets are generated without")
    parser.add_argument("--repeats", type=int, default=5)
    arguments = parser.parse_args()
    measure.refuse_uncompiled()
    with tempfile.TemporaryDirectory(prefix="synfin-bench-") as folder:
        file = arguments.file or _generated(Path(folder))
        commands = {
            name: [sys.executable, "-c", f"import synfin; path = {str(file)!r}\n{step}"] for name, step in STEPS.items()
        }
        runs = measure.in_turn(commands, arguments.repeats)
        size = file.stat().st_size
        frames = int(subprocess.check_output([sys.executable, "-c", _COUNT, str(file)]))
    for line in measure.machine():
        print(line)
    print(f"data:    {frames} packets, {size} bytes, {arguments.repeats} turns")
    for name, measured in runs.items():
        cpu_s, peak_mb = measure.median_cpu_s(measured), max(run.peak_kib for run in measured) / 1024
        print(
            f"{name:<21} {cpu_s:6.2f} s CPU (median)  {cpu_s / frames * 1e9:6.0f} ns a packet  {peak_mb:6.0f} MB peak"
        )
    return 0


_COUNT = "import sys, synfin; print(len(synfin.read(sys.argv[1]).packets))"


def _generated(folder: Path) -> Path:
    file = folder / "small.pcap"
    generate = Path(__file__).with_name("generate.py")
    options = ["--packets", "1000000", "--mix", "small", "--concurrent", "2000", "--seed", "1"]
    subprocess.run([sys.executable, str(generate), str(file), *options], check=True, stderr=subprocess.DEVNULL)
    return file


if __name__ == "__main__":
    raise SystemExit(main())
