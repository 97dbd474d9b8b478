"""Tables as Arrow files (`.arrow`, the format with a footer) and streams (`.arrows`).

A batch goes out as it stands in memory, in one call. Addresses are numbers of a dictionary in a file, which the footer
finds at its end; a stream would need it before, so there they are texts.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from synfin.capture import arrow_messages as messages
from synfin.capture.arrow_messages import Block, Node
from synfin.capture.columns import Buffer, Column, Lists, Named, Packed, Texts, Words, in_memory
from synfin.capture.table import Part, Table, Values

_MAGIC = b"ARROW1"
_ALIGNMENT = 64
_MOST_PIECES = 512  # in one call


class Later(NamedTuple):
    """An array of a batch that is filled later: where values and known ones lie in the room that is left for them."""

    data: tuple[int, int]
    bits: tuple[int, int]


class Unfinished(NamedTuple):
    """A batch with room for what comes later."""

    offset: int
    room: int  #: where that begins in the file
    nodes: list[Node]
    buffers: list[tuple[int, int]]
    body_size: int


class ArrowWriter:
    """Writes parts of a table into an open file, from where it stands: as a file, or as a stream."""

    def __init__(self, descriptor: int, columns: Sequence[Column], *, footer: bool = True) -> None:
        self._descriptor = descriptor
        self._columns = columns
        self._footer = footer
        self._schema = messages.schema(columns, dictionaries=footer)
        self._position = 0
        self._batches: list[Block] = []
        self._numbers: dict[str, int] = {}  # of addresses that came as texts
        self._names: Named | None = None
        self._write([_MAGIC.ljust(8, b"\0")] if footer else [])
        self._write([messages.schema_message(self._schema)])

    def write(self, part: Part, room: int = 0, notes: Buffer = b"") -> Unfinished:
        """One record batch. Arrays that are filled `Later` have `room` bytes, which begin with `notes` until then."""
        nodes: list[Node] = []
        pieces: list[Buffer] = []
        buffers: list[tuple[int, int]] = []
        behind: list[int] = []  # of the buffers, those that lie in the room
        size = 0
        for column, values in zip(self._columns, part.values, strict=True):
            if isinstance(values, Later):
                nodes.append(Node(part.length, 0))
                behind += [len(buffers), len(buffers) + 1]
                buffers += [values.bits, values.data]
                continue
            for found in self._arrays(column.kind, values, part.length):
                if isinstance(found, Node):
                    nodes.append(found)
                else:
                    length = memoryview(found).nbytes
                    buffers.append((size, length))
                    pieces += [found, bytes(-length % _ALIGNMENT)]
                    size += length + -length % _ALIGNMENT
        for place in behind:
            buffers[place] = (size + buffers[place][0], buffers[place][1])
        begun = Unfinished(self._position, 0, nodes, buffers, size + room)
        head = messages.batch_message(part.length, nodes, buffers, begun.body_size)
        self._batches.append(Block(self._position, len(head), begun.body_size))
        begun = begun._replace(room=self._position + len(head) + size)
        self._write([head, *pieces, notes, bytes(room - len(notes))])
        return begun

    def read_notes(self, batch: Unfinished, size: int) -> bytes:
        """What stands in the room of a batch."""
        return os.pread(self._descriptor, size, batch.room)

    def complete(self, batch: Unfinished, length: int, unknown: Sequence[tuple[int, int]], data: Buffer) -> None:
        """Fill the room of a batch; `unknown` says of arrays, by their number, how many values are."""
        for number, count in unknown:
            batch.nodes[number] = Node(length, count)
        head = messages.batch_message(length, batch.nodes, batch.buffers, batch.body_size)
        for place, found in ((batch.offset, head), (batch.room, data)):
            _write_at(self._descriptor, place, found)

    def finish(self) -> None:
        """What comes behind the last batch."""
        if not self._footer:
            self._write([messages.END])
            return
        end = messages.footer(self._schema, self._write_names(), self._batches)
        self._write([messages.END, end, struct.pack("<I", len(end)), _MAGIC])

    def _write_names(self) -> list[Block]:
        """The dictionary of addresses, where there is such a column."""
        if not any(column.kind == "address" for column in self._columns):
            return []
        found = in_memory("text", list(self._numbers)) if self._names is None else self._names.all_texts()
        assert isinstance(found, Texts)
        count = memoryview(found.ends).nbytes // 4 - 1
        pieces = (found.ends, found.data)
        sizes = [memoryview(piece).nbytes for piece in pieces]
        padded = [size + -size % _ALIGNMENT for size in sizes]
        buffers = [(0, 0), (0, sizes[0]), (padded[0], sizes[1])]
        head = messages.names_message(count, buffers, sum(padded))
        block = Block(self._position, len(head), sum(padded))
        self._write([head, pieces[0], bytes(padded[0] - sizes[0]), pieces[1], bytes(padded[1] - sizes[1])])
        return [block]

    def _arrays(self, kind: str, values: Values, length: int) -> Iterator[Node | Buffer]:
        """An array and those inside, each a node and its buffers."""
        if kind == "address" and self._footer:
            values = self._named(values)
        elif isinstance(values, (Named, Words)):
            values = values.texts()
        if not isinstance(values, (Packed, Texts, Lists)):
            values = in_memory(kind, values)
        yield Node(length, values.unknown)
        yield b"" if values.bits is None else values.bits
        if isinstance(values, Packed):
            yield values.data
            return
        yield values.ends
        if isinstance(values, Texts):
            yield values.data
            return
        yield from self._arrays("i64" if kind == "numbers" else "text", values.values, values.total)

    def _named(self, values: Values) -> Packed:
        """Addresses as numbers."""
        if isinstance(values, Named):
            self._names = values
            return values.numbers
        texts: Sequence[str | None] = values  # type: ignore[assignment]  # the readable core's
        numbers = [None if text is None else self._numbers.setdefault(text, len(self._numbers)) for text in texts]
        found = in_memory("i32", numbers)
        assert isinstance(found, Packed)
        return found

    def _write(self, pieces: Sequence[Buffer]) -> None:
        """Write all of these, one behind the other."""
        left = [memoryview(piece).cast("B") for piece in pieces if len(piece)]
        while left:
            written = os.writev(self._descriptor, left[:_MOST_PIECES])
            self._position += written
            while left and written >= len(left[0]):
                written -= len(left.pop(0))
            if written:
                left[0] = left[0][written:]


def _write_at(descriptor: int, place: int, data: Buffer) -> None:
    view = memoryview(data).cast("B")
    while view:
        written = os.pwrite(descriptor, view, place)
        view, place = view[written:], place + written


def write_arrow(table: Table, descriptor: int, *, footer: bool = True) -> None:
    """Write a table, a batch in memory at a time. `footer`: the file format, else the stream format."""
    writer = ArrowWriter(descriptor, table.columns, footer=footer)
    for part in table.passing_parts():
        writer.write(part)
    writer.finish()
