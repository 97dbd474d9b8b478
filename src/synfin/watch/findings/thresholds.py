"""Every number that a finding depends on, in one place. Times in ns, lengths in bytes."""

from __future__ import annotations

_MS = 1_000_000
_S = 1_000_000_000

# Timers of hosts
RTO_MIN_NS = 190 * _MS  #: Linux waits at least 200 ms; measured 205 to 254 ms
DELAYED_ACK_MIN_NS = 35 * _MS  #: Linux 40 ms, others 100 to 200 ms
DELAYED_ACK_MAX_NS = 220 * _MS
AT_ONCE_NS = 2 * _MS  #: an answer, not a timer

# Opening
SYN_GAP_MIN_NS = 500 * _MS  #: a shorter gap is another attempt of the application, not the kernel's timer
SYN_GAP_TOLERANCE = 0.15
ANSWER_TO_SYN_NS = 3 * _S  #: what comes later is no answer to a SYN
SYN_ACK_ALONE_NS = 500 * _MS  #: a repetition that answers no SYN comes from the timer
DEFER_ACCEPT_NS = 2_500 * _MS  #: a first repetition as late as this is TCP_DEFER_ACCEPT, not a lost ACK
PROBE_LIFE_NS = _S  #: a connection without data that is reset within this was a probe
SILENT_RETRANSMISSIONS = 3

# Closing
CLOSE_WAIT_NOTE_NS = 3 * _S
CLOSE_WAIT_WARN_NS = 60 * _S
FIN_WAIT_IDLE_NS = 2 * _S  #: FIN-WAIT-2 may be given up after this (Linux: 60 s, less by TCP_LINGER2)
CROSSING_RTTS = 1.5
CROSSING_NS = _MS  #: where no round trip is known

# Silence
FORGOTTEN_IDLE_NS = 60 * _S
BACKOFF_RATIO = (1.6, 2.4)

# Resets
OTHER_TTL = 2  #: a TTL that differs by more is another machine's
PAIR_OF_RESETS_NS = 5 * _MS  #: to both ends within this: from the middle

# Loss
EARLY_SHARE = 0.5  #: of the quickest round trip: an ACK this soon is not of the repetition
ROUND_TRIPS_TAKEN = 200
STORM_WINDOW_NS = 5 * _S
STORM_SEGMENTS = 50
STORM_SHARE = 0.10
STORM_COPIES = 5

# Path
LARGE_BYTES = 1_000  #: a missing piece at least as long may be a full-size segment
FULL_SIZE_BYTES = 1_200
BLACK_HOLE_NS = _S
BLACK_HOLE_COPIES = 3
ONE_WAY_SHARE = 0.95

# Window
STALL_NS = 100 * _MS
STALL_ERROR_NS = _S
STALL_ERROR_SHARE = 0.10
LATE_RESUME_NS = 200 * _MS
LATE_RESUME_RTTS = 5
WINDOW_FULL_TIMES = 5
WINDOW_FULL_SHARE = 0.20  #: of the time in which data was sent
SCALE_RATIO = 16
SCALE_WINDOW_BYTES = 4_096

# Latency
SLOW_WIRE_NS = 300 * _MS
SLOW_END_NS = 500 * _MS
SLOW_END_RTTS = 5
UNASKED_PORTS = (179, 639, 646, 1883, 5222, 6667)  #: BGP, MSDP, LDP, MQTT, XMPP, IRC: both ends speak unasked
NAGLE_STALLS = 3
SILLY_SEGMENTS = 20
SILLY_BYTES = 128
INTERACTIVE_PORTS = (22, 23, 513)  #: a key at a time is what they are for

# The capture
DUPLICATES = 2
DUPLICATES_SHARE = 0.20
ONE_WAY_FLOWS = 5
CLOCK_BACK_NS = 10 * _MS  #: a capture's own disorder is smaller; beyond it the clock was set

# Many connections
FLEET_NS = 10 * _S
FLEET_UNANSWERED = 20
FLEET_UNANSWERED_SHARE = 0.20
FEW_SOURCES = 5
FEW_SOURCES_SHARE = 0.90
SCAN_NS = 60 * _S
SCAN_TARGETS = 15
SCAN_FAILED_SHARE = 0.80
EPHEMERAL_PORTS = 28_232  #: Linux: 32768 to 60999
TIME_WAIT_S = 60
PORTS_SHARE = 0.5
RESTART_CONNECTIONS = 3
RESTART_NS = 2 * _S
