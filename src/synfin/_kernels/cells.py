# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""The values of fields, frame by frame, out of rows, facts, values and the bytes themselves.

It knows the common frame: one link layer with VLAN tags, one IP header, one TCP or UDP header, all of it captured.
Of any other frame it says ASK, never a guess: `synfin.dissect` then answers for that frame. Which field stands where
is told by its caller (`synfin.watch.packets.column_fields`); a property test holds each equal to the readable one.
"""

import cython
from cython import int as cint
from cython import longlong, uchar, uint, ulonglong, ushort
from cython.cimports.libc.string import memset
from cython.cimports.synfin._kernels.cells import (
    ASK,
    BLOCK_ROWS,
    HAS_ETH,
    HAS_IP4,
    HAS_IP6,
    HAS_UDP,
    PAIR_BOTH,
    PAIR_DESTINATION,
    PAIR_SOURCE,
    S_ADDRESS4,
    S_ADDRESS6,
    S_BITS,
    S_CLOSER,
    S_DELTA,
    S_DISPLAYED,
    S_ETH_BYTES,
    S_ETH_PAIR,
    S_FACT,
    S_FLAGS,
    S_FRAME,
    S_IP4_BYTES,
    S_IP6_BYTES,
    S_LAYER,
    S_MARKED,
    S_MULTIPLIER,
    S_NEXT,
    S_NOTED,
    S_NUMBER,
    S_OPTION,
    S_OWN,
    S_PAYLOAD,
    S_PORT,
    S_RELATIVE,
    S_ROW,
    S_SACK_EDGE,
    S_SCALE,
    S_SEGMENT,
    S_SEGMENT_BYTES,
    S_SEGMENT_ROW,
    S_SHOWN,
    S_TCP_BYTES,
    S_UDP_BYTES,
    S_VALUE,
    S_WHOLE_OPTION,
    UNSURE,
    Cell,
    Spec,
    View,
    bytes_of,
    masked,
    pair,
)
from cython.cimports.synfin._kernels.layers import shape
from cython.cimports.synfin._kernels.octets import be16, be32, big
from cython.cimports.synfin._kernels.row import (
    KIND_FROM_HIGH,
    KIND_INVOLVED,
    KIND_QUOTED,
    KIND_TCP,
    KIND_V6,
    OPT_CUT,
    OPT_MSS,
    OPT_SACK,
    OPT_SACK_PERMITTED,
    OPT_TIMESTAMP,
    Row,
    since,
)

if not cython.compiled:
    raise ImportError("the kernel cells is not compiled")

SYN_FIN = cython.declare(uint, 0x03)
FIN = cython.declare(uint, 0x01)
RST = cython.declare(uint, 0x04)
ACK_FLAG = cython.declare(uint, 0x10)
MAX_SHIFT = cython.declare(uint, 14)
SACK = cython.declare(uint, 5)


@cython.cfunc
@cython.nogil
@cython.inline
@cython.exceptval(check=False)
def native(p: cython.p_const_uchar, width: uint) -> longlong:
    """A member of a row, a fact or a value; a width of 14 or 18 means a signed one of 4 or 8 bytes."""
    if width == 4:
        return cython.cast(cython.pointer(uint), p)[0]
    if width == 8 or width == 18:
        return cython.cast(cython.pointer(longlong), p)[0]
    if width == 2:
        return cython.cast(cython.pointer(ushort), p)[0]
    if width == 14:
        return cython.cast(cython.pointer(cint), p)[0]
    return p[0]


@cython.cfunc
@cython.nogil
@cython.inline
@cython.exceptval(check=False)
def judge_segment(row: cython.pointer(Row)) -> uchar:
    if (row.kind & KIND_TCP) == 0:
        return 0
    if row.kind & KIND_QUOTED or row.hdr_len < 20 or row.len_bytes < 0 or row.options & OPT_CUT:
        return 2
    return 1


@cython.cfunc
@cython.nogil
@cython.inline
@cython.exceptval(check=False)
def before(view: cython.pointer(View), index: uint) -> longlong:
    """The time of the frame before a row's."""
    if view.befores_ns != cython.NULL:
        return view.befores_ns[index]
    return view.rows[index - 1].time_ns if index else view.before_ns


