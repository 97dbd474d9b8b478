# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Tests over the rows of a block: each writes a verdict for every row, NO, YES, or ASK where it cannot know.

`active[i]` says whether row i is to be looked at; where it is 0 the verdict is NO. Verdicts are joined by Kleene's
logic, so that ASK remains only where the whole answer hangs on it.
"""

import cython
from cython import int as cint
from cython import longlong, uchar, uint, ulonglong
from cython.cimports.libc.string import memchr, memcmp
from cython.cimports.synfin._kernels.cells import Block, Cell, View, get
from cython.cimports.synfin._kernels.row import KIND_QUOTED, KIND_TCP
from cython.cimports.synfin._kernels.within import same_bits, verdict, within

if not cython.compiled:
    raise ImportError("the kernel choose is not compiled")

NO, YES, ASK = 0, 1, 2  #: verdicts


@cython.cfunc
@cython.inline
@cython.exceptval(-1)
def check(block: Block, field: uint, active: cython.const[uchar][::1], out: uchar[::1]) -> cint:
    if field >= block.view.spec_count:
        raise IndexError("no such field")
    if active.shape[0] < block.view.count or out.shape[0] < block.view.count:
        raise IndexError("fewer verdicts than rows")
    return 0


def present(block: Block, field: uint, active: cython.const[uchar][::1], out: uchar[::1]):
    """Whether the field has a value."""
    check(block, field, active, out)
    i: uint
    found: cint
    cell: Cell
    view: cython.pointer(View) = cython.address(block.view)
    with cython.nogil:
        for i in range(view.count):
            out[i] = 0
            if active[i]:
                found = get(view, i, cython.address(view.specs[field]), cython.address(cell))
                out[i] = 2 if found < 0 else found > 0


def numbers(block: Block, field: uint, mask: ulonglong, ranges: cython.const[longlong][::1], every: cint,
            active: cython.const[uchar][::1], out: uchar[::1]):  # fmt: skip
    """Whether some value (or each one, and there is one) lies in a range; `mask`, if not 0, is applied before."""
    check(block, field, active, out)
    i: uint
    j: cint
    found: cint
    hits: cint
    cell: Cell
    pairs: cython.pointer(cython.const[longlong]) = cython.NULL
    count: cython.Py_ssize_t = ranges.shape[0] // 2
    view: cython.pointer(View) = cython.address(block.view)
    if count:
        pairs = cython.address(ranges[0])
    with cython.nogil:
        for i in range(view.count):
            out[i] = 0
            if not active[i]:
                continue
            found = get(view, i, cython.address(view.specs[field]), cython.address(cell))
            if found < 0:
                out[i] = 2
                continue
            hits = 0
            for j in range(found):
                if mask:
                    cell.number[j] &= cython.cast(longlong, mask)
                hits += within(cell.number[j], pairs, count)
            out[i] = verdict(found, hits, every)


def octets(block: Block, field: uint, wanted: cython.const[uchar][::1], bits: cython.const[uint][::1], equal: cint,
           every: cint, active: cython.const[uchar][::1], out: uchar[::1]):  # fmt: skip
    """Whether some (or every) value begins with the first bits[k] bits of one of the 16-byte strings in `wanted`.

    With `equal` 0: with none of them.
    """
    check(block, field, active, out)
    i: uint
    j: cint
    k: cython.Py_ssize_t
    found: cint
    hits: cint
    one: cint
    cell: Cell
    count: cython.Py_ssize_t = bits.shape[0]
    view: cython.pointer(View) = cython.address(block.view)
    if wanted.shape[0] < 16 * count or count == 0:
        raise ValueError("16 bytes for each number of bits")
    for k in range(count):
        if bits[k] > 128:
            raise ValueError("an address has 128 bits")
    with cython.nogil:
        for i in range(view.count):
            out[i] = 0
            if not active[i]:
                continue
            found = get(view, i, cython.address(view.specs[field]), cython.address(cell))
            if found < 0:
                out[i] = 2
                continue
            hits = 0
            for j in range(found):
                one = 0
                for k in range(count):
                    if cell.size == 16 and same_bits(cell.octets[j], cython.address(wanted[16 * k]), bits[k]):
                        one = 1
                        break
                hits += one == (equal != 0)
            out[i] = verdict(found, hits, every)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def holds(
    p: cython.p_const_uchar, size: cython.Py_ssize_t, needle: cython.p_const_uchar, length: cython.Py_ssize_t,
    rare: cython.Py_ssize_t,
) -> cint:  # fmt: skip
    """Whether `needle` stands somewhere in the bytes; needle[rare] is its byte that traffic has least often."""
    at: cython.p_const_uchar = p + rare
    end: cython.p_const_uchar = p + size - (length - rare) + 1
    if length > size:
        return 0
    while at < end:
        at = cython.cast(cython.p_const_uchar, memchr(at, needle[rare], end - at))
        if at == cython.NULL:
            return 0
        if memcmp(at - rare, needle, length) == 0:
            return 1
        at += 1
    return 0


def contains(block: Block, field: uint, needle: cython.const[uchar][::1], rare: cython.Py_ssize_t,
             active: cython.const[uchar][::1], out: uchar[::1]):  # fmt: skip
    """Whether the value of the field, which has at most one of bytes, contains `needle`."""
    check(block, field, active, out)
    i: uint
    found: cint
    cell: Cell
    length: cython.Py_ssize_t = needle.shape[0]
    view: cython.pointer(View) = cython.address(block.view)
    if not 0 <= rare < length:
        raise IndexError("no such byte")
    with cython.nogil:
        for i in range(view.count):
            out[i] = 0
            if active[i]:
                found = get(view, i, cython.address(view.specs[field]), cython.address(cell))
                if found < 0:
                    out[i] = 2
                elif found:
                    out[i] = holds(cell.octets[0], cell.size, cython.address(needle[0]), length, rare)


def of_connection(block: Block, field: uint, verdicts: cython.const[uchar][::1], other: uchar,
                  active: cython.const[uchar][::1], out: uchar[::1]):  # fmt: skip
    """The verdict on the connection that the field numbers, `other` for a frame that is of none."""
    check(block, field, active, out)
    i: uint
    cell: Cell
    number: ulonglong
    view: cython.pointer(View) = cython.address(block.view)
    with cython.nogil:
        for i in range(view.count):
            out[i] = 0
            if not active[i]:
                continue
            out[i] = other
            if (view.rows[i].kind & (KIND_TCP | KIND_QUOTED)) == KIND_TCP:
                get(view, i, cython.address(view.specs[field]), cython.address(cell))
                number = cython.cast(ulonglong, cell.number[0])
                out[i] = verdicts[number] if number < cython.cast(ulonglong, verdicts.shape[0]) else 2


def connections(block: Block, field: uint, verdicts: cython.const[uchar][::1], found: uchar[::1]):
    """found[n] = 1 for every connection n, numbered by the field, of which a row is chosen (its verdict is YES)."""
    if field >= block.view.spec_count or verdicts.shape[0] < block.view.count:
        raise IndexError("no such field, or fewer verdicts than rows")
    i: uint
    cell: Cell
    number: ulonglong
    view: cython.pointer(View) = cython.address(block.view)
    with cython.nogil:
        for i in range(view.count):
            if verdicts[i] == 1 and (view.rows[i].kind & (KIND_TCP | KIND_QUOTED)) == KIND_TCP:
                get(view, i, cython.address(view.specs[field]), cython.address(cell))
                number = cython.cast(ulonglong, cell.number[0])
                if number < cython.cast(ulonglong, found.shape[0]):
                    found[number] = 1


@cython.cfunc
@cython.nogil
@cython.inline
@cython.exceptval(check=False)
def lesser(a: uchar, b: uchar) -> uchar:
    if a == 0 or b == 0:
        return 0
    return 1 if a == 1 and b == 1 else 2


def both(verdicts: uchar[::1], others: cython.const[uchar][::1], count: cython.Py_ssize_t):
    """Into `verdicts`: YES where both are, NO where one is."""
    if count > verdicts.shape[0] or count > others.shape[0]:
        raise IndexError("fewer verdicts than asked for")
    i: cython.Py_ssize_t
    with cython.nogil:
        for i in range(count):
            verdicts[i] = lesser(verdicts[i], others[i])


def either(verdicts: uchar[::1], others: cython.const[uchar][::1], active: uchar[::1], count: cython.Py_ssize_t):
    """Into `verdicts`: YES where one is, NO where both are; a row that is YES is not `active` any more."""
    if count > verdicts.shape[0] or count > others.shape[0] or count > active.shape[0]:
        raise IndexError("fewer verdicts than asked for")
    i: cython.Py_ssize_t
    with cython.nogil:
        for i in range(count):
            if verdicts[i] == 1 or others[i] == 1:
                verdicts[i] = 1
                active[i] = 0
            elif others[i]:
                verdicts[i] = 2
