"""What happened to segments between two places of capture: lost, injected, changed, delayed, reordered, doubled."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from statistics import median

from synfin.watch.compare.clocks import Clocks
from synfin.watch.compare.match import Both, Matched
from synfin.watch.findings import thresholds as limits
from synfin.wire.tcp import ACK, FIN, RST, SYN, Segment, options

_NAMES = {
    2: "tcp.options.mss_val",
    3: "tcp.options.wscale.shift",
    4: "tcp.options.sack_perm",
    8: "tcp.options.timestamp",
}
_HOPS = 1  #: a TTL that differs is what routers do


@dataclass(frozen=True, slots=True)
class Change:
    """A field that is not the same at both places."""

    name: str  #: as Wireshark calls it
    first: str
    second: str
    frames: tuple[int, int]  #: in the first capture and in the second


@dataclass(slots=True)
class Way:
    """One direction of one connection, between the two places."""

    sender: str  #: client or server
    forward: bool | None  #: from the first place to the second; None where nothing tells
    passed: int = 0
    lost: list[Segment] = field(default_factory=list)  #: seen where they came from, not where they go
    injected: list[Segment] = field(default_factory=list)  #: seen only where they go
    missed: list[Segment] = field(default_factory=list)  #: seen at one place, and the ends show that they passed both
    changes: list[Change] = field(default_factory=list)
    delays_ns: list[int] = field(default_factory=list)
    reordered: int = 0

    @property
    def typical_ns(self) -> int | None:
        return round(median(self.delays_ns)) if self.delays_ns else None


def ways(matched: Matched, clocks: Clocks) -> tuple[Way, Way]:
    """Both directions of a connection that is in both captures."""
    found = []
    for direction, sender in enumerate(("client", "server")):
        nearer = clocks.first_is_nearer
        forward = None if nearer is None else nearer is (direction == 0)
        way = Way(sender, forward, len(matched.both[direction]))
        _sort(way, matched, direction)
        for both in matched.both[direction]:
            way.changes += _changes(both)
            if clocks.offset_ns is not None:
                delay = both.second.time_ns - both.first.time_ns - clocks.offset_ns
                way.delays_ns.append(delay if forward in (True, None) else -delay)
        way.reordered = _overtaken(matched.both[direction])
        found.append(way)
    return found[0], found[1]


def _sort(way: Way, matched: Matched, direction: int) -> None:
    """What is in one capture only: lost, injected, or missed by the other capture."""
    before, behind = matched.only_first[direction], matched.only_second[direction]
    if way.forward is False:
        before, behind = behind, before
    answers = [both.first for both in matched.both[1 - direction]]
    copies = {(both.first.seq, both.first.length) for both in matched.both[direction]}
    for segment in before:
        passed = _acknowledged(segment, answers) and (segment.seq, segment.length) not in copies
        (way.missed if passed else way.lost).append(segment)
    for segment in behind:
        forged = bool(segment.flags & RST) or not _acknowledged(segment, answers)
        (way.injected if forged else way.missed).append(segment)


def _acknowledged(segment: Segment, answers: Sequence[Segment]) -> bool:
    """Whether the other end acknowledged all of it: it passed, whatever the capture holds."""
    size = segment.length + bool(segment.flags & SYN) + bool(segment.flags & FIN)
    end = segment.seq + size
    return size > 0 and any(
        answer.flags & ACK and 0 <= ((answer.ack - end) & 0xFFFFFFFF) < 1 << 30 for answer in answers
    )


def _changes(both: Both) -> Iterator[Change]:
    first, second = both
    frames = (first.frame, second.frame)
    if first.window != second.window:
        yield Change("tcp.window_size_value", str(first.window), str(second.window), frames)
    if first.flags & 0xFC0 != second.flags & 0xFC0:
        yield Change("tcp.flags", f"0x{first.flags:03x}", f"0x{second.flags:03x}", frames)
    if first.payload != second.payload and len(first.payload) == len(second.payload):
        yield Change("tcp.payload", f"{len(first.payload)} B", "≠", frames)
    ours, theirs = _options(first), _options(second)
    for kind in sorted(ours.keys() | theirs.keys()):
        if ours.get(kind) != theirs.get(kind):
            name = _NAMES.get(kind, f"tcp.option_kind {kind}")
            yield Change(name, _shown(ours.get(kind)), _shown(theirs.get(kind)), frames)


def _options(segment: Segment) -> dict[int, bytes]:
    return {one.kind: one.data for one in options(segment.options) if one.kind > 1}


def _shown(data: bytes | None) -> str:
    if data is None:
        return "–"
    return str(int.from_bytes(data, "big")) if 0 < len(data) <= 2 else data.hex() or "✓"


def _overtaken(both: Sequence[Both]) -> int:
    """Segments that come later at one place than at the other."""
    there = sorted(range(len(both)), key=lambda place: (both[place].second.time_ns, both[place].second.frame))
    latest = -1
    count = 0
    for place in there:
        count += place < latest
        latest = max(latest, place)
    return count


def slow(way: Way) -> int:
    """How many segments took longer than a retransmission timeout more than usual."""
    usual = way.typical_ns
    return 0 if usual is None else sum(delay - usual >= limits.RTO_MIN_NS for delay in way.delays_ns)
