"""What must be collected while the segments of one connection go by: two ledgers and what depends on their order.

Everything is an integer, every rule a comparison, so that the compiled kernel holds the same fields in a struct.
Nothing is judged here: `verdict` reads the marks, `facts` reads the ledgers and the order bits.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from synfin.watch.follow import facts as f
from synfin.watch.follow.derived_facts import facts
from synfin.watch.follow.ledger import (
    SENT_ACK,
    SENT_DATA,
    SENT_FIN,
    SENT_RST,
    SENT_SYN,
    SENT_SYN_ACK,
    SENT_SYN_DATA,
    Ledger,
    note,
)
from synfin.wire.seq import MASK, diff
from synfin.wire.tcp import ACK, FIN, MIN_HEADER_LEN, RST, SYN

#: Unwrapped numbers start here, so that none is ever 0.
BASE = 1 << 32

#: A reset further ahead of what was captured is not taken for a gap of the capture.
FAR_AHEAD = 1 << 30

# Marks of ConnectionFacts.opening.
FIRST_IS_SYN_ACK = 0x01  #: the connection's first segment is a SYN,ACK
FAST_OPEN = 0x02  #: a SYN,ACK acknowledged the data in the SYN
REFUSED = 0x04  #: a SYN was answered by an acceptable RST,ACK, before any SYN,ACK
REJECTED = 0x08  #: the SYN's sender answered the SYN,ACK with RST and had not acknowledged anything
UNSOLICITED = 0x10  #: a SYN,ACK without SYN was answered with RST
ICMP_REJECTED = 0x20  #: an ICMP error quoted the SYN (reported by the caller)
LATE_SYN = 0x40  #: the first SYN or SYN,ACK was not the connection's first segment

# Marks of ConnectionFacts.reset, about the RST that decided.
RST_ACTIVE = 0x01  #: shape of a RST from a live socket (diagnosis: ACK flag, and window, options or SEQ = SND.NXT)
RST_AFTER_OWN_FIN = 0x02
RST_AFTER_PEER_FIN = 0x04
RST_AFTER_PROBES = 0x08  #: directly after a keep-alive probe that nobody answered
RST_SENDER_LIVES = 0x10  #: the same end goes on sending afterwards: somebody else sent the RST
RST_TENTATIVE = 0x20  #: it lies beyond what was captured of its sender

_WORKING = SENT_ACK | SENT_DATA | SENT_FIN


@dataclass(slots=True)
class SideFacts:
    """One end of a connection, from its captured segments. Side 0 sent the connection's first segment."""

    ledger: Ledger = field(default_factory=Ledger)
    near: int = 0  #: unwrapped number near which the next one of this end's sequence space lies; 0 before the first
    nxt: int = 0  #: SND.NXT as captured since its last SYN
    window: int = -1  #: last raw window it advertised, -1 before the first
    packets: int = 0
    syns: int = 0  #: SYNs without ACK, copies included
    syn_acks: int = 0
    run: int = 0  #: everything before this number was captured, or acknowledged by the peer
    island_lo: int = 0  #: captured bytes beyond a hole; with several holes the lowest island
    island_hi: int = 0
    retransmissions: int = 0  #: of one segment, since the peer's last segment
    retransmitted: int = 0  #: that segment's sequence number
    probes: int = 0  #: keep-alive probes since the peer's last segment
    acked_fin_apart: int = 0  #: 1: acknowledged the peer's FIN on a segment before its own FIN
    half_close_end: int = 0  #: number after its first new payload that acknowledges the peer's FIN
    half_close_bytes: int = 0  #: new payload of that kind
    order: int = 0  #: bits of facts.FROM_ORDER


@dataclass(slots=True)
class ConnectionFacts:
    """One connection, as far as `verdict` and `facts` need it."""

    sides: tuple[SideFacts, SideFacts] = field(default_factory=lambda: (SideFacts(), SideFacts()))
    first_ns: int = 0
    last_ns: int = 0
    opening: int = 0
    reset_by: int = -1  #: side whose RST decided, -1 while none did
    reset: int = 0
    reset_seq: int = 0  #: the deciding RST's unwrapped sequence number


