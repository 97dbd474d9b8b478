"""What about a capture weakens all that is said of it: one line, to be read first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from synfin.explain.words import Language, text
from synfin.watch.connections.record import Connection, Finding

_UNKNOWN = ("open.midstream", "open.syn_missing")
#: what a connection may lack, by the findings that say so
_SIGNS = (("holes", "capture.missing_segments"), ("copies", "capture.duplicates"))


def weaknesses(
    connections: Sequence[Connection], opened: Mapping[int, Sequence[Finding]], turned: int, lang: Language
) -> str:
    """The line for a capture; empty where nothing is wrong with it. Each connection counts once.

    `opened` are the findings of those that were looked into, by `conn`; `turned` is in how many of them the clock goes
    back.
    """
    counts = dict.fromkeys(("one-way", "midstream", "holes", "copies"), 0)
    for one in connections:
        lacks = _lacks(one, {finding.id for finding in opened.get(one.conn, ())})
        if lacks:
            counts[lacks] += 1
    counts["clock"] = turned
    parts = [text(f"weak.{name}", lang, n=count) for name, count in counts.items() if count]
    comma = ", " if lang == "en" else "，"
    return text("weak", lang, all=len(connections), parts=comma.join(parts)) if parts else ""


def _lacks(one: Connection, ids: set[str]) -> str:
    answered = one.client.packets and one.server.packets
    if (not answered and one.open in (*_UNKNOWN, "open.normal")) or "path.asymmetric" in ids:
        return "one-way"
    if one.open in _UNKNOWN:
        return "midstream"
    return next((name for name, sign in _SIGNS if sign in ids), "")
