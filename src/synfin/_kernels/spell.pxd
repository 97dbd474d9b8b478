# cython: language_level=3
"""Numbers, addresses and dates as text."""

from libc.string cimport memcpy

cdef unsigned char* put_padded(unsigned char* out, unsigned int value, int width) noexcept nogil
cdef void put_second(unsigned char* out, long long second) noexcept nogil
cdef unsigned char* put_ipv4(unsigned char* out, unsigned char* address) noexcept nogil
cdef unsigned char* put_ipv6(unsigned char* out, unsigned char* address) noexcept nogil

# In steps of 16 bytes: up to 15 more are read, and written.
cdef inline unsigned char* put_bytes(unsigned char* out, const unsigned char* text, Py_ssize_t size) noexcept nogil:
    cdef Py_ssize_t at = 0
    while at < size:
        memcpy(out + at, text + at, 16)
        at += 16
    return out + size

# The two digits of a number below 100.
cdef inline const char* pair_of(unsigned int value) noexcept nogil:
    return <const char*> (
        b"0001020304050607080910111213141516171819202122232425262728293031323334353637383940414243444546474849"
        b"5051525354555657585960616263646566676869707172737475767778798081828384858687888990919293949596979899"
    ) + 2 * value

cdef inline int digits(unsigned long long value) noexcept nogil:
    cdef int found = 1
    while value >= 10000:
        value //= 10000
        found += 4
    if value >= 100:
        return found + (3 if value >= 1000 else 2)
    return found + (1 if value >= 10 else 0)

cdef inline unsigned char* put_number(unsigned char* out, unsigned long long value) noexcept nogil:
    cdef int at = digits(value)
    cdef unsigned char* end = out + at
    while value >= 100:
        at -= 2
        memcpy(out + at, pair_of(value % 100), 2)
        value //= 100
    if value >= 10:
        memcpy(out, pair_of(value), 2)
    else:
        out[0] = <unsigned char> (48 + value)
    return end
