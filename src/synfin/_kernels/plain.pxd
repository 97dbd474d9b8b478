# cython: language_level=3
"""What most frames are, taken apart without a branch on what nobody can predict. Inline, for `scan`."""
from libc.string cimport memcpy

from synfin._kernels.octets cimport be16, be32, be64
from synfin._kernels.options cimport read_options
from synfin._kernels.row cimport (
    KIND_FROM_HIGH,
    KIND_TCP,
    KIND_V6,
    OPT_TIMESTAMP,
    Row,
    fold,
    is_ordinary,
)

# The first 4 of 8 bytes, in the machine's own order.
cdef extern from *:
    """
    #if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    #define SYNFIN_FIRST_FOUR 0xFFFFFFFF00000000ULL
    #else
    #define SYNFIN_FIRST_FOUR 0x00000000FFFFFFFFULL
    #endif
    """
    const unsigned long long FIRST_FOUR "SYNFIN_FIRST_FOUR"

cdef enum:
    MAX_FRAME = 0x7FFFFFFF

cdef inline unsigned long long word(const unsigned char* place) noexcept nogil:
    cdef unsigned long long value
    memcpy(&value, place, 8)
    return value

cdef inline void put(unsigned char* place, unsigned long long value) noexcept nogil:
    memcpy(place, &value, 8)

# Both factors depend on the seed: who writes packets must not choose one of them.
cdef inline unsigned long long hashed(
    unsigned long long first, unsigned long long second, unsigned long long seed
) noexcept nogil:
    return fold(first ^ seed, second ^ (seed * <unsigned long long> 0x9E3779B97F4A7C15))

# Order two endpoints by address, then port, so that both directions share a key and a hash; 1 where the source is
# the larger. At least 16 bytes can be read at each address. Which it is nobody can predict: so there are no branches.
cdef inline unsigned int endpoints(
    const unsigned char* src, const unsigned char* dst, const unsigned char* ports, unsigned int v6, Row* row,
    unsigned long long seed,
) noexcept nogil:
    cdef unsigned long long second = 0 - <unsigned long long> v6  # the mask of the latter 8 bytes
    cdef unsigned long long first = FIRST_FOUR | second
    cdef unsigned long long front = (<unsigned long long> 0xFFFFFFFF << 32) | second
    cdef unsigned long long s0 = be64(src) & front
    cdef unsigned long long s1 = be64(src + 8) & second
    cdef unsigned long long d0 = be64(dst) & front
    cdef unsigned long long d1 = be64(dst + 8) & second
    cdef unsigned int both = be32(ports)
    cdef unsigned int from_high = (s1 > d1) | ((s1 == d1) & ((both >> 16) > (both & 0xFFFF)))
    cdef unsigned long long turned
    cdef unsigned long long low0
    cdef unsigned long long low1
    cdef unsigned long long high0
    cdef unsigned long long high1
    from_high = (s0 > d0) | ((s0 == d0) & from_high)
    turned = 0 - <unsigned long long> from_high
    low0 = word(src) & first
    low1 = word(src + 8) & second
    high0 = word(dst) & first
    high1 = word(dst + 8) & second
    turned &= low0 ^ high0
    low0 ^= turned
    high0 ^= turned
    turned = (low1 ^ high1) & (0 - <unsigned long long> from_high)
    low1 ^= turned
    high1 ^= turned
    both = (both >> (16 * from_high)) | (both << (16 * from_high))
    put(row.low, low0)
    put(row.low + 8, low1)
    put(row.high, high0)
    put(row.high + 8, high1)
    row.low_port = <unsigned short> (both >> 16)
    row.high_port = <unsigned short> both
    row.hash = hashed(hashed(hashed(low0, low1, seed) ^ high0, high1, seed), both, seed)
    return from_high

# The fixed fields of the TCP header at `q`, of which 16 bytes are there; the length that it claims.
cdef inline unsigned int header(const unsigned char* q, Row* row) noexcept nogil:
    cdef unsigned int both = be16(q + 12)
    cdef unsigned int hdr_len = (both >> 12) << 2
    row.seq = be32(q + 4)
    row.ack = be32(q + 8)
    row.flags = <unsigned short> (both & 0x0FFF)
    row.window = <unsigned short> be16(q + 14)
    row.hdr_len = <unsigned char> hdr_len
    return hdr_len

