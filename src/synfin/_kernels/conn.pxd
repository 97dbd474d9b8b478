# cython: language_level=3
"""A connection in memory: what `judge`, `collect` and `follow` share."""
from synfin._kernels.zeek cimport ZeekView

# One direction as tshark's rules see it (synfin.watch.analysis.Flow, synfin.watch.numbers.Numbers).
ctypedef struct Flow:
    unsigned int next_seq
    unsigned int max_ackable
    unsigned int last_ack
    unsigned int window
    unsigned int dup_acks
    unsigned int base
    long long next_time_ns
    long long last_ack_time_ns
    unsigned short last_bits
    signed char scale
    unsigned char has_base
    unsigned char only_syn
    unsigned char closes  # its FIN was the first
    unsigned char operations  # Multipath operations of the connection when it last sent something

# A segment in flight (synfin.watch.flight.Sent).
ctypedef struct Sent:
    long long time_ns
    unsigned int frame
    unsigned int seq
    unsigned int end

# What one direction has in flight (synfin.watch.flight.Flight), kept only where values are asked for.
ctypedef struct Flight:
    Sent* sent  # oldest first
    unsigned int count
    unsigned int room
    unsigned int next_frame
    unsigned int first_ack_frame
    unsigned int sacked
    unsigned int push_bytes
    unsigned int acked  # all of `sent` was held against it, where `checked`
    unsigned int base  # that the two extremes were found with, where `measured`
    unsigned long long lowest
    unsigned long long highest
    unsigned char unsure  # a hole was seen since the other end's last ACK
    unsigned char pushed
    unsigned char checked
    unsigned char measured

# Numbers beside the flags (synfin.watch.flight.Values); 0 is not shown.
ctypedef struct Value:
    long long ack_rtt_ns
    long long initial_rtt_ns
    long long rto_ns
    unsigned int acks_frame
    unsigned int rto_frame
    unsigned int duplicate_ack_num
    unsigned int duplicate_ack_frame  # shown with the number, even where it is 0
    unsigned int bytes_in_flight
    unsigned int push_bytes_sent
    unsigned char marks

cdef enum:
    VALUE_ANALYSED = 1
    VALUE_CLOSES = 2  # a FIN of the side that closes first
    VALUE_FOLLOWS = 4  # a FIN of the other side
    VALUE_FAST_OPEN_SYN = 8
    VALUE_FAST_OPEN_ACK = 16
    VALUE_FAST_OPEN_IGNORED = 32

# One end as the watch sees it (synfin.watch.ledger.Ledger, synfin.watch.collect.SideFacts).
ctypedef struct End:
    long long isn
    long long syn_end
    long long end
    long long ack
    long long ack_second
    long long fin
    long long fin_ack_min
    long long fin_ack_max
    long long rst
    long long rst_ack
    long long near
    long long nxt
    long long run
    long long island_lo
    long long island_hi
    long long half_close_end
    long long retransmitted
    unsigned int sent
    unsigned int order
    unsigned int packets
    unsigned int syns
    unsigned int syn_acks
    unsigned int retransmissions
    unsigned int probes
    int window
    unsigned char acked_fin_apart

# What is counted of one end (synfin.watch.counters.SideCounters).
ctypedef struct Count:
    unsigned long long payload_bytes
    unsigned long long wire_bytes
    unsigned int packets
    unsigned int retransmissions
    unsigned char ttl

ctypedef struct Conn:
    unsigned char low[16]
    unsigned char high[16]
    unsigned short low_port
    unsigned short high_port
    unsigned char v6
    unsigned char completeness
    unsigned char acked  # the handshake's ACK has come
    unsigned char crossed  # SYNs from both sides
    unsigned char states[2]  # rows of the matrix, while not handed over
    unsigned char handed_over
    unsigned char operations  # Multipath operations of both ends
    unsigned char fast_open  # a SYN with a Fast Open cookie and data was seen
    unsigned int stream
    unsigned int stream_packets  # a stream's first packet counts differently
    unsigned int number  # `conn`, ALL_ONES while only quoted headers were seen
    unsigned int index
    unsigned int next_same  # index + 1 of a later connection of the same stream
    unsigned int first_frame
    unsigned int last_frame
    int first_side  # who sent the first segment that was collected, -1 before
    int syn_side
    unsigned int syns  # before the first SYN,ACK
    unsigned int syn_acks
    unsigned int opening  # marks
    int reset_by
    unsigned int reset
    # tshark's clocks, of the stream
    long long stream_first_ns
    long long stream_last_ns
    long long syn_time_ns
    long long initial_rtt_ns
    # our clocks, of the connection
    long long first_ns
    long long last_ns
    long long collected_ns  # latest time of a segment that was collected
    long long syn_ns
    long long syn_ack_ns
    long long legs_ns[2]
    long long reset_seq
    Flight* flights  # of both ends, NULL unless values are asked for
    ZeekView zeek
    Flow flows[2]
    End ends[2]
    Count counts[2]
