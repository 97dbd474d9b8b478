# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""What is unusual about connections, noticed while they are followed: bits, from which readable rules make findings.

The rules and their reasons stand in `synfin.watch.findings`; names here are theirs. What no bit can decide is marked:
`synfin.watch.findings.bulk` says which findings then wait for a look at the segments.
"""

import cython
from cython import int as cint
from cython import longlong, uchar, uint, ulonglong, ushort
from cython.cimports.libc.math import fabs
from cython.cimports.libc.stdlib import calloc, free, realloc
from cython.cimports.libc.string import memcpy, memset
from cython.cimports.synfin._kernels import collect
from cython.cimports.synfin._kernels.conn import Conn, End, Flow
from cython.cimports.synfin._kernels.row import WRONG_SUM_BAD, WRONG_SUM_PARTIAL, Row, since
from cython.cimports.synfin._kernels.signs import Entry, Limits, Signs, Store

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

_BITS = {name: place for place, name in enumerate(SIGNS)}
SYN_BACKOFF = cython.declare(ulonglong, 1 << _BITS["syn_backoff"])
SYN_AGAIN = cython.declare(ulonglong, 1 << _BITS["syn_again"])
SYN_ACK_AGAIN = cython.declare(ulonglong, 1 << _BITS["syn_ack_again"])
SYN_ACK_AFTER_ACK = cython.declare(ulonglong, 1 << _BITS["syn_ack_after_ack"])
SERVER_SILENT = cython.declare(ulonglong, 1 << _BITS["server_silent"])
PROBE = cython.declare(ulonglong, 1 << _BITS["probe"])
STALE_ACK = cython.declare(ulonglong, 1 << _BITS["stale_ack"])
REUSED = cython.declare(ulonglong, 1 << _BITS["reused"])
CLOSE_WAIT = cython.declare(ulonglong, 1 << _BITS["close_wait"])
FIN_AGAIN = cython.declare(ulonglong, 1 << _BITS["fin_again"])
FIN_WAIT = cython.declare(ulonglong, 1 << _BITS["fin_wait"])
UNREAD = cython.declare(ulonglong, 1 << _BITS["unread"])
WRITE_AFTER_CLOSE = cython.declare(ulonglong, 1 << _BITS["write_after_close"])
CROSSED_FIN = cython.declare(ulonglong, 1 << _BITS["crossed_fin"])
PEER_SILENT = cython.declare(ulonglong, 1 << _BITS["peer_silent"])
FORGOTTEN = cython.declare(ulonglong, 1 << _BITS["forgotten"])
KEEP_ALIVE_DEAD = cython.declare(ulonglong, 1 << _BITS["keep_alive_dead"])
KEEP_ALIVE = cython.declare(ulonglong, 1 << _BITS["keep_alive"])
LOST_STATE = cython.declare(ulonglong, 1 << _BITS["lost_state"])
CONNTRACK = cython.declare(ulonglong, 1 << _BITS["conntrack"])
INJECTED = cython.declare(ulonglong, 1 << _BITS["injected"])
CHALLENGED = cython.declare(ulonglong, 1 << _BITS["challenged"])
RTO = cython.declare(ulonglong, 1 << _BITS["rto"])
FAST = cython.declare(ulonglong, 1 << _BITS["fast"])
TAIL_PROBE = cython.declare(ulonglong, 1 << _BITS["tail_probe"])
SPURIOUS = cython.declare(ulonglong, 1 << _BITS["spurious"])
STORM = cython.declare(ulonglong, 1 << _BITS["storm"])
REORDERED = cython.declare(ulonglong, 1 << _BITS["reordered"])
BLACK_HOLE = cython.declare(ulonglong, 1 << _BITS["black_hole"])
ONE_DIRECTION = cython.declare(ulonglong, 1 << _BITS["one_direction"])
STALL = cython.declare(ulonglong, 1 << _BITS["stall"])
WINDOW_PROBE = cython.declare(ulonglong, 1 << _BITS["window_probe"])
LATE_RESUME = cython.declare(ulonglong, 1 << _BITS["late_resume"])
WINDOW_FULL = cython.declare(ulonglong, 1 << _BITS["window_full"])
SCALE = cython.declare(ulonglong, 1 << _BITS["scale"])
NAGLE = cython.declare(ulonglong, 1 << _BITS["nagle"])
SILLY = cython.declare(ulonglong, 1 << _BITS["silly"])
SLOW_WIRE = cython.declare(ulonglong, 1 << _BITS["slow_wire"])
SLOW_CLIENT = cython.declare(ulonglong, 1 << _BITS["slow_client"])
SLOW_SERVER = cython.declare(ulonglong, 1 << _BITS["slow_server"])
COPIES = cython.declare(ulonglong, 1 << _BITS["copies"])
LONG_SEGMENTS = cython.declare(ulonglong, 1 << _BITS["long_segments"])
MISSING = cython.declare(ulonglong, 1 << _BITS["missing"])
AGAIN = cython.declare(ulonglong, 1 << _BITS["again"])
HOLE = cython.declare(ulonglong, 1 << _BITS["hole"])
LARGE_HOLE = cython.declare(ulonglong, 1 << _BITS["large_hole"])
ODD_RESET = cython.declare(ulonglong, 1 << _BITS["odd_reset"])
RESET_AFTER_DATA = cython.declare(ulonglong, 1 << _BITS["reset_after_data"])
QUOTED = cython.declare(ulonglong, 1 << _BITS["quoted"])
WINDOW_FILLED = cython.declare(ulonglong, 1 << _BITS["window_filled"])
ONE_WAY = cython.declare(ulonglong, 1 << _BITS["one_way"])
BAD_SUM = cython.declare(ulonglong, 1 << _BITS["bad_sum"])
PARTIAL_SUM = cython.declare(ulonglong, 1 << _BITS["partial_sum"])
PERHAPS_SLOW = cython.declare(ulonglong, 1 << _BITS["perhaps_slow"])
DOUBLED = cython.declare(ulonglong, 1 << _BITS["doubled"])

OF_RESET_UNREAD = cython.declare(uint, 1)
OF_RESET_WRITE = cython.declare(uint, 2)
OF_RESET_CROSSED = cython.declare(uint, 4)
OF_RESET_LOST = cython.declare(uint, 8)
OF_RESET_CONNTRACK = cython.declare(uint, 16)

FIN = cython.declare(uint, 0x01)
SYN = cython.declare(uint, 0x02)
RST = cython.declare(uint, 0x04)
ACK = cython.declare(uint, 0x10)

SENT_SYN = cython.declare(uint, 0x01)  # synfin.watch.follow.ledger
SENT_SYN_ACK = cython.declare(uint, 0x02)
SENT_ACK = cython.declare(uint, 0x04)
SENT_DATA = cython.declare(uint, 0x08)
SENT_FIN = cython.declare(uint, 0x10)
SENT_RST = cython.declare(uint, 0x20)
SPOKE = cython.declare(uint, 0x1C)

IS_FAST = cython.declare(uint, 2)  # of `judge`
IS_SPURIOUS = cython.declare(uint, 4)
IS_OUT_OF_ORDER = cython.declare(uint, 8)
IS_HOLE = cython.declare(uint, 16)
IS_ACK_OF_UNSEEN = cython.declare(uint, 32)
IS_DUPLICATE_ACK = cython.declare(uint, 64)

PAGE = cython.declare(uint, 64)
DEFAULT_MSS = cython.declare(uint, 536)
ETHERNET_MSS = cython.declare(cint, 1460)
COPY_NS = cython.declare(longlong, 1_000_000)  # no sender repeats itself so soon: see watch.opinion.duplicates
RST_SENDER_LIVES = cython.declare(uint, 0x10)

# A segment, and what was known before it.
Moment = cython.struct(
    store=cython.pointer(Store),
    conn=cython.pointer(Conn),
    row=cython.pointer(Row),
    own=cython.pointer(Flow),
    peer=cython.pointer(Flow),
    end=cython.pointer(End),  # NULL where the connection is undisturbed
    other=cython.pointer(End),
    entry=cython.pointer(Entry),
    signs=cython.pointer(Signs),  # NULL where there are none yet
    side=uint,
    frame=uint,
    bits=uint,
    sent=uint,  # what its sender had sent
    other_sent=uint,
    offset=cint,  # its number, from what its sender had sent up to
    again=cint,  # data or a FIN that was sent before
    probe=cint,
)


# --- memory ---------------------------------------------------------------------------------------------------------


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def begin(store: cython.pointer(Store), limits: cython.p_const_void, size: cython.Py_ssize_t) -> cint:
    """Take the limits into a cleared store; 0 where they are not as many as there must be."""
    if size != cython.cast(cython.Py_ssize_t, cython.sizeof(Limits)):
        return 0
    memcpy(cython.address(store.limits), limits, size)
    store.longest = ETHERNET_MSS
    store.patience_ns = cython.cast(
        longlong, min(store.limits.delayed_ack_min_ns, store.limits.late_resume_ns, store.limits.slow_end_ns)
    )
    store.tiny_bytes = cython.cast(cint, store.limits.silly_bytes)
    return 1


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def finish(store: cython.pointer(Store)) -> cython.void:
    """Give all memory back."""
    i: uint
    for i in range(store.page_count):
        free(store.pages[i])
    free(store.pages)
    free(store.entries)


@cython.cfunc
@cython.nogil
@cython.inline
@cython.exceptval(check=False)
def signs_at(store: cython.pointer(Store), index: uint) -> cython.pointer(Signs):
    return store.pages[index // PAGE] + index % PAGE


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def another_page(store: cython.pointer(Store)) -> cint:
    wider: cython.pointer(cython.pointer(Signs)) = cython.cast(
        cython.pointer(cython.pointer(Signs)),
        realloc(store.pages, (cython.cast(cython.size_t, store.page_count) + 1) * cython.sizeof(cython.p_void)),
    )
    if wider == cython.NULL:
        return 0
    store.pages = wider
    store.pages[store.page_count] = cython.cast(cython.pointer(Signs), calloc(PAGE, cython.sizeof(Signs)))
    if store.pages[store.page_count] == cython.NULL:
        return 0
    store.page_count += 1
    return 1


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def have(m: cython.pointer(Moment)) -> cython.pointer(Signs):
    """The signs of the segment's connection; where there is no memory a place that nobody reads."""
    store: cython.pointer(Store) = m.store
    index: uint
    if m.signs == cython.NULL:
        if store.free_signs:
            index = store.free_signs - 1
            store.free_signs = cython.cast(uint, signs_at(store, index).bits)
        else:
            index = store.count
            if index == store.page_count * PAGE and not another_page(store):
                store.failed = 1
                return cython.address(store.scratch)
            store.count += 1
        m.signs = signs_at(store, index)
        memset(m.signs, 0, cython.sizeof(Signs))
        m.signs.frames[0] = m.frame
        m.entry.signs = index + 1
    m.signs.frames[1] = m.frame
    return m.signs


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def begin_conn(store: cython.pointer(Store), conn: cython.pointer(Conn), before: cython.pointer(Conn)) -> cint:
    """A connection begins; `before` had the same endpoints, or is NULL. 0 when there is no memory."""
    room: uint = store.entry_room
    wider: cython.pointer(Entry)
    m: Moment
    if conn.index >= room:
        room = room + room // 2 if room else 1024
        room = max(room, conn.index + 1)
        wider = cython.cast(
            cython.pointer(Entry), realloc(store.entries, cython.cast(cython.size_t, room) * cython.sizeof(Entry))
        )
        if wider == cython.NULL:
            return 0
        store.entries = wider
        store.entry_room = room
    memset(store.entries + conn.index, 0, cython.sizeof(Entry))
    if before != cython.NULL and before.first_frame:
        memset(cython.address(m), 0, cython.sizeof(Moment))
        m.store = store
        m.entry = store.entries + conn.index
        have(cython.address(m)).bits |= REUSED
    return not store.failed


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def forget(store: cython.pointer(Store), conn: cython.pointer(Conn)) -> cython.void:
    """A connection leaves memory."""
    entry: cython.pointer(Entry) = store.entries + conn.index
    if entry.signs:
        signs_at(store, entry.signs - 1).bits = store.free_signs
        store.free_signs = entry.signs
        entry.signs = 0


