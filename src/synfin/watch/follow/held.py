"""Bytes of one direction that wait for the rest of their message."""

from __future__ import annotations

from bisect import bisect_right, insort
from dataclasses import dataclass, field

from synfin.dissect.context import Part
from synfin.dissect.http_message import ONE_MORE, UNTIL_FIN

MOST_KNOWN = 32  #: messages of a direction that are remembered
MOST_APART = 256  #: pieces behind a gap
FAR = 1 << 30  #: where a message ends that ends with its connection


@dataclass(slots=True)
class Held:
    """A message of which something is missing, or was: positions count in its direction's stream."""

    start: int
    end: int  #: the first position that is not asked for
    first_frame: int
    entire: bool = False  #: the next segment belongs to it as a whole
    last_frame: int = 0
    done_in: int = 0  #: the frame that completed it
    resume: int = 0  #: where the look for its end goes on
    searched: int = 0  #: bytes in which no line ends
    total: int | None = None  #: bytes, once the piece that ends it has been seen
    lost: bool = False  #: too large: nothing more is kept
    data: bytearray = field(default_factory=bytearray)  #: from its start on, without a gap
    parts: list[Part] = field(default_factory=list)
    apart: list[tuple[int, bytes]] = field(default_factory=list)  #: behind a gap: where, and what

    def ask(self, more: int, have: int) -> None:
        """It needs `more` than the bytes up to position `have`."""
        self.entire = more == ONE_MORE
        wanted = {ONE_MORE: 1, UNTIL_FIN: FAR}.get(more, more)
        self.end = max(have, self.end if self.entire else 0) + wanted
        self.total = None

    def add(self, at: int, data: bytes, frame: int, *, ends: bool) -> None:
        """Add what stands `at` bytes behind its start; `ends`: as far as can be known, nothing follows it."""
        if self.lost or self.done_in:
            return
        self.total = at + len(data) if ends and self.total is None else self.total
        self._note_part(at, len(data), frame)
        if at > len(self.data):
            if len(self.apart) < MOST_APART:
                insort(self.apart, (at, data))
            return
        self.data += data[len(self.data) - at :]
        while self.apart and self.apart[0][0] <= len(self.data):
            at, data = self.apart.pop(0)
            self.data += data[len(self.data) - at :]

    def _note_part(self, at: int, size: int, frame: int) -> None:
        last = self.parts[-1] if self.parts else None
        if last is not None and last.frame == frame and last.at + last.size == at:
            self.parts[-1] = last._replace(size=last.size + size)
            return
        overlaps = at < len(self.data) or any(one < at + size and at < one + len(more) for one, more in self.apart)
        insort(self.parts, Part(at, size, frame, overlaps and size > 0))

    @property
    def whole(self) -> bool:
        """Whether all that was asked for is here."""
        return not self.done_in and self.total is not None and len(self.data) >= self.total

    def has_line(self) -> bool:
        """Whether its first line is here; what was searched for the end of that is not searched again."""
        if self.data.find(b"\n", self.searched) >= 0:
            return True
        self.searched = len(self.data)
        return False

    def drop(self) -> None:
        """Forget the bytes."""
        self.data, self.apart, self.parts = bytearray(), [], []

    @property
    def size(self) -> int:
        """Bytes in memory."""
        return len(self.data) + sum(len(data) for _, data in self.apart)


class Holding:
    """The messages of one direction that were not whole when they began, oldest first."""

    __slots__ = ("_known", "_starts", "fin_frame", "until_fin")

    def __init__(self) -> None:
        self._known: dict[int, Held] = {}
        self._starts: list[int] = []
        self.until_fin = False  #: a message that ends with the connection has been seen
        self.fin_frame = 0  #: the FIN that ended it

    def at(self, position: int) -> Held | None:
        """The one that begins there."""
        return self._known.get(position)

    def before(self, position: int) -> Held | None:
        """The last one that begins at or before a position."""
        place = bisect_right(self._starts, position)
        return self._known[self._starts[place - 1]] if place else None

    def begin(self, held: Held) -> Held | None:
        """Keep a new one; the one that is forgotten for it."""
        gone = self._known.get(held.start)
        if gone is None:
            insort(self._starts, held.start)
        self._known[held.start] = held
        if gone is None and len(self._starts) > MOST_KNOWN:
            gone = self._known.pop(self._starts.pop(0))
        return gone

    def all(self) -> list[Held]:
        """Every one that is known."""
        return list(self._known.values())
