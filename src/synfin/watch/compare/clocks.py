"""How far apart the clocks of two captures are, and which of them stands nearer to the client.

In one direction a segment's time at the second place minus that at the first is offset + delay, in the other one
offset - delay. The least delays of both ways being equal, the offset is the middle (as NTP reckons, RFC 5905).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from synfin.watch.compare.match import Both, Matched

_MIN_PAIRS = 2


@dataclass(frozen=True, slots=True)
class Clocks:
    """The clocks of both captures compared."""

    offset_ns: int | None  #: to be added to the first one's times; None where only one direction is in both
    delay_ns: int | None  #: the least one-way delay, taken to be the same both ways
    first_is_nearer: bool | None  #: to the clients; None where nothing tells
    pairs: int  #: segments that it stands on


def compare_clocks(matched: Sequence[Matched]) -> Clocks:
    """The clocks by all segments that are in both captures."""
    out = [_difference(both) for one in matched for both in one.both[0]]
    back = [_difference(both) for one in matched for both in one.both[1]]
    pairs = len(out) + len(back)
    if not out or not back or pairs < _MIN_PAIRS:
        return Clocks(None, None, None, pairs)
    # nearer to the client: its segments come to the second place late, the server's early
    forward = min(out) - max(back), (min(out) + max(back)) // 2
    backward = min(back) - max(out), (min(back) + max(out)) // 2
    nearer = forward[0] >= backward[0]
    width, offset = forward if nearer else backward
    if width == 0:
        return Clocks(offset, 0, None, pairs)
    return Clocks(offset, max(width, 0) // 2, nearer, pairs)


def _difference(both: Both) -> int:
    return both.second.time_ns - both.first.time_ns
