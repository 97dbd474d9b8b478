# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""When a connection is undisturbed, or closed in good order, and its `Work` can be put away.

Then everything that the ledgers, the stepping and Zeek's view know of a direction follows from two numbers of its flow
(what it sent up to, what it acknowledged up to) and from `Kept`; `take_out` makes the same `Work` again.
"""

import cython
from cython import longlong, uchar, uint
from cython.cimports.libc.string import memset
from cython.cimports.synfin._kernels import zeek
from cython.cimports.synfin._kernels.conn import (
    FAMILIAR_ACK,
    FAMILIAR_DATA,
    KEPT_APART,
    Conn,
    End,
    Flow,
    Kept,
    Work,
    ZeekEnd,
)
from cython.cimports.synfin._kernels.row import Row

if not cython.compiled:
    raise ImportError("the kernel calm is not compiled")

NO_MINIMUM = cython.declare(longlong, 1 << 62)
ALL_ONES = cython.declare(uint, 0xFFFFFFFF)


@cython.cfunc
@cython.nogil
@cython.inline
@cython.exceptval(check=False)
def in_order(own: cython.pointer(End), peer: cython.pointer(End), flow: cython.pointer(Flow)) -> cython.bint:
    """Whether the ledger of `own` says no more than its flow."""
    if own.sent & SENT_FIN_RST or own.order or own.retransmissions or own.probes:
        return False
    # who has sent no more than a SYN,ACK is not `familiar`
    if not own.sent & (SENT_ACK | SENT_SYN_ACK) or (own.sent & SENT_ACK and flow.only_syn):
        return False
    if own.nxt != own.near or own.nxt != own.end or own.nxt != own.run or own.island_lo:
        return False
    if cython.cast(uint, own.nxt) != flow.next_seq or flow.next_seq != flow.max_ackable or flow.next_seq == 0:
        return False
    if cython.cast(uint, own.ack) != flow.last_ack or own.ack > peer.nxt or peer.nxt - own.ack > WRAPS:
        return False
    return own.window > 0 and cython.cast(uint, own.window) == flow.window


@cython.cfunc
@cython.nogil
@cython.inline
@cython.exceptval(check=False)
def whole(own: cython.pointer(ZeekEnd), flow: cython.pointer(Flow), peer: cython.pointer(Flow)) -> cython.bint:
    """Whether Zeek's view of an end says no more than the flows."""
    distance: uint = flow.next_seq - own.start
    if own.state == INACTIVE or own.state == RESET or not own.met or own.has_fin or own.syn_at:
        return False
    if own.last != flow.next_seq or own.acked != peer.last_ack or (distance > WRAPS and not own.wrapped):
        return False
    if own.pieces.beyond or own.pieces.given_up or own.pieces.whole != distance:
        return False
    return own.pieces.trimmed == own.acked - own.start


@cython.cfunc
@cython.nogil
@cython.inline
@cython.exceptval(check=False)
def familiar(conn: cython.pointer(Conn), side: uint) -> uchar:
    """Which kinds of segment all have noted already that note them once."""
    own: cython.pointer(End) = cython.address(conn.work.ends[side])
    shown: uint = conn.work.zeek.ends[side].shown
    known: uchar = 0
    if not own.sent & SENT_ACK:
        return 0
    if own.sent & SENT_DATA and shown & SHOWN_DATA and conn.completeness & SEEN_DATA:
        known |= FAMILIAR_DATA
    if shown & SHOWN_ACK and conn.completeness & SEEN_ACK:
        known |= FAMILIAR_ACK
    return known


@cython.cfunc
@cython.nogil
@cython.inline
@cython.exceptval(check=False)
def is_calm(conn: cython.pointer(Conn)) -> cython.bint:
    work: cython.pointer(Work) = conn.work
    side: uint
    if not in_order(cython.address(work.ends[0]), cython.address(work.ends[1]), cython.address(conn.flows[0])):
        return False
    if not in_order(cython.address(work.ends[1]), cython.address(work.ends[0]), cython.address(conn.flows[1])):
        return False
    for side in range(2):
        if not whole(
            cython.address(work.zeek.ends[side]),
            cython.address(conn.flows[side]),
            cython.address(conn.flows[1 - side]),
        ):
            return False
        if not conn.has_base[side] or conn.flow_operations[side] != conn.operations:
            return False
        if not conn.handed_over and conn.states[side] != ESTABLISHED:
            return False
    if conn.number == ALL_ONES or conn.last_ns != work.collected_ns or conn.reset_by >= 0:
        return False
    if conn.syn_time_ns != 0 and conn.initial_rtt_ns == 0:
        return False
    return conn.acked or (conn.syns == 0 and conn.syn_acks == 0)


