# cython: language_level=3
"""Numbers, addresses and dates as text."""

from libc.string cimport memcpy

cdef unsigned char* put_number(unsigned char* out, unsigned long long value) noexcept nogil
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
