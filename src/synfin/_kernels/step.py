# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Both ends' states, segment by segment, through THE transition table as a matrix (`synfin.tcp.state.matrix`).

What is captured counts as delivered. Wherever that could mislead (loss, repetition, resets, a start in midstream) the
connection is handed over, once and for good: its states then are what its ledgers say (`watch/connections/paths.py`).
"""

import cython
from cython import int as cint
from cython import uchar, uint
from cython.cimports.libc.string import memcmp
from cython.cimports.synfin._kernels.conn import Conn, End
from cython.cimports.synfin._kernels.row import ACK, FIN, RST, SYN, Row, diff

if not cython.compiled:
    raise ImportError("the kernel step is not compiled")


@cython.cfunc
@cython.nogil
@cython.inline
@cython.exceptval(check=False)
def opens(conn: cython.pointer(Conn), side: uint, row: cython.pointer(Row)) -> cint:
    """A connection that begins with a plain SYN is followed; any other start, and one with itself, is handed over."""
    if conn.low_port == conn.high_port and memcmp(conn.low, conn.high, 16) == 0:
        return 0
    if (row.flags & (SYN | ACK | RST | FIN)) != SYN or row.len_bytes > 0:
        return 0
    conn.states[side] = CLOSED
    conn.states[1 - side] = LISTEN
    return 1


@cython.cfunc
@cython.nogil
@cython.inline
@cython.exceptval(check=False)
def expected(own: cython.pointer(End), peer: cython.pointer(End), row: cython.pointer(Row), state: uchar) -> cint:
    """Whether a segment without SYN and RST is new, in order, and acknowledges nothing that was not captured."""
    gap: cint = diff(row.seq, own.nxt)
    news: cint = row.len_bytes > 0 or row.flags & FIN
    if (row.flags & ACK) == 0 or own.nxt == 0 or peer.nxt == 0:
        return 0
    if gap > 0 or (gap < 0 and news) or diff(row.ack, peer.nxt) > 0:
        return 0
    if own.fin != 0 and news:
        return 0
    # CLOSE-WAIT, CLOSING, LAST-ACK and TIME-WAIT claim that the peer's FIN has arrived
    return not (state >= CLOSE_WAIT and peer.fin != 0 and diff(row.ack, peer.fin) <= 0)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def received(own: cython.pointer(End), peer: cython.pointer(End), row: cython.pointer(Row), state: uchar) -> uint:
    """The event that an expected segment of `own` is for the peer, which is in `state`."""
    acks_fin: cint = peer.fin != 0 and diff(row.ack, peer.fin) > 0
    if row.flags & FIN:
        return RCV_FIN_ACK_OF_FIN if acks_fin else RCV_FIN
    if acks_fin:
        return RCV_ACK_OF_FIN
    return RCV_ACK_OF_SYN if state == SYN_RECEIVED else RCV_DATA


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def step(conn: cython.pointer(Conn), side: uint, row: cython.pointer(Row), matrix: cython.p_const_uchar) -> cython.void:
    """Take both ends through a segment that `side` sent; to be called before the ledgers note it."""
    own: cython.pointer(End) = cython.address(conn.work.ends[side])
    peer: cython.pointer(End) = cython.address(conn.work.ends[1 - side])
    sends: uint
    receives: uint
    after: uchar
    answer: uchar
    if conn.handed_over:
        return
    conn.handed_over = 1
    if (conn.first_side < 0 and not opens(conn, side, row)) or row.flags & RST:
        return
    if row.flags & SYN:
        if own.sent or row.len_bytes > 0 or row.flags & FIN:
            return
        if (row.flags & ACK) == 0:
            if conn.first_side >= 0:
                return
            sends = SND_SYN
            receives = RCV_SYN
        else:
            if row.ack != cython.cast(uint, peer.syn_end):
                return
            sends = SND_SYN_ACK
            receives = RCV_SYN_ACK
    else:
        if not expected(own, peer, row, conn.states[side]):
            return
        sends = SND_FIN if row.flags & FIN else SND_DATA if row.len_bytes > 0 else SND_ACK
        receives = received(own, peer, row, conn.states[1 - side])
    after = matrix[conn.states[side] * 32 + sends]
    answer = matrix[conn.states[1 - side] * 32 + receives]
    if after == NO_ROW or answer == NO_ROW:
        return
    conn.states[side] = after
    conn.states[1 - side] = answer
    conn.handed_over = 0
