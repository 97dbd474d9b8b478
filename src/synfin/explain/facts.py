"""What a story says in numbers: who closed first, how long it took, which segment reset it. Facts, no words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING, Literal

from synfin.wire.seq import diff, gt
from synfin.wire.tcp import ACK, FIN, RST, SYN

if TYPE_CHECKING:
    from synfin.watch.connections.record import Step, Story

End = Literal["client", "server"]

OPENED = frozenset({"open.normal", "open.tfo", "open.simultaneous"})


@dataclass(frozen=True, slots=True)
class Ending:
    """Who ended the connection and how its last segments hang together."""

    first: End  #: who closed or reset first ({A} of the texts)
    second: End  #: the other end ({B})
    fin: Step | None = None  #: the first FIN of `first`
    fin_acked: Step | None = None  #: the first segment that acknowledges it
    other_fin: Step | None = None  #: the first FIN of `second`
    reset: Step | None = None  #: the first RST
    trigger: Step | None = None  #: the last segment of the other end before that RST


def other(end: End) -> End:
    """The other end."""
    return "server" if end == "client" else "client"


def sender(step: Step) -> End:
    """Which end sent the segment."""
    return "client" if step.from_client else "server"


def ending(story: Story) -> Ending:
    """The ending of a story, as far as there is one."""
    steps, close = story.steps, story.connection.close
    reset = next((step for step in steps if step.segment.has(RST)), None)
    if reset is not None and (close.startswith("close.rst") or close in _BY_RESET):
        first = sender(reset)
    else:
        first = _first_closer(story)
    fin, other_fin = _fin_of(steps, first), _fin_of(steps, other(first))
    acked = _acknowledged(steps, fin) if fin is not None else None
    trigger = _trigger(steps, reset) if reset is not None else None
    return Ending(first, other(first), fin, acked, other_fin, reset, trigger)


def seen_alone(story: Story) -> End | None:
    """The only end whose segments were captured though it acknowledges others; None where that is not so, or unsure.

    Whoever sends into silence repeats one acknowledgment number, unless a handshake went before.
    """
    steps = story.steps
    if not steps or any(step.from_client is not steps[0].from_client for step in steps):
        return None
    said = {step.ack for step in steps if step.ack is not None and not step.segment.has(RST)}
    answers = len(said) > 1 or (bool(said) and steps[0].segment.has(SYN))
    return sender(steps[0]) if answers else None


_BY_RESET = frozenset({"close.abort", "close.keepalive_timeout", "close.never_opened"})


def bytes_after_fin(steps: Sequence[Step], end: Ending) -> int:
    """Payload that the second end sent after the first one's FIN, each byte counted once."""
    if end.fin is None:
        return 0
    start = steps.index(end.fin)
    before, after = _data_of(steps[:start], end.second), _data_of(steps[start:], end.second)
    if not after:
        return 0
    seen = _furthest(map(_data_end, before)) if before else after[0].seq
    return max(diff(_furthest(map(_data_end, after)), seen), 0)


def bytes_undelivered(steps: Sequence[Step], end: Ending) -> int:
    """Payload of the second end that the first one, which had closed, never acknowledged; each byte counted once."""
    return _unacknowledged(steps, end.second)


def bytes_in_flight(steps: Sequence[Step]) -> int:
    """Payload of both ends that nobody has acknowledged in the capture, each byte counted once."""
    return sum(_unacknowledged(steps, end) for end in ("client", "server"))


def count_syns(steps: Sequence[Step]) -> int:
    """How often the client sent its SYN."""
    return sum(1 for step in steps if step.from_client and step.segment.flags & (SYN | ACK) == SYN)


def _first_closer(story: Story) -> End:
    if story.connection.closed_by == "client":
        return "client"
    if story.connection.closed_by == "server":
        return "server"
    fin = next((step for step in story.steps if step.segment.has(FIN)), None)
    if fin is not None:
        return sender(fin)
    last_data = next((step for step in reversed(story.steps) if step.segment.length), None)
    return sender(last_data) if last_data is not None else "client"


def _fin_of(steps: Sequence[Step], end: End) -> Step | None:
    return next((step for step in steps if step.segment.has(FIN) and sender(step) == end), None)


def _acknowledged(steps: Sequence[Step], fin: Step) -> Step | None:
    target = _end(fin)
    later = steps[steps.index(fin) + 1 :]
    return next((s for s in later if s.from_client != fin.from_client and s.ack is not None and s.ack >= target), None)


def _trigger(steps: Sequence[Step], reset: Step) -> Step | None:
    before = steps[: steps.index(reset)]
    return next((step for step in reversed(before) if step.from_client != reset.from_client), None)


def _unacknowledged(steps: Sequence[Step], end: str) -> int:
    data = _data_of(steps, end)
    acks = [step.ack for step in steps if sender(step) != end and step.ack is not None]
    taken = _furthest(acks) if acks else data[0].seq if data else 0
    missing = max((diff(_data_end(step), taken) for step in data), default=0)
    return min(max(missing, 0), sum(step.segment.length for step in data))


def _data_of(steps: Sequence[Step], end: str) -> list[Step]:
    """The segments with data of one end; a reset's text is none."""
    return [step for step in steps if sender(step) == end and step.segment.length and not step.segment.has(RST)]


def _furthest(numbers: Iterable[int]) -> int:
    """The last of some sequence numbers, which may lie around the turn of the sequence space."""
    return reduce(lambda kept, number: number if gt(number, kept) else kept, numbers)


def _data_end(step: Step) -> int:
    """Relative number after the segment's data: a SYN before it counts, a FIN behind it does not."""
    return step.seq + step.segment.length + (step.segment.flags >> 1 & 1)


def _end(step: Step) -> int:
    """Relative number after the segment."""
    return _data_end(step) + (step.segment.flags & FIN)
