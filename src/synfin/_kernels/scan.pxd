# cython: language_level=3
"""The walks of `scan`, for kernels that read files themselves."""
from synfin._kernels.row cimport Row

cdef enum:
    MAX_CAP = 0x40000  # captured bytes of a frame: more is damage

cdef Py_ssize_t pcap_rows(
    const unsigned char* b, Py_ssize_t* place, Py_ssize_t end, unsigned long long base, int big, long long ns_per_tick,
    unsigned int link_type, Row* first, Py_ssize_t room, unsigned long long seed, int* stopped
) noexcept nogil
cdef Py_ssize_t pcapng_rows(
    const unsigned char* b, Py_ssize_t* place, Py_ssize_t end, unsigned long long base, int big, const long long* facts,
    unsigned int known, Row* first, Py_ssize_t room, unsigned long long seed, int* stopped
) noexcept nogil
cdef void dissect(
    const unsigned char* p, unsigned int cap, unsigned int wire, unsigned int link, Row* row, unsigned long long seed
) noexcept nogil
