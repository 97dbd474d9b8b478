"""The facts about one end, packed into one integer: what it did, what it may have received, what it must have.

For every reception there are up to three bits: MAY (a captured segment could have caused it), PROVEN (its own segments
show it), DENIED (its own later segments speak against the copies captured so far; used for `likely` only).
Modality matters: *sent* is a fact, *received* is a possibility until something proves it.
"""

from __future__ import annotations

from synfin.watch.ledger import (
    SENT_ACK,
    SENT_DATA,
    SENT_FIN,
    SENT_RST,
    SENT_SYN,
    SENT_SYN_ACK,
    SENT_SYN_DATA,
    Ledger,
    believed_ack,
)

# Where it starts (none of them: CLOSED or LISTEN, more likely CLOSED).
LISTENS = 1 << 0  #: CLOSED or LISTEN, more likely LISTEN
MIDSTREAM = 1 << 1  #: no SYN of either side: ESTABLISHED or SYN-RECEIVED
# What it sent.
SYN_SENT = 1 << 2
SYN_UNSEEN = 1 << 3  #: its SYN was not captured, but answered
SYN_ACK_SENT = 1 << 4
FIN_SENT = 1 << 5
FIN_FIRST = 1 << 6  #: its first FIN left before the other FIN arrived: from ESTABLISHED, never CLOSE-WAIT
FIN_SECOND = 1 << 7  #: its first FIN acknowledges the other FIN: from CLOSE-WAIT
RST_SENT = 1 << 8  #: some RST
RST_ENDS = 1 << 9  #: a RST that ended its own connection (not one that answers a foreign segment)
# What it received.
MAY_SYN = 1 << 10
PROVEN_SYN = 1 << 11
MAY_SYN_ACK = 1 << 12
MAY_ACK_OF_SYN = 1 << 13
PROVEN_SYNED = 1 << 14  #: its own SYN was acknowledged
DENIED_SYNED = 1 << 15
MAY_FIN = 1 << 16  #: a FIN that does not acknowledge its own
MAY_FIN_ACK = 1 << 17  #: a FIN that acknowledges its own
PROVEN_FIN = 1 << 18
DENIED_FIN = 1 << 19
MAY_ACK_OF_FIN = 1 << 20
PROVEN_ACK_OF_FIN = 1 << 21
DENIED_ACK_OF_FIN = 1 << 22
MAY_RST = 1 << 23
LIKELY_RST = 1 << 24  #: a RST that it must have accepted, had it arrived
LIKELY_SYN = 1 << 25  #: the captured SYN arrived: it will be answered (a sent SYN,ACK says the same)

#: Bits that come from the order of the capture (`collect`), not from the ledgers.
FROM_ORDER = LISTENS | RST_ENDS | DENIED_SYNED | DENIED_FIN | DENIED_ACK_OF_FIN | LIKELY_RST | LIKELY_SYN


def facts(own: Ledger, peer: Ledger, order: int = 0) -> int:
    """The fact vector of the end that `own` describes; `order` brings the bits of FROM_ORDER."""
    vector = order & FROM_ORDER
    if not (own.sent | peer.sent) & (SENT_SYN | SENT_SYN_ACK):
        vector |= MIDSTREAM
    return vector | _sends(own, peer) | _opening(own, peer) | _closing(own, peer) | _reset(own, peer)


def _sends(own: Ledger, peer: Ledger) -> int:
    vector = 0
    if own.sent & SENT_SYN:
        vector |= SYN_SENT
    elif peer.sent & SENT_SYN_ACK and not own.sent & SENT_SYN_ACK:
        vector |= SYN_UNSEEN
    if own.sent & SENT_SYN_ACK:
        vector |= SYN_ACK_SENT
    if own.sent & SENT_RST:
        vector |= RST_SENT
    if own.sent & SENT_FIN:
        vector |= FIN_SENT
        if peer.sent & SENT_FIN:
            vector |= FIN_SECOND if own.fin_ack_min > peer.fin else FIN_FIRST
    return vector


def _opening(own: Ledger, peer: Ledger) -> int:
    vector = 0
    ack = believed_ack(own, peer)
    if peer.sent & SENT_SYN:
        vector |= MAY_SYN
    if peer.sent & SENT_SYN_ACK:
        vector |= MAY_SYN_ACK
    if own.sent & SENT_SYN_ACK or (own.sent & SENT_ACK and 0 < peer.isn < ack):
        vector |= PROVEN_SYN
    if own.sent & (SENT_SYN | SENT_SYN_ACK) and peer.ack > own.isn:
        vector |= MAY_ACK_OF_SYN
    if _synchronised(own, peer, ack):
        vector |= PROVEN_SYNED
    if not own.sent and peer.sent & SENT_SYN and peer.sent & (SENT_ACK | SENT_DATA):
        vector |= LIKELY_SYN | MAY_ACK_OF_SYN  # only one direction was captured: the other one must have answered
    return vector


def _synchronised(own: Ledger, peer: Ledger, ack: int) -> bool:
    """Whether its segments show that its SYN was acknowledged. A bare ACK does not: SYN-RECEIVED sends those too."""
    if own.sent & SENT_SYN_ACK and peer.sent & SENT_SYN_DATA:
        return False  # Fast Open: data may leave from SYN-RECEIVED (RFC 7413)
    if own.sent & SENT_DATA or 0 < peer.syn_end < ack:
        return True
    return not own.sent & SENT_SYN_ACK and not peer.sent & SENT_SYN and bool(own.sent & SENT_ACK)


def _closing(own: Ledger, peer: Ledger) -> int:
    vector = 0
    if peer.sent & SENT_FIN:
        if not own.fin or peer.fin_ack_min <= own.fin:
            vector |= MAY_FIN
        if own.fin and peer.fin_ack_max > own.fin:
            vector |= MAY_FIN_ACK
        if believed_ack(own, peer) > peer.fin:
            vector |= PROVEN_FIN
    if own.sent & SENT_FIN and peer.ack > own.fin:
        vector |= MAY_ACK_OF_FIN
        if vector & PROVEN_FIN and peer.fin_ack_min > own.fin:
            vector |= PROVEN_ACK_OF_FIN
    return vector


def _reset(own: Ledger, peer: Ledger) -> int:
    """A reset may count unless it lies left of what its receiver acknowledged; Linux takes the FIN's place as well."""
    if not peer.sent & SENT_RST:
        return 0
    if own.ack:
        return MAY_RST if peer.rst >= own.ack - 1 else 0
    if own.sent & SENT_SYN:
        return MAY_RST if peer.rst_ack > own.isn else 0
    return MAY_RST
