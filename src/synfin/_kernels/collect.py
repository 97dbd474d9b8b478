# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Counters and ledgers of a connection: the compiled twin of `counters` and `collect` in `synfin.watch.follow`.

The rules and their reasons stand there; names here are the same.
"""

import cython
from cython import int as cint
from cython import longlong, uint, ulonglong
from cython.cimports.libc.string import memcmp
from cython.cimports.synfin._kernels.conn import Conn, End, Flow
from cython.cimports.synfin._kernels.judge import RETRANSMITTED
from cython.cimports.synfin._kernels.row import ACK, FIN, RST, SYN, Row, since

if not cython.compiled:
    raise ImportError("the kernel collect is not compiled")


# larger than a constant of an enum may be
NO_MINIMUM = cython.declare(longlong, 1 << 62)


# synfin.watch.follow.collect
BASE = cython.declare(longlong, 1 << 32)
FAR_AHEAD = cython.declare(longlong, 1 << 30)


@cython.cfunc
@cython.nogil
@cython.inline
@cython.exceptval(check=False)
def unwrap(end: cython.pointer(End), raw: uint) -> longlong:
    if end.near == 0:
        end.near = BASE + raw
    return end.near + cython.cast(cint, raw - cython.cast(uint, end.near))


# --- counters -----------------------------------------------------------------------------------------------------


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def legs(conn: cython.pointer(Conn), side: cint, flags: uint, time_ns: longlong) -> cython.void:
    if (flags & (SYN | ACK)) == SYN:
        if conn.syn_side < 0:
            conn.syn_side = side
        if conn.syn_side != side:
            conn.crossed = 1
        if conn.syn_acks == 0:
            conn.syns = min(conn.syns + 1, 2)
            conn.work.syn_ns = time_ns
    elif flags & SYN:
        if conn.syn_side < 0 or conn.syn_side == side:
            return
        if conn.syns == 1 and conn.syn_acks == 0 and not conn.crossed:
            conn.legs_ns[0] = since(time_ns, conn.work.syn_ns)
        conn.syn_acks = min(conn.syn_acks + 1, 2)
        conn.work.syn_ack_ns = time_ns
    elif flags & ACK and conn.syn_acks and conn.syn_side == side:
        conn.acked = 1
        if conn.syn_acks == 1 and not conn.crossed:
            conn.legs_ns[1] = since(time_ns, conn.work.syn_ack_ns)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def count(conn: cython.pointer(Conn), side: uint, row: cython.pointer(Row), frame: uint, bits: uint) -> cython.void:
    own: cython.pointer(Flow) = cython.address(conn.flows[side])
    flags: uint = row.flags
    if conn.first_frame == 0:
        conn.first_frame = frame
        conn.first_ns = row.time_ns
        conn.last_ns = row.time_ns
    conn.last_frame = frame
    if row.time_ns > conn.last_ns:
        conn.last_ns = row.time_ns
    if own.packets == 0:
        conn.ttl[side] = row.ttl
    own.packets += 1
    own.wire_bytes += row.wire_len
    if row.len_bytes > 0:
        own.payload_bytes += cython.cast(ulonglong, row.len_bytes)
    if bits & RETRANSMITTED:
        conn.retransmissions[side] += 1
    if not conn.acked and not flags & RST:
        legs(conn, side, flags, row.time_ns)


# --- ledger -------------------------------------------------------------------------------------------------------


@cython.cfunc
@cython.nogil
@cython.inline
@cython.exceptval(check=False)
def note_ack(own: cython.pointer(End), ack: longlong) -> cython.void:
    if ack > own.ack:
        own.ack_second = own.ack
        own.ack = ack
    elif own.ack_second < ack < own.ack:
        own.ack_second = ack


@cython.cfunc
@cython.nogil
@cython.inline
@cython.exceptval(check=False)
def note(own: cython.pointer(End), flags: uint, seq: longlong, ack: longlong, length: longlong) -> cython.void:
    end: longlong = seq + length
    if flags & RST:
        own.sent |= SENT_RST
        own.rst = max(own.rst, seq)
        own.rst_ack = max(own.rst_ack, ack)
        return
    if flags & SYN:
        end += 1
        own.sent |= SENT_SYN_ACK if flags & ACK else SENT_SYN
        own.isn = max(own.isn, seq)
        own.syn_end = max(own.syn_end, end)
        if length:
            own.sent |= SENT_SYN_DATA
    else:
        if flags & ACK:
            own.sent |= SENT_ACK
        if length:
            own.sent |= SENT_DATA
    if flags & FIN:
        own.sent |= SENT_FIN
        own.fin = max(own.fin, end)
        own.fin_ack_min = min(own.fin_ack_min, ack)
        own.fin_ack_max = max(own.fin_ack_max, ack)
        end += 1
    own.end = max(own.end, end)
    note_ack(own, ack)


@cython.cfunc
@cython.nogil
@cython.inline
@cython.exceptval(check=False)
def believed_ack(own: cython.pointer(End), peer: cython.pointer(End)) -> longlong:
    if own.ack <= peer.end or own.ack_second > peer.end:
        return own.ack
    return own.ack_second


# --- what depends on order ----------------------------------------------------------------------------------------


@cython.cfunc
@cython.nogil
@cython.inline
@cython.exceptval(check=False)
def note_life_after_reset(conn: cython.pointer(Conn), side: uint, end: longlong, ack: longlong) -> cython.void:
    own: cython.pointer(End) = cython.address(conn.work.ends[side])
    peer: cython.pointer(End) = cython.address(conn.work.ends[1 - side])
    accepts_more: cint
    if own.sent & SENT_RST and (end > own.nxt or ack > own.ack):
        own.order &= ~RST_ENDS
        if conn.reset_by == cython.cast(cint, side):
            conn.reset |= RST_SENDER_LIVES
    if not peer.sent & SENT_RST:
        return
    accepts_more = ack > peer.rst + 1 and peer.rst + 1 > 1
    if accepts_more:
        own.order &= ~LIKELY_RST
    if conn.reset_by == cython.cast(cint, 1 - side) and (accepts_more or conn.reset & RST_TENTATIVE):
        conn.reset_by = -1
        conn.reset = 0
        own.order &= ~LIKELY_RST


@cython.cfunc
@cython.nogil
@cython.inline
@cython.exceptval(check=False)
def note_denials(own: cython.pointer(End), peer: cython.pointer(End), flags: uint, ack: longlong) -> cython.void:
    if flags & SYN and own.sent & (SENT_SYN_ACK if flags & ACK else SENT_SYN) and peer.ack > own.isn:
        own.order |= DENIED_SYNED
    if flags & FIN and own.sent & SENT_FIN and peer.ack > own.fin:
        own.order |= DENIED_ACK_OF_FIN
    if peer.sent & SENT_FIN and own.ack <= ack <= peer.fin:
        own.order |= DENIED_FIN
    if flags & FIN:
        peer.order &= ~DENIED_FIN
    if peer.sent & (SENT_SYN | SENT_SYN_ACK) and ack > peer.isn:
        peer.order &= ~DENIED_SYNED
    if peer.sent & SENT_FIN and ack > peer.fin:
        peer.order &= ~DENIED_ACK_OF_FIN


@cython.cfunc
@cython.nogil
@cython.inline
@cython.exceptval(check=False)
def note_unanswered(
    own: cython.pointer(End), peer: cython.pointer(End), flags: uint, seq: longlong, end: longlong, length: longlong
) -> cython.void:
    if own.nxt == 0 or flags & SYN:
        return
    if length <= 1 and not flags & FIN and seq == own.nxt - 1:
        if peer.window != 0:
            own.probes += 1
    elif seq < end <= own.nxt:
        own.retransmissions = own.retransmissions + 1 if seq == own.retransmitted else 1
        own.retransmitted = seq


@cython.cfunc
@cython.nogil
@cython.inline
@cython.exceptval(check=False)
def note_close(
    own: cython.pointer(End), peer: cython.pointer(End), flags: uint, end: longlong, ack: longlong, length: longlong
) -> cython.void:
    if flags & FIN or peer.fin == 0 or ack <= peer.fin:
        return
    if own.fin != 0 and end > own.fin:
        return
    own.acked_fin_apart = 1
    if length and end > own.nxt and own.half_close_end == 0:
        own.half_close_end = end


@cython.cfunc
@cython.nogil
@cython.inline
@cython.exceptval(check=False)
def reach_island(own: cython.pointer(End)) -> cython.void:
    if own.island_lo and own.island_lo <= own.run:
        own.run = max(own.run, own.island_hi)
        own.island_lo = 0
        own.island_hi = 0


@cython.cfunc
@cython.nogil
@cython.inline
@cython.exceptval(check=False)
def note_run(
    own: cython.pointer(End), peer: cython.pointer(End), flags: uint, seq: longlong, end: longlong, ack: longlong
) -> cython.void:
    if peer.run and ack > peer.run and ack <= peer.nxt:
        peer.run = ack
        reach_island(peer)
    if flags & SYN or own.run == 0:
        own.run = end
        own.island_lo = 0
        own.island_hi = 0
    elif seq <= own.run:
        own.run = max(own.run, end)
        reach_island(own)
    elif own.island_lo == 0 or end < own.island_lo:
        own.island_lo = seq
        own.island_hi = end
    elif seq <= own.island_hi:
        own.island_lo = min(own.island_lo, seq)
        own.island_hi = max(own.island_hi, end)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def add_segment(
    conn: cython.pointer(Conn), side: uint, flags: uint, seq: longlong, ack: longlong, length: longlong
) -> cython.void:
    own: cython.pointer(End) = cython.address(conn.work.ends[side])
    peer: cython.pointer(End) = cython.address(conn.work.ends[1 - side])
    end: longlong = seq + length + (flags & FIN) + (flags >> 1 & 1)
    note_life_after_reset(conn, side, end, ack)
    note_denials(own, peer, flags, ack)
    note_unanswered(own, peer, flags, seq, end, length)
    note_close(own, peer, flags, end, ack, length)
    note_run(own, peer, flags, seq, end, ack)
    if flags & SYN:
        if flags & ACK:
            own.syn_acks = min(own.syn_acks + 1, 2)
            if peer.sent & SENT_SYN_DATA and ack == peer.syn_end:
                conn.opening |= OPENING_FAST_OPEN
        else:
            own.syns = min(own.syns + 1, 2)
        own.nxt = end
    note(own, flags, seq, ack, length)
    own.nxt = max(own.nxt, end)
    own.near = own.nxt


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def acceptable(own: cython.pointer(End), peer: cython.pointer(End), seq: longlong, ack: longlong) -> cint:
    furthest: longlong
    if peer.sent & SENT_SYN and not peer.sent & (SENT_SYN_ACK | SENT_ACK | SENT_DATA | SENT_FIN):
        return peer.isn < ack <= peer.syn_end
    if peer.ack == 0:
        return 1
    if seq < peer.ack and not (own.fin != 0 and seq == own.fin):
        return 0
    furthest = max(own.nxt, peer.ack)
    if seq <= furthest:
        return 1
    return 2 if seq - furthest < FAR_AHEAD else 0


@cython.cfunc
@cython.nogil
@cython.inline
@cython.exceptval(check=False)
def both_closed(a: cython.pointer(End), b: cython.pointer(End)) -> cint:
    return (a.sent & b.sent & SENT_FIN) != 0 and a.ack > b.fin and b.ack > a.fin


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def add_reset(
    conn: cython.pointer(Conn), side: uint, row: cython.pointer(Row), seq: longlong, ack: longlong
) -> cython.void:
    own: cython.pointer(End) = cython.address(conn.work.ends[side])
    peer: cython.pointer(End) = cython.address(conn.work.ends[1 - side])
    flags: uint = row.flags
    active: cint = flags & ACK and (row.window > 0 or row.hdr_len > 20 or seq == own.nxt)
    opening: cint = (own.sent & ~(SENT_RST | SENT_SYN | SENT_SYN_DATA)) == 0
    reply: cint
    midstream: cint
    place: cint
    if opening and not own.sent & SENT_SYN:
        if peer.sent & SENT_SYN_ACK and not peer.sent & SENT_SYN:
            conn.opening |= OPENING_UNSOLICITED
            own.order |= DENIED_SYNED
        elif peer.sent & SENT_SYN and peer.isn < ack <= peer.syn_end:
            conn.opening |= OPENING_REFUSED
    elif opening and peer.sent & SENT_SYN_ACK and seq == peer.ack:
        conn.opening |= OPENING_REJECTED
        own.order |= DENIED_SYNED
    reply = opening and own.sent & SENT_SYN and not flags & ACK and seq != own.isn + 1 and seq != own.syn_end
    midstream = not (own.sent | peer.sent) & (SENT_SYN | SENT_SYN_ACK)
    if midstream or not opening or (own.sent & SENT_SYN and not reply):
        own.order |= RST_ENDS
    place = 0 if reply else acceptable(own, peer, seq, ack)
    if place:
        peer.order |= LIKELY_RST
        if conn.reset_by < 0 and not both_closed(own, peer):
            conn.reset_by = side
            conn.reset = RST_ACTIVE if active else 0
            if own.sent & SENT_FIN:
                conn.reset |= RST_AFTER_OWN_FIN
            if peer.sent & SENT_FIN:
                conn.reset |= RST_AFTER_PEER_FIN
            if own.probes:
                conn.reset |= RST_AFTER_PROBES
            if place > 1:
                conn.reset |= RST_TENTATIVE
    note(own, flags, seq, ack, 0)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def note_segment(conn: cython.pointer(Conn), side: uint, row: cython.pointer(Row)) -> cython.void:
    own: cython.pointer(End) = cython.address(conn.work.ends[side])
    peer: cython.pointer(End) = cython.address(conn.work.ends[1 - side])
    flags: uint = row.flags
    seq: longlong
    ack: longlong = 0
    if conn.first_side < 0:
        conn.first_side = side
        conn.work.collected_ns = row.time_ns
        if (flags & (SYN | ACK | RST)) == (SYN | ACK):
            conn.opening |= OPENING_FIRST_IS_SYN_ACK
    elif (flags & (SYN | RST)) == SYN and not (own.sent | peer.sent) & (SENT_SYN | SENT_SYN_ACK):
        conn.opening |= OPENING_LATE_SYN
    if row.time_ns > conn.work.collected_ns:
        conn.work.collected_ns = row.time_ns
    if flags & ACK:
        ack = unwrap(peer, row.ack)
    if flags & RST:
        seq = 0 if flags & ACK and own.near == 0 and row.seq == 0 else unwrap(own, row.seq)
        add_reset(conn, side, row, seq, ack)
    else:
        seq = unwrap(own, row.seq)
        add_segment(conn, side, flags, seq, ack, row.len_bytes)
        own.window = row.window
    peer.probes = 0
    peer.retransmissions = 0


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def add(conn: cython.pointer(Conn), side: uint, row: cython.pointer(Row)) -> cython.void:
    """Note a segment whose header is whole and whose length is known; of a socket connected to itself, at both ends."""
    note_segment(conn, side, row)
    if conn.low_port == conn.high_port and memcmp(conn.low, conn.high, 16) == 0:
        note_segment(conn, 1 - side, row)
        conn.work.ends[1 - side].order = conn.work.ends[side].order


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def note_unreachable(conn: cython.pointer(Conn), side: uint, row: cython.pointer(Row)) -> cython.void:
    """An ICMP error that rejects the SYN it quotes; `side` sent that SYN."""
    if conn.work.ends[side].syns and cython.cast(uint, conn.work.ends[side].isn) == row.seq:
        conn.opening |= OPENING_ICMP_REJECTED


# --- judgement ----------------------------------------------------------------------------------------------------


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def is_over(conn: cython.pointer(Conn)) -> cint:
    if not (conn.work.ends[0].sent | conn.work.ends[1].sent) & (SENT_ACK | SENT_DATA):
        return 0
    return conn.reset_by >= 0 or both_closed(cython.address(conn.work.ends[0]), cython.address(conn.work.ends[1]))


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def has_ended(conn: cython.pointer(Conn)) -> cint:
    """Whether nothing but copies and leftovers is to be expected: it is closed, was reset, or never opened."""
    if not (conn.work.ends[0].sent | conn.work.ends[1].sent) & (SENT_ACK | SENT_DATA):
        return 1
    return is_over(conn)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def sent_by(conn: cython.pointer(Conn), side: uint) -> uint:
    return conn.sent[side] if conn.work == cython.NULL else conn.work.ends[side].sent


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def client_side(conn: cython.pointer(Conn)) -> cint:
    """Who opened, -1 unknown; of two the one that sent the first segment."""
    first: uint = conn.first_side if conn.first_side > 0 else 0
    ours: uint = sent_by(conn, first)
    theirs: uint = sent_by(conn, 1 - first)
    if ours & SENT_SYN:
        return first
    if theirs & SENT_SYN:
        return 1 - first
    if theirs & SENT_SYN_ACK:
        return first
    if ours & SENT_SYN_ACK:
        return 1 - first
    return -1
