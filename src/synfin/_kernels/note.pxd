# cython: language_level=3
"""What is kept of a row until the whole input is known: what a second pass over it would need."""

ctypedef struct Note:
    long long time_ns
    unsigned int seq
    unsigned int ack
    unsigned int record
    int len_bytes
    unsigned short window
    unsigned short bits
    unsigned short flags  # 12 bits, and NOTE_ bits
    unsigned char kind
    unsigned char hdr_len

cdef enum:
    NOTE_SOUND = 0x1000  # a sound segment
    NOTE_ANALYSED = 0x2000
