"""Results into a file, its form by its suffix."""

from __future__ import annotations

import contextlib
import csv
import sys
from collections.abc import Collection, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from synfin.errors import UsageError
from synfin.faces.inputs import refuse_overwrite
from synfin.watch.connections.record import utc

if TYPE_CHECKING:
    from synfin.capture.columns import Column
    from synfin.capture.table import Table

STANDARD_OUTPUT = "-"
TABLES = ("arrow", "arrows", "parquet")  #: forms that only `write_table` writes
#: what writes a form, and how to get it
_NEEDS = {
    "parquet": ("pyarrow", "pip install 'synfin[parquet]', or write .arrow, which needs nothing more"),
}


def form_of(output: str, forms: Collection[str], inputs: Collection[str]) -> str:
    """The form that the suffix of `output` names, one of `forms`.

    UsageError where it names none, where what writes it is not installed, or where `output` is an input.
    """
    if output == STANDARD_OUTPUT:
        return _form_of_output()
    form = Path(output).suffix.removeprefix(".")
    if form not in forms:
        said = ", ".join(f".{one}" for one in forms)
        raise UsageError(f"-o {output}: the suffix tells the form; use {said}, or - for a stream of Arrow into a pipe")
    module, remedy = _NEEDS.get(form, ("csv", ""))
    if find_spec(module) is None:
        raise UsageError(f"-o {output}: {module} is not installed: {remedy}")
    refuse_overwrite(output, force=True, inputs=list(inputs))
    return form


def _form_of_output() -> str:
    """Standard output takes Arrow's stream format; on a terminal nobody could read it."""
    if sys.stdout.isatty():
        raise UsageError("-o - writes a stream of Arrow, which is not for a terminal: pipe it, or name a file")
    return "arrows"


@contextlib.contextmanager
def printed_into(output: str) -> Iterator[None]:
    """What is printed goes into the file."""
    with open(output, "w", encoding="utf-8", errors="backslashreplace", newline="") as out:
        with contextlib.redirect_stdout(out):
            yield


def write_table(table: Table, output: str, form: str) -> None:
    """Write a table, a batch in memory at a time."""
    if form == "parquet":
        _write_parquet(table, output)
    elif form == "csv":
        _write_csv(table, output)
    else:
        from synfin.capture.arrow_file import write_arrow

        if output == STANDARD_OUTPUT:
            sys.stdout.flush()
            write_arrow(table, sys.stdout.fileno(), footer=False)
            return
        with open(output, "wb") as out:
            write_arrow(table, out.fileno(), footer=form == "arrow")


def _write_parquet(table: Table, output: str) -> None:
    import pyarrow
    import pyarrow.parquet

    batches = pyarrow.RecordBatchReader.from_stream(table)
    with pyarrow.parquet.ParquetWriter(output, batches.schema, compression="zstd") as writer:
        for batch in batches:
            writer.write_batch(batch)


def _write_csv(table: Table, output: str) -> None:
    with open(output, "w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(table.column_names)
        for row in table.rows():
            writer.writerow(map(_cell, table.columns, row))


def _cell(column: Column, value: Any) -> Any:
    """As other programs read it: empty where unknown, `true` and `false`, times in UTC."""
    if value is None:
        return ""
    if column.kind == "bool":
        return "true" if value else "false"
    return utc(value) if column.kind == "time" else value
