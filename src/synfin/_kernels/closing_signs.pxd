# cython: language_level=3
from synfin._kernels.moment cimport Moment

cdef void closing(Moment* m) noexcept nogil
cdef void reset(Moment* m) noexcept nogil
