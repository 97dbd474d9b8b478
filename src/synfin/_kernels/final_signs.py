# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""What the signs of a connection come to when it is over, or looked at."""

import cython
from cython import uint, ulonglong
from cython.cimports.synfin._kernels.collect import RST_SENDER_LIVES, SENT_DATA, SENT_FIN, SENT_SYN
from cython.cimports.synfin._kernels.conn import Conn, End, Flow
from cython.cimports.synfin._kernels.moment import rtt_of
from cython.cimports.synfin._kernels.noticed import Entry, Limits, Signs, Store, signs_at
from cython.cimports.synfin._kernels.row import since
from cython.cimports.synfin._kernels.sign import (
    BLACK_HOLE,
    CONNTRACK,
    COPIES,
    CROSSED_FIN,
    DOUBLED,
    FORGOTTEN,
    HOLE,
    KEEP_ALIVE_DEAD,
    LOST_STATE,
    MISSING,
    NAGLE,
    OF_RESET_CONNTRACK,
    OF_RESET_CROSSED,
    OF_RESET_LOST,
    OF_RESET_UNREAD,
    OF_RESET_WRITE,
    ONE_DIRECTION,
    ONE_WAY,
    PEER_SILENT,
    PROBE,
    SERVER_SILENT,
    SILLY,
    SLOW_CLIENT,
    SLOW_WIRE,
    SPOKE,
    STALL,
    STORM,
    SYN_BACKOFF,
    UNREAD,
    WINDOW_FULL,
    WRITE_AFTER_CLOSE,
    sign,
)

if not cython.compiled:
    raise ImportError("the kernel final_signs is not compiled")


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def told(store: cython.pointer(Store), conn: cython.pointer(Conn), client: uint) -> ulonglong:
    """The signs of a connection, as SIGNS names them; its `Work` is there."""
    entry: cython.pointer(Entry) = store.entries + conn.index
    ours: cython.pointer(End) = cython.address(conn.work.ends[client])
    theirs: cython.pointer(End) = cython.address(conn.work.ends[1 - client])
    found: ulonglong = 0
    copies: cython.double
    s: cython.pointer(Signs)
    if rtt_of(conn) > store.limits.slow_wire_ns and ours.syns == 1 and theirs.syn_acks == 1:
        found |= sign(SLOW_WIRE)
    if conn.flows[0].packets == 0 or conn.flows[1].packets == 0:
        if (ours.sent | theirs.sent) & ~SENT_SYN:
            found |= sign(ONE_WAY)
    if entry.signs == 0:
        return found
    s = signs_at(store, entry.signs - 1)
    found |= s.bits
    if s.syn_gaps >= 2 and s.backoff:
        found |= sign(SYN_BACKOFF)
    if theirs.syn_acks != 1:
        found &= ~sign(SLOW_CLIENT)
    if s.first_copies >= store.limits.silent_retransmissions and not theirs.sent & SPOKE:
        found |= sign(SERVER_SILENT)
    copies = store.limits.duplicates_share * (conn.flows[0].packets + conn.flows[1].packets)
    if s.copies >= store.limits.duplicates and s.copies >= copies:
        found |= sign(COPIES)
    if s.copies + s.doubled >= store.limits.duplicates and s.copies + s.doubled >= copies:
        found |= sign(DOUBLED)
    return found | of_resets(store, conn, s, client) | of_ends(store, conn, s)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def of_resets(
    store: cython.pointer(Store), conn: cython.pointer(Conn), s: cython.pointer(Signs), client: uint
) -> ulonglong:
    found: ulonglong = 0
    ours: cython.pointer(End) = cython.address(conn.work.ends[client])
    theirs: cython.pointer(End) = cython.address(conn.work.ends[1 - client])
    why: uint
    if s.reset_acks[client] and not s.reset[1 - client] and not (ours.sent | theirs.sent) & (SENT_DATA | SENT_FIN):
        if since(s.reset_ns[client], conn.first_ns) <= store.limits.probe_life_ns:
            found |= sign(PROBE)
    if conn.reset_by < 0 or conn.reset & RST_SENDER_LIVES:
        return found
    why = s.of_reset[conn.reset_by]
    if why & OF_RESET_UNREAD:
        found |= sign(UNREAD)
    if why & OF_RESET_WRITE:
        found |= sign(WRITE_AFTER_CLOSE)
    if why & OF_RESET_CROSSED:
        found |= sign(CROSSED_FIN)
    if why & OF_RESET_LOST:
        found |= sign(LOST_STATE)
    if why & OF_RESET_CONNTRACK:
        found |= sign(CONNTRACK)
    return found


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def of_ends(store: cython.pointer(Store), conn: cython.pointer(Conn), s: cython.pointer(Signs)) -> ulonglong:
    """What holds of either end."""
    found: ulonglong = 0
    limits: cython.pointer(Limits) = cython.address(store.limits)
    own: cython.pointer(End)
    peer: cython.pointer(End)
    flow: cython.pointer(Flow)
    closed_ns: cython.double
    passed: ulonglong
    side: uint
    for side in range(2):
        own = cython.address(conn.work.ends[side])
        peer = cython.address(conn.work.ends[1 - side])
        flow = cython.address(conn.flows[side])
        closed_ns = cython.cast(cython.double, s.closed_ns[side])
        if s.shut[side]:
            closed_ns += since(conn.last_ns, s.shut_ns[side])
        if closed_ns >= limits.stall_ns:
            found |= sign(STALL)
        if s.probes[side] >= 2:
            found |= sign(KEEP_ALIVE_DEAD)
        if s.filled[side] >= limits.window_full_times:
            found |= sign(WINDOW_FULL)
        if s.stalls[side] >= limits.nagle_stalls:
            found |= sign(NAGLE)
        if s.tiny[side] >= limits.silly_segments:
            found |= sign(SILLY)
        if conn.retransmissions[side] >= limits.storm_share * flow.packets and flow.packets >= limits.storm_segments:
            found |= sign(STORM)
        if s.jumps[side] > 1:
            passed = s.jumped[side] - s.jump[side]
            if conn.flows[1 - side].payload_bytes <= (1 - limits.one_way_share) * passed:
                found |= sign(MISSING) | sign(HOLE) if conn.flows[1 - side].packets else sign(ONE_DIRECTION)
        if s.run_count[side] >= limits.silent_retransmissions:
            found |= in_vain(store, s, own, peer, side)
    return found


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def in_vain(
    store: cython.pointer(Store),
    s: cython.pointer(Signs),
    own: cython.pointer(End),
    peer: cython.pointer(End),
    side: uint,
) -> ulonglong:
    """One piece was sent again and again, to the end."""
    found: ulonglong = 0
    if s.run_bytes[side] >= store.limits.full_size_bytes and peer.ack and peer.ack < own.nxt:
        found |= sign(BLACK_HOLE)
    if s.run_dead[side] or peer.window == 0 or not peer.sent & SPOKE:
        return found
    if s.run_pairs[side] == 0 or 2 * s.run_grown[side] < s.run_pairs[side]:
        return found
    found |= sign(PEER_SILENT)
    if s.has_resumed and s.resumed_ns == s.run_first_ns[side]:
        found |= sign(FORGOTTEN)
    return found
