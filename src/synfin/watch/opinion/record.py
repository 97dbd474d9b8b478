"""What the second opinion says of a segment. It stands beside tshark's flags and never replaces them."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from synfin.wire.tcp import Segment


class Kind(StrEnum):
    """What a segment is: exactly one of these."""

    NEW = "new"  #: brings sequence numbers that its sender had not sent before
    ACKNOWLEDGMENT = "acknowledgment"  #: no data, acknowledges (or updates the window)
    DUPLICATE_ACK = "duplicate-ack"  #: answers data that came out of order or twice (RFC 5681 section 2)
    RETRANSMISSION = "retransmission"
    SPURIOUS = "spurious-retransmission"  #: a retransmission of what had arrived, or was about to
    REORDERED = "reordered"  #: sent in order, overtaken on the way
    CAPTURE_DUPLICATE = "capture-duplicate"  #: one packet, captured twice
    NETWORK_DUPLICATE = "network-duplicate"  #: one packet, delivered twice
    KEEP_ALIVE = "keep-alive"
    ZERO_WINDOW_PROBE = "zero-window-probe"
    RESET = "reset"
    RESET_OUTSIDE = "reset-outside-window"  #: its receiver must ignore it (RFC 9293 section 3.10.7.4)
    UNREADABLE = "unreadable"  #: the header does not make sense


class Hole(StrEnum):
    """Why the bytes before a segment are missing in the capture."""

    CAPTURE_GAP = "capture-gap"  #: they passed, the capture missed them
    NETWORK_LOSS = "network-loss"  #: they were lost before they reached the point of capture
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True)
class Opinion:
    """A judgement on one segment, with its reason and its evidence."""

    frame: int
    kind: Kind
    reason: str  #: id of the sentence in the catalogue: opinion.later-id ...
    certain: bool  #: False: likely
    frames: tuple[int, ...] = ()  #: evidence besides the segment itself
    cause: str = ""  #: of a retransmission, where evident: rto, fast or tlp
    hole: Hole | None = None  #: bytes are missing directly before this segment
    hole_reason: str = ""
    hole_certain: bool = False
    incarnation: int = 0  #: of the connections that its two endpoints had, which one it belongs to
    began: str = ""  #: where it begins that connection, why: incarnation.isn ...
    late: bool = False  #: it belongs to an earlier connection than the one that it is shown in


@dataclass(slots=True)
class Draft:
    """An opinion that later segments may still change."""

    segment: Segment
    kind: Kind
    reason: str
    certain: bool = True
    frames: list[int] = field(default_factory=list)
    cause: str = ""
    hole: Hole | None = None
    hole_reason: str = ""
    hole_certain: bool = False

    def turn(self, kind: Kind, reason: str, *frames: int, certain: bool = True) -> None:
        """Judge anew."""
        self.kind, self.reason, self.certain = kind, reason, certain
        self.frames = [*self.frames, *(frame for frame in frames if frame not in self.frames)]

    def turn_hole(self, hole: Hole | None, reason: str, *frames: int, certain: bool = True) -> None:
        """Judge the missing bytes before the segment anew."""
        self.hole, self.hole_reason, self.hole_certain = hole, reason, certain
        self.frames = [*self.frames, *(frame for frame in frames if frame not in self.frames)]

    def final(self) -> Opinion:
        return Opinion(
            self.segment.frame, self.kind, self.reason, self.certain, tuple(self.frames), self.cause, self.hole,
            self.hole_reason, self.hole_certain,
        )  # fmt: skip
