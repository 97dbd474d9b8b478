"""What a story says in numbers: who closed first, how long it took, which segment reset it. Facts, no words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from synfin.wire.tcp import ACK, FIN, RST, SYN

if TYPE_CHECKING:
    from synfin.watch.record import Step, Story

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


_BY_RESET = frozenset({"close.abort", "close.keepalive_timeout", "close.never_opened"})


def bytes_after_fin(steps: Sequence[Step], end: Ending) -> int:
    """Payload that the second end sent after the first one's FIN, each byte counted once."""
    if end.fin is None:
        return 0
    start = steps.index(end.fin)
    seen = max((_data_end(step) for step in steps[:start] if sender(step) == end.second), default=0)
    last = max((_data_end(step) for step in steps[start:] if sender(step) == end.second), default=seen)
    return max(last - seen, 0)


def bytes_undelivered(steps: Sequence[Step], end: Ending) -> int:
    """Payload of the second end that the first one, which had closed, never acknowledged; each byte counted once."""
    sent = max((_data_end(step) for step in steps if sender(step) == end.second), default=0)
    taken = max((step.ack for step in steps if sender(step) == end.first and step.ack is not None), default=0)
    return min(max(sent - taken, 0), sum(step.segment.length for step in steps if sender(step) == end.second))


def bytes_unread(steps: Sequence[Step], end: Ending) -> int:
    """Payload that the resetting end had received since it last sent any, when it never sent after it; else 0."""
    if end.reset is None or not end.reset.segment.has(ACK):
        return 0
    total = 0
    for step in steps[: steps.index(end.reset)]:
        if sender(step) == end.second:
            total += step.segment.length
        elif step.segment.length:
            total = 0
    return total


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


def _data_end(step: Step) -> int:
    """Relative number after the segment's data: a SYN before it counts, a FIN behind it does not."""
    return step.seq + step.segment.length + (step.segment.flags >> 1 & 1)


def _end(step: Step) -> int:
    """Relative number after the segment."""
    return _data_end(step) + (step.segment.flags & FIN)
