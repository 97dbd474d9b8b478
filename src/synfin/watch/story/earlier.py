"""What both ends could be when a connection began: by what the same endpoints exchanged before."""

from __future__ import annotations

from collections.abc import Sequence

from synfin.watch.connections.claims import Claim, claims
from synfin.watch.follow.collect import ConnectionFacts, client_side
from synfin.watch.story.hindsight import note
from synfin.wire.seq import MASK
from synfin.wire.tcp import RST, SYN, Segment


def claims_before(past: Sequence[Segment], sides: Sequence[int]) -> tuple[Claim, ...]:
    """Of both ends, by the last incarnation of `past`; nothing where there was none."""
    if not past:
        return ()
    conn = ConnectionFacts()
    for segment, side in zip(past, sides, strict=True):
        isn = conn.sides[side].ledger.isn
        if segment.flags & (SYN | RST) == SYN and isn and isn & MASK != segment.seq:
            conn = ConnectionFacts()
        note(conn, side, segment)
    return claims(conn, max(client_side(conn), 0))
