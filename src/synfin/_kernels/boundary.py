# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Where a record probably begins in a piece of a capture file whose beginning was not read.

Nothing depends on a guess being right: who uses one walks from a known record to it, and takes it only where that walk
arrives exactly there.
"""

import cython
from cython import int as cint
from cython import longlong, uint
from cython.cimports.synfin._kernels.octets import load32

if not cython.compiled:
    raise ImportError("the kernel boundary is not compiled")

CHAIN = cython.declare(cint, 6)  # records in a row that look like records
ENOUGH = cython.declare(cint, 2)  # of them where the piece ends before
MAX_CAP = cython.declare(uint, 0x40000)
MAX_BLOCK = cython.declare(uint, 0x1000000)
DAY_S = cython.declare(longlong, 86400)  # records in a row are hardly further apart


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def looks_like_pcap(
    p: cython.p_const_uchar, at: cython.Py_ssize_t, end: cython.Py_ssize_t, big: cint, ticks: uint
) -> cint:
    """Whether a chain of plausible records begins at `at`."""
    cap: uint
    seconds: longlong
    before: longlong = 0
    i: cint
    for i in range(CHAIN):
        if end - at < 16:
            return i >= ENOUGH
        cap = load32(p + at + 8, big)
        if load32(p + at + 4, big) >= ticks or cap == 0 or cap > MAX_CAP or load32(p + at + 12, big) < cap:
            return 0
        seconds = load32(p + at, big)
        if i and not -DAY_S <= seconds - before <= DAY_S:
            return 0
        before = seconds
        at += 16 + cython.cast(cython.Py_ssize_t, cap)
    return 1


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def looks_like_pcapng(p: cython.p_const_uchar, at: cython.Py_ssize_t, end: cython.Py_ssize_t, big: cint) -> cint:
    """The same for packet blocks."""
    size: uint
    i: cint
    for i in range(CHAIN):
        if end - at < 32:
            return i >= ENOUGH
        size = load32(p + at + 4, big)
        if load32(p + at, big) != 6 or size < 32 or size & 3 or size > MAX_BLOCK:
            return 0
        if load32(p + at + 20, big) > size - 32:
            return 0
        if end - at < size:
            return i >= ENOUGH
        if load32(p + at + size - 4, big) != size:
            return 0
        at += size
    return 1


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def guess_pcap(p: cython.p_const_uchar, end: cython.Py_ssize_t, big: cint, ticks: uint) -> cython.Py_ssize_t:
    """The first place in p[:end] from which records of pcap seem to follow each other; -1 without one.

    `ticks`: of a second, in the file's times.
    """
    at: cython.Py_ssize_t
    for at in range(end):
        if looks_like_pcap(p, at, end, big, ticks):
            return at
    return -1


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def guess_pcapng(p: cython.p_const_uchar, end: cython.Py_ssize_t, big: cint) -> cython.Py_ssize_t:
    """The same for packet blocks of pcapng; p[0] is at a multiple of 4 from where the section begins."""
    at: cython.Py_ssize_t
    for at in range(0, end, 4):
        if looks_like_pcapng(p, at, end, big):
            return at
    return -1
