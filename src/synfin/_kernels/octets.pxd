# cython: language_level=3
"""Numbers as they stand in packets and files."""

cdef inline unsigned int be16(const unsigned char* p) noexcept nogil:
    return (<unsigned int> p[0] << 8) | p[1]

cdef inline unsigned int be32(const unsigned char* p) noexcept nogil:
    return (<unsigned int> p[0] << 24) | (<unsigned int> p[1] << 16) | (<unsigned int> p[2] << 8) | p[3]

cdef inline unsigned long long be64(const unsigned char* p) noexcept nogil:
    return (<unsigned long long> be32(p) << 32) | be32(p + 4)

# A 32-bit field of a file header, in the file's byte order.
cdef inline unsigned int load32(const unsigned char* p, int big) noexcept nogil:
    if big:
        return be32(p)
    return (<unsigned int> p[3] << 24) | (<unsigned int> p[2] << 16) | (<unsigned int> p[1] << 8) | p[0]

# A number of up to 8 bytes as packets have it.
cdef inline unsigned long long big(const unsigned char* p, unsigned int width) noexcept nogil:
    cdef unsigned long long found = 0
    cdef unsigned int i
    for i in range(width):
        found = (found << 8) | p[i]
    return found
