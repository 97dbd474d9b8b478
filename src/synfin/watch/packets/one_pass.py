"""The packet table as an Arrow file by reading the input once.

Most columns of a row are known when it is read. The others (what a second pass would show) hang on the end of its
connection. Until the end of the input their place in the file holds what that needs, 32 bytes a row; then the file's
batches are gone through once more, and the capture is not read again.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from struct import Struct
from typing import TYPE_CHECKING, NamedTuple

from synfin._kernels import columns, follow, names, scan
from synfin.capture.arrow_file import ArrowWriter, Later, Unfinished
from synfin.capture.columns import Named, Packed, Texts
from synfin.capture.table import ROWS_IN_PASSING, Part, Values
from synfin.dissect.context import Facts
from synfin.watch.connections.told_records import records
from synfin.watch.packets.blocks import ROWS, Around, Blocks
from synfin.watch.packets.column_fields import Needs
from synfin.watch.packets.packet_blocks import PLACES
from synfin.watch.packets.packet_rows import cells_of, octets_of
from synfin.watch.packets.packet_table import COLUMNS
from synfin.watch.packets.told import Numbers, Told, fill

if TYPE_CHECKING:
    from synfin.wire.frame import Frame

MOST_KEPT = 4096  #: frames that wait for the end of the input because the kernels do not know them

_NEEDS = Needs.FOLLOWING | Needs.VALUES | Needs.DATAGRAMS
_LATE = frozenset(name for name, _, late in columns.COLUMNS if late)
_FACT, _VALUE = Struct(follow.FACT_FORMAT), Struct(follow.VALUE_FORMAT)
_NOTE = columns.note_size()


class _Kept(NamedTuple):
    """A frame that the kernels do not know, with what they say of its header."""

    frame: Frame
    fact: Numbers
    value: Numbers
    quoted: bool


class _Batch(NamedTuple):
    """A batch that waits for the end of the input."""

    length: int
    first: int  #: number of its first row, from 0
    written: Unfinished


def write_once(paths: Sequence[str], descriptor: int, around: Around | None = None) -> bool:
    """Write the captures, read as one input, into an empty file; False where that takes two passes after all."""
    writing = _Writing(paths, descriptor, around)
    if not writing.read():
        return False
    writing.complete()
    return True


class _Writing:
    def __init__(self, paths: Sequence[str], descriptor: int, around: Around | None = None) -> None:
        self._blocks = Blocks(paths, _NEEDS, around=around)
        self._told = Told(self._blocks)
        self._writer = ArrowWriter(descriptor, COLUMNS)
        self._names = names.Names(int.from_bytes(os.urandom(8), "little"))
        self._columns = columns.Columns(ROWS_IN_PASSING, self._names, True, False)
        self._memory = memoryview(bytearray(self._columns.memory_size()))
        self._notes = bytearray(ROWS_IN_PASSING * _NOTE)
        self._late = columns.Columns(ROWS_IN_PASSING, self._names, False, True)
        self._batches: list[_Batch] = []
        self._kept: dict[int, _Kept] = {}  # by row, from 0

    def read(self) -> bool:
        """The first pass; False where too many frames are none that the kernels know."""
        self._columns.begin(self._memory)
        for block in self._blocks:
            at = 0
            unsure = block.view.unsure()
            while at < block.count:
                before, start = len(self._columns), at
                at = min(block.count, start + ROWS_IN_PASSING - before)
                self._columns.fill(block.view, start, at, notes=self._notes)
                for index in unsure:
                    if start <= index < at:
                        self._take(index, before + index - start)
                if len(self._columns) == ROWS_IN_PASSING:
                    self._put_out()
            if len(self._kept) > MOST_KEPT:
                return False
        if len(self._columns):
            self._put_out()
        return True

    def complete(self) -> None:
        """What is known now that the whole input is."""
        tracker = self._blocks.tracker
        assert tracker is not None
        recalling = _Recalling(tracker, self._kept)
        for batch in self._batches:
            notes = memoryview(self._writer.read_notes(batch.written, batch.length * _NOTE))
            late = self._late_columns(batch.length)
            memory = bytearray(late.memory_size())
            late.begin(memory)
            recalling.fill(late, notes, batch)
            unknown = late.end()
            nodes = [
                (number, unknown[PLACES[column.name] - len(columns.COLUMNS) + len(unknown)])
                for number, column in enumerate(COLUMNS)
                if column.name in _LATE
            ]
            self._writer.complete(batch.written, batch.length, nodes, memory)
        self._writer.finish()

    def _take(self, index: int, row: int) -> None:
        """A frame that the kernels do not know."""
        frame, facts = self._told.row(index)
        for column, value in zip(COLUMNS, cells_of(frame, facts), strict=True):
            if column.name not in _LATE:
                known = octets_of(value) if column.kind == "address" else value
                self._columns.put(PLACES[column.name], row, known)
        segment = frame.segment or frame.quoted
        if segment is not None and facts.stream is not None:
            fact, value = self._told.numbers(index)
            assert value is not None
            self._kept[self._blocks.first - 1 + index] = _Kept(frame, fact, value, frame.segment is None)

    def _late_columns(self, length: int) -> columns.Columns:
        """A batch of fewer rows takes less room."""
        return self._late if length == ROWS_IN_PASSING else columns.Columns(length, self._names, False, True)

    def _put_out(self) -> None:
        length, unknown, late = len(self._columns), self._columns.end(), self._late_columns(len(self._columns))
        values = [
            self._later(late, PLACES[column.name], length)
            if column.name in _LATE
            else self._packed(PLACES[column.name], column.kind, length, unknown)
            for column in COLUMNS
        ]
        notes = memoryview(self._notes)[: length * _NOTE]
        first = self._batches[-1].first + self._batches[-1].length if self._batches else 0
        written = self._writer.write(Part(length, values), late.memory_size(), notes)
        self._batches.append(_Batch(length, first, written))
        self._columns.begin(self._memory)

    def _packed(self, place: int, kind: str, length: int, unknown: Sequence[int]) -> Values:
        width, data, bits = self._columns.place(place)
        known = self._memory[bits : bits + (length + 7) // 8] if unknown[place] else None
        packed = Packed(self._memory[data : data + length * width], known, unknown[place])
        if kind != "address":
            return packed
        return Named(packed, _never, lambda: Texts(*self._names.texts()))

    def _later(self, late: columns.Columns, place: int, length: int) -> Later:
        width, data, bits = late.place(place)
        packed = (length + 7) // 8
        return Later((data, length * width or packed), (bits, packed))


def _never() -> Texts:
    raise AssertionError("a file has addresses as numbers")


class _Recalling:
    """Late columns out of notes."""

    def __init__(self, tracker: follow.Tracker, kept: dict[int, _Kept]) -> None:
        self._tracker = tracker
        self._kept = kept
        self._record = records(tracker)
        self._rows = bytearray(ROWS * scan.row_size())
        self._facts = bytearray(ROWS * follow.fact_size())
        self._values = bytearray(ROWS * follow.value_size())
        self._sound, self._sent = bytearray(ROWS), bytearray(ROWS)

    def fill(self, late: columns.Columns, notes: memoryview, batch: _Batch) -> None:
        """The late columns of a batch."""
        for start in range(0, batch.length, ROWS):
            count = min(ROWS, batch.length - start)
            part = notes[start * _NOTE : (start + count) * _NOTE]
            self._tracker.recall(part, count, self._rows, self._facts, self._values, self._sound)
            self._tracker.from_client(self._facts, count, self._sent)
            late.recalled(self._rows, self._facts, self._values, count, self._sound, self._sent)
            if self._kept:
                self._fill_kept(late, batch.first + start, start, count)

    def _fill_kept(self, late: columns.Columns, first: int, start: int, count: int) -> None:
        """The rows of frames that the kernels do not know: the readable core says what to show of them."""
        for index in range(count):
            kept = self._kept.get(first + index)
            if kept is None:
                continue
            facts = Facts()
            segment = kept.frame.segment or kept.frame.quoted
            assert segment is not None
            fill(facts, *self._now(kept, index), segment, quoted=kept.quoted)
            if facts.conn is not None:
                facts.connection = self._record(facts.conn)
            for column, value in zip(COLUMNS, cells_of(kept.frame, facts), strict=True):
                if column.name in _LATE:
                    late.put(PLACES[column.name], start + index, value)

    def _now(self, kept: _Kept, index: int) -> tuple[Numbers, Numbers]:
        """What the kernels said of a header, with what a second pass has changed."""
        fact = dict(zip(follow.FACT_FIELDS, kept.fact, strict=True))
        shown = dict(zip(follow.FACT_FIELDS, _FACT.unpack_from(self._facts, index * _FACT.size), strict=True))
        value = dict(zip(follow.VALUE_FIELDS, kept.value, strict=True))
        shown_value = dict(zip(follow.VALUE_FIELDS, _VALUE.unpack_from(self._values, index * _VALUE.size), strict=True))
        fact.update((name, shown[name]) for name in ("seq", "ack", "window_size", "scale", "bits", "completeness"))
        value["initial_rtt_ns"] = shown_value["initial_rtt_ns"]
        value["marks"] |= shown_value["marks"] & follow.ANALYSED
        return tuple(fact.values()), tuple(value.values())
