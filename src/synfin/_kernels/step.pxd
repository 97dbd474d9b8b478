# cython: language_level=3
from synfin._kernels.conn cimport Conn
from synfin._kernels.row cimport Row

cdef void step(Conn* conn, unsigned int side, Row* row, const unsigned char* matrix) noexcept nogil

cdef enum:
    # Rows of the matrix that are named here, and its columns: synfin.tcp.state.State and Event.
    CLOSED = 0
    LISTEN = 1
    SYN_RECEIVED = 3
    CLOSE_WAIT = 7
    SND_SYN = 5
    SND_SYN_ACK = 6
    SND_ACK = 7
    SND_DATA = 8
    SND_FIN = 9
    RCV_SYN = 12
    RCV_SYN_ACK = 15
    RCV_ACK_OF_SYN = 16
    RCV_DATA = 18
    RCV_FIN = 20
    RCV_ACK_OF_FIN = 21
    RCV_FIN_ACK_OF_FIN = 22
    NO_ROW = 255