# --- a segment ------------------------------------------------------------------------------------------------------


@cython.cfunc
@cython.nogil
@cython.inline
@cython.exceptval(check=False)
def rtt_of(conn: cython.pointer(Conn)) -> longlong:
    """The handshake's round trip, 0 where it is not known."""
    return conn.legs_ns[0] + conn.legs_ns[1] if conn.legs_ns[0] >= 0 and conn.legs_ns[1] >= 0 else 0


@cython.cfunc
@cython.nogil
@cython.inline
@cython.exceptval(check=False)
def mss_of(m: cython.pointer(Moment), side: uint) -> uint:
    return m.entry.mss[side] if m.entry.mss[side] else DEFAULT_MSS


@cython.cfunc
@cython.nogil
@cython.inline
@cython.exceptval(check=False)
def bare(row: cython.pointer(Row)) -> cint:
    """The shape of a RST from a host without the connection."""
    return (row.flags & ACK) == 0 and row.window == 0 and row.hdr_len == 20


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
        have(m).bits |= BAD_SUM
    elif m.row.wrong_sum == WRONG_SUM_PARTIAL:
        have(m).bits |= PARTIAL_SUM


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
        have(cython.address(m)).bits |= AGAIN  # the clock, or the order, is not to be trusted
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
    have(cython.address(m)).bits |= QUOTED
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
        s.bits |= KEEP_ALIVE
    s.asked[m.side] = 0
    s.probes[other] = 0
    s.run_dead[other] = 1
    if s.announced and (flags & (SYN | FIN)) == 0 and m.row.window and m.sent & SENT_SYN_ACK:
        if m.row.window * m.store.limits.scale_ratio <= s.announced:
            s.bits |= SCALE
        s.announced = 0
    if s.challenged[other] == 1:
        s.challenged[other] = 2 if pure and cython.cast(cint, m.row.ack - s.reset_seq[other]) < 0 else 3
    elif (m.row.len_bytes > 0 or flags & FIN) and (s.challenged[0] == 2 or s.challenged[1] == 2):
        s.bits |= CHALLENGED
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
    s.bits |= ODD_RESET
    if since(m.row.time_ns, s.reset_ns[side]) > rtt_of(m.conn) // 2:
        s.bits |= INJECTED