def add(
    conn: ConnectionFacts,
    side: int,
    flags: int,
    seq: int,
    ack: int,
    length: int,
    window: int,
    hdr_len: int,
    time_ns: int,
    *,
    to_itself: bool = False,
) -> None:
    """Note one segment that `side` sent: raw numbers of its header, payload length by the IP header.

    A socket that is connected to itself is both ends: what it sends, each end has sent.
    """
    _note_segment(conn, side, flags, seq, ack, length, window, hdr_len, time_ns)
    if to_itself:
        _note_segment(conn, 1 - side, flags, seq, ack, length, window, hdr_len, time_ns)
        conn.sides[1 - side].order = conn.sides[side].order


def _note_segment(
    conn: ConnectionFacts,
    side: int,
    flags: int,
    seq: int,
    ack: int,
    length: int,
    window: int,
    hdr_len: int,
    time_ns: int,
) -> None:
    own, peer = conn.sides[side], conn.sides[1 - side]
    if not own.packets and not peer.packets:
        conn.first_ns = conn.last_ns = time_ns
        if flags & (SYN | ACK | RST) == SYN | ACK:
            conn.opening |= FIRST_IS_SYN_ACK
    elif flags & (SYN | RST) == SYN and not (own.ledger.sent | peer.ledger.sent) & (SENT_SYN | SENT_SYN_ACK):
        conn.opening |= LATE_SYN
    conn.last_ns = max(conn.last_ns, time_ns)
    own.packets += 1
    far_ack = unwrap(peer, ack) if flags & ACK else 0
    if flags & RST:
        # The RST,ACK of a refusal has SEQ 0: no base for this end's numbers.
        far_seq = 0 if flags & ACK and not own.near and not seq else unwrap(own, seq)
        _add_reset(conn, side, flags, far_seq, far_ack, window, hdr_len)
    else:
        _add_segment(conn, side, flags, unwrap(own, seq), far_ack, length)
        own.window = window
    peer.probes = peer.retransmissions = 0


def unwrap(end: SideFacts, raw: int) -> int:
    """The unwrapped number nearest to this end's last one; the first number seen is the base."""
    if not end.near:
        end.near = BASE + raw
    return end.near + diff(raw, end.near & MASK)


def _add_segment(conn: ConnectionFacts, side: int, flags: int, seq: int, ack: int, length: int) -> None:
    own, peer = conn.sides[side], conn.sides[1 - side]
    end = seq + length + (flags & FIN) + (flags >> 1 & 1)
    _note_life_after_reset(conn, side, end, ack)
    _note_denials(own, peer, flags, ack)
    _note_unanswered(own, peer, flags, seq, end, length)
    _note_close(own, peer, flags, end, ack, length)
    _note_run(own, peer, flags, seq, end, ack)
    if flags & SYN:
        _note_syn(conn, own, peer, flags, ack)
        own.nxt = end
    note(own.ledger, flags, seq, ack, length)
    own.nxt = max(own.nxt, end)
    own.near = own.nxt


def _note_syn(conn: ConnectionFacts, own: SideFacts, peer: SideFacts, flags: int, ack: int) -> None:
    if not flags & ACK:
        own.syns += 1
        return
    own.syn_acks += 1
    if peer.ledger.sent & SENT_SYN_DATA and ack == peer.ledger.syn_end:
        conn.opening |= FAST_OPEN


def _note_denials(own: SideFacts, peer: SideFacts, flags: int, ack: int) -> None:
    """A segment that its sender would not send had it received what was captured; a new copy lifts the denial."""
    mine, theirs = own.ledger, peer.ledger
    if flags & SYN and mine.sent & (SENT_SYN_ACK if flags & ACK else SENT_SYN) and theirs.ack > mine.isn:
        own.order |= f.DENIED_SYNED
    if flags & FIN and mine.sent & SENT_FIN and theirs.ack > mine.fin:
        own.order |= f.DENIED_ACK_OF_FIN
    if theirs.sent & SENT_FIN and mine.ack <= ack <= theirs.fin:
        own.order |= f.DENIED_FIN
    if flags & FIN:
        peer.order &= ~f.DENIED_FIN
    if theirs.sent & (SENT_SYN | SENT_SYN_ACK) and ack > theirs.isn:
        peer.order &= ~f.DENIED_SYNED
    if theirs.sent & SENT_FIN and ack > theirs.fin:
        peer.order &= ~f.DENIED_ACK_OF_FIN


