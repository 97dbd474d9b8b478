"""What is heard of chosen connections while captures go by, until each can be told."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from synfin._kernels.signs import SIGNS
from synfin.watch.connections.record import Story
from synfin.watch.connections.records import record
from synfin.watch.follow.analysis import flag_names
from synfin.watch.follow.quote import Quote, quote
from synfin.watch.follow.raw import RawConnection
from synfin.watch.story.retell import REMEMBERED
from synfin.watch.story.story import tell
from synfin.watch.story.sums import note_sum
from synfin.wire.frame import Frame
from synfin.wire.tcp import Segment

_QUOTED_SIGN = 1 << SIGNS.index("quoted")
_QUOTES = 1_000  # of each connection
_PAST = 1 << 16  # segments of earlier connections of all


@dataclass(slots=True)
class _Heard:
    """What was noted of a connection so far."""

    segments: list[Segment] = field(default_factory=list)
    bits: list[int] = field(default_factory=list)
    quotes: list[Quote] = field(default_factory=list)
    sums: dict[int, str] = field(default_factory=dict)


_Past = deque[tuple[int, Segment]]  # with the `conn` that it belongs to


class Gatherer:
    """Keeps the segments of the `chosen` connections (by `conn`) and tells each when its last one was heard.

    `earlier`: for those whose endpoints had connections before, which; `end_ns` is the captures' latest time.
    """

    def __init__(
        self, chosen: Mapping[int, RawConnection], earlier: Mapping[int, Collection[int]], end_ns: int
    ) -> None:
        self._chosen, self._earlier, self._end_ns = chosen, earlier, end_ns
        of_ends: dict[frozenset[tuple[bytes, int]], _Past] = {}
        self._past: dict[int, _Past] = {}  # by the `conn` of what came before
        for conn, before in earlier.items():
            past = of_ends.setdefault(chosen[conn].endpoints, deque(maxlen=REMEMBERED))
            self._past.update(dict.fromkeys(before, past))
        self._remembered = 0
        self.wanted = frozenset(chosen) | frozenset(self._past)  #: whose segments are to be noted
        self._heard: dict[int, _Heard] = {}
        self._whole: list[int] = []  # whose last segment was heard, and no ICMP error can come about them

    def note(self, conn: int, bits: int, frame: Frame) -> None:
        """A segment of one of the `wanted`, with its analysis bits."""
        if frame.segment is None:
            return
        if conn in self._past:
            self._remember(self._past[conn], conn, frame.segment)
        raw = self._chosen.get(conn)
        if raw is None:
            return
        heard = self._heard.setdefault(conn, _Heard())
        heard.segments.append(frame.segment)
        heard.bits.append(bits)
        note_sum(heard.sums, frame)
        if frame.packet.number == raw.last_frame and not raw.signs & _QUOTED_SIGN:
            self._whole.append(conn)

    def note_error(self, conn: int, frame: Frame) -> None:
        """An ICMP error about a connection."""
        said = quote(frame) if conn in self._chosen else None
        if said is not None:
            quotes = self._heard.setdefault(conn, _Heard()).quotes
            if len(quotes) < _QUOTES:
                quotes.append(said)

    def _remember(self, past: _Past, conn: int, segment: Segment) -> None:
        if self._remembered < _PAST:
            self._remembered += len(past) < REMEMBERED
        elif past:
            past.popleft()
        else:
            return
        past.append((conn, segment))

    def told(self, *, everything: bool = False) -> Iterator[Story]:
        """The stories of those that were heard to their last segment; at the end of `everything`, of all others."""
        conns = [*self._whole, *(self._heard if everything else ())]
        self._whole.clear()
        for conn in conns:
            if conn in self._heard:
                yield self._tell(conn, self._heard.pop(conn))

    def _tell(self, conn: int, heard: _Heard) -> Story:
        before = self._earlier.get(conn, ())
        known = [one for one in self._past[min(before)] if one[0] in before] if before else []
        past = [segment for _, segment in sorted(known, key=lambda one: one[0])]
        return tell(
            heard.segments, record(self._chosen[conn]), [flag_names(bits) for bits in heard.bits],
            capture_end_ns=self._end_ns, past=past, quotes=heard.quotes, sums=heard.sums,
        )  # fmt: skip
