"""Run scenarios of the lab many times and count how often they show what they should.

    python bench/lab_runs.py [--runs 10] [--busy 4] [SCENARIO…]
    python bench/lab_runs.py --kernel          also ask the kernel, and write the table of docs/lab.md

Runs go side by side. Exit status 1 when a run is not as expected, or the kernel disagrees.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from synfin import lab
from synfin.lab import shelf

PAGE = Path(__file__).resolve().parent.parent / "docs" / "lab.md"
MARK = "<!-- written by bench/lab_runs.py --kernel -->"
GROUPS = ("tutorial", *shelf.GROUPS)


def main() -> int:
    """Print a line for each scenario; the differences of those that did not match."""
    arguments = _arguments()
    names = arguments.scenario or [name for group in GROUPS for name in shelf.names(group)]
    print(f"uid {os.geteuid()}, {os.cpu_count()} cores, {arguments.busy} busy processes beside")
    began = time.monotonic()
    found: dict[str, list[lab.Result]] = defaultdict(list)
    with _busy(arguments.busy):
        for result in lab.run_all(names * arguments.runs, observe=arguments.kernel, workers=arguments.workers):
            found[result.name].append(result)
    good = [_tell(name, found[name]) for name in names]
    print(f"{sum(good)} of {len(names)} scenarios right in every run, {time.monotonic() - began:.0f} s")
    if arguments.kernel and not arguments.scenario:
        _write_page(names, found)
    return 0 if all(good) else 1


def _tell(name: str, results: Sequence[lab.Result]) -> bool:
    complaints = Counter(complaint for result in results for complaint in _complaints(result))
    right = sum(not _complaints(result) for result in results)
    slowest = max(result.seconds for result in results)
    print(f"{name:<30} {right:>3} of {len(results)} right; slowest {slowest:.1f} s", flush=True)
    for complaint, count in complaints.items():
        print(f"  {count} x: {complaint}", flush=True)
    return right == len(results)


def _complaints(result: lab.Result) -> list[str]:
    told = [result.failure] if result.failure else []
    told += [f"{row.at}: {difference}" for row in result.rows for difference in row.differences]
    if result.ruling is not None:
        told += result.ruling.outside
        told += [f"{one.end}: RST {one.kernel}" for one in result.ruling.resets if not one.agrees]
        if result.undisturbed:
            told += [f"{one.end}: {one.kernel} / {one.inferred}" for one in result.ruling.ends if not one.agrees]
    return told


# --- the page ---


def _write_page(names: Sequence[str], found: Mapping[str, Sequence[lab.Result]]) -> None:
    head = PAGE.read_text(encoding="utf-8").partition(MARK)[0]
    results = [found[name][0] for name in names if found[name][0].ruling is not None]
    PAGE.write_text(f"{head}{MARK}\n\n" + "\n".join(_table(results)) + "\n", encoding="utf-8")
    print(f"wrote {PAGE}")


def _table(results: Sequence[lab.Result]) -> Iterator[str]:
    rulings = [result.ruling for result in results if result.ruling is not None]
    ends = [(result, end) for result in results if result.ruling for end in result.ruling.ends]
    undisturbed = [end for result, end in ends if result.undisturbed]
    resets = [reset for one in rulings for reset in one.resets]
    yield f"Linux {platform.release()}, {len(results)} scenarios."
    yield ""
    compared = sum(one.compared for one in rulings)
    outside = sum(len(one.outside) for one in rulings)
    yield f"- Snapshots of a kernel's socket compared with *seen*: {compared}; outside: {outside}."
    yield (
        f"- Ends of undisturbed connections: {len(undisturbed)}; likely states equal to the kernel's: "
        f"{sum(end.agrees for end in undisturbed)}. All ends: {len(ends)}; equal: {sum(end.agrees for _, end in ends)}."
    )
    yield (
        f"- Resets that a kernel sent: {len(resets)}; its reason among those that packets allow: "
        f"{sum(one.agrees for one in resets)}; decided by packets: {sum(one.decided for one in resets)}."
    )
    yield ""
    yield "| scenario | end | the kernel's states | likely states, from packets | RST: reason · what packets allow |"
    yield "|---|---|---|---|---|"
    for result in results:
        yield from _rows(result)


def _rows(result: lab.Result) -> Iterator[str]:
    assert result.ruling is not None
    title = f"`{result.name}`" + ("" if result.undisturbed else " *")
    several = len(result.ruling.ends) > 2
    for end in result.ruling.ends:
        told = [_reset(one) for one in result.ruling.resets if one.end == end.end]
        inferred = "the same" if end.kernel == end.inferred else _path(end.inferred)
        source = "" if end.source == "trace" else " (list of sockets)"
        who = f"{end.end} {end.port}" if several else end.end
        yield f"| {title} | {who} | {_path(end.kernel)}{source} | {inferred} | {'; '.join(told)} |"
        title = ""


def _reset(one: lab.ResetRuling) -> str:
    allowed = "the same" if one.allowed == {one.kernel} else ", ".join(sorted(one.allowed))
    return f"{one.kernel} · {allowed}"


def _path(states: Sequence[str]) -> str:
    return " → ".join(states)


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
    parser = argparse.ArgumentParser(description="run scenarios of the lab many times")
    parser.add_argument("scenario", nargs="*", help="default: all")
    parser.add_argument("--runs", type=int, default=1, metavar="N")
    parser.add_argument("--kernel", action="store_true", help="ask the kernel, too")
    parser.add_argument("--workers", type=int, metavar="N", help="how many at a time")
    parser.add_argument("--busy", type=int, default=0, metavar="N", help="processes that compute beside the lab")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
