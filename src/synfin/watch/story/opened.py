"""The stories of some connections of captures: one pass, in which only their frames are taken apart."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import partial
from struct import Struct
from typing import Any

from synfin._kernels import follow, scan
from synfin.capture.packet import Packet
from synfin.capture.reader import open_capture
from synfin.watch.connections.record import Story
from synfin.watch.engine.compiled import BLOCK, CompiledEngine, raws
from synfin.watch.engine.engine import KEEP_ALL, Limits
from synfin.watch.follow.raw import RawConnection
from synfin.watch.story.gather import Gatherer
from synfin.wire.frame import Frame, dissect

_ROW, _FACT = Struct(scan.ROW_FORMAT), Struct(follow.FACT_FORMAT)
_WORDS = follow.fact_size() // 4  # of a fact; `conn` is the second
_KIND_TCP, _KIND_QUOTED = 1, 4  # of _kernels/row.pxd
_QUOTED = 0xFFFFFFFF  # `conn` of a row that only quotes
_AT = {name: scan.ROW_FIELDS.index(name) for name in (
    "kind", "time_ns", "offset", "cap_len", "wire_len", "link_type", "interface",
)}  # fmt: skip
_BITS, _RECORD = follow.FACT_FIELDS.index("bits"), follow.FACT_FIELDS.index("record")

_Row = tuple[Any, ...]


class _CannotPickError(Exception):
    """The frames cannot be taken out one by one: the file is compressed, or segments lie in fragments."""


def opened(
    paths: Sequence[str],
    chosen: Mapping[int, RawConnection],
    earlier: Mapping[int, Collection[int]],
    end_ns: int,
    limits: Limits = KEEP_ALL,
) -> Iterator[Story]:
    """The story of each of the `chosen` connections (by `conn`), in the order in which they end.

    `earlier`: for those whose endpoints had connections before, which; `end_ns` is the captures' latest time;
    `limits` are those with which the connections were followed before: so they get the same numbers.
    """
    told: set[int] = set()
    for way in (_by_blocks, _by_packets):
        try:
            for story in way(paths, Gatherer(chosen, earlier, end_ns), limits):
                if story.connection.conn not in told:
                    told.add(story.connection.conn)
                    yield story
        except _CannotPickError:
            continue
        return


def _by_blocks(paths: Sequence[str], gatherer: Gatherer, limits: Limits) -> Iterator[Story]:
    """The quick way: the kernels say where the frames lie in the files."""
    picker = _Picker(gatherer, limits)
    for path in paths:
        with open_capture(path, first_number=picker.engine.frames + 1) as reader:
            if reader.source.compression or reader.source.descriptor() is None:
                raise _CannotPickError
            descriptor = os.open(path, os.O_RDONLY)
            picker.frame_of = partial(_read, descriptor)
            try:
                for _ in picker.engine.steps(reader):
                    yield from picker.told()
            finally:
                os.close(descriptor)
    yield from picker.told(everything=True)


def _read(descriptor: int, row: _Row, number: int) -> Frame:
    offset = row[_AT["offset"]]
    data = os.pread(descriptor, row[_AT["cap_len"]], offset)
    packet = Packet(
        number, row[_AT["time_ns"]], row[_AT["link_type"]], data, row[_AT["wire_len"]], offset, row[_AT["interface"]]
    )
    frame = dissect(packet)
    if frame.segment is None and not row[_AT["kind"]] & _KIND_QUOTED:
        raise _CannotPickError
    return frame


def _by_packets(paths: Sequence[str], gatherer: Gatherer, limits: Limits) -> Iterator[Story]:
    """The long way, for whatever the quick one cannot pick: packet by packet."""
    picker = _Picker(gatherer, limits)
    for path in paths:
        with open_capture(path, first_number=picker.engine.frames + 1) as reader:
            for packet in reader:
                picker.see(packet)
                if packet.number % BLOCK == 0:
                    yield from picker.told()
    yield from picker.told(everything=True)


class _Picker:
    """Takes the frames that are wanted out of the blocks as they pass by; `frame_of` has them."""

    def __init__(self, gatherer: Gatherer, limits: Limits) -> None:
        self.engine = CompiledEngine(sink=self._take, limits=limits)
        self.frame_of: Callable[[_Row, int], Frame]
        self._gatherer = gatherer
        self._number = 1  # of the block's first frame
        self._errors: list[tuple[int, Frame]] = []  # ICMP's, with the record's place

    def see(self, packet: Packet) -> None:
        """Take one packet, if it is wanted."""
        self.frame_of = lambda row, number: self.engine.last or dissect(packet)
        self.engine.see(packet)

    def _take(self, rows: bytearray, facts: bytearray, count: int) -> None:
        conns = memoryview(facts)[: count * _FACT.size].cast("I")[1::_WORDS].tolist()
        wanted = self._gatherer.wanted
        for place, conn in enumerate(conns):
            if conn in wanted or conn == _QUOTED:
                self._note(rows, facts, place, conn)
        self._number += count

    def _note(self, rows: bytearray, facts: bytearray, place: int, conn: int) -> None:
        row = _ROW.unpack_from(rows, place * _ROW.size)
        if not row[_AT["kind"]] & _KIND_TCP:
            return  # a fact of zeros
        frame = self.frame_of(row, self._number + place)
        fact = _FACT.unpack_from(facts, place * _FACT.size)
        if row[_AT["kind"]] & _KIND_QUOTED:
            self._errors.append((fact[_RECORD], frame))
        else:
            self._gatherer.note(conn, fact[_BITS], frame)

    def told(self, *, everything: bool = False) -> Iterator[Story]:
        """The stories that are complete by now; what has left the engine's memory is let go."""
        for place, frame in self._errors:
            for raw in raws(self.engine.tracker.records(place, place + 1)):
                self._gatherer.note_error(raw.conn, frame)
        self._errors.clear()
        yield from self._gatherer.told(everything=everything)
        for _ in self.engine.drain():
            pass
