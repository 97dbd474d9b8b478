# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""What a connection's ledgers come to: the facts of each end and the marks of the verdict.

The compiled twin of `derived_facts` and `marks` in `synfin.watch.follow`; the rules and their reasons stand there.
"""

import cython
from cython import int as cint
from cython import longlong, uint, ulonglong
from cython.cimports.synfin._kernels.collect import (
    DENIED_FIN,
    DID_FIN,
    DID_RST,
    DID_SYN,
    DID_SYN_ACK,
    FIN_FIRST,
    FIN_SECOND,
    LATE_SYN,
    LIKELY_SYN,
    LISTENS,
    MARK_ANY_RST_BIT,
    MARK_CLIENT_FIN_BIT,
    MARK_RST_BIT,
    MARK_SETTLED_BIT,
    MARK_UNANSWERED_BIT,
    MAY_ACK_OF_FIN,
    MAY_ACK_OF_SYN,
    MAY_FIN,
    MAY_FIN_ACK,
    MAY_RST,
    MAY_SYN,
    MAY_SYN_ACK,
    MIDSTREAM,
    OPENING_FAST_OPEN,
    OPENING_FIRST_IS_SYN_ACK,
    OPENING_ICMP_REJECTED,
    OPENING_LATE_SYN,
    OPENING_REFUSED,
    OPENING_REJECTED,
    OPENING_UNSOLICITED,
    PROVEN_ACK_OF_FIN,
    PROVEN_FIN,
    PROVEN_SYN,
    PROVEN_SYNED,
    SENT_ACK,
    SENT_DATA,
    SENT_FIN,
    SENT_RST,
    SENT_SYN,
    SENT_SYN_ACK,
    SENT_SYN_DATA,
    SYN_UNSEEN,
    believed_ack,
)
from cython.cimports.synfin._kernels.conn import Conn, End
from cython.cimports.synfin._kernels.row import since

if not cython.compiled:
    raise ImportError("the kernel marks is not compiled")

# synfin.watch.connections.verdict
SETTLED_NS = cython.declare(ulonglong, 3000000000)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def synchronised(own: cython.pointer(End), peer: cython.pointer(End), ack: longlong) -> cint:
    if peer.sent & SENT_SYN_DATA and not own.sent & SENT_SYN:
        return 0
    if own.sent & SENT_DATA or 0 < peer.syn_end < ack:
        return 1
    return not own.sent & SENT_SYN_ACK and not peer.sent & SENT_SYN and own.sent & SENT_ACK


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def end_facts(conn: cython.pointer(Conn), side: uint, client: uint) -> uint:
    """The fact vector of one end."""
    own: cython.pointer(End) = cython.address(conn.work.ends[side])
    peer: cython.pointer(End) = cython.address(conn.work.ends[1 - side])
    vector: uint = own.order
    ack: longlong = believed_ack(own, peer)
    if side != client and not own.sent & SENT_SYN and not conn.opening & OPENING_REFUSED:
        vector |= LISTENS
    if peer.fin and peer.run <= peer.fin and own.ack <= peer.fin:
        vector |= DENIED_FIN
    if not (own.sent | peer.sent) & (SENT_SYN | SENT_SYN_ACK):
        vector |= MIDSTREAM
    if own.sent & SENT_SYN:
        vector |= DID_SYN
    elif peer.sent & SENT_SYN_ACK and not own.sent & SENT_SYN_ACK:
        vector |= SYN_UNSEEN
    if own.sent & SENT_SYN_ACK:
        vector |= DID_SYN_ACK
    if own.sent & SENT_RST:
        vector |= DID_RST
    if own.sent & SENT_FIN:
        vector |= DID_FIN
        if peer.sent & SENT_FIN:
            vector |= FIN_SECOND if own.fin_ack_min > peer.fin else FIN_FIRST
    if peer.sent & SENT_SYN:
        vector |= MAY_SYN
    if peer.sent & SENT_SYN_ACK:
        vector |= MAY_SYN_ACK
    if own.sent & SENT_SYN_ACK or (own.sent & SENT_ACK and 0 < peer.isn < ack):
        vector |= PROVEN_SYN
    if own.sent & (SENT_SYN | SENT_SYN_ACK):
        if peer.ack > own.isn:
            vector |= MAY_ACK_OF_SYN
    elif peer.sent & SENT_SYN and peer.ack:
        vector |= MAY_ACK_OF_SYN
    if synchronised(own, peer, ack):
        vector |= PROVEN_SYNED
    if own.sent == 0 and peer.sent & SENT_SYN and peer.sent & (SENT_ACK | SENT_DATA):
        vector |= LIKELY_SYN | MAY_ACK_OF_SYN
    if conn.opening & OPENING_LATE_SYN:
        vector |= LATE_SYN
    return vector | closing_facts(own, peer, ack) | reset_facts(own, peer, vector)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def closing_facts(own: cython.pointer(End), peer: cython.pointer(End), ack: longlong) -> uint:
    vector: uint = 0
    if peer.sent & SENT_FIN:
        if own.fin == 0 or peer.fin_ack_min <= own.fin:
            vector |= MAY_FIN
        if own.fin and peer.fin_ack_max > own.fin:
            vector |= MAY_FIN_ACK
        if ack > peer.fin:
            vector |= PROVEN_FIN
    if own.sent & SENT_FIN and peer.ack > own.fin:
        vector |= MAY_ACK_OF_FIN
        if vector & PROVEN_FIN and peer.fin_ack_min > own.fin:
            vector |= PROVEN_ACK_OF_FIN
    return vector


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def reset_facts(own: cython.pointer(End), peer: cython.pointer(End), vector: uint) -> uint:
    if not peer.sent & SENT_RST:
        return 0
    if own.ack:
        return MAY_RST if peer.rst >= own.ack - 1 else 0
    if own.sent & SENT_SYN and not vector & LATE_SYN:
        if peer.sent & (SENT_SYN | SENT_SYN_ACK) and peer.rst > peer.isn:
            return MAY_RST
        return MAY_RST if peer.rst_ack > own.isn else 0
    return MAY_RST


@cython.cfunc
@cython.nogil
@cython.inline
@cython.exceptval(check=False)
def works(end: cython.pointer(End)) -> cint:
    return (end.sent & (SENT_ACK | SENT_DATA)) != 0


@cython.cfunc
@cython.nogil
@cython.inline
@cython.exceptval(check=False)
def bit(holds: uint, place: uint) -> ulonglong:
    return cython.cast(ulonglong, 1) << place if holds else 0


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def marks(conn: cython.pointer(Conn), client: uint, capture_end_ns: longlong) -> ulonglong:
    """What the verdict asks; bits as in `synfin.watch.connections.verdict`."""
    ours: cython.pointer(End) = cython.address(conn.work.ends[client])
    theirs: cython.pointer(End) = cython.address(conn.work.ends[1 - client])
    found: ulonglong = 0
    found |= bit(conn.opening & OPENING_FAST_OPEN, 0)
    found |= bit(ours.sent & theirs.sent & SENT_SYN, 1)
    found |= bit(conn.opening & OPENING_REFUSED, 2)
    found |= bit(conn.opening & OPENING_ICMP_REJECTED and not theirs.sent & SENT_SYN_ACK, 3)
    found |= bit(conn.opening & OPENING_REJECTED and not works(ours), 4)
    found |= bit(conn.opening & OPENING_UNSOLICITED and not works(ours), 5)
    found |= bit(ours.sent & SENT_SYN, 6)
    found |= bit(theirs.sent & SENT_SYN_ACK, 7)
    found |= bit(works(ours), 8)
    found |= bit(ours.syns > 1, 9)
    found |= bit(theirs.syn_acks > 1, 10)
    found |= bit(ours.sent & SENT_RST, 11)
    found |= bit(conn.opening & OPENING_FIRST_IS_SYN_ACK, 12)
    found |= bit(
        capture_end_ns >= conn.work.collected_ns
        and cython.cast(ulonglong, since(capture_end_ns, conn.work.collected_ns)) >= SETTLED_NS,
        MARK_SETTLED_BIT,
    )
    found |= bit(
        conn.flows[0].packets != 0
        and conn.flows[1].packets != 0  # of a capture of one direction nobody can say that there was no answer
        and (ours.retransmissions >= 3 or theirs.retransmissions >= 3 or ours.probes >= 2 or theirs.probes >= 2),
        MARK_UNANSWERED_BIT,
    )
    found |= bit((ours.sent | theirs.sent) & SENT_RST, MARK_ANY_RST_BIT)
    if conn.reset_by >= 0:
        found |= bit(1, MARK_RST_BIT if conn.reset_by == cython.cast(cint, client) else MARK_RST_BIT + 1)
        # RST_ACTIVE … RST_SENDER_LIVES stand in the same order in both words
        found |= cython.cast(ulonglong, conn.reset & 0x1F) << (MARK_RST_BIT + 2)
    return found | fin_marks(ours, theirs)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def fin_marks(ours: cython.pointer(End), theirs: cython.pointer(End)) -> ulonglong:
    found: ulonglong = 0
    first: uint = MARK_CLIENT_FIN_BIT
    if ours.sent & SENT_FIN:
        found |= bit(1, first)
        found |= bit(theirs.ack > ours.fin, first + 2)
        found |= bit(theirs.acked_fin_apart, first + 7)
        found |= bit(0 < theirs.half_close_end <= ours.ack, first + 9)
    if theirs.sent & SENT_FIN:
        found |= bit(1, first + 1)
        found |= bit(ours.ack > theirs.fin, first + 3)
        found |= bit(ours.acked_fin_apart, first + 6)
        found |= bit(0 < ours.half_close_end <= theirs.ack, first + 8)
    if ours.sent & theirs.sent & SENT_FIN:
        found |= bit(ours.fin_ack_min > theirs.fin, first + 4)
        found |= bit(theirs.fin_ack_min > ours.fin, first + 5)
    return found
