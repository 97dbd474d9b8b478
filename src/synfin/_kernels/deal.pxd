# cython: language_level=3
"""Rows dealt to shards, and the clock that passes them by: what `stretch` makes and `follow` takes."""
from synfin._kernels.clock cimport Clock
from synfin._kernels.row cimport KIND_SLOW, KIND_TCP, Row

cdef enum:
    MOST_ROWS = 65536  # of one deal
    MOST_SHARDS = 64

# From the row at `index` on it is second `now_s`, and connections are seen in second `seen_s` (see `clock`).
ctypedef struct Tick:
    unsigned int index
    unsigned int now_s
    unsigned int seen_s

# For each shard, in order, which rows hold a TCP header that is its own.
ctypedef struct Hands:
    unsigned int shards
    unsigned int room  # for rows
    unsigned int rows  # dealt so far
    unsigned int kinds  # of all of them together
    long long least_ns
    long long most_ns
    unsigned int counts[64]
    unsigned short* places  # `room` of each shard

# What passed by with the rows: numbers of frames, and the time.
ctypedef struct Passage:
    unsigned int frames  # before the first row
    unsigned int tick_count
    unsigned int tick_room
    Tick* ticks
    Clock clock  # after the last row
    long long end_ns  # the latest time so far

cdef class Deal:
    cdef Hands hands
    cdef Passage passage

# Which of so many shards follows a row: by the lower half of the hash, since the upper one finds the slot.
cdef inline unsigned int shard_of(Row* row, unsigned int shards) noexcept nogil:
    return <unsigned int> ((<unsigned long long> <unsigned int> row.hash * shards) >> 32)

cdef inline void start(Hands* hands) noexcept nogil:
    cdef unsigned int shard
    hands.rows = 0
    hands.kinds = 0
    hands.least_ns = 0x7FFFFFFFFFFFFFFF
    hands.most_ns = -hands.least_ns - 1
    for shard in range(hands.shards):
        hands.counts[shard] = 0

# Deal `count` more rows; there must be room. Whose a row is nobody can predict: so there are no branches.
cdef inline void hand_out(Hands* hands, Row* row, unsigned int count) noexcept nogil:
    cdef unsigned int shard, place
    cdef unsigned int kinds = 0
    cdef long long least_ns = hands.least_ns
    cdef long long most_ns = hands.most_ns
    for place in range(hands.rows, hands.rows + count):
        shard = shard_of(row, hands.shards)
        hands.places[shard * hands.room + hands.counts[shard]] = <unsigned short> place
        hands.counts[shard] += row.kind & KIND_TCP
        kinds |= row.kind
        least_ns = row.time_ns if row.time_ns < least_ns else least_ns
        most_ns = row.time_ns if row.time_ns > most_ns else most_ns
        row += 1
    hands.rows += count
    hands.kinds |= kinds
    hands.least_ns = least_ns
    hands.most_ns = most_ns
