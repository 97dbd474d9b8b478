"""A table that any reader of Arrow takes as it is: batches of columns, made while they are read.

`polars.DataFrame(table)`, `pyarrow.table(table)`, `duckdb.from_arrow(table)` and `pandas.DataFrame.from_arrow(table)`
all ask for `__arrow_c_stream__`. Whoever wants less in memory than all of it takes `batches()`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from synfin.capture.arrow import batch, form_array, lazy_stream, schema
from synfin.capture.columns import Column, Form, InMemory, python_values

ROWS = 65536  #: of a batch whose rows are a few bytes
ROWS_IN_PASSING = 8192  #: of one that goes out at once: it is still in the cache


Values = Form | Sequence[Any]


class Part(NamedTuple):
    """Some rows, column by column: as they stand in memory, or Python values."""

    length: int
    values: Sequence[Values]


Parts = Callable[[int], Iterator[Part]]  #: from rows in a part to the parts, anew each time


class Batch:
    """Some rows of a table; an Arrow record batch."""

    def __init__(self, columns: Sequence[Column], part: Part) -> None:
        self._columns = columns
        self._part = part

    def __len__(self) -> int:
        return self._part.length

    def __repr__(self) -> str:
        return f"<batch of {len(self)} rows and {len(self._columns)} columns>"

    def __arrow_c_array__(self, requested_schema: object = None) -> tuple[object, object]:
        made: tuple[object, object] = _record_batch(self._columns, self._part).__arrow_c_array__()
        return made

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return _stream(self._columns, iter([self._part]))


class Table:
    """Columns of known names and kinds, whose rows are read anew each time that somebody asks."""

    def __init__(
        self, columns: Sequence[Column], parts: Parts, length: Callable[[], int], *, rows_at_once: int = ROWS,
        passing: Parts | None = None,
    ) -> None:  # fmt: skip
        self.columns = tuple(columns)
        self.rows_at_once = rows_at_once  #: rows of a batch, unless asked otherwise
        self._parts = parts
        self._passing = passing or parts
        self._length = length

    @property
    def column_names(self) -> list[str]:
        """The names, in order."""
        return [column.name for column in self.columns]

    def __len__(self) -> int:
        return self._length()

    def __repr__(self) -> str:
        return f"<table of {len(self)} rows and {len(self.columns)} columns: {', '.join(self.column_names)}>"

    def batches(self, rows: int | None = None) -> Iterator[Batch]:
        """The table in pieces of at most `rows` rows, one in memory at a time."""
        if rows is not None and rows < 1:
            raise ValueError("a batch has at least 1 row")
        return (Batch(self.columns, part) for part in self._parts(rows or self.rows_at_once))

    def rows(self) -> Iterator[tuple[Any, ...]]:
        """Every row as Python values, None where unknown; times in nanoseconds."""
        for part in self._parts(self.rows_at_once):
            columns = zip(self.columns, part.values, strict=True)
            yield from zip(*(_python_values(column, values, part.length) for column, values in columns), strict=True)

    def passing_parts(self) -> Iterator[Part]:
        """The table in pieces, each valid until the next one is asked for."""
        return self._passing(min(self.rows_at_once, ROWS_IN_PASSING))

    def schema(self) -> Any:
        """The columns as nanoarrow's schema."""
        return schema(self.columns)

    def __arrow_c_schema__(self) -> object:
        return self.schema().__arrow_c_schema__()

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return _stream(self.columns, self._parts(self.rows_at_once))


def _python_values(column: Column, values: Values, length: int) -> Sequence[Any]:
    return python_values(column.kind, values, length) if isinstance(values, InMemory) else values


def _stream(columns: Sequence[Column], parts: Iterator[Part]) -> object:
    made = lazy_stream(columns, (_record_batch(columns, part) for part in parts))
    capsule: object = made.__arrow_c_stream__()
    return capsule


def _record_batch(columns: Sequence[Column], part: Part) -> Any:
    children = [
        form_array(column.kind, values, part.length) for column, values in zip(columns, part.values, strict=True)
    ]
    return batch(schema(columns), children, part.length)
