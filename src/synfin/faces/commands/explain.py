"""`synfin explain`: one connection, segment by segment; or one packet, byte by byte."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from synfin.errors import UsageError
from synfin.explain.words import Language, detect_language, text
from synfin.faces import inputs, telling
from synfin.faces.measurements import render_measurements, render_metrics
from synfin.faces.packet_explained import explain_packet
from synfin.faces.possible_states import render_states
from synfin.faces.table import severity
from synfin.watch.connections.record import Connection
from synfin.watch.connections.records import record
from synfin.watch.engine.engine import Engine
from synfin.watch.findings.known import SEVERITIES
from synfin.watch.follow.raw import earlier
from synfin.watch.measure.measure import measure_connection
from synfin.watch.measure.metrics import metrics_of
from synfin.watch.story.retell import Told, retell

_LISTED = 10  #: connections named on standard error


def run(asked: argparse.Namespace) -> int:
    """Explain a connection or a packet of the captures."""
    paths = inputs.named(asked)
    lang: Language = asked.lang or detect_language()
    if asked.header and asked.packet is None:
        raise UsageError("--header draws the TCP header of one packet: say which with --packet N")
    if asked.output:
        _check_form(asked)
        telling.check_output(asked.output)
        inputs.refuse_overwrite(asked.output, force=True, inputs=paths)
    with inputs.rereadable(paths) as sources:
        if asked.packet is not None:
            explain_packet(asked, paths, sources, lang)
            return 0
        return _explain_connection(asked, paths, sources, lang)


def _check_form(asked: argparse.Namespace) -> None:
    """UsageError where something is to be printed and something else to be written."""
    form = "--json" if asked.form == "json" else "--measure" if asked.measure else "--states" if asked.states else ""
    if form:
        raise UsageError(f"{form} prints, -o writes a drawing or a page: choose one, or run it twice")


def _explain_connection(asked: argparse.Namespace, paths: Sequence[str], sources: Sequence[str], lang: Language) -> int:
    warnings: list[str] = []
    engine, interrupted = inputs.follow(sources, warnings)
    for warning in warnings:
        inputs.note(warning)
    if interrupted:
        raise KeyboardInterrupt
    connections = [record(raw) for raw in engine.connections()]
    if not connections:
        inputs.note_no_tcp(paths, engine.frames)
        return 0
    chosen = _choose(asked, connections, lang)
    story, frames, end_ns = _tell(sources, chosen, engine)
    limit = telling.max_segments(asked.max_segments, asked.full)
    if asked.output:
        telling.write_story(asked.output, story, frames, lang, title=os.path.basename(paths[0]), limit=limit)
    elif asked.states:
        sys.stdout.write(render_states(story, lang, telling.terminal_width()))
    elif asked.form == "json" or asked.measure:
        measured = measure_connection([step.segment for step in story.steps], chosen, capture_end_ns=end_ns)
        told = metrics_of(story, measured)
        if asked.form == "json":
            named = {"file": paths[0] if len(paths) == 1 else list(paths)}
            parts = {"metrics": None if told is None else told.to_dict(), "measurements": measured.to_dict()}
            telling.print_json(named | telling.story_document(story) | parts)
        else:
            if told is not None:
                sys.stdout.write(render_metrics(told, lang, telling.terminal_width()) + "\n")
            sys.stdout.write(render_measurements(measured, chosen, lang))
    else:
        telling.print_story(story, lang, limit)
    return 0


def _choose(asked: argparse.Namespace, connections: Sequence[Connection], lang: Language) -> Connection:
    """The connection that was asked for; else the one that ended worst, the first of those."""
    if asked.conn is not None:
        if asked.conn >= len(connections):
            raise UsageError(f"there is no connection {asked.conn}; the last one is {len(connections) - 1}")
        number: int = asked.conn
        return connections[number]
    if asked.stream is not None:
        of_stream = [one for one in connections if one.stream == asked.stream]
        if not of_stream:
            raise UsageError(f"there is no connection in tcp.stream {asked.stream}; see synfin conns")
        return of_stream[0]
    worst_first = sorted(connections, key=lambda one: -SEVERITIES.index(severity(one)))
    chosen = worst_first[0]
    if len(connections) > 1 and not asked.quiet:
        print(text("explain.choose", lang, n=len(connections), conn=str(chosen.conn)), file=sys.stderr)
        for one in worst_first[:_LISTED]:
            ends = f"{one.client.endpoint} → {one.server.endpoint}"
            print(f"  {one.conn}  {ends}  {one.open} {one.close}", file=sys.stderr)
        if len(connections) > _LISTED:
            print(f"  {text('explain.more', lang, n=len(connections) - _LISTED)}", file=sys.stderr)
    return chosen


def _tell(sources: Sequence[str], chosen: Connection, engine: Engine) -> Told:
    """The story of one connection, and its frames by number: the captures are read once more.

    `engine` has followed them.
    """
    before = earlier(engine.connection(chosen.conn), engine.connections())
    return retell(sources, chosen, inputs.fresh_engine(), before)
