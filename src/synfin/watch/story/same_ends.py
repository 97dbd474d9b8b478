"""Which connections the same two endpoints had before one."""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Mapping

from synfin.watch.follow.raw import RawConnection

REACH = 1 << 20  #: connections that are looked back on, at 12 bytes each
_MOST = 256  # earlier ones of each: of all of them together, few segments are remembered


class SameEnds:
    """Remembers the endpoints of the last `REACH` connections that were noted."""

    def __init__(self) -> None:
        self._ends = array("q")
        self._conns = array("I")
        self._oldest = 0

    def note(self, raw: RawConnection) -> None:
        if len(self._ends) < REACH:
            self._ends.append(hash(raw.endpoints))
            self._conns.append(raw.conn)
            return
        self._ends[self._oldest], self._conns[self._oldest] = hash(raw.endpoints), raw.conn
        self._oldest = (self._oldest + 1) % REACH

    def before(self, chosen: Mapping[int, RawConnection]) -> dict[int, frozenset[int]]:
        """For those of the `chosen` (by `conn`) whose endpoints had connections before: which, the last ones."""
        ends = {conn: hash(raw.endpoints) for conn, raw in chosen.items()}
        wanted = frozenset(ends.values())
        conns: dict[int, list[int]] = defaultdict(list)
        for of, conn in zip(self._ends, self._conns, strict=True):
            if of in wanted:
                conns[of].append(conn)
        found: dict[int, frozenset[int]] = {}
        for conn, of in ends.items():
            earlier = sorted(one for one in conns[of] if one < conn)
            if earlier:
                found[conn] = frozenset(earlier[-_MOST:])
        return found
