# cython: language_level=3
from synfin._kernels.conn cimport Conn
from synfin._kernels.noticed cimport Store

# One connection for the outside, ends in the order client, server: `follow.RECORD_FORMAT`.
ctypedef struct Record:
    unsigned long long marks
    unsigned long long signs  # `signs.SIGNS`, 0 where nobody looked for them
    unsigned long long payload_bytes[2]
    unsigned long long wire_bytes[2]
    long long first_ns
    long long last_ns
    long long legs_ns[2]
    unsigned char address[32]  # 16 bytes each
    unsigned int number
    unsigned int stream
    unsigned int first_frame
    unsigned int last_frame
    unsigned int packets[2]
    unsigned int retransmissions[2]
    unsigned int vector[2]
    unsigned int completeness
    unsigned short port[2]
    unsigned char history[32]
    unsigned char history_len
    unsigned char ttl[2]
    unsigned char v6
    unsigned char role_guessed
    unsigned char conn_state
    unsigned char spare[2]

cdef void write(Conn* conn, unsigned int completeness, long long end_ns, Store* signs, Record* out) noexcept nogil
cdef unsigned int client_of(Conn* conn) noexcept nogil

# How many records so many bytes are.
cdef inline Py_ssize_t whole_records(Py_ssize_t size) except -1:
    if size % sizeof(Record):
        raise ValueError("the records are cut short")
    return size // sizeof(Record)
