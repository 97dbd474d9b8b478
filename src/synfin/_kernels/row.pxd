# cython: language_level=3
"""What `scan` writes and `follow` reads: one row a frame. `scan.ROW_FORMAT` is its layout for everyone else."""

ctypedef struct Row:
    # what the short way reads
    long long time_ns
    unsigned long long offset  # of the frame's first byte in the input
    unsigned long long hash
    unsigned char low[16]  # the smaller endpoint's address; IPv4 uses the first 4 bytes
    unsigned char high[16]
    unsigned short low_port
    unsigned short high_port
    unsigned int wire_len
    unsigned int seq
    unsigned int ack
    int len_bytes  # tcp.len, -1 unknown
    unsigned int captured  # payload bytes that were captured
    unsigned short flags
    unsigned short window
    unsigned char kind  # KIND_ bits
    signed char wscale  # window scale option, -1 without
    unsigned char hdr_len
    unsigned char ttl
    # the rest
    unsigned int cap_len
    unsigned int at  # offset of the TCP header in the frame
    unsigned int interface
    unsigned short link_type
    unsigned short ip_id
    unsigned int sacked  # bytes in the first three SACK blocks
    unsigned short icmp  # type << 8 | code of the ICMP error that quotes the header
    unsigned short mss  # the maximum segment size option, 0 without
    unsigned char operations  # bit n: Multipath TCP subtype n
    unsigned char reason  # REASON_: why the frame has no segment
    unsigned char options  # OPT_ bits: which options are there
    unsigned char wrong_sum  # WRONG_SUM_: of the TCP checksum, written by `sums` alone
    unsigned char ordinary  # 1 where `is_ordinary`

# From one time to a later one. Both come from a file that may say anything: beyond 64 bits the difference wraps.
cdef inline long long since(long long later, long long earlier) noexcept nogil:
    return <long long> (<unsigned long long> later - <unsigned long long> earlier)

# Signed distance from b to a, modulo 2**32.
cdef inline int diff(unsigned int a, unsigned int b) noexcept nogil:
    return <int> (a - b)

# The two halves of a product of 128 bits, one upon the other: what the hash mixes with.
cdef extern from *:
    """
    #if defined(__SIZEOF_INT128__)
    static inline unsigned long long synfin_fold(unsigned long long a, unsigned long long b) {
        unsigned __int128 product = (unsigned __int128) a * b;
        return (unsigned long long) product ^ (unsigned long long) (product >> 64);
    }
    #else
    static inline unsigned long long synfin_fold(unsigned long long a, unsigned long long b) {
        unsigned long long a0 = a & 0xFFFFFFFFu, a1 = a >> 32, b0 = b & 0xFFFFFFFFu, b1 = b >> 32;
        unsigned long long middle = a1 * b0 + ((a0 * b0) >> 32), other = a0 * b1 + (middle & 0xFFFFFFFFu);
        return (a * b) ^ (a1 * b1 + (middle >> 32) + (other >> 32));
    }
    #endif
    """
    unsigned long long fold "synfin_fold" (unsigned long long a, unsigned long long b) noexcept nogil

cdef enum:
    # bits of `flags`
    FIN = 0x01
    SYN = 0x02
    RST = 0x04
    ACK = 0x10

    KIND_TCP = 1
    KIND_V6 = 2
    KIND_QUOTED = 4  # the header stands inside an ICMP error
    KIND_FROM_HIGH = 8  # the sender is the larger endpoint
    KIND_INVOLVED = 32  # behind a tunnel or IP options: what those fields say is more than one plain header's
    KIND_SLOW = 16  # not read yet: a link type, tunnel or fragment that only the readable code knows

    WRONG_SUM_BAD = 1
    WRONG_SUM_PARTIAL = 2  # the sum of the pseudo-header alone: the network card was to finish it

    REASON_NONE = 0
    REASON_UNSUPPORTED = 1
    REASON_TRUNCATED = 2
    REASON_MALFORMED = 3
    REASON_FRAGMENT = 4
    REASON_NESTED = 5

    OPT_MSS = 1
    OPT_SACK_PERMITTED = 2
    OPT_TIMESTAMP = 4
    OPT_SACK = 8
    OPT_FAST_OPEN = 16
    OPT_COOKIE = 32  # Fast Open with a cookie
    OPT_CUT = 128  # not all of the options were captured

# Whether a segment says nothing by itself that is new in kind: an ACK without SYN, FIN and RST, all of its payload
# captured, no window of 0, no option that matters beside timestamps and SACK. A number that is 0 stands for an
# unknown one.
cdef inline bint is_ordinary(Row* row) noexcept nogil:
    return (
        (row.kind & (KIND_TCP | KIND_QUOTED)) == KIND_TCP and (row.flags & 0x17) == 0x10 and row.ack != 0
        and row.len_bytes >= 0 and row.captured >= <unsigned int> row.len_bytes and row.hdr_len >= 20
        and row.window != 0 and row.wscale < 0 and row.operations == 0
    )
