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
        again = [move for move in _but_probes(seen, side, again) if not _taken_in_part(seen, move)]
        early = _answered_early(seen, side, [m for m in again if m.kind is Kind.RETRANSMISSION and m.cause == "rto"])
        for cause, name in _CAUSES.items():
            yield from _caused(
                seen, side, name,
                [m for m in again if m.cause == cause and m.kind is Kind.RETRANSMISSION and m not in early],
                hasty=cause == "rto" and bool(early),
            )  # fmt: skip
        yield from _spurious(side, [move for move in again if move.kind is Kind.SPURIOUS or move in early])
        yield from _storm(side, seen.halves[side].data)
        yield from _reordered(side, [move for move in seen.halves[side].moves if move.kind is Kind.REORDERED])


def _caused(seen: Seen, side: int, name: str, moves: Sequence[Move], *, hasty: bool = False) -> Iterator[Finding]:
    """Retransmissions of one cause; a sender whose timer is known to be hasty need not have lost anything."""
    waits = [(seen_wait, move) for move in moves if (seen_wait := _waited(seen, move)) is not None]
    if name == "loss.rto":
        waits = [(wait, move) for wait, move in waits if wait >= limits.RTO_MIN_NS]
    if not waits:
        return
    longest = max(waits, key=lambda pair: pair[0])
    numbers: Numbers = {"A": NAMES[side], "n": len(waits), "dt": longest[0]}
    frames = [move.frame for _, move in waits]
    yield finding(name, NAMES[side], frames, numbers, likely=hasty, severity="note" if hasty else "")


def _but_probes(seen: Seen, side: int, again: list[Move]) -> list[Move]:
    """Without those whose byte had only been sent as a probe into a closed window, which need not take it."""
    data = seen.halves[side].data
    probed = {move.seq for move in data if move.room == 0 and move.length == 1}
    first: dict[int, int] = {}  # transmission that was no probe
    for move in data if probed else ():
        if move.room != 0 or move.length > 1:
            first.setdefault(move.seq, move.index)
    return [move for move in again if move.seq not in probed or first.get(move.seq, move.index) < move.index]


def _taken_in_part(seen: Seen, again: Move) -> bool:
    """Whether the other end had acknowledged some of the segment: it came, and the rest was refused, not lost."""
    mss = seen.halves[1 - again.side].mss or 536
    start = again.acked
    return any(
        m.seq < start < m.end and m.length <= mss and start == again.seq
        for m in seen.halves[again.side].fins
        if m.index < again.index
    )


def _answered_early(seen: Seen, side: int, again: Sequence[Move]) -> list[Move]:
    """Those whose acknowledgment came sooner than any round trip: it was the original's (RFC 3522, by the clock).

    The quickest one may have been delayed by the receiver, as that of a repetition is not.
    """
    if not again:
        return []
    quickest = min(_answer_times(seen, side), default=0)
    latest = quickest - limits.DELAYED_ACK_MAX_NS
    found = []
    for move in again:
        answer = next((m for m in seen.answers(move) if m.ack >= move.end), None)
        if answer is not None and answer.at_ns - move.at_ns < min(limits.EARLY_SHARE * quickest, latest):
            found.append(move)
    return found


def _answer_times(seen: Seen, side: int) -> Iterator[int]:
    """How long the first acknowledgment of segments took that were sent once."""
    sent = Counter(move.seq for move in seen.halves[side].data)
    once = [move for move in seen.halves[side].data if sent[move.seq] == 1 and move.kind is Kind.NEW]
    for move in once[: limits.ROUND_TRIPS_TAKEN]:
        answer = next((m for m in seen.answers(move) if m.ack >= move.end), None)
        if answer is not None:
            yield answer.at_ns - move.at_ns


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
        numbers: Numbers = {"A": NAMES[side], "n": len(moves)}
        yield finding("loss.spurious_retransmission", NAMES[side], frames + evidence, numbers, likely=not certain)


def _storm(side: int, data: Sequence[Move]) -> Iterator[Finding]:
    """Many of the segments within some seconds were repetitions, or one was sent again and again."""
    data = [move for move in data if not move.probe]
    if not any(move.again for move in data):
        return
    copies = Counter(move.seq for move in data)
    first, most = copies.most_common(1)[0]
    if most >= limits.STORM_COPIES:
        frames = [move.frame for move in data if move.seq == first]
        numbers: Numbers = {"A": NAMES[side], "pct": _percent(sum(m.again for m in data), len(data)), "n": most}
        numbers["case"] = "one"
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
            yield finding(
                "loss.retransmission_storm", "middle", frames, {"A": NAMES[side], "pct": _percent(again, len(window))}
            )
            return


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.0f} %"


def _reordered(side: int, moves: Sequence[Move]) -> Iterator[Finding]:
    moves = [move for move in moves if move.length or move.flags & FIN]
    if moves:
        yield finding("path.reordering", "middle", [move.frame for move in moves], {"A": NAMES[side], "n": len(moves)})