@cython.cfunc
@cython.nogil
@cython.inline
@cython.exceptval(check=False)
def rests(conn: cython.pointer(Conn), side: uint) -> cython.bint:
    """Whether an end sent its FIN last, all of it in order and acknowledged, and nothing is to be said beside that."""
    own: cython.pointer(End) = cython.address(conn.work.ends[side])
    peer: cython.pointer(End) = cython.address(conn.work.ends[1 - side])
    seen: cython.pointer(ZeekEnd) = cython.address(conn.work.zeek.ends[side])
    flow: cython.pointer(Flow) = cython.address(conn.flows[side])
    distance: uint = flow.next_seq - seen.start
    if own.sent & SENT_RST or own.order or own.retransmissions or own.probes or own.island_lo or own.half_close_end:
        return False
    if own.nxt != own.near or own.nxt != own.end or own.nxt != own.run or own.fin != own.nxt - 1:
        return False
    if (
        cython.cast(uint, own.nxt) != flow.next_seq
        or own.ack != peer.nxt
        or cython.cast(uint, own.ack) != flow.last_ack
    ):
        return False
    if own.fin_ack_min != own.fin_ack_max or own.fin_ack_min > peer.nxt or peer.nxt - own.fin_ack_min > WRAPS:
        return False
    if own.window < 0 or cython.cast(uint, own.window) != flow.window:
        return False
    if not seen.met or not seen.has_fin or seen.syn_at or seen.rst_at or seen.last != flow.next_seq:
        return False
    if seen.acked != flow.next_seq or seen.fin_end != distance or seen.fin_at != distance - 1:
        return False
    if seen.pieces.beyond or seen.pieces.given_up or seen.pieces.whole != distance - 1:
        return False
    return seen.pieces.trimmed == distance - 1


@cython.cfunc
@cython.nogil
@cython.inline
@cython.exceptval(check=False)
def is_closed(conn: cython.pointer(Conn)) -> cython.bint:
    work: cython.pointer(Work) = conn.work
    if not work.ends[0].sent & work.ends[1].sent & SENT_FIN:
        return False
    if conn.number == ALL_ONES or conn.last_ns != work.collected_ns or conn.reset_by >= 0:
        return False
    if not conn.acked and (conn.syns or conn.syn_acks):
        return False
    return rests(conn, 0) and rests(conn, 1)


@cython.cfunc
@cython.nogil
@cython.inline
@cython.exceptval(check=False)
def furthest(flow: cython.pointer(Flow), seen: cython.pointer(ZeekEnd)) -> uint:
    """How far undisturbed segments may go; not to the number 0, which stands for an unknown one."""
    limit: uint = flow.next_seq + HALF_OF_IT if seen.wrapped else seen.start + WRAPS
    return limit if limit - flow.next_seq < 0 - flow.next_seq else ALL_ONES


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def settle(conn: cython.pointer(Conn)) -> cython.bint:
    """After a segment that was followed in full: whether the next ones may be `undisturbed`, the `Work` put away."""
    flow: cython.pointer(Flow)
    seen: cython.pointer(ZeekEnd)
    side: uint
    if not is_calm(conn):
        conn.flows[0].familiar = 0
        conn.flows[1].familiar = 0
        return is_closed(conn)
    for side in range(2):
        flow = cython.address(conn.flows[side])
        seen = cython.address(conn.work.zeek.ends[side])
        flow.familiar = familiar(conn, side)
        flow.limit = furthest(flow, seen)
    return True


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def put_away(conn: cython.pointer(Conn)) -> cython.void:
    """Keep what an undisturbed connection's `Work` cannot be made again from; the caller takes the `Work`."""
    own: cython.pointer(End)
    seen: cython.pointer(ZeekEnd)
    kept: cython.pointer(Kept)
    side: uint
    for side in range(2):
        own = cython.address(conn.work.ends[side])
        seen = cython.address(conn.work.zeek.ends[side])
        kept = cython.address(conn.kept[side])
        conn.sent[side] = own.sent | (KEPT_APART if own.acked_fin_apart else 0)
        conn.fin_ack[side] = cython.cast(uint, conn.work.ends[1 - side].nxt - own.fin_ack_min)
        conn.syns_of[side] = own.syns
        conn.syn_acks_of[side] = own.syn_acks
        kept.isn = own.isn
        kept.near = own.near
        kept.syn_len = cython.cast(uint, own.syn_end - own.isn)
        kept.start = seen.start
        kept.gaps = seen.gaps
        kept.repeats = seen.repeats
        kept.zero_windows = seen.zero_windows
        kept.state = seen.state
        kept.before = seen.before
        kept.wrapped = seen.wrapped
        kept.shown = seen.shown
    conn.work = cython.NULL


