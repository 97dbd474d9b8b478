# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Fields of blocks as the columns of a batch, in memory as Arrow has them: values side by side, known ones a bit each.

A block is taken some rows at a time, all columns of these before the next ones, so that they stay in the cache.
"""

import cython
from cython import int as cint
from cython import longlong, uchar, uint, ulonglong, ushort
from cython.cimports.libc.string import memcpy, memset
from cython.cimports.synfin._kernels.cells import (
    HAS_IP4,
    HAS_IP6,
    PAIR_SOURCE,
    S_ADDRESS6,
    S_BITS,
    S_DELTA,
    S_FACT,
    S_FLAGS,
    S_FOLLOWED,
    S_IP4_BYTES,
    S_IP6_BYTES,
    S_NEXT,
    S_NUMBER,
    S_OPTION,
    S_OWN,
    S_PORT,
    S_RELATIVE,
    S_ROW,
    S_SCALE,
    S_SEGMENT_BYTES,
    S_SEGMENT_ROW,
    S_SHOWN,
    S_VALUE,
    Block,
    Cell,
    Spec,
    View,
    get,
    shape,
)
from cython.cimports.synfin._kernels.fact import Fact
from cython.cimports.synfin._kernels.names import NO_NAME, Names
from cython.cimports.synfin._kernels.row import KIND_FROM_HIGH, KIND_TCP, KIND_V6, OPT_TIMESTAMP, Row, since

if not cython.compiled:
    raise ImportError("the kernel columns is not compiled")

NUMBER, TRUTH, ADDRESS = 0, 1, 2  #: what a column holds: numbers, bits, numbers of `Names`

GATHER = cython.declare(ulonglong, 0x0102040810204080)  # the lowest bits of eight bytes become the highest byte
IS_NUMBER = cython.declare(cint, 0)
IS_TRUTH = cython.declare(cint, 1)
IS_ADDRESS = cython.declare(cint, 2)
MOST = cython.declare(uint, 64)  # columns of a batch
AT_ONCE = cython.declare(uint, 128)  # rows
ALIGNMENT = cython.declare(cython.Py_ssize_t, 64)
SYN_FIN = cython.declare(uint, 0x03)
TTL_AT = cython.declare(uint, 8)  # of the headers of IP
ID_AT = cython.declare(uint, 4)
HOP_LIMIT_AT = cython.declare(uint, 7)
HEADER_WITH_TIMESTAMP = cython.declare(uint, 32)
TIMESTAMP_FIRST = cython.declare(uint, 0x0A080101)  # two NOPs, then the option: as most hosts write them

Column = cython.struct(
    spec=Spec, holds=cint, width=cint, data=cython.Py_ssize_t, bits=cython.Py_ssize_t, unknown=uint
)  # fmt: skip
# Some rows of a block: which are sound segments, which hold TCP headers, quoted ones included.
Part = cython.struct(
    view=cython.pointer(View), first=uint, count=uint, all_sound=cint, all_tcp=cint, sound=uchar[128], tcp=uchar[128]
)  # fmt: skip


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def look(view: cython.pointer(View), first: uint, count: uint, part: cython.pointer(Part)) -> cython.void:
    i: uint
    sound: uint = 0
    tcp: uint = 0
    part.view, part.first, part.count = view, first, count
    for i in range(count):
        part.sound[i] = view.segment[first + i] == 1
        part.tcp[i] = view.rows[first + i].kind & KIND_TCP
        sound += part.sound[i]
        tcp += part.tcp[i]
    for i in range(count, AT_ONCE):
        part.sound[i] = 0
        part.tcp[i] = 0
    part.all_sound, part.all_tcp = sound == count, tcp == count


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def copy(
    base: cython.p_const_uchar, stride: cython.Py_ssize_t, width: cint, known: cython.p_const_uchar, count: uint,
    out: cython.p_uchar,
) -> cython.void:  # fmt: skip
    """A member of every row side by side, 0 where it is not known (`known` NULL: all are)."""
    i: uint
    if width == 4:
        if known == cython.NULL:
            for i in range(count):
                cython.cast(cython.p_uint, out)[i] = cython.cast(cython.pointer(cython.const[uint]), base + i * stride)[
                    0
                ]
        else:
            for i in range(count):
                cython.cast(cython.p_uint, out)[i] = (
                    cython.cast(cython.pointer(cython.const[uint]), base + i * stride)[0] if known[i] else 0
                )
    elif width == 8:
        if known == cython.NULL:
            for i in range(count):
                cython.cast(cython.pointer(longlong), out)[i] = cython.cast(
                    cython.pointer(cython.const[longlong]), base + i * stride
                )[0]
        else:
            for i in range(count):
                cython.cast(cython.pointer(longlong), out)[i] = (
                    cython.cast(cython.pointer(cython.const[longlong]), base + i * stride)[0] if known[i] else 0
                )
    elif width == 2:
        for i in range(count):
            cython.cast(cython.pointer(ushort), out)[i] = (
                cython.cast(cython.pointer(cython.const[ushort]), base + i * stride)[0]
                if known == cython.NULL or known[i]
                else 0
            )
    else:
        for i in range(count):
            out[i] = base[i * stride] if known == cython.NULL or known[i] else 0


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def narrow(
    numbers: cython.pointer(longlong), known: cython.p_const_uchar, count: uint, width: cint, out: cython.p_uchar
) -> cython.void:
    """The lowest bytes of numbers side by side, as `copy`."""
    i: uint
    if known != cython.NULL:
        for i in range(count):
            numbers[i] = numbers[i] if known[i] else 0
    if width == 4:
        for i in range(count):
            cython.cast(cython.p_uint, out)[i] = cython.cast(uint, numbers[i])
    elif width == 8:
        memcpy(out, numbers, 8 * cython.cast(cython.size_t, count))
    elif width == 2:
        for i in range(count):
            cython.cast(cython.pointer(ushort), out)[i] = cython.cast(ushort, numbers[i])
    else:
        for i in range(count):
            out[i] = cython.cast(uchar, numbers[i])


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def bits_of(known: cython.p_const_uchar, first: uint) -> ulonglong:
    """64 bytes, each 0 or 1, as bits."""
    i: uint
    eight: ulonglong
    found: ulonglong = 0
    for i in range(8):
        memcpy(cython.address(eight), known + first + 8 * i, 8)
        found |= ((eight * GATHER) >> 56) << (8 * i)
    return found


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def put_bits(bits: cython.p_uchar, at: uint, known: cython.p_const_uchar, count: uint) -> uint:
    """`count` bits (at most 128) from bit `at` on, behind which all are 0; how many are 1. `known` NULL: all."""
    words: cython.pointer(ulonglong) = cython.cast(cython.pointer(ulonglong), bits) + (at >> 6)
    shift: uint = at & 63
    place: uint
    size: uint
    word: ulonglong
    ones: uint = 0
    i: uint
    place = 0
    while place < count:
        size = min(count - place, 64)
        if known == cython.NULL:
            word = ~cython.cast(ulonglong, 0) >> (64 - size)
        else:
            word = bits_of(known, place)
        words[0] |= word << shift
        if shift:
            words[1] |= word >> (64 - shift)
        words += 1
        place += 64
    if known == cython.NULL:
        return count
    for i in range(count):
        ones += known[i]
    return ones


# --- what a field's values are, for some rows ------------------------------------------------------------------------
# Each gives what `put_bits` takes: which are known, NULL where all are.


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def members(
    part: cython.pointer(Part), spec: cython.pointer(Spec), width: cint, out: cython.p_uchar, known: cython.p_uchar
) -> cython.p_const_uchar:
    """Of rows, facts and values."""
    view: cython.pointer(View) = part.view
    source: cint = spec.source
    size: cython.Py_ssize_t = cython.sizeof(Row)
    base: cython.p_const_uchar = cython.cast(cython.p_const_uchar, view.rows)
    shown: cython.p_const_uchar = cython.NULL
    i: uint
    if source == S_VALUE:
        size = view.value_size
        base = view.values
        shown = base + part.first * size + spec.shift
        if spec.scale == 4:
            for i in range(part.count):
                known[i] = part.sound[i] & (cython.cast(cython.pointer(cython.const[uint]), shown + i * size)[0] != 0)
        else:
            for i in range(part.count):
                known[i] = part.sound[i] & (
                    cython.cast(cython.pointer(cython.const[longlong]), shown + i * size)[0] != 0
                )
        shown = known
    elif source == S_FOLLOWED:
        shown = cython.NULL if part.all_tcp else cython.address(part.tcp[0])
    elif source != S_ROW:
        shown = cython.NULL if part.all_sound else cython.address(part.sound[0])
    if source == S_FOLLOWED or source == S_OWN or source == S_FACT:
        size = view.fact_size
        base = view.facts
    copy(base + part.first * size + spec.offset, size, width, shown, part.count, out)
    return shown


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def of_rows(part: cython.pointer(Part), spec: cython.pointer(Spec), numbers: cython.pointer(longlong)) -> cint:
    """What is in a row beside its members; whether this is such a field."""
    view: cython.pointer(View) = part.view
    row: cython.pointer(Row) = view.rows + part.first
    source: cint = spec.source
    n: uint = part.count
    i: uint
    p: cython.p_const_uchar
    if source == S_PORT:
        for i in range(n):
            numbers[i] = (
                row[i].high_port
                if ((row[i].kind & KIND_FROM_HIGH) != 0) == (spec.mask == PAIR_SOURCE)
                else row[i].low_port
            )
    elif source == S_FLAGS:
        for i in range(n):
            numbers[i] = cython.cast(longlong, (row[i].flags & spec.mask) >> spec.shift)
    elif source == S_SEGMENT_BYTES and spec.width == 2:
        for i in range(n):
            numbers[i] = 0
            if part.sound[i]:
                p = view.buffer + (row[i].offset - view.base) + row[i].at + spec.offset
                numbers[i] = (cython.cast(longlong, p[0]) << 8) | p[1]
    else:
        return 0
    return 1


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def of_facts(part: cython.pointer(Part), spec: cython.pointer(Spec), numbers: cython.pointer(longlong)) -> cint:
    """What follows from a fact of a segment; whether this is such a field."""
    view: cython.pointer(View) = part.view
    row: cython.pointer(Row) = view.rows + part.first
    fact: cython.p_const_uchar = view.facts + part.first * view.fact_size + spec.offset
    source: cint = spec.source
    i: uint
    if source == S_NEXT:
        for i in range(part.count):
            numbers[i] = (
                cython.cast(longlong, cython.cast(cython.pointer(cython.const[uint]), fact)[0])
                + row[i].len_bytes
                + (1 if row[i].flags & SYN_FIN else 0)
            )
            fact += view.fact_size
    elif source == S_BITS:
        for i in range(part.count):
            numbers[i] = cython.cast(cython.pointer(cython.const[ushort]), fact)[0]
            numbers[i] |= (numbers[i] & 6) != 0
            fact += view.fact_size
    else:
        return 0
    return 1


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def shown_at_times(
    part: cython.pointer(Part), spec: cython.pointer(Spec), numbers: cython.pointer(longlong), known: cython.p_uchar
) -> cint:
    """What a segment may show or not, by its fact and value; whether this is such a field."""
    view: cython.pointer(View) = part.view
    fact: cython.p_const_uchar = view.facts + part.first * view.fact_size
    value: cython.p_const_uchar = view.values + part.first * view.value_size
    shift: cint
    i: uint
    if spec.source == S_SCALE:
        for i in range(part.count):
            shift = cython.cast(cython.pointer(cython.const[cint]), fact + spec.offset)[0]
            known[i] = part.sound[i] & (shift >= -2)
            numbers[i] = cython.cast(longlong, 1) << shift if shift >= 0 else shift
            fact += view.fact_size
    elif spec.source == S_SHOWN and spec.width == 8:
        for i in range(part.count):
            numbers[i] = cython.cast(cython.pointer(cython.const[longlong]), value + spec.offset)[0]
            known[i] = part.sound[i] & (
                (numbers[i] != 0)
                & (
                    (cython.cast(cython.pointer(cython.const[ushort]), fact + spec.shift)[0] != 0)
                    | ((value[spec.scale] & spec.mask) != 0)
                )
            )
            fact += view.fact_size
            value += view.value_size
    else:
        return 0
    return 1


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def any_field(
    part: cython.pointer(Part), spec: cython.pointer(Spec), i: uint, numbers: cython.pointer(longlong)
) -> uchar:
    """The last value, whatever the field."""
    cell: Cell
    found: cint = get(part.view, part.first + i, spec, cython.address(cell))
    numbers[i] = cell.number[found - 1] if found > 0 else 0
    return found > 0


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def of_headers(
    part: cython.pointer(Part), spec: cython.pointer(Spec), numbers: cython.pointer(longlong), known: cython.p_uchar
) -> cython.void:
    """What may be in a packet or not; of the common ones the row tells."""
    view: cython.pointer(View) = part.view
    row: cython.pointer(Row) = view.rows + part.first
    source: cint = spec.source
    p: cython.p_const_uchar
    part_of: uint
    time_stamp: cint = source == S_OPTION and (spec.mask & 255) == 8
    ttl: cint = (source == S_IP4_BYTES and spec.offset == TTL_AT and spec.width == 1) or (
        source == S_IP6_BYTES and spec.offset == HOP_LIMIT_AT
    )
    ip_id: cint = source == S_IP4_BYTES and spec.offset == ID_AT and spec.width == 2
    i: uint
    for i in range(part.count):
        if part.sound[i]:
            if time_stamp and row[i].hdr_len == HEADER_WITH_TIMESTAMP and row[i].options & OPT_TIMESTAMP:
                p = view.buffer + (row[i].offset - view.base) + row[i].at + 20
                memcpy(cython.address(part_of), p, 4)
                if part_of == TIMESTAMP_FIRST:
                    p += 2 + spec.offset
                    numbers[i] = (
                        (cython.cast(longlong, p[0]) << 24)
                        | (cython.cast(longlong, p[1]) << 16)
                        | (cython.cast(longlong, p[2]) << 8)
                        | p[3]
                    )
                    known[i] = 1
                    continue
            elif ttl or ip_id:
                known[i] = (source == S_IP6_BYTES) == ((row[i].kind & KIND_V6) != 0)
                numbers[i] = (row[i].ttl if ttl else row[i].ip_id) if known[i] else 0
                continue
        known[i] = any_field(part, spec, i, numbers)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def of_clock(part: cython.pointer(Part), spec: cython.pointer(Spec), numbers: cython.pointer(longlong)) -> cint:
    """Numbers of frames and times between them; whether this is such a field."""
    view: cython.pointer(View) = part.view
    row: cython.pointer(Row) = view.rows + part.first
    i: uint
    if spec.source == S_NUMBER:
        for i in range(part.count):
            numbers[i] = cython.cast(longlong, view.first) + part.first + i
    elif spec.source == S_RELATIVE:
        for i in range(part.count):
            numbers[i] = since(row[i].time_ns, view.first_ns)
    elif spec.source == S_DELTA:
        for i in range(part.count):
            numbers[i] = since(row[i].time_ns, (row + i - 1).time_ns if part.first + i else view.before_ns)
    else:
        return 0
    return 1


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def of_addresses(
    part: cython.pointer(Part), spec: cython.pointer(Spec), names: Names, numbers: cython.pointer(longlong),
    known: cython.p_uchar,
) -> cint:  # fmt: skip
    """A source or destination as its number in `names`; 0 when there is no memory."""
    view: cython.pointer(View) = part.view
    row: cython.pointer(Row)
    v6: cint = spec.source == S_ADDRESS6
    high: cint
    has: uint
    at: cython.p_const_uchar
    number: uint
    i: uint
    for i in range(part.count):
        row = view.rows + part.first + i
        numbers[i] = 0
        known[i] = 0
        if part.sound[i]:
            if v6 != (row.kind & KIND_V6 != 0):
                continue
            high = ((row.kind & KIND_FROM_HIGH) != 0) == (spec.mask == PAIR_SOURCE)
            at = cython.address(row.high[0]) if high else cython.address(row.low[0])
            if view.facts != cython.NULL:
                number = names.of_end(
                    cython.cast(
                        cython.pointer(cython.const[Fact]), view.facts + (part.first + i) * view.fact_size
                    ).record,
                    high, at, v6,
                )  # fmt: skip
            else:
                number = names.name(at, v6)
        else:
            has = shape(view, part.first + i)
            if (has & (HAS_IP6 if v6 else HAS_IP4)) == 0:
                continue
            at = view.buffer + (row.offset - view.base) + view.ip_at[part.first + i] + (8 if v6 else 12)
            if spec.mask != PAIR_SOURCE:
                at += 16 if v6 else 4
            number = names.name(at, v6)
        if number == NO_NAME:
            return 0
        numbers[i] = number
        known[i] = 1
    return 1


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def values_of(
    part: cython.pointer(Part), spec: cython.pointer(Spec), width: cint, out: cython.p_uchar, known: cython.p_uchar
) -> cython.p_const_uchar:
    """The numbers of a column for some rows."""
    source: cint = spec.source
    own: uint = spec.width if spec.width < 10 else spec.width - 10
    sound: cython.p_const_uchar = cython.NULL if part.all_sound else cython.address(part.sound[0])
    numbers: longlong[128]
    plain: cint = (
        source == S_ROW
        or source == S_SEGMENT_ROW
        or source == S_FACT
        or source == S_FOLLOWED
        or source == S_OWN
        or (source == S_VALUE and part.view.values != cython.NULL)
    )
    if plain and own == cython.cast(uint, width):
        return members(part, spec, width, out, known)
    if of_clock(part, spec, numbers):
        narrow(numbers, cython.NULL, part.count, width, out)
        return cython.NULL
    if of_rows(part, spec, numbers) or (part.view.facts != cython.NULL and of_facts(part, spec, numbers)):
        narrow(numbers, sound, part.count, width, out)
        return sound
    if part.view.values == cython.NULL or not shown_at_times(part, spec, numbers, known):
        of_headers(part, spec, numbers, known)
    narrow(numbers, known, part.count, width, out)
    return known


@cython.cfunc
@cython.inline
def aligned(size: cython.Py_ssize_t) -> cython.Py_ssize_t:
    return (size + ALIGNMENT - 1) // ALIGNMENT * ALIGNMENT


@cython.final
@cython.cclass
class Columns:
    """The columns of one batch after the other, of at most `rows` rows, each in memory that the caller gives."""

    columns: Column[64]
    count: uint
    rows: uint
    length: uint  # rows so far
    size: cython.Py_ssize_t
    names: Names
    memory: uchar[::1]

    def __cinit__(self, rows: uint, names: Names):
        if rows == 0 or rows > 1 << 24:
            raise ValueError("a batch has 1 to 16,777,216 rows")
        self.rows = rows
        self.names = names

    def add(self, block: Block, field: uint, holds: cint, width: cint) -> tuple:
        """One more column, for a field of `block`: where its values and its bits will be in the memory of a batch."""
        column: cython.pointer(Column) = cython.address(self.columns[self.count])
        if self.count == MOST or field >= block.view.spec_count or width not in (1, 2, 4, 8):
            raise ValueError("too many columns, or no such field or width")
        column.spec = block.view.specs[field]
        column.holds = holds
        column.width = 4 if holds == IS_ADDRESS else width
        column.data = self.size
        # a word more than there are bits: they are put two words at a time
        column.bits = column.data + aligned(self.rows // 8 + 16 if holds == IS_TRUTH else self.rows * column.width)
        self.size = column.bits + aligned(self.rows // 8 + 16)
        self.count += 1
        return column.data, column.bits

    def memory_size(self) -> cython.Py_ssize_t:
        """Bytes of a batch."""
        return self.size

    def begin(self, memory: uchar[::1]):
        """The next batch, without rows yet."""
        i: uint
        column: cython.pointer(Column)
        bits: cython.size_t = self.rows // 8 + 16
        if memory.shape[0] < self.size or self.count == 0:
            raise IndexError("less memory than a batch takes")
        self.memory = memory
        self.length = 0
        for i in range(self.count):
            column = cython.address(self.columns[i])
            column.unknown = 0
            memset(cython.address(memory[0]) + column.bits, 0, bits)
            if column.holds == IS_TRUTH:
                memset(cython.address(memory[0]) + column.data, 0, bits)

    def fill(self, block: Block, start: uint, stop: uint, truths: cython.const[uchar][::1] = None):
        """Rows `start` to before `stop` of a block, behind those of the batch; `truths` a byte for each row of it.

        What the kernels do not know of a row stands there as anything: `put` says it then.
        """
        view: cython.pointer(View) = cython.address(block.view)
        memory: cython.p_uchar
        told: cython.p_const_uchar = cython.NULL
        first: uint
        ok: cint = 1
        if start > stop or stop > view.count or stop - start > self.rows - self.length or self.memory is None:
            raise IndexError("no such rows, or no room for them")
        if truths is not None:
            if truths.shape[0] < stop:
                raise IndexError("fewer truths than rows")
            if stop:
                told = cython.address(truths[0])
        if start == stop:
            return
        memory = cython.address(self.memory[0])
        with cython.nogil:
            first = start
            while first < stop and ok:
                ok = self.some(view, first, min(stop - first, AT_ONCE), memory, told)
                first += AT_ONCE
        if not ok:
            raise MemoryError("no room for another address")

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def some(
        self, view: cython.pointer(View), first: uint, count: uint, memory: cython.p_uchar,
        truths: cython.p_const_uchar,
    ) -> cint:  # fmt: skip
        """Some rows of a block; 0 when there is no memory."""
        part: Part
        column: cython.pointer(Column)
        known: uchar[128]
        said: uchar[128]
        numbers: longlong[128]
        which: cython.p_const_uchar
        k: uint
        i: uint
        look(view, first, count, cython.address(part))
        memset(known, 0, AT_ONCE)
        memset(said, 0, AT_ONCE)
        for k in range(self.count):
            column = cython.address(self.columns[k])
            if column.holds == IS_NUMBER:
                which = values_of(
                    cython.address(part), cython.address(column.spec), column.width,
                    memory + column.data + cython.cast(cython.Py_ssize_t, self.length) * column.width, known,
                )  # fmt: skip
            elif column.holds == IS_TRUTH:
                for i in range(count):
                    said[i] = part.sound[i] & (truths != cython.NULL and truths[first + i] != 0)
                put_bits(memory + column.data, self.length, said, count)
                which = cython.NULL if part.all_sound else cython.address(part.sound[0])
            else:
                if not of_addresses(cython.address(part), cython.address(column.spec), self.names, numbers, known):
                    return 0
                narrow(
                    numbers, cython.NULL, count, 4,
                    memory + column.data + 4 * cython.cast(cython.Py_ssize_t, self.length),
                )  # fmt: skip
                which = known
            column.unknown += count - put_bits(memory + column.bits, self.length, which, count)
        self.length += count
        return 1

    def put(self, place: uint, row: uint, value: object):
        """The value of one row of one column, a number, an address in its 4 or 16 bytes, or None."""
        column: cython.pointer(Column)
        memory: cython.p_uchar
        bit: uchar = cython.cast(uchar, 1 << (row & 7))
        number: ulonglong = 0
        octets: bytes
        if place >= self.count or row >= self.length:
            raise IndexError("no such column or row")
        column = cython.address(self.columns[place])
        memory = cython.address(self.memory[0])
        if value is not None and column.holds == IS_ADDRESS:
            octets = value
            if len(octets) != 4 and len(octets) != 16:
                raise ValueError("an address has 4 or 16 bytes")
            number = self.names.name(cython.cast(cython.p_const_uchar, octets), len(octets) == 16)
            if number == NO_NAME:
                raise MemoryError("no room for another address")
        elif value is not None:
            number = value & 0xFFFFFFFFFFFFFFFF  # what needs more bits (a broken clock) wraps, as in the kernels
        column.unknown -= (memory[column.bits + (row >> 3)] & bit) == 0
        memory[column.bits + (row >> 3)] &= ~bit
        if value is None:
            column.unknown += 1
        else:
            memory[column.bits + (row >> 3)] |= bit
        if column.holds == IS_TRUTH:
            memory[column.data + (row >> 3)] &= ~bit
            if number:
                memory[column.data + (row >> 3)] |= bit
        else:
            memcpy(
                memory + column.data + cython.cast(cython.Py_ssize_t, row) * column.width, cython.address(number),
                column.width,
            )  # fmt: skip

    def unknown(self, place: uint) -> uint:
        """How many rows have no value in a column."""
        if place >= self.count:
            raise IndexError("no such column")
        return self.columns[place].unknown

    def __len__(self):
        """Rows so far."""
        return self.length


def pack(flags: cython.const[uchar][::1], count: cython.Py_ssize_t) -> bytes:
    """One bit for each of the first `count` bytes, which are 0 or 1, the first one lowest."""
    size: cython.Py_ssize_t = (count + 7) >> 3
    out: bytearray
    view: uchar[::1]
    i: cython.Py_ssize_t
    j: cython.Py_ssize_t
    bits: uint
    if count > flags.shape[0]:
        raise IndexError("fewer flags than asked for")
    if count <= 0:
        return b""
    out = bytearray(size)
    view = out
    with cython.nogil:
        for i in range(size):
            bits = 0
            for j in range(8 * i, min(8 * i + 8, count)):
                bits |= cython.cast(uint, flags[j]) << (j - 8 * i)
            view[i] = cython.cast(uchar, bits)
    return bytes(out)
