# cython: language_level=3
"""What Zeek says of a connection (synfin.watch.follow.zeek)."""
from synfin._kernels.conn cimport Conn, ZeekView
from synfin._kernels.row cimport Row

cdef void fresh(Conn* conn) noexcept nogil
cdef void add(Conn* conn, unsigned int side, Row* row) noexcept nogil
cdef unsigned char conn_state(ZeekView* view) noexcept nogil