@cython.cfunc
@cython.nogil
@cython.inline
@cython.exceptval(check=False)
def close_again(conn: cython.pointer(Conn), side: uint) -> cython.void:
    """What the FIN changed, where both were sent."""
    own: cython.pointer(End) = cython.address(conn.work.ends[side])
    seen: cython.pointer(ZeekEnd) = cython.address(conn.work.zeek.ends[side])
    own.fin = own.nxt - 1
    own.fin_ack_min = conn.work.ends[1 - side].nxt - conn.fin_ack[side]
    own.fin_ack_max = own.fin_ack_min
    seen.has_fin = 1
    seen.fin_end = seen.pieces.whole
    seen.fin_at = seen.fin_end - 1
    seen.pieces.whole = seen.fin_at
    seen.pieces.trimmed = seen.fin_at


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def take_out(conn: cython.pointer(Conn), work: cython.pointer(Work)) -> cython.void:
    """Give a connection whose `Work` was put away another one, as if it never had been."""
    flow: cython.pointer(Flow)
    own: cython.pointer(End)
    seen: cython.pointer(ZeekEnd)
    kept: cython.pointer(Kept)
    side: uint
    memset(work, 0, cython.sizeof(Work))
    conn.work = work
    work.zeek.tale = cython.address(conn.tale)
    work.collected_ns = conn.last_ns
    for side in range(2):
        flow = cython.address(conn.flows[side])
        own = cython.address(work.ends[side])
        kept = cython.address(conn.kept[side])
        own.sent = conn.sent[side] & ~KEPT_APART
        own.acked_fin_apart = 1 if conn.sent[side] & KEPT_APART else 0
        own.syns = conn.syns_of[side]
        own.syn_acks = conn.syn_acks_of[side]
        own.isn = kept.isn
        own.syn_end = kept.isn + kept.syn_len
        own.near = kept.near + cython.cast(uint, flow.next_seq - cython.cast(uint, kept.near))
        own.nxt = own.near
        own.end = own.near
        own.run = own.near
        own.window = flow.window
        own.fin_ack_min = NO_MINIMUM
        seen = cython.address(work.zeek.ends[side])
        seen.start = kept.start
        seen.gaps = kept.gaps
        seen.repeats = kept.repeats
        seen.zero_windows = kept.zero_windows
        seen.state = kept.state
        seen.before = kept.before
        seen.wrapped = kept.wrapped
        seen.shown = kept.shown
        seen.met = 1
        seen.last = flow.next_seq
        seen.acked = conn.flows[1 - side].last_ack
        seen.pieces.whole = flow.next_seq - kept.start
        seen.pieces.trimmed = seen.acked - kept.start
    for side in range(2):
        own = cython.address(work.ends[side])
        flow = cython.address(conn.flows[1 - side])
        own.ack = work.ends[1 - side].near - cython.cast(uint, flow.next_seq - conn.flows[side].last_ack)
        if own.sent & SENT_FIN:
            close_again(conn, side)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def acquaint(conn: cython.pointer(Conn), side: uint, row: cython.pointer(Row)) -> cython.void:
    """Note a kind of segment that is new to an undisturbed connection: an end's first data, its first ACK alone."""
    kept: cython.pointer(Kept) = cython.address(conn.kept[side])
    conn.sent[side] |= SENT_ACK
    conn.flows[side].only_syn = 0
    if row.len_bytes != 0:
        conn.sent[side] |= SENT_DATA
        conn.completeness |= SEEN_DATA
        conn.flows[side].familiar |= FAMILIAR_DATA
        if not kept.shown & SHOWN_DATA:
            kept.shown |= SHOWN_DATA
            zeek.letter(cython.address(conn.tale), 68, side)
    else:
        conn.completeness |= SEEN_ACK
        conn.flows[side].familiar |= FAMILIAR_ACK
        if not kept.shown & SHOWN_ACK:
            kept.shown |= SHOWN_ACK
            zeek.letter(cython.address(conn.tale), 65, side)
