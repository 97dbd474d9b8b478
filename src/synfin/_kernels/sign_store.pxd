# cython: language_level=3
from synfin._kernels.conn cimport Conn
from synfin._kernels.moment cimport Moment
from synfin._kernels.noticed cimport Signs, Store

cdef int begin(Store* store, const void* limits, Py_ssize_t size) noexcept nogil
cdef void finish(Store* store) noexcept nogil
cdef int begin_conn(Store* store, Conn* conn, Conn* before) noexcept nogil
cdef void forget(Store* store, Conn* conn) noexcept nogil
cdef Signs* have(Moment* m) noexcept nogil
