# cython: language_level=3
"""A segment, and what was known before it: what looking for signs goes by."""
from synfin._kernels.conn cimport Conn, End, Flow
from synfin._kernels.row cimport ACK, Row
from synfin._kernels.noticed cimport Entry, Signs, Store

ctypedef struct Moment:
    Store* store
    Conn* conn
    Row* row
    Flow* own
    Flow* peer
    End* end  # NULL where the connection is undisturbed
    End* other
    Entry* entry
    Signs* signs  # NULL where there are none yet
    unsigned int side
    unsigned int frame
    unsigned int bits
    unsigned int sent  # what its sender had sent
    unsigned int other_sent
    int offset  # its number, from what its sender had sent up to
    int again  # data or a FIN that was sent before
    int probe

cdef enum:
    DEFAULT_MSS = 536
    COPY_NS = 1_000_000  # no sender repeats itself so soon: see watch.opinion.duplicates

# The handshake's round trip, 0 where it is not known.
cdef inline long long rtt_of(Conn* conn) noexcept nogil:
    return conn.legs_ns[0] + conn.legs_ns[1] if conn.legs_ns[0] >= 0 and conn.legs_ns[1] >= 0 else 0

cdef inline unsigned int mss_of(Moment* m, unsigned int side) noexcept nogil:
    return m.entry.mss[side] if m.entry.mss[side] else DEFAULT_MSS

# The shape of a RST from a host without the connection.
cdef inline bint bare(Row* row) noexcept nogil:
    return (row.flags & ACK) == 0 and row.window == 0 and row.hdr_len == 20
