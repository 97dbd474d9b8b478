# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Fields of a block as columns: numbers side by side, and which of them are known."""

import cython
from cython import int as cint
from cython import longlong, uchar, uint, ushort
from cython.cimports.libc.string import memset
from cython.cimports.synfin._kernels.cells import (
    S_FACT,
    S_FOLLOWED,
    S_OWN,
    S_ROW,
    S_SEGMENT_ROW,
    S_VALUE,
    Block,
    Cell,
    Spec,
    View,
    get,
)
from cython.cimports.synfin._kernels.row import KIND_TCP, Row

if not cython.compiled:
    raise ImportError("the kernel columns is not compiled")


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def copy(
    base: cython.p_const_uchar, stride: cython.Py_ssize_t, width: cint, known: cython.p_const_uchar, count: uint,
    out: cython.p_uchar,
) -> cython.void:  # fmt: skip
    """A member of every row side by side, 0 where it is not known: `width` bytes of each `stride`."""
    i: uint
    if width == 4:
        for i in range(count):
            cython.cast(cython.pointer(uint), out)[i] = (
                cython.cast(cython.pointer(cython.const[uint]), base + i * stride)[0] if known[i] else 0
            )
    elif width == 8:
        for i in range(count):
            cython.cast(cython.pointer(longlong), out)[i] = (
                cython.cast(cython.pointer(cython.const[longlong]), base + i * stride)[0] if known[i] else 0
            )
    elif width == 2:
        for i in range(count):
            cython.cast(cython.pointer(ushort), out)[i] = (
                cython.cast(cython.pointer(cython.const[ushort]), base + i * stride)[0] if known[i] else 0
            )
    else:
        for i in range(count):
            out[i] = base[i * stride] if known[i] else 0


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def shown(
    view: cython.pointer(View), spec: cython.pointer(cython.const[Spec]), known: cython.p_uchar
) -> cython.void:  # fmt: skip
    """Which rows show a value: sound segments with a member that is not 0."""
    i: uint
    at: cython.p_const_uchar = view.values + spec.shift
    size: uint = view.value_size
    if spec.scale == 4:
        for i in range(view.count):
            known[i] = view.segment[i] == 1 and cython.cast(cython.pointer(cython.const[uint]), at + i * size)[0] != 0
    else:
        for i in range(view.count):
            known[i] = (
                view.segment[i] == 1 and cython.cast(cython.pointer(cython.const[longlong]), at + i * size)[0] != 0
            )


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def members(
    view: cython.pointer(View), spec: cython.pointer(cython.const[Spec]), width: cint, out: cython.p_uchar,
    known: cython.p_uchar,
) -> cint:  # fmt: skip
    """A member of rows, facts or values that is as wide as the column; 0 where the field is no such one."""
    i: uint
    source: cint = spec.source
    own: uint = spec.width if spec.width < 10 else spec.width - 10
    if own != cython.cast(uint, width):
        return 0
    if source == S_SEGMENT_ROW or source == S_FACT:
        for i in range(view.count):
            known[i] = view.segment[i] == 1
        if source == S_FACT:
            copy(view.facts + spec.offset, view.fact_size, width, known, view.count, out)
            return 1
    elif source == S_FOLLOWED or source == S_OWN:
        for i in range(view.count):
            known[i] = (view.rows[i].kind & KIND_TCP) != 0 and (source == S_FOLLOWED or view.segment[i] == 1)
        copy(view.facts + spec.offset, view.fact_size, width, known, view.count, out)
        return 1
    elif source == S_VALUE and view.values != cython.NULL:
        shown(view, spec, known)
        copy(view.values + spec.offset, view.value_size, width, known, view.count, out)
        return 1
    elif source == S_ROW and width != 8:
        memset(known, 1, view.count)
    else:
        return 0
    copy(cython.cast(cython.p_const_uchar, view.rows) + spec.offset, cython.sizeof(Row), width, known, view.count, out)
    return 1


def fill(block: Block, field: uint, width: cint, out: uchar[::1], first: cython.Py_ssize_t, known: uchar[::1]):
    """Each last value into `width` bytes at out[(first + i) * width:], 1 into known[first + i]; 0 and 0 without one."""
    view: cython.pointer(View) = cython.address(block.view)
    spec: cython.pointer(cython.const[Spec])
    i: uint
    found: cint
    cell: Cell
    number: longlong
    place: cython.p_uchar
    if field >= view.spec_count or first < 0 or width < 1:
        raise IndexError("no such field or place")
    if view.count == 0 or out.shape[0] < (first + view.count) * width or known.shape[0] < first + view.count:
        raise IndexError("fewer places than rows")
    place = cython.address(out[0]) + first * width
    spec = cython.address(view.specs[field])
    with cython.nogil:
        if not members(view, spec, width, place, cython.address(known[first])):
            for i in range(view.count):
                found = get(view, i, spec, cython.address(cell))
                number = cell.number[found - 1] if found > 0 else 0
                known[first + i] = found > 0
                if width == 4:
                    cython.cast(cython.pointer(uint), place)[i] = cython.cast(uint, number)
                elif width == 8:
                    cython.cast(cython.pointer(longlong), place)[i] = number
                elif width == 2:
                    cython.cast(cython.pointer(ushort), place)[i] = cython.cast(ushort, number)
                else:
                    place[i] = cython.cast(uchar, number)


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
