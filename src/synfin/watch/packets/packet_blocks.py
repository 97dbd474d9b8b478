"""The columns of the packet table straight from the kernels' blocks, a part at a time."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from synfin._kernels import columns, follow, names
from synfin.capture.arrow import CODES, WIDTHS, Column, Packed, Texts
from synfin.capture.table import Part, Values
from synfin.watch.connections.told_records import records
from synfin.watch.packets.blocks import ROWS, Blocks
from synfin.watch.packets.column_fields import EVERYTHING, column_spec
from synfin.watch.packets.packet_rows import cells_of, octets_of
from synfin.watch.packets.packet_table import COLUMNS
from synfin.watch.packets.told import Told

_HOLDS = {"text": columns.ADDRESS, "bool": columns.TRUTH}


def parts(paths: Sequence[str], finished: follow.Tracker, rows: int, *, passing: bool = False) -> Iterator[Part]:
    """Parts of `rows` rows (the last one of fewer) of the captures, read as one input.

    `finished` has followed them. Memory: a part and a chunk of the input; of `passing` parts each is valid until the
    next one is asked for.
    """
    blocks = Blocks(paths, EVERYTHING, finished)
    told = Told(blocks, records(finished))
    growing = Growing(blocks, COLUMNS, rows, passing=passing)
    sent = bytearray(ROWS)
    for block in blocks:
        assert block.facts is not None
        finished.from_client(block.facts, block.count, sent)
        unsure = {index: cells_of(*told.row(index)) for index in block.view.unsure()}
        at = 0
        while at < block.count:
            at = growing.take(at, sent, unsure)
            if growing.room == 0:
                yield growing.cut()
    if growing.room < rows:
        yield growing.cut()


class _Place(NamedTuple):
    """Where a column is in the memory of a part."""

    column: Column
    data: int
    bits: int


class Growing:
    """A part that grows block by block."""

    def __init__(self, blocks: Blocks, wanted: Sequence[Column], rows: int, *, passing: bool) -> None:
        self._blocks = blocks
        self._rows = rows
        self._passing = passing
        self._names = names.Names(int.from_bytes(os.urandom(8), "little"))
        self._columns = columns.Columns(rows, self._names)
        self._places = [self._add(column) for column in wanted]
        self._memory = bytearray(self._columns.memory_size())
        self._columns.begin(self._memory)

    @property
    def room(self) -> int:
        """How many rows more it can have."""
        return self._rows - len(self._columns)

    def take(self, start: int, sent: bytearray, unsure: dict[int, Sequence[Any]]) -> int:
        """Rows of the present block from `start` on, as many as there is room for; the row behind them.

        `sent` says of each row of the block whether a client sent it, `unsure` has the cells of those that the kernels
        do not know.
        """
        stop = min(self._blocks.count, start + self.room)
        before = len(self._columns)
        self._columns.fill(self._blocks.view, start, stop, sent)
        for index, cells in unsure.items():
            if start <= index < stop:
                for place, (column, value) in enumerate(zip(self._places, cells, strict=True)):
                    known = octets_of(value) if column.column.kind == "text" else value
                    self._columns.put(place, before + index - start, known)
        return stop

    def cut(self) -> Part:
        """The part, which begins anew."""
        length, memory = len(self._columns), memoryview(self._memory)
        part = Part(length, [self._values(number, memory, length) for number in range(len(self._places))])
        if not self._passing:
            self._memory = bytearray(len(memory))
        self._columns.begin(self._memory)
        return part

    def _add(self, column: Column) -> _Place:
        where = column_spec("synfin.conn" if column.name == "synfin.from_client" else column.name)
        assert where is not None
        width = WIDTHS.get(column.kind, 1)
        field = self._blocks.field(where)
        return _Place(column, *self._columns.add(self._blocks.view, field, _HOLDS.get(column.kind, 0), width))

    def _values(self, number: int, memory: memoryview, length: int) -> Values:
        column, data, bits = self._places[number]
        kind, unknown = column.kind, self._columns.unknown(number)
        known = memory[bits : bits + (length + 7) // 8]
        if kind == "text":
            text, ends = self._names.spell(memory[data : data + 4 * length], known, length)
            return Texts(text, ends, bits=known if unknown else None)
        size = (length + 7) // 8 if kind == "bool" else length * WIDTHS[kind]
        return Packed(memory[data : data + size], known if unknown else None, unknown)
