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
from cython.cimports.libc.string import memcmp, memcpy, memset
from cython.cimports.synfin._kernels.record import Record

if not cython.compiled:
    raise ImportError("the kernel render is not compiled")

NUMBERS = (
    "conn", "stream", "first_frame", "last_frame", "start_ns", "duration_ns", "client.packets", "server.packets",
    "client.payload_bytes", "server.payload_bytes", "client.wire_bytes", "server.wire_bytes",
    "client.retransmissions", "server.retransmissions", "client.port", "server.port", "completeness", "leg_0", "leg_1",
    "handshake_rtt_ns",
)  # fmt: skip
TEXTS = ("start", "client.ip", "server.ip", "client", "server", "history")
KEYS = ("marks", "client.vector", "server.vector", "conn_state", "vantage", "role_guessed", "signs")
FIELDS = (*NUMBERS, *TEXTS, *KEYS)
VANTAGES = ("unknown", "client", "server", "both", "middle")  #: by key

# The same as numbers: a field is an index in FIELDS. Fields of both ends stand in pairs that begin with an even one.
CONN = cython.declare(cint, 0)
STREAM = cython.declare(cint, 1)
FIRST_FRAME = cython.declare(cint, 2)
LAST_FRAME = cython.declare(cint, 3)
START_NS = cython.declare(cint, 4)
DURATION_NS = cython.declare(cint, 5)
PACKETS = cython.declare(cint, 6)
PAYLOAD = cython.declare(cint, 8)
WIRE = cython.declare(cint, 10)
RETRANSMISSIONS = cython.declare(cint, 12)
PORT = cython.declare(cint, 14)
COMPLETENESS = cython.declare(cint, 16)
LEG = cython.declare(cint, 17)
RTT = cython.declare(cint, 19)
START = cython.declare(cint, 20)
IP = cython.declare(cint, 21)
ENDPOINT = cython.declare(cint, 23)
HISTORY = cython.declare(cint, 25)
FIRST_KEY = cython.declare(cint, 26)
MARKS = cython.declare(cint, 26)
VECTOR = cython.declare(cint, 27)
CONN_STATE = cython.declare(cint, 29)
VANTAGE = cython.declare(cint, 30)
ROLE_GUESSED = cython.declare(cint, 31)
SIGNS = cython.declare(cint, 32)  # beside the marks: a key of 128 bits
NO_FIELD = cython.declare(cint, -1)

STEP = cython.declare(cython.Py_ssize_t, 16)  # bytes that are copied at once
FIELD_ROOM = cython.declare(cython.Py_ssize_t, 96)  # bytes that a number or a text needs at most, with those of a STEP
MAX_FRAGMENTS = cython.declare(uint, 1 << 14)  # remembered at once: packets choose what occurs
LOOPBACK_RTT_NS = cython.declare(ulonglong, 100_000)  # see watch.vantage
LOOPBACK_TTL = cython.declare(uchar, 64)
NS = cython.declare(longlong, 1_000_000_000)
DAY = cython.declare(longlong, 86400)

Bytes = cython.typedef(cython.pointer(uchar))

PAIRS = cython.declare(uchar[200])  # "00" to "99"
for _number in range(100):
    PAIRS[2 * _number] = 48 + _number // 10
    PAIRS[2 * _number + 1] = 48 + _number % 10

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


# --- numbers and addresses as text -------------------------------------------


@cython.cfunc
@cython.nogil
@cython.inline
@cython.exceptval(check=False)
def digits(value: ulonglong) -> cint:
    found: cint = 1
    while value >= 10000:
        value //= 10000
        found += 4
    if value >= 100:
        return found + (3 if value >= 1000 else 2)
    return found + (1 if value >= 10 else 0)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def put_number(out: Bytes, value: ulonglong) -> Bytes:
    at: cint = digits(value)
    end: Bytes = out + at
    pair: ulonglong
    while value >= 100:
        pair = value % 100
        value //= 100
        at -= 2
        memcpy(out + at, cython.address(PAIRS[2 * pair]), 2)
    if value >= 10:
        memcpy(out, cython.address(PAIRS[2 * value]), 2)
    else:
        out[0] = cython.cast(uchar, 48 + value)
    return end


