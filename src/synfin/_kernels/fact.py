# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""What is told of a row beside its numbers: Fast Open, and who closes first."""

import cython
from cython import uint
from cython.cimports.synfin._kernels.conn import (
    VALUE_CLOSES,
    VALUE_FAST_OPEN_ACK,
    VALUE_FAST_OPEN_IGNORED,
    VALUE_FAST_OPEN_SYN,
    VALUE_FOLLOWS,
    Conn,
    Value,
)
from cython.cimports.synfin._kernels.row import OPT_COOKIE, Row

if not cython.compiled:
    raise ImportError("the kernel fact is not compiled")

FIN = cython.declare(uint, 0x01)
SYN = cython.declare(uint, 0x02)
ACK = cython.declare(uint, 0x10)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def fast_open(
    conn: cython.pointer(Conn), row: cython.pointer(Row), ack: uint, value: cython.pointer(Value)
) -> cython.void:
    """What tshark says of Fast Open; `ack` as shown."""
    value.marks &= ~(VALUE_FAST_OPEN_ACK | VALUE_FAST_OPEN_IGNORED)
    if (row.flags & (SYN | ACK)) == (SYN | ACK):
        if ack > 1:
            value.marks |= VALUE_FAST_OPEN_ACK  # more than the SYN is acknowledged
        elif conn.fast_open:
            value.marks |= VALUE_FAST_OPEN_IGNORED
    elif row.flags & SYN and row.options & OPT_COOKIE:
        value.marks |= VALUE_FAST_OPEN_SYN


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def opening_and_closing(
    conn: cython.pointer(Conn), side: uint, row: cython.pointer(Row), ack: uint, value: cython.pointer(Value)
) -> cython.void:
    """Fast Open, and who closes first."""
    fast_open(conn, row, ack, value)
    if row.flags & FIN:
        if conn.closes[1 - side]:
            value.marks |= VALUE_FOLLOWS
        else:
            conn.closes[side] = 1
            value.marks |= VALUE_CLOSES
