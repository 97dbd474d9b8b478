# cython: language_level=3
"""Bits: turned over, counted."""

cdef void turn_over(unsigned long long* words) noexcept nogil
cdef unsigned int ones(unsigned long long word) noexcept nogil
