"""What was measured of a connection, as a table of two columns: what the client sent, and the server."""

from __future__ import annotations

from collections.abc import Callable

from synfin.explain.metric_words import metric_lines
from synfin.explain.quantity import count, duration
from synfin.explain.words import Language, text
from synfin.faces.width import display_width, pad, wrap
from synfin.watch.connections.record import Connection
from synfin.watch.measure.direction import Direction
from synfin.watch.measure.measure import Measurements
from synfin.watch.measure.metrics import Metrics
from synfin.watch.measure.rtt import RoundTrips
from synfin.watch.measure.spread import Spread

Cell = Callable[[Direction, RoundTrips, Language], str]


def _counts(*names: str) -> Cell:
    return lambda one, trips, lang: " / ".join(_number(getattr(one, name)) for name in names)


def _span(name: str) -> Cell:
    return lambda one, trips, lang: _time(getattr(one, name), lang)


def _number(value: float | None) -> str:
    return "–" if value is None else count(round(value))


def _time(ns: float | None, lang: Language) -> str:
    return "–" if ns is None else duration(ns, lang)


def _spread(spread: Spread, lang: Language) -> str:
    if not spread.count:
        return "–"
    return " / ".join(_time(ns, lang) for ns in (spread.least, spread.mean, spread.most))


def _hows(one: Direction, trips: RoundTrips, lang: Language) -> str:
    found = trips.to_dict()
    return " / ".join(count(found[f"by_{how}"]) for how in ("ack", "sack", "timestamp"))


#: key of the catalogue, without `measure.` -> the cell
ROWS: dict[str, Cell] = {
    "packets": _counts("packets"),
    "pure_acks": _counts("pure_acks"),
    "control": _counts("syns", "fins", "resets"),
    "data": _counts("data_packets", "data_bytes"),
    "unique": _counts("unique_bytes"),
    "retransmitted": _counts("retransmitted_packets", "retransmitted_bytes"),
    "out_of_order": _counts("out_of_order_packets"),
    "probes": _counts("zero_window_probes", "zero_window_probe_bytes"),
    "pushed": _counts("pushed_packets", "urgent_packets"),
    "sack": _counts("sack_packets", "dsack_packets"),
    "duplicate_acks": _counts("duplicate_acks"),
    "mss": _counts("mss"),
    "segment": _counts("min_segment_bytes", "max_segment_bytes"),
    "window": _counts("window_min_bytes", "window_avg_bytes", "window_max_bytes"),
    "zero_windows": _counts("zero_windows"),
    "outstanding": lambda one, trips, lang: _number(one.outstanding.most if one.outstanding.count else None),
    "first_window": _counts("initial_window_bytes", "initial_window_packets"),
    "stream": _counts("stream_bytes", "missed_bytes"),
    "truncated": _counts("truncated_packets", "truncated_bytes"),
    "transmit": _span("transmit_time_ns"),
    "idle": _span("idle_max_ns"),
    "throughput": _counts("throughput_bytes_per_s"),
    "handshake": _span("handshake_rtt_ns"),
    "rtt_count": _hows,
    "rtt": lambda one, trips, lang: _spread(trips.spread, lang),
    "ack_rtt": lambda one, trips, lang: _spread(one.sent.rtt, lang),
}


def render_measurements(measured: Measurements, connection: Connection, lang: Language) -> str:
    """The table, its last line ended."""
    lines = [("", connection.client.endpoint, connection.server.endpoint)]
    for key, cell in ROWS.items():
        lines.append((
            text(f"measure.{key}", lang),
            cell(measured.client, measured.client_trips, lang),
            cell(measured.server, measured.server_trips, lang),
        ))  # fmt: skip
    widths = [max(display_width(line[column]) for line in lines) for column in range(3)]
    title = text("measure.title", lang, conn=connection.conn)
    rows = (
        "  ".join(pad(cell, width, side) for cell, width, side in zip(line, widths, _SIDES, strict=True))
        for line in lines
    )
    return "\n".join([title, *(row.rstrip() for row in rows)]) + "\n"


def render_metrics(told: Metrics, lang: Language, width: int) -> str:
    """Where the time went, and how it ended: a line for each, the last one ended."""
    rows = metric_lines(told, lang)
    room = max(display_width(label) for label, _ in rows) + 2
    lines = [text("metrics.title", lang)]
    for label, value in rows:
        first, *more = wrap(value, max(width - room, 40))
        lines += [pad(label, room) + first, *(" " * room + line for line in more)]
    return "\n".join(lines) + "\n"


_SIDES = ("left", "right", "right")
