# cython: language_level=3
"""The flow table: slots that lead from a pair of endpoints to records, and the pages where records live.

A slot holds the upper half of the hash (which also decides its place) and the record's index + 1; 0 is empty.
"""
from libc.string cimport memcpy

from synfin._kernels.conn cimport Conn, Work
from synfin._kernels.row cimport KIND_V6, Row

cdef extern from *:
    """
    #if defined(__GNUC__) || defined(__clang__)
    #define SYNFIN_PREFETCH(place) __builtin_prefetch((place), 1)
    #else
    #define SYNFIN_PREFETCH(place) ((void) (place))
    #endif
    """
    void prefetch "SYNFIN_PREFETCH" (const void* place) noexcept nogil

cdef enum:
    PAGE_BITS = 10
    PAGE_SIZE = 1024
    FIRST_MASK = 0xFFF

ctypedef struct Table:
    unsigned long long* slots
    unsigned long long mask
    unsigned long long used
    Conn** pages  # records never move
    void** blocks  # the memory that they lie in
    unsigned int page_count
    unsigned int count  # indices below were used
    unsigned int free_conn  # index + 1 of a record that may be used again, which names the next one
    Work* free_work
    void** work_blocks
    unsigned int work_block_count

cdef int begin(Table* table) noexcept nogil
cdef void finish(Table* table) noexcept nogil
cdef int grow(Table* table) noexcept nogil
cdef Conn* new_conn(Table* table, Row* row) noexcept nogil
cdef Work* new_work(Table* table) noexcept nogil
cdef unsigned long long* slot_to(Table* table, Conn* conn) noexcept nogil
cdef void clear(Table* table, unsigned long long* slot) noexcept nogil

cdef inline Conn* at(Table* table, unsigned int index) noexcept nogil:
    return table.pages[index >> PAGE_BITS] + (index & (PAGE_SIZE - 1))

cdef inline unsigned long long word(const unsigned char* place) noexcept nogil:
    cdef unsigned long long value
    memcpy(&value, place, 8)
    return value

# 0 where a connection is one between the row's endpoints.
cdef inline unsigned long long other_key(Conn* conn, Row* row) noexcept nogil:
    cdef unsigned long long other = word(conn.low) ^ word(row.low)
    other |= word(conn.low + 8) ^ word(row.low + 8)
    other |= word(conn.high) ^ word(row.high)
    other |= word(conn.high + 8) ^ word(row.high + 8)
    other |= (conn.low_port ^ row.low_port) | (conn.high_port ^ row.high_port)
    return other | (((row.kind & KIND_V6) // KIND_V6) ^ conn.v6)

# The slot of the row's endpoints: empty, or leading to their newest connection.
cdef inline unsigned long long* slot_of(Table* table, Row* row) noexcept nogil:
    cdef unsigned long long place = (row.hash >> 32) & table.mask
    cdef unsigned long long entry
    while True:
        entry = table.slots[place]
        if entry == 0:
            break
        if (entry >> 32) == (row.hash >> 32) and other_key(at(table, <unsigned int> entry - 1), row) == 0:
            break
        place = (place + 1) & table.mask
    return table.slots + place

cdef inline void give_back(Table* table, Work* work) noexcept nogil:
    work.next = table.free_work
    table.free_work = work

# Ask for a slot long before it is needed, and for the record that it leads to a little later.
cdef inline void ask_slot(Table* table, Row* row) noexcept nogil:
    prefetch(table.slots + ((row.hash >> 32) & table.mask))

# The connection of the row, as far as can be told without looking at it; NULL where the usual slots lead to none.
cdef inline Conn* likely(Table* table, Row* row) noexcept nogil:
    cdef unsigned long long place = (row.hash >> 32) & table.mask
    cdef unsigned long long entry = table.slots[place]
    cdef unsigned long long following = table.slots[(place + 1) & table.mask]
    cdef unsigned int index
    entry = entry if (entry ^ row.hash) >> 32 == 0 else following
    index = <unsigned int> entry - 1
    return at(table, index) if index < table.count else NULL

cdef inline void ask_conn(Conn* conn, bint whole) noexcept nogil:
    cdef unsigned char* place = <unsigned char*> conn
    prefetch(place)
    prefetch(place + 64)
    prefetch(place + 128)
    if whole:
        prefetch(place + 192)

# All that a record of a connection is made of.
cdef inline void ask_whole(Conn* conn) noexcept nogil:
    cdef unsigned char* place = <unsigned char*> conn
    cdef unsigned int line
    for line in range(0, sizeof(Conn), 64):
        prefetch(place + line)

# Ask for what a second pass reads of a record.
cdef inline void ask_shown(Conn* conn) noexcept nogil:
    prefetch(conn)
    prefetch(<unsigned char*> conn + 64)
    prefetch(<unsigned char*> conn + 128)
    prefetch(<unsigned char*> conn + 192)
