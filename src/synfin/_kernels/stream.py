# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""What a segment tells of its stream beside the analysis: completeness, times, first numbers, options."""

import cython
from cython import int as cint
from cython import uint
from cython.cimports.synfin._kernels.conn import Conn, Flow
from cython.cimports.synfin._kernels.row import ACK, FIN, KIND_QUOTED, OPT_COOKIE, OPT_CUT, RST, SYN, Row, since

if not cython.compiled:
    raise ImportError("the kernel stream is not compiled")


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def learn_times(conn: cython.pointer(Conn), side: uint, row: cython.pointer(Row)) -> cython.void:
    if row.flags & SYN:
        conn.flows[side].only_syn = 1
        if (row.flags & ACK) == 0:
            conn.syn_time_ns = row.time_ns
    elif row.flags & ACK:
        if conn.syn_time_ns != 0 and conn.initial_rtt_ns == 0:
            conn.initial_rtt_ns = since(row.time_ns, conn.syn_time_ns)
        conn.flows[side].only_syn = 0


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def learn_base(conn: cython.pointer(Conn), side: uint, row: cython.pointer(Row)) -> cython.void:
    if not conn.has_base[side]:
        conn.has_base[side] = 1
        conn.base[side] = row.seq if row.flags & SYN else row.seq - 1
    if row.flags & ACK and not conn.has_base[1 - side]:
        conn.has_base[1 - side] = 1
        conn.base[1 - side] = row.ack - 1


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def learn_options(conn: cython.pointer(Conn), side: uint, row: cython.pointer(Row)) -> cython.void:
    own: cython.pointer(Flow) = cython.address(conn.flows[side])
    peer: cython.pointer(Flow) = cython.address(conn.flows[1 - side])
    if (row.options & OPT_CUT) == 0:
        conn.operations |= row.operations  # they count once all options are read
    if row.options & OPT_COOKIE and row.len_bytes > 0 and (row.flags & (SYN | ACK)) == SYN:
        if (row.kind & KIND_QUOTED) == 0:
            conn.fast_open = 1
    if conn.flights != cython.NULL:
        conn.flights[side].sacked = row.sacked
    if 0 <= row.wscale <= MAX_SHIFT:
        own.scale = row.wscale
    if row.flags & SYN and (row.options & OPT_CUT) == 0:
        if own.scale == -1:
            own.scale = -2
            peer.scale = -2
        elif row.flags & ACK and peer.scale == -2:
            own.scale = -2


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def complete(conn: cython.pointer(Conn), row: cython.pointer(Row), first: cint) -> cython.void:
    """`tcp.completeness`: a stream's first segment counts only when it is a SYN."""
    flags: uint = row.flags
    if first:
        if (flags & (SYN | ACK)) == SYN:
            conn.completeness = 9 if row.len_bytes > 0 and (row.kind & KIND_QUOTED) == 0 else 1
        return
    if flags & ACK:
        if flags & SYN:
            conn.completeness |= 2
        elif row.len_bytes > 0 and (row.kind & KIND_QUOTED) == 0:
            conn.completeness |= 8
        else:
            conn.completeness |= 4
        if flags & FIN:
            conn.completeness |= 16
    if flags & RST:
        conn.completeness |= 32


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def inherit(conn: cython.pointer(Conn), old: cython.pointer(Conn)) -> cython.void:
    """What is known of a stream goes on in its next connection; what is counted of a connection does not."""
    own: cython.pointer(Flow)
    side: uint
    conn.stream = old.stream
    conn.met = old.met
    conn.stream_first_ns = old.stream_first_ns
    conn.stream_last_ns = old.stream_last_ns
    conn.completeness = old.completeness
    conn.syn_time_ns = old.syn_time_ns
    conn.initial_rtt_ns = old.initial_rtt_ns
    conn.operations = old.operations
    conn.fast_open = old.fast_open
    conn.flights = old.flights
    for side in range(2):
        own = cython.address(conn.flows[side])
        own[0] = old.flows[side]
        own.payload_bytes = 0
        own.wire_bytes = 0
        own.packets = 0
        own.familiar = 0
        conn.has_base[side] = old.has_base[side]
        conn.base[side] = old.base[side]
        conn.closes[side] = old.closes[side]
        conn.flow_operations[side] = old.flow_operations[side]
