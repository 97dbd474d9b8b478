# cython: language_level=3
"""What a shard leaves to be numbered, in order of frames."""

cdef enum:
    OPENS = 0xFFFFFFFF  # a stream begins with the record
    COUNTS = 0xFFFFFFFE  # the record is a connection from now on

ctypedef struct Birth:
    unsigned int frame
    unsigned int index  # of the record
    unsigned int what  # or the index of the record in whose stream it goes on

ctypedef struct Births:
    Birth* list
    unsigned int count
    unsigned int room

cdef int note(Births* births, unsigned int frame, unsigned int index, unsigned int what) noexcept nogil
