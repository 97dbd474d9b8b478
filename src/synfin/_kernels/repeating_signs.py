# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""What is missing, out of order, sent again, or asks whether anybody is there."""

import cython
from cython import int as cint
from cython import longlong, uint, ulonglong
from cython.cimports.synfin._kernels.judge import ACK_LOST_SEGMENT as IS_ACK_OF_UNSEEN
from cython.cimports.synfin._kernels.judge import DUPLICATE_ACK as IS_DUPLICATE_ACK
from cython.cimports.synfin._kernels.judge import FAST as IS_FAST
from cython.cimports.synfin._kernels.judge import LOST_SEGMENT as IS_HOLE
from cython.cimports.synfin._kernels.judge import OUT_OF_ORDER as IS_OUT_OF_ORDER
from cython.cimports.synfin._kernels.judge import SPURIOUS as IS_SPURIOUS
from cython.cimports.synfin._kernels.moment import COPY_NS, Moment
from cython.cimports.synfin._kernels.noticed import Limits, Signs
from cython.cimports.synfin._kernels.row import ACK, FIN, since
from cython.cimports.synfin._kernels.sign import (
    AGAIN,
    FAST,
    HOLE,
    LARGE_HOLE,
    MISSING,
    REORDERED,
    RTO,
    SPOKE,
    SPURIOUS,
    STORM,
    TAIL_PROBE,
    WINDOW_PROBE,
    sign,
)
from cython.cimports.synfin._kernels.sign_store import have

if not cython.compiled:
    raise ImportError("the kernel repeating_signs is not compiled")


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def gaps(m: cython.pointer(Moment)) -> cython.void:
    """What is missing in the capture, or was lost before it."""
    if m.bits & IS_HOLE or m.offset > 0:
        have(m).bits |= sign(LARGE_HOLE) if m.offset >= m.store.limits.large_bytes else sign(HOLE)
    if m.bits & IS_ACK_OF_UNSEEN:
        have(m).bits |= sign(MISSING) | sign(HOLE)
    if m.bits & IS_OUT_OF_ORDER:
        have(m).bits |= sign(REORDERED) | sign(AGAIN)
    if m.bits & IS_DUPLICATE_ACK:
        have(m).doubled += 1
    if m.row.len_bytes > 0 and not m.probe and m.other.ack:
        if cython.cast(cint, m.row.seq + cython.cast(uint, m.row.len_bytes) - cython.cast(uint, m.other.ack)) <= 0:
            have(m).bits |= sign(AGAIN)
    if m.row.flags & ACK and m.end.ack:
        jumps(m)


@cython.cfunc
@cython.nogil
@cython.inline
@cython.exceptval(check=False)
def jumps(m: cython.pointer(Moment)) -> cython.void:
    """An acknowledgment that goes on over bytes which were not captured."""
    side: uint = m.side
    jump: cint = cython.cast(cint, m.row.ack - cython.cast(uint, m.end.ack))
    s: cython.pointer(Signs)
    if jump > 0 and (m.other.nxt == 0 or cython.cast(cint, m.row.ack - cython.cast(uint, m.other.nxt)) > 0):
        s = have(m)
        s.jumps[side] += 1
        s.jumped[side] += cython.cast(uint, jump)
        s.jump[side] = max(s.jump[side], cython.cast(uint, jump))


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def probes(m: cython.pointer(Moment)) -> cython.void:
    """Probes of an idle end, or of one with a closed window."""
    s: cython.pointer(Signs)
    new: cint = m.end.nxt != 0 and m.offset == 0 and m.row.len_bytes == 1 and (m.row.flags & FIN) == 0
    if m.other.window == 0 and (m.probe or new):
        have(m).bits |= sign(WINDOW_PROBE)
    elif m.probe and m.other.window != 0:
        s = have(m)
        if m.other.ack == m.end.nxt:
            s.asked[m.side] = 1
            if s.probes[m.side] < 255:
                s.probes[m.side] += 1
        else:
            s.bits |= sign(AGAIN)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def sent_again(m: cython.pointer(Moment)) -> cython.void:
    """Data or a FIN whose numbers were sent before: a retransmission, most of the time."""
    s: cython.pointer(Signs) = have(m)
    side: uint = m.side
    end: cint = m.offset + m.row.len_bytes + cython.cast(cint, m.row.flags & FIN)
    waited: longlong = since(m.row.time_ns, m.own.next_time_ns)
    s.bits |= sign(AGAIN)
    if s.again_ns[side] > m.own.next_time_ns:
        waited = since(m.row.time_ns, s.again_ns[side])
    if end == 0 and waited < COPY_NS and m.offset == -m.row.len_bytes:
        s.copies += 1
        return
    s.again_ns[side] = m.row.time_ns
    s.again_old[side] = m.other.ack != 0 and end <= cython.cast(
        cint, cython.cast(uint, m.other.ack) - cython.cast(uint, m.end.nxt)
    )
    run(m, s, side)
    if m.row.len_bytes > 0:
        s.bits |= why_again(m, waited)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def why_again(m: cython.pointer(Moment), waited: longlong) -> ulonglong:
    """The likely cause, by tshark's flag and the time that passed."""
    if m.bits & IS_OUT_OF_ORDER:
        return sign(REORDERED)
    if m.bits & IS_SPURIOUS:
        return sign(SPURIOUS)
    if m.bits & IS_FAST:
        return sign(FAST)
    if waited >= m.store.limits.rto_min_ns:
        return sign(RTO)
    return sign(FAST) if m.peer.dup_acks else sign(TAIL_PROBE)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def run(m: cython.pointer(Moment), s: cython.pointer(Signs), side: uint) -> cython.void:
    """One piece again and again: how often, and whether the gaps grow."""
    waited: longlong
    ratio: cython.double
    first_ns: longlong
    limits: cython.pointer(Limits) = cython.address(m.store.limits)
    if s.run_count[side] == 0 or s.run_seq[side] != m.row.seq:
        first_ns = m.own.next_time_ns
        s.run_seq[side] = m.row.seq
        s.run_count[side] = 1
        s.run_first_ns[side] = first_ns
        s.run_last_ns[side] = m.row.time_ns
        s.run_wait_ns[side] = 0
        s.run_pairs[side] = 0
        s.run_grown[side] = 0
        s.run_dead[side] = m.peer.last_ack_time_ns > first_ns
    else:
        waited = since(m.row.time_ns, s.run_last_ns[side])
        if s.run_wait_ns[side] > 0:
            ratio = cython.cast(cython.double, waited) / cython.cast(cython.double, s.run_wait_ns[side])
            s.run_pairs[side] += 1
            s.run_grown[side] += limits.backoff_low <= ratio <= limits.backoff_high
        s.run_wait_ns[side] = max(waited, 1)
        s.run_last_ns[side] = m.row.time_ns
        s.run_count[side] += 1
    s.run_bytes[side] = m.row.len_bytes
    if s.run_count[side] + 1 >= limits.storm_copies:
        s.bits |= sign(STORM)
    if m.row.seq == cython.cast(uint, m.end.isn) + 1 and not m.other_sent & SPOKE:
        s.first_copies += 1
