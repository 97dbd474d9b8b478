"""`synfin packets`: a line a packet, chosen by a display filter, printed as tshark prints."""

from __future__ import annotations

import argparse
import io
import sys
from collections import deque
from collections.abc import Collection, Iterator, Sequence
from contextlib import nullcontext
from itertools import islice
from typing import TYPE_CHECKING

from synfin import filter as language
from synfin.errors import UsageError
from synfin.faces import compiled_packets, inputs
from synfin.faces.packet_form import Form, Rows, form_of
from synfin.watch.engine.engines import compiled

# The readable core and what only some runs need are imported where they are needed: a run over the compiled engine
# starts in half the time.
if TYPE_CHECKING:
    from synfin.dissect.preferences import Preferences
    from synfin.faces.statistics import Tap
    from synfin.filter import Filter


def run(asked: argparse.Namespace) -> int:
    """Print packets, or the list of fields."""
    if asked.list_fields is not None:
        return _list_fields(asked)
    if asked.explain_filter:
        return _explain_filter(asked)
    paths = inputs.named(asked)
    form = form_of(asked)
    if asked.at_once and isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(line_buffering=True)
    if asked.output:
        return _write(asked, paths)
    if asked.write:
        from synfin.faces import packet_file

        packet_file.check(asked, paths)
    _known_profile(asked.profile)
    _preferences(asked)
    wanted = None if asked.filter is None else language.compile(asked.filter)
    taps = _statistics(asked)
    warnings: list[str] = []
    needed = {*asked.fields, *(wanted.fields if wanted else ()), *(name for tap in taps for name in tap.fields)}
    twice = asked.two_passes or asked.write or inputs.all_regular(paths) or compiled_packets.needs_hindsight(needed)
    with inputs.rereadable(paths) if twice else nullcontext(list(paths)) as sources:
        interrupted: list[bool] = []
        passes = 2 if twice else 1
        if compiled_packets.covers(asked, needed):
            compiled_packets.show(
                asked, sources, wanted, form, passes=passes, warnings=warnings, interrupted=interrupted
            )
        else:
            messages = form.above and form.name != "fields" and not asked.quiet
            messages = messages or compiled_packets.needs_messages(needed)
            rows = _rows(asked, sources, needed, passes=passes, messages=messages, warnings=warnings)
            _read(asked, sources, wanted, form, taps, rows, warnings=warnings, interrupted=interrupted)
    for tap in reversed(taps):  # tshark prints the last one first
        sys.stdout.writelines(f"{line}\n" for line in tap.lines())
    for warning in warnings:
        inputs.note(warning)
    if interrupted:
        inputs.note("interrupted; the packets after these were not shown")
    return 130 if interrupted else 0


def _list_fields(asked: argparse.Namespace) -> int:
    from synfin.explain.words import detect_language
    from synfin.faces.field_list import print_fields

    print_fields(asked.list_fields, asked.lang or detect_language())
    return 0


def _explain_filter(asked: argparse.Namespace) -> int:
    if asked.filter is None:
        raise UsageError("--explain-filter explains a filter: which one? Name it with -Y")
    from synfin.explain.words import detect_language
    from synfin.faces.filter_plan import lines

    shown = asked.fields if asked.form == "fields" else () if asked.write else None
    for line in lines(language.compile(asked.filter), shown, asked.lang or detect_language()):
        sys.stdout.write(f"{line}\n")
    return 0


def _known_profile(name: str) -> None:
    """UsageError for a profile that does not exist."""
    if name != compiled_packets.PROFILE:
        from synfin.watch.follow.profile import named

        named(name)


def _preferences(asked: argparse.Namespace) -> Preferences:
    """What was asked for; UsageError for what there is not."""
    from synfin.dissect.preferences import parse

    return parse(asked.preferences)


def _statistics(asked: argparse.Namespace) -> list[Tap]:
    if not asked.statistics:
        return []
    from synfin.faces.statistics import statistics

    return statistics(asked.statistics, asked.times)


def _read(
    asked: argparse.Namespace, sources: Sequence[str], wanted: Filter | None, form: Form, taps: Sequence[Tap],
    rows: Rows, *, warnings: list[str], interrupted: list[bool],
) -> None:  # fmt: skip
    """Show, write or count the packets one by one."""
    from synfin.faces import packet_file
    from synfin.faces.statistics import watched

    rows = watched(_until_interrupted(rows, interrupted), taps)
    shown = displayed(row for row in rows if wanted is None or wanted.matches(*row))
    if asked.write:
        packet_file.write(asked, sources, _numbers(asked, form, sources, shown, warnings))
    elif asked.quiet:
        deque(shown, maxlen=0)
    else:
        _print(form, shown, interrupted)


