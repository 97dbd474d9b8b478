"""What about a capture weakens all that is said of it: one line, to be read first."""

from __future__ import annotations

from collections.abc import Sequence

from synfin.explain.words import Language, text
from synfin.watch.connections.record import Finding

#: what a connection may lack, by the findings that say so; the worse first, each connection counts once
_LACKS = (
    ("one-way", ("path.asymmetric",)),
    ("midstream", ("open.midstream", "open.syn_missing")),
    ("holes", ("capture.missing_segments",)),
    ("copies", ("capture.duplicates",)),
)


def weaknesses(told: Sequence[Sequence[Finding]], backwards: int, lang: Language) -> str:
    """The line for a capture, given the findings of each of its connections; empty where nothing is wrong with it."""
    counts = dict.fromkeys((name for name, _ in _LACKS), 0)
    for findings in told:
        ids = {one.id for one in findings}
        lacks = next((name for name, signs in _LACKS if ids & {*signs}), None)
        if lacks is not None:
            counts[lacks] += 1
    parts = [text(f"weak.{name}", lang, n=count) for name, count in counts.items() if count]
    if backwards:
        parts.append(text("weak.clock", lang, n=backwards))
    comma = ", " if lang == "en" else "，"
    return text("weak", lang, all=len(told), parts=comma.join(parts)) if parts else ""
