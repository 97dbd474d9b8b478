# cython: language_level=3
from synfin._kernels.conn cimport Conn, End
from synfin._kernels.row cimport Row

cdef void count(Conn* conn, unsigned int side, Row* row, unsigned int frame, unsigned int bits) noexcept nogil
cdef void add(Conn* conn, unsigned int side, Row* row) noexcept nogil
cdef void note_unreachable(Conn* conn, unsigned int side, Row* row) noexcept nogil
cdef int is_over(Conn* conn) noexcept nogil
cdef int has_ended(Conn* conn) noexcept nogil
cdef unsigned int sent_by(Conn* conn, unsigned int side) noexcept nogil
cdef long long believed_ack(End* own, End* peer) noexcept nogil
cdef int client_side(Conn* conn) noexcept nogil

cdef enum:
    # synfin.watch.follow.ledger
    SENT_SYN = 0x01
    SENT_SYN_ACK = 0x02
    SENT_ACK = 0x04
    SENT_DATA = 0x08
    SENT_FIN = 0x10
    SENT_RST = 0x20
    SENT_SYN_DATA = 0x40
    # synfin.watch.follow.facts
    LISTENS = 1 << 0
    MIDSTREAM = 1 << 1
    DID_SYN = 1 << 2
    SYN_UNSEEN = 1 << 3
    DID_SYN_ACK = 1 << 4
    DID_FIN = 1 << 5
    FIN_FIRST = 1 << 6
    FIN_SECOND = 1 << 7
    DID_RST = 1 << 8
    RST_ENDS = 1 << 9
    MAY_SYN = 1 << 10
    PROVEN_SYN = 1 << 11
    MAY_SYN_ACK = 1 << 12
    MAY_ACK_OF_SYN = 1 << 13
    PROVEN_SYNED = 1 << 14
    DENIED_SYNED = 1 << 15
    MAY_FIN = 1 << 16
    MAY_FIN_ACK = 1 << 17
    PROVEN_FIN = 1 << 18
    DENIED_FIN = 1 << 19
    MAY_ACK_OF_FIN = 1 << 20
    PROVEN_ACK_OF_FIN = 1 << 21
    DENIED_ACK_OF_FIN = 1 << 22
    MAY_RST = 1 << 23
    LIKELY_RST = 1 << 24
    LIKELY_SYN = 1 << 25
    LATE_SYN = 1 << 26
    OPENING_FIRST_IS_SYN_ACK = 0x01
    OPENING_FAST_OPEN = 0x02
    OPENING_REFUSED = 0x04
    OPENING_REJECTED = 0x08
    OPENING_UNSOLICITED = 0x10
    OPENING_ICMP_REJECTED = 0x20
    OPENING_LATE_SYN = 0x40
    RST_ACTIVE = 0x01
    RST_AFTER_OWN_FIN = 0x02
    RST_AFTER_PEER_FIN = 0x04
    RST_AFTER_PROBES = 0x08
    RST_SENDER_LIVES = 0x10
    RST_TENTATIVE = 0x20
    MARK_SETTLED_BIT = 13
    MARK_RST_BIT = 14
    MARK_CLIENT_FIN_BIT = 21
    MARK_UNANSWERED_BIT = 31
    MARK_ANY_RST_BIT = 32
