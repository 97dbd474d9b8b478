"""`synfin packets`: a line a packet, chosen by a display filter, printed as tshark prints."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from itertools import takewhile
from typing import TYPE_CHECKING

from synfin import filter as language
from synfin.dissect import fields
from synfin.errors import UsageError
from synfin.faces import compiled_packets, inputs

# What only the readable core, or one form of the output, needs is imported where it is needed: a run over the compiled
# engine starts three times as fast.
if TYPE_CHECKING:
    from synfin.dissect.context import Facts
    from synfin.dissect.field import Field
    from synfin.dissect.format import Layout
    from synfin.wire.frame import Frame

Rows = Iterator[tuple["Frame", "Facts"]]


def run(asked: argparse.Namespace) -> int:
    """Print packets, or the list of fields."""
    if asked.list_fields is not None:
        return _list_fields(asked.list_fields)
    paths = inputs.named(asked)
    if asked.form == "fields" and not asked.fields:
        raise UsageError("-T fields needs at least one -e FIELD")
    if asked.fields and asked.form != "fields":
        raise UsageError("-e goes with -T fields")
    chosen = [fields.lookup(name) for name in asked.fields]
    if asked.output:
        return _write(asked, paths)
    style = _layout(asked.layout)
    wanted = None if asked.filter is None else language.compile(asked.filter)
    warnings: list[str] = []
    needed = {*asked.fields, *(wanted.fields if wanted else ())}
    twice = asked.two_passes or inputs.all_regular(paths) or compiled_packets.needs_hindsight(needed)
    with inputs.rereadable(paths) if twice else nullcontext(list(paths)) as sources:
        if compiled_packets.covers(asked, needed):
            interrupted = compiled_packets.show(
                asked, sources, wanted, chosen, style, passes=2 if twice else 1, warnings=warnings,
                pieces=lambda rows: _pieces(asked.form, rows, chosen, style),
            )  # fmt: skip
        else:
            from synfin.watch.annotate import annotated
            from synfin.watch.profile import named

            passes, profile = 2 if twice else 1, named(asked.profile)
            rows = annotated(sources, passes=passes, fields=needed, warnings=warnings, profile=profile)
            if asked.count is not None:
                rows = takewhile(lambda row: row[0].packet.number <= asked.count, rows)
            shown = _displayed(row for row in rows if wanted is None or wanted.matches(*row))
            interrupted = _print(asked.form, shown, chosen, style)
    for warning in warnings:
        inputs.note(warning)
    if interrupted:
        inputs.note("interrupted; the packets after these were not shown")
    return 130 if interrupted else 0


def _layout(options: Sequence[str]) -> Layout:
    from synfin.dissect import format

    return format.layout(options)


def _write(asked: argparse.Namespace, paths: Sequence[str]) -> int:
    """Write the table of packets, those that match."""
    from synfin.faces import export
    from synfin.watch.annotate import annotated
    from synfin.watch.packet_table import chosen_packets, packet_table

    if asked.form != "text" or asked.count is not None:
        raise UsageError("-o writes the table of all packets; it goes with neither -T nor -c")
    form = export.form_of(asked.output, (*export.TABLES, "csv"), paths)
    wanted = None if asked.filter is None else language.compile(asked.filter)
    warnings: list[str] = []
    with inputs.rereadable(paths) as sources:
        if wanted is None:
            engine, interrupted = inputs.follow(sources, warnings)
            if interrupted:
                raise KeyboardInterrupt
            table = packet_table(sources, engine, lambda: engine.frames)
        else:
            rows = annotated(sources, fields={"conn.conn", *wanted.fields}, warnings=warnings)
            table = chosen_packets(row for row in rows if wanted.matches(*row))
        export.write_table(table, asked.output, form)
    for warning in warnings:
        inputs.note(warning)
    return 0


def _displayed(rows: Rows) -> Rows:
    """Fill in the time since the packet that was shown before."""
    last_ns = None
    for frame, facts in rows:
        time_ns = frame.packet.time_ns
        facts.frame_time_delta_displayed_ns = 0 if last_ns is None else time_ns - last_ns
        last_ns = time_ns
        yield frame, facts


def _print(form: str, rows: Rows, chosen: Sequence[Field], style: Layout) -> bool:
    """Print the rows; whether that was interrupted. What is printed is whole then too, the closing of JSON included."""
    interrupted: list[bool] = []
    try:
        sys.stdout.writelines(_pieces(form, _until_interrupted(rows, interrupted), chosen, style))
    except KeyboardInterrupt:
        interrupted.append(True)
    return bool(interrupted)


def _until_interrupted(rows: Rows, interrupted: list[bool]) -> Rows:
    try:
        yield from rows
    except KeyboardInterrupt:
        interrupted.append(True)


def _pieces(form: str, rows: Rows, chosen: Sequence[Field], style: Layout) -> Iterator[str]:
    if form == "json":
        from synfin.dissect import jsonshape

        yield from jsonshape.stream(jsonshape.document(frame, facts) for frame, facts in rows)
    elif form == "fields":
        from synfin.dissect import format

        if style.header:
            yield format.header(chosen, style) + "\n"
        for frame, facts in rows:
            yield format.row(chosen, frame, facts, style) + "\n"
    else:
        from synfin.dissect.summary import summarize

        for frame, facts in rows:
            yield summarize(frame, facts).line() + "\n"


def _list_fields(pattern: str) -> int:
    """The field table: name, type and both titles."""
    found = [field for name, field in sorted(fields.all_fields().items()) if pattern.lower() in name.lower()]
    if not found:
        nearest = ", ".join(fields.nearest(pattern))
        raise UsageError(f"no field has {pattern!r} in its name{f'; near: {nearest}' if nearest else ''}")
    for field in found:
        sys.stdout.write(f"{field.name}\t{field.kind}\t{field.title_en}\t{field.title_zh}\n")
    return 0
