"""Hold what is claimed about states against simulated truth.

    python bench/soundness.py [--runs 20000] [--from 0] [--jobs 2]
    python bench/soundness.py --faults          every planted fault must be found
    python bench/soundness.py --write           also write the tables of docs/soundness.md

Two ends that obey the transition table live random lives: loss, reordering, doubling, delays, resets, crossing opens
and closes, timeouts, a tap anywhere that may miss segments or begin in the middle. At every captured segment and at
every change of a state claims are compared with the truth. Exit status 1 when a claim is wrong or a fault not found.
"""

from __future__ import annotations

import argparse
import platform
import sys
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import reduce
from pathlib import Path

from sound.claims import Tally, watch
from sound.faults import FAULTS, planted

PAGE = Path(__file__).resolve().parent.parent / "docs" / "soundness.md"
GROUPS = {
    "clean": "complete capture, no loss",
    "loss": "complete capture, loss, reordering",
    "capture drops": "the tap misses segments",
    "midstream": "the capture begins in the middle",
}
_FAULT_RUNS = 40_000
_PORTION = 500


def main() -> int:
    """Print both tables; what is wrong, one line each."""
    asked = _arguments()
    if asked.faults:
        lines, failed = _faults(asked)
    else:
        lines, failed = _claims(asked)
    print("\n".join(lines))
    if asked.write:
        _write("faults" if asked.faults else "claims", lines)
    return int(failed)


def _claims(asked: argparse.Namespace) -> tuple[list[str], bool]:
    began = time.monotonic()
    tally = live(range(asked.first, asked.first + asked.runs), asked.jobs)
    for violation in tally.violations:
        print(violation, file=sys.stderr)
    wrong = {kind: f"{tally.found[kind]:,}" for kind in ("could", "certain", "likely", "hidden")}
    outside = tally.found["seen"] + tally.found["certain"]
    lines = [
        f"{tally.runs:,} runs, {tally.compared:,} comparisons, {len(tally.vectors):,} distinct facts, "
        f"{time.monotonic() - began:.0f} s on {platform.machine()}, Python {platform.python_version()}",
        "",
        "| claim | comparisons | wrong |",
        "|---|---:|---:|",
        f"| the true state is in *could* | {tally.compared:,} | {wrong['could']} |",
        f"| it is in *seen*, where the condition holds | {tally.conditional:,} | {outside:,} |",
        f"| it is the *certain* one, where the condition holds | {tally.total('certain'):,} | {wrong['certain']} |",
        f"| some path explains the facts, where the condition holds | {tally.conditional:,} | {wrong['hidden']} |",
        f"| *likely* is a member of *seen* | {tally.compared:,} | {wrong['likely']} |",
        "",
        *_sizes(tally),
        "",
        *_shares(tally),
    ]
    return lines, bool(tally.found)


def _sizes(tally: Tally) -> Iterator[str]:
    yield "| before the next segment | end-segments | *seen* single | mean *seen* | mean *could* |"
    yield "|---|---:|---:|---:|---:|"
    for group, title in GROUPS.items():
        number = tally.counts[group, "snapshots"]
        if number:
            single, members, could = (
                tally.counts[group, name] / number for name in ("single", "members", "could members")
            )
            yield f"| {title} | {number:,} | {single:.1%} | {members:.2f} | {could:.1f} |"


def _shares(tally: Tally) -> Iterator[str]:
    yield "| before the next segment | condition holds | then *likely* is true | always | truth in *seen* | hidden |"
    yield "|---|---:|---:|---:|---:|---:|"
    for group, title in GROUPS.items():
        number, shown = tally.counts[group, "snapshots"], tally.counts[group, "shown"]
        if number:
            cells = [shown / number, tally.counts[group, "likely shown"] / max(shown, 1)]
            cells += [tally.counts[group, name] / number for name in ("likely", "seen", "hidden")]
            yield f"| {title} | {' | '.join(f'{cell:.1%}' for cell in cells)} |"


def live(seeds: range, jobs: int) -> Tally:
    """The lives of the seeds, on several processes."""
    portions = [seeds[at : at + _PORTION] for at in range(0, len(seeds), _PORTION)]
    if jobs < 2:
        return reduce(Tally.__add__, map(watch, portions), Tally())
    with ProcessPoolExecutor(jobs) as pool:
        return reduce(Tally.__add__, pool.map(watch, portions), Tally())


def runs_until_found(name: str, seeds: Iterable[int]) -> tuple[int, str] | None:
    """How many lives it takes to find a fault, and which claim was wrong; None when none does."""
    with planted(name):
        for count, seed in enumerate(seeds, 1):
            found = watch([seed]).found
            if found:
                return count, max(found, key=lambda kind: found[kind])
    return None


def _faults(asked: argparse.Namespace) -> tuple[list[str], bool]:
    lines, missed = ["| planted fault | found after | wrong claim |", "|---|---:|---|"], 0
    for name in FAULTS:
        found = runs_until_found(name, range(asked.first, asked.first + _FAULT_RUNS))
        missed += found is None
        lines.append(f"| {name} | {f'{found[0]:,} runs' if found else 'never'} | {found[1] if found else '-'} |")
    lines += ["", f"{len(FAULTS) - missed} of {len(FAULTS)} planted faults found."]
    return lines, bool(missed)


def _write(part: str, lines: list[str]) -> None:
    """Put the lines between the page's marks."""
    text = PAGE.read_text(encoding="utf-8")
    start, end = f"<!-- {part}: written by bench/soundness.py -->", f"<!-- end of {part} -->"
    head, rest = text.split(start)
    PAGE.write_text(f"{head}{start}\n\n" + "\n".join(lines) + f"\n\n{end}{rest.split(end)[1]}", encoding="utf-8")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=20_000)
    parser.add_argument("--from", dest="first", type=int, default=0, help="the first seed")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--faults", action="store_true", help="plant faults instead")
    parser.add_argument("--write", action="store_true", help="write the table into docs/soundness.md")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
