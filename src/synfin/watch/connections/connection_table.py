"""Connection records as a table: the record's names under `conn.`, as the display filter has them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from synfin.capture.columns import Column
from synfin.capture.table import Part, Table
from synfin.watch.connections.connection_fields import KINDS, getter
from synfin.watch.connections.file_block import FILE, FileBlock
from synfin.watch.connections.record import Connection
from synfin.watch.connections.record_block import RecordBlock

COLUMNS = tuple(Column(f"conn.{name}", kind) for name, kind in KINDS.items())
_AT_ONCE = 16384
_GETTERS = [getter("start_ns" if name == "start" else name) for name in KINDS]


def connection_table(
    blocks: Callable[[], Iterable[RecordBlock]], length: Callable[[], int], *, of_files: bool = False
) -> Table:
    """The table of the connections, which are asked for anew each time; `of_files`: each is a `FileBlock`."""
    columns = (Column(FILE, "word"), *COLUMNS) if of_files else COLUMNS
    return Table(columns, lambda rows: _parts(iter(blocks()), rows), length, rows_at_once=_AT_ONCE)


def _parts(blocks: Iterator[RecordBlock], rows: int) -> Iterator[Part]:
    for block in _of_size(blocks, rows):
        yield Part(len(block), _values(block))


def _values(block: RecordBlock) -> list[Any]:
    if isinstance(block, FileBlock):
        return [list(map(_writable, block.files)), *_values(block.block)]
    made = getattr(block, "columns", None)
    return list(_by_column(list(block.connections())) if made is None else made())


def _writable(file: str) -> str:
    """A name whose bytes are not UTF-8 with escapes instead of these."""
    return file.encode("utf-8", "backslashreplace").decode("utf-8")


def _of_size(blocks: Iterator[RecordBlock], rows: int) -> Iterator[RecordBlock]:
    """The same connections in blocks of `rows`, the last one of fewer."""
    held: list[RecordBlock] = []
    for block in blocks:
        held.append(block)
        if sum(map(len, held)) >= rows:
            whole = type(block).joined(held)
            for start in range(0, len(whole) - rows + 1, rows):
                yield whole.take(range(start, start + rows))
            held = [whole.take(range(len(whole) - len(whole) % rows, len(whole)))]
    if sum(map(len, held)):
        yield type(held[0]).joined(held)


def _by_column(records: Sequence[Connection]) -> list[tuple[Any, ...]]:
    return [tuple(map(get, records)) for get in _GETTERS]