def _note_unanswered(own: SideFacts, peer: SideFacts, flags: int, seq: int, end: int, length: int) -> None:
    """Count keep-alive probes (SEQ = SND.NXT - 1, RFC 9293 3.8.4) and repetitions of the same segment."""
    if not own.nxt or flags & SYN:
        return
    if length <= 1 and not flags & FIN and seq == own.nxt - 1:
        own.probes += peer.window != 0
    elif seq < end <= own.nxt:
        own.retransmissions = own.retransmissions + 1 if seq == own.retransmitted else 1
        own.retransmitted = seq


def _note_close(own: SideFacts, peer: SideFacts, flags: int, end: int, ack: int, length: int) -> None:
    """How the peer's FIN is acknowledged: apart from the own FIN or with it, and the data of a half-close."""
    if flags & FIN or not peer.ledger.fin or ack <= peer.ledger.fin:
        return
    if own.ledger.fin and end > own.ledger.fin:
        return
    own.acked_fin_apart = 1
    if length and end > own.nxt:
        own.half_close_end = own.half_close_end or end
        own.half_close_bytes += length


def _note_run(own: SideFacts, peer: SideFacts, flags: int, seq: int, end: int, ack: int) -> None:
    """Extend what is known to be without a hole. An ACK covers what the capture lost."""
    if peer.run and ack > peer.run and ack <= peer.nxt:
        peer.run = ack
        _reach_island(peer)
    if flags & SYN or not own.run:
        own.run, own.island_lo, own.island_hi = end, 0, 0
    elif seq <= own.run:
        own.run = max(own.run, end)
        _reach_island(own)
    elif not own.island_lo or end < own.island_lo:
        own.island_lo, own.island_hi = seq, end
    elif seq <= own.island_hi:
        own.island_lo, own.island_hi = min(own.island_lo, seq), max(own.island_hi, end)


def _reach_island(own: SideFacts) -> None:
    if own.island_lo and own.island_lo <= own.run:
        own.run = max(own.run, own.island_hi)
        own.island_lo = own.island_hi = 0


def _add_reset(conn: ConnectionFacts, side: int, flags: int, seq: int, ack: int, window: int, hdr_len: int) -> None:
    own, peer = conn.sides[side], conn.sides[1 - side]
    mine, theirs = own.ledger, peer.ledger
    active = bool(flags & ACK) and (window > 0 or hdr_len > MIN_HEADER_LEN or seq == own.nxt)
    opening = not mine.sent & ~SENT_RST & ~SENT_SYN & ~SENT_SYN_DATA  # nothing but SYNs so far
    if opening and not mine.sent & SENT_SYN:
        if theirs.sent & SENT_SYN_ACK and not theirs.sent & SENT_SYN:
            conn.opening |= UNSOLICITED
            own.order |= f.DENIED_SYNED
        elif theirs.sent & SENT_SYN and theirs.isn < ack <= theirs.syn_end:
            conn.opening |= REFUSED
    elif opening and theirs.sent & SENT_SYN_ACK and seq == theirs.ack:
        conn.opening |= REJECTED
        own.order |= f.DENIED_SYNED
    # In SYN-SENT a RST answers a foreign ACK unless it stands where the own SYN ended (RFC 9293 3.10.7.3).
    reply = opening and bool(mine.sent & SENT_SYN) and not flags & ACK and seq not in (mine.isn + 1, mine.syn_end)
    midstream = not (mine.sent | theirs.sent) & (SENT_SYN | SENT_SYN_ACK)
    if midstream or not opening or (mine.sent & SENT_SYN and not reply):
        own.order |= f.RST_ENDS
    place = 0 if reply else _acceptable(own, peer, seq, ack)
    if place:
        peer.order |= f.LIKELY_RST
        if conn.reset_by < 0 and not _complete(mine, theirs):
            conn.reset_by, conn.reset_seq = side, seq
            conn.reset = (
                (RST_ACTIVE if active else 0)
                | (RST_AFTER_OWN_FIN if mine.sent & SENT_FIN else 0)
                | (RST_AFTER_PEER_FIN if theirs.sent & SENT_FIN else 0)
                | (RST_AFTER_PROBES if own.probes else 0)
                | (RST_TENTATIVE if place > 1 else 0)
            )
    note(mine, flags, seq, ack, 0)


