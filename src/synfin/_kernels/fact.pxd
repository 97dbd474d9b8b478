# cython: language_level=3
"""What is told of each row: `follow.FACT_FORMAT`. Inline, for `follow` to compile into its loop."""
from libc.string cimport memset
from synfin._kernels.conn cimport VALUE_ANALYSED, Conn, Value
from synfin._kernels.note cimport NOTE_ANALYSED, NOTE_SOUND, Note
from synfin._kernels.row cimport KIND_FROM_HIGH, Row, since

ctypedef struct Fact:
    unsigned int stream
    unsigned int conn
    unsigned int seq
    unsigned int ack
    unsigned int window_size
    int scale  # shift 0 to 14, -1 unknown, -2 not in use, NO_SCALE
    long long since_first_ns
    long long since_last_ns
    unsigned short bits  # analysis flags
    unsigned char completeness
    unsigned char side  # 1: sent by the larger endpoint
    unsigned int record  # index of the record in this tracker
    unsigned char states[2]  # rows of the transition matrix after this segment, NO_STATE once handed over

cdef enum:
    NO_SCALE = -3
    NO_STATE = 255

cdef void fast_open(Conn* conn, Row* row, unsigned int ack, Value* value) noexcept nogil
cdef void opening_and_closing(Conn* conn, unsigned int side, Row* row, unsigned int ack, Value* value) noexcept nogil

# What is known of a row before it is judged.
cdef inline void begin_fact(Conn* conn, unsigned int side, Row* row, Fact* fact) noexcept nogil:
    if not conn.met:
        conn.stream_first_ns = row.time_ns
        conn.stream_last_ns = row.time_ns
    fact.stream = conn.stream
    fact.completeness = conn.completeness
    fact.side = <unsigned char> side
    fact.since_first_ns = since(row.time_ns, conn.stream_first_ns)
    fact.since_last_ns = since(row.time_ns, conn.stream_last_ns)
    conn.stream_last_ns = row.time_ns
    fact.seq = row.seq
    fact.ack = row.ack
    fact.window_size = row.window
    fact.scale = NO_SCALE if row.flags & 0x02 else conn.flows[side].scale
    fact.bits = 0

# Relative numbers and the scaled window, as shown.
cdef inline void numbers(Conn* conn, unsigned int side, Row* row, Fact* fact) noexcept nogil:
    cdef int shift = conn.flows[side].scale
    fact.seq = row.seq - conn.base[side]
    fact.ack = row.ack - conn.base[1 - side] if row.flags & 0x10 else row.ack
    fact.window_size = row.window
    if (row.flags & 0x02) == 0 and shift > 0:
        fact.window_size = <unsigned int> row.window << shift

# What is known of a row after it was followed.
cdef inline void end_fact(Conn* conn, Fact* fact, Value* value) noexcept nogil:
    if value != NULL:
        value.initial_rtt_ns = conn.initial_rtt_ns
    fact.conn = conn.number
    fact.record = conn.index
    fact.states[0] = NO_STATE if conn.handed_over else conn.states[0]
    fact.states[1] = NO_STATE if conn.handed_over else conn.states[1]

# What `noted` makes a row, its fact and its value of again.
cdef inline void remember(Row* row, Fact* fact, Value* value, bint sound, Note* note) noexcept nogil:
    note.time_ns = row.time_ns
    note.seq = row.seq
    note.ack = row.ack
    note.record = fact.record
    note.len_bytes = row.len_bytes
    note.window = row.window
    note.bits = fact.bits
    note.flags = row.flags & 0x0FFF
    if sound:
        note.flags |= NOTE_SOUND
    if value.marks & VALUE_ANALYSED:
        note.flags |= NOTE_ANALYSED
    note.kind = row.kind
    note.hdr_len = row.hdr_len

# A row, its fact and its value again, as far as a second pass and late columns need them.
cdef inline void noted(const Note* note, Row* row, Fact* fact, Value* value) noexcept nogil:
    memset(value, 0, sizeof(Value))
    row.time_ns = note.time_ns
    row.seq = note.seq
    row.ack = note.ack
    row.len_bytes = note.len_bytes
    row.window = note.window
    row.flags = note.flags & 0x0FFF
    row.kind = note.kind
    row.hdr_len = note.hdr_len
    row.options = 0
    fact.record = note.record
    fact.side = 1 if note.kind & KIND_FROM_HIGH else 0
    fact.seq = note.seq
    fact.ack = note.ack
    fact.window_size = note.window
    fact.scale = NO_SCALE
    fact.completeness = 0
    fact.bits = note.bits
    if note.flags & NOTE_ANALYSED:
        value.marks = VALUE_ANALYSED
