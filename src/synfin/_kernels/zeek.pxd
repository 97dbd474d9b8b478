# cython: language_level=3
"""What Zeek says of a connection (synfin.watch.follow.zeek)."""
from synfin._kernels.conn cimport Conn, Tale, ZeekView
from synfin._kernels.row cimport Row

cdef void fresh(Conn* conn) noexcept nogil
cdef void letter(Tale* tale, unsigned int which, unsigned int side) noexcept nogil
cdef void add(Conn* conn, unsigned int side, Row* row) noexcept nogil
cdef unsigned char conn_state(ZeekView* view) noexcept nogil

cdef enum:
    MAX_HISTORY = 32
    MAX_PIECES = 4
    MAX_UNACKNOWLEDGED = 16384
    FAR = 1 << 20
    WRAPS = 1 << 30
    HALF = 0x7FFFFFFF
    INACTIVE = 0
    SYN_SENT = 1
    SYN_ACK_SENT = 2
    PARTIAL = 3
    ESTABLISHED = 4
    CLOSED = 5
    RESET = 6
    # Indices of synfin.watch.follow.raw.CONN_STATES.
    OTH = 0
    S0 = 1
    S1 = 2
    SF = 3
    REJ = 4
    S2 = 5
    S3 = 6
    RSTO = 7
    RSTR = 8
    RSTOS0 = 9
    RSTRH = 10
    SH = 11
    SHR = 12
    SHOWN_SYN = 1
    SHOWN_FIN = 2
    SHOWN_RST = 4
    SHOWN_DATA = 8
    SHOWN_ACK = 16
    SHOWN_MANY = 32
    SHOWN_FIN_RST = 64
