"""What is claimed of one end beside the likely state: what the capture allows, and what is possible at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from synfin.tcp.state import State
from synfin.watch.connections import paths
from synfin.watch.follow import collect
from synfin.watch.follow.collect import ConnectionFacts
from synfin.watch.follow.ledger import SENT_SYN, SENT_SYN_ACK, believed_ack

#: what a new SYN may find, beside the end's state in the connection before
_UNASKED = frozenset((State.CLOSED, State.LISTEN, State.SYN_RECEIVED))


@dataclass(frozen=True, slots=True)
class Claim:
    """By the segments until then."""

    seen: frozenset[State]  #: if every change of its state was caused by a captured segment
    could: frozenset[State]  #: without that condition
    hidden: bool = False  #: nothing explains what was captured: something is missing, or forged

    @property
    def certain(self) -> bool:
        """Nothing else is possible, unless it did something since that was not captured."""
        return len(self.seen) == 1 and not self.hidden


def claim(conn: ConnectionFacts, side: int, client: int, before: Claim | None = None) -> Claim:
    """What is claimed of `side`; `before` of the connection that the same endpoints had before this one.

    A SYN that begins another incarnation finds the other end wherever it was. Until that end answers the new numbers,
    all of it remains possible (RFC 9293 section 3.5, figures 9 and 10).
    """
    vector = collect.end_facts(conn, side, client)
    seen, could, hidden = paths.seen(vector), paths.could(vector), paths.hidden(vector)
    if before is not None and not answers(conn, side):
        return Claim(seen | before.seen | _UNASKED, could | before.could, hidden)
    return Claim(seen, could, hidden)


def answers(conn: ConnectionFacts, side: int) -> bool:
    """Whether an end was captured taking part: it sent a SYN of its own, or acknowledged the other one's."""
    own, peer = conn.sides[side].ledger, conn.sides[1 - side].ledger
    if own.sent & (SENT_SYN | SENT_SYN_ACK):
        return True
    return 0 < peer.isn < believed_ack(own, peer)


def claims(conn: ConnectionFacts, client: int, before: Sequence[Claim] = ()) -> tuple[Claim, Claim]:
    """Of both ends."""
    prior = tuple(before) or (None, None)
    return claim(conn, 0, client, prior[0]), claim(conn, 1, client, prior[1])
