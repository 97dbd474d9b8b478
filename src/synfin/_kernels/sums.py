# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Whether the TCP checksums of a block of rows are right, for whoever asks: every byte of every segment is summed up.

The verdicts are those of `synfin.dissect.checksum`. Sums are taken in the machine's order of bytes: the ones'
complement sum does not depend on it (RFC 1071 section 2 B).
"""

import cython
from cython import uchar, uint, ulonglong, ushort
from cython.cimports.libc.string import memcpy
from cython.cimports.synfin._kernels.row import KIND_BAD_SUM, KIND_PARTIAL_SUM, KIND_QUOTED, KIND_TCP, KIND_V6, Row

if not cython.compiled:
    raise ImportError("the kernel sums is not compiled")

BAD, PARTIAL = 64, 128  #: bits of a row's `kind`
SUM_AT = cython.declare(uint, 16)  # of the checksum in the header
PROTOCOL = cython.declare(uchar[2])
PROTOCOL[0] = 0
PROTOCOL[1] = 6


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def added(p: cython.p_const_uchar, n: cython.Py_ssize_t) -> ulonglong:
    """The sum of 32-bit words; a rest is filled with zeros."""
    total: ulonglong = 0
    word: uint
    i: cython.Py_ssize_t
    for i in range(n // 4):
        memcpy(cython.address(word), p + 4 * i, 4)
        total += word
    word = 0
    if n % 4:
        memcpy(cython.address(word), p + n - n % 4, n % 4)
        total += word
    return total


@cython.cfunc
@cython.nogil
@cython.inline
@cython.exceptval(check=False)
def folded(total: ulonglong) -> uint:
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return cython.cast(uint, total)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def verdict(row: cython.pointer(Row), p: cython.p_const_uchar) -> uint:
    """Of a segment that was captured whole and begins at p: 0 good, else a bit of `kind`."""
    size: cython.Py_ssize_t = 16 if row.kind & KIND_V6 else 4
    length: uint = row.hdr_len + cython.cast(uint, row.len_bytes)
    told: ushort
    tail: uchar[4]
    pseudo: ulonglong
    tail[0] = cython.cast(uchar, length >> 24)
    tail[1] = cython.cast(uchar, length >> 16)
    tail[2] = cython.cast(uchar, length >> 8)
    tail[3] = cython.cast(uchar, length)
    pseudo = added(row.low, size) + added(row.high, size) + added(tail, 4) + added(PROTOCOL, 2)
    if folded(pseudo + added(p, length)) == 0xFFFF:
        return 0
    memcpy(cython.address(told), p + SUM_AT, 2)
    return KIND_PARTIAL_SUM if told == folded(pseudo) else KIND_BAD_SUM


def judge(rows: uchar[::1], n: cython.Py_ssize_t, buffer: cython.const[uchar][::1], base: ulonglong) -> cython.void:
    """Mark rows whose checksum is wrong; buffer[0] is the byte at offset `base` of the input.

    What was not captured whole cannot be judged. Rows that the readable code is still to fill are left alone.
    """
    row: cython.pointer(Row)
    i: cython.Py_ssize_t
    end: ulonglong
    room: ulonglong = buffer.shape[0]
    if n <= 0 or room == 0:
        return
    if n > rows.shape[0] // cython.cast(cython.Py_ssize_t, cython.sizeof(Row)):
        raise IndexError("fewer rows than asked for")
    row = cython.cast(cython.pointer(Row), cython.address(rows[0]))
    with cython.nogil:
        for i in range(n):
            end = row.at + cython.cast(ulonglong, row.hdr_len)
            if row.len_bytes >= 0:
                end += row.len_bytes
            if (
                (row.kind & (KIND_TCP | KIND_QUOTED)) == KIND_TCP
                and row.len_bytes >= 0
                and row.hdr_len >= 20
                and row.captured >= cython.cast(uint, row.len_bytes)
                and end <= row.cap_len
                and row.offset >= base
                and row.offset - base <= room
                and end <= room - (row.offset - base)
            ):
                row.kind |= cython.cast(uchar, verdict(row, cython.address(buffer[0]) + (row.offset - base) + row.at))
            row += 1
