"""One connection whose bytes are followed: what was spoken before, and what of it belongs together."""

from __future__ import annotations

from dataclasses import dataclass, field

from synfin.dissect.context import Exchange
from synfin.dissect.http_message import REQUEST, RESPONSE, Message, Talk
from synfin.watch.follow.held import Holding
from synfin.wire import seq
from synfin.wire.tcp import SYN, Segment


@dataclass(slots=True)
class Conversation:
    """Messages of both directions; 0 is the side that sent the first segment."""

    first: tuple[bytes, int]  #: the end that sent the first segment
    http: bool
    talk: Talk = field(default_factory=Talk)
    holding: tuple[Holding, Holding] = field(default_factory=lambda: (Holding(), Holding()))
    base: list[int | None] = field(default_factory=lambda: [None, None])
    before: Exchange | None = None
    last: Exchange | None = None

    def position(self, side: int, segment: Segment) -> int:
        """The first byte's place in the direction, without the wrapping of sequence numbers."""
        number = seq.add(segment.seq, 1) if segment.flags & SYN else segment.seq
        base = self.base[side]
        if base is None:
            base = self.base[side] = number + (1 << 40)
        position = base + seq.diff(number, base & 0xFFFFFFFF)
        self.base[side] = max(base, position)
        return position

    def exchange(self, message: Message, segment: Segment) -> Exchange | None:
        """Where a message belongs: a response answers the last request, whatever was asked in between."""
        kind = message.head.kind
        if kind not in (REQUEST, RESPONSE) or message.head.cut:
            return None
        found = self.last
        if kind == REQUEST or found is None or found.response_frame is not None:
            found = self._next_exchange()
        if kind == REQUEST:
            found.request_frame, found.request_ns = segment.frame, segment.time_ns
        else:
            found.response_frame = segment.frame
        if self.before is not None:
            self.before.next_request, self.before.next_response = found.request_frame, found.response_frame
        return found

    def _next_exchange(self) -> Exchange:
        last, found = self.last, Exchange(1)
        self.before, self.last = last, found
        if last is not None:
            found.number = last.number + 1
            found.request_before, found.response_before = last.request_frame, last.response_frame
        return found
