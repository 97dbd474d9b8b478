# cython: language_level=3
"""What carries IP: see carrier.py."""

cdef enum:
    SLOW = 0x10000  # in place of an EtherType: only the readable code knows

# The payload of an IP packet. `length` is what the header says, `offset` may lie beyond what was captured.
ctypedef struct Datagram:
    int protocol
    unsigned int offset
    long long length
    unsigned int src
    unsigned int dst
    unsigned int v6
    unsigned int ttl
    unsigned int ip_id

cdef bint supported(unsigned int link) noexcept nogil
cdef bint slow_link(unsigned int link) noexcept nogil
cdef bint slow_type(unsigned int kind) noexcept nogil
cdef unsigned int link_layer(
    const unsigned char* p, unsigned int cap, unsigned int link, unsigned int* at, unsigned int* end
) noexcept nogil
cdef bint tunnels(const unsigned char* p, unsigned int cap, Datagram* d) noexcept nogil
cdef unsigned int inside(
    const unsigned char* p, unsigned int cap, Datagram* d, unsigned int* at, unsigned int* end
) noexcept nogil
