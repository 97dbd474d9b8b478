# cython: language_level=3
"""Values as text: what other kernels write, too. Each returns where its text ends; none is longer than 48 bytes."""

cdef unsigned char* dotted(unsigned char* out, unsigned int address) noexcept nogil
cdef unsigned char* colons(unsigned char* out, const unsigned char* p) noexcept nogil
