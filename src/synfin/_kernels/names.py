# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""IP addresses as numbers of a list that holds each once, with its text, which is written once."""

import cython
from cython import int as cint
from cython import uchar, uint, ulonglong
from cython.cimports.cpython.bytes import PyBytes_AS_STRING, PyBytes_FromStringAndSize
from cython.cimports.libc.stdlib import calloc, free, realloc
from cython.cimports.libc.string import memcmp, memcpy, memset
from cython.cimports.synfin._kernels.names import NO_NAME, Name
from cython.cimports.synfin._kernels.row import fold
from cython.cimports.synfin._kernels.spell import put_ipv4, put_ipv6

if not cython.compiled:
    raise ImportError("the kernel names is not compiled")

STEP = cython.declare(uint, 16)  # texts are copied in steps: so many bytes more are read, and written
GOLDEN = cython.declare(ulonglong, 0x9E3779B97F4A7C15)
LONGEST = cython.declare(uint, 48)  # of a text, and a step


@cython.final
@cython.cclass
class Names:
    """Every address that was asked for, in order of the first time. `seed` is nobody's to know."""

    def __cinit__(self, seed: ulonglong):
        self.seed = seed | 1
        self.mask = 1023
        self.slots = cython.cast(cython.p_uint, calloc(self.mask + 1, cython.sizeof(uint)))
        if self.slots == cython.NULL:
            raise MemoryError("no room for addresses")

    def __dealloc__(self):
        free(self.list)
        free(self.slots)
        free(self.text)
        free(self.ends)

    def __len__(self):
        return self.count

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def widen(self) -> cint:
        """Room for more; 0 when there is no memory."""
        room: uint
        mask: uint
        at: uint
        i: uint
        wider: cython.pointer(Name)
        text: cython.p_uchar
        slots: cython.p_uint
        if self.count == self.room:
            room = 2 * self.room if self.room else 512
            wider = cython.cast(
                cython.pointer(Name), realloc(self.list, cython.cast(cython.size_t, room) * cython.sizeof(Name))
            )
            if wider == cython.NULL:
                return 0
            self.list, self.room = wider, room
        if self.used + 2 * LONGEST > self.text_room:
            text = cython.cast(cython.p_uchar, realloc(self.text, 2 * self.text_room + 16384))
            if text == cython.NULL:
                return 0
            self.text, self.text_room = text, 2 * self.text_room + 16384
        if 2 * self.count < self.mask:
            return 1
        mask = 2 * self.mask + 1
        slots = cython.cast(cython.p_uint, calloc(cython.cast(cython.size_t, mask) + 1, cython.sizeof(uint)))
        if slots == cython.NULL:
            return 0
        for i in range(self.count):
            at = cython.cast(uint, self.hash(self.list[i].octets, self.list[i].v6)) & mask
            while slots[at]:
                at = (at + 1) & mask
            slots[at] = i + 1
        free(self.slots)
        self.slots, self.mask = slots, mask
        return 1

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def hash(self, octets: cython.p_const_uchar, v6: cint) -> ulonglong:
        part: uint
        halves: ulonglong[2]
        if not v6:
            memcpy(cython.address(part), octets, 4)
            return fold(self.seed ^ part, GOLDEN)
        memcpy(halves, octets, 16)
        return fold(fold(self.seed ^ halves[0], GOLDEN) ^ halves[1], self.seed)

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def add(self, octets: cython.p_const_uchar, v6: cint) -> cint:
        """One more; 0 when there is no memory."""
        new: cython.pointer(Name)
        p: cython.p_uchar
        if self.count == NO_NAME - 1 or not self.widen():
            return 0
        new = self.list + self.count
        memset(new, 0, cython.sizeof(Name))
        memcpy(new.octets, octets, 16 if v6 else 4)
        new.v6 = v6 != 0
        new.at = self.used
        p = self.text + self.used
        p = put_ipv6(p, new.octets) if v6 else put_ipv4(p, new.octets)
        new.size = cython.cast(uchar, p - (self.text + self.used))
        self.used += new.size
        self.count += 1
        return 1

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def name(self, octets: cython.p_const_uchar, v6: cint) -> uint:
        """The number of an address, NO_NAME when there is no memory."""
        at: uint = cython.cast(uint, self.hash(octets, v6)) & self.mask
        size: cython.size_t = 16 if v6 else 4
        found: cython.pointer(Name)
        while self.slots[at]:
            found = self.list + (self.slots[at] - 1)
            if found.v6 == (v6 != 0) and memcmp(found.octets, octets, size) == 0:
                return self.slots[at] - 1
            at = (at + 1) & self.mask
        if not self.add(octets, v6):
            return NO_NAME
        at = cython.cast(uint, self.hash(octets, v6)) & self.mask  # it may be a wider one now
        while self.slots[at]:
            at = (at + 1) & self.mask
        self.slots[at] = self.count
        return self.count - 1

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def reach(self, record: uint) -> cint:
        """Room for the ends of a record; 0 when there is no memory."""
        count: uint = max(2 * self.end_count, 1024)
        wider: cython.p_uint
        while count <= record:
            count *= 2
        wider = cython.cast(
            cython.p_uint, realloc(self.ends, cython.cast(cython.size_t, count) * 2 * cython.sizeof(uint))
        )
        if wider == cython.NULL:
            return 0
        memset(
            wider + 2 * cython.cast(cython.size_t, self.end_count), 0,
            cython.cast(cython.size_t, count - self.end_count) * 2 * cython.sizeof(uint),
        )  # fmt: skip
        self.ends, self.end_count = wider, count
        return 1

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def of_end(self, record: uint, high: cint, octets: cython.p_const_uchar, v6: cint) -> uint:
        """The number of one end's address of a connection's record, which is looked up once."""
        place: cython.p_uint
        number: uint
        if record >= (1 << 30):
            return self.name(octets, v6)
        if record >= self.end_count and not self.reach(record):
            return NO_NAME
        place = self.ends + 2 * cython.cast(cython.size_t, record) + high
        if place[0]:
            return place[0] - 1
        number = self.name(octets, v6)
        if number != NO_NAME:
            place[0] = number + 1
        return number

    def texts(self) -> tuple:
        """(all texts side by side, where each ends as int32 with 0 first), in order of their numbers."""
        ends = bytearray(4 * (cython.cast(cython.Py_ssize_t, self.count) + 1))
        view: uchar[::1] = ends
        out: cython.p_int = cython.cast(cython.p_int, cython.address(view[0]))
        i: uint
        if self.used > 0x7FFFFFFF:
            raise MemoryError("more addresses than a column of texts holds")
        for i in range(self.count):
            out[i + 1] = cython.cast(cint, self.list[i].at + self.list[i].size)
        return PyBytes_FromStringAndSize(cython.cast(cython.p_char, self.text), self.used), bytes(ends)

    def spell(self, numbers: cython.const[uchar][::1], known: cython.const[uchar][::1], count: uint) -> tuple:
        """The same of `count` numbers (of 4 bytes each); where a bit of `known` is 0 the text is empty."""
        ends = PyBytes_FromStringAndSize(cython.NULL, 4 * (cython.cast(cython.Py_ssize_t, count) + 1))
        out: cython.p_int = cython.cast(cython.p_int, PyBytes_AS_STRING(ends))
        wanted: cython.pointer(cython.const[uint])
        one: cython.pointer(Name)
        i: uint
        j: uint
        used: ulonglong = 0
        p: cython.p_uchar
        out[0] = 0
        if count == 0:
            return b"", ends
        if numbers.shape[0] < 4 * cython.cast(cython.Py_ssize_t, count) or known.shape[0] < (count + 7) >> 3:
            raise IndexError("fewer numbers than asked for")
        wanted = cython.cast(cython.pointer(cython.const[uint]), cython.address(numbers[0]))
        for i in range(count):
            if (known[i >> 3] >> (i & 7)) & 1:
                if wanted[i] >= self.count:
                    raise IndexError("no such address")
                used += self.list[wanted[i]].size
            out[i + 1] = cython.cast(cint, used)
        if used > 0x7FFFFFFF:
            raise MemoryError("more text than a column of texts holds")
        text = bytearray(used + LONGEST)
        view: uchar[::1] = text
        p = cython.address(view[0])
        with cython.nogil:
            for i in range(count):
                if (known[i >> 3] >> (i & 7)) & 1:
                    one = self.list + wanted[i]
                    j = 0
                    while j < one.size:
                        memcpy(p + j, self.text + one.at + j, 16)
                        j += STEP
                    p += one.size
        return memoryview(text)[:used], ends
