# cython: language_level=3
"""What is unusual about segments, noticed while connections are followed; it goes to `sign_store`."""
from synfin._kernels.conn cimport Conn, Flow
from synfin._kernels.row cimport Row, since
from synfin._kernels.noticed cimport Store

cdef int disturbed(Store* store, Conn* conn, unsigned int side, Row* row, unsigned int frame, unsigned int bits, Flow* was) noexcept nogil
cdef int quoted(Store* store, Conn* conn, unsigned int frame) noexcept nogil
cdef int undisturbed(Store* store, Conn* conn, unsigned int side, Row* row, unsigned int frame) noexcept nogil

# Whether an undisturbed segment is worth a look; to be asked before `calm.advance`. Without branches: which of it holds
# nobody can predict, that nothing does is nearly always so.
cdef inline bint remarkable(Store* store, Flow* own, Flow* peer, Row* row) noexcept nogil:
    cdef unsigned int shift = 0 if peer.only_syn or peer.scale < 0 else peer.scale
    cdef unsigned int beyond = row.seq + <unsigned int> row.len_bytes - peer.last_ack - (peer.window << shift)
    cdef bint found = row.len_bytes > store.longest
    found |= since(row.time_ns, own.next_time_ns) >= store.patience_ns
    found |= (row.len_bytes < store.tiny_bytes) & (own.next_time_ns >= peer.last_ack_time_ns)
    found |= <int> beyond >= 0
    return (found & (row.len_bytes != 0)) | (row.wrong_sum != 0)
