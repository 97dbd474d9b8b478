# cython: language_level=3
"""Whether values lie where a test wants them: what `choose` and `sift` share."""
from libc.string cimport memcmp

# Whether one of the ranges (pairs, in order, apart) holds the value.
cdef inline bint within(long long value, const long long* ranges, Py_ssize_t count) noexcept nogil:
    cdef Py_ssize_t low = 0
    cdef Py_ssize_t high = count
    cdef Py_ssize_t middle
    while low < high:
        middle = (low + high) >> 1
        if value > ranges[2 * middle + 1]:
            low = middle + 1
        else:
            high = middle
    return low < count and ranges[2 * low] <= value

# What so many hits among the values found say: of some value, or of each one.
cdef inline unsigned char verdict(int found, int hits, int every) noexcept nogil:
    if every:
        return found > 0 and hits == found
    return hits > 0

cdef inline bint same_bits(const unsigned char* p, const unsigned char* q, unsigned int bits) noexcept nogil:
    cdef unsigned int rest = bits & 7
    if memcmp(p, q, bits >> 3) != 0:
        return 0
    return rest == 0 or (p[bits >> 3] ^ q[bits >> 3]) >> (8 - rest) == 0
