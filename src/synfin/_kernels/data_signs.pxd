# cython: language_level=3
from synfin._kernels.moment cimport Moment

cdef void windows(Moment* m) noexcept nogil
cdef void data(Moment* m) noexcept nogil
