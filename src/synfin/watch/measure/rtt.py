"""Round trips of what one end sent, as the tap saw them: from a segment to the first sign that it had arrived.

Karn's algorithm (RFC 6298 section 3): an acknowledgment of something that was sent more than once tells nothing,
unless a timestamp says which of the copies it answers (RFC 7323 section 4). A SACK block is a sign as well, and an
earlier one than the ACK that later covers it (RFC 2018).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from synfin.watch.measure.spread import Spread

MAX_FLIGHT = 4096  #: segments that are waited for at a time; of more the oldest are given up


class Sample(NamedTuple):
    """One round trip."""

    sent_frame: int
    ack_frame: int
    rtt_ns: int
    how: str  #: ack, sack or timestamp


@dataclass(slots=True)
class _Flight:
    """A segment that was sent and not yet acknowledged."""

    first: int
    end: int
    copies: list[tuple[int, int, int | None]]  #: (time_ns, frame, TSval) of each transmission


@dataclass(slots=True)
class RoundTrips:
    """Of one end; `samples` in capture order."""

    samples: list[Sample] = field(default_factory=list)
    spread: Spread = field(default_factory=Spread)
    ambiguous: int = 0  #: acknowledgments that Karn's algorithm forbids to use
    furthest: int = 0  #: unwrapped end of what was sent
    flight: list[_Flight] = field(default_factory=list)

    def send(self, first: int, end: int, now_ns: int, frame: int, timestamp: tuple[int, int] | None) -> None:
        """Note a segment that takes sequence numbers `first` to before `end`."""
        copy = (now_ns, frame, timestamp[0] if timestamp else None)
        if first >= self.furthest:
            self.flight.append(_Flight(first, end, [copy]))
            self.furthest = end
            if len(self.flight) > MAX_FLIGHT:
                del self.flight[0]
            return
        for one in self.flight:
            if one.first < end and first < one.end:
                one.copies.append(copy)
        self.furthest = max(self.furthest, end)

    def acknowledge(
        self, ack: int, blocks: list[tuple[int, int]], now_ns: int, frame: int, timestamp: tuple[int, int] | None
    ) -> None:
        """Note an acknowledgment of all before `ack`, and of `blocks` beyond it."""
        echoed = timestamp[1] if timestamp else None
        covered = [one for one in self.flight if one.end <= ack]
        if covered:
            # the newest of them set off the ACK, or waited least for it
            self._sample(covered[-1], now_ns, frame, echoed, "ack")
        self.flight = [one for one in self.flight if one.end > ack]
        sacked = [one for one in self.flight if any(left <= one.first and one.end <= right for left, right in blocks)]
        if sacked:
            self._sample(sacked[-1], now_ns, frame, None, "sack")
            self.flight = [one for one in self.flight if not any(one is other for other in sacked)]

    def _sample(self, one: _Flight, now_ns: int, frame: int, echoed: int | None, how: str) -> None:
        sent_ns, sent_frame, _ = one.copies[0]
        if len(one.copies) > 1:
            answered = [copy for copy in one.copies if copy[2] is not None and copy[2] == echoed]
            if len(answered) != 1:
                self.ambiguous += 1
                return
            (sent_ns, sent_frame, _), how = answered[0], "timestamp"
        self.samples.append(Sample(sent_frame, frame, now_ns - sent_ns, how))
        self.spread.add(now_ns - sent_ns)

    def to_dict(self) -> dict[str, Any]:
        hows = Counter(sample.how for sample in self.samples)
        return self.spread.to_dict("ns") | {
            "by_ack": hows["ack"],
            "by_sack": hows["sack"],
            "by_timestamp": hows["timestamp"],
            "ambiguous": self.ambiguous,
        }
