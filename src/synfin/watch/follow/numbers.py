"""Relative numbers and scaled windows of one stream, by tshark's rules.

Run once along a stream it gives what one pass shows. A second pass starts from where the first ended: relative
numbers then use the final base, and windows before the handshake's end are scaled.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from synfin.watch.follow.announced import Announced
from synfin.wire import seq
from synfin.wire.tcp import ACK, SYN, Segment

UNKNOWN, UNSCALED = -1, -2  #: values of `scale` besides a shift of 0 to 14


@dataclass(slots=True)
class Numbers:
    """What has been learnt of the two directions (index 0 and 1)."""

    base: list[int | None] = field(default_factory=lambda: [None, None])  #: raw number that shows as 0
    scale: list[int] = field(default_factory=lambda: [UNKNOWN, UNKNOWN])

    def opens_again(self, side: int, segment: Segment) -> bool:
        """Whether a SYN (or SYN,ACK) brings another initial number than the one in use."""
        known = self.base[side]
        return known is not None and segment.seq != known

    def learn_base(self, side: int, segment: Segment) -> None:
        if self.base[side] is None:
            self.base[side] = segment.seq if segment.flags & SYN else seq.add(segment.seq, -1)
        if segment.flags & ACK and self.base[1 - side] is None:
            self.base[1 - side] = seq.add(segment.ack, -1)

    def relative(self, side: int, segment: Segment) -> tuple[int, int]:
        """(seq, ack) as shown; without the ACK flag the acknowledgment field is shown as it is."""
        shown = seq.add(segment.seq, -(self.base[side] or 0))
        if not segment.flags & ACK:
            return shown, segment.ack
        return shown, seq.add(segment.ack, -(self.base[1 - side] or 0))

    def window(self, side: int, segment: Segment) -> tuple[int, int | None]:
        """(window in bytes, scale factor): the factor is None on SYN, -1 unknown, -2 not in use."""
        if segment.flags & SYN:
            return segment.window, None
        shift = self.scale[side]
        if shift < 0:
            return segment.window, shift
        return segment.window << shift, 1 << shift

    def learn_scale(self, side: int, segment: Segment, told: Announced) -> None:
        """What the segment's window scale option announces; the lack of one says something if all options are there."""
        if told.shift is not None:
            self.scale[side] = told.shift
        if segment.flags & SYN and not told.cut:
            if self.scale[side] == UNKNOWN:
                self.scale[:] = [UNSCALED, UNSCALED]
            elif segment.flags & ACK and self.scale[1 - side] == UNSCALED:
                self.scale[side] = UNSCALED
