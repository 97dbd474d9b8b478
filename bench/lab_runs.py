"""Run every scenario of the lab many times and count how often it shows what it should.

    python bench/lab_runs.py [--runs 20] [--loop asyncio --loop uvloop] [--busy 4] [SCENARIO…]

Exit status 1 when a run differs from its scenario's signature or the capture lost a frame.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from synfin import lab


def main() -> int:
    """Print a line for each scenario and event loop; the differences of those that did not match."""
    arguments = _arguments()
    names = arguments.scenario or [scenario.name for scenario in lab.list_scenarios()]
    print(f"uid {os.geteuid()}, {os.cpu_count()} cores, {arguments.busy} busy processes beside")
    good = True
    with _busy(arguments.busy):
        for name in names:
            for loop in arguments.loop or ["asyncio", "uvloop"]:
                good &= _repeat(name, loop, arguments.runs)
    return 0 if good else 1


def _repeat(name: str, loop: str, runs: int) -> bool:
    outcomes: Counter[str] = Counter()
    differences: Counter[str] = Counter()
    lost, repeated, began = 0, 0, time.monotonic()
    place = ""
    for _ in range(runs):
        run = lab.run(name, loop=loop)
        match = run.check()
        lost += run.drops
        repeated += run.repeated
        place = run.place.name
        if match.outcome is None:
            differences[match.difference] += 1
        else:
            outcomes[match.outcome.name] += 1
    seen = ", ".join(f"{count} {outcome}" for outcome, count in outcomes.most_common())
    seconds = (time.monotonic() - began) / max(runs, 1)
    print(
        f"{name:<14} {loop:<8} {outcomes.total():>3} of {runs} match ({seen}); {lost} frames lost; "
        f"{repeated} done again; {seconds:.2f} s a run; place: {place}",
        flush=True,
    )
    for difference, count in differences.items():
        print(f"{count} x:\n{difference}", flush=True)
    return outcomes.total() == runs and lost == 0


@contextmanager
def _busy(count: int) -> Iterator[None]:
    """Keep `count` processes computing beside the lab."""
    spin = [sys.executable, "-c", "while True: pass"]
    processes = [subprocess.Popen(spin) for _ in range(count)]
    try:
        yield
    finally:
        for process in processes:
            process.kill()
            process.wait()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="run every scenario of the lab many times")
    parser.add_argument("scenario", nargs="*", help="default: all")
    parser.add_argument("--runs", type=int, default=20, metavar="N")
    parser.add_argument("--loop", action="append", choices=["asyncio", "uvloop"], help="default: both")
    parser.add_argument("--busy", type=int, default=0, metavar="N", help="processes that compute beside the lab")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
