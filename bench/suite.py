"""The speed of synfin beside other tools and beside itself: makes its data, measures, and writes docs/benchmarks.md.

Whole processes, CPU of user and system, warm cache, the commands of a row in turn. `--quick` shows that everything
runs, with a twentieth of the data; its figures mean little.
"""

from __future__ import annotations

import argparse
import contextlib
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import measure
import report
from rows import Row, rows
from shapes import Captures
from special import specials

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "benchmarks.md"


def main() -> int:
    arguments = _arguments().parse_args()
    measure.refuse_uncompiled()
    measure.run([*measure.synfin(), "conns", "--help"])  # its modules are compiled from now on
    with _folder(arguments.data) as folder:
        captures = Captures(folder, 0.05 if arguments.quick else arguments.scale)
        results = [
            result
            for row in rows()
            if arguments.only in f"{row.what} {row.against} {row.data}"
            for result in _told(_compared(row, captures, arguments.turns))
        ]
        for special in specials(big=arguments.big):
            if arguments.only in special.what:
                results += _told(special.measure(captures))
        text = report.page(results, captures)
    sys.stdout.write(text)
    if arguments.write:
        PAGE.write_text(text, encoding="utf-8")
    return 0


def _told(result: report.Result) -> Iterator[report.Result]:
    print(f"# {report.line(result)}", file=sys.stderr, flush=True)
    yield result


def _compared(row: Row, captures: Captures, turns: int) -> report.Result:
    missing = row.tool if row.tool and not measure.is_there(row.tool) else ""
    if missing:
        return report.Result(row.what, row.against, row.data, row.wanted, missing=missing)
    ours_file, theirs_file = captures.path(row.data), captures.path(row.other or row.data)
    ours, theirs = row.ours(ours_file), row.theirs(theirs_file)
    measure.warm(ours_file, theirs_file)
    our_runs, their_runs = measure.in_turn([ours, theirs], turns or row.turns)
    per_packet = captures.packets(row.data) / captures.packets(row.other or row.data)
    spent = [(run.wall_s, other.wall_s) if row.wall else (run.cpu_s, other.cpu_s)
             for run, other in zip(our_runs, their_runs, strict=True)]  # fmt: skip
    return report.Result(
        row.what, row.against, row.data if not row.other else f"{row.data}, {row.other}", row.wanted,
        ours=measure.Spread.of([one for one, _ in spent]), theirs=measure.Spread.of([other for _, other in spent]),
        ratio=measure.Spread.of([other / one * per_packet for one, other in spent]),
        peak_mb=(measure.peak_mb(our_runs), measure.peak_mb(their_runs)), commands=(ours, theirs), turns=len(spent),
        packets=captures.packets(row.data), unit="s wall" if row.wall else "s CPU",
    )  # fmt: skip


@contextlib.contextmanager
def _folder(given: Path | None) -> Iterator[Path]:
    if given is not None:
        given.mkdir(parents=True, exist_ok=True)
        yield given
        return
    with tempfile.TemporaryDirectory(prefix="synfin-bench-") as folder:
        yield Path(folder)


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a twentieth of the data")
    parser.add_argument("--scale", type=float, default=1.0, help="size of the data, 1 by default")
    parser.add_argument("--turns", type=int, default=0, help="turns of every row (by default 5, 1 or 2 with tshark)")
    parser.add_argument("--data", type=Path, metavar="FOLDER", help="keep the captures there, and use what is there")
    parser.add_argument("--big", action="store_true", help="memory on a capture of 4 GB as well (makes it first)")
    parser.add_argument("--only", default="", metavar="WORD", help="only rows that have this word")
    parser.add_argument("--write", action="store_true", help="write docs/benchmarks.md")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