# --- opening --------------------------------------------------------------------------------------------------------


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def opening(m: cython.pointer(Moment)) -> cython.void:
    mss: ushort = m.row.mss
    store: cython.pointer(Store) = m.store
    m.entry.mss[m.side] = mss
    if mss and mss < store.longest:
        store.longest = mss
    if m.row.flags & ACK:
        syn_ack(m)
    else:
        syn(m)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def stale(m: cython.pointer(Moment)) -> cython.void:
    """The first answer to a SYN is an ACK: of something else, where the peer has an older connection."""
    s: cython.pointer(Signs)
    if m.row.ack == cython.cast(uint, m.other.syn_end) or m.row.ack == cython.cast(uint, m.other.isn):
        return
    if since(m.row.time_ns, m.conn.first_ns) > m.store.limits.answer_to_syn_ns:
        return
    s = have(m)
    s.bits |= STALE_ACK
    if s.bits & REUSED:
        s.bits |= AGAIN  # it may be late, from the connection before


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def syn(m: cython.pointer(Moment)) -> cython.void:
    """A SYN; the gaps between equal ones are a timer's, if they fit one."""
    s: cython.pointer(Signs)
    waited: cython.double
    limits: cython.pointer(Limits) = cython.address(m.store.limits)
    if (m.sent & SENT_SYN) == 0:
        return
    s = have(m)
    if cython.cast(uint, m.end.isn) != m.row.seq or m.sent & SPOKE:
        s.bits |= AGAIN
        return
    if s.syn_gaps == 0:
        s.syn_first_ns = m.own.next_time_ns if m.conn.work.syn_ns == 0 else m.conn.work.syn_ns
        s.syn_last_ns = s.syn_first_ns
        s.backoff = 3
    waited = cython.cast(cython.double, since(m.row.time_ns, s.syn_last_ns))
    s.syn_last_ns = m.row.time_ns
    fits(s, waited, limits.syn_gap_min_ns, limits.syn_gap_tolerance)
    if since(m.row.time_ns, s.syn_first_ns) >= limits.syn_gap_min_ns and (m.sent & SENT_ACK) == 0:
        s.bits |= SYN_AGAIN
    if waited < COPY_NS:
        s.copies += 1


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def fits(
    s: cython.pointer(Signs), waited: cython.double, least: cython.double, tolerance: cython.double
) -> cython.void:
    """Whether the gaps still follow RFC 6298 (1 2 4 ...), or Linux's five of a second first."""
    place: uint = s.syn_gaps
    classic: cython.double = 1e9 * (cython.cast(uint, 1) << min(place, 7))
    linear: cython.double = 1e9 if place < 5 else 1e9 * (cython.cast(uint, 1) << min(place - 4, 6))
    if waited < least:
        s.backoff = 0
    if fabs(waited - classic) > tolerance * classic or place >= 7:
        s.backoff &= 2
    if fabs(waited - linear) > tolerance * linear or place >= 10:
        s.backoff &= 1
    if s.syn_gaps < 255:
        s.syn_gaps += 1


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def syn_ack(m: cython.pointer(Moment)) -> cython.void:
    """A SYN,ACK; a repetition that answers no SYN comes from the server's timer."""
    s: cython.pointer(Signs) = m.signs
    limits: cython.pointer(Limits) = cython.address(m.store.limits)
    before_ns: longlong
    waited: cython.double
    unscaled: cint = m.row.wscale < 0 and m.peer.scale >= 0
    if unscaled and m.row.window > limits.scale_window_bytes:
        s = have(m)
        s.announced = m.row.window
    if (m.sent & SENT_SYN_ACK) == 0:
        if s != cython.NULL:
            s.syn_ack_ns = m.row.time_ns
        return
    if cython.cast(uint, m.end.isn) != m.row.seq:
        have(m).bits |= AGAIN
        return
    before_ns = m.conn.work.syn_ack_ns
    if m.conn.acked and m.conn.legs_ns[0] >= 0:
        before_ns = m.conn.first_ns + m.conn.legs_ns[0]
    if s != cython.NULL and s.syn_ack_ns:
        before_ns = s.syn_ack_ns
    s = have(m)
    if m.sent & SPOKE:
        s.bits |= AGAIN
    s.syn_ack_ns = m.row.time_ns
    waited = cython.cast(cython.double, since(m.row.time_ns, before_ns))
    if waited < COPY_NS:
        s.copies += 1
    if s.syn_gaps and s.syn_last_ns > before_ns:
        if since(m.row.time_ns, s.syn_last_ns) < limits.syn_ack_alone_ns:
            return
    if s.syn_ack_timed:
        return
    s.syn_ack_timed = 1
    if m.other_sent & (SENT_ACK | SENT_DATA) and m.other.ack > m.end.isn:
        if waited >= limits.syn_ack_alone_ns:
            s.bits |= SYN_ACK_AFTER_ACK
    else:
        s.bits |= SYN_ACK_AGAIN


