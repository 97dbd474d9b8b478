# cython: language_level=3
from synfin._kernels.row cimport Row

cdef void read_options(const unsigned char* p, unsigned int n, Row* row) noexcept nogil
