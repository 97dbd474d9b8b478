"""The columns of the packet table straight from the kernels' blocks, a part at a time."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from struct import calcsize, pack_into
from typing import Any

from synfin._kernels import columns, follow, lines
from synfin.capture.arrow import CODES, Column, Plain, Texts
from synfin.capture.table import Part
from synfin.watch.connections.told_records import records
from synfin.watch.packets.blocks import ROWS, Blocks
from synfin.watch.packets.column_fields import EVERYTHING, column_spec
from synfin.watch.packets.packet_rows import cells_of
from synfin.watch.packets.packet_table import COLUMNS
from synfin.watch.packets.told import Told

_LONGEST = 48  # of an address as text


def parts(paths: Sequence[str], finished: follow.Tracker, rows: int) -> Iterator[Part]:
    """Parts of `rows` rows (the last one of fewer) of the captures, read as one input.

    `finished` has followed them. Memory: a part and a chunk of the input.
    """
    blocks = Blocks(paths, EVERYTHING, finished)
    told = Told(blocks, records(finished))
    growing = _Growing(blocks, rows)
    for _ in blocks:
        growing.take(told)
        while growing.length >= rows:
            yield growing.cut(rows)
    while growing.length:
        yield growing.cut(min(rows, growing.length))


class _Growing:
    """A part that grows block by block; what is too much for it begins the next one."""

    def __init__(self, blocks: Blocks, rows: int) -> None:
        self.length = 0
        self._blocks = blocks
        self._columns = [_column(column, blocks, rows + ROWS) for column in COLUMNS]

    def take(self, told: Told) -> None:
        """The rows of the present block; those that the kernels do not know come from the readable core."""
        unsure = {index: cells_of(*told.row(index)) for index in self._blocks.view.unsure()}
        for place, column in enumerate(self._columns):
            column.fill(self.length, {index: cells[place] for index, cells in unsure.items()})
        self.length += self._blocks.count

    def cut(self, rows: int) -> Part:
        """The first `rows` rows, which leave."""
        self.length -= rows
        return Part(rows, [column.cut(rows, self.length) for column in self._columns])


class _Numbers:
    """A column of numbers, times or booleans."""

    def __init__(self, kind: str, field: int, blocks: Blocks, room: int) -> None:
        self._blocks, self._field, self._room = blocks, field, room
        self._code = "B" if kind == "bool" else CODES[kind]
        self._width = calcsize(self._code)
        self._data, self._known = bytearray(room * self._width), bytearray(room)

    def fill(self, first: int, unsure: dict[int, Any]) -> None:
        """The rows of the block, from row `first` of the part on."""
        self._fill(first)
        for index, value in unsure.items():
            self._known[first + index] = value is not None
            pack_into(self._code, self._data, (first + index) * self._width, _wrapped(self._code, value or 0))

    def _fill(self, first: int) -> None:
        columns.fill(self._blocks.view, self._field, self._width, self._data, first, self._known)

    def cut(self, rows: int, rest: int) -> Plain:
        """The first `rows` rows; `rest` more are the first ones now."""
        size = rows * self._width
        data, known = self._data, self._known
        self._data, self._known = bytearray(len(data)), bytearray(len(known))
        self._data[: rest * self._width] = data[size : size + rest * self._width]
        self._known[:rest] = known[rows : rows + rest]
        del data[size:], known[rows:]
        return Plain(data, None if known.find(0) < 0 else known)


class _FromClient(_Numbers):
    """Whether the client of its connection sent a segment, by the records of the first pass."""

    def _fill(self, first: int) -> None:
        blocks = self._blocks
        assert blocks.finished is not None and blocks.facts is not None
        out = bytearray(blocks.count)
        blocks.finished.from_client(blocks.facts, blocks.count, out)
        super()._fill(first)  # known where its connection is
        self._data[first : first + blocks.count] = out


class _Addresses:
    """A column of addresses as text."""

    def __init__(self, field: int, blocks: Blocks, room: int) -> None:
        self._blocks, self._field, self._room = blocks, field, room
        self._text, self._at = bytearray(_LONGEST * ROWS), 0
        self._offsets, self._known = array("i", bytes(4 * (room + 1))), bytearray(room)

    def fill(self, first: int, unsure: dict[int, Any]) -> None:
        """As `_Numbers.fill`."""
        if len(self._text) < self._at + _LONGEST * ROWS:
            self._text.extend(bytes(len(self._text)))
        start = 0
        for index, value in unsure.items():
            self._write(start, index, first)
            text = (value or "").encode("ascii")
            self._text[self._at : self._at + len(text)] = text
            self._at += len(text)
            self._offsets[first + index + 1], self._known[first + index] = self._at, value is not None
            start = index + 1
        self._write(start, self._blocks.count, first)

    def _write(self, start: int, stop: int, first: int) -> None:
        view = self._blocks.view
        self._at = lines.addresses(
            view, self._field, start, stop, self._offsets, first, self._text, self._at, self._known
        )

    def cut(self, rows: int, rest: int) -> Texts:
        """As `_Numbers.cut`."""
        offsets, known, text = self._offsets, self._known, self._text
        end = offsets[rows]
        self._offsets, self._known = array("i", bytes(4 * (self._room + 1))), bytearray(self._room)
        for place in range(rest + 1):
            self._offsets[place] = offsets[rows + place] - end
        self._known[:rest] = known[rows : rows + rest]
        self._text, self._at = bytearray(_LONGEST * ROWS), self._at - end
        self._text[: self._at] = text[end : end + self._at]
        unknown = known.find(0, 0, rows) >= 0
        return Texts(bytes(text[:end]), offsets[: rows + 1].tobytes(), known[:rows] if unknown else None)


def _column(column: Column, blocks: Blocks, room: int) -> _Numbers | _Addresses:
    where = column_spec("synfin.conn" if column.name == "synfin.from_client" else column.name)
    assert where is not None
    field = blocks.field(where)
    if column.kind == "text":
        return _Addresses(field, blocks, room)
    return (_FromClient if column.name == "synfin.from_client" else _Numbers)(column.kind, field, blocks, room)


def _wrapped(code: str, value: int) -> int:
    """What needs more bits (the time of a broken clock) wraps, as it does in the kernels."""
    bits = 8 * calcsize(code)
    least = -(1 << (bits - 1)) if code.islower() else 0
    return (value - least) % (1 << bits) + least
