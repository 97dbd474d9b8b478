# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""tshark's sequence analysis of one segment: the compiled twin of `synfin.watch.follow.analysis`."""

import cython
from cython import int as cint
from cython import uchar, uint, ulonglong
from cython.cimports.synfin._kernels import flight
from cython.cimports.synfin._kernels.conn import VALUE_ANALYSED, Conn, Flow, Value
from cython.cimports.synfin._kernels.row import ACK, FIN, RST, SYN, Row, diff, since

if not cython.compiled:
    raise ImportError("the kernel judge is not compiled")


ALL_ONES = cython.declare(uint, 0xFFFFFFFF)


@cython.cfunc
@cython.nogil
@cython.inline
@cython.exceptval(check=False)
def same_again(own: cython.pointer(Flow), row: cython.pointer(Row), length: uint) -> cint:
    return length == 0 and row.seq == own.next_seq and row.ack == own.last_ack and (row.flags & (SYN | FIN | RST)) == 0


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def window_events(
    own: cython.pointer(Flow), peer: cython.pointer(Flow), row: cython.pointer(Row), length: uint, decided: cython.p_int
) -> uint:
    """Steps 1 to 7 of tshark's sequence analysis."""
    bits: uint = 0
    shift: cint
    quiet: cint = (row.flags & (SYN | FIN | RST)) == 0
    same: cint
    decided[0] = 1
    if length == 1 and row.seq == own.next_seq and peer.window == 0:
        return ZERO_WINDOW_PROBE
    if row.window == 0 and quiet:
        bits |= ZERO_WINDOW
    if own.next_seq != 0 and diff(own.next_seq, row.seq) < 0 and (row.flags & RST) == 0:
        bits |= LOST_SEGMENT
    if length <= 1 and row.seq == own.next_seq - 1 and quiet:
        bits |= KEEP_ALIVE
    same = same_again(own, row, length)
    if same and row.window != 0 and row.window != own.window:
        bits |= WINDOW_UPDATE
    if length != 0 and quiet and peer.scale != -1:
        shift = 0 if peer.only_syn or peer.scale < 0 else peer.scale
        if row.seq + length == peer.last_ack + (peer.window << shift):
            bits |= WINDOW_FULL
    if same and row.window != 0 and row.window == own.window and peer.probed & PROBED_KEEP_ALIVE:
        return bits | KEEP_ALIVE_ACK
    if same and row.window == 0 and own.window == 0 and peer.probed & PROBED_ZERO_WINDOW:
        return bits | ZERO_WINDOW_PROBE_ACK
    decided[0] = 0
    return bits


@cython.cfunc
@cython.nogil
@cython.inline
@cython.exceptval(check=False)
def acks_unseen(peer: cython.pointer(Flow), row: cython.pointer(Row), value: cython.pointer(Value)) -> uint:
    first: cint
    if peer.max_ackable == 0 or (row.flags & ACK) == 0 or diff(peer.max_ackable, row.ack) >= 0:
        return 0
    if diff(peer.max_ackable, peer.next_seq) < 0:
        peer.max_ackable = peer.next_seq
        return ACK_LOST_SEGMENT
    first = peer.dup_acks == 0
    peer.dup_acks = ALL_ONES
    if value != cython.NULL:
        value.marks |= VALUE_ANALYSED  # even where it is not said again
    return ACK_LOST_SEGMENT if first else 0


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def sent_before(
    conn: cython.pointer(Conn),
    own: cython.pointer(Flow),
    peer: cython.pointer(Flow),
    row: cython.pointer(Row),
    length: uint,
) -> uint:
    """Step 11: spurious, fast, out of order or plain retransmission; the first that fits."""
    end: uint = row.seq + length
    old: cint = own.next_seq != 0 and diff(row.seq, own.next_seq) < 0
    limit: ulonglong
    if length > 1 and row.seq == own.next_seq - 1:
        old = 0
    if length != 0 and peer.last_ack != 0 and diff(end, peer.last_ack) <= 0:
        return SPURIOUS
    if not old:
        return 0
    if (
        peer.dup_acks >= 2
        and peer.last_ack == row.seq
        and cython.cast(ulonglong, since(row.time_ns, peer.last_ack_time_ns)) < 20000000
    ):
        return FAST
    limit = cython.cast(ulonglong, conn.initial_rtt_ns) if conn.initial_rtt_ns != 0 else 3000000
    if row.flags & (SYN | FIN):
        end += 1
    if cython.cast(ulonglong, since(row.time_ns, own.next_time_ns)) < limit and own.next_seq != end:
        return OUT_OF_ORDER
    return RETRANSMISSION


