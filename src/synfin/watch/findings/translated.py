"""One connection captured on both sides of an address translation: one record may outlast the other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from synfin.watch.connections.record import Connection, Step
from synfin.wire.tcp import ACK, SYN


class Initial(NamedTuple):
    """What a translation of addresses leaves alone."""

    client: int  #: initial sequence number
    server: int


def initial(steps: Sequence[Step]) -> Initial | None:
    """Both ends' initial numbers; None where the handshake was not captured."""
    syns = {step.from_client: step.segment for step in reversed(steps) if step.segment.flags & SYN}
    if True not in syns or False not in syns or not syns[False].flags & ACK:
        return None
    return Initial(syns[True].seq, syns[False].seq)


def going_on_elsewhere(known: Iterable[tuple[Connection, Initial | None]]) -> set[int]:
    """The connections (`conn`) whose other side of the translation was still speaking after them."""
    by_numbers: dict[Initial, list[Connection]] = {}
    for connection, numbers in known:
        if numbers is not None:
            by_numbers.setdefault(numbers, []).append(connection)
    return {
        one.conn
        for alike in by_numbers.values()
        for one in alike
        if any(_end_ns(other) > _end_ns(one) and other.start_ns < _end_ns(one) for other in alike)
    }


def _end_ns(one: Connection) -> int:
    return one.start_ns + one.duration_ns
