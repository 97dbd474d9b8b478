# cython: language_level=3
"""A connection in memory: what `judge`, `collect`, `zeek`, `calm` and `follow` share.

An undisturbed segment reads and writes the first three cache lines of its connection: the head and both flows. What
only a disturbance needs stands in a `Work`, which a connection has no longer than it is disturbed (see `calm`).
"""

# One direction (64 bytes): tshark's view of it (synfin.watch.follow.analysis.Flow), and what is counted of its sender.
ctypedef struct Flow:
    unsigned int next_seq
    unsigned int max_ackable
    unsigned int last_ack
    unsigned int window
    long long next_time_ns
    long long last_ack_time_ns
    unsigned long long payload_bytes
    unsigned long long wire_bytes
    unsigned int packets
    unsigned int limit  # no undisturbed segment ends beyond it
    unsigned int dup_acks
    signed char scale
    unsigned char only_syn
    unsigned char probed  # the last segment's analysis bits from KEEP_ALIVE on
    unsigned char familiar  # FAMILIAR_ bits, 0 while disturbed

# A segment in flight (synfin.watch.follow.flight.Sent).
ctypedef struct Sent:
    long long time_ns
    unsigned int frame
    unsigned int seq
    unsigned int end

# What one direction has in flight (synfin.watch.follow.flight.Flight), kept only where values are asked for.
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

# Numbers beside the flags (synfin.watch.follow.flight.Values); 0 is not shown.
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

# One end as the watch sees it (synfin.watch.follow.ledger.Ledger, synfin.watch.follow.collect.SideFacts).
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
    unsigned int order
    unsigned int retransmissions
    unsigned int probes
    int window
    unsigned char sent
    unsigned char syns  # up to 2
    unsigned char syn_acks  # up to 2
    unsigned char acked_fin_apart

# A sender's data (synfin.watch.follow.pieces.Pieces); `first` and `behind` have room for one piece more than is kept.
ctypedef struct Pieces:
    unsigned int whole
    unsigned int trimmed
    unsigned int first[5]
    unsigned int behind[5]
    unsigned char beyond  # how many pieces lie beyond a hole
    unsigned char given_up

# One end in Zeek's eyes (synfin.watch.follow.zeek.End).
ctypedef struct ZeekEnd:
    unsigned int start
    unsigned int last
    unsigned int acked
    unsigned int fin_end
    unsigned int syn_at
    unsigned int fin_at
    unsigned int rst_at
    unsigned int gaps
    unsigned int repeats
    unsigned int zero_windows
    Pieces pieces
    unsigned char state
    unsigned char before
    unsigned char wrapped
    unsigned char met
    unsigned char has_fin
    unsigned char shown

# What a connection shows in Zeek's words, and keeps.
ctypedef struct Tale:
    unsigned char history[32]
    unsigned char history_len
    signed char originator
    unsigned char partial

ctypedef struct ZeekView:
    ZeekEnd ends[2]
    Tale* tale  # of the connection

# What a connection needs while something is going on.
ctypedef struct Work:
    End ends[2]
    ZeekView zeek
    long long collected_ns  # latest time of a segment that was collected
    long long syn_ns
    long long syn_ack_ns
    void* next  # of the free ones

# What the `Work` of one end cannot be made again from, once it is put away.
ctypedef struct Kept:
    long long isn
    long long near
    unsigned int syn_len  # syn_end - isn
    unsigned int start
    unsigned int gaps
    unsigned int repeats
    unsigned int zero_windows
    unsigned char state
    unsigned char before
    unsigned char wrapped
    unsigned char shown

ctypedef struct Conn:
    # the head: what each segment needs
    unsigned char low[16]
    unsigned char high[16]
    unsigned short low_port
    unsigned short high_port
    unsigned char v6
    unsigned char completeness
    unsigned char operations  # Multipath operations of both ends
    unsigned char ended  # closed, reset, or never opened
    unsigned int last_frame
    unsigned int seen_s  # the capture's clock at its last segment
    long long last_ns
    unsigned int number  # `conn`, ALL_ONES while only quoted headers were seen
    unsigned int stream
    Flow flows[2]
    # what facts and values need besides
    long long stream_first_ns
    long long stream_last_ns
    long long syn_time_ns  # tshark's clocks, of the stream
    long long initial_rtt_ns
    Flight* flights  # of both ends, NULL unless values are asked for
    Work* work  # NULL while undisturbed
    unsigned int base[2]
    unsigned int index
    unsigned int next_same  # index + 1 of a later connection of the same stream
    # what changes rarely
    long long first_ns
    long long legs_ns[2]
    unsigned int first_frame
    unsigned int retransmissions[2]
    unsigned char has_base[2]
    unsigned char closes[2]  # its FIN was the first
    unsigned char flow_operations[2]  # Multipath operations of the connection when the end last sent something
    unsigned char ttl[2]  # of the end's first packet
    unsigned char sent[2]  # of the ledgers, while put away, and KEPT_APART
    unsigned char syns_of[2]
    unsigned char syn_acks_of[2]
    unsigned char states[2]  # rows of the matrix, while not handed over
    unsigned char handed_over
    unsigned char met  # the stream has had a packet: its first one counts differently
    unsigned char fast_open  # a SYN with a Fast Open cookie and data was seen
    unsigned char acked  # the handshake's ACK has come
    unsigned char crossed  # SYNs from both sides
    unsigned char syns  # before the first SYN,ACK; up to 2
    unsigned char syn_acks  # up to 2
    unsigned char opening  # marks
    unsigned char reset
    signed char reset_by
    signed char first_side  # who sent the first segment that was collected, -1 before
    signed char syn_side
    Kept kept[2]
    Tale tale
    unsigned char life  # LIFE_
    unsigned int hash  # its upper half
    unsigned int fin_ack[2]  # how far behind the other end's last number the FIN's acknowledgment stood

cdef enum:
    LIFE_NONE = 0  # no connection: the memory waits for the next one
    LIFE_PRESENT = 1  # a slot leads to it
    LIFE_PAST = 2  # its endpoints have opened another one since, or it is about to leave
    LIFE_GONE = 3  # it has been silent for too long; `seen_s` is when it left

    KEPT_APART = 0x80  # beside `sent`: acknowledged the other end's FIN before it sent its own

    FAMILIAR_DATA = 1  # this end has sent data before, and all that knows it
    FAMILIAR_ACK = 2  # the same of an ACK alone
