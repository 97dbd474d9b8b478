"""What is wrong with the capture itself. These come first: they weaken what the others say."""

from __future__ import annotations

from collections.abc import Iterator

from synfin.watch.connections.record import Finding
from synfin.watch.findings import thresholds as limits
from synfin.watch.findings.known import Numbers, finding
from synfin.watch.findings.seen import NAMES, Move, Seen
from synfin.watch.opinion import Hole
from synfin.wire.tcp import SYN


def witness(seen: Seen) -> Iterator[Finding]:
    """The findings about the capture."""
    yield from _duplicates(seen)
    yield from _merged(seen)
    yield from _missing(seen)
    yield from _sums(seen)


def _duplicates(seen: Seen) -> Iterator[Finding]:
    total = len(seen.moves) + len(seen.copies)
    if len(seen.copies) >= limits.DUPLICATES and len(seen.copies) >= limits.DUPLICATES_SHARE * total:
        frames = [step.segment.frame for step in seen.copies]
        yield finding("capture.duplicates", "", frames, {"n": len(seen.copies)})


def _merged(seen: Seen) -> Iterator[Finding]:
    """Segments longer than the receiver of that direction said it would take."""
    for side, half in enumerate(seen.halves):
        mss = seen.halves[1 - side].mss
        if mss is None:
            continue
        long = [move for move in half.data if move.length > mss and not move.flags & SYN]
        if long:
            numbers: Numbers = {"A": NAMES[side], "n": len(long), "bytes": max(m.length for m in long), "mss": mss}
            yield finding("capture.offload_segments", NAMES[side], [move.frame for move in long], numbers)
            return


def _sums(seen: Seen) -> Iterator[Finding]:
    """Wrong checksums: left to the network card, or wrong on the wire, so that the receiver did not take them."""
    unfinished = [move for move in seen.moves if seen.sums.get(move.frame) == "partial"]
    if unfinished:
        yield finding("capture.checksum_offload", "", [move.frame for move in unfinished], {"n": len(unfinished)})
    senders = {move.side for move in unfinished}  # of one that leaves sums to its card none is told to be wrong
    corrupt = [
        move for move in seen.moves
        if seen.sums.get(move.frame) == "bad" and move.side not in senders and move.end > move.seq
        and _is_rare(seen, move) and _was_dropped(seen, move)
    ]  # fmt: skip
    if corrupt:
        yield finding("capture.bad_checksum", "middle", [move.frame for move in corrupt], {"n": len(corrupt)})


def _is_rare(seen: Seen, bad: Move) -> bool:
    """Whether most checksums of a segment's sender are right: else the capture was altered, or made up."""
    mine = seen.halves[bad.side].moves
    return 2 * sum(seen.sums.get(move.frame) == "bad" for move in mine) < len(mine)


def _was_dropped(seen: Seen, bad: Move) -> bool:
    """Whether its sender sent the same again, with a right checksum, before any of it was acknowledged."""
    for move in seen.after(bad):
        if move.side == bad.side and move.seq < bad.end and bad.seq < move.end:
            return move.frame not in seen.sums
        if move.side != bad.side and move.ack >= bad.end:
            return False
    return False


def _missing(seen: Seen) -> Iterator[Finding]:
    """Bytes that the receiver acknowledged and the capture does not hold."""
    missing, frames = 0, []
    for half in seen.halves:
        for move in half.moves:
            opinion = move.step.opinion
            if opinion is not None and opinion.hole is Hole.CAPTURE_GAP and move.own_next:
                missing += max(move.seq - move.own_next, 0)
                frames.append(move.frame)
    if missing:
        yield finding("capture.missing_segments", "", frames, {"bytes": missing})
