# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""A stretch of a capture file, read and scanned without the interpreter, so that several are at once.

A stretch has the records that begin in its bytes. Where the first of them begins is known or guessed (`boundary`);
the last one ends where the next stretch has its first, if both are right.
"""

import cython
from cython import int as cint
from cython import longlong, uchar, uint, ulonglong
from cython.cimports.libc.string import memmove
from cython.cimports.posix.unistd import pread
from cython.cimports.synfin._kernels.boundary import guess_pcap, guess_pcapng
from cython.cimports.synfin._kernels.deal import Deal, Hands, hand_out, start
from cython.cimports.synfin._kernels.row import Row
from cython.cimports.synfin._kernels.scan import pcap_rows, pcapng_rows

if not cython.compiled:
    raise ImportError("the kernel stretch is not compiled")

# What ended a stretch
WHOLE = 0  #: all its records were read
FULL = 1  #: the rows are full, or what was dealt of them
STUCK = 2  #: a record could not be read, or the file ended
MISSED = 3  #: nothing looks like a record

PIECE_LEN = 1 << 18  #: bytes at a time: they stay in the cache until they are scanned
PIECE = cython.declare(cython.Py_ssize_t, PIECE_LEN)
MORE = cython.declare(cython.Py_ssize_t, 1 << 12)  # to complete the last record


@cython.final
@cython.cclass
class Walk:
    """How records of a file follow each other: pcap, or with `interfaces` (see `scan.scan_pcapng`) one section of
    pcapng."""

    big: cint
    ticks: longlong  # of a second, in the file's times
    link_type: uint
    seed: ulonglong
    blocks: cython.bint
    known: uint
    interfaces: cython.const[longlong][::1]
    facts: cython.pointer(cython.const[longlong])

    def __cinit__(self, big: cint, ticks: longlong, link_type: uint, seed: ulonglong, interfaces=None):
        if ticks <= 0:
            raise ValueError("a second has ticks")
        self.big = big
        self.ticks = ticks
        self.link_type = link_type
        self.seed = seed
        self.blocks = interfaces is not None
        self.known = 0
        self.facts = cython.NULL
        if interfaces is not None and len(interfaces) >= 4:
            self.interfaces = interfaces
            self.known = cython.cast(uint, self.interfaces.shape[0] // 4)
            self.facts = cython.address(self.interfaces[0])

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def guess(self, p: cython.p_const_uchar, end: cython.Py_ssize_t) -> cython.Py_ssize_t:
        if self.blocks:
            return guess_pcapng(p, end, self.big)
        return guess_pcap(p, end, self.big, cython.cast(uint, self.ticks))

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def rows(
        self, p: cython.p_const_uchar, at: cython.pointer(cython.Py_ssize_t), end: cython.Py_ssize_t, base: ulonglong,
        first: cython.pointer(Row), room: cython.Py_ssize_t, why: cython.pointer(cint),
    ) -> cython.Py_ssize_t:  # fmt: skip
        if self.blocks:
            return pcapng_rows(p, at, end, base, self.big, self.facts, self.known, first, room, self.seed, why)
        return pcap_rows(
            p, at, end, base, self.big, 1000000000 // self.ticks, self.link_type, first, room, self.seed, why
        )


def read(walk: Walk, descriptor: cint, begin: longlong, stop: longlong, known: cython.bint, buffer: uchar[::1],
         rows: uchar[::1], deal: Deal) -> tuple:  # fmt: skip
    """Read and deal the records that begin in the bytes from `begin` to `stop` of a file; `known`: one begins there.

    Returns (offset of the first record, offset behind the last one, what ended the stretch). No more of a record than
    `buffer` holds beside a piece of the file is read: such a record ends the stretch.
    """
    first: longlong = begin if known else -1
    end: longlong = begin
    why: cint = 0
    if rows.shape[0] < cython.cast(cython.Py_ssize_t, cython.sizeof(Row)) * deal.hands.room:
        raise IndexError("fewer rows than can be dealt")
    if buffer.shape[0] <= PIECE:
        raise IndexError("the buffer holds no more than a piece")
    start(cython.address(deal.hands))
    with cython.nogil:
        why = fill(
            walk, descriptor, begin, stop, cython.address(first), cython.address(end), cython.address(buffer[0]),
            buffer.shape[0], cython.cast(cython.pointer(Row), cython.address(rows[0])), cython.address(deal.hands),
        )  # fmt: skip
    return first, end, why


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def fill(
    walk: Walk, descriptor: cint, offset: longlong, stop: longlong, first: cython.pointer(longlong),
    end: cython.pointer(longlong), buffer: cython.pointer(uchar), room: cython.Py_ssize_t, row: cython.pointer(Row),
    hands: cython.pointer(Hands),
) -> cint:  # fmt: skip
    filled: cython.Py_ssize_t = 0
    at: cython.Py_ssize_t
    size: cython.Py_ssize_t
    count: cython.Py_ssize_t
    left: cython.Py_ssize_t
    why: cint
    last: cint
    while offset < stop or filled > 0:
        last = offset >= stop  # only the record that began before is still wanted
        size = MORE if last else cython.cast(cython.Py_ssize_t, min(cython.cast(longlong, PIECE), stop - offset))
        size = pread(descriptor, buffer + filled, min(size, room - filled), offset)
        if size <= 0:
            return 2  # whoever reads on from there will be told why
        filled += size
        offset += size
        at = 0
        if first[0] < 0:
            at = walk.guess(buffer, filled)
            if at < 0:
                return 3
            first[0] = offset - filled + at
        left = cython.cast(cython.Py_ssize_t, hands.room - hands.rows)
        count = walk.rows(
            buffer, cython.address(at), filled, cython.cast(ulonglong, offset - filled), row + hands.rows,
            min(left, 1) if last else left, cython.address(why),
        )  # fmt: skip
        hand_out(hands, row + hands.rows, cython.cast(uint, count))
        end[0] = offset - filled + at
        if last and count:
            return 0
        if why:
            return 1 if why == 1 else 2
        filled -= at
        if at:
            memmove(buffer, buffer + at, filled)
    return 0
