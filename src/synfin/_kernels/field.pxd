# cython: language_level=3
from synfin._kernels.record cimport Record

# The same as numbers: a field is an index in FIELDS. Fields of both ends stand in pairs that begin with an even one.
cdef enum:
    CONN = 0
    STREAM = 1
    FIRST_FRAME = 2
    LAST_FRAME = 3
    START_NS = 4
    DURATION_NS = 5
    PACKETS = 6
    PAYLOAD = 8
    WIRE = 10
    RETRANSMISSIONS = 12
    PORT = 14
    COMPLETENESS = 16
    LEG = 17
    RTT = 19
    START = 20
    IP = 21
    ENDPOINT = 23
    HISTORY = 25
    FIRST_KEY = 26
    MARKS = 26
    VECTOR = 27
    CONN_STATE = 29
    VANTAGE = 30
    ROLE_GUESSED = 31
    SIGNS = 32  # beside the marks: a key of 128 bits
    NO_FIELD = -1

cdef unsigned long long number(Record* record, int field, int* known) noexcept nogil
cdef unsigned long long key_of(Record* record, int field) noexcept nogil

cdef inline bint is_negative(Record* record, int field) noexcept nogil:
    if field == START_NS:
        return record.first_ns < 0
    return field == DURATION_NS and record.last_ns < record.first_ns
