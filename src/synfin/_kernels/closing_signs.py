# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""What is unusual at the end of a connection: FINs that are late or come again, RSTs and what they follow from."""

import cython
from cython import int as cint
from cython import longlong, uchar, uint
from cython.cimports.libc.math import fabs
from cython.cimports.synfin._kernels import collect
from cython.cimports.synfin._kernels.collect import SENT_DATA, SENT_FIN, SENT_RST
from cython.cimports.synfin._kernels.moment import Moment, bare, rtt_of
from cython.cimports.synfin._kernels.noticed import Limits, Signs
from cython.cimports.synfin._kernels.row import ACK, since
from cython.cimports.synfin._kernels.sign import (
    CLOSE_WAIT,
    FIN_AGAIN,
    FIN_WAIT,
    INJECTED,
    ODD_RESET,
    OF_RESET_CONNTRACK,
    OF_RESET_CROSSED,
    OF_RESET_LOST,
    OF_RESET_UNREAD,
    OF_RESET_WRITE,
    RESET_AFTER_DATA,
    SPOKE,
    sign,
)
from cython.cimports.synfin._kernels.sign_store import have

if not cython.compiled:
    raise ImportError("the kernel closing_signs is not compiled")


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def closing(m: cython.pointer(Moment)) -> cython.void:
    """A FIN: late, or sent again."""
    s: cython.pointer(Signs)
    limits: cython.pointer(Limits) = cython.address(m.store.limits)
    end: uint = m.row.seq + cython.cast(uint, m.row.len_bytes)
    before_ns: longlong
    acks_fin: cint
    if m.sent & SENT_FIN:
        before_ns = m.own.next_time_ns
        s = have(m)
        if s.fin_ns[m.side]:
            before_ns = s.fin_ns[m.side]
        s.fin_ns[m.side] = m.row.time_ns
        if end == cython.cast(uint, m.end.fin) and since(m.row.time_ns, before_ns) >= limits.rto_min_ns:
            s.bits |= sign(FIN_AGAIN)
        return
    if m.row.len_bytes == 0 and m.sent & SENT_DATA and m.own.next_time_ns >= m.peer.next_time_ns:
        if not m.again and cython.cast(cint, m.side) == collect.client_side(m.conn):
            s = have(m)
            s.has_request = 1
            s.request_ns = m.own.next_time_ns
    if not m.other_sent & SENT_FIN:
        return
    acks_fin = cython.cast(cint, m.row.ack - cython.cast(uint, m.other.fin)) > 0 and (m.row.flags & ACK) != 0
    if acks_fin and m.own.next_time_ns <= m.peer.next_time_ns and m.row.len_bytes == 0:
        if since(m.row.time_ns, m.peer.next_time_ns) > limits.close_wait_note_ns:
            have(m).bits |= sign(CLOSE_WAIT)
    if acks_fin and m.end.ack > m.other.fin and m.own.next_time_ns <= m.peer.next_time_ns and m.row.len_bytes == 0:
        if since(m.row.time_ns, m.conn.last_ns) >= limits.fin_wait_idle_ns:
            have(m).late_fin[m.side] = 1


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def reset(m: cython.pointer(Moment)) -> cython.void:
    """A RST: what it may follow from, and whether its sender can have sent it."""
    s: cython.pointer(Signs) = have(m)
    side: uint = m.side
    other: uint = 1 - side
    limits: cython.pointer(Limits) = cython.address(m.store.limits)
    answers: cint = bare(m.row) and m.other_sent & SPOKE and m.row.seq == m.peer.last_ack
    if (m.sent | m.other_sent) & SENT_DATA:
        s.bits |= sign(RESET_AFTER_DATA)
    if bare(m.row) and s.late_fin[other] and m.row.seq == m.peer.last_ack and m.sent & SENT_FIN:
        s.bits |= sign(FIN_WAIT)
    if m.conn.reset_by < 0:
        s.of_reset[side] = cython.cast(uchar, follows_from(m, s))
    if s.reset[side]:
        if m.row.seq != s.reset_seq[side] and since(m.row.time_ns, s.reset_ns[side]) <= limits.pair_of_resets_ns:
            s.guesses = 1
    else:
        s.reset[side] = 1
        s.reset_ns[side] = m.row.time_ns
        s.reset_seq[side] = m.row.seq
        s.answering[side] = cython.cast(uchar, answers)
        s.reset_acks[side] = (m.row.flags & ACK) != 0
        s.challenged[side] = 1
        foreign(m, s)
    if s.reset[other] and since(m.row.time_ns, s.reset_ns[other]) <= limits.pair_of_resets_ns:
        if not answers and not s.answering[other]:
            s.pair_of_resets = 1
    if s.pair_of_resets and s.guesses:
        s.bits |= sign(INJECTED) | sign(ODD_RESET)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def foreign(m: cython.pointer(Moment), s: cython.pointer(Signs)) -> cython.void:
    """A TTL that is not its sender's."""
    ttl: cint = m.row.ttl
    apart: cint = ttl - cython.cast(cint, m.conn.ttl[m.side])
    if m.sent & ~SENT_RST and ttl and m.conn.ttl[m.side] and fabs(apart) > m.store.limits.other_ttl:
        s.bits |= sign(INJECTED) | sign(ODD_RESET)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def follows_from(m: cython.pointer(Moment), s: cython.pointer(Signs)) -> uint:
    """OF_RESET_ bits."""
    found: uint = 0
    acked: uint = cython.cast(uint, m.end.ack)
    other: uint = 1 - m.side
    trigger: cint
    if m.other_sent & SENT_DATA and m.other.nxt:
        if m.row.flags & ACK and cython.cast(cint, m.row.ack - acked) > 0:
            acked = m.row.ack
        if acked == cython.cast(uint, m.other.nxt):
            if not m.sent & SENT_DATA or m.own.next_time_ns <= m.peer.next_time_ns:
                found |= OF_RESET_UNREAD
        if m.sent & SENT_FIN and bare(m.row):
            found |= for_a_closed_end(m, s)
    if bare(m.row) and m.sent & SPOKE and m.row.seq == m.peer.last_ack:
        trigger = m.other_sent & SENT_DATA and m.peer.next_time_ns == m.peer.last_ack_time_ns
        if s.again_ns[other] and s.again_ns[other] == m.peer.last_ack_time_ns:
            trigger = 1
            if s.again_old[other]:
                found |= OF_RESET_CONNTRACK
        if trigger or s.asked[other]:
            found |= OF_RESET_LOST
    return found


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def for_a_closed_end(m: cython.pointer(Moment), s: cython.pointer(Signs)) -> uint:
    """Data that met an end which had sent its FIN: written after the FIN, or on its way when the FIN was sent."""
    late_ns: longlong = s.late_ns if s.has_late else m.peer.next_time_ns
    fin_ns: longlong = s.fin_ns[m.side] if s.fin_ns[m.side] else m.own.next_time_ns
    apart: cython.double = fabs(cython.cast(cython.double, since(late_ns, fin_ns)))
    rtt: longlong = rtt_of(m.conn)
    limits: cython.pointer(Limits) = cython.address(m.store.limits)
    untouched: cint
    if s.has_late and s.late_ack == cython.cast(uint, m.end.fin) + 1:
        return OF_RESET_WRITE
    untouched = m.end.ack < m.other.nxt
    if s.has_late:
        untouched = cython.cast(cint, cython.cast(uint, m.end.ack) - s.late_seq) <= 0
    if not untouched or cython.cast(cint, m.side) == collect.client_side(m.conn):
        return 0
    if rtt == 0 or apart <= limits.crossing_ns or apart <= limits.crossing_rtts * rtt:
        return OF_RESET_CROSSED
    return 0
