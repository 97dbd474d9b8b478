"""Rulings by RFC 9293 in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from synfin.explain.quantity import Language
from synfin.explain.words import rfc_section, text

if TYPE_CHECKING:
    from synfin.watch.verify import Judged, Ruling, Statistic


def broken(ruling: Ruling, lang: Language) -> str:
    """A requirement that was not kept: who, which, where it stands, what it asks for."""
    wanted = text(f"rfc.{ruling.rule}.text", lang)
    return text("rfc.broken.text", lang, A=ruling.who, rule=ruling.rule, section=rfc_section(ruling.rule), text=wanted)


def dropped(judged: Judged, who: str, lang: Language) -> str:
    """A segment that a Linux host in the place of `who` would not take, by the kernel's own name for the reason."""
    return text("rfc.linux-drop.text", lang, A=who, code=judged.drop)


def illegal(judged: Judged, who: str, lang: Language) -> str:
    """A segment that its sender may not send in its state."""
    state, event = judged.illegal.split(".")
    what = event.removeprefix("snd-").replace("-", ",").upper()
    return text("rfc.illegal.text", lang, A=who, what=what, state=state.upper())


def counted(row: Statistic, lang: Language) -> str:
    """What a capture shows of a requirement that is counted, not ruled on."""
    least = row.counts.get("least_ns", 0)
    return text(f"rfc.{row.rule}.counted", lang, n=row.n, wait=least, **row.counts)
