# cython: language_level=3
"""Undisturbed connections: what is in order, acknowledges what was captured and says nothing else is followed here.

Inline, for `follow` to compile into its loop. `calm.py` tells when a connection is undisturbed.
"""
from synfin._kernels.conn cimport FAMILIAR_DATA, Conn, Flow, Work
from synfin._kernels.row cimport Row

cdef bint settle(Conn* conn) noexcept nogil
cdef void put_away(Conn* conn) noexcept nogil
cdef void acquaint(Conn* conn, unsigned int side, Row* row) noexcept nogil
cdef void take_out(Conn* conn, Work* work) noexcept nogil

# 0 where the segment changes nothing but what `advance`, `tally` and, where it is `unfamiliar`, `acquaint` do; the
# row holds a TCP header, the connection is undisturbed. Which of its
# parts is new nobody can predict, that none is nearly always holds: so there is one answer, without branches.
cdef inline unsigned int disturbs(Conn* conn, unsigned int side, Row* row) noexcept nogil:
    cdef Flow* own = &conn.flows[side]
    cdef Flow* peer = &conn.flows[1 - side]
    cdef unsigned int length = <unsigned int> row.len_bytes
    cdef unsigned int end = row.seq + length
    cdef unsigned int silent = length == 0
    cdef unsigned int found = row.ordinary != 1
    found |= row.seq ^ own.next_seq
    # an ACK alone that brings no news is a duplicate or a window update
    found |= <int> (row.ack - own.last_ack) < <int> silent
    found |= (peer.next_seq - row.ack) >> 31
    return found | ((own.limit - end) >> 31)

# Whether an end says such a thing for the first time (or its connection is disturbed).
cdef inline bint unfamiliar(Conn* conn, unsigned int side, Row* row) noexcept nogil:
    return (conn.flows[side].familiar & (FAMILIAR_DATA + (row.len_bytes == 0))) == 0

# What `judge` does with such a segment.
cdef inline void advance(Flow* own, Row* row) noexcept nogil:
    cdef unsigned int end = row.seq + <unsigned int> row.len_bytes
    # with masks, since branches would guess
    own.next_time_ns ^= (own.next_time_ns ^ row.time_ns) & (0 - <long long> (row.len_bytes != 0))
    own.dup_acks &= 0 - <unsigned int> (row.ack == own.last_ack)
    own.next_seq = end
    own.max_ackable = end
    own.last_ack = row.ack
    own.window = row.window
    own.last_ack_time_ns = row.time_ns
    own.probed = 0

# What `collect.count` does with it.
cdef inline void tally(Conn* conn, Flow* own, Row* row, unsigned int frame, unsigned int now_s) noexcept nogil:
    conn.last_frame = frame
    conn.seen_s = now_s
    conn.last_ns = row.time_ns if row.time_ns > conn.last_ns else conn.last_ns
    own.packets += 1
    own.wire_bytes += row.wire_len
    own.payload_bytes += <unsigned long long> row.len_bytes

# The one analysis flag that such a segment may have: tshark's WINDOW_FULL, to be asked before `advance`.
cdef inline unsigned int fills_window(Flow* own, Flow* peer, Row* row) noexcept nogil:
    cdef unsigned int shift = 0 if peer.only_syn or peer.scale < 0 else peer.scale
    if row.len_bytes == 0 or peer.scale == -1 or own.next_seq + row.len_bytes != peer.last_ack + (peer.window << shift):
        return 0
    return 4096

cdef enum:
    SENT_SYN_ACK = 0x02
    SENT_ACK = 0x04  # synfin.watch.follow.ledger
    SENT_DATA = 0x08
    SENT_FIN = 0x10
    SENT_RST = 0x20
    SENT_FIN_RST = 0x30
    SHOWN_DATA = 8  # of `zeek`
    SHOWN_ACK = 16
    INACTIVE = 0
    RESET = 6
    WRAPS = 1 << 30
    HALF_OF_IT = 1 << 29  # what is on its way stays below 2**31
    SEEN_ACK = 4  # synfin.watch.follow.streams
    SEEN_DATA = 8
    ESTABLISHED = 4  # row of the matrix
