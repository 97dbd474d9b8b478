"""The fact vector of an end, from what both ledgers hold."""

from __future__ import annotations

from synfin.watch.follow.facts import (
    FIN_FIRST,
    FIN_SECOND,
    FIN_SENT,
    FROM_ORDER,
    LATE_SYN,
    LIKELY_SYN,
    MAY_ACK_OF_FIN,
    MAY_ACK_OF_SYN,
    MAY_FIN,
    MAY_FIN_ACK,
    MAY_RST,
    MAY_SYN,
    MAY_SYN_ACK,
    MIDSTREAM,
    PROVEN_ACK_OF_FIN,
    PROVEN_FIN,
    PROVEN_SYN,
    PROVEN_SYNED,
    RST_SENT,
    SYN_ACK_SENT,
    SYN_SENT,
    SYN_UNSEEN,
)
from synfin.watch.follow.ledger import (
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


def facts(own: Ledger, peer: Ledger, order: int = 0) -> int:
    """The fact vector of the end that `own` describes; `order` brings the bits of FROM_ORDER."""
    vector = order & FROM_ORDER
    if not (own.sent | peer.sent) & (SENT_SYN | SENT_SYN_ACK):
        vector |= MIDSTREAM
    return vector | _sends(own, peer) | _opening(own, peer) | _closing(own, peer) | _reset(own, peer, order)


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
    if peer.ack > own.isn if own.sent & (SENT_SYN | SENT_SYN_ACK) else peer.sent & SENT_SYN and peer.ack:
        vector |= MAY_ACK_OF_SYN  # of a SYN,ACK that the capture lacks, every ACK may be one
    if _synchronised(own, peer, ack):
        vector |= PROVEN_SYNED
    if not own.sent and peer.sent & SENT_SYN and peer.sent & (SENT_ACK | SENT_DATA):
        vector |= LIKELY_SYN | MAY_ACK_OF_SYN  # only one direction was captured: the other one must have answered
    return vector


def _synchronised(own: Ledger, peer: Ledger, ack: int) -> bool:
    """Whether its segments show that its SYN was acknowledged. A bare ACK does not: SYN-RECEIVED sends those too."""
    if peer.sent & SENT_SYN_DATA and not own.sent & SENT_SYN:
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


def _reset(own: Ledger, peer: Ledger, order: int) -> int:
    """A reset may count unless it lies left of what its receiver acknowledged; Linux takes the FIN's place as well."""
    if not peer.sent & SENT_RST:
        return 0
    if own.ack:
        return MAY_RST if peer.rst >= own.ack - 1 else 0
    if own.sent & SENT_SYN and not order & LATE_SYN:
        # SYN-SENT takes one that acknowledges the SYN; who has got the other SYN takes one that follows it.
        follows = peer.sent & (SENT_SYN | SENT_SYN_ACK) and peer.rst > peer.isn
        return MAY_RST if peer.rst_ack > own.isn or follows else 0
    return MAY_RST