@cython.cfunc
@cython.nogil
@cython.inline
@cython.exceptval(check=False)
def repeats(
    conn: cython.pointer(Conn), side: uint, row: cython.pointer(Row), length: uint, value: cython.pointer(Value)
) -> uint:
    """Step 8; an ACK repeated for a Multipath TCP operation is no duplicate (RFC 8684 section 4)."""
    own: cython.pointer(Flow) = cython.address(conn.flows[side])
    if row.window == 0 or row.window != own.window or not same_again(own, row, length):
        return 0
    if conn.operations != conn.flow_operations[side]:
        return 0
    own.dup_acks = 1 if own.dup_acks == ALL_ONES else own.dup_acks + 1
    if value != cython.NULL:
        value.duplicate_ack_num = own.dup_acks
        value.duplicate_ack_frame = conn.flights[side].first_ack_frame
    return DUPLICATE_ACK


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def remember(
    conn: cython.pointer(Conn), side: uint, row: cython.pointer(Row), length: uint, frame: uint, bits: uint
) -> cython.void:
    """Steps 12 to 15. While the list of what is in flight is full, SYN and FIN count for nothing."""
    own: cython.pointer(Flow) = cython.address(conn.flows[side])
    end: uint = row.seq + length
    if length != 0 or row.flags & (SYN | FIN):
        if conn.flights == cython.NULL:
            end += 1 if row.flags & (SYN | FIN) else 0
        elif conn.flights[side].count < conn.flights[side].room:
            end += 1 if row.flags & (SYN | FIN) else 0
            flight.add(conn.flights + side, row, frame, end)
    if (bits & ZERO_WINDOW_PROBE) == 0:
        if own.next_seq == 0 or diff(own.next_seq, end) < 0:
            own.next_seq = end
            own.next_time_ns = row.time_ns
            if conn.flights != cython.NULL:
                conn.flights[side].next_frame = frame
        if own.max_ackable == 0 or row.seq == own.max_ackable:
            own.max_ackable = own.next_seq
    own.window = row.window
    own.probed = cython.cast(uchar, bits >> PROBED_SHIFT)
    own.last_ack = row.ack
    own.last_ack_time_ns = row.time_ns
    conn.flow_operations[side] = conn.operations


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def judge(
    conn: cython.pointer(Conn), side: uint, row: cython.pointer(Row), frame: uint, value: cython.pointer(Value)
) -> uint:
    """tshark's sequence analysis of a segment whose length is known.

    `value` is NULL where only flags are asked for; else there is room for the segment in `conn.flights`.
    """
    own: cython.pointer(Flow) = cython.address(conn.flows[side])
    peer: cython.pointer(Flow) = cython.address(conn.flows[1 - side])
    length: uint = cython.cast(uint, row.len_bytes)
    decided: cint = 0
    bits: uint = window_events(own, peer, row, length, cython.address(decided))
    if not decided:
        bits |= repeats(conn, side, row, length, value)
    if row.ack != own.last_ack:
        own.dup_acks = 0
        if value != cython.NULL:
            conn.flights[side].first_ack_frame = frame
    bits |= acks_unseen(peer, row, value)
    if (length != 0 or row.flags & (SYN | FIN)) and (bits & KEEP_ALIVE) == 0:
        bits |= sent_before(conn, own, peer, row, length)
    if value != cython.NULL:
        if row.flags & ACK:
            conn.flights[1 - side].unsure = 0
        if bits & LOST_SEGMENT:
            conn.flights[side].unsure = 1
        if bits & RETRANSMISSION:
            flight.time_out(conn.flights + side, own, row, value)
    remember(conn, side, row, length, frame, bits)
    if value != cython.NULL:
        flight.measure(conn, side, row, length, value)
        if bits:
            value.marks |= VALUE_ANALYSED
    return bits
