"""Requirements on acknowledging, probing, resetting and urgent data: RFC 9293 sections 3.6.1, 3.8 and 3.10.7."""

from __future__ import annotations

from collections.abc import Iterator

from synfin.watch.findings.seen import NAMES, Half, Move, Seen
from synfin.watch.opinion import Kind
from synfin.watch.verify.ruling import Ruling, ruling
from synfin.wire.tcp import RST, SYN, URG

_HALF_SECOND_NS = 500_000_000
_EVERY_OTHER = 2


def answering_rulings(seen: Seen) -> Iterator[Ruling]:
    for side, half in enumerate(seen.halves):
        yield from _delayed(seen, side)
        yield from _out_of_order(seen, side)
        yield from _too_old(seen, side)
        yield from _keep_alive(seen, side, half)
        yield from _resets(seen, side, half)
        yield from _urgent(seen, side, half)


def _delayed(seen: Seen, side: int) -> Iterator[Ruling]:
    """How long, and for how much, `side` let data wait for its acknowledgment; only where the tap is near it."""
    if seen.connection.vantage not in (NAMES[side], "both"):
        return
    sender = seen.halves[1 - side]
    longest: tuple[int, Move, Move] | None = None
    waiting = most = 0
    since: Move | None = None
    for move in seen.moves:
        if move.side != side and move.length and not move.again:
            waiting += move.length
            since = since or move
        elif move.side == side and since is not None and move.ack >= since.end:
            waited = move.at_ns - since.at_ns
            if longest is None or waited > longest[0]:
                longest = (waited, since, move)
            most, waiting, since = max(most, waiting), 0, None
    if longest is None:
        return
    frames = [longest[1].frame, longest[2].frame]
    yield ruling("MUST-40", NAMES[side], longest[0] < _HALF_SECOND_NS, frames, dt=longest[0])
    pure = [move for move in seen.halves[side].moves if move.pure_ack]
    if len(sender.data) >= 4:
        yield ruling("SHLD-18", NAMES[side], len(pure) < len(sender.data), frames, n=len(pure))
    mss = seen.halves[side].mss
    if mss is not None and most > mss and max(m.length for m in sender.data) <= mss:
        yield ruling("SHLD-19", NAMES[side], most <= _EVERY_OTHER * mss, frames, bytes=most)


def _out_of_order(seen: Seen, side: int) -> Iterator[Ruling]:
    """A segment behind a hole: the receiver says so at once, and keeps it."""
    for move in seen.halves[1 - side].data:
        if move.seq <= move.own_next or not move.own_next:
            continue
        answer = next((m for m in seen.after(move) if m.side == side), None)
        if answer is None or not answer.ack:
            return
        at_once = answer.pure_ack and answer.ack <= move.own_next
        yield ruling("MAY-13", NAMES[side], at_once, [move.frame, answer.frame])
        filled = next(
            (m for m in seen.halves[1 - side].data if m.index > move.index and m.seq <= move.own_next < m.end), None
        )
        jump = None
        if filled is not None:
            jump = next((m for m in seen.after(filled) if m.side == side and m.ack > filled.seq), None)
        if filled is not None and jump is not None and filled.end == move.seq:
            yield ruling("SHLD-31", NAMES[side], jump.ack >= move.end, [move.frame, filled.frame, jump.frame])
        return


def _too_old(seen: Seen, side: int) -> Iterator[Ruling]:
    """An acknowledgment of what was never sent is answered by an ACK (RFC 5961 section 5)."""
    for move in seen.halves[1 - side].moves:
        if not move.ack or move.flags & (SYN | RST) or not seen.halves[side].moves:
            continue
        sent = max((m.end for m in seen.halves[side].moves if m.index < move.index), default=0)
        if sent and move.ack > sent and seen.connection.vantage in (NAMES[side], "both"):
            answer = next((m for m in seen.after(move) if m.side == side), None)
            if answer is not None:
                yield ruling("MAY-12", NAMES[side], answer.pure_ack, [move.frame, answer.frame])
            return


def _keep_alive(seen: Seen, side: int, half: Half) -> Iterator[Ruling]:
    probes = [m for m in half.moves if m.kind is Kind.KEEP_ALIVE or (m.probe and not m.length and m.room)]
    if not probes:
        return
    first, who = probes[0], NAMES[side]
    frames = [move.frame for move in probes]
    yield ruling("MAY-5", who, True, frames)
    idle = first.acked >= first.own_next or first.acked == 0
    yield ruling("MUST-26", who, idle, frames[:1])
    empty = first.length == 0
    yield ruling("SHLD-12", who, empty, frames[:1])
    if not empty:
        yield ruling("MAY-6", who, True, frames[:1])
    reset = next((move for move in half.resets if move.index > probes[-1].index), None)
    heard = [move.index for move in seen.halves[1 - side].moves if not move.flags & RST]
    alone = [move for move in probes if not heard or move.index > heard[-1]]
    if reset is not None and alone:
        yield ruling("MUST-29", who, len(alone) >= 2, [*(m.frame for m in alone), reset.frame], n=len(alone))
    before = [move.at_ns for move in seen.moves if move.index < first.index]
    if before:
        waited = first.at_ns - max(before)
        yield ruling("MUST-28", who, waited >= 7_200_000_000_000, frames[:1], dt=waited)


def _resets(seen: Seen, side: int, half: Half) -> Iterator[Ruling]:
    """RST with data, the half-duplex close, and the reset for what comes after it."""
    carrying = next((move for move in half.resets if move.length), None)
    if carrying is not None:
        taken = not any(m.side != side and not m.flags & RST for m in seen.after(carrying))
        yield ruling("SHLD-2", NAMES[1 - side], taken, [carrying.frame])
    fin = half.fins[0] if half.fins else None
    late = next(
        (m for m in seen.halves[1 - side].data if fin is not None and m.index > fin.index and m.ack >= fin.end), None
    )
    if fin is None or late is None:
        return
    answer = next((move for move in seen.after(late) if move.side == side), None)
    if answer is None:
        again = [move for move in seen.after(late) if move.side != side and move.again]
        if again:  # neither taken nor refused
            yield ruling("SHLD-3", NAMES[side], False, [fin.frame, late.frame, *(move.frame for move in again)])
        return
    if answer.flags & RST:
        yield ruling("SHLD-3", NAMES[side], True, [fin.frame, late.frame, answer.frame])
        yield ruling("MAY-1", NAMES[side], True, [fin.frame, answer.frame])


def _urgent(seen: Seen, side: int, half: Half) -> Iterator[Ruling]:
    urgent = [move for move in half.moves if move.flags & URG and not move.flags & (SYN | RST)]
    if not urgent and half.data:
        yield ruling("SHLD-13", NAMES[side], True, [half.data[0].frame])
    if not urgent:
        return
    first = urgent[0]
    yield ruling("SHLD-13", NAMES[side], False, [first.frame])
    yield ruling("MUST-30", NAMES[side], first.segment.urgent > 0, [first.frame])
    points = first.segment.urgent <= max(first.length, 1) + 1 or first.length == 0
    yield ruling("MUST-62", NAMES[side], points, [first.frame])
