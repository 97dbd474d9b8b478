"""What the way between both ends does: sizes that do not fit, directions that the capture lacks."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from synfin.watch.connections.record import Finding
from synfin.watch.findings import thresholds as limits
from synfin.watch.findings.known import Numbers, finding
from synfin.watch.findings.seen import NAMES, Seen


def paths(seen: Seen) -> Iterator[Finding]:
    """The findings about the path."""
    for side in range(2):
        yield from _black_hole_sent(seen, side)
        yield from _black_hole_received(seen, side)
    yield from _announced(seen)
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


def _announced(seen: Seen) -> Iterator[Finding]:
    """A router announced a smaller MTU, and the sender's next segments fit it."""
    for said in (one for one in seen.quotes if one.too_big):
        for side, half in enumerate(seen.halves):
            mine = [move for move in half.moves if (move.segment.src, move.segment.src_port) == said.src]
            after = [move for move in mine if move.segment.time_ns > said.time_ns and move.length]
            before = [move for move in mine if move.segment.time_ns <= said.time_ns and move.length]
            if not after or not before:
                continue
            largest = max(move.length for move in before)
            if max(move.length for move in after) < largest:
                numbers: Numbers = {"A": NAMES[side], "mtu": said.mtu or 0, "router": said.router}
                yield finding("path.pmtu_icmp", NAMES[side], [before[-1].frame, said.frame, after[0].frame], numbers)
                return


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
    if seen.connection.client.endpoint == seen.connection.server.endpoint:
        return  # one socket at both ends
    for side, half in enumerate(seen.halves):
        acks = [move for move in half.moves if move.ack]
        steps = sorted(later.ack - earlier.ack for earlier, later in pairwise(acks) if later.ack > earlier.ack)
        passed = sum(steps[:-1])  # one jump may be an ACK of something else: forged, or of another connection
        other = seen.halves[1 - side]
        captured = other.payload + len(other.syns) + len(other.syn_acks) + len(other.fins)  # each takes a number
        if len(steps) > 1 and captured <= (1 - limits.ONE_WAY_SHARE) * passed:
            frames, missing = [acks[0].frame, acks[-1].frame], passed + steps[-1]
            if not seen.halves[1 - side].moves:
                numbers: Numbers = {"A": NAMES[side], "B": NAMES[1 - side], "bytes": missing}
                yield finding("path.asymmetric", NAMES[1 - side], frames, numbers)
            elif not any(move.step.opinion and move.step.opinion.hole for move in seen.moves):
                yield finding("capture.missing_segments", "", frames, {"bytes": missing - captured})
            return
