"""The order bits of every moment, seen from the end: what later segments say about earlier receptions.

A SYN arrived if it was answered before it was sent again. A captured copy did not arrive if its receiver later sent
what it would not have sent. A reset did not count if its sender or its receiver went on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from synfin.watch.follow import collect
from synfin.watch.follow import facts as f
from synfin.watch.follow.collect import ConnectionFacts
from synfin.wire.tcp import ACK, FIN, RST, SYN, Segment

_DENIALS = f.DENIED_SYNED | f.DENIED_FIN | f.DENIED_ACK_OF_FIN
_RESETS = f.RST_ENDS | f.LIKELY_RST


def note(conn: ConnectionFacts, side: int, segment: Segment) -> None:
    """Note one segment in the connection's facts; a malformed one leaves no trace."""
    if not segment.whole:
        return
    collect.add(
        conn, side, segment.flags, segment.seq, segment.ack, segment.length, segment.window, segment.hdr_len,
        segment.time_ns, to_itself=segment.to_itself,
    )  # fmt: skip


def note_sent(conn: ConnectionFacts, side: int, segment: Segment) -> None:
    """Note a segment as sent only: one that goes to its own sender has not come back yet."""
    note(conn, side, replace(segment, dst_port=0) if segment.to_itself else segment)


@dataclass(frozen=True, slots=True)
class Hindsight:
    """`order[side][k]` are the order bits of that side after segment k; `final` the facts of the whole."""

    final: ConnectionFacts
    order: tuple[list[int], list[int]]


def look_back(segments: Sequence[Segment], sides: Sequence[int], client: int) -> Hindsight:
    """Note all segments and judge every moment by the ones that follow."""
    conn = ConnectionFacts()
    order: tuple[list[int], list[int]] = ([], [])
    last_news = [-1, -1]
    for k, (segment, side) in enumerate(zip(segments, sides, strict=True)):
        own = conn.sides[side]
        known = own.nxt, own.ledger.ack
        note(conn, side, segment)
        if (own.nxt, own.ledger.ack) != known:
            last_news[side] = k
            if segment.to_itself:
                last_news[1 - side] = k
        for end in (0, 1):
            order[end].append(conn.sides[end].order)
    for end in (0, 1):
        refused = _refused_fin(segments, sides, end)
        if refused is not None:
            order[end][refused] |= f.DENIED_FIN
        _judge_by_later(order[end], last_news[end])
        listens = collect.order_bits(conn, end, client) & f.LISTENS
        arrived = _syn_arrival(segments, sides, end)
        first_answer = _first(segments, sides, end, SYN | ACK)
        for k in range(len(segments)):
            order[end][k] |= listens
            if arrived is not None and k >= arrived:
                order[end][k] |= f.LIKELY_SYN
            if first_answer is not None and k < first_answer:
                order[end][k] |= f.DENIED_SYNED  # SYN,ACK leaves from SYN-RECEIVED only
    return Hindsight(conn, order)


def _judge_by_later(order: list[int], last_news: int) -> None:
    """A denial holds for all copies before it; a reset only if it still holds in the end.

    A reset has not arrived either while its receiver still sends something new (`last_news` is the last of these).
    """
    denied, kept = 0, _RESETS
    for k in range(len(order) - 1, -1, -1):
        denied |= order[k] & _DENIALS
        kept &= order[k]  # where the bit is not set, its earlier runs ended in being revoked
        resets = kept & ~f.LIKELY_RST if k <= last_news and k < len(order) - 1 else kept
        order[k] = (order[k] & ~(_DENIALS | _RESETS)) | denied | resets


def _first(segments: Sequence[Segment], sides: Sequence[int], side: int, wanted: int) -> int | None:
    """Index of that side's first segment whose SYN, ACK and RST flags are exactly `wanted`."""
    for k, segment in enumerate(segments):
        if (sides[k] == side or segment.to_itself) and segment.flags & (SYN | ACK | RST) == wanted:
            return k
    return None


def _refused_fin(segments: Sequence[Segment], sides: Sequence[int], end: int) -> int | None:
    """The bare RST by which an end that had sent FIN refused the peer's FIN; who knows the connection acknowledges it.

    It had forgotten FIN-WAIT-2, or its program had closed what was only shut down.
    """
    closed, refused = False, False
    for k, segment in enumerate(segments):
        if sides[k] == end:
            if refused and segment.flags & (RST | ACK) == RST:
                return k
            closed, refused = closed or bool(segment.flags & FIN), False
        elif closed and segment.flags & FIN:
            refused = True
    return None


def _syn_arrival(segments: Sequence[Segment], sides: Sequence[int], end: int) -> int | None:
    """From which moment on the peer's SYN counts as delivered: the last copy before the SYN,ACK that answers it."""
    answer = _first(segments, sides, end, SYN | ACK)
    if answer is None:
        return None
    copies = [
        k
        for k in range(answer)
        if (sides[k] != end or segments[k].to_itself) and segments[k].flags & (SYN | ACK | RST) == SYN
    ]
    if not copies:
        return answer
    own = _first(segments, sides, end, SYN)  # a simultaneous open: its own SYN left before the other one arrived
    return copies[-1] if own is None or own > answer else max(copies[-1], own + 1)
