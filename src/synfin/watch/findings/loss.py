"""What was lost, how it was noticed, and what was sent again in vain."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator, Sequence

from synfin.watch.connections.record import Finding
from synfin.watch.findings import thresholds as limits
from synfin.watch.findings.known import Numbers, finding
from synfin.watch.findings.seen import NAMES, Move, Seen
from synfin.watch.opinion import Kind
from synfin.wire.tcp import FIN, SYN

_CAUSES = {"rto": "loss.rto", "fast": "loss.fast_retransmit", "tlp": "loss.tlp"}


def losses(seen: Seen) -> Iterator[Finding]:
    """The findings about retransmissions, for each direction."""
    for side in range(2):
        again = [move for move in seen.halves[side].moves if move.again and not move.flags & SYN and move.length]
        for cause, name in _CAUSES.items():
            yield from _caused(
                seen, side, name, [m for m in again if m.cause == cause and m.kind is Kind.RETRANSMISSION]
            )
        yield from _spurious(side, [move for move in again if move.kind is Kind.SPURIOUS])
        yield from _storm(side, seen.halves[side].data)
        yield from _reordered(side, [move for move in seen.halves[side].moves if move.kind is Kind.REORDERED])


def _caused(seen: Seen, side: int, name: str, moves: Sequence[Move]) -> Iterator[Finding]:
    waits = [(seen_wait, move) for move in moves if (seen_wait := _waited(seen, move)) is not None]
    if name == "loss.rto":
        waits = [(wait, move) for wait, move in waits if wait >= limits.RTO_MIN_NS]
    if not waits:
        return
    longest = max(waits, key=lambda pair: pair[0])
    numbers: Numbers = {"A": NAMES[side], "n": len(waits), "dt": longest[0]}
    yield finding(name, NAMES[side], [move.frame for _, move in waits], numbers)


def _waited(seen: Seen, again: Move) -> int | None:
    """How long after the transmission before; after the hole opened, where the original was not captured."""
    half = seen.halves[again.side]
    earlier = [m for m in half.moves if m.index < again.index and m.seq < again.end and again.seq < m.end]
    if earlier:
        return again.at_ns - earlier[-1].at_ns
    beyond = next((m for m in half.moves if m.index < again.index and m.seq >= again.end), None)
    return None if beyond is None else again.at_ns - beyond.at_ns


def _spurious(side: int, moves: Sequence[Move]) -> Iterator[Finding]:
    if moves:
        frames = [move.frame for move in moves]
        evidence = [frame for m in moves if m.step.opinion is not None for frame in m.step.opinion.frames]
        certain = any(move.step.opinion is not None and move.step.opinion.certain for move in moves)
        yield finding("loss.spurious_retransmission", NAMES[side], frames + evidence, {"n": len(moves)},
                      likely=not certain)  # fmt: skip


def _storm(side: int, data: Sequence[Move]) -> Iterator[Finding]:
    """Many of the segments within some seconds were repetitions, or one was sent again and again."""
    data = [move for move in data if not move.probe]
    if not any(move.again for move in data):
        return
    copies = Counter(move.seq for move in data)
    first, most = copies.most_common(1)[0]
    if most >= limits.STORM_COPIES:
        frames = [move.frame for move in data if move.seq == first]
        numbers: Numbers = {"pct": _percent(sum(m.again for m in data), len(data)), "n": most, "case": "one"}
        yield finding("loss.retransmission_storm", "middle", frames, numbers)
        return
    window: deque[Move] = deque()
    again = 0
    for move in data:
        window.append(move)
        again += move.again
        while move.at_ns - window[0].at_ns > limits.STORM_WINDOW_NS:
            again -= window.popleft().again
        if len(window) >= limits.STORM_SEGMENTS and again >= limits.STORM_SHARE * len(window):
            frames = [one.frame for one in window if one.again]
            yield finding("loss.retransmission_storm", "middle", frames, {"pct": _percent(again, len(window))})
            return


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.0f} %"


def _reordered(side: int, moves: Sequence[Move]) -> Iterator[Finding]:
    moves = [move for move in moves if move.length or move.flags & FIN]
    if moves:
        yield finding("path.reordering", "middle", [move.frame for move in moves], {"A": NAMES[side], "n": len(moves)})
