"""An end that stopped answering, and probes that ask whether it lives."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from synfin.watch.connections.record import Finding
from synfin.watch.findings import thresholds as limits
from synfin.watch.findings.known import Numbers, finding
from synfin.watch.findings.seen import NAMES, Move, Seen, gaps
from synfin.watch.opinion import Kind
from synfin.wire.tcp import FIN, RST, SYN


def silences(seen: Seen) -> Iterator[Finding]:
    """The findings about an end that does not answer."""
    yield from _peer_silent(seen)
    yield from _keep_alives(seen)


def _peer_silent(seen: Seen) -> Iterator[Finding]:
    """One segment sent again and again with growing gaps, and no sign of the other end since."""
    for side, half in enumerate(seen.halves):
        copies = _last_copies(half.moves)
        if len(copies) <= limits.SILENT_RETRANSMISSIONS or not (seen.opened or seen.midstream):
            continue
        peer = seen.halves[1 - side]
        heard = [move for move in peer.moves if not move.flags & RST]
        if not heard or heard[-1].index > copies[0].index or not _growing(copies):
            continue
        if copies[0].room == 0 or not any(not move.flags & SYN for move in heard):
            continue
        numbers: Numbers = {
            "A": NAMES[side], "B": NAMES[1 - side], "n": len(copies) - 1, "dt": copies[-1].at_ns - copies[0].at_ns,
        }  # fmt: skip
        frames = [heard[-1].frame, *(move.frame for move in copies)]
        idle = copies[0].at_ns - max(move.at_ns for move in seen.moves if move.index < copies[0].index)
        if idle >= limits.FORGOTTEN_IDLE_NS:
            yield finding("idle.middlebox_forgot", "middle", frames, numbers | {"gap": idle}, likely=True)
        yield finding("death.peer_silent", NAMES[1 - side], frames, numbers)


def _last_copies(moves: Sequence[Move]) -> list[Move]:
    """The last piece of data or FIN that was sent, with all its repetitions."""
    sent = [move for move in moves if (move.length or move.flags & FIN) and not move.flags & (SYN | RST)]
    if not sent:
        return []
    return [move for move in sent if move.seq == sent[-1].seq and move.end >= sent[-1].end]


def _growing(copies: Sequence[Move]) -> bool:
    """Whether the gaps grow as a timer that backs off makes them (the first may be a tail loss probe)."""
    waits = gaps(copies)
    low, high = limits.BACKOFF_RATIO
    grown = [low <= after / max(before, 1) <= high for before, after in pairwise(waits[1:])]
    return len(waits) >= 3 and bool(grown) and sum(grown) >= 0.5 * len(grown)


def _keep_alives(seen: Seen) -> Iterator[Finding]:
    """Probes of an idle connection: answered, or not."""
    for side, half in enumerate(seen.halves):
        probes = [move for move in half.moves if move.kind is Kind.KEEP_ALIVE]
        if not probes:
            continue
        heard = [move for move in seen.halves[1 - side].moves if not move.flags & RST]
        unanswered = [move for move in probes if not heard or move.index > heard[-1].index]
        frames = [move.frame for move in probes]
        if len(unanswered) >= 2:
            numbers: Numbers = {"A": NAMES[side], "B": NAMES[1 - side], "n": len(unanswered)}
            yield finding("death.keepalive", NAMES[1 - side], [move.frame for move in unanswered], numbers)
        answered = [move for move in probes if any(other.pure_ack for other in _soon(seen, move))]
        if answered:
            waits = gaps(probes)
            before = [m.at_ns for m in seen.moves if m.index < probes[0].index]
            interval = sorted(waits)[len(waits) // 2] if waits else probes[0].at_ns - max(before, default=0)
            yield finding("idle.keepalive", NAMES[side], frames, {"interval": interval, "n": len(probes)})


def _soon(seen: Seen, probe: Move) -> Iterator[Move]:
    """What the other end sends before the prober speaks again."""
    for move in seen.after(probe):
        if move.side == probe.side:
            return
        yield move
