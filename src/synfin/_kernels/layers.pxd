# cython: language_level=3
"""What is in a frame."""
from synfin._kernels.cells cimport View

# HAS_ bits, or UNSURE; walked at most once.
cdef unsigned int shape(View* view, unsigned int index) noexcept nogil