@cython.cfunc
@cython.nogil
@cython.inline
@cython.exceptval(check=False)
def put_bytes(out: Bytes, text: cython.p_const_uchar, size: cython.Py_ssize_t) -> Bytes:
    """In steps of STEP bytes: up to STEP - 1 more are read, and written."""
    at: cython.Py_ssize_t = 0
    while at < size:
        memcpy(out + at, text + at, 16)
        at += 16
    return out + size


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def put_padded(out: Bytes, value: uint, width: cint) -> Bytes:
    """With leading zeros."""
    place: cint
    for place in range(width - 1, -1, -1):
        out[place] = cython.cast(uchar, 48 + value % 10)
        value //= 10
    return out + width


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def put_second(out: Bytes, second: longlong) -> cython.void:
    """`2026-01-02T03:04:05`: days to a civil date, by eras of 400 years that begin in March."""
    days: longlong = second // DAY
    rest: longlong = second % DAY
    era: longlong
    of_era: longlong
    year: longlong
    of_year: longlong
    month: longlong
    if rest < 0:  # C divides towards 0
        rest += DAY
        days -= 1
    days += 719468  # since 1 March of year 0; no time of 64 bits lies before it
    era = days // 146097
    of_era = days % 146097
    year = (of_era - of_era // 1460 + of_era // 36524 - of_era // 146096) // 365
    of_year = of_era - (365 * year + year // 4 - year // 100)
    month = (5 * of_year + 2) // 153
    year += 400 * era + (1 if month >= 10 else 0)
    out = put_padded(out, cython.cast(uint, year), 4)
    out[0] = 45  # -
    out = put_padded(out + 1, cython.cast(uint, month + 3 if month < 10 else month - 9), 2)
    out[0] = 45
    out = put_padded(out + 1, cython.cast(uint, of_year - (153 * month + 2) // 5 + 1), 2)
    out[0] = 84  # T
    out = put_padded(out + 1, cython.cast(uint, rest // 3600), 2)
    out[0] = 58  # :
    out = put_padded(out + 1, cython.cast(uint, rest // 60 % 60), 2)
    out[0] = 58
    put_padded(out + 1, cython.cast(uint, rest % 60), 2)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def put_ipv4(out: Bytes, address: Bytes) -> Bytes:
    place: cint
    for place in range(4):
        if place:
            out[0] = 46  # .
            out += 1
        out = put_number(out, address[place])
    return out


@cython.cfunc
@cython.nogil
@cython.inline
@cython.exceptval(check=False)
def hex_digit(value: uint) -> uchar:
    return cython.cast(uchar, 48 + value if value < 10 else 87 + value)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def put_group(out: Bytes, group: uint) -> Bytes:
    shift: cint = 12
    while shift > 0 and (group >> shift) == 0:
        shift -= 4
    while shift >= 0:
        out[0] = hex_digit((group >> shift) & 15)
        out += 1
        shift -= 4
    return out


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def put_ipv6(out: Bytes, address: Bytes) -> Bytes:
    """RFC 5952, an embedded IPv4 address with dots: as `dissect.address.ipv6`."""
    groups: uint[8]
    place: cint
    zeros: cint = 0  # in front
    start: cint = -1
    size: cint = 1
    run: cint = 0
    for place in range(8):
        groups[place] = (cython.cast(uint, address[2 * place]) << 8) | address[2 * place + 1]
    while zeros < 6 and groups[zeros] == 0:
        zeros += 1
    if (zeros == 5 and groups[5] == 0xFFFF) or (zeros == 6 and groups[6] != 0):
        if zeros == 5:
            memcpy(out, "::ffff:", 7)
            return put_ipv4(out + 7, address + 12)
        memcpy(out, "::", 2)
        return put_ipv4(out + 2, address + 12)
    for place in range(8):
        run = run + 1 if groups[place] == 0 else 0
        if run > size:  # the first of the longest, of two or more
            size = run
            start = place + 1 - run
    place = 0
    while place < 8:
        if place == start:
            out[0] = 58
            out[1] = 58
            out += 2
            place += size
            continue
        if place > 0 and place != start + size:
            out[0] = 58
            out += 1
        out = put_group(out, groups[place])
        place += 1
    return out


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


# --- what the fields of a record are -----------------------------------------


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def number(record: cython.pointer(Record), field: cint, known: cython.pointer(cint)) -> ulonglong:
    """The value of a field of NUMBERS, modulo 2**64; `known` becomes 0 where it is unknown."""
    side: cint = field & 1
    legs: cython.pointer(longlong) = cython.address(record.legs_ns[0])
    known[0] = 1
    if field >= LEG:
        if field == RTT:
            known[0] = legs[0] >= 0 and legs[1] >= 0
            return cython.cast(ulonglong, legs[0]) + cython.cast(ulonglong, legs[1])
        known[0] = legs[field - LEG] >= 0
        return cython.cast(ulonglong, legs[field - LEG])
    if field >= RETRANSMISSIONS:
        if field == COMPLETENESS:
            return record.completeness
        return record.port[side] if field >= PORT else record.retransmissions[side]
    if field >= PAYLOAD:
        return record.wire_bytes[side] if field >= WIRE else record.payload_bytes[side]
    if field >= PACKETS:
        return record.packets[side]
    if field >= START_NS:
        if field == START_NS:
            return cython.cast(ulonglong, record.first_ns)
        return cython.cast(ulonglong, record.last_ns) - cython.cast(ulonglong, record.first_ns)
    if field >= FIRST_FRAME:
        return record.last_frame if side else record.first_frame
    return record.stream if side else record.number


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def is_negative(record: cython.pointer(Record), field: cint) -> cint:
    if field == START_NS:
        return record.first_ns < 0
    return field == DURATION_NS and record.last_ns < record.first_ns


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def is_loopback(record: cython.pointer(Record), side: cint) -> cint:
    place: cint
    address: Bytes = cython.address(record.address[16 * side])
    if not record.v6:
        return address[0] == 127
    for place in range(15):
        if address[place]:
            return 0
    return address[15] == 1


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def vantage(record: cython.pointer(Record)) -> ulonglong:
    """Index in VANTAGES: the rules of `watch.vantage`."""
    size: cython.size_t = 16 if record.v6 else 4
    legs: cython.pointer(longlong) = cython.address(record.legs_ns[0])
    rtt: ulonglong
    near: ulonglong
    if memcmp(cython.address(record.address[0]), cython.address(record.address[16]), size) == 0:
        return 3
    if is_loopback(record, 0) and is_loopback(record, 1):
        return 3
    if legs[0] < 0 or legs[1] < 0:
        return 0
    rtt = cython.cast(ulonglong, legs[0]) + cython.cast(ulonglong, legs[1])
    if rtt < LOOPBACK_RTT_NS and record.ttl[0] == LOOPBACK_TTL and record.ttl[1] == LOOPBACK_TTL:
        return 3
    near = (rtt + 9) // 10  # a leg below a tenth
    if cython.cast(ulonglong, legs[1]) < near:
        return 1
    return 2 if cython.cast(ulonglong, legs[0]) < near else 4


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def key_of(record: cython.pointer(Record), field: cint) -> ulonglong:
    """What the judgement of a field of KEYS depends on."""
    if field == MARKS or field == SIGNS:
        return record.marks
    if field < CONN_STATE:
        return record.vector[field - VECTOR]
    if field == CONN_STATE:
        return record.conn_state
    if field == VANTAGE:
        return vantage(record)
    return record.role_guessed if field == ROLE_GUESSED else 0


@cython.cfunc
def whole_records(records: cython.const[uchar][::1]) -> cython.Py_ssize_t:
    size: cython.Py_ssize_t = cython.sizeof(Record)
    if records.shape[0] % size:
        raise ValueError("the records are cut short")
    return records.shape[0] // size


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
        count: cython.Py_ssize_t = whole_records(records)
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
        ends: bytes = PyBytes_FromStringAndSize(cython.NULL, 4 * (whole_records(records) + 1))
        end: cython.pointer(cint) = cython.cast(cython.pointer(cint), PyBytes_AS_STRING(ends))
        end[0] = 0
        used: cython.Py_ssize_t = self.all(records, end)
        return PyBytes_FromStringAndSize(cython.cast(cython.p_char, self.out), used), ends


# --- columns -----------------------------------------------------------------


def numbers(records: cython.const[uchar][::1], field: str, size: cint) -> tuple:
    """(values of `size` bytes each, a byte for each: whether it is known; None where all are) of a field of NUMBERS."""
    count: cython.Py_ssize_t = whole_records(records)
    code: cint = NUMBERS.index(field)
    data: bytes = bytes(count * size)
    valid: bytes = bytes(count)
    to: Bytes = cython.cast(Bytes, PyBytes_AS_STRING(data))
    flag: Bytes = cython.cast(Bytes, PyBytes_AS_STRING(valid))
    unknown: cython.Py_ssize_t = 0
    known: cint = 1
    value: ulonglong
    i: cython.Py_ssize_t
    if size not in (1, 2, 4, 8):
        raise ValueError("a number has 1, 2, 4 or 8 bytes")
    for i in range(count):
        value = number(cython.cast(cython.pointer(Record), cython.address(records[0])) + i, code, cython.address(known))
        if not known:
            value = 0
            unknown += 1
        flag[i] = cython.cast(uchar, known)
        memcpy(to + i * size, cython.address(value), size)  # the machine is little-endian, as is the record
    return data, valid if unknown else None


def pairs(records: cython.const[uchar][::1], first: str, second: str) -> tuple:
    """Two fields of NUMBERS beside each other: (int64 values, a byte for each or None, where each pair ends)."""
    count: cython.Py_ssize_t = whole_records(records)
    codes: cint[2]
    data: bytes = PyBytes_FromStringAndSize(cython.NULL, 16 * count)
    valid: bytes = PyBytes_FromStringAndSize(cython.NULL, 2 * count)
    ends: bytes = PyBytes_FromStringAndSize(cython.NULL, 4 * (count + 1))
    to: cython.pointer(ulonglong) = cython.cast(cython.pointer(ulonglong), PyBytes_AS_STRING(data))
    flag: Bytes = cython.cast(Bytes, PyBytes_AS_STRING(valid))
    end: cython.pointer(cint) = cython.cast(cython.pointer(cint), PyBytes_AS_STRING(ends))
    unknown: cython.Py_ssize_t = 0
    known: cint = 1
    value: ulonglong
    record: cython.pointer(Record)
    i: cython.Py_ssize_t
    j: cint
    if count > 0x3FFFFFFF:
        raise OverflowError("more than a batch of Arrow holds; give fewer records")
    codes[0] = NUMBERS.index(first)
    codes[1] = NUMBERS.index(second)
    end[0] = 0
    for i in range(count):
        record = cython.cast(cython.pointer(Record), cython.address(records[0])) + i
        for j in range(2):
            value = number(record, codes[j], cython.address(known))
            to[2 * i + j] = value if known else 0
            flag[2 * i + j] = cython.cast(uchar, known)
            unknown += 1 - known
        end[i + 1] = cython.cast(cint, 2 * i + 2)
    return data, valid if unknown else None, ends


def ends_of(sizes: cython.const[cint][::1]) -> bytes:
    """Where things of these sizes end, one after another: int32, 0 first, as Arrow has it."""
    count: cython.Py_ssize_t = sizes.shape[0]
    ends: bytes = PyBytes_FromStringAndSize(cython.NULL, 4 * (count + 1))
    end: cython.pointer(cint) = cython.cast(cython.pointer(cint), PyBytes_AS_STRING(ends))
    total: longlong = 0
    i: cython.Py_ssize_t
    end[0] = 0
    for i in range(count):
        total += sizes[i]
        if sizes[i] < 0 or total > 0x7FFFFFFF:
            raise OverflowError("more than a batch of Arrow holds; give fewer records")
        end[i + 1] = cython.cast(cint, total)
    return ends


# --- some of the records -----------------------------------------------------


def between(records: cython.const[uchar][::1], since_ns: longlong, until_ns: longlong) -> bytes:
    """Those that lived in a range of time: neither over before it nor begun after it."""
    count: cython.Py_ssize_t = whole_records(records)
    size: cython.Py_ssize_t = cython.sizeof(Record)
    chosen: bytes = PyBytes_FromStringAndSize(cython.NULL, count * size)
    to: Bytes = cython.cast(Bytes, PyBytes_AS_STRING(chosen))
    record: cython.pointer(Record)
    n: cython.Py_ssize_t = 0
    i: cython.Py_ssize_t
    for i in range(count):
        record = cython.cast(cython.pointer(Record), cython.address(records[0])) + i
        if record.last_ns >= since_ns and record.first_ns <= until_ns:
            memcpy(to + n * size, record, size)
            n += 1
    return chosen if n == count else chosen[: n * size]


def take(records: cython.const[uchar][::1], places: cython.const[uint][::1]) -> bytes:
    """The records at these places, in this order."""
    count: cython.Py_ssize_t = whole_records(records)
    size: cython.Py_ssize_t = cython.sizeof(Record)
    chosen: bytes = PyBytes_FromStringAndSize(cython.NULL, places.shape[0] * size)
    to: Bytes = cython.cast(Bytes, PyBytes_AS_STRING(chosen))
    i: cython.Py_ssize_t
    for i in range(places.shape[0]):
        if places[i] >= count:
            raise IndexError("there is no such record")
        memcpy(to + i * size, cython.address(records[0]) + cython.cast(cython.Py_ssize_t, places[i]) * size, size)
    return chosen


def record_size() -> cython.Py_ssize_t:
    return cython.sizeof(Record)
