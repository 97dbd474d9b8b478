# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Bits: packed, turned over, counted."""

import cython
from cython import uchar, uint, ulonglong

if not cython.compiled:
    raise ImportError("the kernel bits is not compiled")

PAIRS = cython.declare(ulonglong, 0x5555555555555555)
QUARTERS = cython.declare(ulonglong, 0x3333333333333333)
NIBBLES = cython.declare(ulonglong, 0x0F0F0F0F0F0F0F0F)
BYTES = cython.declare(ulonglong, 0x0101010101010101)
LOWER = cython.declare(ulonglong, 0x00000000FFFFFFFF)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def turn_over(words: cython.pointer(ulonglong)) -> cython.void:
    """64 words of 64 bits: bit b of word a and bit a of word b change places."""
    j: uint = 32
    k: uint
    mask: ulonglong = LOWER
    moved: ulonglong
    while j:
        k = 0
        while k < 64:
            moved = ((words[k] >> j) ^ words[k | j]) & mask
            words[k] ^= moved << j
            words[k | j] ^= moved
            k = ((k | j) + 1) & ~j
        j >>= 1
        mask ^= mask << j


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def ones(word: ulonglong) -> uint:
    word -= (word >> 1) & PAIRS
    word = (word & QUARTERS) + ((word >> 2) & QUARTERS)
    return cython.cast(uint, (((word + (word >> 4)) & NIBBLES) * BYTES) >> 56)


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
