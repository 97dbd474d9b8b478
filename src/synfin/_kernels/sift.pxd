# cython: language_level=3
"""Tests that the walks of `sift` make of a frame before it has a row."""
from synfin._kernels.cells cimport Spec

cdef enum:
    MAX_PROBES = 64
    MAX_BOUNDS = 2048

cpdef enum:
    P_PRESENT = 0  # there is a value
    P_NUMBERS = 1  # as `choose.numbers`
    P_OCTETS = 2  # as `choose.octets`

ctypedef struct Probe:
    int test
    int last  # whether the next probe belongs to another clause
    int every
    int equal
    Spec spec
    unsigned long long mask
    int first  # of its bounds, or of its prefixes
    int count
    long long least  # of the first range
    long long most

# A clause of one probe for one range, about numbers in headers: one or two windows on 4 bytes.
ctypedef struct Quick:
    unsigned int of_ip  # 1: of IPv4, 0: of TCP
    unsigned int at  # from that header on
    unsigned int shift
    unsigned int also_at
    unsigned int mask
    unsigned int least
    unsigned int span

cdef class Sieve:
    cdef Quick quicks[64]
    cdef int quick_count
    cdef Probe probes[64]
    cdef int count
    cdef long long bounds[2048]  # first and last of each range
    cdef int bound_count
    cdef unsigned char wanted[16 * 64]
    cdef unsigned int bits[64]
    cdef int wanted_count
