# cython: language_level=3
from synfin._kernels.conn cimport Conn
from synfin._kernels.row cimport Row

cdef void step(Conn* conn, unsigned int side, Row* row, const unsigned char* matrix) noexcept nogil
