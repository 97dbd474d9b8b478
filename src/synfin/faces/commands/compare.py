"""`synfin compare A B`: two captures of the same traffic from two places."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import Any

from synfin.errors import UsageError
from synfin.explain.escape import visible
from synfin.explain.quantity import duration
from synfin.explain.words import Language, detect_language, text
from synfin.faces import inputs, telling
from synfin.faces.terminal import Paint, wants_colour
from synfin.faces.width import wrap
from synfin.watch.compare import Clocks, Compared, Comparison, Decision, Heard, compare
from synfin.watch.compare.differences import Way
from synfin.watch.connections.records import record
from synfin.watch.story.stories import listen

_SHOWN = 6  #: frames named of each decision


def run(asked: argparse.Namespace) -> int:
    """Print what happened between the two places; 1 where the captures do not belong together."""
    paths = inputs.named(asked)
    if len(paths) != 2:
        raise UsageError("which two captures? Name one from each place: synfin compare A B")
    lang: Language = asked.lang or detect_language()
    warnings: list[str] = []
    with inputs.rereadable(paths) as sources:
        found = compare(_heard(sources[0], warnings), _heard(sources[1], warnings))
    for warning in warnings:
        inputs.note(warning)
    if asked.form == "json":
        telling.print_json(_document(paths, found, warnings, lang))
    elif not found.related:
        print(text("compare.unrelated", lang))
    else:
        _print(paths, found, lang, whole=asked.full)
    return 0 if found.related else 1


def _heard(path: str, warnings: list[str]) -> list[Heard]:
    heard = listen([path], warnings=warnings)
    return [
        Heard(record(heard.connections[conn]), [segment for segment, _ in parts])
        for conn, parts in sorted(heard.segments.items())
    ]


def _print(paths: Sequence[str], found: Comparison, lang: Language, *, whole: bool) -> None:
    paint, width = Paint(wants_colour(sys.stdout)), telling.terminal_width()
    shown = [one for one in found.compared if whole or _happened(one)]
    for line in (text("compare.files", lang, a=visible(paths[0]), b=visible(paths[1])), *_preface(found, lang)):
        print("\n".join(wrap(line, width)))
    if not shown:
        print(text("compare.nothing", lang, n=len(found.compared)))
    for one in shown:
        first, second = one.matched.first.connection, one.matched.second.connection
        ends = first.client.endpoint, first.server.endpoint
        head = text(
            "compare.connection", lang, conn=str(first.conn), other=str(second.conn), client=ends[0], server=ends[1]
        )
        print(f"\n{paint(head, 'bold')}")
        for way in one.ways:
            print("\n".join(wrap(f"  {_way(way, lang)}", width, "    ")))
        for decision in one.decisions:
            print("\n".join(wrap(f"  → {_sentence(decision, lang)} {_where(decision)}", width, "    ")))
        if not one.decisions:
            print(f"  {text('compare.same', lang)}")


def _happened(one: Compared) -> bool:
    return bool(one.decisions) or any(way.missed or way.reordered for way in one.ways)


def _preface(found: Comparison, lang: Language) -> list[str]:
    lines = [_clocks(found.clocks, lang)]
    nearer = found.clocks.first_is_nearer
    if found.clocks.offset_ns is not None:
        lines.append(text(f"compare.place-{'same' if nearer is None else 'first' if nearer else 'second'}", lang))
    for name, alone in (("first", found.only_first), ("second", found.only_second)):
        if alone:
            lines.append(text(f"compare.only-{name}", lang, n=len(alone)))
    return lines


def _clocks(clocks: Clocks, lang: Language) -> str:
    if clocks.offset_ns is None or clocks.delay_ns is None:
        return text("compare.clocks-unknown", lang)
    key = "compare.clocks" if clocks.offset_ns >= 0 else "compare.clocks-behind"
    offset, delay = duration(abs(clocks.offset_ns), lang), duration(clocks.delay_ns, lang)
    return text(key, lang, offset=offset, pairs=clocks.pairs, delay=delay)


def _signed(ns: int, lang: Language) -> str:
    return f"-{duration(-ns, lang)}" if ns < 0 else duration(ns, lang)


def _way(way: Way, lang: Language) -> str:
    delay = "–" if way.typical_ns is None else _signed(way.typical_ns, lang)
    return text(
        "compare.way", lang, side=way.sender, passed=way.passed, lost=len(way.lost), injected=len(way.injected),
        missed=len(way.missed), reordered=way.reordered, delay=delay,
    )  # fmt: skip


def _sentence(decision: Decision, lang: Language) -> str:
    return text(decision.id, lang, **decision.numbers)


def _where(decision: Decision) -> str:
    """Evidence: frames of the first and of the second capture."""
    parts = []
    for name, frames in (("A", decision.frames_first), ("B", decision.frames_second)):
        if frames:
            parts.append(f"{name}: {', '.join(map(str, frames[:_SHOWN]))}{' …' if len(frames) > _SHOWN else ''}")
    return f"[{'; '.join(parts)}]"


def _document(paths: Sequence[str], found: Comparison, warnings: Sequence[str], lang: Language) -> dict[str, Any]:
    clocks = found.clocks
    return {
        "schema": 1,
        "files": list(paths),
        "related": found.related,
        "clock_offset_ns": clocks.offset_ns,
        "delay_ns": clocks.delay_ns,
        "nearer_to_clients": {True: "first", False: "second", None: None}[clocks.first_is_nearer],
        "connections": [_compared(one, lang) for one in found.compared],
        "only_first": [one.connection.conn for one in found.only_first],
        "only_second": [one.connection.conn for one in found.only_second],
        "warnings": list(warnings),
    }


def _compared(one: Compared, lang: Language) -> dict[str, Any]:
    return {
        "first": one.matched.first.connection.conn,
        "second": one.matched.second.connection.conn,
        "ways": [
            {
                "sender": way.sender,
                "passed": way.passed,
                "lost": [segment.frame for segment in way.lost],
                "injected": [segment.frame for segment in way.injected],
                "missed": [segment.frame for segment in way.missed],
                "reordered": way.reordered,
                "typical_delay_ns": way.typical_ns,
            }
            for way in one.ways
        ],
        "decisions": [
            {
                "id": decision.id,
                "numbers": decision.numbers,
                "frames_first": list(decision.frames_first),
                "frames_second": list(decision.frames_second),
                "text": _sentence(decision, lang),
            }
            for decision in one.decisions
        ],
    }
