# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Rows, facts and values as the columns of the packet table, in memory as Arrow has them.

All columns of a row are written before the next row is looked at, so that a row is read once. Which of them are known
is a word of a bit for each column; 64 such words, turned over, are 64 bits for each column.
"""

import cython
from cython import int as cint
from cython import uchar, uint, ulonglong, ushort
from cython.cimports.libc.string import memcpy, memset
from cython.cimports.synfin._kernels.bits import ones, turn_over
from cython.cimports.synfin._kernels.cells import HAS_IP4, HAS_IP6, S_OPTION, Block, Cell, Spec, View, get
from cython.cimports.synfin._kernels.conn import VALUE_ANALYSED, Value
from cython.cimports.synfin._kernels.fact import Fact, remember
from cython.cimports.synfin._kernels.layers import shape
from cython.cimports.synfin._kernels.names import NO_NAME, Names
from cython.cimports.synfin._kernels.note import Note
from cython.cimports.synfin._kernels.octets import be16, be32
from cython.cimports.synfin._kernels.row import KIND_FROM_HIGH, KIND_V6, OPT_TIMESTAMP, Row, since

if not cython.compiled:
    raise ImportError("the kernel columns is not compiled")

#: every column, its bytes a value (0: a bit), and whether it is only known when the whole input is
COLUMNS = (
    ("frame.number", 4, False), ("frame.time", 8, False), ("frame.time_relative", 8, False),
    ("frame.time_delta", 8, False), ("synfin.offset", 8, False), ("frame.len", 4, False), ("frame.cap_len", 4, False),
    ("ip.src", 4, False), ("ip.dst", 4, False), ("ipv6.src", 4, False), ("ipv6.dst", 4, False), ("ip.ttl", 1, False),
    ("ipv6.hlim", 1, False), ("ip.id", 2, False), ("synfin.conn", 4, False), ("tcp.stream", 4, False),
    ("tcp.srcport", 2, False), ("tcp.dstport", 2, False), ("tcp.seq_raw", 4, False), ("tcp.ack_raw", 4, False),
    ("tcp.len", 4, False), ("tcp.hdr_len", 1, False), ("tcp.flags", 2, False), ("tcp.window_size_value", 2, False),
    ("tcp.checksum", 2, False), ("tcp.urgent_pointer", 2, False), ("tcp.options.mss_val", 2, False),
    ("tcp.options.wscale.shift", 1, False), ("tcp.options.timestamp.tsval", 4, False),
    ("tcp.options.timestamp.tsecr", 4, False), ("tcp.time_relative", 8, False), ("tcp.time_delta", 8, False),
    ("tcp.analysis.acks_frame", 4, False), ("tcp.analysis.ack_rtt", 8, False),
    ("tcp.analysis.bytes_in_flight", 4, False), ("tcp.analysis.push_bytes_sent", 4, False),
    ("tcp.analysis.duplicate_ack_num", 4, False), ("tcp.analysis.duplicate_ack_frame", 4, False),
    ("tcp.analysis.rto", 8, False), ("tcp.analysis.rto_frame", 4, False),
    ("synfin.from_client", 0, True), ("tcp.completeness", 1, True), ("tcp.seq", 4, True), ("tcp.nxtseq", 4, True),
    ("tcp.ack", 4, True), ("tcp.window_size", 4, True), ("tcp.window_size_scalefactor", 4, True),
    ("synfin.analysis", 4, True), ("tcp.analysis.initial_rtt", 8, True),
)  # fmt: skip
COUNT = cython.declare(uint, 49)
EARLY = cython.declare(uint, 40)  # columns that are known at once
TRUTH = cython.declare(uint, 40)  # the column of bits; its values are the bits of column COUNT
ADDRESSES = cython.declare(uint, 7)  # the first of the four columns of them
ALL_FRAMES = cython.declare(ulonglong, (1 << 7) - 1)  # what every frame has
V4 = cython.declare(ulonglong, 1 << 7 | 1 << 8 | 1 << 11 | 1 << 13)
V6 = cython.declare(ulonglong, 1 << 9 | 1 << 10 | 1 << 12)
ALL_SEGMENTS = cython.declare(ulonglong, ((1 << 12) - 1) << 14 | 1 << 30 | 1 << 31)
MSS = cython.declare(ulonglong, 1 << 26)
SCALE_SHIFT = cython.declare(ulonglong, 1 << 27)
TIME_STAMPS = cython.declare(ulonglong, 1 << 28 | 1 << 29)
ACKS = cython.declare(ulonglong, 1 << 32)
ACK_RTT = cython.declare(ulonglong, 1 << 33)
IN_FLIGHT = cython.declare(ulonglong, 1 << 34 | 1 << 35)
DUPLICATE = cython.declare(ulonglong, 1 << 36 | 1 << 37)
TIMED_OUT = cython.declare(ulonglong, 1 << 38 | 1 << 39)
ALL_LATE = cython.declare(ulonglong, 1 << 40 | 1 << 41 | 1 << 42 | 1 << 43 | 1 << 44 | 1 << 45 | 1 << 47)
SCALE = cython.declare(ulonglong, 1 << 46)
INITIAL_RTT = cython.declare(ulonglong, 1 << 48)
FROM_CLIENT = cython.declare(ulonglong, 1 << 49)

ALIGNMENT = cython.declare(cython.Py_ssize_t, 64)
SYN_FIN = cython.declare(uint, 0x03)
PLAIN_HEADER = cython.declare(uint, 20)
HEADER_WITH_TIMESTAMP = cython.declare(uint, 32)
TIMESTAMP_FIRST = cython.declare(uint, 0x0A080101)  # two NOPs, then the option: as most hosts write them


# --- columns that are known at once ----------------------------------------------------------------------------------


@cython.cfunc
@cython.nogil
@cython.inline
@cython.exceptval(check=False)
def frame(view: cython.pointer(View), i: uint, out: cython.pointer(Out), n: uint) -> cython.void:
    row: cython.pointer(Row) = view.rows + i
    out.number[n] = view.first + i
    out.time[n] = row.time_ns
    out.relative[n] = since(row.time_ns, view.first_ns)
    out.delta[n] = since(row.time_ns, (row - 1).time_ns if i else view.before_ns)
    out.offset[n] = row.offset
    out.len[n] = row.wire_len
    out.cap_len[n] = row.cap_len


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def option(
    view: cython.pointer(View), i: uint, kind: uint, length: uint, at: uint, width: uint, known: cython.p_int
) -> uint:
    """The number in the last option of one kind; `known` becomes 0 where there is none."""
    spec: Spec
    cell: Cell
    found: cint
    spec.source, spec.offset, spec.width, spec.mask, spec.shift, spec.scale = S_OPTION, at, width, 0, 0, 1
    spec.mask = kind | (length << 8)
    found = get(view, i, cython.address(spec), cython.address(cell))
    known[0] = found > 0
    return cython.cast(uint, cell.number[found - 1]) if found > 0 else 0


@cython.cfunc
@cython.nogil
@cython.inline
@cython.exceptval(check=False)
def options(
    view: cython.pointer(View), i: uint, header: cython.p_const_uchar, out: cython.pointer(Out), n: uint
) -> ulonglong:
    row: cython.pointer(Row) = view.rows + i
    first: uint
    has: cint
    known: ulonglong = 0
    out.mss[n] = 0
    out.shift[n] = 0
    out.tsval[n] = 0
    out.tsecr[n] = 0
    if row.hdr_len == PLAIN_HEADER:
        return 0
    if row.hdr_len == HEADER_WITH_TIMESTAMP:
        memcpy(cython.address(first), header + 20, 4)
        if first == TIMESTAMP_FIRST:
            out.tsval[n] = be32(header + 24)
            out.tsecr[n] = be32(header + 28)
            return TIME_STAMPS
    out.mss[n] = cython.cast(ushort, option(view, i, 2, 4, 2, 2, cython.address(has)))
    known |= MSS if has else 0
    out.shift[n] = cython.cast(uchar, option(view, i, 3, 3, 2, 1, cython.address(has)))
    known |= SCALE_SHIFT if has else 0
    if row.options & OPT_TIMESTAMP:
        out.tsval[n] = option(view, i, 8, 10, 2, 4, cython.address(has))
        out.tsecr[n] = option(view, i, 8, 10, 6, 4, cython.address(has))
        known |= TIME_STAMPS if has else 0
    return known


@cython.cfunc
@cython.nogil
@cython.inline
@cython.exceptval(check=False)
def values(value: cython.pointer(Value), out: cython.pointer(Out), n: uint) -> ulonglong:
    """0 is not shown, but where another number tells that it is."""
    known: ulonglong = 0
    out.acks_frame[n] = value.acks_frame
    out.ack_rtt[n] = value.ack_rtt_ns
    known |= ACKS if value.acks_frame else 0
    known |= ACK_RTT if value.ack_rtt_ns else 0
    out.in_flight[n] = value.bytes_in_flight
    out.pushed[n] = value.push_bytes_sent if value.bytes_in_flight else 0
    known |= IN_FLIGHT if value.bytes_in_flight else 0
    out.duplicate[n] = value.duplicate_ack_num
    out.duplicate_of[n] = value.duplicate_ack_frame if value.duplicate_ack_num else 0
    known |= DUPLICATE if value.duplicate_ack_num else 0
    out.rto[n] = value.rto_ns
    out.rto_frame[n] = value.rto_frame if value.rto_ns else 0
    known |= TIMED_OUT if value.rto_ns else 0
    return known


@cython.cfunc
@cython.nogil
@cython.inline
@cython.exceptval(check=False)
def segment(
    view: cython.pointer(View), i: uint, fact: cython.pointer(Fact), value: cython.pointer(Value), names: Names,
    out: cython.pointer(Out), n: uint,
) -> ulonglong:  # fmt: skip
    """A sound TCP segment behind one IP header; 0 when there is no memory."""
    row: cython.pointer(Row) = view.rows + i
    header: cython.p_const_uchar = view.buffer + (row.offset - view.base) + row.at
    v6: cint = 1 if row.kind & KIND_V6 else 0
    high: cint = 1 if row.kind & KIND_FROM_HIGH else 0
    low: uint = names.of_end(fact.record, 0, row.low, v6)
    other: uint = names.of_end(fact.record, 1, row.high, v6)
    source: uint = other if high else low
    destination: uint = low if high else other
    if low == NO_NAME or other == NO_NAME:
        return 0
    out.source[n] = 0 if v6 else source
    out.destination[n] = 0 if v6 else destination
    out.source6[n] = source if v6 else 0
    out.destination6[n] = destination if v6 else 0
    out.ttl[n] = 0 if v6 else row.ttl
    out.ip_id[n] = 0 if v6 else row.ip_id
    out.hop_limit[n] = row.ttl if v6 else 0
    out.conn[n] = fact.conn
    out.stream[n] = fact.stream
    out.source_port[n] = row.high_port if high else row.low_port
    out.destination_port[n] = row.low_port if high else row.high_port
    out.seq_raw[n] = row.seq
    out.ack_raw[n] = row.ack
    out.payload[n] = row.len_bytes
    out.hdr_len[n] = row.hdr_len
    out.flags[n] = row.flags & 0x0FFF
    out.window[n] = row.window
    out.checksum[n] = be16(header + 16)
    out.urgent[n] = be16(header + 18)
    out.since_first[n] = fact.since_first_ns
    out.since_last[n] = fact.since_last_ns
    return ALL_SEGMENTS | (V6 if v6 else V4) | options(view, i, header, out, n) | values(value, out, n)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def nothing(out: cython.pointer(Out), n: uint) -> cython.void:
    """No segment: 0 in all that would tell of one, and of IP."""
    none: Value
    memset(cython.address(none), 0, cython.sizeof(Value))
    out.source[n] = 0
    out.destination[n] = 0
    out.source6[n] = 0
    out.destination6[n] = 0
    out.ttl[n] = 0
    out.ip_id[n] = 0
    out.hop_limit[n] = 0
    out.conn[n] = 0
    out.stream[n] = 0
    out.source_port[n] = 0
    out.destination_port[n] = 0
    out.seq_raw[n] = 0
    out.ack_raw[n] = 0
    out.payload[n] = 0
    out.hdr_len[n] = 0
    out.flags[n] = 0
    out.window[n] = 0
    out.checksum[n] = 0
    out.urgent[n] = 0
    out.since_first[n] = 0
    out.since_last[n] = 0
    out.mss[n] = 0
    out.shift[n] = 0
    out.tsval[n] = 0
    out.tsecr[n] = 0
    values(cython.address(none), out, n)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def packet(
    view: cython.pointer(View), i: uint, names: Names, out: cython.pointer(Out), n: uint, ok: cython.p_int
) -> ulonglong:
    """A frame without a segment of its own, or with one that this kernel does not know."""
    has: uint = shape(view, i)
    v6: cint = 1 if has & HAS_IP6 else 0
    ip: cython.p_const_uchar = view.buffer + (view.rows[i].offset - view.base) + view.ip_at[i]
    source: uint
    destination: uint
    nothing(out, n)
    if view.segment[i] or (has & (HAS_IP4 | HAS_IP6)) == 0:
        return 0
    source = names.name(ip + 8 if v6 else ip + 12, v6)
    destination = names.name(ip + 24 if v6 else ip + 16, v6)
    ok[0] = source != NO_NAME and destination != NO_NAME
    if v6:
        out.source6[n] = source
        out.destination6[n] = destination
        out.hop_limit[n] = ip[7]
        return V6
    out.source[n] = source
    out.destination[n] = destination
    out.ttl[n] = ip[8]
    out.ip_id[n] = be16(ip + 4)
    return V4


# --- columns that hang on the whole input ----------------------------------------------------------------------------


@cython.cfunc
@cython.nogil
@cython.inline
@cython.exceptval(check=False)
def late(
    row: cython.pointer(Row), fact: cython.pointer(Fact), value: cython.pointer(Value), sound: cint, sent: cint,
    out: cython.pointer(Out), n: uint,
) -> ulonglong:  # fmt: skip
    """What a second pass says of a sound segment (of anything else nothing)."""
    known: ulonglong = ALL_LATE
    if not sound:
        out.completeness[n] = 0
        out.seq[n] = 0
        out.next[n] = 0
        out.ack[n] = 0
        out.scaled[n] = 0
        out.factor[n] = 0
        out.analysis[n] = 0
        out.initial_rtt[n] = 0
        return 0
    out.completeness[n] = fact.completeness
    out.seq[n] = fact.seq
    out.next[n] = fact.seq + row.len_bytes + (1 if row.flags & SYN_FIN else 0)
    out.ack[n] = fact.ack
    out.scaled[n] = fact.window_size
    out.factor[n] = 0
    if fact.scale >= -2:
        out.factor[n] = 1 << fact.scale if fact.scale >= 0 else fact.scale
        known |= SCALE
    out.analysis[n] = fact.bits | ((fact.bits & 6) != 0)
    out.initial_rtt[n] = 0
    if value.initial_rtt_ns and (fact.bits or value.marks & VALUE_ANALYSED):
        out.initial_rtt[n] = value.initial_rtt_ns
        known |= INITIAL_RTT
    return known | FROM_CLIENT if sent else known


# --- batches ---------------------------------------------------------------------------------------------------------


@cython.cfunc
@cython.inline
def aligned(size: cython.Py_ssize_t) -> cython.Py_ssize_t:
    return (size + ALIGNMENT - 1) // ALIGNMENT * ALIGNMENT


@cython.final
@cython.cclass
class Columns:
    """The columns of one batch after the other, each of at most `rows` rows, in memory that the caller gives."""

    places: Place[49]
    out: Out
    rows: uint
    length: uint  # rows so far
    size: cython.Py_ssize_t
    names: Names
    memory: uchar[::1]
    words: ulonglong[64]  # which columns are known, of the last rows
    which: uint  # the columns that are filled, first and behind the last
    behind: uint

    def __cinit__(self, rows: uint, names: Names, at_once: cython.bint = True, later: cython.bint = True):
        place: cython.pointer(Place)
        bits: cython.Py_ssize_t = (cython.cast(cython.Py_ssize_t, rows) + 63) // 64 * 8
        i: uint
        if rows == 0 or rows > 1 << 24:
            raise ValueError("a batch has 1 to 16,777,216 rows")
        self.rows = rows
        self.names = names
        self.which = 0 if at_once else EARLY
        self.behind = COUNT if later else EARLY
        for i in range(self.which, self.behind):
            place = cython.address(self.places[i])
            place.width = COLUMNS[i][1]
            place.data = self.size
            place.bits = self.size + aligned(
                cython.cast(cython.Py_ssize_t, rows) * place.width if place.width else bits
            )
            self.size = place.bits + aligned(bits)

    def memory_size(self) -> cython.Py_ssize_t:
        """Bytes of a batch."""
        return self.size

    def place(self, column: uint) -> tuple:
        """(bytes of a value, where the values stand in the memory of a batch, where the bits of known ones do)."""
        if column < self.which or column >= self.behind:
            raise IndexError("no such column")
        return self.places[column].width, self.places[column].data, self.places[column].bits

    def begin(self, memory: uchar[::1]):
        """The next batch, without rows yet."""
        base: cython.p_uchar
        pointers: cython.pointer(cython.p_uchar) = cython.cast(cython.pointer(cython.p_uchar), cython.address(self.out))
        i: uint
        if memory.shape[0] < self.size or self.size == 0:
            raise IndexError("less memory than a batch takes")
        self.memory = memory
        self.length = 0
        base = cython.address(memory[0])
        for i in range(self.which, self.behind):
            if i != TRUTH:
                pointers[i if i < TRUTH else i - 1] = base + self.places[i].data

    @cython.cfunc
    @cython.nogil
    @cython.inline
    @cython.exceptval(check=False)
    def count_row(self, known: ulonglong) -> cython.void:
        self.words[self.length & 63] = known
        self.length += 1
        if (self.length & 63) == 0:
            self.put_words(self.length - 64)

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def put_words(self, first: uint) -> cython.void:
        """The bits of the last rows, from `first` on, to where they belong."""
        turned: ulonglong[64]
        base: cython.p_uchar = cython.address(self.memory[0])
        at: cython.Py_ssize_t = first >> 3
        rows: uint = self.length - first
        i: uint
        memcpy(turned, self.words, 8 * rows)
        memset(turned + rows, 0, 8 * (64 - rows))
        turn_over(turned)
        for i in range(self.which, self.behind):
            memcpy(base + self.places[i].bits + at, cython.address(turned[i]), 8)
        if self.behind == COUNT:
            memcpy(base + self.places[TRUTH].data + at, cython.address(turned[COUNT]), 8)

    def fill(self, block: Block, start: uint, stop: uint, sent: cython.const[uchar][::1] = None,
             notes: uchar[::1] = None):  # fmt: skip
        """Rows `start` to before `stop` of a block, with facts and values, behind those of the batch.

        `sent` has a byte for each row of the block: 1 where the client sent it. Without late columns `notes` gets what
        `Tracker.recall` and `recalled` make them of, for each row of the batch. Of rows that the kernels do not know
        anything may stand here: `put` says it then.
        """
        view: cython.pointer(View) = cython.address(block.view)
        told: cython.p_const_uchar = cython.NULL
        note: cython.pointer(Note) = cython.NULL
        ok: cint
        if start > stop or stop > view.count or stop - start > self.rows - self.length or self.memory is None:
            raise IndexError("no such rows, or no room for them")
        if self.which or view.facts == cython.NULL or view.values == cython.NULL:
            raise ValueError("columns of packets need facts and values")
        if view.fact_size != cython.sizeof(Fact) or view.value_size != cython.sizeof(Value):
            raise ValueError("facts and values of another size")
        if start == stop:
            return
        if self.behind == COUNT:
            if sent is None or sent.shape[0] < stop:
                raise IndexError("fewer senders than rows")
            told = cython.address(sent[0])
        else:
            if notes is None or notes.shape[0] < cython.cast(cython.Py_ssize_t, self.rows) * cython.sizeof(Note):
                raise IndexError("fewer notes than rows")
            note = cython.cast(cython.pointer(Note), cython.address(notes[0]))
        with cython.nogil:
            ok = self.some(view, start, stop, told, note)
        if not ok:
            raise MemoryError("no room for another address")

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def some(
        self, view: cython.pointer(View), start: uint, stop: uint, sent: cython.p_const_uchar,
        note: cython.pointer(Note),
    ) -> cint:  # fmt: skip
        """Some rows of a block; 0 when there is no memory."""
        out: cython.pointer(Out) = cython.address(self.out)
        fact: cython.pointer(Fact)
        value: cython.pointer(Value)
        known: ulonglong
        found: ulonglong
        ok: cint = 1
        i: uint
        n: uint
        for i in range(start, stop):
            n = self.length
            fact = cython.cast(cython.pointer(Fact), view.facts) + i
            value = cython.cast(cython.pointer(Value), view.values) + i
            known = ALL_FRAMES
            frame(view, i, out, n)
            if view.segment[i] == 1:
                found = segment(view, i, fact, value, self.names, out, n)
                if found == 0:
                    return 0
                known |= found
            else:
                known |= packet(view, i, self.names, out, n, cython.address(ok))
                if not ok:
                    return 0
            if note == cython.NULL:
                known |= late(view.rows + i, fact, value, view.segment[i] == 1, sent[i], out, n)
            else:
                remember(view.rows + i, fact, value, view.segment[i] == 1, note + n)
            self.count_row(known)
        return 1

    def recalled(self, rows: uchar[::1], facts: uchar[::1], values: uchar[::1], count: uint,
                 sound: cython.const[uchar][::1], sent: cython.const[uchar][::1]):  # fmt: skip
        """`count` rows of what `Tracker.recall` made of notes, behind those of a batch of late columns only."""
        row: cython.pointer(Row)
        fact: cython.pointer(Fact)
        value: cython.pointer(Value)
        known: ulonglong
        i: uint
        if self.which == 0 or count > self.rows - self.length or self.memory is None:
            raise IndexError("no such columns, or no room for so many rows")
        if count == 0:
            return
        if (
            rows.shape[0] < cython.cast(cython.Py_ssize_t, count) * cython.sizeof(Row)
            or facts.shape[0] < cython.cast(cython.Py_ssize_t, count) * cython.sizeof(Fact)
            or values.shape[0] < cython.cast(cython.Py_ssize_t, count) * cython.sizeof(Value)
            or sound.shape[0] < count
            or sent.shape[0] < count
        ):
            raise IndexError("fewer rows, facts, values or senders than asked for")
        row = cython.cast(cython.pointer(Row), cython.address(rows[0]))
        fact = cython.cast(cython.pointer(Fact), cython.address(facts[0]))
        value = cython.cast(cython.pointer(Value), cython.address(values[0]))
        with cython.nogil:
            for i in range(count):
                known = late(row + i, fact + i, value + i, sound[i], sent[i], cython.address(self.out), self.length)
                self.count_row(known)

    def put(self, column: uint, row: uint, value: object):
        """The value of one row of one column: a number, an address in its 4 or 16 bytes, or None."""
        place: cython.pointer(Place)
        memory: cython.p_uchar
        number: ulonglong = 0
        octets: bytes
        if column < self.which or column >= self.behind or row >= self.length:
            raise IndexError("no such column or row")
        place = cython.address(self.places[column])
        memory = cython.address(self.memory[0])
        if value is not None and ADDRESSES <= column < ADDRESSES + 4:
            octets = value
            if len(octets) != 4 and len(octets) != 16:
                raise ValueError("an address has 4 or 16 bytes")
            number = self.names.name(cython.cast(cython.p_const_uchar, octets), len(octets) == 16)
            if number == NO_NAME:
                raise MemoryError("no room for another address")
        elif value is not None:
            number = value & 0xFFFFFFFFFFFFFFFF  # what needs more bits (a broken clock) wraps, as in the kernels
        self.put_bit(column, place.bits, row, value is not None)
        if column == TRUTH:
            self.put_bit(COUNT, place.data, row, number != 0)
        else:
            memcpy(
                memory + place.data + cython.cast(cython.Py_ssize_t, row) * place.width, cython.address(number),
                place.width,
            )  # fmt: skip

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def put_bit(self, column: uint, bits: cython.Py_ssize_t, row: uint, value: cint) -> cython.void:
        one: ulonglong = cython.cast(ulonglong, 1) << column
        byte: cython.p_uchar
        if row >= (self.length & ~cython.cast(uint, 63)):
            self.words[row & 63] = (self.words[row & 63] & ~one) | (one if value else 0)
        else:
            byte = cython.address(self.memory[0]) + bits + (row >> 3)
            byte[0] = cython.cast(uchar, (byte[0] & ~(1 << (row & 7))) | (value << (row & 7)))

    def end(self) -> list:
        """The batch is complete: how many rows of each column have no value."""
        i: uint
        j: uint
        word: ulonglong
        found: list = []
        unknown: uint
        base: cython.p_uchar
        if self.length & 63:
            self.put_words(self.length & ~cython.cast(uint, 63))
        for i in range(self.which, self.behind):
            unknown = self.length
            if self.length:
                base = cython.address(self.memory[0]) + self.places[i].bits
                for j in range((self.length + 63) >> 6):
                    memcpy(cython.address(word), base + 8 * j, 8)
                    unknown -= ones(word)
            found.append(unknown)
        return found

    def __len__(self):
        """Rows so far."""
        return self.length


def note_size() -> cython.Py_ssize_t:
    return cython.sizeof(Note)
