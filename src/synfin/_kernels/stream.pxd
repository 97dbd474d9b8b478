# cython: language_level=3
from synfin._kernels.conn cimport Conn
from synfin._kernels.row cimport Row

cdef void learn_times(Conn* conn, unsigned int side, Row* row) noexcept nogil
cdef void learn_base(Conn* conn, unsigned int side, Row* row) noexcept nogil
cdef void learn_options(Conn* conn, unsigned int side, Row* row) noexcept nogil
cdef void complete(Conn* conn, Row* row, int first) noexcept nogil
cdef void inherit(Conn* conn, Conn* old) noexcept nogil

cdef enum:
    MAX_SHIFT = 14  # RFC 7323 section 2.3
