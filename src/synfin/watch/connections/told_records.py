"""Records of connections by number, out of a tracker that has followed the whole input."""

from __future__ import annotations

from collections.abc import Callable

from synfin._kernels import follow
from synfin.watch.connections.record import Connection
from synfin.watch.connections.records import record
from synfin.watch.engine.compiled import raw_connections
from synfin.watch.follow.raw import RawConnection

Records = Callable[[int], Connection | None]


def records(finished: follow.Tracker) -> Records:
    """Finds a record; each is built once, and nothing before the first one is asked for."""
    known: dict[int, Connection] = {}
    raw: dict[int, RawConnection] = {}

    def find(number: int) -> Connection | None:
        if not raw:
            raw.update((one.conn, one) for one in raw_connections(finished))
        if number not in known and number in raw:
            known[number] = record(raw[number])
        return known.get(number)

    return find
