"""What the verdict asks, from the facts that the readable tracker collected: the bits of `verdict`."""

from __future__ import annotations

from synfin.watch.connections.verdict import (
    ANY_RST,
    BOTH_SYN,
    CLIENT_ACKED_APART,
    CLIENT_FIN,
    CLIENT_FIN_ACKED,
    CLIENT_FIN_COVERS,
    CLIENT_HALF_CLOSE_DATA,
    CLIENT_RST,
    CLIENT_SYN,
    CLIENT_WORKS,
    FAST_OPEN,
    FIRST_IS_SYN_ACK,
    ICMP_REJECTED,
    REFUSED,
    REJECTED,
    RST_ACTIVE,
    RST_AFTER_OWN_FIN,
    RST_AFTER_PEER_FIN,
    RST_AFTER_PROBES,
    RST_BY_CLIENT,
    RST_BY_SERVER,
    RST_SENDER_LIVES,
    SERVER_ACKED_APART,
    SERVER_FIN,
    SERVER_FIN_ACKED,
    SERVER_FIN_COVERS,
    SERVER_HALF_CLOSE_DATA,
    SERVER_SYN_ACK,
    SETTLED,
    SYN_ACK_REPEATED,
    SYN_REPEATED,
    UNANSWERED,
    UNSOLICITED,
)
from synfin.watch.follow import collect as c
from synfin.watch.follow.ledger import SENT_ACK, SENT_DATA, SENT_FIN, SENT_RST, SENT_SYN, SENT_SYN_ACK, Ledger

#: An unfinished handshake or close is judged when nothing came for this long before the capture's end.
SETTLED_NS = 3_000_000_000


def marks(conn: c.ConnectionFacts, client: int, capture_end_ns: int) -> int:
    """What the verdict asks, given which side is the client and when the capture ended."""
    ours, theirs = conn.sides[client], conn.sides[1 - client]
    heard = bool(ours.packets and theirs.packets)  # of a capture of one direction nobody can say: no answer
    both_syn = ours.ledger.sent & theirs.ledger.sent & SENT_SYN
    return sum(
        mark
        for mark, holds in (
            (FAST_OPEN, conn.opening & c.FAST_OPEN),
            (BOTH_SYN, both_syn),
            (REFUSED, conn.opening & c.REFUSED),
            (ICMP_REJECTED, conn.opening & c.ICMP_REJECTED and not theirs.ledger.sent & SENT_SYN_ACK),
            (REJECTED, conn.opening & c.REJECTED and not _works(ours.ledger)),
            (UNSOLICITED, conn.opening & c.UNSOLICITED and not _works(ours.ledger)),
            (CLIENT_SYN, ours.ledger.sent & SENT_SYN),
            (SERVER_SYN_ACK, theirs.ledger.sent & SENT_SYN_ACK),
            (CLIENT_WORKS, _works(ours.ledger)),
            (SYN_REPEATED, ours.syns > 1),
            (SYN_ACK_REPEATED, theirs.syn_acks > 1),
            (CLIENT_RST, ours.ledger.sent & SENT_RST),
            (FIRST_IS_SYN_ACK, conn.opening & c.FIRST_IS_SYN_ACK),
            (SETTLED, capture_end_ns - conn.last_ns >= SETTLED_NS),
            (UNANSWERED, heard and any(side.retransmissions >= 3 or side.probes >= 2 for side in conn.sides)),
            (ANY_RST, (ours.ledger.sent | theirs.ledger.sent) & SENT_RST),
        )
        if holds
    ) | _reset_marks(conn, client) | _fin_marks(ours, theirs)  # fmt: skip


def _works(ledger: Ledger) -> bool:
    return bool(ledger.sent & (SENT_ACK | SENT_DATA))


def _reset_marks(conn: c.ConnectionFacts, client: int) -> int:
    if conn.reset_by < 0:
        return 0
    who = RST_BY_CLIENT if conn.reset_by == client else RST_BY_SERVER
    return who | sum(
        mark
        for mark, bit in (
            (RST_ACTIVE, c.RST_ACTIVE),
            (RST_AFTER_OWN_FIN, c.RST_AFTER_OWN_FIN),
            (RST_AFTER_PEER_FIN, c.RST_AFTER_PEER_FIN),
            (RST_AFTER_PROBES, c.RST_AFTER_PROBES),
            (RST_SENDER_LIVES, c.RST_SENDER_LIVES),
        )
        if conn.reset & bit
    )


def _fin_marks(client: c.SideFacts, server: c.SideFacts) -> int:
    ours, theirs = client.ledger, server.ledger
    found = 0
    if ours.sent & SENT_FIN:
        found |= CLIENT_FIN
        found |= CLIENT_FIN_ACKED if theirs.ack > ours.fin else 0
        found |= SERVER_ACKED_APART if server.acked_fin_apart else 0
        found |= SERVER_HALF_CLOSE_DATA if 0 < server.half_close_end <= ours.ack else 0
    if theirs.sent & SENT_FIN:
        found |= SERVER_FIN
        found |= SERVER_FIN_ACKED if ours.ack > theirs.fin else 0
        found |= CLIENT_ACKED_APART if client.acked_fin_apart else 0
        found |= CLIENT_HALF_CLOSE_DATA if 0 < client.half_close_end <= theirs.ack else 0
    if found & CLIENT_FIN and found & SERVER_FIN:
        found |= CLIENT_FIN_COVERS if ours.fin_ack_min > theirs.fin else 0
        found |= SERVER_FIN_COVERS if theirs.fin_ack_min > ours.fin else 0
    return found
