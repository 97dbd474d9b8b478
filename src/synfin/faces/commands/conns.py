"""`synfin conns`: the connection table, as a table for people and as records for programs."""

from __future__ import annotations

import argparse
import csv
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import nullcontext
from itertools import chain

from synfin.faces import export, inputs
from synfin.watch.record import Connection, utc
from synfin.watch.records import record

#: columns of the plain forms: names of the record, and the two endpoints whole
COLUMNS = (
    "conn", "client", "server", "start", "duration_ns", "client.payload_bytes", "server.payload_bytes",
    "handshake_rtt_ns", "client.retransmissions", "server.retransmissions", "open", "close", "closed_by",
    "client.state", "server.state",
)  # fmt: skip

_WRITTEN = (*export.TABLES, "csv", "tsv", "json", "ndjson")


def run(asked: argparse.Namespace) -> int:
    """Print the connections of the captures."""
    paths = inputs.named(asked)
    form = asked.form or ("table" if sys.stdout.isatty() else "tsv")
    if asked.output:
        form = export.form_of(asked.output, _WRITTEN, paths)
    warnings: list[str] = []
    if asked.filter is None:
        connections, frames, interrupted = _read(paths, warnings, separate=asked.separate)
    else:
        with inputs.rereadable(paths) as again:
            connections, frames, interrupted = _read(again, warnings, separate=asked.separate)
            wanted = _matching(again, asked.filter, separate=asked.separate)
        connections = (one for place, one in enumerate(connections) if place in wanted)
    first = next(connections, None)
    if first is None and asked.filter is None and not asked.quiet:
        inputs.note_no_tcp(paths, frames)
    _write(form, paths, chain(() if first is None else (first,), connections), warnings, asked)
    for warning in warnings:
        inputs.note(warning)
    if interrupted:
        inputs.note(f"interrupted after {frames:,} frames; the connections are as those showed them")
    return 130 if interrupted else 0


def _read(paths: Sequence[str], warnings: list[str], *, separate: bool) -> tuple[Iterator[Connection], int, bool]:
    """The connections of all captures, the frames read, and whether reading was interrupted."""
    found: list[Iterable[Connection]] = []
    frames, interrupted = 0, False
    for group in [[path] for path in paths] if separate else [list(paths)]:
        engine, interrupted = inputs.follow(group, warnings)
        frames += engine.frames
        found.append(map(record, engine.connections()))
        if interrupted:
            break
    return iter(chain.from_iterable(found)), frames, interrupted


def _matching(paths: Sequence[str], text: str, *, separate: bool) -> set[int]:
    """Places (in the order of `_read`) of the connections that have a packet which matches."""
    from synfin import filter as language
    from synfin.watch.annotate import annotated

    wanted = language.compile(text)
    found: set[int] = set()
    before = 0
    for group in [[path] for path in paths] if separate else [list(paths)]:
        last = -1
        for frame, facts in annotated(group, fields=wanted.fields):
            if facts.conn is not None:
                last = max(last, facts.conn)
                if before + facts.conn not in found and wanted.matches(frame, facts):
                    found.add(before + facts.conn)
        before += last + 1
    return found


def _write(
    form: str, paths: Sequence[str], connections: Iterable[Connection], warnings: list[str], asked: argparse.Namespace
) -> None:
    if form in export.TABLES:
        from synfin.watch.connection_table import connection_table

        export.write_table(connection_table(lambda: connections, lambda: 0), asked.output, form)
    else:
        with export.printed_into(asked.output) if asked.output else nullcontext():
            _print(form, paths, connections, warnings, asked)


def _print(
    form: str, paths: Sequence[str], connections: Iterable[Connection], warnings: list[str], asked: argparse.Namespace
) -> None:
    if form == "json":
        document = {
            "schema": 1,
            "file": paths[0] if len(paths) == 1 else list(paths),
            "connections": [one.to_dict() for one in connections],
            "warnings": warnings,
        }
        print(json.dumps(document, ensure_ascii=False, indent=1))
    elif form == "ndjson":
        for one in connections:
            sys.stdout.write(json.dumps(one.to_dict(), ensure_ascii=False, separators=(",", ":")) + "\n")
    elif form == "csv":
        csv.writer(sys.stdout, lineterminator="\n").writerows(chain([COLUMNS], map(_cells, connections)))
    elif form == "tsv":
        sys.stdout.write("\t".join(COLUMNS) + "\n")
        sys.stdout.writelines("\t".join(map(str, _cells(one))) + "\n" for one in connections)
    else:
        from synfin.explain.words import detect_language
        from synfin.faces.table import print_connections

        print_connections(list(connections), asked.lang or detect_language())


def _cells(one: Connection) -> tuple[object, ...]:
    """The columns of one connection; empty where unknown."""
    client, server = one.client, one.server
    rtt = one.handshake_rtt_ns
    return (
        one.conn, client.endpoint, server.endpoint, utc(one.start_ns), one.duration_ns, client.payload_bytes,
        server.payload_bytes, "" if rtt is None else rtt, client.retransmissions, server.retransmissions, one.open,
        one.close, one.closed_by, client.state, server.state,
    )  # fmt: skip
