# cython: language_level=3
from synfin._kernels.moment cimport Moment

cdef void gaps(Moment* m) noexcept nogil
cdef void probes(Moment* m) noexcept nogil
cdef void sent_again(Moment* m) noexcept nogil
