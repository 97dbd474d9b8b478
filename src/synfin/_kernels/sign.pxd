# cython: language_level=3
"""What may be noticed of a connection: places of bits, in the order of `signs.SIGNS`."""

cdef enum:
    SYN_BACKOFF
    SYN_AGAIN
    SYN_ACK_AGAIN
    SYN_ACK_AFTER_ACK
    SERVER_SILENT
    PROBE
    STALE_ACK
    REUSED
    CLOSE_WAIT
    FIN_AGAIN
    FIN_WAIT
    UNREAD
    WRITE_AFTER_CLOSE
    CROSSED_FIN
    PEER_SILENT
    FORGOTTEN
    KEEP_ALIVE_DEAD
    KEEP_ALIVE
    LOST_STATE
    CONNTRACK
    INJECTED
    CHALLENGED
    RTO
    FAST
    TAIL_PROBE
    SPURIOUS
    STORM
    REORDERED
    BLACK_HOLE
    ONE_DIRECTION
    STALL
    WINDOW_PROBE
    LATE_RESUME
    WINDOW_FULL
    SCALE
    NAGLE
    SILLY
    SLOW_WIRE
    SLOW_CLIENT
    SLOW_SERVER
    COPIES
    LONG_SEGMENTS
    MISSING
    AGAIN
    HOLE
    LARGE_HOLE
    ODD_RESET
    RESET_AFTER_DATA
    QUOTED
    WINDOW_FILLED
    DOUBLED
    PERHAPS_SLOW
    BAD_SUM
    PARTIAL_SUM
    ONE_WAY

    # what a RST may follow from
    OF_RESET_UNREAD = 1
    OF_RESET_WRITE = 2
    OF_RESET_CROSSED = 4
    OF_RESET_LOST = 8
    OF_RESET_CONNTRACK = 16

    SPOKE = 0x1C  # of `collect`: an ACK, data or a FIN was sent

cdef inline unsigned long long sign(int place) noexcept nogil:
    return 1ULL << place
