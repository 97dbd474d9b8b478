"""Feeds mutated captures through the compiled path under gcc's address and undefined-behaviour sanitisers.

    python bench/fuzz_captures.py --count 1000000 [--processes 2] [--seed N] [--from N] [--built FOLDER]

Seeds are pieces of 1 to 4 packets of the captures in $CAPTURES (or ../shared/captures), of tests/data, and of frames
whose headers nest at random; see fuzz_mutants.py. The kernels are built as by fuzz_kernels.py, the Python slow path
runs as it is. A finding (a sanitiser's report, an exception, 5 s of CPU or 200 MiB for one capture) is printed with its
seed, its number and the capture in base64, and the command exits 1. `--from N --count 1` runs capture N alone; --built
keeps the sanitised kernels in FOLDER for the next run.
"""

from __future__ import annotations

import argparse
import base64
import os
import secrets
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import fuzz_kernels

ROOT = fuzz_kernels.ROOT
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "bench"), str(ROOT / "src")]
TELL_EVERY_S = 10.0


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--count", type=int, default=10_000, help="captures, of all processes together")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(1 << 31))
    parser.add_argument("--from", type=int, default=0, dest="first", help="number of the first capture")
    parser.add_argument("--built", type=Path, help="folder of sanitised kernels; built there where it is empty")
    asked = parser.parse_args()
    if not shutil.which("gcc"):
        print("fuzz_captures: gcc is needed", file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that no process is left behind
    with tempfile.TemporaryDirectory() as temporary:
        folder = asked.built or Path(temporary)
        if not (folder / "src").is_dir():
            fuzz_kernels.build(folder, small_pages=True)
        return fuzz(folder, Path(temporary), asked)


def fuzz(folder: Path, boards: Path, asked: argparse.Namespace) -> int:
    """Run the processes to their end, telling the rate, and each finding."""
    started, processes = time.monotonic(), []
    for index in range(asked.processes):
        board = boards / f"board{index}"
        board.write_bytes(bytes(16))
        count = (asked.count - index + asked.processes - 1) // asked.processes
        numbers = [str(number) for number in (asked.seed, asked.first + index, asked.processes, count)]
        command = [sys.executable, "-m", "fuzz_feed", *numbers, str(board), *(str(one) for one in seed_folders())]
        processes.append((subprocess.Popen(command, env=fuzz_kernels.environment(folder), cwd=folder), board))
    try:
        while any(process.poll() is None for process, _ in processes):
            _wait([process for process, _ in processes])
            done = sum(_board(board)[0] for _, board in processes)
            print(f"fuzz_captures: {done} captures, {done / (time.monotonic() - started):.0f}/s", flush=True)
    except KeyboardInterrupt:
        for process, _ in processes:
            process.terminate()
            process.wait()
        print(
            f"fuzz_captures: interrupted after {sum(_board(board)[0] for _, board in processes)} captures of this seed"
        )
        return 130
    failed = [_board(board)[1] for process, board in processes if process.returncode]
    for number in failed:
        _tell(asked.seed, number)
    if not failed:
        print(f"fuzz_captures: seed {asked.seed}, {asked.count} captures from {asked.first} on: nothing found")
    return 1 if failed else 0


def _wait(processes: list[subprocess.Popen[bytes]]) -> None:
    """Until all have ended, or it is time to tell."""
    end = time.monotonic() + TELL_EVERY_S
    while time.monotonic() < end and any(process.poll() is None for process in processes):
        time.sleep(0.2)


def _board(board: Path) -> tuple[int, int]:
    """Captures done, and the number of the one that runs."""
    done, number = struct.unpack("<QQ", board.read_bytes())
    return done, number


def _tell(seed: int, number: int) -> None:
    from fuzz_mutants import Mutants

    data = Mutants(seed_folders(), seed).capture(number)
    print(f"fuzz_captures: a finding: --seed {seed} --from {number} --count 1 --processes 1; the capture in base64:")
    print(base64.b64encode(data).decode())


def seed_folders() -> list[Path]:
    named = os.environ.get("CAPTURES")
    captures = Path(named) if named else ROOT.parent / "shared" / "captures"
    return [ROOT / "tests" / "data", *([captures] if captures.is_dir() else [])]


if __name__ == "__main__":
    sys.exit(main())
