"""What about a capture weakens all that is said of it: one line, to be read first."""

from __future__ import annotations

from synfin.explain.words import Language, text
from synfin.watch.findings.lacks import Lacks


def weaknesses(lacks: Lacks, turned: int, lang: Language) -> str:
    """The line for a capture; empty where nothing is wrong with it.

    `turned` is in how many of the connections that were looked into the clock goes back.
    """
    counts = {**lacks.counts, "clock": turned}
    parts = [text(f"weak.{name}", lang, n=count) for name, count in counts.items() if count]
    comma = ", " if lang == "en" else "，"
    return text("weak", lang, all=lacks.connections, parts=comma.join(parts)) if parts else ""
