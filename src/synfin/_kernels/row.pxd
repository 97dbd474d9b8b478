# cython: language_level=3
"""What `scan` writes and `follow` reads: one row a frame. `scan.ROW_FORMAT` is its layout for everyone else."""

ctypedef struct Row:
    long long time_ns
    unsigned long long offset  # of the frame's first byte in the input
    unsigned long long hash
    unsigned char low[16]  # the smaller endpoint's address; IPv4 uses the first 4 bytes
    unsigned char high[16]
    unsigned int cap_len
    unsigned int wire_len
    unsigned int seq
    unsigned int ack
    int len_bytes  # tcp.len, -1 unknown
    unsigned int at  # offset of the TCP header in the frame
    unsigned int interface
    unsigned short flags
    unsigned short window
    unsigned short low_port
    unsigned short high_port
    unsigned short ip_id
    unsigned char hdr_len
    unsigned char ttl
    unsigned char kind  # KIND_ bits
    signed char wscale  # window scale option, -1 without
    unsigned char reason  # REASON_: why the frame has no segment
    unsigned char options  # OPT_ bits: which options are there
    unsigned short link_type
    unsigned short icmp  # type << 8 | code of the ICMP error that quotes the header
    unsigned int sacked  # bytes in the first three SACK blocks
    unsigned int captured  # payload bytes that were captured
    unsigned char operations  # bit n: Multipath TCP subtype n

# From one time to a later one. Both come from a file that may say anything: beyond 64 bits the difference wraps.
cdef inline long long since(long long later, long long earlier) noexcept nogil:
    return <long long> (<unsigned long long> later - <unsigned long long> earlier)

cdef enum:
    KIND_TCP = 1
    KIND_V6 = 2
    KIND_QUOTED = 4  # the header stands inside an ICMP error
    KIND_FROM_HIGH = 8  # the sender is the larger endpoint
    KIND_SLOW = 16  # not read yet: a link type, tunnel or fragment that only the readable code knows

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
