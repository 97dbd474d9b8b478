# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""TCP's options, as far as rows tell of them."""

import cython
from cython import int as cint
from cython import schar, uint, ushort
from cython.cimports.synfin._kernels.octets import be16, be32
from cython.cimports.synfin._kernels.row import (
    OPT_COOKIE,
    OPT_FAST_OPEN,
    OPT_MSS,
    OPT_SACK,
    OPT_SACK_PERMITTED,
    OPT_TIMESTAMP,
    Row,
)

if not cython.compiled:
    raise ImportError("the kernel options is not compiled")


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def read_options(p: cython.p_const_uchar, n: uint, row: cython.pointer(Row)) -> cython.void:
    """Which options are there, the window scale, SACK blocks and Multipath operations."""
    i: uint = 0
    j: uint
    blocks: cint = 0
    kind: uint
    length: uint
    while i < n:
        kind = p[i]
        if kind == 0:
            return
        if kind == 1:
            i += 1
            continue
        if i + 1 >= n:
            return
        length = p[i + 1]
        if length < 2 or i + length > (row.hdr_len - cython.cast(uint, 20)):
            return
        if i + length > n:
            # not captured whole: of SACK those blocks count that were
            if kind != 5:
                return
            length = n - i
        if kind == 8:
            row.options |= OPT_TIMESTAMP
        elif kind == 3 and length == 3:
            row.wscale = cython.cast(schar, p[i + 2] if p[i + 2] < 14 else 14)
        elif kind == 2:
            row.options |= OPT_MSS
            if length == 4 and i + 4 <= n:
                row.mss = cython.cast(ushort, be16(p + i + 2))
        elif kind == 4:
            row.options |= OPT_SACK_PERMITTED
        elif kind == 5:
            row.options |= OPT_SACK
            j = i + 2
            while j + 8 <= i + length and blocks < 3:
                row.sacked += be32(p + j + 4) - be32(p + j)
                blocks += 1
                j += 8
        elif kind == 30 and length > 2:
            if p[i + 2] >> 4 <= 7:
                row.operations |= 1 << (p[i + 2] >> 4)
        elif kind == 34:
            row.options |= OPT_FAST_OPEN if length == 2 else OPT_FAST_OPEN | OPT_COOKIE
        elif (kind == 253 or kind == 254) and length > 4 and be16(p + i + 2) == 0xF989:
            row.options |= OPT_COOKIE
        i += length
