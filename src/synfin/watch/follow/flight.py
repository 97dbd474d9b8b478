"""Segments in flight: what one direction has sent and the other has not acknowledged, by tshark's rules."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from synfin.wire import seq

MAX_IN_FLIGHT = 10_000  #: segments kept of one direction
MAX_BYTES = 2_000_000_000  #: more bytes in flight are not believed


@dataclass(slots=True)
class Values:
    """Numbers that the analysis shows beside its flags; None is not shown."""

    analysed: bool = False  #: there is something to show (`tcp.analysis`)
    acks_frame: int | None = None
    ack_rtt_ns: int | None = None
    partial_ack: bool = False  #: a part of that frame only
    rto_frame: int | None = None
    rto_ns: int | None = None
    duplicate_ack_num: int | None = None
    duplicate_ack_frame: int | None = None
    bytes_in_flight: int | None = None
    push_bytes_sent: int | None = None


@dataclass(slots=True)
class Sent:
    """A segment in flight; its beginning moves where a part was acknowledged."""

    frame: int
    time_ns: int
    seq: int
    end: int


@dataclass(slots=True)
class Flight:
    """The segments of one direction, oldest first."""

    sent: list[Sent] = field(default_factory=list)
    next_frame: int = 0  #: which frame reached the highest number
    next_length: int = 0  #: its payload
    known: bool = True  #: no hole was seen since the other end's last ACK
    blocks: tuple[tuple[int, int], ...] = ()  #: SACK blocks of the last segment that this end sent
    pushed: bool = False  #: the last data segment had PSH
    push_bytes: int = 0  #: since the data segment before with PSH
    _acked: int | None = None  # all of `sent` was held against it
    _base: int | None = None  # that the two extremes were found with
    _lowest: int = 0
    _highest: int = 0

    def add(self, sent: Sent) -> None:
        """One more, where there is room."""
        self.sent.append(sent)
        self._acked = None
        if self._base is not None:
            self._stretch(sent, self._base)

    @property
    def full(self) -> bool:
        return len(self.sent) >= MAX_IN_FLIGHT

    def acknowledge(self, ack: int, partial: bool) -> tuple[Sent | None, bool]:
        """Drop what `ack` covers. (the oldest segment that ends there, False); `partial`: (one that it cuts, True)."""
        if self._acked == ack:
            return None, False
        found: Sent | None = None
        cut = False
        kept: list[Sent] = []
        for sent in reversed(self.sent):
            if sent.end == ack:
                found, cut = sent, False
            elif seq.gt(ack, sent.seq) and seq.le(ack, sent.end):
                if partial:
                    found, cut = Sent(sent.frame, sent.time_ns, sent.seq, sent.end), True
                sent.seq = ack
                kept.append(sent)
                self._base = None
            elif seq.gt(sent.end, ack):
                kept.append(sent)
        if len(kept) < len(self.sent):
            self._base = None
        kept.reverse()
        self.sent, self._acked = kept, ack
        return found, cut

    def extent(self, base: int) -> int:
        """Bytes from the lowest number in flight to the highest, both relative to `base`."""
        if not self.sent:
            return 0
        if self._base != base:
            self._base, self._lowest, self._highest = base, 1 << 32, 0
            for sent in self.sent:
                self._stretch(sent, base)
        return self._highest - self._lowest

    def _stretch(self, sent: Sent, base: int) -> None:
        self._lowest = min(self._lowest, seq.add(sent.seq, -base))
        self._highest = max(self._highest, seq.add(sent.end, -base))

    def push(self, length: int, pushes: bool) -> int:
        """Bytes since the data segment before with PSH, a data segment of `length` bytes included."""
        self.push_bytes = length if self.pushed else self.push_bytes + length
        self.pushed = pushes
        return self.push_bytes

    def contains(self, start: int, end: int) -> bool:
        """Whether one segment in flight holds all these bytes."""
        return any(seq.le(sent.seq, start) and seq.le(end, sent.end) for sent in self.sent)

    def run_from(self, start: int) -> int:
        """The end of the contiguous segments in flight that begin at `start`."""
        for sent in sorted(self.sent, key=lambda one: seq.diff(one.seq, start)):
            if sent.seq == start:
                start = sent.end
        return start

    def oldest(self, at_least: int | None) -> Sent | None:
        """The oldest segment in flight, or of those that begin at `at_least` or later."""
        return next(self._candidates(at_least), None)

    def _candidates(self, at_least: int | None) -> Iterator[Sent]:
        return (sent for sent in self.sent if at_least is None or seq.ge(sent.seq, at_least))
