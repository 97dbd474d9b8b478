"""`synfin lab --list` and `synfin lab --all`."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence

from synfin import lab
from synfin.explain.words import Language, text
from synfin.faces import telling
from synfin.faces.commands.lab_bench import row_document, ruling_document
from synfin.faces.terminal import Paint, wants_colour
from synfin.faces.width import display_width, pad
from synfin.lab import shelf

_GROUPS = ("tutorial", *shelf.GROUPS)


def print_list(lang: Language) -> int:
    """Every scenario with its title, by group."""
    paint = Paint(wants_colour(sys.stdout))
    width = max(len(name) for group in _GROUPS for name in shelf.names(group))
    for group in _GROUPS:
        print(paint(text(f"lab.group.{group}", lang), "bold"))
        for name in shelf.names(group):
            print(f"  {name:<{width}}  {shelf.take(name).title[lang]}")
    return 0


def run_all(asked: argparse.Namespace, lang: Language) -> int:
    """Run every scenario; a table of what was expected and found, 1 where they differ."""
    names = [name for group in _GROUPS for name in shelf.names(group)]
    began = time.monotonic()
    results: dict[str, lab.Result] = {}
    progress = _Progress(len(names), lang)
    try:
        for result in lab.run_all(names, observe=asked.kernel):
            results[result.name] = result
            progress.show(result.name)
    finally:
        progress.clear()
    ordered = [results[name] for name in names]
    seconds = time.monotonic() - began
    if asked.form == "json":
        telling.print_json({"schema": 1, "seconds": round(seconds, 3), "scenarios": list(map(_document, ordered))})
    else:
        _print(ordered, seconds, lang)
    return 0 if all(ordered) else 1


class _Progress:
    """How far it is, on one line of a terminal."""

    def __init__(self, count: int, lang: Language) -> None:
        self._count, self._lang, self._done = count, lang, 0
        self._shown = sys.stderr.isatty()

    def show(self, name: str) -> None:
        self._done += 1
        if self._shown:
            line = text("lab.progress", self._lang, done=self._done, all=self._count)
            sys.stderr.write(f"\r\x1b[K{line}  {name}")
            sys.stderr.flush()

    def clear(self) -> None:
        if self._shown:
            sys.stderr.write("\r\x1b[K")


def _print(results: Sequence[lab.Result], seconds: float, lang: Language) -> None:
    paint = Paint(wants_colour(sys.stdout))
    heads = ["", *(text(f"lab.table.{name}", lang) for name in ("scenario", "at", "expected", "found"))]
    lines = [line for result in results for line in _lines(result)]
    widths = [max(display_width(cell) for cell in column) for column in zip(heads, *lines, strict=True)]
    print(paint("  ".join(map(pad, heads, widths)).rstrip(), "bold"))
    for line in lines:
        shown = "  ".join(map(pad, line, widths)).rstrip()
        print(shown if line[0] != "✗" else paint(shown, "reset"))
    for result in results:
        for told in result.complaints():
            print(f"{result.name}: {told}", file=sys.stderr)
    good = sum(map(bool, results))
    print(text("lab.all", lang, good=good, all=len(results), seconds=f"{seconds:.0f}"))
    if repeated := [f"{one.name} {one.repeated}" for one in results if one.repeated]:
        n = sum(one.repeated for one in results)
        print(text("lab.all-repeated", lang, n=n, names=", ".join(repeated)))


def _lines(result: lab.Result) -> list[list[str]]:
    if result.failure:
        return [["✗", result.name, "", "", ""]]
    found = []
    for row in result.rows:
        expected = (
            "" if row.expect is None else " ".join([row.expect.open, row.expect.close, *sorted(row.expect.findings)])
        )
        connection = row.told.story.connection if row.told else None
        seen = "" if connection is None else " ".join([connection.open, connection.close, *connection.findings])
        if row.awaited:
            expected += " …"
        if row.over or row.wanted:
            expected, seen = " ".join(row.wanted), " ".join(row.over)
        found.append(["✗" if row.differences else "✓", result.name, row.at, expected, seen])
    return found


def _document(result: lab.Result) -> dict[str, object]:
    document: dict[str, object] = {
        "scenario": result.name,
        "as_expected": bool(result),
        "seconds": round(result.seconds, 3),
        "repeated": result.repeated,
        "failure": result.failure or None,
        "expected": [row_document(row) for row in result.rows],
    }
    if result.ruling is not None:
        document["kernel"] = ruling_document(result.ruling)
    return document
