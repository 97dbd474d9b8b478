# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""The fields of a connection's record: their names, and what each is."""

import cython
from cython import int as cint
from cython import longlong, uchar, ulonglong
from cython.cimports.libc.string import memcmp
from cython.cimports.synfin._kernels.field import (
    COMPLETENESS,
    CONN_STATE,
    FIRST_FRAME,
    LEG,
    MARKS,
    PACKETS,
    PAYLOAD,
    PORT,
    RETRANSMISSIONS,
    ROLE_GUESSED,
    RTT,
    SIGNS,
    START_NS,
    VANTAGE,
    VECTOR,
    WIRE,
)
from cython.cimports.synfin._kernels.record import Record

if not cython.compiled:
    raise ImportError("the kernel field is not compiled")

NUMBERS = (
    "conn", "stream", "first_frame", "last_frame", "start_ns", "duration_ns", "client.packets", "server.packets",
    "client.payload_bytes", "server.payload_bytes", "client.wire_bytes", "server.wire_bytes",
    "client.retransmissions", "server.retransmissions", "client.port", "server.port", "completeness", "leg_0", "leg_1",
    "handshake_rtt_ns",
)  # fmt: skip
TEXTS = ("start", "client.ip", "server.ip", "client", "server", "history")
KEYS = ("marks", "client.vector", "server.vector", "conn_state", "vantage", "role_guessed", "signs")
FIELDS = (*NUMBERS, *TEXTS, *KEYS)
VANTAGES = ("unknown", "client", "server", "both", "middle")  #: by key

LOOPBACK_RTT_NS = cython.declare(ulonglong, 100_000)  # see watch.vantage
LOOPBACK_TTL = cython.declare(uchar, 64)

Bytes = cython.typedef(cython.pointer(uchar))


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def number(record: cython.pointer(Record), field: cint, known: cython.pointer(cint)) -> ulonglong:
    """The value of a field of NUMBERS, modulo 2**64; `known` becomes 0 where it is unknown."""
    side: cint = field & 1
    legs: cython.pointer(longlong) = cython.address(record.legs_ns[0])
    known[0] = 1
    if field >= LEG:
        if field == RTT:
            known[0] = legs[0] >= 0 and legs[1] >= 0
            return cython.cast(ulonglong, legs[0]) + cython.cast(ulonglong, legs[1])
        known[0] = legs[field - LEG] >= 0
        return cython.cast(ulonglong, legs[field - LEG])
    if field >= RETRANSMISSIONS:
        if field == COMPLETENESS:
            return record.completeness
        return record.port[side] if field >= PORT else record.retransmissions[side]
    if field >= PAYLOAD:
        return record.wire_bytes[side] if field >= WIRE else record.payload_bytes[side]
    if field >= PACKETS:
        return record.packets[side]
    if field >= START_NS:
        if field == START_NS:
            return cython.cast(ulonglong, record.first_ns)
        return cython.cast(ulonglong, record.last_ns) - cython.cast(ulonglong, record.first_ns)
    if field >= FIRST_FRAME:
        return record.last_frame if side else record.first_frame
    return record.stream if side else record.number


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def is_loopback(record: cython.pointer(Record), side: cint) -> cint:
    place: cint
    address: Bytes = cython.address(record.address[16 * side])
    if not record.v6:
        return address[0] == 127
    for place in range(15):
        if address[place]:
            return 0
    return address[15] == 1


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def vantage(record: cython.pointer(Record)) -> ulonglong:
    """Index in VANTAGES: the rules of `watch.vantage`."""
    size: cython.size_t = 16 if record.v6 else 4
    legs: cython.pointer(longlong) = cython.address(record.legs_ns[0])
    rtt: ulonglong
    near: ulonglong
    if memcmp(cython.address(record.address[0]), cython.address(record.address[16]), size) == 0:
        return 3
    if is_loopback(record, 0) and is_loopback(record, 1):
        return 3
    if legs[0] < 0 or legs[1] < 0:
        return 0
    rtt = cython.cast(ulonglong, legs[0]) + cython.cast(ulonglong, legs[1])
    if rtt < LOOPBACK_RTT_NS and record.ttl[0] == LOOPBACK_TTL and record.ttl[1] == LOOPBACK_TTL:
        return 3
    near = (rtt + 9) // 10  # a leg below a tenth
    if cython.cast(ulonglong, legs[1]) < near:
        return 1
    return 2 if cython.cast(ulonglong, legs[0]) < near else 4


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def key_of(record: cython.pointer(Record), field: cint) -> ulonglong:
    """What the judgement of a field of KEYS depends on."""
    if field == MARKS or field == SIGNS:
        return record.marks
    if field < CONN_STATE:
        return record.vector[field - VECTOR]
    if field == CONN_STATE:
        return record.conn_state
    if field == VANTAGE:
        return vantage(record)
    return record.role_guessed if field == ROLE_GUESSED else 0
