"""What the way between both ends does: sizes that do not fit, directions that the capture lacks."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from synfin.watch.findings import thresholds as limits
from synfin.watch.findings.known import Numbers, finding
from synfin.watch.findings.seen import NAMES, Move, Seen
from synfin.watch.record import Finding


def paths(seen: Seen) -> Iterator[Finding]:
    """The findings about the path."""
    for side in range(2):
        yield from _black_hole_sent(seen, side)
        yield from _black_hole_received(seen, side)
    yield from _one_direction(seen)


def _black_hole_sent(seen: Seen, side: int) -> Iterator[Finding]:
    """Seen near the sender: full-size segments are repeated and never acknowledged, smaller ones are."""
    half, peer = seen.halves[side], seen.halves[1 - side]
    acked = max((move.ack for move in peer.moves), default=0)
    large = [move for move in half.data if move.length >= limits.FULL_SIZE_BYTES]
    stuck = [move for move in large if move.end > acked]
    if not stuck or not acked:
        return
    copies = [move for move in stuck if move.seq == stuck[0].seq]
    smaller = any(move.length < limits.FULL_SIZE_BYTES and move.end <= acked for move in half.data)
    smaller = smaller or _selective(seen, side, small=True)
    if len(copies) > limits.BLACK_HOLE_COPIES and smaller and not any(m.length and m.end <= acked for m in large):
        frames = [move.frame for move in copies]
        numbers: Numbers = {"A": NAMES[side], "B": NAMES[1 - side], "bytes": stuck[0].length, "n": len(copies) - 1}
        yield finding("path.mtu_blackhole", "middle", frames, numbers)


def _selective(seen: Seen, side: int, *, small: bool) -> bool:
    """Whether the other end reported by SACK that a small segment of this side arrived."""
    for move in seen.halves[1 - side].moves:
        for left, right in move.evidence.sacks:
            length = (right - left) & 0xFFFFFFFF
            if small and 0 < length < limits.FULL_SIZE_BYTES:
                return True
    return False


def _black_hole_received(seen: Seen, side: int) -> Iterator[Finding]:
    """Seen near the receiver: a long hole is never filled, while shorter segments of the same side arrive."""
    half, peer = seen.halves[side], seen.halves[1 - side]
    for move in half.data:
        missing = move.seq - move.own_next
        if missing < limits.LARGE_BYTES or not move.own_next or move.length >= limits.FULL_SIZE_BYTES:
            continue
        filled = any(move.own_next <= later.seq < move.seq for later in half.data if later.index > move.index)
        acked = any(other.ack > move.own_next for other in peer.moves)
        rest = seen.end_ns - move.at_ns
        full = any(one.length >= limits.FULL_SIZE_BYTES for one in half.data)
        if not filled and not acked and rest > limits.BLACK_HOLE_NS and not full and peer.moves:
            numbers: Numbers = {"A": NAMES[side], "B": NAMES[1 - side], "bytes": missing}
            stuck = [other.frame for other in peer.moves if other.index > move.index and other.ack == move.own_next]
            yield finding("path.mtu_blackhole", "middle", [move.frame, *stuck[:3]], numbers, likely=True)
            return


def _one_direction(seen: Seen) -> Iterator[Finding]:
    """One direction was captured, and its ACK numbers go on over bytes of the other that never were."""
    for side, half in enumerate(seen.halves):
        acks = [move for move in half.moves if move.ack]
        if not acks:
            continue
        passed = max(m.ack for m in acks) - min(m.ack for m in acks)
        captured = _captured(seen, 1 - side)
        if passed > 1 and captured <= (1 - limits.ONE_WAY_SHARE) * passed and _advances(acks) >= 2:
            numbers: Numbers = {"A": NAMES[side], "B": NAMES[1 - side], "bytes": passed}
            yield finding("path.asymmetric", NAMES[1 - side], [acks[0].frame, acks[-1].frame], numbers)
            return


def _captured(seen: Seen, side: int) -> int:
    return sum(move.length for move in seen.halves[side].data)


def _advances(acks: list[Move]) -> int:
    return sum(later.ack > earlier.ack for earlier, later in itertools.pairwise(acks))
