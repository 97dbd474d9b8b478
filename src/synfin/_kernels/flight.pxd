# cython: language_level=3
from synfin._kernels.conn cimport Conn, Flight, Flow, Value
from synfin._kernels.row cimport Row

cdef int reserve(Conn* conn, unsigned int side) noexcept nogil
cdef void release(Conn* conn) noexcept nogil
cdef void time_out(Flight* flight, Flow* own, Row* row, Value* value) noexcept nogil
cdef void add(Flight* flight, Row* row, unsigned int frame, unsigned int end) noexcept nogil
cdef void measure(Conn* conn, unsigned int side, Row* row, unsigned int length, Value* value) noexcept nogil
