# cython: language_level=3
from synfin._kernels.conn cimport Conn

cdef unsigned int end_facts(Conn* conn, unsigned int side, unsigned int client) noexcept nogil
cdef unsigned long long marks(Conn* conn, unsigned int client, long long capture_end_ns) noexcept nogil
