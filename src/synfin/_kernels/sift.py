# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Walks over records that make rows only of frames which may pass a filter.

A sieve holds clauses; a frame falls through where a clause says NO for sure, and that is known only of frames that
`plain` knows, and of UDP that is no tunnel where a clause asks for TCP. Every other frame gets its row, so that
fragments are put together and readable code is asked as ever. What a probe says of a plain frame is what
`choose` says of its row: a property test holds both equal.
"""

import cython
from cython import int as cint
from cython import longlong, uchar, uint, ulonglong, ushort
from cython.cimports.libc.string import memset
from cython.cimports.synfin._kernels.carrier import Datagram, tunnels
from cython.cimports.synfin._kernels.cells import (
    HAS_ETH,
    HAS_IP4,
    HAS_IP6,
    HAS_TCP,
    PAIR_BOTH,
    PAIR_DESTINATION,
    PAIR_SOURCE,
    S_ADDRESS4,
    S_ADDRESS6,
    S_ETH_BYTES,
    S_ETH_PAIR,
    S_FLAGS,
    S_FRAME,
    S_IP4_BYTES,
    S_IP6_BYTES,
    S_LAYER,
    S_NUMBER,
    S_OPTION,
    S_PAYLOAD,
    S_PORT,
    S_ROW,
    S_SEGMENT,
    S_SEGMENT_BYTES,
    S_SEGMENT_ROW,
    S_UDP_BYTES,
    S_UDP_PAIR,
    S_WHOLE_OPTION,
    Cell,
    Spec,
    masked,
    pair,
)
from cython.cimports.synfin._kernels.octets import be16, be32, big, load32
from cython.cimports.synfin._kernels.plain import Place, located
from cython.cimports.synfin._kernels.row import KIND_INVOLVED, KIND_QUOTED, KIND_TCP, OPT_CUT, Row
from cython.cimports.synfin._kernels.scan import MAX_CAP, dissect
from cython.cimports.synfin._kernels.sift import (
    MAX_BOUNDS,
    MAX_PROBES,
    P_NUMBERS,
    P_OCTETS,
    P_PRESENT,
    Probe,
    Quick,
)
from cython.cimports.synfin._kernels.within import same_bits, verdict, within

if not cython.compiled:
    raise ImportError("the kernel sift is not compiled")

UNKNOWN = cython.declare(cint, -1)

# Where members of a row stand, of which a sieve knows the values before there is a row
_row = cython.declare(Row)
_start = cython.declare(cython.size_t, cython.cast(cython.size_t, cython.address(_row)))
AT_TIME = cython.declare(uint, cython.cast(cython.size_t, cython.address(_row.time_ns)) - _start)
AT_WIRE_LEN = cython.declare(uint, cython.cast(cython.size_t, cython.address(_row.wire_len)) - _start)
AT_CAP_LEN = cython.declare(uint, cython.cast(cython.size_t, cython.address(_row.cap_len)) - _start)
AT_SEQ = cython.declare(uint, cython.cast(cython.size_t, cython.address(_row.seq)) - _start)
AT_ACK = cython.declare(uint, cython.cast(cython.size_t, cython.address(_row.ack)) - _start)
AT_LEN = cython.declare(uint, cython.cast(cython.size_t, cython.address(_row.len_bytes)) - _start)
AT_WINDOW = cython.declare(uint, cython.cast(cython.size_t, cython.address(_row.window)) - _start)
AT_HDR_LEN = cython.declare(uint, cython.cast(cython.size_t, cython.address(_row.hdr_len)) - _start)

#: A frame before it has a row. Without `tcp` it holds UDP, and no TCP whatever follows.
Whole = cython.struct(
    p=cython.p_const_uchar, cap=uint, wire=uint, number=uint, time_ns=longlong, link=uint, place=Place, has_tcp=cint
)


@cython.cfunc
@cython.nogil
@cython.inline
@cython.exceptval(check=False)
def of_frame(spec: cython.pointer(cython.const[Spec]), one: cython.pointer(Whole), cell: cython.pointer(Cell)) -> cint:
    if spec.source == S_NUMBER:
        cell.number[0] = one.number
    elif spec.source == S_ROW and one.time_ns >= 0:
        if spec.offset == AT_WIRE_LEN:
            cell.number[0] = one.wire
        elif spec.offset == AT_CAP_LEN:
            cell.number[0] = one.cap
        elif spec.offset == AT_TIME:
            cell.number[0] = one.time_ns
        else:
            return UNKNOWN
    else:
        return UNKNOWN
    return 1


@cython.cfunc
@cython.nogil
@cython.inline
@cython.exceptval(check=False)
def member(offset: uint, place: cython.pointer(Place), cell: cython.pointer(Cell)) -> cint:
    """What will stand in the row, out of the TCP header."""
    q: cython.p_const_uchar = place.tcp
    if offset == AT_LEN:
        cell.number[0] = cython.cast(longlong, place.length) - place.hdr_len
    elif offset == AT_WINDOW:
        cell.number[0] = be16(q + 14)
    elif offset == AT_HDR_LEN:
        cell.number[0] = place.hdr_len
    elif offset == AT_SEQ:
        cell.number[0] = be32(q + 4)
    elif offset == AT_ACK:
        cell.number[0] = be32(q + 8)
    else:
        return UNKNOWN
    return 1


@cython.cfunc
@cython.nogil
@cython.inline
@cython.exceptval(check=False)
def of_segment(
    spec: cython.pointer(cython.const[Spec]), place: cython.pointer(Place), cell: cython.pointer(Cell)
) -> cint:
    source: cint = spec.source
    q: cython.p_const_uchar = place.tcp
    if source == S_PORT:
        return pair(spec.mask, be16(q), be16(q + 2), cell)
    if source == S_FLAGS:
        cell.number[0] = cython.cast(longlong, (be16(q + 12) & 0x0FFF & spec.mask) >> spec.shift)
        return 1
    if source == S_SEGMENT_ROW:
        return member(spec.offset, place, cell)
    if source == S_SEGMENT_BYTES and spec.offset + spec.width <= 20:
        cell.number[0] = cython.cast(longlong, big(q + spec.offset, spec.width))
        return 1
    if source == S_PAYLOAD and place.room == place.hdr_len:
        return 0
    if S_OPTION <= source <= S_WHOLE_OPTION and place.hdr_len == 20:
        return 0
    return UNKNOWN


@cython.cfunc
@cython.nogil
@cython.inline
@cython.exceptval(check=False)
def of_layer(spec: cython.pointer(cython.const[Spec]), one: cython.pointer(Whole), cell: cython.pointer(Cell)) -> cint:
    source: cint = spec.source
    q: cython.p_const_uchar = one.place.ip
    v6: cint = one.place.v6
    if source == S_ADDRESS4:
        return 0 if v6 else pair(spec.mask, be32(q + 12), be32(q + 16), cell)
    if source == S_ADDRESS6:
        if not v6:
            return 0
        cell.octets[0] = q + 24 if spec.mask == PAIR_DESTINATION else q + 8
        cell.octets[1] = q + 24
        return 2 if spec.mask == PAIR_BOTH else 1
    if source == S_IP4_BYTES:
        return 0 if v6 else masked(q, spec, cell)
    if source == S_IP6_BYTES:
        return masked(q, spec, cell) if v6 else 0
    if source == S_LAYER:
        cell.number[0] = 1
        return (spec.mask & (HAS_ETH | HAS_TCP | (HAS_IP6 if v6 else HAS_IP4))) != 0
    if source == S_ETH_BYTES:
        return masked(one.p, spec, cell)
    if source == S_ETH_PAIR:
        cell.number[0] = cython.cast(longlong, big(one.p if spec.mask != PAIR_SOURCE else one.p + 6, 6))
        cell.number[1] = cython.cast(longlong, big(one.p + 6, 6))
        return 2 if spec.mask == PAIR_BOTH else 1
    return 0 if source == S_UDP_BYTES or source == S_UDP_PAIR else UNKNOWN


@cython.cfunc
@cython.nogil
@cython.inline
@cython.exceptval(check=False)
def values(spec: cython.pointer(cython.const[Spec]), one: cython.pointer(Whole), cell: cython.pointer(Cell)) -> cint:
    """How many values the field has in the frame, UNKNOWN where a row is needed to tell."""
    if spec.source < S_SEGMENT:
        return of_frame(spec, one, cell)
    if spec.source < S_LAYER:
        return of_segment(spec, cython.address(one.place), cell) if one.has_tcp else 0
    return of_layer(spec, one, cell) if one.has_tcp else UNKNOWN


@cython.final
@cython.cclass
class Sieve:
    """The clauses that a frame must pass; each is a list of probes of which one must not say NO."""

    def __cinit__(self):
        self.count = 0
        self.quick_count = 0
        self.bound_count = 0
        self.wanted_count = 0

    def add(self, clause: list) -> cython.bint:
        """Add a clause; False, and nothing is added, where there is no room or a probe knows nothing before a row.

        A probe is (which test, `Block.field`'s six numbers, mask, bounds, wanted, bits, equal, every), of which
        `choose`'s tests tell the meaning.
        """
        count: cint = self.count
        bound_count: cint = self.bound_count
        wanted_count: cint = self.wanted_count
        for probe in clause:
            if not self.probe(*probe):
                self.count, self.bound_count, self.wanted_count = count, bound_count, wanted_count
                return False
        if self.count > count:
            self.probes[self.count - 1].last = 1
        if self.count == count + 1 and quickened(
            cython.address(self.probes[count]), cython.address(self.quicks[self.quick_count])
        ):
            self.quick_count += 1
        return self.count > count

    def probe(self, test: cint, where: tuple, mask: ulonglong, bounds: object, wanted: bytes, bits: object,
              equal: cint, every: cint) -> cython.bint:  # fmt: skip
        one: cython.pointer(Probe)
        if self.count >= MAX_PROBES or self.bound_count + len(bounds) > MAX_BOUNDS or not tells(where[0], where[1]):
            return False
        if self.wanted_count + len(bits) > MAX_PROBES or len(wanted) < 16 * len(bits) or len(bounds) % 2:
            return False
        one = cython.address(self.probes[self.count])
        memset(one, 0, cython.sizeof(Probe))
        one.test, one.mask, one.equal, one.every = test, mask, equal, every
        one.spec.source, one.spec.offset, one.spec.width = where[0], where[1], where[2]
        one.spec.mask, one.spec.shift, one.spec.scale = where[3], where[4], where[5]
        one.first = self.wanted_count if test == P_OCTETS else self.bound_count
        one.count = len(bits) if test == P_OCTETS else len(bounds) // 2
        if len(bounds):
            one.least, one.most = bounds[0], bounds[1]
        for bound in bounds:
            self.bounds[self.bound_count] = bound
            self.bound_count += 1
        for place, prefix in enumerate(bits):
            if prefix > 128:
                return False
            self.bits[self.wanted_count] = prefix
            for octet in range(16):
                self.wanted[16 * self.wanted_count + octet] = wanted[16 * place + octet]
            self.wanted_count += 1
        self.count += 1
        return True


@cython.cfunc
@cython.exceptval(check=False)
def quickened(probe: cython.pointer(Probe), quick: cython.pointer(Quick)) -> cython.bint:
    """Make a window of a probe, where it is about one range of numbers that stand in the headers."""
    spec: cython.pointer(Spec) = cython.address(probe.spec)
    source: cint = spec.source
    size: uint = 0  # of a value, in bits
    if probe.test != P_NUMBERS or probe.count != 1 or probe.mask or spec.scale != 1:
        return False
    if source == S_ADDRESS4:
        size = 32
        quick.of_ip, quick.at, quick.also_at = 1, 12, 16
    elif source == S_PORT:
        size = 16
        quick.of_ip, quick.at, quick.also_at = 0, 0, 2
    elif source == S_FLAGS:
        quick.of_ip, quick.at = 0, 12
        quick.shift, quick.mask = 16 + spec.shift, cython.cast(uint, (spec.mask & 0x0FFF) >> spec.shift)
    elif source == S_IP4_BYTES and spec.width <= 4 and spec.offset + 4 <= 20:
        quick.of_ip, quick.at = 1, spec.offset
        quick.shift, quick.mask = 32 - 8 * spec.width + spec.shift, cython.cast(uint, spec.mask >> spec.shift)
    else:
        return False
    if size:
        if spec.mask == PAIR_BOTH and probe.every:
            return False
        quick.shift, quick.mask = 32 - size, 0xFFFFFFFF
        quick.at = quick.also_at if spec.mask == PAIR_DESTINATION else quick.at
    if not size or spec.mask != PAIR_BOTH:
        quick.also_at = quick.at
    if probe.most < 0 or probe.least > 0xFFFFFFFF:
        return False
    quick.least = cython.cast(uint, max(probe.least, 0))
    quick.span = cython.cast(uint, min(probe.most, 0xFFFFFFFF)) - quick.least
    return True


@cython.cfunc
@cython.exceptval(check=False)
def tells(source: cint, offset: uint) -> cython.bint:
    """Whether a sieve knows such a field's values of some frames."""
    if source == S_ROW:
        return offset == AT_WIRE_LEN or offset == AT_CAP_LEN or offset == AT_TIME
    if source == S_NUMBER:
        return True
    return source >= S_SEGMENT and source != S_FRAME


@cython.cfunc
@cython.nogil
@cython.inline
@cython.exceptval(check=False)
def passes(sieve: Sieve, probe: cython.pointer(Probe), one: cython.pointer(Whole)) -> cint:
    """0 where the test says NO for sure."""
    cell: Cell
    i: cint
    k: cint
    hit: cint
    hits: cint = 0
    found: cint = values(cython.address(probe.spec), one, cython.address(cell))
    if found < 0:
        return 1
    if probe.test == P_PRESENT:
        return found > 0
    for i in range(found):
        if probe.test == P_NUMBERS:
            if probe.mask:
                cell.number[i] &= cython.cast(longlong, probe.mask)
            if probe.count == 1:
                hits += probe.least <= cell.number[i] <= probe.most
            else:
                hits += within(cell.number[i], cython.address(sieve.bounds[probe.first]), probe.count)
        else:
            hit = 0
            for k in range(probe.first, probe.first + probe.count):
                if same_bits(cell.octets[i], cython.address(sieve.wanted[16 * k]), sieve.bits[k]):
                    hit = 1
                    break
            hits += hit == (probe.equal != 0)
    return verdict(found, hits, probe.every)


@cython.cfunc
@cython.nogil
@cython.inline
@cython.exceptval(check=False)
def only_udp(p: cython.p_const_uchar, cap: uint) -> cython.bint:
    """Whether a frame of Ethernet with one VLAN tag at most holds UDP that is no tunnel, all of it in one piece."""
    d: Datagram
    at: uint = 14
    kind: uint
    if cap < 46:
        return 0
    kind = be16(p + 12)
    if kind == 0x8100:
        kind = be16(p + 16)
        at = 18
    d.protocol = 17
    if kind == 0x0800:
        if p[at] != 0x45 or p[at + 9] != 17 or be16(p + at + 6) & 0x3FFF:
            return 0
        d.offset = at + 20
    elif kind == 0x86DD:
        if p[at] >> 4 != 6 or p[at + 6] != 17:
            return 0
        d.offset = at + 40
    else:
        return 0
    return d.offset + 8 <= cap and not tunnels(p, cap, cython.address(d))


@cython.cfunc
@cython.nogil
@cython.inline
@cython.exceptval(check=False)
def falls(sieve: Sieve, one: cython.pointer(Whole)) -> cint:
    """Whether the frame cannot pass, whatever else is known of it."""
    i: cint
    open_clause: cint = 1  # no probe of the clause has passed yet
    if one.link != 1:
        return 0
    one.has_tcp = located(one.p, one.cap, one.wire, cython.address(one.place))
    if not one.has_tcp and not only_udp(one.p, one.cap):
        return 0
    for i in range(sieve.count):
        if open_clause and passes(sieve, cython.address(sieve.probes[i]), one):
            open_clause = 0
        if sieve.probes[i].last:
            if open_clause:
                return 1
            open_clause = 1
    return 0


#: Where the rows of a walk go, and what it has passed so far. `before_ns[i]` is the time of the frame before row i.
Kept = cython.struct(
    first=cython.pointer(Row), room=cython.Py_ssize_t, n=cython.Py_ssize_t, numbers=cython.pointer(uint),
    before_ns=cython.pointer(longlong), number=uint, last_ns=longlong, seed=ulonglong,
)  # fmt: skip


@cython.cfunc
@cython.nogil
@cython.inline
@cython.exceptval(check=False)
def falls_quickly(sieve: Sieve, p: cython.p_const_uchar, cap: uint, wire: uint) -> cint:
    """Whether a frame of Ethernet falls through a window; 0 where that is for `falls` to tell.

    Nobody can predict whether it is IPv4 or IPv6: so nothing branches on it.
    """
    quick: cython.pointer(Quick) = cython.address(sieve.quicks[0])
    place: Place
    q: cython.p_const_uchar
    first: uint
    second: uint
    i: cint
    if not sieve.quick_count or not located(p, cap, wire, cython.address(place)):
        return 0
    for i in range(sieve.quick_count):
        q = place.ip if quick.of_ip else place.tcp
        first = (be32(q + quick.at) >> quick.shift) & quick.mask
        second = (be32(q + quick.also_at) >> quick.shift) & quick.mask
        if ((first - quick.least > quick.span) & (second - quick.least > quick.span)) | (place.v6 & quick.of_ip):
            return 1
        quick += 1
    return 0


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def keep(kept: cython.pointer(Kept), one: cython.pointer(Whole), offset: ulonglong, interface: uint) -> cython.void:
    """The row of a frame."""
    row: cython.pointer(Row) = kept.first + kept.n
    row.time_ns = one.time_ns
    row.offset = offset
    row.cap_len = one.cap
    row.wire_len = one.wire
    row.interface = interface
    row.link_type = cython.cast(ushort, one.link)
    dissect(one.p, one.cap, one.wire, one.link, row, kept.seed)
    kept.numbers[kept.n] = one.number
    kept.before_ns[kept.n] = one.time_ns if one.number == 1 else kept.last_ns
    kept.n += 1


@cython.cfunc
@cython.nogil
@cython.inline
@cython.exceptval(check=False)
def time_of(p: cython.p_const_uchar, swapped: cint, ns_per_tick: longlong) -> longlong:
    """The time of the pcap record at `p`: 64 bits hold all."""
    return (
        cython.cast(longlong, load32(p, swapped)) * 1000000000
        + cython.cast(longlong, load32(p + 4, swapped)) * ns_per_tick
    )


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def pcap_kept(
    sieve: Sieve, b: cython.p_const_uchar, place: cython.pointer(cython.Py_ssize_t), end: cython.Py_ssize_t,
    base: ulonglong, swapped: cint, ns_per_tick: longlong, link_type: uint, kept: cython.pointer(Kept),
) -> cint:  # fmt: skip
    """`scan.pcap_rows` through a sieve; why it stopped. The first frame always has a row."""
    one: Whole
    p: cython.p_const_uchar
    at: cython.Py_ssize_t = place[0]
    last: cython.Py_ssize_t = -1  # the record before, of this call
    number: uint = kept.number
    cap: uint
    wire: uint
    why: cint = 0
    memset(cython.address(one), 0, cython.sizeof(Whole))
    one.link = link_type
    while end - at >= 16:
        if kept.n >= kept.room:
            why = 1
            break
        p = b + at
        cap = load32(p + 8, swapped)
        wire = load32(p + 12, swapped)
        if cap > MAX_CAP:
            why = 3
            break
        if end - at - 16 < cap:
            break
        number += 1
        if link_type != 1 or number == 1 or not falls_quickly(sieve, p + 16, cap, wire):
            one.p, one.cap, one.wire, one.number = p + 16, cap, wire, number
            one.time_ns = time_of(p, swapped, ns_per_tick)
            if number == 1 or not falls(sieve, cython.address(one)):
                if last >= 0:
                    kept.last_ns = time_of(b + last, swapped, ns_per_tick)
                keep(kept, cython.address(one), base + cython.cast(ulonglong, at) + 16, 0)
        last = at
        at += 16 + cap
    if last >= 0:
        kept.last_ns = time_of(b + last, swapped, ns_per_tick)
    kept.number = number
    place[0] = at
    return why


def sift_pcap(
    sieve: Sieve, buf: cython.const[uchar][::1], start: cython.Py_ssize_t, end: cython.Py_ssize_t, base: ulonglong,
    swapped: cint, ns_per_tick: longlong, link_type: uint, rows: uchar[::1], seed: ulonglong, numbers: uint[::1],
    before_ns: longlong[::1], number: uint, last_ns: longlong,
):  # fmt: skip
    """Walk pcap records from `start`, behind frame `number` of time `last_ns`, as `scan.scan_pcap` does.

    Rows are those of frames that do not fall through: `numbers` says which frames they are, `before_ns` when the frame
    before each was. Returns (rows written, position after the last whole record, why it stopped, number and time of
    the last frame).
    """
    kept: Kept
    at: cython.Py_ssize_t = start
    why: cint
    b: cython.p_const_uchar
    if start < 0 or end > buf.shape[0]:
        raise IndexError("outside the buffer")
    if start >= end:
        return 0, start, 0, number, last_ns
    kept.first = cython.cast(cython.pointer(Row), cython.address(rows[0]))
    kept.room = rows.shape[0] // cython.cast(cython.Py_ssize_t, cython.sizeof(Row))
    kept.room = min(kept.room, numbers.shape[0], before_ns.shape[0])
    if kept.room < 1:
        raise IndexError("no room for a row")
    kept.numbers = cython.address(numbers[0])
    kept.before_ns = cython.address(before_ns[0])
    kept.n, kept.number, kept.last_ns, kept.seed = 0, number, last_ns, seed
    b = cython.address(buf[0])
    with cython.nogil:
        why = pcap_kept(sieve, b, cython.address(at), end, base, swapped, ns_per_tick, link_type, cython.address(kept))
    return kept.n, at, why, kept.number, kept.last_ns


def keep_marked(
    rows: cython.const[uchar][::1], start: cython.Py_ssize_t, count: cython.Py_ssize_t,
    marks: cython.const[ushort][::1], streams: cython.const[uint][::1], mask: uint, ranges: cython.const[longlong][::1],
    number: uint, last_ns: longlong, kept_rows: uchar[::1], kept_marks: ushort[::1], kept_streams: uint[::1],
    numbers: uint[::1], before_ns: longlong[::1],
):  # fmt: skip
    """Copy those of the rows from `start` to before `count` that have an analysis flag of `mask` (if that is not 0)
    and a stream in one of the ranges (if there are any), with their marks and streams.

    Frame 1 and a TCP header of which only the readable code knows all are copied too. `number` and `last_ns` are those
    of the frame before row `start`; `numbers` and `before_ns` are filled as by `sift_pcap`. Returns (rows copied, the
    row behind the last one looked at, the time of that one); no row is copied, and -1 returned, from an odd time on.
    """
    first: cython.pointer(cython.const[Row])
    out: cython.pointer(Row)
    size: cython.Py_ssize_t = cython.sizeof(Row)
    room: cython.Py_ssize_t = min(kept_rows.shape[0] // size, numbers.shape[0], before_ns.shape[0])
    pairs: cython.pointer(cython.const[longlong]) = cython.NULL
    pair_count: cython.Py_ssize_t = ranges.shape[0] // 2
    i: cython.Py_ssize_t = start
    kept: cython.Py_ssize_t = 0
    room = min(room, kept_marks.shape[0], kept_streams.shape[0])
    if not 0 <= start < count or count > rows.shape[0] // size or room < 1:
        raise IndexError("fewer rows than asked for")
    if count > marks.shape[0] or count > streams.shape[0]:
        raise IndexError("fewer marks than rows")
    if pair_count:
        pairs = cython.address(ranges[0])
    first = cython.cast(cython.pointer(cython.const[Row]), cython.address(rows[0]))
    out = cython.cast(cython.pointer(Row), cython.address(kept_rows[0]))
    with cython.nogil:
        while i < count and kept < room:
            number += 1
            if (first[i].time_ns | last_ns) < 0 and number > 1:
                kept = -1
                break
            if (
                ((mask == 0 or marks[i] & mask) and (pair_count == 0 or within(streams[i], pairs, pair_count)))
                or number == 1
                or is_doubtful(first + i)
            ):  # fmt: skip
                numbers[kept] = number
                before_ns[kept] = first[i].time_ns if number == 1 else last_ns
                kept_marks[kept] = marks[i]
                kept_streams[kept] = streams[i]
                out[kept] = first[i]
                kept += 1
            last_ns = first[i].time_ns
            i += 1
    return kept, i, last_ns


@cython.cfunc
@cython.nogil
@cython.inline
@cython.exceptval(check=False)
def is_doubtful(row: cython.pointer(cython.const[Row])) -> cython.bint:
    """Whether a TCP header is none of a sound segment, or stands behind what may hold another one."""
    return row.kind & KIND_TCP and (
        row.kind & (KIND_QUOTED | KIND_INVOLVED) or row.hdr_len < 20 or row.len_bytes < 0 or row.options & OPT_CUT
    )
