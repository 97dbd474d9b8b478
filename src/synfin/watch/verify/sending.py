"""Requirements on sending data: RFC 9293 sections 3.7.4, 3.8.1, 3.8.2, 3.8.3 and 3.8.6.2.1."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from synfin.watch.findings import thresholds as limits
from synfin.watch.findings.seen import NAMES, Half, Move, Seen, gaps
from synfin.watch.verify.ruling import Ruling, ruling
from synfin.wire.tcp import ACK, CWR, ECE, PSH, RST, SYN

_INITIAL_SEGMENTS = 10  #: RFC 6928
_R2_NS = 100_000_000_000
_GIVEN_UP = 4  #: repetitions that count as having tried
_ENDLESS = 30  #: more of them without an answer know no end (Linux: 15, tcp_retries2)
_BY_SIGNAL = ("fast", "sack")  #: causes of a retransmission that no timer waits for


def sending_rulings(seen: Seen) -> Iterator[Ruling]:
    for side, half in enumerate(seen.halves):
        yield from _timeout(side, half)
        yield from _initial_flight(seen, side, half)
        yield from _given_up(seen, side, half)
        yield from _small_segments(seen, side, half)
        yield from _same_id(side, half)
    yield from _congestion_marks(seen)


def _copies(half: Half) -> list[list[Move]]:
    """Data that was sent more than once, with all its transmissions; bounded by what was captured."""
    sent: dict[int, list[Move]] = {}
    for move in half.data:
        if not move.probe:
            sent.setdefault(move.seq, []).append(move)
    return [moves for moves in sent.values() if len(moves) > 1 and any(move.again for move in moves)]


def _timeout(side: int, half: Half) -> Iterator[Ruling]:
    """RFC 6298: no retransmission by timeout before 200 ms (Linux) or 1 s; the wait doubles."""
    for moves in _copies(half):
        timed = [move for move in moves if move.cause == "rto"]
        if timed:
            waited = timed[0].at_ns - moves[moves.index(timed[0]) - 1].at_ns if moves.index(timed[0]) else 0
            if waited:
                yield ruling("MUST-18", NAMES[side], waited >= limits.RTO_MIN_NS, [m.frame for m in moves], dt=waited)
        every = gaps(moves)
        hasty = [after for after, move in zip(every[1:], moves[2:], strict=False) if move.cause not in _BY_SIGNAL]
        if hasty and min(hasty) < limits.RTO_MIN_NS:  # a tail loss probe comes once, and before
            yield ruling("MUST-18", NAMES[side], False, [m.frame for m in moves], dt=min(hasty))
        waits = every[1:]
        if len(waits) >= 2:
            grown = all(after >= limits.BACKOFF_RATIO[0] * before for before, after in pairwise(waits))
            yield ruling("MUST-19", NAMES[side], grown, [m.frame for m in moves])
        return


def _initial_flight(seen: Seen, side: int, half: Half) -> Iterator[Ruling]:
    """What leaves before the first acknowledgment of data (RFC 5681, RFC 6928)."""
    mss = seen.halves[1 - side].mss
    if not seen.opened or not half.data or mss is None:
        return
    first = half.data[0]
    acked = next((m for m in seen.answers(first) if m.ack > first.seq), None)
    flight = [m for m in half.data if (acked is None or m.index < acked.index) and not m.again]
    total = sum(move.length for move in flight)
    if total > 2 * mss:
        limit = max(_INITIAL_SEGMENTS * mss, 14_600)
        yield ruling("MUST-19", NAMES[side], total <= limit, [flight[0].frame, flight[-1].frame], bytes=total)


def _given_up(seen: Seen, side: int, half: Half) -> Iterator[Ruling]:
    """R1 and R2: how long one segment was repeated before the sender gave up."""
    last = _copies(half)[-1:] if half.data else []
    for moves in last:
        if len(moves) <= _GIVEN_UP or any(m.ack >= moves[0].end for m in seen.halves[1 - side].moves):
            continue
        tried = moves[-1].at_ns - moves[0].at_ns
        frames = [move.frame for move in moves]
        yield ruling("MUST-20", NAMES[side], len(moves) - 1 <= _ENDLESS, frames, n=len(moves) - 1, dt=tried)
        reset = next((m for m in half.resets if m.index > moves[-1].index), None)
        if reset is not None or seen.connection.close == "close.silent_death":
            end = reset.at_ns - moves[0].at_ns if reset is not None else seen.end_ns - moves[0].at_ns
            yield ruling("SHLD-11", NAMES[side], end >= _R2_NS, frames, dt=end)


def _small_segments(seen: Seen, side: int, half: Half) -> Iterator[Ruling]:
    """Nagle (SHLD-7), the push at the end of a burst (MUST-61) and full-sized segments inside one (SHLD-28)."""
    mss = seen.halves[1 - side].mss
    fresh = [move for move in half.data if not move.again and not move.probe]
    if mss is None or len(fresh) < 2:
        return
    eager = [
        later
        for earlier, later in pairwise(fresh)
        if later.length < mss // 2 and earlier.length < mss // 2 and later.acked < later.seq == earlier.end
    ]
    yield ruling("SHLD-7", NAMES[side], not eager, [eager[0].frame if eager else fresh[-1].frame], n=len(eager))
    ends = [a for a, b in pairwise([*fresh, None]) if a is not None and _ends_burst(seen, a, b)]
    pushed = [move for move in ends if move.flags & PSH]
    if ends:
        frames = [next(m for m in ends if not m.flags & PSH).frame] if len(pushed) < len(ends) else [ends[-1].frame]
        yield ruling("MUST-61", NAMES[side], len(pushed) == len(ends), frames)
    inner = [a for a, b in pairwise(fresh) if not _ends_burst(seen, a, b) and not a.flags & PSH]
    short = [move for move in inner if move.length < mss // 2]
    if inner:
        kept = len(short) <= len(inner) // 10
        yield ruling("SHLD-28", NAMES[side], kept, [(short or inner)[0].frame], n=len(short))
        yield ruling("MUST-38", NAMES[side], kept, [(short or inner)[0].frame], n=len(short))


def _ends_burst(seen: Seen, move: Move, following: Move | None) -> bool:
    """Whether all of it was acknowledged before the sender went on: its buffer was empty."""
    if following is None:
        return True
    return any(m.side != move.side and m.ack >= move.end for m in seen.moves[move.index + 1 : following.index])


def _same_id(side: int, half: Half) -> Iterator[Ruling]:
    for moves in _copies(half):
        first, second = moves[0].segment, moves[1].segment
        if first.ip_id and first.ip_id == second.ip_id:
            yield ruling("MAY-4", NAMES[side], True, [first.frame, second.frame])
            return


def _congestion_marks(seen: Seen) -> Iterator[Ruling]:
    """ECN was offered with ECE and CWR, accepted with ECE alone (RFC 3168 section 6.1.1); ECE is answered by CWR."""
    client, server = seen.halves
    asked = next((move for move in client.syns if move.flags & ECE and move.flags & CWR), None)
    answer = server.syn_acks[0] if server.syn_acks else None
    if asked is None or answer is None:
        return
    kept = not (answer.flags & CWR and answer.flags & ECE)
    yield ruling("SHLD-8", "server", kept, [asked.frame, answer.frame])
    for side, half in enumerate(seen.halves):
        echo = next((m for m in half.moves if m.flags & ECE and not m.flags & (SYN | RST) and m.flags & ACK), None)
        if echo is not None and answer.flags & ECE:
            later = [m for m in seen.halves[1 - side].data if m.index > echo.index]
            if later:
                reduced = next((m for m in later if m.flags & CWR), None)
                yield ruling("MAY-18", NAMES[1 - side], reduced is not None, [echo.frame, (reduced or later[0]).frame])
