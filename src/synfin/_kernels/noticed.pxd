# cython: language_level=3
"""What is unusual about connections, for the rules that read no segments (`synfin.watch.findings.bulk`).

A connection has 8 bytes here (`Entry`), and `Signs` only from its first sign on. Which numbers count as unusual is
`synfin.watch.findings.thresholds`' to say: `Limits`, in the order of `signs.LIMITS`.
"""

ctypedef struct Limits:
    double rto_min_ns
    double delayed_ack_min_ns
    double delayed_ack_max_ns
    double at_once_ns
    double syn_gap_min_ns
    double syn_gap_tolerance
    double answer_to_syn_ns
    double syn_ack_alone_ns
    double probe_life_ns
    double silent_retransmissions
    double close_wait_note_ns
    double fin_wait_idle_ns
    double crossing_rtts
    double crossing_ns
    double forgotten_idle_ns
    double backoff_low
    double backoff_high
    double other_ttl
    double pair_of_resets_ns
    double storm_segments
    double storm_share
    double storm_copies
    double large_bytes
    double full_size_bytes
    double one_way_share
    double stall_ns
    double late_resume_ns
    double late_resume_rtts
    double window_full_times
    double scale_ratio
    double scale_window_bytes
    double slow_wire_ns
    double slow_end_ns
    double slow_end_rtts
    double nagle_stalls
    double silly_segments
    double silly_bytes
    double duplicates
    double duplicates_share

# What was noticed of a connection; pairs are by side.
ctypedef struct Signs:
    unsigned long long bits  # those that are settled at once
    long long syn_first_ns
    long long syn_last_ns
    long long syn_ack_ns
    long long greeting_ns
    long long request_ns  # of the client's last data, where its FIN came before the answer
    long long resumed_ns  # when an end spoke after FORGOTTEN_IDLE_NS
    long long fin_ns[2]
    long long late_ns  # of the last data for an end that had sent its FIN
    long long run_first_ns[2]  # one piece that is sent again and again
    long long run_last_ns[2]
    long long run_wait_ns[2]
    long long again_ns[2]  # of the last segment that was sent again
    long long shut_ns[2]
    long long closed_ns[2]  # how long the window was 0 before it was shut last
    long long opened_ns[2]
    long long reset_ns[2]  # of the first RST
    unsigned int frames[2]  # of the first and of the last sign
    unsigned long long jumped[2]  # acknowledged, and not captured
    unsigned int jumps[2]
    unsigned int jump[2]  # the largest
    unsigned int run_seq[2]
    unsigned int run_count[2]
    unsigned int run_pairs[2]
    unsigned int run_grown[2]
    int run_bytes[2]
    unsigned int reset_seq[2]
    unsigned int late_seq
    unsigned int late_ack
    unsigned int announced  # the window of a SYN,ACK without the scale that was offered
    unsigned int first_copies
    unsigned int filled[2]
    unsigned int tiny[2]
    unsigned int stalls[2]
    unsigned int copies
    unsigned int doubled  # acknowledgments that say the same again
    unsigned int probes[2]  # since the other end was heard
    unsigned char of_reset[2]  # OF_RESET_: what the RST that may decide follows from
    unsigned char asked[2]  # the last thing it sent was a probe
    unsigned char shut[2]
    unsigned char opened[2]  # and nothing was sent since
    unsigned char run_dead[2]  # the other end was heard since it was sent first
    unsigned char reset_acks[2]  # the first RST has an ACK
    unsigned char answering[2]  # the first RST answers what came before it
    unsigned char reset[2]
    unsigned char challenged[2]  # 1: nobody answered its RST yet, 2: with a challenge ACK, 3: otherwise
    unsigned char has_greeting
    unsigned char has_resumed
    unsigned char has_late
    unsigned char has_request  # 2: answered
    unsigned char late_fin[2]
    unsigned char syn_gaps
    unsigned char backoff  # 1 classic, 2 linear: still possible
    unsigned char syn_ack_timed
    unsigned char pair_of_resets
    unsigned char guesses
    unsigned char again_old[2]

ctypedef struct Entry:
    unsigned int signs  # index + 1
    unsigned short mss[2]

ctypedef struct Store:
    Limits limits
    Entry* entries  # by index of the connection
    unsigned int entry_room
    Signs** pages
    unsigned int page_count
    unsigned int count
    unsigned int free_signs  # index + 1, which names the next one in `bits`
    int longest  # bytes of a segment that no MSS so far forbids
    long long patience_ns  # data that follows its sender's last data later than this is looked at
    int tiny_bytes
    unsigned char failed  # no memory
    Signs scratch

cdef enum:
    PAGE = 64  # signs that are given memory at once

cdef inline Signs* signs_at(Store* store, unsigned int index) noexcept nogil:
    return store.pages[index // PAGE] + index % PAGE
