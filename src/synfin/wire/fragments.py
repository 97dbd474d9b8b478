"""IP fragments put together (RFC 791 section 3.2, RFC 8200 section 4.5), bounded in memory and in time.

Where fragments overlap, the bytes that stand first in the datagram's order win, and of two that begin at the same
place the earlier one: what Wireshark shows. Fragments beyond the end that the last one tells are cut.
"""

from __future__ import annotations

from bisect import insort_right
from dataclasses import dataclass, field
from typing import NamedTuple

MAX_WAITING = 1024  #: datagrams that wait for more
MAX_BYTES = 8 << 20  #: of all that wait together, each part with its cost
PART_COST = 216  #: bytes that a part takes beside its data: without them, parts of a byte each would fill a gigabyte
MAX_PARTS = 8192  #: of one datagram: 64 KiB in units of 8 bytes
MAX_AGE_NS = 120_000_000_000  #: RFC 1122 section 3.3.2: between 60 and 120 seconds

Key = tuple[bytes, bytes, int, int, int]  # source, destination, protocol, identification, VLAN


class Part(NamedTuple):
    """One fragment."""

    offset: int
    data: bytes
    frame: int = 0  #: number of the frame that brought it
    at: int = 0  #: offset in that frame of the header that told its place
    tail: bool = False  #: says that it is the last one, and another has said so of another end


class Whole(NamedTuple):
    """A datagram put together."""

    data: bytes
    parts: tuple[Part, ...]  #: by offset, then by arrival


@dataclass(slots=True)
class _Waiting:
    """The parts of one datagram so far."""

    since_ns: int
    parts: list[Part] = field(default_factory=list)  #: by offset, then by arrival
    size: int | None = None  #: of the whole, once a last fragment was seen
    held: int = 0  #: bytes, each part with its cost
    reach: int = 0  #: bytes from the beginning on without a gap
    reached: int = 0  #: how many of `parts` those are

    def add(self, part: Part, last: bool) -> Whole | None:
        if last and self.size is not None and part.offset + len(part.data) != self.size:
            part = part._replace(tail=True)
        insort_right(self.parts, part, key=_offset)
        self.held += len(part.data) + PART_COST
        if last and self.size is None:
            self.size = part.offset + len(part.data)
        if part.offset <= self.reach:
            self._advance(part)
        return None if self.size is None or self.reach < self.size else self._whole(self.size)

    def _advance(self, part: Part) -> None:
        self.reach = max(self.reach, part.offset + len(part.data))
        self.reached += 1
        while self.reached < len(self.parts) and self.parts[self.reached].offset <= self.reach:
            part = self.parts[self.reached]
            self.reach = max(self.reach, part.offset + len(part.data))
            self.reached += 1

    def _whole(self, size: int) -> Whole:
        whole = bytearray()
        for part in self.parts[: self.reached]:
            whole += part.data[max(len(whole) - part.offset, 0) : max(size - part.offset, 0)]
        return Whole(bytes(whole), tuple(self.parts))


def _offset(part: Part) -> int:
    return part.offset


class Reassembler:
    """Takes fragments in capture order; the one that completes a datagram gets it."""

    def __init__(self) -> None:
        self._waiting: dict[Key, _Waiting] = {}  # oldest first
        self.held = 0  #: bytes of all that waits

    def add(self, key: Key, part: Part, *, last: bool, time_ns: int) -> Whole | None:
        """The whole datagram when this part completes it, else None."""
        waiting = self._waiting.get(key)
        if waiting is not None and not 0 <= time_ns - waiting.since_ns <= MAX_AGE_NS:
            self._forget(key)
            waiting = None
        if waiting is None:
            waiting = self._waiting[key] = _Waiting(time_ns)
        before = waiting.held
        whole = waiting.add(part, last)
        self.held += waiting.held - before
        if whole is not None or len(waiting.parts) > MAX_PARTS:
            self._forget(key)
        while self.held > MAX_BYTES or len(self._waiting) > MAX_WAITING:
            self._forget(next(iter(self._waiting)))
        return whole

    def _forget(self, key: Key) -> None:
        self.held -= self._waiting.pop(key).held
