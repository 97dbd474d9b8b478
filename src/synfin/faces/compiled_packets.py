"""`synfin packets` over the compiled engine: which runs it covers, and how their packets are shown."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import TYPE_CHECKING

from synfin.watch.engines import compiled

if TYPE_CHECKING:
    from synfin.dissect.context import Facts
    from synfin.dissect.field import Field
    from synfin.dissect.format import Layout
    from synfin.filter import Filter
    from synfin.filter.selection import Selection
    from synfin.wire.frame import Frame

Rows = Iterator[tuple["Frame", "Facts"]]


def needs_hindsight(fields: Collection[str]) -> bool:
    """Whether one of these fields can only be shown by a second pass, whatever the input."""
    return any(name.startswith(("conn.", "synfin.")) and name != "synfin.conn" for name in fields)


def covers(asked: argparse.Namespace, needed: Collection[str]) -> bool:
    """Whether the compiled engine has everything: the rules of tshark 4.0, no fields of the story."""
    if not compiled() or asked.profile != "tshark-4.0":
        return False
    from synfin.watch.column_fields import Needs, needs

    return not needs(needed) & Needs.STORY


def show(
    asked: argparse.Namespace, sources: Sequence[str], wanted: Filter | None, chosen: Sequence[Field], style: Layout,
    *, passes: int, warnings: list[str], pieces: Callable[[Rows], Iterator[str]],
) -> bool:  # fmt: skip
    """Print the packets that match; whether that was interrupted. `pieces` are the texts of rows in any form."""
    from synfin.filter.selection import Selection

    names = asked.fields if asked.form == "fields" else None
    selection = Selection(sources, wanted, names, passes=passes, last=asked.count, warnings=warnings)
    interrupted: list[bool] = []
    try:
        if asked.form == "fields" and _write_lines(selection, chosen, style):
            return False
        sys.stdout.writelines(pieces(_until_interrupted(selection.rows(), interrupted)))
    except KeyboardInterrupt:
        interrupted.append(True)
    return bool(interrupted)


def _write_lines(selection: Selection, chosen: Sequence[Field], style: Layout) -> bool:
    """Print lines by compiled code, where that knows all columns."""
    from synfin.dissect import format
    from synfin.faces.packet_writer import can_write, write_lines

    if not can_write(chosen, style):
        return False
    if style.header:
        sys.stdout.write(format.header(chosen, style) + "\n")
    write_lines(selection, chosen, style, lambda row: format.row(chosen, *selection.told.row(row), style) + "\n")
    return True


def _until_interrupted(rows: Rows, interrupted: list[bool]) -> Rows:
    try:
        yield from rows
    except KeyboardInterrupt:
        interrupted.append(True)
