# cython: language_level=3
from synfin._kernels.conn cimport Conn
from synfin._kernels.noticed cimport Store

cdef unsigned long long told(Store* store, Conn* conn, unsigned int client) noexcept nogil
