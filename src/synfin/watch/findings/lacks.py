"""How many connections a capture holds only in part."""

from __future__ import annotations

from collections.abc import Collection

from synfin.watch.connections.brief import Brief

_UNKNOWN = ("open.midstream", "open.syn_missing")
#: what a connection may lack, by the findings that say so
_SIGNS = (("holes", "capture.missing_segments"), ("copies", "capture.duplicates"))


class Lacks:
    """What the connections of a capture lack, each counted once."""

    def __init__(self) -> None:
        self.connections = 0
        self.counts = dict.fromkeys(("one-way", "midstream", "holes", "copies"), 0)

    def note(self, one: Brief) -> None:
        """A connection by its record alone."""
        self.connections += 1
        self._count(_lack(one, ()), 1)

    def look_into(self, one: Brief, ids: Collection[str]) -> None:
        """One of those that were noted turned out to have these findings."""
        self._count(_lack(one, ()), -1)
        self._count(_lack(one, ids), 1)

    def _count(self, lack: str, by: int) -> None:
        if lack:
            self.counts[lack] += by


def _lack(one: Brief, ids: Collection[str]) -> str:
    if (not one.both_spoke and one.open in (*_UNKNOWN, "open.normal")) or "path.asymmetric" in ids:
        return "one-way"
    if one.open in _UNKNOWN:
        return "midstream"
    return next((name for name, sign in _SIGNS if sign in ids), "")
