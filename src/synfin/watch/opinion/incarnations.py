"""The incarnations of one pair of endpoints: where a connection ends and the next with the same numbers begins.

A SYN with another initial number begins one. A SYN with the same number is a repetition, unless the connection was in
use and is over: by a RST that its receiver accepts, or by two acknowledged FINs. What comes late belongs where its
numbers and its timestamp fit (PAWS, RFC 7323 section 5): not to the newest incarnation whatever it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from synfin.watch.opinion.evidence import later, read
from synfin.wire import seq
from synfin.wire.tcp import ACK, FIN, RST, SYN, Segment

#: a number farther from all that was seen does not fit (the largest window, RFC 7323 section 2.3)
_FAR = 1 << 30
_SLOWEST_TICK_NS = 1_000_000_000  #: a timestamp clock that stands still for longer is none (RFC 7323 section 5.4)
REMEMBERED = 8  #: incarnations that may still receive late segments


@dataclass(frozen=True, slots=True)
class Incarnation:
    """One connection among those that a pair of endpoints had."""

    first: int  #: index of its first segment
    frames: tuple[int, int]  #: its first frame, and the frame that ended the one before (0: nothing did)
    reason: str  #: incarnation.first, .isn, .after-reset, .after-fin
    certain: bool


@dataclass(slots=True)
class _End:
    """What one end has sent in one incarnation."""

    isn: int | None = None
    nxt: int | None = None
    acked: int | None = None  #: highest acknowledgment by the peer
    fin: int | None = None  #: number after its FIN
    tsval: int | None = None  #: the oldest of its timestamps
    syn_ns: int = 0  #: when its SYN was seen
    works: bool = False  #: it has sent more than SYN and RST

    def fits(self, number: int) -> bool:
        return self.nxt is None or abs(seq.diff(number, self.nxt)) < _FAR


@dataclass(slots=True)
class _Life:
    number: int
    ends: tuple[_End, _End] = field(default_factory=lambda: (_End(), _End()))
    ended: str = ""  #: after-reset or after-fin
    ended_frame: int = 0


class Incarnations:
    """Follows the segments of one pair of endpoints in capture order."""

    def __init__(self) -> None:
        self.found: list[Incarnation] = []
        self._lives: list[_Life] = []
        self._count = 0
        self._first: tuple[bytes, int] | None = None

    def place(self, segment: Segment) -> int:
        """Which incarnation a segment belongs to; the first is 0."""
        here = (segment.src, segment.src_port)
        self._first = self._first or here
        side = int(here != self._first)
        tsval = read(segment).tsval
        life = self._belongs(segment, side, tsval)
        if segment.whole:
            _note(life, segment, side, tsval)
        self._count += 1
        return life.number

    def _belongs(self, segment: Segment, side: int, tsval: int | None) -> _Life:
        if not self._lives:
            return self._begin(segment, "incarnation.first", certain=True)
        newest = self._lives[-1]
        if not segment.whole:
            return newest
        if segment.flags & SYN and not segment.flags & RST:
            return self._of_syn(segment, side, tsval)
        if len(self._lives) > 1 and _stale(newest.ends[side], segment, tsval):
            for life in reversed(self._lives[:-1]):
                if life.ends[side].fits(segment.seq) and not _stale(life.ends[side], segment, tsval):
                    return life
        return newest

    def _of_syn(self, segment: Segment, side: int, tsval: int | None) -> _Life:
        newest = self._lives[-1]
        own = newest.ends[side]
        if own.isn is None and not newest.ended:
            return newest  # the answer, or the other half of a simultaneous open
        if own.isn != segment.seq:
            for life in self._lives[:-1]:
                if life.ends[side].isn == segment.seq and later(tsval, own.tsval) < 0:
                    return life  # a copy of an old SYN, late
            if not segment.flags & ACK:
                return self._begin(segment, "incarnation.isn", certain=True)
        if newest.ended and any(end.works for end in newest.ends):
            if own.isn == segment.seq and own.tsval is not None and tsval == own.tsval:
                if segment.time_ns - own.syn_ns <= _SLOWEST_TICK_NS:
                    return newest  # not a new SYN: the old one with its old timestamp
            return self._begin(segment, f"incarnation.{newest.ended}", certain=later(tsval, own.tsval) >= 0)
        return newest

    def _begin(self, segment: Segment, reason: str, *, certain: bool) -> _Life:
        ended = self._lives[-1].ended_frame if self._lives else 0
        self.found.append(Incarnation(self._count, (segment.frame, ended), reason, certain))
        life = _Life(len(self.found) - 1)
        self._lives = [*self._lives[1 - REMEMBERED :], life]
        return life


def incarnations(segments: Sequence[Segment]) -> list[Incarnation]:
    """The incarnations among the segments of one pair of endpoints."""
    following = Incarnations()
    for segment in segments:
        following.place(segment)
    return following.found


def _stale(end: _End, segment: Segment, tsval: int | None) -> bool:
    """Whether a segment cannot be of that end: made before its SYN, or far from its numbers without a timestamp."""
    if tsval is not None and end.tsval is not None and end.isn is not None:
        return later(tsval, end.tsval) < 0
    return not end.fits(segment.seq) and not segment.flags & RST


def _note(life: _Life, segment: Segment, side: int, tsval: int | None) -> None:
    own, peer = life.ends[side], life.ends[1 - side]
    if segment.flags & RST:
        if not life.ended and _accepted(own, segment):
            life.ended, life.ended_frame = "after-reset", segment.frame
        return
    if segment.flags & SYN:
        own.isn, own.syn_ns = segment.seq, segment.time_ns
    elif segment.flags & ACK:
        own.works = True
    if own.tsval is None or segment.flags & SYN:
        own.tsval = tsval
    end = segment.end & seq.MASK
    if own.nxt is None or seq.gt(end, own.nxt):
        own.nxt = end
    if segment.flags & FIN:
        own.fin = end
    if segment.flags & ACK and (peer.acked is None or seq.gt(segment.ack, peer.acked)):
        peer.acked = segment.ack
    if not life.ended and all(_closed(one) for one in life.ends):
        life.ended, life.ended_frame = "after-fin", segment.frame


def _closed(end: _End) -> bool:
    return end.fin is not None and end.acked is not None and seq.ge(end.acked, end.fin)


def _accepted(own: _End, segment: Segment) -> bool:
    """Whether the peer can have accepted a RST: not left of what it has acknowledged, not far beyond what was sent."""
    if own.nxt is None:
        return True
    left = own.acked if own.acked is not None else own.isn
    if left is not None and seq.lt(segment.seq, seq.add(left, -1)):
        return False
    return seq.diff(segment.seq, own.nxt) < 1 << 16