# --- closing --------------------------------------------------------------------------------------------------------


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def closing(m: cython.pointer(Moment)) -> cython.void:
    """A FIN: late, or sent again."""
    s: cython.pointer(Signs)
    limits: cython.pointer(Limits) = cython.address(m.store.limits)
    end: uint = m.row.seq + cython.cast(uint, m.row.len_bytes)
    before_ns: longlong
    acks_fin: cint
    if m.sent & SENT_FIN:
        before_ns = m.own.next_time_ns
        s = have(m)
        if s.fin_ns[m.side]:
            before_ns = s.fin_ns[m.side]
        s.fin_ns[m.side] = m.row.time_ns
        if end == cython.cast(uint, m.end.fin) and since(m.row.time_ns, before_ns) >= limits.rto_min_ns:
            s.bits |= FIN_AGAIN
        return
    if m.row.len_bytes == 0 and m.sent & SENT_DATA and m.own.next_time_ns >= m.peer.next_time_ns:
        if not m.again and cython.cast(cint, m.side) == collect.client_side(m.conn):
            s = have(m)
            s.has_request = 1
            s.request_ns = m.own.next_time_ns
    if not m.other_sent & SENT_FIN:
        return
    acks_fin = cython.cast(cint, m.row.ack - cython.cast(uint, m.other.fin)) > 0 and (m.row.flags & ACK) != 0
    if acks_fin and m.own.next_time_ns <= m.peer.next_time_ns and m.row.len_bytes == 0:
        if since(m.row.time_ns, m.peer.next_time_ns) > limits.close_wait_note_ns:
            have(m).bits |= CLOSE_WAIT
    if acks_fin and m.end.ack > m.other.fin and m.own.next_time_ns <= m.peer.next_time_ns and m.row.len_bytes == 0:
        if since(m.row.time_ns, m.conn.last_ns) >= limits.fin_wait_idle_ns:
            have(m).late_fin[m.side] = 1


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def reset(m: cython.pointer(Moment)) -> cython.void:
    """A RST: what it may follow from, and whether its sender can have sent it."""
    s: cython.pointer(Signs) = have(m)
    side: uint = m.side
    other: uint = 1 - side
    limits: cython.pointer(Limits) = cython.address(m.store.limits)
    answers: cint = bare(m.row) and m.other_sent & SPOKE and m.row.seq == m.peer.last_ack
    if (m.sent | m.other_sent) & SENT_DATA:
        s.bits |= RESET_AFTER_DATA
    if bare(m.row) and s.late_fin[other] and m.row.seq == m.peer.last_ack and m.sent & SENT_FIN:
        s.bits |= FIN_WAIT
    if m.conn.reset_by < 0:
        s.of_reset[side] = cython.cast(uchar, follows_from(m, s))
    if s.reset[side]:
        if m.row.seq != s.reset_seq[side] and since(m.row.time_ns, s.reset_ns[side]) <= limits.pair_of_resets_ns:
            s.guesses = 1
    else:
        s.reset[side] = 1
        s.reset_ns[side] = m.row.time_ns
        s.reset_seq[side] = m.row.seq
        s.answering[side] = cython.cast(uchar, answers)
        s.reset_acks[side] = (m.row.flags & ACK) != 0
        s.challenged[side] = 1
        foreign(m, s)
    if s.reset[other] and since(m.row.time_ns, s.reset_ns[other]) <= limits.pair_of_resets_ns:
        if not answers and not s.answering[other]:
            s.pair_of_resets = 1
    if s.pair_of_resets and s.guesses:
        s.bits |= INJECTED | ODD_RESET


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def foreign(m: cython.pointer(Moment), s: cython.pointer(Signs)) -> cython.void:
    """A TTL that is not its sender's."""
    ttl: cint = m.row.ttl
    apart: cint = ttl - cython.cast(cint, m.conn.ttl[m.side])
    if m.sent & ~SENT_RST and ttl and m.conn.ttl[m.side] and fabs(apart) > m.store.limits.other_ttl:
        s.bits |= INJECTED | ODD_RESET


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def follows_from(m: cython.pointer(Moment), s: cython.pointer(Signs)) -> uint:
    """OF_RESET_ bits."""
    found: uint = 0
    acked: uint = cython.cast(uint, m.end.ack)
    other: uint = 1 - m.side
    trigger: cint
    if m.other_sent & SENT_DATA and m.other.nxt:
        if m.row.flags & ACK and cython.cast(cint, m.row.ack - acked) > 0:
            acked = m.row.ack
        if acked == cython.cast(uint, m.other.nxt):
            if not m.sent & SENT_DATA or m.own.next_time_ns <= m.peer.next_time_ns:
                found |= OF_RESET_UNREAD
        if m.sent & SENT_FIN and bare(m.row):
            found |= for_a_closed_end(m, s)
    if bare(m.row) and m.sent & SPOKE and m.row.seq == m.peer.last_ack:
        trigger = m.other_sent & SENT_DATA and m.peer.next_time_ns == m.peer.last_ack_time_ns
        if s.again_ns[other] and s.again_ns[other] == m.peer.last_ack_time_ns:
            trigger = 1
            if s.again_old[other]:
                found |= OF_RESET_CONNTRACK
        if trigger or s.asked[other]:
            found |= OF_RESET_LOST
    return found


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def for_a_closed_end(m: cython.pointer(Moment), s: cython.pointer(Signs)) -> uint:
    """Data that met an end which had sent its FIN: written after the FIN, or on its way when the FIN was sent."""
    late_ns: longlong = s.late_ns if s.has_late else m.peer.next_time_ns
    fin_ns: longlong = s.fin_ns[m.side] if s.fin_ns[m.side] else m.own.next_time_ns
    apart: cython.double = fabs(cython.cast(cython.double, since(late_ns, fin_ns)))
    rtt: longlong = rtt_of(m.conn)
    limits: cython.pointer(Limits) = cython.address(m.store.limits)
    untouched: cint
    if s.has_late and s.late_ack == cython.cast(uint, m.end.fin) + 1:
        return OF_RESET_WRITE
    untouched = m.end.ack < m.other.nxt
    if s.has_late:
        untouched = cython.cast(cint, cython.cast(uint, m.end.ack) - s.late_seq) <= 0
    if not untouched or cython.cast(cint, m.side) == collect.client_side(m.conn):
        return 0
    if rtt == 0 or apart <= limits.crossing_ns or apart <= limits.crossing_rtts * rtt:
        return OF_RESET_CROSSED
    return 0


