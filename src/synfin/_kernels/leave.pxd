# cython: language_level=3
"""Connections leave memory: which ones, and in which order."""
from libc.stdlib cimport qsort

from synfin._kernels.conn cimport Conn
from synfin._kernels.table cimport Table

ctypedef struct Leaver:
    unsigned long long order  # when, then `conn`
    unsigned int index

ctypedef struct Leaving:
    unsigned int closed_s  # how long a connection that has ended stays
    unsigned int idle_s  # how long any other that says nothing does
    unsigned int next_s  # nobody leaves before
    unsigned int frame  # of the last look at all of them
    Leaver* leavers
    unsigned int count
    unsigned int room
    unsigned int at  # those before have left

cdef int gather(Table* table, Leaving* leaving, unsigned int now_s, bint all_of_them) noexcept nogil
cdef void let_go(Table* table, Conn* conn) noexcept nogil
cdef Conn* newest(Table* table, Conn* conn) noexcept nogil

# Whether a connection that a slot leads to has been silent for too long to be gone on with.
cdef inline bint is_gone(Leaving* leaving, Conn* conn, unsigned int now_s) noexcept nogil:
    cdef unsigned int silent_s = now_s - conn.seen_s
    if conn.seen_s > now_s:  # behind a jump that was not confirmed
        return 0
    return silent_s >= leaving.closed_s and silent_s >= (leaving.closed_s if conn.ended else leaving.idle_s)

cdef inline int later(const void* one, const void* other) noexcept nogil:
    cdef unsigned long long a = (<const Leaver*> one).order
    cdef unsigned long long b = (<const Leaver*> other).order
    return (a > b) - (a < b)

cdef inline void put_in_order(Leaver* leavers, size_t count) noexcept nogil:
    qsort(leavers, count, sizeof(Leaver), later)
