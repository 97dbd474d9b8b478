"""One pass over all connections of captures: what they say together, and which of them to open.

Nothing here grows with the capture: what is kept of a connection that is not chosen is counted, or waits for a while.
"""

from __future__ import annotations

from collections.abc import Iterable

from synfin.watch.connections.brief import of_raw
from synfin.watch.findings.fleet import Fleet
from synfin.watch.findings.lacks import Lacks
from synfin.watch.follow.raw import RawConnection
from synfin.watch.story.same_ends import SameEnds
from synfin.watch.story.selected import Selection


class Survey:
    """Takes connections as they leave the memory of an engine."""

    def __init__(self, selection: Selection) -> None:
        self.selection = selection
        self.fleet, self.lacks = Fleet(), Lacks()
        self._ends = SameEnds()

    def take(self, connections: Iterable[RawConnection]) -> None:
        for raw in connections:
            one = of_raw(raw)
            self.fleet.note(one)
            self.lacks.note(one)
            self.selection.consider(raw)
            self._ends.note(raw)

    def earlier(self) -> dict[int, frozenset[int]]:
        """For those chosen whose endpoints had connections before: which."""
        return self._ends.before(self.selection.chosen)
