# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Records of `follow` -> text and columns: the compiled twin of the readable writers.

A `Writer` is given a layout once: literal pieces and fields by name. What has to be judged (how a connection ended,
which states an end can be in) depends on few bits of a record: those are a field's key, and readable code is asked
once for every key that occurs (`judge`). So no Python object is made of a connection.
"""

import cython
from cython import int as cint
from cython import longlong, uchar, uint, ulonglong
from cython.cimports.cpython.bytes import PyBytes_AS_STRING, PyBytes_FromStringAndSize
from cython.cimports.libc.stdlib import calloc, free, malloc, realloc
from cython.cimports.libc.string import memcpy, memset
from cython.cimports.synfin._kernels.field import (
    ENDPOINT,
    FIRST_KEY,
    HISTORY,
    IP,
    SIGNS,
    START,
    is_negative,
    key_of,
    number,
)
from cython.cimports.synfin._kernels.record import Record, whole_records
from cython.cimports.synfin._kernels.spell import put_bytes, put_ipv4, put_ipv6, put_number, put_padded, put_second

from synfin._kernels.field import FIELDS

if not cython.compiled:
    raise ImportError("the kernel render is not compiled")

STEP = cython.declare(cython.Py_ssize_t, 16)  # bytes that are copied at once
FIELD_ROOM = cython.declare(cython.Py_ssize_t, 96)  # bytes that a number or a text needs at most, with those of a STEP
MAX_FRAGMENTS = cython.declare(uint, 1 << 14)  # remembered at once: packets choose what occurs
NS = cython.declare(longlong, 1_000_000_000)

Bytes = cython.typedef(cython.pointer(uchar))

Op = cython.struct(
    literal=cython.Py_ssize_t,  # where it begins in the texts of the layout
    literal_len=cython.Py_ssize_t,
    unknown=cython.Py_ssize_t,  # what stands for an unknown number
    unknown_len=cython.Py_ssize_t,
    field=cint,
    known=cint,  # whether the last key's fragment is remembered
    key=ulonglong,
    upper=ulonglong,  # of the key
    at=cython.Py_ssize_t,
    len_bytes=cython.Py_ssize_t,
)

Fragment = cython.struct(
    key=ulonglong,
    upper=ulonglong,
    op=uint,  # 1 + its place in the layout; 0: empty
    len_bytes=uint,
    at=cython.Py_ssize_t,
)


# --- parts of a record as text ------------------------------------------------


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def put_ip(out: Bytes, record: cython.pointer(Record), side: cint) -> Bytes:
    address: Bytes = cython.address(record.address[16 * side])
    return put_ipv6(out, address) if record.v6 else put_ipv4(out, address)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def put_endpoint(out: Bytes, record: cython.pointer(Record), side: cint) -> Bytes:
    """`ip:port`; an IPv6 address that has colons (all have) stands in brackets."""
    if record.v6:
        out[0] = 91
        out = put_ip(out + 1, record, side)
        out[0] = 93
        out += 1
    else:
        out = put_ip(out, record, side)
    out[0] = 58
    return put_number(out + 1, record.port[side])


# --- text --------------------------------------------------------------------


@cython.final
@cython.cclass
class Writer:
    """Records as text of one layout.

    `layout`: (literal, field, what stands for an unknown value), in order; a field is one of FIELDS, or "" for none.
    `judge`: from the place in the layout and the key (of a field of KEYS) to the text; the same for the same key.
    """

    ops: cython.pointer(Op)
    op_count: cython.Py_ssize_t
    literals: bytes
    literal_text: cython.p_const_uchar  # of `literals`
    busy: cython.bint
    judge: object
    out: Bytes  # what was written, of a block
    room: cython.Py_ssize_t
    fragments: cython.pointer(Fragment)  # a hash table
    mask: uint
    fragment_count: uint
    arena: Bytes  # texts of the fragments
    arena_len: cython.Py_ssize_t
    arena_room: cython.Py_ssize_t
    second: longlong  # whose text is remembered
    second_text: uchar[19]

    def __cinit__(self, layout: list, judge: object):
        place: cython.Py_ssize_t
        literals = bytearray()
        self.judge = judge
        self.op_count = len(layout)
        self.ops = cython.cast(cython.pointer(Op), calloc(self.op_count + 1, cython.sizeof(Op)))
        self.mask = 1023
        self.fragments = cython.cast(cython.pointer(Fragment), calloc(self.mask + 1, cython.sizeof(Fragment)))
        self.room = 1 << 16
        self.out = cython.cast(Bytes, malloc(self.room))
        if self.ops == cython.NULL or self.fragments == cython.NULL or self.out == cython.NULL:
            raise MemoryError("no room to write records")
        for place in range(self.op_count):
            literal, field, unknown = layout[place]
            self.ops[place].literal = len(literals)
            self.ops[place].literal_len = len(literal)
            literals += literal
            self.ops[place].unknown = len(literals)
            self.ops[place].unknown_len = len(unknown)
            literals += unknown
            self.ops[place].field = FIELDS.index(field) if field else -1
        self.literals = bytes(literals) + bytes(STEP)
        self.literal_text = cython.cast(cython.p_const_uchar, PyBytes_AS_STRING(self.literals))
        self.second = 0
        put_second(cython.address(self.second_text[0]), 0)

    def __dealloc__(self):
        free(self.ops)
        free(self.fragments)
        free(self.out)
        free(self.arena)

    @cython.cfunc
    @cython.nogil
    @cython.inline
    @cython.exceptval(-1)
    def ensure(self, used: cython.Py_ssize_t, more: cython.Py_ssize_t) -> cint:
        """Room for `more` bytes behind the `used` ones."""
        if used + more <= self.room:
            return 0
        return self.enlarge(used + more)

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(-1)
    def enlarge(self, needed: cython.Py_ssize_t) -> cint:
        room: cython.Py_ssize_t = self.room
        wider: Bytes
        while needed > room:
            room *= 2
        wider = cython.cast(Bytes, realloc(self.out, room))
        if wider == cython.NULL:
            with cython.gil:
                raise MemoryError("no room to write records")
        self.out = wider
        self.room = room
        return 0

    @cython.cfunc
    @cython.exceptval(check=False)
    def slot(self, key: ulonglong, upper: ulonglong, op: uint) -> cython.pointer(Fragment):
        """The slot of a fragment: its own, or the empty one where it belongs."""
        mixed: ulonglong = (key ^ (cython.cast(ulonglong, op) << 56)) * cython.cast(ulonglong, 0x9E3779B97F4A7C15)
        mixed ^= upper * cython.cast(ulonglong, 0xC2B2AE3D27D4EB4F)
        place: uint = cython.cast(uint, mixed >> 32) & self.mask
        found: cython.pointer(Fragment)
        while True:
            found = self.fragments + place
            if found.op == 0 or (found.op == op and found.key == key and found.upper == upper):
                return found
            place = (place + 1) & self.mask

    @cython.cfunc
    @cython.exceptval(-1)
    def widen(self) -> cint:
        """Twice the slots; or none of the fragments, where there are too many."""
        place: cython.Py_ssize_t
        old: cython.pointer(Fragment) = self.fragments
        count: uint = self.mask + 1
        i: uint
        wider: cython.pointer(Fragment)
        if self.fragment_count >= MAX_FRAGMENTS:
            memset(self.fragments, 0, cython.cast(cython.size_t, count) * cython.sizeof(Fragment))
            self.fragment_count = 0
            self.arena_len = 0
            for place in range(self.op_count):
                self.ops[place].known = 0
            return 0
        wider = cython.cast(
            cython.pointer(Fragment), calloc(cython.cast(cython.size_t, count) * 2, cython.sizeof(Fragment))
        )
        if wider == cython.NULL:
            raise MemoryError("no room to write records")
        self.fragments = wider
        self.mask = 2 * count - 1
        for i in range(count):
            if old[i].op:
                self.slot(old[i].key, old[i].upper, old[i].op)[0] = old[i]
        free(old)
        return 0

    @cython.cfunc
    def fragment(self, key: ulonglong, upper: ulonglong, op: uint) -> cython.pointer(Fragment):
        """The judgement on a key, asked for where it is not known yet."""
        found: cython.pointer(Fragment) = self.slot(key, upper, op)
        text: bytes
        size: cython.Py_ssize_t
        wider: Bytes
        if found.op:
            return found
        text = self.judge(op - 1, (cython.cast(object, upper) << 64) | key if upper else key)
        size = len(text)
        if 2 * self.fragment_count > self.mask:
            self.widen()
            found = self.slot(key, upper, op)
        if self.arena_len + size + STEP > self.arena_room:
            wider = cython.cast(Bytes, realloc(self.arena, 2 * (self.arena_len + size) + 4096))
            if wider == cython.NULL:
                raise MemoryError("no room to write records")
            self.arena = wider
            self.arena_room = 2 * (self.arena_len + size) + 4096
        memcpy(self.arena + self.arena_len, PyBytes_AS_STRING(text), size)
        found.key = key
        found.upper = upper
        found.op = op
        found.at = self.arena_len
        found.len_bytes = cython.cast(uint, size)
        self.arena_len += size
        self.fragment_count += 1
        return found

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def put_start(self, out: Bytes, time_ns: longlong) -> Bytes:
        second: longlong = time_ns // NS
        fraction: longlong = time_ns % NS
        if fraction < 0:
            fraction += NS
            second -= 1
        if second != self.second:
            put_second(cython.address(self.second_text[0]), second)
            self.second = second
        memcpy(out, cython.address(self.second_text[0]), 19)
        out[19] = 46  # .
        out = put_padded(out + 20, cython.cast(uint, fraction), 9)
        out[0] = 90  # Z
        return out + 1

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def put_text(self, out: Bytes, record: cython.pointer(Record), field: cint) -> Bytes:
        size: cint
        if field == START:
            return self.put_start(out, record.first_ns)
        if field == HISTORY:
            size = record.history_len if record.history_len < 32 else 32
            memcpy(out, cython.address(record.history[0]), size)
            return out + size
        if field >= ENDPOINT:
            return put_endpoint(out, record, field - ENDPOINT)
        return put_ip(out, record, field - IP)

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(-1)
    def one(self, record: cython.pointer(Record), used: cython.Py_ssize_t) -> cython.Py_ssize_t:
        """Write a record behind the `used` bytes; how many are used then."""
        op: cython.pointer(Op)
        place: cython.Py_ssize_t
        value: ulonglong
        key: ulonglong
        upper: ulonglong
        known: cint = 1
        out: Bytes
        literals: cython.p_const_uchar = self.literal_text
        for place in range(self.op_count):
            op = self.ops + place
            self.ensure(used, op.literal_len + op.unknown_len + FIELD_ROOM)
            out = put_bytes(self.out + used, literals + op.literal, op.literal_len)
            if op.field >= FIRST_KEY:
                key = key_of(record, op.field)
                upper = record.signs if op.field == SIGNS else 0
                if op.key != key or op.upper != upper or not op.known:
                    with cython.gil:
                        self.recall(op, key, upper, cython.cast(uint, place + 1))
                used = out - self.out
                self.ensure(used, op.len_bytes + STEP)
                out = put_bytes(self.out + used, self.arena + op.at, op.len_bytes)
            elif op.field >= START:
                out = self.put_text(out, record, op.field)
            elif op.field >= 0:
                value = number(record, op.field, cython.address(known))
                if not known:
                    out = put_bytes(out, literals + op.unknown, op.unknown_len)
                elif is_negative(record, op.field):
                    out[0] = 45
                    out = put_number(out + 1, 0 - value)
                else:
                    out = put_number(out, value)
            used = out - self.out
        return used

    @cython.cfunc
    @cython.exceptval(-1)
    def recall(self, op: cython.pointer(Op), key: ulonglong, upper: ulonglong, place: uint) -> cint:
        """Remember the fragment of a key for the records that follow: most are judged alike."""
        found: cython.pointer(Fragment) = self.fragment(key, upper, place)
        op.key = key
        op.upper = upper
        op.at = found.at
        op.len_bytes = found.len_bytes
        op.known = 1
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def all(self, records: cython.const[uchar][::1], end: cython.pointer(cint)) -> cython.Py_ssize_t:
        """Write all of them; how many bytes are used. `end`, if not NULL: where each record's text ends."""
        count: cython.Py_ssize_t = whole_records(records.shape[0])
        used: cython.Py_ssize_t = 0
        i: cython.Py_ssize_t
        if self.busy:
            raise RuntimeError("a writer is for one thread at a time")
        self.busy = True
        try:
            with cython.nogil:
                for i in range(count):
                    used = self.one(cython.cast(cython.pointer(Record), cython.address(records[0])) + i, used)
                    if end != cython.NULL:
                        if used > 0x7FFFFFFF:
                            with cython.gil:
                                raise OverflowError("more text than a batch of Arrow holds; give fewer records")
                        end[i + 1] = cython.cast(cint, used)
        finally:
            self.busy = False
        return used

    def write(self, records: cython.const[uchar][::1]) -> bytes:
        """The records (bytes of `follow.RECORD_FORMAT`), one after another."""
        used: cython.Py_ssize_t = self.all(records, cython.NULL)
        return PyBytes_FromStringAndSize(cython.cast(cython.p_char, self.out), used)

    def write_apart(self, records: cython.const[uchar][::1]) -> tuple:
        """The same, and where each record's text ends: int32, 0 first, as Arrow has it."""
        ends: bytes = PyBytes_FromStringAndSize(cython.NULL, 4 * (whole_records(records.shape[0]) + 1))
        end: cython.pointer(cint) = cython.cast(cython.pointer(cint), PyBytes_AS_STRING(ends))
        end[0] = 0
        used: cython.Py_ssize_t = self.all(records, end)
        return PyBytes_FromStringAndSize(cython.cast(cython.p_char, self.out), used), ends
