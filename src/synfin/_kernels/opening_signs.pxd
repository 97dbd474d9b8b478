# cython: language_level=3
from synfin._kernels.moment cimport Moment

cdef void opening(Moment* m) noexcept nogil
cdef void stale(Moment* m) noexcept nogil
