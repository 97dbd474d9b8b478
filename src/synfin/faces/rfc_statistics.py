"""What `check --rfc` counts of RFC 9293's requirements and does not rule on, for people and for programs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from synfin.explain.rulings import counted
from synfin.explain.words import Language, rfc_section, text
from synfin.faces.terminal import Paint
from synfin.faces.width import wrap
from synfin.watch.verify import Statistic


def statistics_document(rows: Sequence[Statistic], lang: Language) -> list[dict[str, Any]]:
    """Every row, those whose case never came too."""
    return [
        {
            "rule": row.rule,
            "section": rfc_section(row.rule),
            "n": row.n,
            "counts": row.counts,
            "connections": list(row.connections),
            "text": counted(row, lang) if row.n else "",
        }
        for row in rows
    ]


def print_statistics(rows: Sequence[Statistic], paint: Paint, width: int, lang: Language) -> None:
    """The rows whose case was there, under a heading; nothing without any."""
    there = [row for row in rows if row.n]
    if not there:
        return
    print(paint(text("rfc.counted", lang), "bold"))
    for row in there:
        conns = ", ".join(map(str, row.connections))
        where = text("rfc.counted-where", lang, conns=conns) if row.remarkable else ""
        between = " " if where and lang == "en" else ""
        name = f"{row.rule} (§{rfc_section(row.rule)}): "
        for line in wrap(f"{name}{counted(row, lang)}{between}{where}", width - 2, "  "):
            print(f"  {line}")