# Where the headers of such a frame stand.
ctypedef struct Place:
    const unsigned char* ip
    const unsigned char* tcp
    unsigned int v6
    unsigned int length  # of TCP header and payload, as sent
    unsigned int room  # captured of them
    unsigned int hdr_len

# Find the headers of what most frames are: Ethernet with one VLAN tag at most, IPv4 without options or IPv6 without
# extension headers, TCP with its header captured whole. 0 for every other frame. Of IPv4 and IPv6 which it is nobody
# can predict: places are computed, and everything that must be so is asked at once.
cdef inline bint located(const unsigned char* p, unsigned int cap, unsigned int wire, Place* place) noexcept nogil:
    cdef const unsigned char* q = p + 14  # the IP header, then that of TCP
    cdef unsigned int left = cap - 14  # captured from q on
    cdef unsigned int end = (wire if wire > cap else cap) - 14  # sent from q on
    cdef unsigned int kind
    cdef unsigned int v6
    cdef unsigned int v4
    cdef unsigned int length
    cdef unsigned int head
    cdef unsigned int odd
    if cap < 54 or end > MAX_FRAME - 14:
        return 0
    kind = be16(p + 12)
    if kind == 0x8100:
        kind = be16(p + 16)
        q += 4
        left -= 4
        end -= 4
    v6 = kind == 0x86DD
    v4 = 1 - v6
    head = 20 + 20 * v6
    odd = (kind ^ 0x0800) * v4
    odd |= (q[0] ^ (0x45 + 0x1B * v6)) & (0xFF - 0x0F * v6)  # version, and of IPv4 the header's length
    odd |= q[9 - 3 * v6] ^ 6
    odd |= be16(q + 6) & (0x3FFF * v4)  # a fragment
    length = be16(q + 2 + 2 * v6) - 20 * v4
    odd |= (left < head + 20) | (length < 20) | (length > end - head)
    if odd:
        return 0
    place.ip = q
    place.v6 = v6
    place.length = length
    q += head
    left -= head
    place.tcp = q
    place.room = left if left < length else length
    place.hdr_len = (q[12] >> 4) << 2
    return (place.hdr_len >= 20) & (place.hdr_len <= place.room)

# Fill the row of such a frame; 0 for every other one.
cdef inline bint plain(
    const unsigned char* p, unsigned int cap, unsigned int wire, Row* row, unsigned long long seed
) noexcept nogil:
    cdef Place place
    cdef const unsigned char* q
    cdef unsigned int kind
    cdef unsigned int v6
    cdef unsigned int hdr_len
    cdef unsigned int odd
    if not located(p, cap, wire, &place):
        return 0
    q = place.ip
    v6 = place.v6
    row.ttl = q[8 - v6]
    row.ip_id = <unsigned short> (be16(q + 4) * (1 - v6))
    q = place.tcp
    hdr_len = header(q, row)
    row.at = <unsigned int> (q - p)
    row.len_bytes = <int> (place.length - hdr_len)
    row.captured = place.room - hdr_len
    kind = KIND_TCP | (KIND_V6 * v6)
    kind |= KIND_FROM_HIGH * endpoints(place.ip + 12 - 4 * v6, place.ip + 16 + 8 * v6, q, v6, row, seed)
    odd = (place.room != place.length) | ((row.flags & 0x17) != 0x10) | (row.window == 0) | (row.ack == 0)
    row.kind = <unsigned char> kind
    row.ordinary = <unsigned char> (1 - odd)
    row.wscale = -1
    row.mss = 0
    row.sacked = 0
    row.icmp = 0
    row.operations = 0
    row.reason = 0
    # whether these are timestamps alone: asked without reading beyond a header that has none
    odd = hdr_len == 32
    odd &= be32(q + 20 * odd) == 0x0101080A
    row.options = <unsigned char> (OPT_TIMESTAMP * odd)
    if (hdr_len != 20) & (1 - odd):
        read_options(q + 20, hdr_len - 20, row)
        row.ordinary = is_ordinary(row)
    return 1
