# cython: language_level=3
from synfin._kernels.conn cimport Conn
from synfin._kernels.row cimport Row

cdef void count(Conn* conn, unsigned int side, Row* row, unsigned int frame, unsigned int bits) noexcept nogil
cdef void add(Conn* conn, unsigned int side, Row* row) noexcept nogil
cdef void note_unreachable(Conn* conn, unsigned int side, Row* row) noexcept nogil
cdef int is_over(Conn* conn) noexcept nogil
cdef int has_ended(Conn* conn) noexcept nogil
cdef unsigned int sent_by(Conn* conn, unsigned int side) noexcept nogil
cdef int client_side(Conn* conn) noexcept nogil
cdef unsigned int end_facts(Conn* conn, unsigned int side, unsigned int client) noexcept nogil
cdef unsigned long long marks(Conn* conn, unsigned int client, long long capture_end_ns) noexcept nogil
