"""Run scenarios of the lab many times and count how often they show what they should.

    python bench/lab_runs.py [--runs 10] [--busy 4] [SCENARIO…]
    python bench/lab_runs.py --kernel          also ask the kernel, and print and write the table of docs/lab.md
    python bench/lab_runs.py --runs 10         all of them: also write the counts into docs/lab.md

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
KERNEL_MARK = "<!-- written by bench/lab_runs.py --kernel -->"
RUNS_MARK = "<!-- written by bench/lab_runs.py --runs 10 -->"
END_MARK = "<!-- end -->"
WHY = {
    "silent": "gave up without a segment",
    "hidden": "its kernel dropped what was captured",
    "forged": "the wire speaks in an end's name",
}
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
    if arguments.kernel:
        lines = list(_table([found[name][0] for name in names if found[name][0].ruling is not None]))
        print("\n" + "\n".join(lines))
        if not arguments.scenario:
            _write(KERNEL_MARK, lines)
    elif arguments.runs > 1 and not arguments.scenario:
        _write(RUNS_MARK, list(_counts(names, found, time.monotonic() - began)))
    return 0 if all(good) else 1


def _tell(name: str, results: Sequence[lab.Result]) -> bool:
    complaints = Counter(complaint for result in results for complaint in result.complaints())
    right, repeated = sum(map(bool, results)), sum(result.repeated for result in results)
    slowest = max(result.seconds for result in results)
    again = f"; {repeated} repeated, the machine was busy" if repeated else ""
    print(f"{name:<30} {right:>3} of {len(results)} right; slowest {slowest:.1f} s{again}", flush=True)
    for complaint, count in complaints.items():
        print(f"  {count} x: {complaint}", flush=True)
    return right == len(results)


# --- the page ---


def _write(mark: str, lines: Sequence[str]) -> None:
    """Put lines between a mark of the page and the next end."""
    head, _, rest = PAGE.read_text(encoding="utf-8").partition(mark)
    tail = rest.partition(END_MARK)[2]
    PAGE.write_text(f"{head}{mark}\n\n" + "\n".join(lines) + f"\n\n{END_MARK}{tail}", encoding="utf-8")
    print(f"wrote {PAGE}")


def _counts(names: Sequence[str], found: Mapping[str, Sequence[lab.Result]], seconds: float) -> Iterator[str]:
    """What many runs came to: those that always went well in one line."""
    runs, good = sum(map(len, found.values())), sum(map(bool, (one for name in names for one in found[name])))
    repeated = sum(one.repeated for name in names for one in found[name])
    yield (
        f"Linux {platform.release()}, {os.cpu_count()} cores: {len(names)} scenarios, {runs} runs in {seconds:.0f} s; "
        f"{good} as expected at both vantage points. Thrown away and repeated, since the machine was too busy: "
        f"{repeated}."
    )
    yield ""
    yield "| scenario | runs | as expected | repeated | slowest |"
    yield "|---|---|---|---|---|"
    for name in names:
        of = found[name]
        again, slowest = sum(one.repeated for one in of), max(one.seconds for one in of)
        yield f"| `{name}` | {len(of)} | {sum(map(bool, of))} | {again or ''} | {slowest:.1f} s |"


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
        f"{sum(end.agrees for end in undisturbed)}."
    )
    reasons = Counter(end.why for _, end in ends if not end.agrees)
    told = "; ".join(f"{WHY.get(why, 'without explanation')}: {count}" for why, count in reasons.most_common())
    yield f"- All ends: {len(ends)}; equal: {sum(end.agrees for _, end in ends)}. {told[:1].upper()}{told[1:]}."
    died = [end for _, end in ends if end.died]
    yield (
        f"- Sockets of whose end the kernel told: {len(died)}; packets tell it, too: "
        f"{sum(end.buried and not end.why for end in died)}; the others are explained so: "
        f"{sum(bool(end.why) for end in died)}."
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
        inferred += f" ({WHY[end.why]})" if end.why else ""
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
