# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""What is unusual while a connection is opened: SYNs that come again, answers to something else."""

import cython
from cython import int as cint
from cython import longlong, uint, ushort
from cython.cimports.libc.math import fabs
from cython.cimports.synfin._kernels.collect import SENT_ACK, SENT_DATA, SENT_SYN, SENT_SYN_ACK
from cython.cimports.synfin._kernels.moment import COPY_NS, Moment
from cython.cimports.synfin._kernels.noticed import Limits, Signs, Store
from cython.cimports.synfin._kernels.row import ACK, since
from cython.cimports.synfin._kernels.sign import (
    AGAIN,
    REUSED,
    SPOKE,
    STALE_ACK,
    SYN_ACK_AFTER_ACK,
    SYN_ACK_AGAIN,
    SYN_AGAIN,
    sign,
)
from cython.cimports.synfin._kernels.sign_store import have

if not cython.compiled:
    raise ImportError("the kernel opening_signs is not compiled")


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def opening(m: cython.pointer(Moment)) -> cython.void:
    mss: ushort = m.row.mss
    store: cython.pointer(Store) = m.store
    m.entry.mss[m.side] = mss
    if mss and mss < store.longest:
        store.longest = mss
    if m.row.flags & ACK:
        syn_ack(m)
    else:
        syn(m)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def stale(m: cython.pointer(Moment)) -> cython.void:
    """The first answer to a SYN is an ACK: of something else, where the peer has an older connection."""
    s: cython.pointer(Signs)
    if m.row.ack == cython.cast(uint, m.other.syn_end) or m.row.ack == cython.cast(uint, m.other.isn):
        return
    if since(m.row.time_ns, m.conn.first_ns) > m.store.limits.answer_to_syn_ns:
        return
    s = have(m)
    s.bits |= sign(STALE_ACK)
    if s.bits & sign(REUSED):
        s.bits |= sign(AGAIN)  # it may be late, from the connection before


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def syn(m: cython.pointer(Moment)) -> cython.void:
    """A SYN; the gaps between equal ones are a timer's, if they fit one."""
    s: cython.pointer(Signs)
    waited: cython.double
    limits: cython.pointer(Limits) = cython.address(m.store.limits)
    if (m.sent & SENT_SYN) == 0:
        return
    s = have(m)
    if cython.cast(uint, m.end.isn) != m.row.seq or m.sent & SPOKE:
        s.bits |= sign(AGAIN)
        return
    if s.syn_gaps == 0:
        s.syn_first_ns = m.own.next_time_ns if m.conn.work.syn_ns == 0 else m.conn.work.syn_ns
        s.syn_last_ns = s.syn_first_ns
        s.backoff = 3
    waited = cython.cast(cython.double, since(m.row.time_ns, s.syn_last_ns))
    s.syn_last_ns = m.row.time_ns
    fits(s, waited, limits.syn_gap_min_ns, limits.syn_gap_tolerance)
    if since(m.row.time_ns, s.syn_first_ns) >= limits.syn_gap_min_ns and (m.sent & SENT_ACK) == 0:
        s.bits |= sign(SYN_AGAIN)
    if waited < COPY_NS:
        s.copies += 1


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def fits(
    s: cython.pointer(Signs), waited: cython.double, least: cython.double, tolerance: cython.double
) -> cython.void:
    """Whether the gaps still follow RFC 6298 (1 2 4 ...), or Linux's five of a second first."""
    place: uint = s.syn_gaps
    classic: cython.double = 1e9 * (cython.cast(uint, 1) << min(place, 7))
    linear: cython.double = 1e9 if place < 5 else 1e9 * (cython.cast(uint, 1) << min(place - 4, 6))
    if waited < least:
        s.backoff = 0
    if fabs(waited - classic) > tolerance * classic or place >= 7:
        s.backoff &= 2
    if fabs(waited - linear) > tolerance * linear or place >= 10:
        s.backoff &= 1
    if s.syn_gaps < 255:
        s.syn_gaps += 1


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def syn_ack(m: cython.pointer(Moment)) -> cython.void:
    """A SYN,ACK; a repetition that answers no SYN comes from the server's timer."""
    s: cython.pointer(Signs) = m.signs
    limits: cython.pointer(Limits) = cython.address(m.store.limits)
    before_ns: longlong
    waited: cython.double
    unscaled: cint = m.row.wscale < 0 and m.peer.scale >= 0
    if unscaled and m.row.window > limits.scale_window_bytes:
        s = have(m)
        s.announced = m.row.window
    if (m.sent & SENT_SYN_ACK) == 0:
        if s != cython.NULL:
            s.syn_ack_ns = m.row.time_ns
        return
    if cython.cast(uint, m.end.isn) != m.row.seq:
        have(m).bits |= sign(AGAIN)
        return
    before_ns = m.conn.work.syn_ack_ns
    if m.conn.acked and m.conn.legs_ns[0] >= 0:
        before_ns = m.conn.first_ns + m.conn.legs_ns[0]
    if s != cython.NULL and s.syn_ack_ns:
        before_ns = s.syn_ack_ns
    s = have(m)
    if m.sent & SPOKE:
        s.bits |= sign(AGAIN)
    s.syn_ack_ns = m.row.time_ns
    waited = cython.cast(cython.double, since(m.row.time_ns, before_ns))
    if waited < COPY_NS:
        s.copies += 1
    if s.syn_gaps and s.syn_last_ns > before_ns:
        if since(m.row.time_ns, s.syn_last_ns) < limits.syn_ack_alone_ns:
            return
    if s.syn_ack_timed:
        return
    s.syn_ack_timed = 1
    if m.other_sent & (SENT_ACK | SENT_DATA) and m.other.ack > m.end.isn:
        if waited >= limits.syn_ack_alone_ns:
            s.bits |= sign(SYN_ACK_AFTER_ACK)
    else:
        s.bits |= sign(SYN_ACK_AGAIN)
