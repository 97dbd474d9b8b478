# cython: language_level=3
from synfin._kernels.conn cimport Conn, Value
from synfin._kernels.row cimport Row

cdef enum:
    RETRANSMITTED = 7  # retransmission, fast or spurious
    REUSED_PORTS = 16384

cdef unsigned int judge(Conn* conn, unsigned int side, Row* row, unsigned int frame, Value* value) noexcept nogil
