# cython: language_level=3
"""Where the columns of a batch are."""

ctypedef struct Out:
    unsigned int* number
    long long* time
    long long* relative
    long long* delta
    unsigned long long* offset
    unsigned int* len
    unsigned int* cap_len
    unsigned int* source
    unsigned int* destination
    unsigned int* source6
    unsigned int* destination6
    unsigned char* ttl
    unsigned char* hop_limit
    unsigned short* ip_id
    unsigned int* conn
    unsigned int* stream
    unsigned short* source_port
    unsigned short* destination_port
    unsigned int* seq_raw
    unsigned int* ack_raw
    unsigned int* payload
    unsigned char* hdr_len
    unsigned short* flags
    unsigned short* window
    unsigned short* checksum
    unsigned short* urgent
    unsigned short* mss
    unsigned char* shift
    unsigned int* tsval
    unsigned int* tsecr
    long long* since_first
    long long* since_last
    unsigned int* acks_frame
    long long* ack_rtt
    unsigned int* in_flight
    unsigned int* pushed
    unsigned int* duplicate
    unsigned int* duplicate_of
    long long* rto
    unsigned int* rto_frame
    unsigned char* completeness
    unsigned int* seq
    unsigned int* next
    unsigned int* ack
    unsigned int* scaled
    int* factor
    unsigned int* analysis
    long long* initial_rtt

ctypedef struct Place:
    int width
    Py_ssize_t data
    Py_ssize_t bits
