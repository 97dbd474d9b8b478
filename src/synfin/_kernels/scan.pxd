# cython: language_level=3
"""The walks of `scan`, for kernels that read files themselves."""
from synfin._kernels.row cimport Row

cdef Py_ssize_t pcap_rows(
    const unsigned char* b, Py_ssize_t* place, Py_ssize_t end, unsigned long long base, int big, long long ns_per_tick,
    unsigned int link_type, Row* first, Py_ssize_t room, unsigned long long seed, int* stopped
) noexcept nogil
cdef Py_ssize_t pcapng_rows(
    const unsigned char* b, Py_ssize_t* place, Py_ssize_t end, unsigned long long base, int big, const long long* facts,
    unsigned int known, Row* first, Py_ssize_t room, unsigned long long seed, int* stopped
) noexcept nogil
