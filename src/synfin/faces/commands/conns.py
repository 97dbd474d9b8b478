"""`synfin conns`: the connection table, as a table for people and as records for programs."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import TYPE_CHECKING

from synfin.errors import UnreadableInput, UsageError
from synfin.faces import inputs, metric_columns
from synfin.faces.connection_text import COLUMNS, FORMS, SEPARATORS, print_text
from synfin.watch.connections.file_block import FILE, FileBlock
from synfin.watch.connections.record_block import RecordBlock, left
from synfin.watch.engine.engine import GENEROUS, KEEP_ALL, Limits

if TYPE_CHECKING:
    import argparse

    from synfin.filter.compiled import Filter
    from synfin.watch.connections.record import Connection

_MOST_HELPERS = 3  # to write: fewer threads than follow
_TABLES = ("arrow", "arrows", "parquet")  #: forms that only go into a file


def run(asked: argparse.Namespace) -> int:
    """Print the connections of the captures."""
    paths = inputs.named(asked)
    form = _form(asked, paths)
    if asked.separate and _asks_metrics(asked):
        raise UsageError("metrics are of one input; ask for them without --separate, a capture at a time")
    columns = _columns(asked, form)
    asked.sort, asked.reverse = _order(asked)
    wanted = _filter(asked.filter)
    if not _is_read_before(asked, wanted):
        return _run(asked, wanted, form, columns, paths, paths)
    with inputs.rereadable(paths) as again:
        return _run(asked, wanted, form, columns, paths, again)


def _filter(text: str | None) -> Filter | None:
    if text is None:
        return None
    from synfin import filter as language

    return language.compile(text)


def _form(asked: argparse.Namespace, paths: Sequence[str]) -> str:
    if asked.output:
        from synfin.faces.export import form_of

        return form_of(asked.output, (*_TABLES, *FORMS), paths)
    return asked.form or ("table" if sys.stdout.isatty() else "tsv")


def _columns(asked: argparse.Namespace, form: str) -> Sequence[str]:
    if asked.columns is None:
        return (FILE, *COLUMNS) if asked.separate else COLUMNS
    if form not in SEPARATORS:
        raise UsageError(f"--columns is for {' and '.join(SEPARATORS)}; {form} has every column")
    return [_column(name.strip(), asked.separate) for name in asked.columns.split(",")]


def _column(name: str, separate: bool) -> str:
    """A field of the record, or a metric, for which connections are told."""
    if name.removeprefix("conn.").startswith(metric_columns.PREFIX):
        short = name.removeprefix("conn.")
        if short not in metric_columns.names():
            raise UsageError(f"--columns: there is no field {name!r}; there are {', '.join(metric_columns.names())}")
        return short
    return _field(name, "--columns", separate)


def _order(asked: argparse.Namespace) -> tuple[str | None, bool]:
    """The field to sort by, None for none, and whether the largest comes first."""
    if asked.sort is None:
        if asked.reverse:
            raise UsageError("--reverse: by what? --sort FIELD names it")
        return None, False
    name = asked.sort.removeprefix("-")
    return _field(name, "--sort", asked.separate), asked.reverse != (name != asked.sort)


def _field(name: str, option: str, separate: bool) -> str:
    from synfin.watch.connections.connection_fields import NAMES

    short = name.strip().removeprefix("conn.")
    if short == FILE and not separate:
        raise UsageError(f"{option}: {FILE} is told with --separate; without it all captures are one input")
    if short not in NAMES and short != FILE:
        raise UsageError(f"{option}: there is no field {name!r}; there are {', '.join(NAMES)}")
    return short


def _is_read_before(asked: argparse.Namespace, wanted: Filter | None) -> bool:
    """Whether the captures must be read before they are followed."""
    if _asks_packets(wanted) or _asks_metrics(asked):
        return True
    if asked.since is None and asked.until is None:
        return False
    from synfin.faces.moments import is_relative

    return is_relative(asked.since) or is_relative(asked.until)


def _asks_metrics(asked: argparse.Namespace) -> bool:
    """Whether connections are told for columns that no record has."""
    return asked.columns is not None and metric_columns.PREFIX in asked.columns


def _asks_packets(wanted: Filter | None) -> bool:
    """Whether a filter looks at packets before it knows a connection."""
    return wanted is not None and not wanted.asks_connections


def _run(
    asked: argparse.Namespace,
    wanted: Filter | None,
    form: str,
    columns: Sequence[str],
    paths: Sequence[str],
    again: Sequence[str],
) -> int:
    findings = _asks_findings(asked, form, columns) or (wanted is not None and "conn.findings" in wanted.fields)
    limits = _limits(asked, wanted, again)
    reading = _Reading(again, separate=asked.separate, limits=limits, jobs=asked.jobs, findings=findings)
    if asked.separate and not asked.summary:
        reading.names = paths
    blocks = iter(_chosen(asked, wanted, reading, again))
    some = list(islice(blocks, 1))  # what cannot be read is said before anything is written
    _write(form, columns, paths, again, chain(some, blocks), reading.warnings, asked)
    if not reading.connections and not asked.quiet:
        inputs.note_no_tcp(paths, reading.frames)
    for warning in reading.warnings:
        inputs.note(warning)
    if reading.interrupted:
        inputs.note(f"interrupted after {reading.frames:,} frames; the connections are as those showed them")
    return 130 if reading.interrupted else 0


def _limits(asked: argparse.Namespace, wanted: Filter | None, paths: Sequence[str]) -> Limits:
    """How long connections stay in memory.

    A filter on packets asks all of them first, of which none is forgotten; so do metrics, which are found by `conn`.
    Nor is any of a small input, unless asked for: so `conn` is what the other commands say, which keep all.
    """
    given = asked.closed_after, asked.idle_after
    if asked.keep_all or _asks_packets(wanted) or _asks_metrics(asked):
        return KEEP_ALL
    if given == (None, None) and inputs.are_small(paths):
        return KEEP_ALL
    return Limits(*(usual if one is None else one for one, usual in zip(given, GENEROUS, strict=True)))


def _asks_findings(asked: argparse.Namespace, form: str, columns: Sequence[str]) -> bool:
    """Whether anything shows findings: they cost some time to look for."""
    if asked.summary or asked.no_findings or form == "table":
        return False
    return form not in SEPARATORS or "findings" in columns or asked.sort == "findings"


class _Reading:
    """The captures as they are followed: the blocks of connections, and what there is to say at the end."""

    def __init__(
        self, paths: Sequence[str], *, separate: bool, limits: Limits, jobs: int | None, findings: bool
    ) -> None:
        self.groups = [[path] for path in paths] if separate else [list(paths)]  #: each is one input
        self._limits = limits
        self._jobs = jobs
        self._findings = findings
        self.names: Sequence[str] = ()  #: of the inputs, where their connections tell them
        self.warnings: list[str] = []
        self.frames = 0
        self.connections = 0
        self.interrupted = False

    def blocks(self, matching: Sequence[Collection[int]] | None = None) -> Iterator[RecordBlock]:
        """Every connection; of each input only those whose `conn` is `matching`, if that is given."""
        for place, group_blocks in enumerate(self._groups_followed()):
            for block in group_blocks:
                self.connections += len(block)
                chosen = block if matching is None else _among(block, matching[place])
                yield FileBlock(chosen, [self.names[place]] * len(chosen)) if self.names else chosen
            if self.interrupted:
                return

    def _groups_followed(self) -> Iterator[Iterator[RecordBlock]]:
        """The blocks of each input, in order."""
        jobs = inputs.jobs_for(list(chain(*self.groups)), self._jobs, apart=True)
        if jobs == 1 or len(self.groups) == 1 or not inputs.can_fork(self.groups):
            yield from map(self._followed, self.groups)
            return
        from synfin.faces import apart

        for ended, blocks in apart.followed([group[0] for group in self.groups], self._limits, jobs, self._findings):
            self.frames += ended.frames
            self.warnings += ended.warnings
            self.interrupted = ended.interrupted
            yield blocks
            if ended.unreadable:
                raise UnreadableInput(ended.unreadable)

    def _followed(self, group: Sequence[str]) -> Iterator[RecordBlock]:
        jobs = inputs.jobs_for(group, self._jobs)
        engine = inputs.fresh_engine(records_only=True, limits=self._limits, jobs=jobs, findings=self._findings)
        steps = inputs.steps(engine, group, self.warnings, jobs=self._jobs)
        before = self.frames
        while not self.interrupted:
            try:
                next(steps)
            except StopIteration:
                break
            except KeyboardInterrupt:
                self.interrupted = True
            self.frames = before + engine.frames
            yield from left(engine)
        self.frames = before + engine.frames
        yield from left(engine, everything=True)


def _among(block: RecordBlock, wanted: Collection[int]) -> RecordBlock:
    return block.take([place for place, conn in enumerate(block.values("conn")) if conn in wanted])


def _accepted(block: RecordBlock, wanted: Filter) -> RecordBlock:
    """The connections that pass by their records alone."""
    return block.take([place for place, one in enumerate(block.connections()) if wanted.accepts(one)])


def _chosen(
    asked: argparse.Namespace, wanted: Filter | None, reading: _Reading, paths: Sequence[str]
) -> Iterable[RecordBlock]:
    """The connections that were asked for, in the order that was asked for."""
    blocks: Iterable[RecordBlock]
    if wanted is None:
        blocks = reading.blocks()
    elif wanted.asks_connections:
        blocks = (_accepted(block, wanted) for block in reading.blocks())
    else:
        blocks = reading.blocks([_matching(group, wanted) for group in reading.groups])
    if (asked.since, asked.until, asked.sort, asked.limit) == (None,) * 4:
        return blocks
    from synfin.faces.moments import time_range
    from synfin.watch.connections import choice

    since_ns, until_ns = time_range(asked.since, asked.until, paths)
    blocks = (block.between(since_ns, until_ns) for block in blocks)
    if asked.sort is not None:
        blocks = choice.in_order_of(blocks, asked.sort, descending=asked.reverse, limit=asked.limit)
    return blocks if asked.limit is None else choice.first(blocks, asked.limit)


def _matching(paths: Sequence[str], wanted: Filter) -> set[int]:
    """`conn` of the connections of one input that have a packet which matches."""
    from synfin.watch.engine.engines import compiled

    if compiled():
        from synfin.filter.selection import Selection, can_be_compiled

        if can_be_compiled((), wanted):
            return Selection(paths, wanted, ("synfin.conn",)).connections()
    from synfin.watch.packets.annotate import annotated

    found: set[int] = set()
    for frame, facts in annotated(paths, fields=wanted.fields):
        if facts.conn is not None and facts.conn not in found and wanted.matches(frame, facts):
            found.add(facts.conn)
    return found


def _write(
    form: str,
    columns: Sequence[str],
    paths: Sequence[str],
    again: Sequence[str],
    blocks: Iterable[RecordBlock],
    warnings: Sequence[str],
    asked: argparse.Namespace,
) -> None:
    helpers = min(inputs.jobs_for(paths, asked.jobs) - 1, _MOST_HELPERS)

    def print_them() -> None:
        if metric_columns.asked_for(columns):
            metric_columns.print_rows(blocks, columns, again, SEPARATORS[form])
        else:
            print_text(form, blocks, columns, paths, warnings, helpers)

    if asked.summary:
        _summarize(blocks, form, asked)
    elif form in _TABLES:
        from synfin.faces.export import write_table
        from synfin.watch.connections.connection_table import connection_table

        write_table(connection_table(lambda: blocks, lambda: 0, of_files=asked.separate), asked.output, form)
    elif form == "table":
        from synfin.explain.words import detect_language
        from synfin.faces.table import print_connections

        files: list[str] = []
        connections: list[Connection] = []
        for block in blocks:
            connections += block.connections()
            files += block.values(FILE) if asked.separate else ()
        print_connections(connections, asked.lang or detect_language(), files)
    elif asked.output:
        from synfin.faces.export import printed_into

        with printed_into(asked.output):
            print_them()
    else:
        print_them()


def _summarize(blocks: Iterable[RecordBlock], form: str, asked: argparse.Namespace) -> None:
    """One table, or one JSON object, of all connections."""
    from synfin.watch.connections.summary import Summary

    if asked.output or asked.columns:
        raise UsageError("--summary prints one table; it goes with neither -o nor --columns")
    summary = Summary().count(blocks)
    if form in ("json", "ndjson"):
        import json

        sys.stdout.write(json.dumps(summary.to_dict()) + "\n")
        return
    from synfin.explain.words import detect_language
    from synfin.faces.summary_table import print_summary

    print_summary(summary, asked.lang or detect_language())
