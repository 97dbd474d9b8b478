# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Bytes of a capture file -> rows, one a frame: the compiled twin of `synfin.wire`.

Walks the records of a pcap file or the packet blocks of a pcapng section, takes every frame apart down to TCP and
writes a fixed-size row (layout: `ROW_FORMAT`, names: `ROW_FIELDS`). Nothing is read beyond the captured bytes of a
frame, and every step of every loop moves forward. `synfin.wire.frame.dissect` is the readable form; a property test
holds both equal.
"""

import cython
from cython import int as cint
from cython import longlong, uchar, uint, ulonglong, ushort
from cython.cimports.synfin._kernels.carrier import (
    Datagram,
    inside,
    link_layer,
    slow_link,
    slow_type,
    supported,
    tunnels,
)
from cython.cimports.synfin._kernels.octets import be16, load32
from cython.cimports.synfin._kernels.options import read_options
from cython.cimports.synfin._kernels.plain import MAX_FRAME, endpoints, header, plain
from cython.cimports.synfin._kernels.row import (
    KIND_FROM_HIGH,
    KIND_INVOLVED,
    KIND_QUOTED,
    KIND_SLOW,
    KIND_TCP,
    KIND_V6,
    OPT_CUT,
    REASON_FRAGMENT,
    REASON_MALFORMED,
    REASON_NONE,
    REASON_TRUNCATED,
    REASON_UNSUPPORTED,
    Row,
    is_ordinary,
)
from cython.cimports.synfin._kernels.scan import MAX_CAP

if not cython.compiled:
    raise ImportError("the kernel scan is not compiled")

ROW_FORMAT = "<qQQ16s16sHHIIIiIHHBbBBIIIHHIHHBBBBB3x"
ROW_FIELDS = (
    "time_ns", "offset", "hash", "low", "high", "low_port", "high_port", "wire_len", "seq", "ack", "len_bytes",
    "captured", "flags", "window", "kind", "wscale", "hdr_len", "ttl", "cap_len", "at", "interface", "link_type",
    "ip_id", "sacked", "icmp", "mss", "operations", "reason", "options", "wrong_sum", "ordinary",
)  # fmt: skip

REASONS = ("", "unsupported", "truncated", "malformed", "fragment", "nested")

# Where a walk over records stopped
DONE = 0  #: no whole record is left in the buffer
FULL = 1  #: the rows are full
OTHER = 2  #: a pcapng block that is no packet block, at the returned position
CORRUPT = 3  #: an impossible length, at the returned position

MAX_CAP_LEN: int = MAX_CAP
MAX_BLOCK = cython.declare(uint, 0x1000000)
MIN_CAPTURED = cython.declare(cint, 16)  # bytes of a TCP header up to its window: fewer say too little
MAX_TUNNELS = cython.declare(cint, 3)  # one inside the other; deeper nesting is left to the readable code


def row_size() -> cython.Py_ssize_t:
    return cython.sizeof(Row)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def ipv4(p: cython.p_const_uchar, cap: uint, at: uint, end: uint, d: cython.pointer(Datagram)) -> uint:
    """Read an IPv4 header; 0, or the reason why its payload cannot be read."""
    header_len: uint
    total: uint
    if at + 20 > cap or at > end:
        return REASON_TRUNCATED
    header_len = (p[at] & 15) << 2
    total = be16(p + at + 2)
    if total == 0 or total > end - at:
        total = end - at
    if p[at] >> 4 != 4 or header_len < 20 or total < header_len:
        return REASON_MALFORMED
    d.v6 = 0
    d.protocol = p[at + 9]
    d.ttl = p[at + 8]
    d.ip_id = be16(p + at + 4)
    d.src = at + 12
    d.dst = at + 16
    d.offset = at + header_len
    d.length = total - header_len
    if be16(p + at + 6) & 0x3FFF:
        return REASON_FRAGMENT
    return REASON_NONE


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def ipv6(p: cython.p_const_uchar, cap: uint, at: uint, end: uint, d: cython.pointer(Datagram)) -> uint:
    """Read an IPv6 header and its extension headers, each at least 8 bytes long."""
    stop: uint
    length: uint
    part: uint
    i: cint
    if at + 40 > cap or at + 40 > end:
        return REASON_TRUNCATED
    if p[at] >> 4 != 6:
        return REASON_MALFORMED
    if p[at + 6] == 0 and be16(p + at + 4) == 0:
        return REASON_FRAGMENT  # a jumbogram, perhaps: its length stands in an option
    stop = at + 40 + be16(p + at + 4)
    if stop > end:
        stop = end
    d.v6 = 1
    d.protocol = p[at + 6]
    d.ttl = p[at + 7]
    d.ip_id = 0
    d.src = at + 8
    d.dst = at + 24
    d.offset = at + 40
    d.length = stop - at - 40
    for i in range(16):
        if d.protocol != 0 and d.protocol != 43 and d.protocol != 44 and d.protocol != 60:
            return REASON_NONE
        at = d.offset
        if at + 8 > cap:
            return REASON_TRUNCATED
        if at + 8 > stop:
            return REASON_MALFORMED
        length = 8 if d.protocol == 44 else 8 * (cython.cast(uint, p[at + 1]) + 1)
        part = d.protocol == 44 and (be16(p + at + 2) & 0xFFF9) != 0
        d.protocol = p[at]
        d.offset = at + length
        d.length = cython.cast(longlong, stop) - at - length
        if part:
            return REASON_FRAGMENT
        if d.length < 0:
            return REASON_MALFORMED
    return REASON_MALFORMED


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def segment(
    p: cython.p_const_uchar, cap: uint, d: cython.pointer(Datagram), row: cython.pointer(Row), seed: ulonglong
) -> uint:
    """The TCP header at `d.offset` into the row; REASON_TRUNCATED when not even its window is there."""
    at: uint = d.offset
    room: longlong = d.length
    hdr_len: uint
    left: uint
    if cython.cast(longlong, cap) - at < room:
        room = cython.cast(longlong, cap) - at
    row.at = at
    if room < MIN_CAPTURED:
        return REASON_TRUNCATED
    hdr_len = header(p + at, row)
    row.len_bytes = cython.cast(cint, d.length - hdr_len) if hdr_len <= d.length else -1
    if hdr_len >= 20 and row.len_bytes > 0 and room > hdr_len:
        row.captured = cython.cast(uint, room) - hdr_len
    row.ttl = cython.cast(uchar, d.ttl)
    row.ip_id = cython.cast(ushort, d.ip_id)
    row.kind |= KIND_TCP
    if d.v6:
        row.kind |= KIND_V6
    # 16 bytes can be read at an IPv4 address, too: 16 of the TCP header follow
    row.kind |= KIND_FROM_HIGH * endpoints(p + d.src, p + d.dst, p + at, d.v6 != 0, row, seed)
    if room < 20:
        row.options |= OPT_CUT
    elif hdr_len > 20:
        left = hdr_len
        if room < left:
            row.options |= OPT_CUT
            left = cython.cast(uint, room)
        read_options(p + at + 20, left - 20, row)
    row.ordinary = is_ordinary(row)
    return REASON_NONE


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def quoted(
    p: cython.p_const_uchar, cap: uint, d: cython.pointer(Datagram), row: cython.pointer(Row), seed: ulonglong
) -> cint:
    """The TCP header that an ICMP error quotes, when enough of it is there; 1 where this is not for this kernel."""
    kind: uint
    inner: Datagram
    reason: uint
    stop: longlong = d.offset + d.length
    if d.offset >= cap:
        return 0
    kind = p[d.offset]
    if d.protocol == 1 and (kind == 3 or kind == 4 or kind == 5 or kind == 11 or kind == 12):
        reason = ipv4(p, cap, d.offset + 8, cython.cast(uint, stop), cython.address(inner))
    elif d.protocol == 58 and 1 <= kind <= 4:
        reason = ipv6(p, cap, d.offset + 8, cython.cast(uint, stop), cython.address(inner))
    else:
        return 0
    if reason == REASON_FRAGMENT:
        return 1
    if reason != REASON_NONE:
        return 0
    if inner.protocol != 6:
        return inner.protocol == 1 or inner.protocol == 58 or tunnels(p, cap, cython.address(inner))
    if segment(p, cap, cython.address(inner), row, seed) == REASON_NONE:
        row.kind |= KIND_QUOTED
        row.ordinary = 0
        if d.offset + 1 < cap:
            row.icmp = cython.cast(ushort, be16(p + d.offset))
    return 0


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def clear(row: cython.pointer(Row)) -> cython.void:
    """A row of a frame without TCP, but for its number, time and lengths."""
    row.kind = 0
    row.wscale = -1
    row.options = 0
    row.ordinary = 0
    row.len_bytes = -1
    row.at = 0
    row.hdr_len = 0
    row.flags = 0
    row.hash = 0
    row.icmp = 0
    row.sacked = 0
    row.captured = 0
    row.operations = 0
    row.mss = 0
    row.reason = 0


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def frame(
    p: cython.p_const_uchar, cap: uint, wire: uint, link: uint, row: cython.pointer(Row), seed: ulonglong
) -> cython.void:
    """Take one frame apart, header by header."""
    at: uint = 0
    end: uint = min(wire if wire > cap else cap, MAX_FRAME)
    kind: uint
    depth: cint
    d: Datagram
    clear(row)
    if not supported(link):
        if slow_link(link):
            row.kind = KIND_SLOW
        else:
            row.reason = cython.cast(uchar, REASON_UNSUPPORTED)
        return
    kind = link_layer(p, cap, link, cython.address(at), cython.address(end))
    for depth in range(MAX_TUNNELS + 1):
        if kind == 0x0800:
            row.reason = cython.cast(uchar, ipv4(p, cap, at, end, cython.address(d)))
        elif kind == 0x86DD:
            row.reason = cython.cast(uchar, ipv6(p, cap, at, end, cython.address(d)))
        else:
            if slow_type(kind):
                row.kind = KIND_SLOW
            return
        if row.reason:
            if row.reason == REASON_FRAGMENT:
                row.kind = KIND_SLOW
            return
        if d.protocol == 6:
            row.reason = cython.cast(uchar, segment(p, cap, cython.address(d), row, seed))
            if depth or (kind == 0x0800 and p[at] & 15 > 5):
                row.kind |= KIND_INVOLVED
            return
        if d.protocol == 1 or d.protocol == 58:
            if quoted(p, cap, cython.address(d), row, seed):
                row.kind = KIND_SLOW
            return
        kind = inside(p, cap, cython.address(d), cython.address(at), cython.address(end))
        if kind == 0:
            return
    row.kind = KIND_SLOW


@cython.cfunc
@cython.nogil
@cython.inline
@cython.exceptval(check=False)
def dissect(
    p: cython.p_const_uchar, cap: uint, wire: uint, link: uint, row: cython.pointer(Row), seed: ulonglong
) -> cython.void:
    """Take one frame apart; `row` has its number, time and lengths already."""
    if link != 1 or not plain(p, cap, wire, row, seed):
        frame(p, cap, wire, link, row, seed)


def next_slow(rows: cython.const[uchar][::1], start: cython.Py_ssize_t, count: cython.Py_ssize_t):
    """The first of `count` rows, from `start` on, that was left to the readable code; -1 where there is none."""
    if start < 0 or count > rows.shape[0] // cython.cast(cython.Py_ssize_t, cython.sizeof(Row)):
        raise IndexError("no such row")
    if start >= count:
        return -1
    first: cython.pointer(Row) = cython.cast(cython.pointer(Row), cython.address(rows[0]))
    index: cython.Py_ssize_t
    found: cython.Py_ssize_t = -1
    with cython.nogil:
        for index in range(start, count):
            if first[index].kind & KIND_SLOW:
                found = index
                break
    return found


def scan_segment(
    data: cython.const[uchar][::1], v6: cint, length: longlong, ttl: uint, ip_id: uint, rows: uchar[::1],
    index: cython.Py_ssize_t, seed: ulonglong,
):  # fmt: skip
    """Fill a slow row from what the readable code found: source, destination and TCP header, one behind the other.

    `length` is that of header and payload. Without `data` the frame has no TCP.
    """
    if index < 0 or index >= rows.shape[0] // cython.cast(cython.Py_ssize_t, cython.sizeof(Row)):
        raise IndexError("no such row")
    row: cython.pointer(Row) = cython.cast(cython.pointer(Row), cython.address(rows[0])) + index
    size: uint = 16 if v6 else 4
    d: Datagram
    clear(row)
    if data.shape[0] < 2 * size or data.shape[0] > 0xFFFF:
        return
    d.protocol, d.offset, d.length, d.src, d.dst, d.v6, d.ttl, d.ip_id = 6, 2 * size, length, 0, size, v6, ttl, ip_id
    segment(cython.address(data[0]), cython.cast(uint, data.shape[0]), cython.address(d), row, seed)


def mark(rows: uchar[::1], index: cython.Py_ssize_t, at: uint, reason: uint, quoted_by: cint, known: cint,
         captured: uint):  # fmt: skip
    """What else the readable code found of a row: where TCP begins, why there is none, the ICMP error that quotes it
    (type << 8 | code, -1 for none), whether its length is known, how much of its payload was captured."""
    if index < 0 or index >= rows.shape[0] // cython.cast(cython.Py_ssize_t, cython.sizeof(Row)):
        raise IndexError("no such row")
    row: cython.pointer(Row) = cython.cast(cython.pointer(Row), cython.address(rows[0])) + index
    row.at = at
    row.captured = captured
    row.reason = cython.cast(uchar, reason)
    if quoted_by >= 0:
        row.kind |= KIND_QUOTED
        row.icmp = cython.cast(ushort, quoted_by)
    if not known:
        row.len_bytes = -1
    row.ordinary &= is_ordinary(row)


def scan_frame(data: cython.const[uchar][::1], time_ns: longlong, wire_len: uint, link_type: uint, offset: ulonglong,
               interface: uint, rows: uchar[::1], index: cython.Py_ssize_t, seed: ulonglong):  # fmt: skip
    """Take one frame apart that stands in memory of its own (live capture, file kinds without a walk of their own)."""
    if index < 0 or index >= rows.shape[0] // cython.cast(cython.Py_ssize_t, cython.sizeof(Row)):
        raise IndexError("no such row")
    if data.shape[0] > MAX_FRAME:
        raise ValueError("a frame has less than 2 GB")
    row: cython.pointer(Row) = cython.cast(cython.pointer(Row), cython.address(rows[0])) + index
    p: cython.p_const_uchar = cython.NULL
    if data.shape[0] > 0:
        p = cython.address(data[0])
    row.time_ns = time_ns
    row.offset = offset
    row.cap_len = cython.cast(uint, data.shape[0])
    row.wire_len = wire_len
    row.interface = interface
    row.link_type = cython.cast(ushort, link_type)
    dissect(p, row.cap_len, wire_len, link_type, row, seed)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def pcap_rows(
    b: cython.p_const_uchar, place: cython.pointer(cython.Py_ssize_t), end: cython.Py_ssize_t, base: ulonglong,
    big: cint, ns_per_tick: longlong, link_type: uint, first: cython.pointer(Row), room: cython.Py_ssize_t,
    seed: ulonglong, stopped: cython.pointer(cint),
) -> cython.Py_ssize_t:  # fmt: skip
    """Walk pcap records in b[place:end]; the number of rows written, `room` at most. `place` moves behind the last
    whole record, `stopped` says why there."""
    row: cython.pointer(Row)
    n: cython.Py_ssize_t = 0
    at: cython.Py_ssize_t = place[0]
    cap: uint
    why: cint = 0
    while end - at >= 16:
        if n >= room:
            why = 1
            break
        cap = load32(b + at + 8, big)
        if cap > MAX_CAP:
            why = 3
            break
        if end - at - 16 < cap:
            break
        row = first + n
        row.time_ns = cython.cast(longlong, load32(b + at, big)) * 1000000000
        row.time_ns += cython.cast(longlong, load32(b + at + 4, big)) * ns_per_tick
        row.offset = base + cython.cast(ulonglong, at) + 16
        row.cap_len = cap
        row.wire_len = load32(b + at + 12, big)
        row.interface = 0
        row.link_type = cython.cast(ushort, link_type)
        dissect(b + at + 16, cap, row.wire_len, link_type, row, seed)
        at += 16 + cap
        n += 1
    place[0] = at
    stopped[0] = why
    return n


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def pcapng_rows(
    b: cython.p_const_uchar, place: cython.pointer(cython.Py_ssize_t), end: cython.Py_ssize_t, base: ulonglong,
    big: cint, facts: cython.pointer(cython.const[longlong]), known: uint, first: cython.pointer(Row),
    room: cython.Py_ssize_t, seed: ulonglong, stopped: cython.pointer(cint),
) -> cython.Py_ssize_t:  # fmt: skip
    """The same for Enhanced Packet Blocks; `facts`: four numbers for each of the `known` interfaces."""
    row: cython.pointer(Row)
    n: cython.Py_ssize_t = 0
    at: cython.Py_ssize_t = place[0]
    size: uint
    cap: uint
    which: uint
    ticks: ulonglong
    rate: ulonglong
    time_ns: ulonglong
    why: cint = 0
    while end - at >= 12:
        if n >= room:
            why = 1
            break
        if load32(b + at, big) != 6:
            why = 2
            break
        size = load32(b + at + 4, big)
        if size < 32 or size & 3 or size > MAX_BLOCK:
            why = 3
            break
        if end - at < size:
            break
        which = load32(b + at + 8, big)
        cap = load32(b + at + 20, big)
        if which >= known or facts[4 * which + 1] == 0:
            why = 2
            break
        if cap > MAX_CAP or cap > size - 32 or load32(b + at + size - 4, big) != size:
            why = 3
            break
        # options (comments) follow the data: they do not change a row
        ticks = (cython.cast(ulonglong, load32(b + at + 12, big)) << 32) | load32(b + at + 16, big)
        rate = cython.cast(ulonglong, facts[4 * which + 1])
        row = first + n
        # unsigned: a time beyond 64 bits wraps
        if rate == 1000000:
            time_ns = ticks * 1000
        elif rate == 1000000000:
            time_ns = ticks
        else:
            time_ns = ticks // rate * 1000000000 + ticks % rate * 1000000000 // rate
        time_ns += cython.cast(ulonglong, facts[4 * which + 2]) * 1000000000
        row.time_ns = cython.cast(longlong, time_ns)
        row.offset = base + cython.cast(ulonglong, at) + 28
        row.cap_len = cap
        row.wire_len = load32(b + at + 24, big)
        row.interface = cython.cast(uint, facts[4 * which + 3])
        row.link_type = cython.cast(ushort, facts[4 * which])
        dissect(b + at + 28, cap, row.wire_len, row.link_type, row, seed)
        at += size
        n += 1
    place[0] = at
    stopped[0] = why
    return n


def scan_pcap(buf: cython.const[uchar][::1], start: cython.Py_ssize_t, end: cython.Py_ssize_t, base: ulonglong,
              big: cint, ns_per_tick: longlong, link_type: uint, rows: uchar[::1], seed: ulonglong):  # fmt: skip
    """Walk pcap records from `start`; `base` is the input offset of buf[0].

    Returns (rows written, position after the last whole record, why it stopped).
    """
    first: cython.pointer(Row) = cython.cast(cython.pointer(Row), cython.address(rows[0]))
    room: cython.Py_ssize_t = rows.shape[0] // cython.cast(cython.Py_ssize_t, cython.sizeof(Row))
    b: cython.p_const_uchar
    n: cython.Py_ssize_t
    at: cython.Py_ssize_t = start
    why: cint = 0
    if start < 0 or end > buf.shape[0]:
        raise IndexError("outside the buffer")
    if start >= end:
        return 0, start, DONE
    b = cython.address(buf[0])
    with cython.nogil:
        n = pcap_rows(
            b, cython.address(at), end, base, big, ns_per_tick, link_type, first, room, seed, cython.address(why)
        )
    return n, at, why


def scan_pcapng(buf: cython.const[uchar][::1], start: cython.Py_ssize_t, end: cython.Py_ssize_t, base: ulonglong,
                big: cint, interfaces: cython.const[longlong][::1], rows: uchar[::1], seed: ulonglong):  # fmt: skip
    """Walk Enhanced Packet Blocks of one section from `start`.

    `interfaces` holds four numbers for each interface of the section: link type, ticks per second (0: this walk
    cannot convert it), seconds to add, index over the whole input. Any other block, and a packet of an interface that
    is not in the list, ends the walk (OTHER). Returns as `scan_pcap`.
    """
    first: cython.pointer(Row) = cython.cast(cython.pointer(Row), cython.address(rows[0]))
    room: cython.Py_ssize_t = rows.shape[0] // cython.cast(cython.Py_ssize_t, cython.sizeof(Row))
    known: uint = cython.cast(uint, interfaces.shape[0] // 4)
    facts: cython.pointer(cython.const[longlong]) = cython.NULL
    b: cython.p_const_uchar
    n: cython.Py_ssize_t
    at: cython.Py_ssize_t = start
    why: cint = 0
    if start < 0 or end > buf.shape[0]:
        raise IndexError("outside the buffer")
    if start >= end:
        return 0, start, DONE
    if known:
        facts = cython.address(interfaces[0])
    b = cython.address(buf[0])
    with cython.nogil:
        n = pcapng_rows(b, cython.address(at), end, base, big, facts, known, first, room, seed, cython.address(why))
    return n, at, why