# --- what is sent ---------------------------------------------------------------------------------------------------


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def gaps(m: cython.pointer(Moment)) -> cython.void:
    """What is missing in the capture, or was lost before it."""
    if m.bits & IS_HOLE or m.offset > 0:
        have(m).bits |= LARGE_HOLE if m.offset >= m.store.limits.large_bytes else HOLE
    if m.bits & IS_ACK_OF_UNSEEN:
        have(m).bits |= MISSING | HOLE
    if m.bits & IS_OUT_OF_ORDER:
        have(m).bits |= REORDERED | AGAIN
    if m.bits & IS_DUPLICATE_ACK:
        have(m).doubled += 1
    if m.row.len_bytes > 0 and not m.probe and m.other.ack:
        if cython.cast(cint, m.row.seq + cython.cast(uint, m.row.len_bytes) - cython.cast(uint, m.other.ack)) <= 0:
            have(m).bits |= AGAIN
    if m.row.flags & ACK and m.end.ack:
        jumps(m)


@cython.cfunc
@cython.nogil
@cython.inline
@cython.exceptval(check=False)
def jumps(m: cython.pointer(Moment)) -> cython.void:
    """An acknowledgment that goes on over bytes which were not captured."""
    side: uint = m.side
    jump: cint = cython.cast(cint, m.row.ack - cython.cast(uint, m.end.ack))
    s: cython.pointer(Signs)
    if jump > 0 and (m.other.nxt == 0 or cython.cast(cint, m.row.ack - cython.cast(uint, m.other.nxt)) > 0):
        s = have(m)
        s.jumps[side] += 1
        s.jumped[side] += cython.cast(uint, jump)
        s.jump[side] = max(s.jump[side], cython.cast(uint, jump))


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def probes(m: cython.pointer(Moment)) -> cython.void:
    """Probes of an idle end, or of one with a closed window."""
    s: cython.pointer(Signs)
    new: cint = m.end.nxt != 0 and m.offset == 0 and m.row.len_bytes == 1 and (m.row.flags & FIN) == 0
    if m.other.window == 0 and (m.probe or new):
        have(m).bits |= WINDOW_PROBE
    elif m.probe and m.other.window != 0:
        s = have(m)
        if m.other.ack == m.end.nxt:
            s.asked[m.side] = 1
            if s.probes[m.side] < 255:
                s.probes[m.side] += 1
        else:
            s.bits |= AGAIN


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def sent_again(m: cython.pointer(Moment)) -> cython.void:
    """Data or a FIN whose numbers were sent before: a retransmission, most of the time."""
    s: cython.pointer(Signs) = have(m)
    side: uint = m.side
    end: cint = m.offset + m.row.len_bytes + cython.cast(cint, m.row.flags & FIN)
    waited: longlong = since(m.row.time_ns, m.own.next_time_ns)
    s.bits |= AGAIN
    if s.again_ns[side] > m.own.next_time_ns:
        waited = since(m.row.time_ns, s.again_ns[side])
    if end == 0 and waited < COPY_NS and m.offset == -m.row.len_bytes:
        s.copies += 1
        return
    s.again_ns[side] = m.row.time_ns
    s.again_old[side] = m.other.ack != 0 and end <= cython.cast(
        cint, cython.cast(uint, m.other.ack) - cython.cast(uint, m.end.nxt)
    )
    run(m, s, side)
    if m.row.len_bytes > 0:
        s.bits |= why_again(m, waited)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def why_again(m: cython.pointer(Moment), waited: longlong) -> ulonglong:
    """The likely cause, by tshark's flag and the time that passed."""
    if m.bits & IS_OUT_OF_ORDER:
        return REORDERED
    if m.bits & IS_SPURIOUS:
        return SPURIOUS
    if m.bits & IS_FAST:
        return FAST
    if waited >= m.store.limits.rto_min_ns:
        return RTO
    return FAST if m.peer.dup_acks else TAIL_PROBE


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def run(m: cython.pointer(Moment), s: cython.pointer(Signs), side: uint) -> cython.void:
    """One piece again and again: how often, and whether the gaps grow."""
    waited: longlong
    ratio: cython.double
    first_ns: longlong
    limits: cython.pointer(Limits) = cython.address(m.store.limits)
    if s.run_count[side] == 0 or s.run_seq[side] != m.row.seq:
        first_ns = m.own.next_time_ns
        s.run_seq[side] = m.row.seq
        s.run_count[side] = 1
        s.run_first_ns[side] = first_ns
        s.run_last_ns[side] = m.row.time_ns
        s.run_wait_ns[side] = 0
        s.run_pairs[side] = 0
        s.run_grown[side] = 0
        s.run_dead[side] = m.peer.last_ack_time_ns > first_ns
    else:
        waited = since(m.row.time_ns, s.run_last_ns[side])
        if s.run_wait_ns[side] > 0:
            ratio = cython.cast(cython.double, waited) / cython.cast(cython.double, s.run_wait_ns[side])
            s.run_pairs[side] += 1
            s.run_grown[side] += limits.backoff_low <= ratio <= limits.backoff_high
        s.run_wait_ns[side] = max(waited, 1)
        s.run_last_ns[side] = m.row.time_ns
        s.run_count[side] += 1
    s.run_bytes[side] = m.row.len_bytes
    if s.run_count[side] + 1 >= limits.storm_copies:
        s.bits |= STORM
    if m.row.seq == cython.cast(uint, m.end.isn) + 1 and not m.other_sent & SPOKE:
        s.first_copies += 1


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def windows(m: cython.pointer(Moment)) -> cython.void:
    """When the sender's window shut and opened; after the peer's FIN it means nothing."""
    s: cython.pointer(Signs) = m.signs
    side: uint = m.side
    shift: uint
    if m.other_sent & SENT_FIN:
        return
    if m.row.window == 0:
        s = have(m)
        if not s.shut[side]:
            s.shut[side] = 1
            s.shut_ns[side] = m.row.time_ns
    elif s != cython.NULL and s.shut[side]:
        s.shut[side] = 0
        s.closed_ns[side] += since(m.row.time_ns, s.shut_ns[side])
        shift = cython.cast(uint, m.own.scale) if m.own.scale >= 0 else 0
        s.opened[side] = 0
        if m.own.scale != -1 and m.other_sent & SENT_DATA and (m.row.window << shift) >= mss_of(m, side):
            s.opened[side] = 1
            s.opened_ns[side] = m.row.time_ns


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def data(m: cython.pointer(Moment)) -> cython.void:
    """Payload, on either way."""
    s: cython.pointer(Signs) = m.signs
    limits: cython.pointer(Limits) = cython.address(m.store.limits)
    length: cint = m.row.len_bytes
    most: uint = m.entry.mss[1 - m.side]
    if most and length > cython.cast(cint, most):
        have(m).bits |= LONG_SEGMENTS
    fills(m)
    if m.again or m.probe:
        return
    if s != cython.NULL:
        s.run_count[m.side] = 0
        if s.opened[1 - m.side]:
            resume(m, s)
    if m.other_sent & SENT_FIN:
        s = have(m)
        s.has_late = 1
        s.late_ns = m.row.time_ns
        s.late_seq = m.row.seq
        s.late_ack = m.row.ack
    if since(m.row.time_ns, m.conn.last_ns) >= limits.forgotten_idle_ns and m.conn.first_frame:
        s = have(m)
        s.has_resumed = 1
        s.resumed_ns = m.row.time_ns
    if m.bits == 0 or not m.bits & IS_OUT_OF_ORDER:
        waited_for(m)
        small(m)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def resume(m: cython.pointer(Moment), s: cython.pointer(Signs)) -> cython.void:
    """The first data since the other end's window opened again."""
    side: uint = 1 - m.side
    limits: cython.pointer(Limits) = cython.address(m.store.limits)
    waited: cython.double = cython.cast(cython.double, since(m.row.time_ns, s.opened_ns[side]))
    s.opened[side] = 0
    if m.own.next_time_ns > s.opened_ns[side]:
        return
    if waited >= limits.late_resume_ns and waited >= limits.late_resume_rtts * rtt_of(m.conn):
        s.bits |= LATE_RESUME


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def fills(m: cython.pointer(Moment)) -> cython.void:
    """Whether it uses all of the window."""
    s: cython.pointer(Signs)
    shift: uint
    window: uint = m.peer.window
    end: uint = m.row.seq + cython.cast(uint, m.row.len_bytes) + (m.row.flags & FIN)
    acked: uint = m.peer.last_ack
    if m.peer.scale == -1 or window == 0:
        return
    if m.end != cython.NULL:
        if m.other.ack == 0:
            return
        acked = cython.cast(uint, m.other.ack)
    shift = 0 if m.peer.only_syn or m.peer.scale < 0 else cython.cast(uint, m.peer.scale)
    if cython.cast(cint, end - acked - (window << shift)) >= 0:
        s = have(m)
        s.bits |= WINDOW_FILLED
        s.filled[m.side] += 1


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def waited_for(m: cython.pointer(Moment)) -> cython.void:
    """Data after a pause: who made the other one wait, and for what."""
    client: cint = collect.client_side(m.conn)
    s: cython.pointer(Signs) = m.signs
    now: longlong = m.row.time_ns
    nagle(m)
    if client < 0:
        return
    if cython.cast(cint, m.side) == client:
        if not m.sent & SENT_DATA:
            think(m, s)
    else:
        if not m.other_sent & SENT_DATA:
            if not m.sent & SENT_DATA and not (s != cython.NULL and s.has_greeting):
                s = have(m)
                s.has_greeting = 1
                s.greeting_ns = now
        elif m.peer.next_time_ns >= m.own.next_time_ns or (s != cython.NULL and s.has_request):
            answer(m, s)


