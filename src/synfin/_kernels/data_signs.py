# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""What is unusual about data and windows: who waited for whom, and for what."""

import cython
from cython import int as cint
from cython import longlong, uint
from cython.cimports.synfin._kernels import collect
from cython.cimports.synfin._kernels.collect import SENT_ACK, SENT_DATA, SENT_FIN
from cython.cimports.synfin._kernels.judge import OUT_OF_ORDER as IS_OUT_OF_ORDER
from cython.cimports.synfin._kernels.moment import Moment, mss_of, rtt_of
from cython.cimports.synfin._kernels.noticed import Limits, Signs
from cython.cimports.synfin._kernels.row import FIN, since
from cython.cimports.synfin._kernels.sign import (
    LATE_RESUME,
    LONG_SEGMENTS,
    PERHAPS_SLOW,
    SLOW_CLIENT,
    SLOW_SERVER,
    WINDOW_FILLED,
    sign,
)
from cython.cimports.synfin._kernels.sign_store import have

if not cython.compiled:
    raise ImportError("the kernel data_signs is not compiled")


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def windows(m: cython.pointer(Moment)) -> cython.void:
    """When the sender's window shut and opened; after the peer's FIN it means nothing."""
    s: cython.pointer(Signs) = m.signs
    side: uint = m.side
    shift: uint
    if m.other_sent & SENT_FIN:
        return
    if m.row.window == 0:
        s = have(m)
        if not s.shut[side]:
            s.shut[side] = 1
            s.shut_ns[side] = m.row.time_ns
    elif s != cython.NULL and s.shut[side]:
        s.shut[side] = 0
        s.closed_ns[side] += since(m.row.time_ns, s.shut_ns[side])
        shift = cython.cast(uint, m.own.scale) if m.own.scale >= 0 else 0
        s.opened[side] = 0
        if m.own.scale != -1 and m.other_sent & SENT_DATA and (m.row.window << shift) >= mss_of(m, side):
            s.opened[side] = 1
            s.opened_ns[side] = m.row.time_ns


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def data(m: cython.pointer(Moment)) -> cython.void:
    """Payload, on either way."""
    s: cython.pointer(Signs) = m.signs
    limits: cython.pointer(Limits) = cython.address(m.store.limits)
    length: cint = m.row.len_bytes
    most: uint = m.entry.mss[1 - m.side]
    if most and length > cython.cast(cint, most):
        have(m).bits |= sign(LONG_SEGMENTS)
    fills(m)
    if m.again or m.probe:
        return
    if s != cython.NULL:
        s.run_count[m.side] = 0
        if s.opened[1 - m.side]:
            resume(m, s)
    if m.other_sent & SENT_FIN:
        s = have(m)
        s.has_late = 1
        s.late_ns = m.row.time_ns
        s.late_seq = m.row.seq
        s.late_ack = m.row.ack
    if since(m.row.time_ns, m.conn.last_ns) >= limits.forgotten_idle_ns and m.conn.first_frame:
        s = have(m)
        s.has_resumed = 1
        s.resumed_ns = m.row.time_ns
    if m.bits == 0 or not m.bits & IS_OUT_OF_ORDER:
        waited_for(m)
        small(m)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def resume(m: cython.pointer(Moment), s: cython.pointer(Signs)) -> cython.void:
    """The first data since the other end's window opened again."""
    side: uint = 1 - m.side
    limits: cython.pointer(Limits) = cython.address(m.store.limits)
    waited: cython.double = cython.cast(cython.double, since(m.row.time_ns, s.opened_ns[side]))
    s.opened[side] = 0
    if m.own.next_time_ns > s.opened_ns[side]:
        return
    if waited >= limits.late_resume_ns and waited >= limits.late_resume_rtts * rtt_of(m.conn):
        s.bits |= sign(LATE_RESUME)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def fills(m: cython.pointer(Moment)) -> cython.void:
    """Whether it uses all of the window."""
    s: cython.pointer(Signs)
    shift: uint
    window: uint = m.peer.window
    end: uint = m.row.seq + cython.cast(uint, m.row.len_bytes) + (m.row.flags & FIN)
    acked: uint = m.peer.last_ack
    if m.peer.scale == -1 or window == 0:
        return
    if m.end != cython.NULL:
        if m.other.ack == 0:
            return
        acked = cython.cast(uint, m.other.ack)
    shift = 0 if m.peer.only_syn or m.peer.scale < 0 else cython.cast(uint, m.peer.scale)
    if cython.cast(cint, end - acked - (window << shift)) >= 0:
        s = have(m)
        s.bits |= sign(WINDOW_FILLED)
        s.filled[m.side] += 1


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def waited_for(m: cython.pointer(Moment)) -> cython.void:
    """Data after a pause: who made the other one wait, and for what."""
    client: cint = collect.client_side(m.conn)
    s: cython.pointer(Signs) = m.signs
    now: longlong = m.row.time_ns
    nagle(m)
    if client < 0:
        return
    if cython.cast(cint, m.side) == client:
        if not m.sent & SENT_DATA:
            think(m, s)
    else:
        if not m.other_sent & SENT_DATA:
            if not m.sent & SENT_DATA and not (s != cython.NULL and s.has_greeting):
                s = have(m)
                s.has_greeting = 1
                s.greeting_ns = now
        elif m.peer.next_time_ns >= m.own.next_time_ns or (s != cython.NULL and s.has_request):
            answer(m, s)


