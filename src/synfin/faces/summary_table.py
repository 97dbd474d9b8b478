"""`conns --summary`: the cross table of stages and ends, and how often each id was met."""

from __future__ import annotations

import sys

from synfin.explain.quantity import count
from synfin.explain.words import Language, text
from synfin.faces.terminal import Paint, wants_colour
from synfin.faces.width import display_width, pad
from synfin.watch.connections.summary import ENDS, STAGES, Summary


def print_summary(summary: Summary, lang: Language) -> None:
    """A table for people; empty columns are left out."""
    paint = Paint(wants_colour(sys.stdout))
    print(text("summary.title", lang, n=len(summary)))
    ends = [one for one in ENDS if any(summary.cells[row, one] for row in STAGES)]
    rows = [["", *(text(f"summary.end.{one}", lang) for one in ends), text("summary.all", lang)]]
    for stage in STAGES:
        cells = [summary.cells[stage, one] for one in ends]
        rows.append([text(f"summary.stage.{stage}", lang), *map(_shown, cells), _shown(sum(cells))])
    sums = [sum(summary.cells[stage, one] for stage in STAGES) for one in ends]
    rows.append([text("summary.all", lang), *map(_shown, sums), _shown(len(summary))])
    widths = [max(display_width(row[place]) for row in rows) for place in range(len(rows[0]))]
    for number, row in enumerate(rows):
        line = "  ".join(
            pad(cell, width, "right" if place else "left")
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        print(paint(line.rstrip(), "bold") if not number else line.rstrip())
    for heading, found in (("summary.opened", summary.openings), ("summary.closed", summary.closings)):
        print(f"\n{text(heading, lang)}")
        for name, number in found.most_common():
            print(f"  {count(number):>9}  {name}")


def _shown(number: int) -> str:
    return count(number) if number else "·"
