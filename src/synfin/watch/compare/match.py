"""Two captures of the same traffic: which connection of one is which of the other, and which segment.

Addresses and ports may differ (NAT); initial numbers and timestamps do not, or all of them by the same distance.
"""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from synfin.watch.connections.record import Connection
from synfin.watch.opinion.evidence import read
from synfin.wire.tcp import ACK, FIN, SYN, Segment

_NEEDED = 3  #: segments in common that make two connections without a handshake the same
_SAMPLED = 64  #: of each, to find that out


class Heard(NamedTuple):
    """One connection of one capture."""

    connection: Connection
    segments: Sequence[Segment]

    def from_client(self, segment: Segment) -> bool:
        """Whether its client sent a segment."""
        client = self.connection.client
        return segment.src_port == client.port and (segment.src, segment.src_port) == self.client_end

    @property
    def client_end(self) -> tuple[bytes, int]:
        from ipaddress import ip_address

        return ip_address(self.connection.client.ip).packed, self.connection.client.port


class Both(NamedTuple):
    """The same segment in both captures."""

    first: Segment
    second: Segment


@dataclass(slots=True)
class Matched:
    """One connection in both captures. Directions: 0 what the client sent, 1 what the server sent."""

    first: Heard
    second: Heard
    both: tuple[list[Both], list[Both]] = field(default_factory=lambda: ([], []))
    only_first: tuple[list[Segment], list[Segment]] = field(default_factory=lambda: ([], []))
    only_second: tuple[list[Segment], list[Segment]] = field(default_factory=lambda: ([], []))

    @property
    def translated(self) -> bool:
        """Whether an address or a port differs."""
        return _ends(self.first.connection) != _ends(self.second.connection)


def match(first: Sequence[Heard], second: Sequence[Heard]) -> tuple[list[Matched], list[Heard], list[Heard]]:
    """The connections in both, those in the first alone, those in the second alone."""
    found: list[Matched] = []
    waiting = _Waiting(second)
    alone: list[Heard] = []
    for one in first:
        other = waiting.take(one)
        if other is None:
            alone.append(one)
        else:
            found.append(_segments(one, other))
    return found, alone, waiting.rest()


def _ends(connection: Connection) -> tuple[str, str]:
    return connection.client.endpoint, connection.server.endpoint


class _Waiting:
    """The connections of the second capture that have no partner yet."""

    def __init__(self, heard: Sequence[Heard]) -> None:
        self._left = dict(enumerate(heard))
        self._by_numbers: defaultdict[object, deque[int]] = defaultdict(deque)
        self._by_sample: defaultdict[object, list[int]] = defaultdict(list)
        for place, one in self._left.items():
            if (numbers := _initial(one)) is not None:
                self._by_numbers[numbers].append(place)
            for key in set(_sample(one)):
                self._by_sample[key].append(place)

    def take(self, one: Heard) -> Heard | None:
        """The partner of a connection of the first capture."""
        places = self._by_numbers.get(_initial(one), ())
        place = next((place for place in places if place in self._left), None)
        if place is None:
            place = self._alike(one)
        return None if place is None else self._left.pop(place)

    def _alike(self, one: Heard) -> int | None:
        votes = Counter(
            place for key in set(_sample(one)) for place in self._by_sample.get(key, ()) if place in self._left
        )
        if not votes:
            return None
        place, count = votes.most_common(1)[0]
        few = min(len(set(_sample(one))), len(set(_sample(self._left[place]))))
        if count >= _NEEDED:
            return place
        other = self._left[place]
        alike = _ends(one.connection) == _ends(other.connection) or any(key[-1] for key in _sample(one))
        return place if count >= few and alike else None  # few numbers without a timestamp may be equal by chance

    def rest(self) -> list[Heard]:
        return list(self._left.values())


def _initial(one: Heard) -> tuple[int, int | None, int] | None:
    """The SYN's number and timestamp and the server's port: what a NAT in front of the client leaves alone."""
    for segment in one.segments:
        if segment.flags & (SYN | ACK) == SYN:
            return segment.seq, read(segment).tsval, segment.dst_port
    return None


def _sample(one: Heard) -> Iterator[tuple[int, ...]]:
    """What identifies single segments whatever the addresses."""
    for segment in one.segments[:_SAMPLED]:
        stamp = read(segment).tsval
        if segment.length or segment.flags & (SYN | FIN) or stamp:
            yield segment.seq, segment.ack, segment.length, segment.flags & 0x3F, stamp or 0


def _key(segment: Segment) -> tuple[int, ...]:
    """What no middlebox changes without breaking the connection (the ECN bits may be)."""
    return segment.seq, segment.ack if segment.flags & ACK else 0, segment.length, segment.flags & 0x3F


def _segments(first: Heard, second: Heard) -> Matched:
    """Segments paired by their numbers; copies in order, the ones with the same timestamp first."""
    found = Matched(first, second)
    for direction in (0, 1):
        ours = [one for one in first.segments if first.from_client(one) is (direction == 0)]
        theirs = [one for one in second.segments if second.from_client(one) is (direction == 0)]
        waiting: defaultdict[tuple[int, ...], deque[Segment]] = defaultdict(deque)
        for one in theirs:
            waiting[_key(one)].append(one)
        paired: set[int] = set()
        for one in ours:
            other = _nearest(one, waiting[_key(one)])
            if other is None:
                found.only_first[direction].append(one)
            else:
                paired.add(id(other))
                found.both[direction].append(Both(one, other))
        found.only_second[direction].extend(one for one in theirs if id(one) not in paired)
    return found


def _nearest(one: Segment, copies: deque[Segment]) -> Segment | None:
    """Of several copies the one with the same timestamp and IP ID, else the next."""
    if not copies:
        return None
    stamp = read(one).tsval
    for wanted in ((stamp, one.ip_id), (stamp, None)):
        for copy in copies:
            if read(copy).tsval == wanted[0] and (wanted[1] is None or copy.ip_id == wanted[1]):
                copies.remove(copy)
                return copy
    if stamp is not None:
        return None  # the same numbers, sent at another time: another copy
    return copies.popleft()
