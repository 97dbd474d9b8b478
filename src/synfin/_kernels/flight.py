# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Segments in flight: the compiled twin of `synfin.watch.follow.flight`."""

import cython
from cython import int as cint
from cython import longlong, uint, ulonglong
from cython.cimports.libc.stdlib import calloc, free, realloc
from cython.cimports.synfin._kernels.conn import VALUE_ANALYSED, Conn, Flight, Flow, Sent, Value
from cython.cimports.synfin._kernels.row import Row, since

if not cython.compiled:
    raise ImportError("the kernel flight is not compiled")

FIN = cython.declare(uint, 0x01)
SYN = cython.declare(uint, 0x02)
PSH = cython.declare(uint, 0x08)

MAX_IN_FLIGHT = cython.declare(uint, 10000)  # segments kept of one direction
MAX_BYTES = cython.declare(uint, 2000000000)  # more bytes in flight are not believed


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def reserve(conn: cython.pointer(Conn), side: uint) -> cint:
    """Room for one more segment of that side, unless it has as many as it may; 0 when there is no memory."""
    flight: cython.pointer(Flight)
    room: uint
    wider: cython.pointer(Sent)
    if conn.flights == cython.NULL:
        conn.flights = cython.cast(cython.pointer(Flight), calloc(2, cython.sizeof(Flight)))
        if conn.flights == cython.NULL:
            return 0
    flight = conn.flights + side
    if flight.count < flight.room or flight.room == MAX_IN_FLIGHT:
        return 1
    room = min(2 * flight.room if flight.room else 8, MAX_IN_FLIGHT)
    wider = cython.cast(
        cython.pointer(Sent), realloc(flight.sent, cython.cast(cython.size_t, room) * cython.sizeof(Sent))
    )
    if wider == cython.NULL:
        return 0
    flight.sent = wider
    flight.room = room
    return 1


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def release(conn: cython.pointer(Conn)) -> cython.void:
    if conn.flights != cython.NULL:
        free(conn.flights[0].sent)
        free(conn.flights[1].sent)
        free(conn.flights)
        conn.flights = cython.NULL


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def time_out(
    flight: cython.pointer(Flight), own: cython.pointer(Flow), row: cython.pointer(Row), value: cython.pointer(Value)
) -> cython.void:
    """How long a plain retransmission waited, and for which frame."""
    start_ns: longlong = own.next_time_ns
    frame: uint = flight.next_frame
    if flight.count:
        start_ns = flight.sent[0].time_ns
        frame = flight.sent[0].frame
    value.rto_ns = since(row.time_ns, start_ns)
    value.rto_frame = frame if value.rto_ns != 0 else 0


@cython.cfunc
@cython.nogil
@cython.inline
@cython.exceptval(check=False)
def stretch(flight: cython.pointer(Flight), sent: cython.pointer(Sent)) -> cython.void:
    start: uint = sent.seq - flight.base
    end: uint = sent.end - flight.base
    if start < flight.lowest:
        flight.lowest = start
    if end > flight.highest:
        flight.highest = end


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def add(flight: cython.pointer(Flight), row: cython.pointer(Row), frame: uint, end: uint) -> cython.void:
    """One more; `reserve` has seen to the room."""
    sent: cython.pointer(Sent)
    if flight.count >= flight.room:
        return
    sent = flight.sent + flight.count
    flight.count += 1
    flight.checked = 0
    sent.frame = frame
    sent.time_ns = row.time_ns
    sent.seq = row.seq
    sent.end = end
    if flight.measured:
        stretch(flight, sent)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def acknowledge(flight: cython.pointer(Flight), row: cython.pointer(Row), value: cython.pointer(Value)) -> cython.void:
    """Drop what is acknowledged; the oldest segment that ends there is named."""
    i: uint
    kept: uint = 0
    ack: uint = row.ack
    sent: cython.pointer(Sent)
    if flight.checked and flight.acked == ack:
        return
    for i in range(flight.count):
        sent = flight.sent + i
        if sent.end == ack:
            if value.acks_frame == 0:
                value.acks_frame = sent.frame
                value.ack_rtt_ns = since(row.time_ns, sent.time_ns)
                value.marks |= VALUE_ANALYSED
            continue
        if cython.cast(cint, sent.seq - ack) < 0 and cython.cast(cint, ack - sent.end) <= 0:
            sent.seq = ack
            flight.measured = 0
        elif cython.cast(cint, ack - sent.end) >= 0:
            continue
        flight.sent[kept] = sent[0]
        kept += 1
    if kept < flight.count:
        flight.measured = 0
    flight.count = kept
    flight.acked = ack
    flight.checked = 1


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def extent(flight: cython.pointer(Flight), base: uint) -> uint:
    """Bytes from the lowest number in flight to the highest, both relative to `base`."""
    i: uint
    if flight.count == 0:
        return 0
    if not flight.measured or flight.base != base:
        flight.measured = 1
        flight.base = base
        flight.lowest = cython.cast(ulonglong, 1) << 32
        flight.highest = 0
        for i in range(flight.count):
            stretch(flight, flight.sent + i)
    return cython.cast(uint, flight.highest - flight.lowest)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def measure(
    conn: cython.pointer(Conn), side: uint, row: cython.pointer(Row), length: uint, value: cython.pointer(Value)
) -> cython.void:
    """Steps 16 and 17: which segment is acknowledged, and what is in flight."""
    flight: cython.pointer(Flight) = conn.flights + side
    opposite: cython.pointer(Flight) = conn.flights + (1 - side)
    bytes_in_flight: uint
    acknowledge(opposite, row, value)
    if length == 0 or flight.unsure:
        return
    value.marks |= VALUE_ANALYSED
    bytes_in_flight = extent(flight, conn.base[side]) - opposite.sacked
    flight.push_bytes = length if flight.pushed else flight.push_bytes + length
    flight.pushed = 1 if row.flags & PSH else 0
    if 0 < bytes_in_flight < MAX_BYTES:
        if row.flags & (SYN | FIN):
            bytes_in_flight -= 1
        if bytes_in_flight:
            value.bytes_in_flight = bytes_in_flight
            value.push_bytes_sent = flight.push_bytes