@cython.cfunc
@cython.nogil
@cython.inline
@cython.exceptval(check=False)
def odd_clock(view: cython.pointer(View), index: uint) -> cint:
    """A time that 64 bits may not hold (a broken clock, or a broken file): differences are for the readable code."""
    return (view.rows[index].time_ns | before(view, index) | view.first_ns | view.shown_ns) < 0


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def of_frame(view: cython.pointer(View), index: uint, spec: cython.pointer(cython.const[Spec]),
             cell: cython.pointer(Cell)) -> cint:  # fmt: skip
    """Fields that every frame has, and facts of any TCP header."""
    row: cython.pointer(Row) = view.rows + index
    source: cint = spec.source
    if source == S_NUMBER:
        cell.number[0] = cython.cast(longlong, view.first) + index
        if view.numbers != cython.NULL:
            cell.number[0] = view.numbers[index]
    elif source == S_ROW:
        if row.time_ns < 0:
            return ASK
        cell.number[0] = native(cython.cast(cython.p_const_uchar, row) + spec.offset, spec.width)
    elif S_RELATIVE <= source <= S_DISPLAYED and odd_clock(view, index):
        return ASK
    elif source == S_RELATIVE:
        cell.number[0] = since(row.time_ns, view.first_ns)
    elif source == S_DELTA:
        cell.number[0] = since(row.time_ns, before(view, index))
    elif source == S_DISPLAYED:
        cell.number[0] = since(row.time_ns, view.shown_ns) if view.has_shown else 0
    elif source == S_FRAME:
        cell.octets[0] = bytes_of(view, index)
        cell.size = row.cap_len
    else:
        if (row.kind & KIND_TCP) == 0 or (source == S_OWN and row.kind & KIND_QUOTED):
            return 0
        if view.streams != cython.NULL:
            cell.number[0] = view.streams[index]
        else:
            cell.number[0] = native(view.facts + index * view.fact_size + spec.offset, spec.width)
    return 1


@cython.cfunc
@cython.nogil
@cython.inline
@cython.exceptval(check=False)
def absent(row: cython.pointer(Row), wanted: uint) -> cint:
    """Whether the scan has not met that option: it notes the common ones."""
    if row.hdr_len == 20:
        return 1
    if wanted == 8:
        return (row.options & OPT_TIMESTAMP) == 0
    if wanted == 2:
        return (row.options & OPT_MSS) == 0
    if wanted == 4:
        return (row.options & OPT_SACK_PERMITTED) == 0
    if wanted == 5:
        return (row.options & OPT_SACK) == 0
    return wanted == 3 and row.wscale < 0


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def option(view: cython.pointer(View), index: uint, spec: cython.pointer(cython.const[Spec]),
           cell: cython.pointer(Cell)) -> cint:  # fmt: skip
    """A number inside every option of one kind; `mask` is kind | its only right length << 8 (0: take it whole)."""
    row: cython.pointer(Row) = view.rows + index
    p: cython.p_const_uchar = bytes_of(view, index) + row.at
    at: uint = 20
    stop: uint = row.hdr_len
    wanted: uint = cython.cast(uint, spec.mask) & 255
    length: uint
    found: cint = 0
    if absent(row, wanted):
        return 0
    while at < stop:
        if p[at] == 1:
            if wanted == 1:
                return ASK
            at += 1
            continue
        if p[at] == 0 or at + 1 >= stop:
            break
        length = p[at + 1]
        if length < 2 or at + length > stop:
            break
        if p[at] == wanted:
            if spec.source == S_WHOLE_OPTION:
                cell.octets[0] = p + at
                cell.size = length
                if found:
                    return ASK
                found += 1
            elif wanted == SACK:
                found = sack_edges(view, index, spec, p + at, length, found, cell)
                if found < 0:
                    return ASK
            elif length == cython.cast(uint, spec.mask) >> 8:
                if found == 4:
                    return ASK
                cell.number[found] = cython.cast(longlong, big(p + at + spec.offset, spec.width))
                if spec.source == S_MULTIPLIER:
                    cell.number[found] = cython.cast(longlong, 1) << min(cython.cast(uint, p[at + 2]), MAX_SHIFT)
                found += 1
        at += length
    return found


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def sack_edges(view: cython.pointer(View), index: uint, spec: cython.pointer(cython.const[Spec]),
               p: cython.p_const_uchar, length: uint, found: cint, cell: cython.pointer(Cell)) -> cint:  # fmt: skip
    """Left (offset 2) or right edges (6), relative to the other end's first number; `shift`: where a fact has ack."""
    row: cython.pointer(Row) = view.rows + index
    base: uint
    at: uint = 2
    if (row.flags & ACK_FLAG) == 0 or view.facts == cython.NULL:
        return ASK  # the base cannot be told from the numbers
    base = row.ack - cython.cast(uint, native(view.facts + index * view.fact_size + spec.shift, 4))
    while at + 4 <= length:
        if spec.offset == 2 or at + 8 <= length:
            if found == 4:
                return ASK
            cell.number[found] = be32(p + at + spec.offset - 2) - base
            found += 1
        at += 8
    return found


