# cython: language_level=3
"""Where a record probably begins."""

cdef Py_ssize_t guess_pcap(const unsigned char* p, Py_ssize_t end, int big, unsigned int ticks) noexcept nogil
cdef Py_ssize_t guess_pcapng(const unsigned char* p, Py_ssize_t end, int big) noexcept nogil
