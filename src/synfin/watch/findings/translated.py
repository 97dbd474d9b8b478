"""One connection captured on both sides of an address translation: one record may outlast the other."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from operator import attrgetter
from typing import NamedTuple

from synfin.watch.connections.brief import Brief
from synfin.watch.connections.record import Step
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


def going_on_elsewhere(known: Iterable[tuple[Brief, Initial | None]]) -> set[int]:
    """The connections (`conn`) whose other side of the translation was still speaking after them."""
    by_numbers: dict[Initial, list[Brief]] = {}
    for one, numbers in known:
        if numbers is not None:
            by_numbers.setdefault(numbers, []).append(one)
    return {conn for alike in by_numbers.values() if len(alike) > 1 for conn in _outlived(alike)}


def _outlived(alike: list[Brief]) -> Iterator[int]:
    """Those during which one began that ends later."""
    begun = sorted(alike, key=attrgetter("start_ns"))
    starts = [one.start_ns for one in begun]
    ends = list(accumulate((one.end_ns for one in begun), max))  # the latest among so many
    for one in alike:
        before = bisect_left(starts, one.end_ns)
        if before and ends[before - 1] > one.end_ns:
            yield one.conn