@cython.cfunc
@cython.nogil
@cython.inline
@cython.exceptval(check=False)
def patience(m: cython.pointer(Moment)) -> cython.double:
    limits: cython.pointer(Limits) = cython.address(m.store.limits)
    return max(limits.slow_end_ns, limits.slow_end_rtts * rtt_of(m.conn))


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def think(m: cython.pointer(Moment), s: cython.pointer(Signs)) -> cython.void:
    """The client's first data: since the connection was there, or since the server's greeting."""
    ready_ns: longlong = m.conn.last_ns
    if not m.sent & SENT_ACK:
        return
    if s != cython.NULL and s.has_greeting:
        ready_ns = s.greeting_ns
    elif m.conn.legs_ns[0] >= 0 and m.conn.legs_ns[1] >= 0:
        ready_ns = m.conn.first_ns + rtt_of(m.conn)
    if since(m.row.time_ns, ready_ns) > patience(m):
        have(m).bits |= SLOW_CLIENT


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def answer(m: cython.pointer(Moment), s: cython.pointer(Signs)) -> cython.void:
    """The server's first data since the client's last: how long the wire took is known from the ACK, or the rtt."""
    asked_ns: longlong = m.peer.next_time_ns
    wire_ns: longlong = rtt_of(m.conn)
    if s != cython.NULL and s.has_request == 1:
        s.has_request = 2
        asked_ns = s.request_ns
    elif s != cython.NULL and s.has_request:
        return
    if s != cython.NULL and s.again_ns[1 - m.side] >= asked_ns:
        return
    at_most: longlong = since(m.row.time_ns, asked_ns) - wire_ns
    if at_most <= patience(m):
        return
    if m.own.last_ack != m.peer.next_seq or m.own.last_ack_time_ns < asked_ns:
        return  # what has not been acknowledged before may just have arrived
    wire_ns = max(wire_ns, since(m.own.last_ack_time_ns, asked_ns))  # or less: that was the latest ACK
    if since(m.row.time_ns, asked_ns) - wire_ns > patience(m) and not m.other_sent & SENT_FIN:
        have(m).bits |= SLOW_SERVER
    else:
        have(m).bits |= PERHAPS_SLOW


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def nagle(m: cython.pointer(Moment)) -> cython.void:
    """Small data that waited for a delayed ACK, and follows it at once."""
    limits: cython.pointer(Limits) = cython.address(m.store.limits)
    acked_ns: longlong = m.peer.last_ack_time_ns
    waited: cython.double = cython.cast(cython.double, since(acked_ns, m.own.next_time_ns))
    most: cython.double = limits.delayed_ack_max_ns + rtt_of(m.conn)
    if not limits.delayed_ack_min_ns <= waited <= most or not m.sent & SENT_DATA:
        return
    if m.conn.last_ns != acked_ns or since(m.row.time_ns, acked_ns) > limits.at_once_ns:
        return
    if m.peer.last_ack != m.own.next_seq or m.row.seq != m.own.next_seq or m.peer.next_time_ns == acked_ns:
        return
    if cython.cast(uint, m.row.len_bytes) < mss_of(m, 1 - m.side):
        have(m).stalls[m.side] += 1


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def small(m: cython.pointer(Moment)) -> cython.void:
    """A tiny segment directly after the one before it, where there was room for a full one."""
    shift: uint = 0 if m.peer.only_syn or m.peer.scale < 0 else cython.cast(uint, m.peer.scale)
    free_bytes: uint
    if m.row.len_bytes >= m.store.limits.silly_bytes or not m.sent & SENT_DATA or m.row.seq != m.own.next_seq:
        return
    if m.own.next_time_ns < m.peer.last_ack_time_ns or m.conn.last_ns > m.own.next_time_ns:
        return
    free_bytes = m.peer.last_ack + (m.peer.window << shift) - m.row.seq
    if m.peer.scale != -1 and cython.cast(cint, free_bytes) >= cython.cast(cint, mss_of(m, 1 - m.side)):
        have(m).tiny[m.side] += 1


