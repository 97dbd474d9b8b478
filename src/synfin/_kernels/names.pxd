# cython: language_level=3
"""IP addresses as numbers of a list that holds each once."""

cdef enum:
    NO_NAME = 0xFFFFFFFF  # instead of a number: there was no memory

ctypedef struct Name:
    unsigned char octets[16]  # IPv4 uses the first 4
    unsigned long long at  # of its text
    unsigned char v6
    unsigned char size  # of its text

cdef class Names:
    cdef Name* list
    cdef unsigned int count
    cdef unsigned int room
    cdef unsigned int* slots  # number + 1, 0 where free
    cdef unsigned int mask
    cdef unsigned char* text
    cdef unsigned long long used
    cdef unsigned long long text_room
    cdef unsigned int* ends  # of connection records: number + 1 of both ends
    cdef unsigned int end_count
    cdef unsigned long long seed
    cdef unsigned int name(self, const unsigned char* octets, int v6) noexcept nogil
    cdef unsigned int of_end(self, unsigned int record, int high, const unsigned char* octets, int v6) noexcept nogil
    cdef unsigned long long hash(self, const unsigned char* octets, int v6) noexcept nogil
    cdef int widen(self) noexcept nogil
    cdef int add(self, const unsigned char* octets, int v6) noexcept nogil
    cdef int reach(self, unsigned int record) noexcept nogil