@cython.cfunc
@cython.nogil
@cython.inline
@cython.exceptval(check=False)
def fact_bits(view: cython.pointer(View), index: uint, offset: uint) -> uint:
    if view.marks != cython.NULL:
        return view.marks[index]
    return cython.cast(cython.pointer(ushort), view.facts + index * view.fact_size + offset)[0]


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def judged(view: cython.pointer(View), index: uint, spec: cython.pointer(cython.const[Spec]),
           cell: cython.pointer(Cell)) -> cint:  # fmt: skip
    """What the analysis says of a segment."""
    source: cint = spec.source
    value: cython.p_const_uchar
    if source == S_BITS:
        cell.number[0] = fact_bits(view, index, spec.offset)
        if cell.number[0] & 6:
            cell.number[0] |= 1
        return 1
    cell.number[0] = 1
    cell.number[1] = 1
    if source == S_MARKED:  # a flag, `scale` times
        return cython.cast(cint, spec.scale) if fact_bits(view, index, spec.offset) & spec.mask else 0
    if view.values == cython.NULL:
        return ASK
    value = view.values + index * view.value_size
    if source == S_VALUE:  # shown where the member at `shift` is not 0
        cell.number[0] = native(value + spec.offset, spec.width)
        return native(value + spec.shift, cython.cast(uint, spec.scale)) != 0
    if source == S_NOTED:  # a bit of the marks
        return (value[spec.offset] & spec.mask) != 0
    if source == S_CLOSER:  # the same, of a FIN
        return view.rows[index].flags & FIN != 0 and (value[spec.offset] & spec.mask) != 0
    if source == S_SHOWN:
        cell.number[0] = native(value + spec.offset, spec.width)
        if fact_bits(view, index, spec.shift) == 0 and (value[spec.scale] & spec.mask) == 0:
            return 0
        return cell.number[0] != 0
    # S_ANALYSED: a flag (at `shift`), or anything to show
    return fact_bits(view, index, spec.shift) != 0 or (value[spec.offset] & spec.mask) != 0


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def of_segment(view: cython.pointer(View), index: uint, spec: cython.pointer(cython.const[Spec]),
               cell: cython.pointer(Cell)) -> cint:  # fmt: skip
    """Fields of a sound TCP segment."""
    row: cython.pointer(Row) = view.rows + index
    source: cint = spec.source
    end: uint
    if source == S_SEGMENT_ROW:
        cell.number[0] = native(cython.cast(cython.p_const_uchar, row) + spec.offset, spec.width)
        return 1
    if source == S_FACT:
        cell.number[0] = native(view.facts + index * view.fact_size + spec.offset, spec.width)
        return 1
    if source == S_FLAGS:
        cell.number[0] = cython.cast(longlong, (row.flags & spec.mask) >> spec.shift)
        return 1
    if source == S_PORT:
        if row.kind & KIND_FROM_HIGH:
            return pair(spec.mask, row.high_port, row.low_port, cell)
        return pair(spec.mask, row.low_port, row.high_port, cell)
    if source == S_SEGMENT_BYTES:
        cell.number[0] = cython.cast(longlong, big(bytes_of(view, index) + row.at + spec.offset, spec.width))
        return 1
    if source == S_NEXT:  # behind the number at `offset` of the fact
        end = cython.cast(uint, native(view.facts + index * view.fact_size + spec.offset, 4)) + row.len_bytes
        cell.number[0] = end + 1 if row.flags & SYN_FIN else end
        return 1
    if source == S_SCALE:
        cell.number[0] = native(view.facts + index * view.fact_size + spec.offset, 14)
        if cell.number[0] < -2:
            return 0
        if cell.number[0] >= 0:
            cell.number[0] = cython.cast(longlong, 1) << cell.number[0]
        return 1
    if source == S_PAYLOAD:
        cell.octets[0] = bytes_of(view, index) + row.at + row.hdr_len
        cell.size = row.captured
        return row.captured > 0 and (row.flags & RST) == 0
    if source == S_TCP_BYTES:
        cell.octets[0] = bytes_of(view, index) + row.at
        cell.size = row.hdr_len + row.captured
        return 1
    if S_OPTION <= source <= S_SACK_EDGE:
        return option(view, index, spec, cell)
    if source == S_SEGMENT:
        cell.number[0] = 1
        return 1
    return judged(view, index, spec, cell)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def address(view: cython.pointer(View), index: uint, spec: cython.pointer(cython.const[Spec]),
            cell: cython.pointer(Cell)) -> cint:  # fmt: skip
    """Source and destination of IP: IPv4 as numbers, IPv6 as bytes."""
    row: cython.pointer(Row) = view.rows + index
    src: cython.p_const_uchar
    dst: cython.p_const_uchar
    v6: cint = spec.source == S_ADDRESS6
    has: uint
    if view.segment[index] == 1:
        if v6 != (row.kind & KIND_V6 != 0):
            return 0
        if shape(view, index) & UNSURE:
            return ASK
        src = cython.address(row.high[0]) if row.kind & KIND_FROM_HIGH else cython.address(row.low[0])
        dst = cython.address(row.low[0]) if row.kind & KIND_FROM_HIGH else cython.address(row.high[0])
    else:
        has = shape(view, index)
        if has & UNSURE:
            return ASK
        if (has & (HAS_IP6 if v6 else HAS_IP4)) == 0:
            return 0
        src = bytes_of(view, index) + view.ip_at[index] + (8 if v6 else 12)
        dst = src + (16 if v6 else 4)
    if not v6:
        return pair(spec.mask, be32(src), be32(dst), cell)
    cell.size = 16
    cell.octets[0] = dst if spec.mask == PAIR_DESTINATION else src
    cell.octets[1] = dst
    return 2 if spec.mask == PAIR_BOTH else 1


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def of_layer(view: cython.pointer(View), index: uint, spec: cython.pointer(cython.const[Spec]),
             cell: cython.pointer(Cell)) -> cint:  # fmt: skip
    """Fields of the link layer, of IP and of UDP."""
    source: cint = spec.source
    p: cython.p_const_uchar
    has: uint
    if source == S_ADDRESS4 or source == S_ADDRESS6:
        return address(view, index, spec, cell)
    has = shape(view, index)
    if has & UNSURE:
        return ASK
    p = bytes_of(view, index)
    if source == S_LAYER:  # any of the HAS_ bits
        cell.number[0] = 1
        return (has & spec.mask) != 0
    if source == S_ETH_BYTES:
        return masked(p, spec, cell) if has & HAS_ETH else 0
    if source == S_ETH_PAIR:
        if (has & HAS_ETH) == 0:
            return 0
        cell.number[0] = cython.cast(longlong, big(p if spec.mask != PAIR_SOURCE else p + 6, 6))
        cell.number[1] = cython.cast(longlong, big(p + 6, 6))
        return 2 if spec.mask == PAIR_BOTH else 1
    if source == S_IP4_BYTES:
        return masked(p + view.ip_at[index], spec, cell) if has & HAS_IP4 else 0
    if source == S_IP6_BYTES:
        return masked(p + view.ip_at[index], spec, cell) if has & HAS_IP6 else 0
    if (has & HAS_UDP) == 0:
        return 0
    p += view.payload_at[index]
    if source == S_UDP_BYTES:
        return masked(p, spec, cell)
    return pair(spec.mask, be16(p), be16(p + 2), cell)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def get(view: cython.pointer(View), index: uint, spec: cython.pointer(cython.const[Spec]),
        cell: cython.pointer(Cell)) -> cint:  # fmt: skip
    """How many values the field has in the frame, which are in `cell`; ASK where this kernel does not know."""
    if spec.source < S_SEGMENT:
        return of_frame(view, index, spec, cell)
    if spec.source < S_LAYER:
        if view.segment[index] == 1:
            return of_segment(view, index, spec, cell)
        return ASK if view.segment[index] == 2 else 0
    return of_layer(view, index, spec, cell)


