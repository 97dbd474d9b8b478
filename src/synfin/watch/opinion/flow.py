"""What one direction of a connection has sent, as the capture shows it, and what its receiver has said about it."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field

from synfin.watch.opinion.evidence import id_distance, later
from synfin.watch.opinion.ranges import Ranges
from synfin.watch.opinion.record import Draft, Hole
from synfin.wire import seq

BASE = 1 << 32  #: unwrapped numbers start here, so that none is ever 0
REMEMBERED = 8192  #: transmissions of one direction
OPEN = 512  #: questions that every acknowledgment is asked about
FEW_IDS = 4  #: so many steps are needed before the order of IP IDs is believed


@dataclass(slots=True)
class Sent:
    """One captured transmission, in unwrapped numbers."""

    draft: Draft
    start: int
    end: int
    time_ns: int
    ip_id: int | None
    tsval: int | None
    first: bool = True  #: the first transmission of these bytes, as far as is known
    needed: bool = False  #: a retransmission after which the receiver went on
    repeated: bool = False  #: sent again later: no sample of the round-trip time (Karn)

    @property
    def frame(self) -> int:
        return self.draft.segment.frame


@dataclass(slots=True)
class Gap:
    """Bytes that the capture has not shown when a segment beyond them came."""

    start: int
    end: int
    draft: Draft  #: of the segment after it
    opened_ns: int
    missing_frame: int = 0  #: an acknowledgment that shows that the receiver lacks them, too


@dataclass(slots=True)
class IpIds:
    """How a host numbers its packets."""

    last: int | None = None
    steps: int = 0
    ascending: int = 0  #: by 1 to 256
    by_one: int = 0

    def note(self, ip_id: int | None) -> int:
        """Take the next packet's ID; how many IDs were left out before it (0 where that says nothing)."""
        if not ip_id:
            return 0
        distance = id_distance(ip_id, self.last)
        if self.last is not None:
            self.steps += 1
            self.ascending += -64 < distance <= 256 and distance != 0
            self.by_one += distance == 1
        if distance > 0 or self.last is None:
            self.last = ip_id
        left_out = distance - 1 if 1 < distance <= 256 else 0
        return left_out if self.strict else 0

    @property
    def ordered(self) -> bool:
        """Whether a larger ID means sent later."""
        return self.steps >= FEW_IDS and self.ascending * 10 >= self.steps * 9

    @property
    def strict(self) -> bool:
        """Whether this connection alone counts these IDs: a step of 1 with every packet."""
        return self.steps >= FEW_IDS and self.by_one * 4 >= self.steps * 3


@dataclass(slots=True)
class Flow:
    """One direction."""

    near: int = 0
    nxt: int = 0  #: highest number captured or acknowledged; 0 before the first
    una: int = 0  #: highest acknowledgment by the receiver; 0 before the first
    una_ns: int = 0
    una_frame: int = 0
    last_ns: int = 0  #: of its last segment
    news_ns: int = 0  #: of its last segment that takes sequence numbers
    window: int = -1  #: raw, the last it advertised
    scale: int | None = None
    missed_frame: int = 0  #: an acknowledgment of bytes that were not captured
    right: int = 0  #: highest number that the receiver's windows ever allowed
    freed_ns: int = 0  #: when the receiver let it go on after its window had been used up
    dup_acks: int = 0  #: by the receiver, for `una`
    same_acks: int = 0  #: those for `una` that no retransmission accounts for yet
    dup_ns: int = 0  #: time of the last of them
    dup_frames: list[int] = field(default_factory=list)
    recovery_end: int = 0  #: retransmissions below it belong to the recovery that is going on
    recovery_cause: str = ""
    unseen: int = 0  #: packets of this host that left an IP ID, but no bytes that are missing
    rtt_min_ns: int = 0  #: capture point to receiver and back
    rtt_samples: int = 0
    seen: Ranges = field(default_factory=Ranges)
    sacked: Ranges = field(default_factory=Ranges)
    ids: IpIds = field(default_factory=IpIds)
    gaps: list[Gap] = field(default_factory=list)
    pending: list[Sent] = field(default_factory=list)  #: retransmissions that the receiver has not reported yet
    copies: list[Sent] = field(default_factory=list)  #: copies of data whose origin is not decided
    unacked: list[Sent] = field(default_factory=list)  #: for the round-trip time
    _order: list[int] = field(default_factory=list)  #: starts of `_firsts`
    _firsts: list[Sent] = field(default_factory=list)  #: first transmissions by sequence number
    _latest: dict[int, Sent] = field(default_factory=dict)  #: last transmission by its first number

    def unwrap(self, raw: int) -> int:
        """The number nearest to the last one; the first number seen is the base."""
        if not self.near:
            self.near = BASE + raw
        return seq.unwrap(raw, self.near)

    def remember(self, sent: Sent) -> None:
        """Keep a transmission for comparison with later ones."""
        self.seen.add(sent.start, sent.end)
        if sent.end > self.nxt:
            self.nxt = self.near = sent.end
        if sent.first:
            at = len(self._order)
            if at and sent.start < self._order[-1]:
                at = bisect_left(self._order, sent.start)
            self._order.insert(at, sent.start)
            self._firsts.insert(at, sent)
        self._latest[sent.start] = sent
        if len(self._order) > REMEMBERED:
            del self._order[: REMEMBERED // 2], self._firsts[: REMEMBERED // 2]
        if len(self._latest) > REMEMBERED:
            for start in list(self._latest)[: REMEMBERED // 2]:
                del self._latest[start]

    def latest(self, start: int) -> Sent | None:
        """The last captured transmission that began there."""
        return self._latest.get(start)

    def neighbour(self, end: int) -> Sent | None:
        """The first transmission of what follows `end`, the nearest that is known."""
        at = bisect_left(self._order, end)
        return self._firsts[at] if at < len(self._firsts) else None

    def holes_filled_by(self, sent: Sent) -> list[Draft]:
        """Segments behind a hole that was taken for a loss because `sent` filled it."""
        after = self.neighbour(sent.end)
        lost = after is not None and after.draft.hole is Hole.NETWORK_LOSS and sent.frame in after.draft.frames
        return [after.draft] if lost and after is not None else []

    def order(self, sent: Sent, other: Sent) -> tuple[int, str, bool]:
        """Whether `sent` left its host after `other` (1) or before it (-1; 0 unknown), by what, and certainly so."""
        by_time = later(sent.tsval, other.tsval)
        if by_time:
            return by_time, "tsval", True
        distance = id_distance(sent.ip_id, other.ip_id)
        if distance and self.ids.ordered:
            return (1 if distance > 0 else -1), "id", True
        if distance and not self.ids.steps >= FEW_IDS and abs(distance) < 64:
            return (1 if distance > 0 else -1), "id", False
        return 0, "", False

    @property
    def recovering(self) -> bool:
        return self.una < self.recovery_end
