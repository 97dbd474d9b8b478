"""`--explain-filter`: what a filter costs, which tests decide it and in which order."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

from synfin.explain.escape import visible
from synfin.explain.quantity import Language
from synfin.explain.words import text
from synfin.watch.engine.engines import compiled

if TYPE_CHECKING:
    from synfin.filter import Filter
    from synfin.filter.planned import Test
    from synfin.watch.packets.column_fields import Needs


def lines(wanted: Filter, shown: Collection[str] | None, lang: Language) -> Iterator[str]:
    """The plan of a filter for a run that shows these fields of the chosen packets (None: all)."""
    yield text("plan.title", lang, filter=visible(wanted.text))
    if not compiled():
        yield text("plan.uncompiled", lang)
        return
    from synfin.filter.planned import plan
    from synfin.watch.packets.column_fields import EVERYTHING, Needs, needs

    asked = needs(wanted.fields) | (EVERYTHING if shown is None else needs(shown))
    if asked & Needs.STORY:
        names = sorted(name for name in {*wanted.fields, *(shown or ())} if needs([name]) & Needs.STORY)
        yield text("plan.readable", lang, names=", ".join(names))
        return
    yield from _read(asked, lang)
    test = plan(wanted.condition)
    yield from _left_out(test, asked, lang)
    yield from _steps(test, lang, 1)
    yield text("plan.unsure", lang)


def _read(asked: Needs, lang: Language) -> Iterator[str]:
    from synfin.watch.packets.column_fields import Needs

    if asked & (Needs.HINDSIGHT | Needs.RECORD | Needs.MEMORY):
        yield text("plan.hindsight", lang)
    else:
        yield text("plan.following" if asked & (Needs.FOLLOWING | Needs.MARKS) else "plan.bytes", lang)
    if asked & Needs.VALUES:
        yield text("plan.values", lang)
    if asked & Needs.MEMORY:
        yield text("plan.memory", lang)
    if asked & Needs.RECORD:
        yield text("plan.records", lang)


def _left_out(test: Test, asked: Needs, lang: Language) -> Iterator[str]:
    """What is left out before the tests, and what for."""
    from synfin.filter.planned import marked, sieve
    from synfin.watch.packets.column_fields import Needs

    clauses: list[tuple[Test, ...]] = []
    if asked == Needs.BYTES and (found := sieve(test)) is not None:
        yield text("plan.sieve", lang)
        clauses = found[1]
    elif asked == Needs.MARKS and (flags := marked(test)) is not None:
        yield text("plan.marked", lang)
        clauses = flags[1]
    for clause in clauses:
        wants = ", ".join(dict.fromkeys(name for leaf in clause for name in leaf.names))
        yield "  " + text("plan.clause", lang, names=wants)
    if clauses:
        yield text("plan.rows", lang)


def _steps(test: Test, lang: Language, depth: int) -> Iterator[str]:
    yield "  " * depth + text(f"plan.{test.kind}", lang, names=", ".join(test.names))
    for part in test.parts:
        yield from _steps(part, lang, depth + 1)
