"""The stories of some connections of captures: one pass, in which only their frames are taken apart."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from struct import Struct

from synfin._kernels import follow, scan
from synfin._kernels.signs import SIGNS
from synfin.capture.packet import Packet
from synfin.capture.reader import open_capture
from synfin.watch.connections.record import Story
from synfin.watch.connections.records import record
from synfin.watch.engine.compiled import CompiledEngine, raws
from synfin.watch.follow.analysis import flag_names
from synfin.watch.follow.quote import Quote, quote
from synfin.watch.follow.raw import RawConnection
from synfin.watch.story.retell import REMEMBERED
from synfin.watch.story.story import tell
from synfin.watch.story.sums import note_sum
from synfin.wire.frame import dissect
from synfin.wire.tcp import Segment

_ROW, _FACT = Struct(scan.ROW_FORMAT), Struct(follow.FACT_FORMAT)
_WORDS = follow.fact_size() // 4  # of a fact; `conn` is the second
_KIND_TCP, _KIND_QUOTED = 1, 4  # of _kernels/row.pxd
_QUOTED = 0xFFFFFFFF  # `conn` of a row that only quotes
_AT = {name: scan.ROW_FIELDS.index(name) for name in (
    "kind", "time_ns", "offset", "cap_len", "wire_len", "link_type", "interface",
)}  # fmt: skip
_BITS, _RECORD = follow.FACT_FIELDS.index("bits"), follow.FACT_FIELDS.index("record")
_QUOTED_SIGN = 1 << SIGNS.index("quoted")


class CannotPick(Exception):
    """The frames cannot be taken out one by one: the file is compressed, or segments lie in fragments."""


@dataclass(slots=True)
class _Heard:
    """What was noted of a connection so far."""

    segments: list[Segment] = field(default_factory=list)
    bits: list[int] = field(default_factory=list)
    quotes: list[Quote] = field(default_factory=list)
    sums: dict[int, str] = field(default_factory=dict)


def opened(
    paths: Sequence[str], chosen: Mapping[int, RawConnection], earlier: Mapping[int, Collection[int]], end_ns: int
) -> Iterator[Story]:
    """The story of each of the `chosen` connections (by `conn`), in the order in which they end.

    `earlier`: for those whose endpoints had connections before, which; `end_ns` is the captures' latest time. Raises
    CannotPick where `listen` has to do.
    """
    picker = _Picker(chosen, earlier)
    engine = CompiledEngine(sink=picker.take)
    picker.engine = engine
    for path in paths:
        with open_capture(path, first_number=engine.frames + 1) as reader:
            if reader.source.compression or reader.source.descriptor() is None:
                raise CannotPick
            picker.descriptor = os.open(path, os.O_RDONLY)
            try:
                for _ in engine.steps(reader):
                    yield from picker.ended(end_ns)
                yield from picker.ended(end_ns)
            finally:
                os.close(picker.descriptor)
    yield from picker.ended(end_ns, everything=True)


class _Picker:
    """Takes the frames of the chosen connections out of the blocks as they pass by."""

    def __init__(self, chosen: Mapping[int, RawConnection], earlier: Mapping[int, Collection[int]]) -> None:
        self.engine: CompiledEngine | None = None
        self.descriptor = -1
        self._chosen, self._earlier = chosen, earlier
        self._past = {conn: deque[Segment](maxlen=REMEMBERED) for of in earlier.values() for conn in of}
        self._wanted = frozenset(chosen) | frozenset(self._past)
        self._heard: dict[int, _Heard] = {}
        self._number = 1  # of the block's first frame
        self._whole: list[int] = []  # whose last frame was heard
        self._last = {raw.last_frame: conn for conn, raw in chosen.items()}
        self._quotes: list[tuple[int, Quote]] = []  # with the record's place

    def take(self, rows: bytearray, facts: bytearray, count: int) -> None:
        conns = memoryview(facts)[: count * _FACT.size].cast("I")[1::_WORDS].tolist()
        wanted = self._wanted
        for place, conn in enumerate(conns):
            if conn in wanted or conn == _QUOTED:
                self._note(rows, facts, place, conn)
        self._number += count

    def _note(self, rows: bytearray, facts: bytearray, place: int, conn: int) -> None:
        row = _ROW.unpack_from(rows, place * _ROW.size)
        if not row[_AT["kind"]] & _KIND_TCP:
            return  # a fact of zeros
        number, size = self._number + place, row[_AT["cap_len"]]
        data = os.pread(self.descriptor, size, row[_AT["offset"]])
        packet = Packet(
            number, row[_AT["time_ns"]], row[_AT["link_type"]], data, row[_AT["wire_len"]], row[_AT["offset"]],
            row[_AT["interface"]],
        )  # fmt: skip
        frame = dissect(packet)
        fact = _FACT.unpack_from(facts, place * _FACT.size)
        if row[_AT["kind"]] & _KIND_QUOTED:
            said = quote(frame)
            if said is not None:
                self._quotes.append((fact[_RECORD], said))
            return
        if frame.segment is None:
            raise CannotPick
        if conn in self._past:
            self._past[conn].append(frame.segment)
        if conn in self._chosen:
            heard = self._heard.setdefault(conn, _Heard())
            heard.segments.append(frame.segment)
            heard.bits.append(fact[_BITS])
            note_sum(heard.sums, frame)
            if self._last.get(number) == conn:
                self._whole.append(conn)

    def ended(self, end_ns: int, *, everything: bool = False) -> Iterator[Story]:
        """The stories of those that were heard to their last frame; ICMP errors come later, so those wait."""
        self._give_quotes()
        waiting = set(self._quoted_later) if not everything else set()
        for conn in [*self._whole, *(self._heard if everything else ())]:
            if conn in self._heard and conn not in waiting:
                yield self._told(conn, self._heard.pop(conn), end_ns)
        self._whole = [conn for conn in self._whole if conn in waiting]

    @property
    def _quoted_later(self) -> Iterator[int]:
        """Those of which ICMP errors are known to speak: an error may come after the last segment."""
        return (conn for conn in self._whole if self._chosen[conn].signs & _QUOTED_SIGN)

    def _give_quotes(self) -> None:
        assert self.engine is not None
        for place, said in self._quotes:
            for raw in raws(self.engine.tracker.records(place, place + 1)):
                if raw.conn in self._chosen:
                    self._heard.setdefault(raw.conn, _Heard()).quotes.append(said)
        self._quotes.clear()

    def _told(self, conn: int, heard: _Heard, end_ns: int) -> Story:
        past = [segment for one in sorted(self._earlier.get(conn, ())) for segment in self._past[one]]
        return tell(
            heard.segments, record(self._chosen[conn]), [flag_names(bits) for bits in heard.bits],
            capture_end_ns=end_ns, past=past[-REMEMBERED:], quotes=heard.quotes, sums=heard.sums,
        )  # fmt: skip
