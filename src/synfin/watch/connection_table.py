"""Connection records as a table: the record's names under `conn.`, as the display filter has them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from operator import attrgetter
from typing import Any

from synfin.capture.arrow import Column
from synfin.capture.table import Part, Table
from synfin.watch.record import Connection


def _side(name: str) -> tuple[tuple[str, str], ...]:
    kinds = (
        ("ip", "text"), ("port", "u16"), ("packets", "u64"), ("payload_bytes", "u64"), ("wire_bytes", "u64"),
        ("retransmissions", "u64"), ("state", "word"), ("states_seen", "texts"),
    )  # fmt: skip
    return tuple((f"{name}.{field}", kind) for field, kind in kinds)


#: name in the record, kind of column
_KINDS = (
    ("conn", "u32"), ("stream", "u32"), ("start", "time"), ("start_ns", "i64"), ("duration_ns", "i64"),
    ("frames", "numbers"), *_side("client"), *_side("server"), ("role_guessed", "bool"), ("open", "word"),
    ("close", "word"), ("closed_by", "word"), ("handshake_rtt_ns", "i64"), ("handshake_legs_ns", "numbers"),
    ("completeness", "u8"), ("conn_state", "word"), ("history", "text"), ("vantage", "word"), ("findings", "texts"),
)  # fmt: skip

COLUMNS = tuple(Column(f"conn.{name}", kind) for name, kind in _KINDS)
_AT_ONCE = 8192  # records are Python objects of about 2 kB before they are columns
_ATTRIBUTES = {"start": "start_ns"}  #: where the record has another name for the value
_row: Callable[[Connection], tuple[Any, ...]] = attrgetter(*(_ATTRIBUTES.get(name, name) for name, _ in _KINDS))


def connection_table(records: Callable[[], Iterable[Connection]], length: Callable[[], int]) -> Table:
    """The table of the records, which are asked for anew each time."""
    return Table(COLUMNS, lambda rows: _parts(iter(records()), rows), length, rows_at_once=_AT_ONCE)


def _parts(records: Iterator[Connection], rows: int) -> Iterator[Part]:
    while chunk := list(islice(records, rows)):
        yield Part(len(chunk), _by_column(chunk))


def _by_column(records: Sequence[Connection]) -> list[tuple[Any, ...]]:
    return list(zip(*map(_row, records), strict=True))