# --- at the end -----------------------------------------------------------------------------------------------------


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def told(store: cython.pointer(Store), conn: cython.pointer(Conn), client: uint) -> ulonglong:
    """The signs of a connection, as SIGNS names them; its `Work` is there."""
    entry: cython.pointer(Entry) = store.entries + conn.index
    ours: cython.pointer(End) = cython.address(conn.work.ends[client])
    theirs: cython.pointer(End) = cython.address(conn.work.ends[1 - client])
    found: ulonglong = 0
    copies: cython.double
    s: cython.pointer(Signs)
    if rtt_of(conn) > store.limits.slow_wire_ns and ours.syns == 1 and theirs.syn_acks == 1:
        found |= SLOW_WIRE
    if conn.flows[0].packets == 0 or conn.flows[1].packets == 0:
        if (ours.sent | theirs.sent) & ~SENT_SYN:
            found |= ONE_WAY
    if entry.signs == 0:
        return found
    s = signs_at(store, entry.signs - 1)
    found |= s.bits
    if s.syn_gaps >= 2 and s.backoff:
        found |= SYN_BACKOFF
    if theirs.syn_acks != 1:
        found &= ~SLOW_CLIENT
    if s.first_copies >= store.limits.silent_retransmissions and not theirs.sent & SPOKE:
        found |= SERVER_SILENT
    copies = store.limits.duplicates_share * (conn.flows[0].packets + conn.flows[1].packets)
    if s.copies >= store.limits.duplicates and s.copies >= copies:
        found |= COPIES
    if s.copies + s.doubled >= store.limits.duplicates and s.copies + s.doubled >= copies:
        found |= DOUBLED
    return found | of_resets(store, conn, s, client) | of_ends(store, conn, s)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def of_resets(
    store: cython.pointer(Store), conn: cython.pointer(Conn), s: cython.pointer(Signs), client: uint
) -> ulonglong:
    found: ulonglong = 0
    ours: cython.pointer(End) = cython.address(conn.work.ends[client])
    theirs: cython.pointer(End) = cython.address(conn.work.ends[1 - client])
    why: uint
    if s.reset_acks[client] and not s.reset[1 - client] and not (ours.sent | theirs.sent) & (SENT_DATA | SENT_FIN):
        if since(s.reset_ns[client], conn.first_ns) <= store.limits.probe_life_ns:
            found |= PROBE
    if conn.reset_by < 0 or conn.reset & RST_SENDER_LIVES:
        return found
    why = s.of_reset[conn.reset_by]
    if why & OF_RESET_UNREAD:
        found |= UNREAD
    if why & OF_RESET_WRITE:
        found |= WRITE_AFTER_CLOSE
    if why & OF_RESET_CROSSED:
        found |= CROSSED_FIN
    if why & OF_RESET_LOST:
        found |= LOST_STATE
    if why & OF_RESET_CONNTRACK:
        found |= CONNTRACK
    return found


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def of_ends(store: cython.pointer(Store), conn: cython.pointer(Conn), s: cython.pointer(Signs)) -> ulonglong:
    """What holds of either end."""
    found: ulonglong = 0
    limits: cython.pointer(Limits) = cython.address(store.limits)
    own: cython.pointer(End)
    peer: cython.pointer(End)
    flow: cython.pointer(Flow)
    closed_ns: cython.double
    passed: ulonglong
    side: uint
    for side in range(2):
        own = cython.address(conn.work.ends[side])
        peer = cython.address(conn.work.ends[1 - side])
        flow = cython.address(conn.flows[side])
        closed_ns = cython.cast(cython.double, s.closed_ns[side])
        if s.shut[side]:
            closed_ns += since(conn.last_ns, s.shut_ns[side])
        if closed_ns >= limits.stall_ns:
            found |= STALL
        if s.probes[side] >= 2:
            found |= KEEP_ALIVE_DEAD
        if s.filled[side] >= limits.window_full_times:
            found |= WINDOW_FULL
        if s.stalls[side] >= limits.nagle_stalls:
            found |= NAGLE
        if s.tiny[side] >= limits.silly_segments:
            found |= SILLY
        if conn.retransmissions[side] >= limits.storm_share * flow.packets and flow.packets >= limits.storm_segments:
            found |= STORM
        if s.jumps[side] > 1:
            passed = s.jumped[side] - s.jump[side]
            if conn.flows[1 - side].payload_bytes <= (1 - limits.one_way_share) * passed:
                found |= MISSING | HOLE if conn.flows[1 - side].packets else ONE_DIRECTION
        if s.run_count[side] >= limits.silent_retransmissions:
            found |= in_vain(store, s, own, peer, side)
    return found


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def in_vain(
    store: cython.pointer(Store),
    s: cython.pointer(Signs),
    own: cython.pointer(End),
    peer: cython.pointer(End),
    side: uint,
) -> ulonglong:
    """One piece was sent again and again, to the end."""
    found: ulonglong = 0
    if s.run_bytes[side] >= store.limits.full_size_bytes and peer.ack and peer.ack < own.nxt:
        found |= BLACK_HOLE
    if s.run_dead[side] or peer.window == 0 or not peer.sent & SPOKE:
        return found
    if s.run_pairs[side] == 0 or 2 * s.run_grown[side] < s.run_pairs[side]:
        return found
    found |= PEER_SILENT
    if s.has_resumed and s.resumed_ns == s.run_first_ns[side]:
        found |= FORGOTTEN
    return found