def _rows(
    asked: argparse.Namespace, sources: Sequence[str], needed: Collection[str], *, passes: int, messages: bool,
    warnings: list[str],
) -> Rows:  # fmt: skip
    """Every packet with what is known of it, by the compiled engine where that knows all that is needed."""
    if compiled_packets.knows(asked, needed):
        return compiled_packets.every_row(
            sources, passes=passes, last=asked.count, messages=messages, warnings=warnings
        )
    from synfin.watch.follow.profile import named
    from synfin.watch.packets.annotate import annotated

    return annotated(
        sources, passes=passes, fields=needed, messages=messages, warnings=warnings,
        profile=named(asked.profile), preferences=_preferences(asked), last=asked.count,
    )  # fmt: skip


def _write(asked: argparse.Namespace, paths: Sequence[str]) -> int:
    """Write the table of packets, those that match."""
    from synfin.faces import export
    from synfin.watch.packets.annotate import annotated
    from synfin.watch.packets.packet_table import chosen_packets, packet_table

    if asked.preferences:
        raise UsageError("-o FILE writes the table of all packets, which has no preferences")
    others = {"-T": asked.form != "text", "-c": asked.count is not None, "-w": asked.write, "-z": asked.statistics}
    if any(others.values()):
        given = " and ".join(name for name, is_asked in others.items() if is_asked)
        raise UsageError(f"-o writes the table of all packets; it does not go with {given}")
    form = export.form_of(asked.output, (*export.TABLES, "csv"), paths)
    wanted = None if asked.filter is None else language.compile(asked.filter)
    warnings: list[str] = []
    with inputs.rereadable(paths) as sources:
        if wanted is None and form == "arrow" and _written_once(sources, asked.output, warnings):
            table = None
        elif wanted is None:
            engine, interrupted = inputs.follow(sources, warnings, records_only=True)
            if interrupted:
                raise KeyboardInterrupt
            table = packet_table(sources, engine, lambda: engine.frames)
        elif compiled_packets.knows(asked, {"conn.conn", *wanted.fields}):
            table = compiled_packets.chosen_table(sources, wanted, warnings)
        else:
            rows = annotated(sources, fields={"conn.conn", *wanted.fields}, warnings=warnings)
            table = chosen_packets(row for row in rows if wanted.matches(*row))
        if table is not None:
            export.write_table(table, asked.output, form)
    for warning in warnings:
        inputs.note(warning)
    return 0


def _written_once(sources: Sequence[str], output: str, warnings: list[str]) -> bool:
    """Write the table of all packets by reading them once, where that is possible."""
    if not compiled() or not inputs.can_be_rewritten(output):
        return False
    from synfin.watch.packets.one_pass import write_once

    said: list[str] = []
    with open(output, "w+b") as out:
        done = write_once(sources, out.fileno(), lambda reader, frames: inputs.watched(reader, frames, said))
    if done:
        warnings.extend(said)
    return done


def displayed(rows: Rows) -> Rows:
    """Fill in the time since the packet that was shown before."""
    last_ns = None
    for frame, facts in rows:
        time_ns = frame.packet.time_ns
        facts.frame_time_delta_displayed_ns = 0 if last_ns is None else time_ns - last_ns
        last_ns = time_ns
        yield frame, facts


def _print(form: Form, rows: Rows, interrupted: list[bool]) -> None:
    """Print the rows. What is printed is whole where that is interrupted, the closing of JSON included."""
    try:
        sys.stdout.writelines(form.pieces(rows))
    except KeyboardInterrupt:
        interrupted.append(True)


def _numbers(
    asked: argparse.Namespace, form: Form, sources: Sequence[str], rows: Rows, warnings: list[str]
) -> Iterator[int]:
    """The numbers of the rows; nothing is taken apart for that where every packet is meant and none looked at."""
    if asked.filter is None and not asked.statistics and not asked.print_lines:
        from synfin.faces import packet_file

        yield from islice(packet_file.every_number(sources, warnings), asked.count)
    else:
        yield from (frame.packet.number for frame, _ in _printed(asked, form, rows))


def _printed(asked: argparse.Namespace, form: Form, rows: Rows) -> Rows:
    """The same rows, each printed on its way where -P asks for it."""
    for row in rows:
        if asked.print_lines:
            sys.stdout.writelines(form.pieces(iter((row,))))
        yield row


def _until_interrupted(rows: Rows, interrupted: list[bool]) -> Rows:
    try:
        yield from rows
    except KeyboardInterrupt:
        interrupted.append(True)
