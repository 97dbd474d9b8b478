# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Fields of a block as columns: numbers side by side, and which of them are known."""

import cython
from cython import int as cint
from cython import longlong, uchar, uint, ushort
from cython.cimports.synfin._kernels.cells import Block, Cell, View, get

if not cython.compiled:
    raise ImportError("the kernel columns is not compiled")


def fill(block: Block, field: uint, width: cint, out: uchar[::1], first: cython.Py_ssize_t, known: uchar[::1]):
    """Each last value into `width` bytes at out[(first + i) * width:], 1 into known[first + i]; 0 and 0 without one."""
    view: cython.pointer(View) = cython.address(block.view)
    i: uint
    found: cint
    cell: Cell
    number: longlong
    place: cython.p_uchar
    if field >= view.spec_count or first < 0 or width < 1:
        raise IndexError("no such field or place")
    if out.shape[0] < (first + view.count) * width or known.shape[0] < first + view.count:
        raise IndexError("fewer places than rows")
    place = cython.address(out[0]) + first * width
    with cython.nogil:
        for i in range(view.count):
            found = get(view, i, cython.address(view.specs[field]), cython.address(cell))
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
