# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Numbers, addresses and dates as text: each function writes at `out` and gives where its text ends."""

import cython
from cython import int as cint
from cython import longlong, uchar, uint
from cython.cimports.libc.string import memcpy

if not cython.compiled:
    raise ImportError("the kernel spell is not compiled")

DAY = cython.declare(longlong, 86400)

Bytes = cython.typedef(cython.pointer(uchar))


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def put_padded(out: Bytes, value: uint, width: cint) -> Bytes:
    """With leading zeros."""
    place: cint
    for place in range(width - 1, -1, -1):
        out[place] = cython.cast(uchar, 48 + value % 10)
        value //= 10
    return out + width


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def put_second(out: Bytes, second: longlong) -> cython.void:
    """`2026-01-02T03:04:05`: days to a civil date, by eras of 400 years that begin in March."""
    days: longlong = second // DAY
    rest: longlong = second % DAY
    era: longlong
    of_era: longlong
    year: longlong
    of_year: longlong
    month: longlong
    if rest < 0:  # C divides towards 0
        rest += DAY
        days -= 1
    days += 719468  # since 1 March of year 0; no time of 64 bits lies before it
    era = days // 146097
    of_era = days % 146097
    year = (of_era - of_era // 1460 + of_era // 36524 - of_era // 146096) // 365
    of_year = of_era - (365 * year + year // 4 - year // 100)
    month = (5 * of_year + 2) // 153
    year += 400 * era + (1 if month >= 10 else 0)
    out = put_padded(out, cython.cast(uint, year), 4)
    out[0] = 45  # -
    out = put_padded(out + 1, cython.cast(uint, month + 3 if month < 10 else month - 9), 2)
    out[0] = 45
    out = put_padded(out + 1, cython.cast(uint, of_year - (153 * month + 2) // 5 + 1), 2)
    out[0] = 84  # T
    out = put_padded(out + 1, cython.cast(uint, rest // 3600), 2)
    out[0] = 58  # :
    out = put_padded(out + 1, cython.cast(uint, rest // 60 % 60), 2)
    out[0] = 58
    put_padded(out + 1, cython.cast(uint, rest % 60), 2)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def put_ipv4(out: Bytes, address: Bytes) -> Bytes:
    place: cint
    for place in range(4):
        if place:
            out[0] = 46  # .
            out += 1
        out = put_number(out, address[place])
    return out


@cython.cfunc
@cython.nogil
@cython.inline
@cython.exceptval(check=False)
def hex_digit(value: uint) -> uchar:
    return cython.cast(uchar, 48 + value if value < 10 else 87 + value)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def put_group(out: Bytes, group: uint) -> Bytes:
    shift: cint = 12
    while shift > 0 and (group >> shift) == 0:
        shift -= 4
    while shift >= 0:
        out[0] = hex_digit((group >> shift) & 15)
        out += 1
        shift -= 4
    return out


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def put_ipv6(out: Bytes, address: Bytes) -> Bytes:
    """RFC 5952, an embedded IPv4 address with dots: as `dissect.address.ipv6`."""
    groups: uint[8]
    place: cint
    zeros: cint = 0  # in front
    start: cint = -1
    size: cint = 1
    run: cint = 0
    for place in range(8):
        groups[place] = (cython.cast(uint, address[2 * place]) << 8) | address[2 * place + 1]
    while zeros < 6 and groups[zeros] == 0:
        zeros += 1
    if (zeros == 5 and groups[5] == 0xFFFF) or (zeros == 6 and groups[6] != 0):
        if zeros == 5:
            memcpy(out, "::ffff:", 7)
            return put_ipv4(out + 7, address + 12)
        memcpy(out, "::", 2)
        return put_ipv4(out + 2, address + 12)
    for place in range(8):
        run = run + 1 if groups[place] == 0 else 0
        if run > size:  # the first of the longest, of two or more
            size = run
            start = place + 1 - run
    place = 0
    while place < 8:
        if place == start:
            out[0] = 58
            out[1] = 58
            out += 2
            place += size
            continue
        if place > 0 and place != start + size:
            out[0] = 58
            out += 1
        out = put_group(out, groups[place])
        place += 1
    return out
