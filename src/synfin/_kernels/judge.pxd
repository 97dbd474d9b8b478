# cython: language_level=3
from synfin._kernels.conn cimport Conn, Value
from synfin._kernels.row cimport Row

cdef enum:
    RETRANSMITTED = 7  # retransmission, fast or spurious
    REUSED_PORTS = 16384

cdef unsigned int judge(Conn* conn, unsigned int side, Row* row, unsigned int frame, Value* value) noexcept nogil

cdef enum:
    # Analysis flags, as in synfin.watch.follow.analysis.
    RETRANSMISSION = 1
    FAST = 2
    SPURIOUS = 4
    OUT_OF_ORDER = 8
    LOST_SEGMENT = 16
    ACK_LOST_SEGMENT = 32
    DUPLICATE_ACK = 64
    KEEP_ALIVE = 128
    KEEP_ALIVE_ACK = 256
    ZERO_WINDOW = 512
    ZERO_WINDOW_PROBE = 1024
    ZERO_WINDOW_PROBE_ACK = 2048
    WINDOW_FULL = 4096
    WINDOW_UPDATE = 8192
    # Of them, what a flow remembers of its last segment.
    PROBED_SHIFT = 7
    PROBED_KEEP_ALIVE = 1
    PROBED_ZERO_WINDOW = 8
