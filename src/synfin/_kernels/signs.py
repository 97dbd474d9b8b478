# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""What is unusual about connections, noticed while they are followed: bits, from which readable rules make findings.

The rules and their reasons stand in `synfin.watch.findings`; names here are theirs. What no bit can decide is marked:
`synfin.watch.findings.bulk` says which findings then wait for a look at the segments.
"""

import cython
from cython import int as cint
from cython import uint
from cython.cimports.libc.string import memset
from cython.cimports.synfin._kernels import collect
from cython.cimports.synfin._kernels.closing_signs import closing, reset
from cython.cimports.synfin._kernels.collect import SENT_SYN, SENT_SYN_ACK
from cython.cimports.synfin._kernels.conn import Conn, Flow
from cython.cimports.synfin._kernels.data_signs import data, windows
from cython.cimports.synfin._kernels.moment import Moment, rtt_of
from cython.cimports.synfin._kernels.noticed import Signs, Store, signs_at
from cython.cimports.synfin._kernels.opening_signs import opening, stale
from cython.cimports.synfin._kernels.repeating_signs import gaps, probes, sent_again
from cython.cimports.synfin._kernels.row import ACK, FIN, RST, SYN, WRONG_SUM_BAD, WRONG_SUM_PARTIAL, Row, since
from cython.cimports.synfin._kernels.sign import (
    AGAIN,
    BAD_SUM,
    CHALLENGED,
    INJECTED,
    KEEP_ALIVE,
    ODD_RESET,
    PARTIAL_SUM,
    QUOTED,
    SCALE,
    sign,
)
from cython.cimports.synfin._kernels.sign_store import have

if not cython.compiled:
    raise ImportError("the kernel signs is not compiled")

#: names of `synfin.watch.findings.thresholds` (`_LOW` and `_HIGH`: of a pair) in the order of `Limits`
LIMITS = (
    "RTO_MIN_NS", "DELAYED_ACK_MIN_NS", "DELAYED_ACK_MAX_NS", "AT_ONCE_NS", "SYN_GAP_MIN_NS", "SYN_GAP_TOLERANCE",
    "ANSWER_TO_SYN_NS", "SYN_ACK_ALONE_NS", "PROBE_LIFE_NS", "SILENT_RETRANSMISSIONS", "CLOSE_WAIT_NOTE_NS",
    "FIN_WAIT_IDLE_NS", "CROSSING_RTTS", "CROSSING_NS", "FORGOTTEN_IDLE_NS", "BACKOFF_RATIO_LOW", "BACKOFF_RATIO_HIGH",
    "OTHER_TTL", "PAIR_OF_RESETS_NS", "STORM_SEGMENTS", "STORM_SHARE", "STORM_COPIES", "LARGE_BYTES", "FULL_SIZE_BYTES",
    "ONE_WAY_SHARE", "STALL_NS", "LATE_RESUME_NS", "LATE_RESUME_RTTS", "WINDOW_FULL_TIMES", "SCALE_RATIO",
    "SCALE_WINDOW_BYTES", "SLOW_WIRE_NS", "SLOW_END_NS", "SLOW_END_RTTS", "NAGLE_STALLS", "SILLY_SEGMENTS",
    "SILLY_BYTES", "DUPLICATES", "DUPLICATES_SHARE",
)  # fmt: skip

#: what `told` gives, by bit
SIGNS = (
    "syn_backoff", "syn_again", "syn_ack_again", "syn_ack_after_ack", "server_silent", "probe", "stale_ack", "reused",
    "close_wait", "fin_again", "fin_wait", "unread", "write_after_close", "crossed_fin", "peer_silent", "forgotten",
    "keep_alive_dead", "keep_alive", "lost_state", "conntrack", "injected", "challenged", "rto", "fast", "tail_probe",
    "spurious", "storm", "reordered", "black_hole", "one_direction", "stall", "window_probe", "late_resume",
    "window_full", "scale", "nagle", "silly", "slow_wire", "slow_client", "slow_server", "copies", "long_segments",
    "missing", "again", "hole", "large_hole", "odd_reset", "reset_after_data", "quoted", "window_filled",
    "doubled", "perhaps_slow", "bad_sum", "partial_sum",
    "one_way",
)  # fmt: skip


@cython.cfunc
@cython.nogil
@cython.inline
@cython.exceptval(check=False)
def look(
    m: cython.pointer(Moment),
    store: cython.pointer(Store),
    conn: cython.pointer(Conn),
    side: uint,
    row: cython.pointer(Row),
    frame: uint,
) -> cython.void:
    memset(m, 0, cython.sizeof(Moment))
    m.store = store
    m.conn = conn
    m.row = row
    m.side = side
    m.frame = frame
    m.entry = store.entries + conn.index
    m.signs = signs_at(store, m.entry.signs - 1) if m.entry.signs else cython.NULL


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def undisturbed(
    store: cython.pointer(Store), conn: cython.pointer(Conn), side: uint, row: cython.pointer(Row), frame: uint
) -> cint:
    """Look at an undisturbed segment, before it counts; 0 when there is no memory."""
    m: Moment
    look(cython.address(m), store, conn, side, row, frame)
    m.own = cython.address(conn.flows[side])
    m.peer = cython.address(conn.flows[1 - side])
    if conn.work != cython.NULL:
        m.end = cython.address(conn.work.ends[side])
        m.other = cython.address(conn.work.ends[1 - side])
    m.sent = collect.sent_by(conn, side)
    m.other_sent = collect.sent_by(conn, 1 - side)
    sums(cython.address(m))
    if row.len_bytes > 0:
        data(cython.address(m))
    return not store.failed


@cython.cfunc
@cython.nogil
@cython.inline
@cython.exceptval(check=False)
def sums(m: cython.pointer(Moment)) -> cython.void:
    """A wrong checksum, where somebody looked."""
    if m.row.wrong_sum == WRONG_SUM_BAD:
        have(m).bits |= sign(BAD_SUM)
    elif m.row.wrong_sum == WRONG_SUM_PARTIAL:
        have(m).bits |= sign(PARTIAL_SUM)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def disturbed(
    store: cython.pointer(Store),
    conn: cython.pointer(Conn),
    side: uint,
    row: cython.pointer(Row),
    frame: uint,
    bits: uint,
    was: cython.pointer(Flow),
) -> cint:
    """Look at a segment that is followed in full: judged, but not counted yet. `was`: both flows before it was judged.

    0 when there is no memory.
    """
    m: Moment
    flags: uint = row.flags
    look(cython.address(m), store, conn, side, row, frame)
    m.own = was + side
    m.peer = was + 1 - side
    m.end = cython.address(conn.work.ends[side])
    m.other = cython.address(conn.work.ends[1 - side])
    m.bits = bits
    m.sent = m.end.sent
    m.other_sent = m.other.sent
    m.offset = cython.cast(cint, row.seq - cython.cast(uint, m.end.nxt)) if m.end.nxt else 0
    m.probe = m.end.nxt != 0 and m.offset == -1 and row.len_bytes <= 1 and (flags & (SYN | FIN | RST)) == 0
    m.again = (
        m.end.nxt != 0 and m.offset < 0 and (row.len_bytes > 0 or flags & FIN) and not m.probe
        and (flags & (SYN | RST)) == 0
    )  # fmt: skip
    if conn.first_frame and since(row.time_ns, conn.last_ns) < 0:
        have(cython.address(m)).bits |= sign(AGAIN)  # the clock, or the order, is not to be trusted
    sums(cython.address(m))
    if m.signs != cython.NULL:
        heard(cython.address(m))
    if flags & RST:
        reset(cython.address(m))
        return not store.failed
    if flags & SYN:
        opening(cython.address(m))
        return not store.failed
    if m.sent == 0 and m.other_sent & SENT_SYN and (flags & (FIN | ACK)) == ACK and row.len_bytes == 0:
        stale(cython.address(m))
    if flags & FIN:
        closing(cython.address(m))
    gaps(cython.address(m))
    windows(cython.address(m))
    probes(cython.address(m))
    if m.again:
        sent_again(cython.address(m))
    if row.len_bytes > 0:
        data(cython.address(m))
    return not store.failed


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def quoted(store: cython.pointer(Store), conn: cython.pointer(Conn), frame: uint) -> cint:
    """An ICMP error about a connection; 0 when there is no memory."""
    m: Moment
    memset(cython.address(m), 0, cython.sizeof(Moment))
    m.store = store
    m.frame = frame
    m.entry = store.entries + conn.index
    m.signs = signs_at(store, m.entry.signs - 1) if m.entry.signs else cython.NULL
    have(cython.address(m)).bits |= sign(QUOTED)
    return not store.failed


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def heard(m: cython.pointer(Moment)) -> cython.void:
    """What earlier signs of both ends mean, now that one of them speaks."""
    s: cython.pointer(Signs) = m.signs
    other: uint = 1 - m.side
    flags: uint = m.row.flags
    pure: cint = (flags & (SYN | FIN | RST | ACK)) == ACK and m.row.len_bytes == 0
    if flags & RST:
        return
    if s.asked[other] and pure:
        s.bits |= sign(KEEP_ALIVE)
    s.asked[m.side] = 0
    s.probes[other] = 0
    s.run_dead[other] = 1
    if s.announced and (flags & (SYN | FIN)) == 0 and m.row.window and m.sent & SENT_SYN_ACK:
        if m.row.window * m.store.limits.scale_ratio <= s.announced:
            s.bits |= sign(SCALE)
        s.announced = 0
    if s.challenged[other] == 1:
        s.challenged[other] = 2 if pure and cython.cast(cint, m.row.ack - s.reset_seq[other]) < 0 else 3
    elif (m.row.len_bytes > 0 or flags & FIN) and (s.challenged[0] == 2 or s.challenged[1] == 2):
        s.bits |= sign(CHALLENGED)
    if s.reset[m.side] and not m.again and not m.probe:
        lives(m)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def lives(m: cython.pointer(Moment)) -> cython.void:
    """Who sent a RST goes on."""
    s: cython.pointer(Signs) = m.signs
    side: uint = m.side
    tells: cint = m.row.len_bytes > 0 or not s.answering[side]
    if m.row.flags & SYN or not tells or cython.cast(cint, m.row.seq - s.reset_seq[side]) < 0:
        return
    s.bits |= sign(ODD_RESET)
    if since(m.row.time_ns, s.reset_ns[side]) > rtt_of(m.conn) // 2:
        s.bits |= sign(INJECTED)