@cython.final
@cython.cclass
class Block:
    """A block of frames, one after the other: `attach` brings the next one, fields stay registered."""

    def __cinit__(self):
        memset(cython.address(self.view), 0, cython.sizeof(View))

    def field(self, source: cint, offset: uint, width: uint, mask: ulonglong, shift: cint, scale: longlong) -> uint:
        """Register where a field's values are; the number by which it is asked for."""
        spec: cython.pointer(Spec)
        if self.view.spec_count >= 256:
            raise ValueError("a block knows at most 256 fields")
        spec = cython.address(self.view.specs[self.view.spec_count])
        spec.source, spec.offset, spec.width = source, offset, width
        spec.mask, spec.shift, spec.scale = mask, shift, scale
        self.view.spec_count += 1
        return self.view.spec_count - 1

    def attach(
        self,
        rows: uchar[::1],
        count: uint,
        first: uint,
        buffer: cython.const[uchar][::1],
        base: ulonglong,
        slow: cython.const[uchar][::1],
        facts: uchar[::1] = None,
        fact_size: uint = 0,
        values: uchar[::1] = None,
        value_size: uint = 0,
        numbers: cython.const[uint][::1] = None,
        befores_ns: cython.const[longlong][::1] = None,
        marks: cython.const[ushort][::1] = None,
        streams: cython.const[uint][::1] = None,
    ):
        """The next `count` rows, from frame `first` on; buffer[0] is the byte at `base` of the input.

        slow[i] is not 0 for rows that the readable code has filled. Where not every frame has a row, `numbers` says
        which have one, and `befores_ns` the time of the frame before each. `marks` and `streams` are analysis flags and
        `tcp.stream` without facts.
        """
        i: uint
        row: cython.pointer(Row)
        end: ulonglong
        size: ulonglong = buffer.shape[0]
        apart: cint
        view: cython.pointer(View) = cython.address(self.view)
        if count > BLOCK_ROWS or count == 0 or count > slow.shape[0]:
            raise IndexError("a block has 1 to 1024 rows")
        if count > rows.shape[0] // cython.cast(cython.Py_ssize_t, cython.sizeof(Row)):
            raise IndexError("fewer rows than asked for")
        if facts is not None and (fact_size < 8 or count > facts.shape[0] // fact_size):
            raise IndexError("fewer facts than asked for")
        if values is not None and (value_size < 8 or count > values.shape[0] // value_size):
            raise IndexError("fewer values than asked for")
        if numbers is not None and (befores_ns is None or count > numbers.shape[0] or count > befores_ns.shape[0]):
            raise IndexError("fewer numbers than asked for")
        if marks is not None and (streams is None or count > marks.shape[0] or count > streams.shape[0]):
            raise IndexError("fewer marks than asked for")
        self.held = (rows, buffer, facts, values, numbers, befores_ns, marks, streams)
        view.rows = cython.cast(cython.pointer(Row), cython.address(rows[0]))
        view.buffer = cython.NULL
        if size:
            view.buffer = cython.address(buffer[0])
        view.facts = cython.NULL
        if facts is not None:
            view.facts = cython.address(facts[0])
        view.values = cython.NULL
        if values is not None:
            view.values = cython.address(values[0])
        view.marks = cython.NULL
        view.streams = cython.NULL
        if marks is not None and streams is not None:
            view.marks = cython.address(marks[0])
            view.streams = cython.address(streams[0])
        view.numbers = cython.NULL
        view.befores_ns = cython.NULL
        if numbers is not None and befores_ns is not None:
            view.numbers = cython.address(numbers[0])
            view.befores_ns = cython.address(befores_ns[0])
        view.count, view.first, view.base = count, first, base
        view.fact_size, view.value_size = fact_size, value_size
        if not view.has_first:
            view.has_first = 1
            view.first_ns = view.rows[0].time_ns
            self.last_ns = view.first_ns
        view.before_ns = self.last_ns
        self.last_ns = view.rows[count - 1].time_ns
        for i in range(count):
            row = view.rows + i
            end = row.offset + row.cap_len
            if row.offset < base or end - base > size:
                raise IndexError("a row's frame is not in the buffer")
            view.shape[i] = 0
            apart = slow[i] or row.kind & KIND_INVOLVED or odd_clock(view, i)
            view.segment[i] = 2 if apart else judge_segment(row)
        for i in range(count):
            if view.segment[i] == 0 and shape(view, i) & UNSURE:
                view.segment[i] = 2

    def passed(self, time_ns: longlong):
        """Frames without a row came behind those of this block, the last at that time."""
        self.last_ns = time_ns

    def unsure(self) -> list:
        """The rows of which only the readable code knows all."""
        found: list = []
        i: uint
        view: cython.pointer(View) = cython.address(self.view)
        for i in range(view.count):
            if view.segment[i] == 2 or shape(view, i) & UNSURE:
                found.append(i)
        return found

    def datagrams(self) -> list:
        """The rows that hold UDP, or may: the readable code tells."""
        found: list = []
        i: uint
        view: cython.pointer(View) = cython.address(self.view)
        for i in range(view.count):
            if view.segment[i] != 1 and (view.segment[i] == 2 or shape(view, i) & (UNSURE | HAS_UDP)):
                found.append(i)
        return found

    def others(self) -> list:
        """The rows that are more than a plain TCP segment or UDP datagram, or may be."""
        found: list = []
        i: uint
        has: uint
        view: cython.pointer(View) = cython.address(self.view)
        for i in range(view.count):
            if view.segment[i] == 1:
                continue
            has = shape(view, i)
            if view.segment[i] == 2 or has & UNSURE or (has & HAS_UDP) == 0:
                found.append(i)
        return found

    def shown(self, time_ns: longlong):
        """The time of the frame that was shown last: `frame.time_delta_displayed` counts from it."""
        self.view.shown_ns = time_ns
        self.view.has_shown = 1

    def shown_last(self):
        """What `shown` was told last, or `lines.write` has found; None before."""
        return self.view.shown_ns if self.view.has_shown else None
