"""`synfin packets` over the compiled engine: which runs it covers, and how their packets are shown."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING

from synfin.watch.engine.engines import compiled

if TYPE_CHECKING:
    from synfin.capture.table import Part, Table
    from synfin.dissect.context import Facts
    from synfin.dissect.field import Field
    from synfin.dissect.format import Layout
    from synfin.faces.packet_form import Form
    from synfin.filter import Filter
    from synfin.filter.selection import Selection
    from synfin.wire.frame import Frame

Rows = Iterator[tuple["Frame", "Facts"]]


PROFILE = "tshark-4.0"  #: whose rules of analysis the kernels follow


def needs_hindsight(fields: Collection[str]) -> bool:
    """Whether one of these fields can only be shown by a second pass, whatever the input."""
    return any(name.startswith(("conn.", "synfin.")) and name != "synfin.conn" for name in fields)


def needs_messages(fields: Collection[str]) -> bool:
    """Whether one of these fields tells of what stands above TCP."""
    from synfin.watch.packets.column_fields import Needs, needs

    return bool(needs(fields) & Needs.MESSAGES)


def covers(asked: argparse.Namespace, needed: Collection[str]) -> bool:
    """Whether the compiled engine has everything: the rules of tshark 4.0, no fields of the story, plain printing."""
    if asked.quiet or asked.statistics or (asked.write and (asked.print_lines or asked.filter is None)):
        return False  # without a filter nothing is looked at
    return knows(asked, needed)


def knows(asked: argparse.Namespace, needed: Collection[str]) -> bool:
    """Whether the compiled engine tells all of these fields by the rules that were asked for.

    Kernels have no preferences.
    """
    if not compiled() or asked.profile != PROFILE or asked.preferences:
        return False
    from synfin.watch.packets.column_fields import Needs, needs

    return not needs(needed) & Needs.STORY


def show(
    asked: argparse.Namespace, sources: Sequence[str], wanted: Filter | None, form: Form, *, passes: int,
    warnings: list[str], interrupted: list[bool],
) -> None:  # fmt: skip
    """Print the packets that match; `interrupted` gets a member where that was interrupted."""
    from synfin.filter.selection import Selection

    names = () if asked.write else asked.fields if form.name == "fields" else None
    selection = Selection(
        sources, wanted, names, passes=passes, last=asked.count, messages=form.above, warnings=warnings
    )
    if asked.write:
        from synfin.faces import packet_file

        packet_file.write(asked, sources, selection.numbers())
        return
    try:
        if form.name != "fields" or not _write_lines(selection, form.fields, form.layout):
            sys.stdout.writelines(form.pieces(_until_interrupted(selection.rows(), interrupted)))
    except KeyboardInterrupt:
        interrupted.append(True)


def every_row(sources: Sequence[str], *, passes: int, last: int | None, messages: bool, warnings: list[str]) -> Rows:
    """All packets with all their facts; without `messages` but for what stands above TCP."""
    from synfin.filter.selection import Selection

    chosen = Selection(sources, None, None, passes=passes, last=last, messages=messages, warnings=warnings)
    yield from chosen.rows()


def chosen_table(sources: Sequence[str], wanted: Filter, warnings: list[str]) -> Table:
    """The table of the packets that match, which can be read once."""
    from synfin.capture.table import Table
    from synfin.filter.selection import Selection
    from synfin.watch.packets.packet_blocks import chosen_parts, ranges_of
    from synfin.watch.packets.packet_table import COLUMNS

    selection = Selection(sources, wanted, None, passes=2, messages=False, warnings=warnings)
    ranges = (ranges_of(verdicts) for verdicts in selection)

    def parts(rows: int) -> Iterator[Part]:
        return chosen_parts(selection.blocks, selection.told, ranges, rows, passing=True)

    return Table(COLUMNS, parts, lambda: 0)


def _write_lines(selection: Selection, chosen: Sequence[Field], style: Layout) -> bool:
    """Print lines by compiled code, where that knows all columns."""
    from synfin.dissect import format
    from synfin.faces.packet_writer import can_write, write_lines

    if style.bom or not can_write(chosen, style):
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
