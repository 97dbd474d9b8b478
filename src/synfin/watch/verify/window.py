"""Requirements on the window: RFC 9293 section 3.8.6."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from synfin.watch.findings import thresholds as limits
from synfin.watch.findings.seen import NAMES, Half, Move, Seen, gaps
from synfin.watch.verify.ruling import Ruling, ruling
from synfin.wire.tcp import ACK, FIN, RST, SYN

_FOR_EVER_NS = 10_000_000_000


def window_rulings(seen: Seen) -> Iterator[Ruling]:
    if seen.midstream:
        return  # without the scale no right edge is known
    for side, half in enumerate(seen.halves):
        yield from _right_edge(seen, side, half)
        yield from _reopening(seen, side, half)
        yield from _closed(seen, side)


def _edges(half: Half) -> list[tuple[Move, int]]:
    """The right edge that each acknowledgment promises."""
    return [
        (move, move.ack + move.window)
        for move in half.moves
        if move.ack and move.window is not None and not move.flags & (RST | SYN)
    ]


def _right_edge(seen: Seen, side: int, half: Half) -> Iterator[Ruling]:
    """A receiver does not take back what it promised; a sender lives with one that does."""
    edges = _edges(half)
    scale = (half.scale or 0) if seen.halves[1 - side].scale is not None else 0
    sender = seen.halves[1 - side]
    for (earlier, promised), (move, edge) in pairwise(edges):
        if promised - edge < (1 << scale) or move.ack < earlier.ack:
            continue  # rounding, or an acknowledgment that was overtaken
        yield ruling("SHLD-14", NAMES[side], False, [earlier.frame, move.frame], bytes=promised - edge)
        later = [m for m in sender.data if m.index > move.index]
        beyond = [m for m in later if m.end > edge and m.end > m.own_next and not _opened_again(edges, move, m)]
        if later:
            died = any(m.flags & RST for m in seen.after(move) if m.side != side)
            yield ruling("MUST-34", NAMES[1 - side], not died, [move.frame, later[0].frame])
            yield ruling("SHLD-15", NAMES[1 - side], not beyond, [move.frame, (beyond or later)[0].frame])
            again = [m for m in later if m.again]
            if again:
                inside = all(m.end <= edge for m in again)
                yield ruling("SHLD-16", NAMES[1 - side], inside, [move.frame, again[0].frame])
                if not inside:
                    yield ruling("MAY-7", NAMES[1 - side], True, [again[0].frame])
        return
    if len(edges) > 1:
        yield ruling("SHLD-14", NAMES[side], True, [edges[0][0].frame, edges[-1][0].frame])


def _opened_again(edges: list[tuple[Move, int]], since: Move, move: Move) -> bool:
    return any(edge >= move.end for one, edge in edges if since.index < one.index < move.index)


def _reopening(seen: Seen, side: int, half: Half) -> Iterator[Ruling]:
    """A window that was closed opens by a segment, or half of the buffer, at a time."""
    largest = max((m.window or 0 for m in half.moves if not m.flags & (SYN | RST)), default=0)
    mss = half.mss or 536
    for earlier, later in pairwise([m for m in half.moves if not m.flags & (SYN | RST)]):
        if earlier.window == 0 and later.window and later.ack == earlier.ack:
            kept = later.window >= min(mss, max(largest // 2, 1))
            yield ruling("MUST-39", NAMES[side], kept, [earlier.frame, later.frame], bytes=later.window)
            return


def _closed(seen: Seen, side: int) -> Iterator[Ruling]:
    """What the other end does while the window of `side` is closed."""
    own, sender = seen.halves[side], seen.halves[1 - side]
    for place, shut in enumerate(own.moves):
        if shut.window != 0 or shut.flags & (SYN | RST) or any(fin.index < shut.index for fin in sender.fins):
            continue
        opened = next((m for m in own.moves[place + 1 :] if m.window and not m.flags & (SYN | RST)), None)
        until = opened.index if opened is not None else len(seen.moves)
        during = [move for move in sender.moves if shut.index < move.index < until]
        probes = [move for move in during if move.probe or (move.plain and move.length == 1)]
        waited = (opened.at_ns if opened is not None else seen.end_ns) - shut.at_ns
        if probes:
            yield from _probed(seen, side, shut, probes)
        elif waited > 1_000_000_000 and any(m.index > shut.index for m in sender.data):
            yield ruling("MUST-36", NAMES[1 - side], False, [shut.frame], dt=waited)
            yield ruling("MUST-35", NAMES[1 - side], False, [shut.frame], dt=waited)
        reset = next((move for move in during if move.flags & RST), None)
        if reset is not None:
            exact = reset.segment.seq == shut.ack & 0xFFFFFFFF
            yield ruling("MUST-66", NAMES[side], exact and not _speaks(seen, reset, side), [shut.frame, reset.frame])
        if waited >= _FOR_EVER_NS:
            yield ruling("MAY-8", NAMES[side], True, [shut.frame], dt=waited)
        return


def _speaks(seen: Seen, reset: Move, side: int) -> bool:
    return any(m.side == side and not m.flags & RST for m in seen.after(reset))


def _probed(seen: Seen, side: int, shut: Move, probes: list[Move]) -> Iterator[Ruling]:
    who = NAMES[1 - side]
    frames = [shut.frame, *(move.frame for move in probes)]
    yield ruling("MUST-36", who, True, frames, n=len(probes))
    yield ruling("MUST-35", who, True, frames, n=len(probes))
    first = probes[0].at_ns - shut.at_ns
    yield ruling("SHLD-29", who, first >= limits.RTO_MIN_NS, frames[:2], dt=first)
    waits = gaps(probes)
    if len(waits) >= 2:
        grown = sum(after >= 1.3 * before for before, after in pairwise(waits)) >= (len(waits) - 1) / 2
        yield ruling("SHLD-30", who, grown, frames)
    answers = [m for m in seen.halves[side].moves if m.index > probes[0].index and m.flags & ACK and not m.flags & RST]
    if answers:
        gone = next((m for m in seen.halves[1 - side].resets if m.index > answers[0].index), None)
        ended = gone is not None and not any(m.flags & FIN for m in seen.moves if m.index < gone.index)
        yield ruling("MUST-37", who, not ended, [*frames, answers[0].frame, *([gone.frame] if gone else [])])
