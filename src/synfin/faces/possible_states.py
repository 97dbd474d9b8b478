"""`explain --states`: what the capture allows of both ends, segment by segment."""

from __future__ import annotations

from collections.abc import Iterator

from synfin.explain import possible
from synfin.explain.header import segment_name
from synfin.explain.quantity import Language
from synfin.explain.words import text
from synfin.faces.width import wrap
from synfin.watch.connections.record import Step, Story

_MARGIN = "      "


def render_states(story: Story, lang: Language, width: int) -> str:
    """A paragraph for each segment after which something else is claimed; the last line ended."""
    lines = [text("states.title", lang), *wrap(text("states.note", lang), width), ""]
    shown: list[str] = ["", ""]
    for step in story.steps:
        told = [_told(step, side, lang) for side in (0, 1)]
        if told != shown:
            who = text("name.client" if step.from_client else "name.server", lang)
            lines.append(f"{step.segment.frame:>5} {who} {segment_name(step.segment.flags)}")
            for side in (0, 1):
                if told[side] != shown[side]:
                    lines += _lines(told[side], width)
            shown = told
    return "\n".join(lines) + "\n"


_ENDS = ("states.of-client", "states.of-server")


def _told(step: Step, side: int, lang: Language) -> str:
    if step.claims is None:
        return ""
    likely, claim = (step.client_after, step.server_after)[side], step.claims[side]
    told = text(_ENDS[side], lang, state=likely.label, also=possible.also(claim, likely, lang))
    excluded = possible.excluded(claim, lang)
    return told + text("states.and-excluded", lang, excluded=excluded) if excluded else told


def _lines(told: str, width: int) -> Iterator[str]:
    for line in wrap(told, max(width - len(_MARGIN), 40)):
        yield _MARGIN + line