def _acceptable(own: SideFacts, peer: SideFacts, seq: int, ack: int) -> int:
    """Whether the peer can have accepted a RST: 0 no, 1 yes, 2 if the capture lacks a piece of the sender's data."""
    mine, theirs = own.ledger, peer.ledger
    if theirs.sent & SENT_SYN and not theirs.sent & (SENT_SYN_ACK | _WORKING):
        return int(theirs.isn < ack <= theirs.syn_end)  # SYN-SENT: it must acknowledge the SYN
    if not theirs.ack:
        return 1
    if seq < theirs.ack and not (mine.fin and seq == mine.fin):
        return 0  # left of the window; Linux accepts the FIN's own place
    if seq <= max(own.nxt, theirs.ack):
        return 1
    return 2 if seq - max(own.nxt, theirs.ack) < FAR_AHEAD else 0


def _complete(a: Ledger, b: Ledger) -> bool:
    """Whether both FINs were captured and acknowledged: nothing is left that a RST could end."""
    return bool(a.sent & b.sent & SENT_FIN) and a.ack > b.fin and b.ack > a.fin


def _note_life_after_reset(conn: ConnectionFacts, side: int, end: int, ack: int) -> None:
    """An end that goes on after a RST did not send it, or did not accept it (unless the segment is an old copy)."""
    own, peer = conn.sides[side], conn.sides[1 - side]
    mine, theirs = own.ledger, peer.ledger
    news = end > own.nxt or ack > mine.ack
    if mine.sent & SENT_RST and news:
        own.order &= ~f.RST_ENDS
        if conn.reset_by == side:
            conn.reset |= RST_SENDER_LIVES
    if not theirs.sent & SENT_RST:
        return
    accepts_more = ack > theirs.rst + 1 > 1
    if accepts_more:
        own.order &= ~f.LIKELY_RST
    if conn.reset_by == 1 - side and (accepts_more or conn.reset & RST_TENTATIVE):
        conn.reset_by, conn.reset, conn.reset_seq = -1, 0, 0
        own.order &= ~f.LIKELY_RST


def client_side(conn: ConnectionFacts) -> int:
    """Who opened: the sender of the SYN (the first, if both sent one), else who received the SYN,ACK; -1 unknown."""
    for side in (0, 1):
        if conn.sides[side].ledger.sent & SENT_SYN:
            return side
    for side in (0, 1):
        if conn.sides[1 - side].ledger.sent & SENT_SYN_ACK:
            return side
    return -1


def end_facts(conn: ConnectionFacts, side: int, client: int) -> int:
    """The fact vector of one end (see `facts`), given which side is the client."""
    own, peer = conn.sides[side], conn.sides[1 - side]
    return facts(own.ledger, peer.ledger, order_bits(conn, side, client))


def order_bits(conn: ConnectionFacts, side: int, client: int) -> int:
    """The bits of facts.FROM_ORDER of one end, given which side is the client."""
    own, peer = conn.sides[side], conn.sides[1 - side]
    order = own.order
    if side != client and not own.ledger.sent & SENT_SYN and not conn.opening & REFUSED:
        order |= f.LISTENS
    if conn.opening & LATE_SYN:
        order |= f.LATE_SYN
    if peer.ledger.fin and peer.run <= peer.ledger.fin and own.ledger.ack <= peer.ledger.fin:
        order |= f.DENIED_FIN  # a FIN behind a hole changes nothing (RFC 9293 3.10.7.4)
    return order
