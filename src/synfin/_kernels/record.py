# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""A connection as a record: what the outside sees of it."""

import cython
from cython import int as cint
from cython import longlong, uint
from cython.cimports.libc.string import memcpy
from cython.cimports.synfin._kernels import calm, collect, final_signs, zeek
from cython.cimports.synfin._kernels.conn import Conn, Work
from cython.cimports.synfin._kernels.noticed import Store
from cython.cimports.synfin._kernels.record import Record

if not cython.compiled:
    raise ImportError("the kernel record is not compiled")


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def guess_client(conn: cython.pointer(Conn)) -> uint:
    """The client where no SYN tells: the larger port calls; with equal ports, who was seen first."""
    if conn.high_port != conn.low_port:
        return conn.high_port > conn.low_port
    return 1 if conn.first_side > 0 else 0


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def client_of(conn: cython.pointer(Conn)) -> uint:
    """The side of the client, guessed where nothing tells."""
    client: cint = collect.client_side(conn)
    return guess_client(conn) if client < 0 else client


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def write(
    conn: cython.pointer(Conn),
    completeness: uint,
    end_ns: longlong,
    noted: cython.pointer(Store),
    out: cython.pointer(Record),
) -> cython.void:
    """A connection as the outside sees it, its client first; `noted` is NULL where no signs were looked for."""
    work: Work
    borrowed: cint = conn.work == cython.NULL
    client: uint = client_of(conn)
    if borrowed:
        calm.take_out(conn, cython.address(work))
    out.role_guessed = (conn.work.ends[client].sent & 1) == 0
    out.marks = collect.marks(conn, client, end_ns)
    out.signs = 0 if noted == cython.NULL else final_signs.told(noted, conn, client)
    out.number = conn.number
    out.stream = conn.stream
    out.first_frame = conn.first_frame
    out.last_frame = conn.last_frame
    out.first_ns = conn.first_ns
    out.last_ns = conn.last_ns
    out.completeness = completeness
    out.v6 = conn.v6
    out.history_len = conn.tale.history_len
    memcpy(out.history, conn.tale.history, 32)
    out.conn_state = zeek.conn_state(cython.address(conn.work.zeek))
    write_ends(conn, client, out)
    if borrowed:
        conn.work = cython.NULL


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def write_ends(conn: cython.pointer(Conn), client: uint, out: cython.pointer(Record)) -> cython.void:
    side: uint
    i: uint
    for i in range(2):
        side = i ^ client
        out.legs_ns[i] = conn.legs_ns[i]
        out.payload_bytes[i] = conn.flows[side].payload_bytes
        out.wire_bytes[i] = conn.flows[side].wire_bytes
        out.packets[i] = conn.flows[side].packets
        out.retransmissions[i] = conn.retransmissions[side]
        out.ttl[i] = conn.ttl[side]
        out.vector[i] = collect.end_facts(conn, side, client)
        out.port[i] = conn.high_port if side else conn.low_port
        if side:
            memcpy(out.address + 16 * i, conn.high, 16)
        else:
            memcpy(out.address + 16 * i, conn.low, 16)
