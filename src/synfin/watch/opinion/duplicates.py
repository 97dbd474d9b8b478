"""Copies of one packet: the same header and bytes again, which no sender does, only a mirror port or the network.

A retransmission is a new IP packet: it has a new IP ID, mostly a new TSval. A copy has the old ones. Whether the
capture or the network made the copy is for `court` to decide, by TTL and by what the receiver says.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import NamedTuple

from synfin.watch.opinion.evidence import Evidence
from synfin.wire.tcp import FIN, SYN, Segment

WITH_ID_NS = 1_000_000_000  #: an IP ID is not used again for the same numbers within a second
WITHOUT_ID_NS = 1_000_000  #: nor is a whole header, TSval included, within the tick of a timestamp
REMEMBERED = 4096

#: side, numbers, flags, window, IP ID, options, and the payload's length and (keyed, so not to be forged) hash
Key = tuple[int, int, int, int, int, int | None, bytes, int, int]


class First(NamedTuple):
    """The packet that a copy is a copy of."""

    frame: int
    time_ns: int
    ttl: int


class Copy(NamedTuple):
    """Why a segment is a copy."""

    first: First
    reason: str
    certain: bool
    other_ttl: bool


class Duplicates:
    """Recognises copies among the latest segments of one connection."""

    def __init__(self) -> None:
        self._seen: OrderedDict[Key, First] = OrderedDict()

    def recognise(self, segment: Segment, side: int, evidence: Evidence) -> Copy | None:
        """What `segment` is a copy of; None for a packet of its own."""
        key = (
            side, segment.seq, segment.ack, segment.flags, segment.window, segment.ip_id, segment.options,
            segment.length, hash(segment.payload),
        )  # fmt: skip
        first = self._seen.get(key)
        found = None if first is None else _compare(first, segment, evidence)
        if found is None:
            self._seen[key] = First(segment.frame, segment.time_ns, segment.ttl)
            self._seen.move_to_end(key)
            if len(self._seen) > REMEMBERED:
                self._seen.popitem(last=False)
        return found


def _compare(first: First, segment: Segment, evidence: Evidence) -> Copy | None:
    apart_ns, other_ttl = segment.time_ns - first.time_ns, segment.ttl != first.ttl
    if segment.ip_id:
        if abs(apart_ns) > WITH_ID_NS:
            return None
        return Copy(first, "opinion.copy-ttl" if other_ttl else "opinion.copy-id", True, other_ttl)
    if abs(apart_ns) > WITHOUT_ID_NS:
        return None
    if other_ttl:
        return Copy(first, "opinion.copy-ttl", True, True)
    if evidence.tsval is None or not (segment.length or segment.flags & (SYN | FIN) or evidence.sacks):
        return None  # without an ID, equal acknowledgments may well be two
    return Copy(first, "opinion.copy-tsval", False, False)
