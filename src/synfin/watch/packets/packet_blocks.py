"""The columns of the packet table straight from the kernels' blocks, a part at a time."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from synfin._kernels import columns, follow, names
from synfin.capture.columns import Column, Named, Packed, Texts
from synfin.capture.table import Part, Values
from synfin.watch.connections.told_records import records
from synfin.watch.packets.blocks import ROWS, Blocks
from synfin.watch.packets.column_fields import EVERYTHING
from synfin.watch.packets.packet_rows import cells_of, octets_of
from synfin.watch.packets.packet_table import COLUMNS
from synfin.watch.packets.told import Told

Ranges = Sequence[tuple[int, int]]
#: of each column of the table: its number in the kernel
PLACES = {name: number for number, (name, _, _) in enumerate(columns.COLUMNS)}
PLACES["synfin.time_ns"] = PLACES["frame.time"]


def parts(paths: Sequence[str], finished: follow.Tracker, rows: int, *, passing: bool = False) -> Iterator[Part]:
    """Parts of `rows` rows (the last one of fewer) of the captures, read as one input.

    `finished` has followed them. Memory: a part and a chunk of the input; of `passing` parts each is valid until the
    next one is asked for.
    """
    blocks = Blocks(paths, EVERYTHING, finished)
    told = Told(blocks, records(finished))
    whole = ([(0, block.count)] for block in blocks)
    return chosen_parts(blocks, told, whole, rows, passing=passing)


def chosen_parts(blocks: Blocks, told: Told, chosen: Iterable[Ranges], rows: int, *, passing: bool) -> Iterator[Part]:
    """The same of the rows that are `chosen`: for each block the ranges of them, each a first one and one behind."""
    growing, finished = Growing(blocks, rows, passing=passing), blocks.finished
    assert finished is not None
    sent = bytearray(ROWS)
    for ranges in chosen:
        if not ranges:
            continue
        assert blocks.facts is not None
        finished.from_client(blocks.facts, blocks.count, sent)
        unsure = blocks.view.unsure()
        for at, stop in ranges:
            cells = {index: cells_of(*told.row(index)) for index in unsure if at <= index < stop}
            while at < stop:
                at = growing.take(at, stop, sent, cells)
                if growing.room == 0:
                    yield growing.cut()
    if growing.room < rows:
        yield growing.cut()


def ranges_of(verdicts: bytes | bytearray) -> Ranges:
    """Where a block's verdicts are 1."""
    found, start = [], verdicts.find(1)
    while start >= 0:
        stop = verdicts.find(0, start)
        stop = len(verdicts) if stop < 0 else stop
        found.append((start, stop))
        start = verdicts.find(1, stop)
    return found


class Growing:
    """A part that grows block by block."""

    def __init__(self, blocks: Blocks, rows: int, *, passing: bool) -> None:
        self._blocks = blocks
        self._rows = rows
        self._passing = passing
        self._names = names.Names(int.from_bytes(os.urandom(8), "little"))
        self._columns = columns.Columns(rows, self._names)
        self._memory = bytearray(self._columns.memory_size())
        self._columns.begin(self._memory)

    @property
    def room(self) -> int:
        """How many rows more it can have."""
        return self._rows - len(self._columns)

    def take(self, start: int, stop: int, sent: bytearray, unsure: Mapping[int, Sequence[Any]]) -> int:
        """Rows of the present block, `start` to before `stop`, as many as there is room for; the row behind them.

        `sent` says of each row of the block whether a client sent it, `unsure` has the cells of those that the kernels
        do not know.
        """
        stop = min(stop, start + self.room)
        before = len(self._columns)
        self._columns.fill(self._blocks.view, start, stop, sent)
        for index, cells in unsure.items():
            if start <= index < stop:
                for column, value in zip(COLUMNS, cells, strict=True):
                    known = octets_of(value) if column.kind == "address" else value
                    self._columns.put(PLACES[column.name], before + index - start, known)
        return stop

    def cut(self) -> Part:
        """The part, which begins anew."""
        length, memory, unknown = len(self._columns), memoryview(self._memory), self._columns.end()
        part = Part(length, [self._values(column, memory, length, unknown) for column in COLUMNS])
        if not self._passing:
            self._memory = bytearray(len(memory))
        self._columns.begin(self._memory)
        return part

    def _values(self, column: Column, memory: memoryview, length: int, unknown: Sequence[int]) -> Values:
        number = PLACES[column.name]
        width, data, bits = self._columns.place(number)
        known = memory[bits : bits + (length + 7) // 8]
        shown = known if unknown[number] else None
        packed = Packed(memory[data : data + (length * width or len(known))], shown, unknown[number])
        if column.kind != "address":
            return packed
        return Named(packed, lambda: self._spelt(packed, known, length), lambda: Texts(*self._names.texts()))

    def _spelt(self, numbers: Packed, known: memoryview, length: int) -> Texts:
        text, ends = self._names.spell(memoryview(numbers.data), known, length)
        return Texts(text, ends, numbers.bits, numbers.unknown)
