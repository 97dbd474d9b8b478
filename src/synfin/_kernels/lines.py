# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Lines of text for chosen rows, as `synfin.dissect.format.row` writes them, straight into a buffer."""

import cython
from cython import int as cint
from cython import longlong, uchar, uint, ulonglong
from cython.cimports.libc.string import memcpy
from cython.cimports.synfin._kernels.cells import Block, Cell, View, get
from cython.cimports.synfin._kernels.spell import pair_of, put_ipv6, put_number

if not cython.compiled:
    raise ImportError("the kernel lines is not compiled")

DECIMAL, SIGNED, HEX, FLAG, MARK, IPV4, IPV6, ETHER, SECONDS, OCTETS = range(10)  #: how a value is written
DONE, ASK, FULL = 0, 1, 2  #: why `write` stopped: no row is left, a row needs the readable code, no room is left
ALL, FIRST, LAST = 0, 1, 2  #: which of several values

LONGEST = cython.declare(uint, 48)  # of a value that is not OCTETS
DIGITS = cython.declare(cython.p_const_char, b"0123456789abcdef")


@cython.cfunc
@cython.nogil
@cython.inline
@cython.exceptval(check=False)
def hexadecimal(out: cython.p_uchar, number: ulonglong, digits: cint) -> cython.p_uchar:
    """At least `digits` digits."""
    while digits < 16 and number >> (4 * digits):
        digits += 1
    while digits > 0:
        digits -= 1
        out[0] = DIGITS[(number >> (4 * digits)) & 15]
        out += 1
    return out


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def seconds(out: cython.p_uchar, ns: longlong) -> cython.p_uchar:
    """Seconds with nine decimals."""
    size: ulonglong = cython.cast(ulonglong, ns)
    part: uint
    i: cint
    if ns < 0:
        out[0] = 45
        out += 1
        size = 0 - size
    out = put_number(out, size // 1000000000)
    part = cython.cast(uint, size % 1000000000)
    out[0] = 46
    for i in range(4):
        memcpy(out + 8 - 2 * i, pair_of(part % 100), 2)
        part //= 100
    out[1] = cython.cast(uchar, 48 + part)
    return out + 10


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def dotted(out: cython.p_uchar, address: uint) -> cython.p_uchar:
    i: cint
    for i in range(4):
        if i:
            out[0] = 46
            out += 1
        out = put_number(out, (address >> (24 - 8 * i)) & 255)
    return out


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def ether(out: cython.p_uchar, number: ulonglong) -> cython.p_uchar:
    i: cint
    for i in range(6):
        if i:
            out[0] = 58
            out += 1
        out = hexadecimal(out, (number >> (40 - 8 * i)) & 255, 2)
    return out


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def value(out: cython.p_uchar, cell: cython.pointer(Cell), i: cint, how: cint, digits: cint) -> cython.p_uchar:
    """One value of a cell as text."""
    k: uint
    number: longlong = cell.number[i] if how != 6 and how != 9 else 0
    if how == 0:
        return put_number(out, cython.cast(ulonglong, number))
    if how == 2:
        out[0] = 48
        out[1] = 120
        return hexadecimal(out + 2, cython.cast(ulonglong, number), digits)
    if how == 5:
        return dotted(out, cython.cast(uint, number))
    if how == 8:
        return seconds(out, number)
    if how == 6:
        return put_ipv6(out, cython.cast(cython.p_uchar, cell.octets[i]))
    if how == 7:
        return ether(out, cython.cast(ulonglong, number))
    if how == 1:
        if number < 0:
            out[0] = 45
            return put_number(out + 1, 0 - cython.cast(ulonglong, number))
        return put_number(out, cython.cast(ulonglong, number))
    if how == 9:
        for k in range(cell.size):
            out[2 * k] = DIGITS[cell.octets[0][k] >> 4]
            out[2 * k + 1] = DIGITS[cell.octets[0][k] & 15]
        return out + 2 * cell.size
    out[0] = 48 if how == 3 and number == 0 else 49
    return out + 1


Style = cython.struct(separator=uchar, aggregator=uchar, quote=uchar, occurrence=cint)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def write_cell(out: cython.p_uchar, cell: cython.pointer(Cell), found: cint, how: cint, digits: cint,
               style: cython.pointer(Style)) -> cython.p_uchar:  # fmt: skip
    i: cint = found - 1 if style.occurrence == 2 else 0
    if style.occurrence == 1:
        found = 1
    if style.quote:
        out[0] = style.quote
        out += 1
    out = value(out, cell, i, how, digits)
    i += 1
    while i < found:
        out[0] = style.aggregator
        out = value(out + 1, cell, i, how, digits)
        i += 1
    if style.quote:
        out[0] = style.quote
        out += 1
    return out


def write(block: Block, fields: cython.const[cint][::1], separator: uchar, aggregator: uchar, quote: uchar,
          occurrence: cint, verdicts: cython.const[uchar][::1], start: uint, out: uchar[::1],
          at: cython.Py_ssize_t):  # fmt: skip
    """Write the rows from `start` on whose verdict is not 0, into out[at:].

    `fields` has three numbers for each field: its own, how it is written, digits. Returns (the row that comes next,
    the position behind the last whole line, why it stopped); a row that asks is one with verdict 2 too.
    """
    view: cython.pointer(View) = cython.address(block.view)
    count: cython.Py_ssize_t = fields.shape[0] // 3
    style: Style
    cell: Cell
    i: uint = start
    k: cython.Py_ssize_t
    found: cint
    why: cint = 0
    line: cython.p_uchar
    p: cython.p_uchar
    end: cython.p_uchar
    if verdicts.shape[0] < view.count or at < 0 or at > out.shape[0] or out.shape[0] == 0:
        raise IndexError("outside the verdicts or the buffer")
    for k in range(count):
        if cython.cast(uint, fields[3 * k]) >= view.spec_count:
            raise IndexError("no such field")
    style.separator, style.aggregator, style.quote, style.occurrence = separator, aggregator, quote, occurrence
    line = cython.address(out[0]) + at
    end = cython.address(out[0]) + out.shape[0]
    with cython.nogil:
        while i < view.count:
            if verdicts[i] == 0:
                i += 1
                continue
            if verdicts[i] != 1:
                why = 1
                break
            p = line
            for k in range(count):
                found = get(view, i, cython.address(view.specs[fields[3 * k]]), cython.address(cell))
                if found < 0:
                    why = 1
                    break
                if end - p < 8 + 4 * LONGEST + (
                    2 * cython.cast(cython.Py_ssize_t, cell.size) if fields[3 * k + 1] == 9 and found else 0
                ):
                    why = 2
                    break
                if k:
                    p[0] = separator
                    p += 1
                if found:
                    p = write_cell(p, cython.address(cell), found, fields[3 * k + 1], fields[3 * k + 2],
                                   cython.address(style))  # fmt: skip
            if why:
                break
            p[0] = 10
            line = p + 1
            view.shown_ns = view.rows[i].time_ns
            view.has_shown = 1
            i += 1
    return i, line - cython.cast(cython.p_uchar, cython.address(out[0])), why
