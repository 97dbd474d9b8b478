# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Connections leave memory: which ones, and in which order.

A connection that has ended leaves `closed_s` after its last segment, any other `idle_s` after it. One whose endpoints
have opened another connection since has ended with that; if the other goes on in its stream, whose completeness it
shows, it goes with the newest of that stream.
"""

import cython
from cython import int as cint
from cython import uint, ulonglong
from cython.cimports.libc.stdlib import realloc
from cython.cimports.synfin._kernels import flight
from cython.cimports.synfin._kernels.conn import LIFE_GONE, LIFE_NONE, LIFE_PAST, LIFE_PRESENT, Conn
from cython.cimports.synfin._kernels.leave import Leaver, Leaving, put_in_order
from cython.cimports.synfin._kernels.table import Table, at, clear, give_back, slot_to

if not cython.compiled:
    raise ImportError("the kernel leave is not compiled")

ALL_ONES = cython.declare(uint, 0xFFFFFFFF)
STEP = cython.declare(uint, 4)  # a look at all of them is worth a part of `closed_s`


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def newest(table: cython.pointer(Table), conn: cython.pointer(Conn)) -> cython.pointer(Conn):
    """The connection in which the stream of `conn` goes on.

    Each step shortens the way for those who follow: a stream may have as many incarnations as packets.
    """
    following: cython.pointer(Conn)
    while conn.next_same != 0:
        following = at(table, conn.next_same - 1)
        if following.next_same != 0:
            conn.next_same = following.next_same
        conn = following
    return conn


@cython.cfunc
@cython.nogil
@cython.inline
@cython.exceptval(check=False)
def later_by(time_s: uint, seconds: uint) -> uint:
    return time_s + seconds if time_s < ALL_ONES - seconds else ALL_ONES


@cython.cfunc
@cython.nogil
@cython.inline
@cython.exceptval(check=False)
def leaves_at(table: cython.pointer(Table), leaving: cython.pointer(Leaving), conn: cython.pointer(Conn)) -> uint:
    """The second in which it leaves if nothing happens, ALL_ONES for never."""
    last: cython.pointer(Conn) = newest(table, conn)
    if last.life == LIFE_GONE:
        return last.seen_s
    return later_by(last.seen_s, leaving.closed_s if last.ended or last.life == LIFE_PAST else leaving.idle_s)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def room_for_one(leaving: cython.pointer(Leaving)) -> cint:
    wider: cython.pointer(Leaver)
    room: uint
    if leaving.count < leaving.room:
        return 1
    room = 2 * leaving.room if leaving.room else 1024
    wider = cython.cast(
        cython.pointer(Leaver), realloc(leaving.leavers, cython.cast(cython.size_t, room) * cython.sizeof(Leaver))
    )
    if wider == cython.NULL:
        return 0
    leaving.leavers = wider
    leaving.room = room
    return 1


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def gather(
    table: cython.pointer(Table), leaving: cython.pointer(Leaving), now_s: uint, all_of_them: cython.bint
) -> cint:
    """Line up those who leave by `now_s`, and behind them, where asked for, all others; 0 when there is no memory."""
    conn: cython.pointer(Conn)
    index: uint
    time_s: uint
    next_s: uint = later_by(now_s, leaving.closed_s)
    leaving.at = 0
    leaving.count = 0
    for index in range(table.count):
        conn = at(table, index)
        if conn.life == LIFE_NONE:
            continue
        time_s = leaves_at(table, leaving, conn)
        if time_s > now_s:
            next_s = min(next_s, time_s)
            time_s = ALL_ONES
            if not all_of_them:
                continue
        if not room_for_one(leaving):
            return 0
        leaving.leavers[leaving.count].order = (cython.cast(ulonglong, time_s) << 32) | conn.number
        leaving.leavers[leaving.count].index = index
        leaving.count += 1
    leaving.next_s = later_by(next_s, leaving.closed_s // STEP)
    for index in range(leaving.count):
        conn = at(table, leaving.leavers[index].index)
        if conn.life == LIFE_PRESENT:
            clear(table, slot_to(table, conn))
            conn.life = LIFE_PAST
    if leaving.count:
        put_in_order(leaving.leavers, leaving.count)
    return 1


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def let_go(table: cython.pointer(Table), conn: cython.pointer(Conn)) -> cython.void:
    """Make its memory another connection's."""
    flight.release(conn)
    if conn.work != cython.NULL:
        give_back(table, conn.work)
        conn.work = cython.NULL
    conn.life = LIFE_NONE
    conn.number = ALL_ONES
    conn.next_same = table.free_conn
    table.free_conn = conn.index + 1
