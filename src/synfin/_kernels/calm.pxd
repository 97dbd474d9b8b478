# cython: language_level=3
"""Undisturbed connections: what is in order, acknowledges what was captured and says nothing else is followed here.

Inline, for `follow` to compile into its loop. `calm.py` tells when a connection is undisturbed.
"""
from synfin._kernels.conn cimport FAMILIAR_ACK, FAMILIAR_DATA, Conn, Flow, Work
from synfin._kernels.row cimport KIND_QUOTED, Row

cdef bint settle(Conn* conn) noexcept nogil
cdef void put_away(Conn* conn) noexcept nogil
cdef void take_out(Conn* conn, Work* work) noexcept nogil

# Whether the segment changes nothing but what `advance` does; the row holds a TCP header.
cdef inline bint undisturbed(Conn* conn, unsigned int side, Row* row) noexcept nogil:
    cdef Flow* own = &conn.flows[side]
    cdef Flow* peer = &conn.flows[1 - side]
    cdef unsigned int length = <unsigned int> row.len_bytes
    cdef unsigned int end = row.seq + length
    cdef int advance = <int> (row.ack - own.last_ack)
    if row.seq != own.next_seq or not own.familiar & (FAMILIAR_DATA if length else FAMILIAR_ACK):
        return False
    if (row.flags & 0x17) != 0x10 or row.kind & KIND_QUOTED:  # ACK without SYN, FIN and RST
        return False
    # an ACK alone that brings no news is a duplicate or a window update
    if advance < (0 if length else 1) or <int> (peer.next_seq - row.ack) < 0:
        return False
    # numbers that are 0 stand for unknown ones
    if end == 0 or row.ack == 0 or <int> (own.limit - end) < 0:
        return False
    # an unknown length is negative, and more than was captured
    return (
        row.len_bytes >= 0 and row.captured >= length and row.hdr_len >= 20 and row.window != 0
        and row.wscale < 0 and row.operations == 0
    )

# What `judge` does with such a segment.
cdef inline void advance(Flow* own, Row* row) noexcept nogil:
    cdef unsigned int end = row.seq + <unsigned int> row.len_bytes
    if row.len_bytes != 0:
        own.next_time_ns = row.time_ns
    own.next_seq = end
    own.max_ackable = end
    if row.ack != own.last_ack:
        own.dup_acks = 0
    own.last_ack = row.ack
    own.last_ack_time_ns = row.time_ns
    own.window = row.window
    own.probed = 0

# What `collect.count` does with it.
cdef inline void tally(Conn* conn, Flow* own, Row* row, unsigned int frame) noexcept nogil:
    conn.last_frame = frame
    if row.time_ns > conn.last_ns:
        conn.last_ns = row.time_ns
    own.packets += 1
    own.wire_bytes += row.wire_len
    own.payload_bytes += <unsigned long long> row.len_bytes

# The one analysis flag that such a segment may have: tshark's WINDOW_FULL, to be asked before `advance`.
cdef inline unsigned int fills_window(Flow* own, Flow* peer, Row* row) noexcept nogil:
    cdef unsigned int shift = 0 if peer.only_syn or peer.scale < 0 else peer.scale
    if row.len_bytes == 0 or peer.scale == -1 or own.next_seq + row.len_bytes != peer.last_ack + (peer.window << shift):
        return 0
    return 4096