@cython.cfunc
@cython.nogil
@cython.inline
@cython.exceptval(check=False)
def patience(m: cython.pointer(Moment)) -> cython.double:
    limits: cython.pointer(Limits) = cython.address(m.store.limits)
    return max(limits.slow_end_ns, limits.slow_end_rtts * rtt_of(m.conn))


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def think(m: cython.pointer(Moment), s: cython.pointer(Signs)) -> cython.void:
    """The client's first data: since the connection was there, or since the server's greeting."""
    ready_ns: longlong = m.conn.last_ns
    if not m.sent & SENT_ACK:
        return
    if s != cython.NULL and s.has_greeting:
        ready_ns = s.greeting_ns
    elif m.conn.legs_ns[0] >= 0 and m.conn.legs_ns[1] >= 0:
        ready_ns = m.conn.first_ns + rtt_of(m.conn)
    if since(m.row.time_ns, ready_ns) > patience(m):
        have(m).bits |= sign(SLOW_CLIENT)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def answer(m: cython.pointer(Moment), s: cython.pointer(Signs)) -> cython.void:
    """The server's first data since the client's last: how long the wire took is known from the ACK, or the rtt."""
    asked_ns: longlong = m.peer.next_time_ns
    wire_ns: longlong = rtt_of(m.conn)
    if s != cython.NULL and s.has_request == 1:
        s.has_request = 2
        asked_ns = s.request_ns
    elif s != cython.NULL and s.has_request:
        return
    if s != cython.NULL and s.again_ns[1 - m.side] >= asked_ns:
        return
    at_most: longlong = since(m.row.time_ns, asked_ns) - wire_ns
    if at_most <= patience(m):
        return
    if m.own.last_ack != m.peer.next_seq or m.own.last_ack_time_ns < asked_ns:
        return  # what has not been acknowledged before may just have arrived
    wire_ns = max(wire_ns, since(m.own.last_ack_time_ns, asked_ns))  # or less: that was the latest ACK
    if since(m.row.time_ns, asked_ns) - wire_ns > patience(m) and not m.other_sent & SENT_FIN:
        have(m).bits |= sign(SLOW_SERVER)
    else:
        have(m).bits |= sign(PERHAPS_SLOW)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def nagle(m: cython.pointer(Moment)) -> cython.void:
    """Small data that waited for a delayed ACK, and follows it at once."""
    limits: cython.pointer(Limits) = cython.address(m.store.limits)
    acked_ns: longlong = m.peer.last_ack_time_ns
    waited: cython.double = cython.cast(cython.double, since(acked_ns, m.own.next_time_ns))
    most: cython.double = limits.delayed_ack_max_ns + rtt_of(m.conn)
    if not limits.delayed_ack_min_ns <= waited <= most or not m.sent & SENT_DATA:
        return
    if m.conn.last_ns != acked_ns or since(m.row.time_ns, acked_ns) > limits.at_once_ns:
        return
    if m.peer.last_ack != m.own.next_seq or m.row.seq != m.own.next_seq or m.peer.next_time_ns == acked_ns:
        return
    if cython.cast(uint, m.row.len_bytes) < mss_of(m, 1 - m.side):
        have(m).stalls[m.side] += 1


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def small(m: cython.pointer(Moment)) -> cython.void:
    """A tiny segment directly after the one before it, where there was room for a full one."""
    shift: uint = 0 if m.peer.only_syn or m.peer.scale < 0 else cython.cast(uint, m.peer.scale)
    free_bytes: uint
    if m.row.len_bytes >= m.store.limits.silly_bytes or not m.sent & SENT_DATA or m.row.seq != m.own.next_seq:
        return
    if m.own.next_time_ns < m.peer.last_ack_time_ns or m.conn.last_ns > m.own.next_time_ns:
        return
    free_bytes = m.peer.last_ack + (m.peer.window << shift) - m.row.seq
    if m.peer.scale != -1 and cython.cast(cint, free_bytes) >= cython.cast(cint, mss_of(m, 1 - m.side)):
        have(m).tiny[m.side] += 1
