"""The connection table for a terminal."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence

from synfin.explain.escape import visible
from synfin.explain.quantity import duration
from synfin.explain.words import Language, finding_facts, text
from synfin.faces.terminal import SEVERITY_STYLES, Paint, wants_colour
from synfin.faces.width import clip, display_width, pad
from synfin.watch.connections.record import Connection, Side, utc
from synfin.watch.findings.known import SEVERITIES

#: a column in front where connections are of several inputs; see COLUMNS
FILE_COLUMN = ("file", False, 0)
#: columns, whether right-aligned, and the order in which they go when the terminal is too narrow (0: never)
COLUMNS = (
    ("conn", True, 0), ("client", False, 0), ("server", False, 0), ("start", False, 1), ("duration", True, 5),
    ("bytes", True, 4), ("rtt", True, 3), ("retransmissions", True, 6), ("open", False, 0), ("close", False, 0),
    ("closed_by", False, 7), ("states", False, 2),
)  # fmt: skip


def print_connections(connections: Sequence[Connection], lang: Language, files: Sequence[str] = ()) -> None:
    """Print the table, as wide as the terminal allows; colour tells how bad an ending is.

    `files`: the file of each connection, where that is to be told.
    """
    if not connections:
        return
    paint = Paint(wants_colour(sys.stdout))
    cells = [row(one, lang) for one in connections]
    for place, file in enumerate(files):
        cells[place]["file"] = visible(file)
    all_columns = (FILE_COLUMN, *COLUMNS) if files else COLUMNS
    heads = {name: text(f"table.{name}", lang) for name, _, _ in all_columns}
    widths = {
        name: max(display_width(heads[name]), *(display_width(line[name]) for line in cells))
        for name, _, _ in all_columns
    }
    columns = _fitting(all_columns, widths, shutil.get_terminal_size().columns)
    print(paint("  ".join(pad(heads[name], widths[name], side) for name, side in columns).rstrip(), "bold"))
    for one, shown in zip(connections, cells, strict=True):
        style = SEVERITY_STYLES[severity(one)]
        line = "  ".join(pad(clip(shown[name], widths[name]), widths[name], side) for name, side in columns)
        print(paint(line.rstrip(), style))
    if any(one.role_guessed for one in connections):
        print(paint(text("table.guessed", lang), "dim"))


def _fitting(columns: Sequence[tuple[str, bool, int]], widths: dict[str, int], room: int) -> list[tuple[str, str]]:
    """(name, alignment) of the columns that fit; the dispensable ones go first."""
    if os.environ.get("COLUMNS") is None and not sys.stdout.isatty():
        room = 10_000
    kept = list(columns)
    while sum(widths[name] + 2 for name, _, _ in kept) - 2 > room:
        dispensable = [column for column in kept if column[2]]
        if not dispensable:
            break
        kept.remove(min(dispensable, key=lambda column: column[2]))
    return [(name, "right" if right else "left") for name, right, _ in kept]


def row(one: Connection, lang: Language) -> dict[str, str]:
    """What a person reads of a connection, by column."""
    rtt = one.handshake_rtt_ns
    return {
        "conn": str(one.conn),
        "client": one.client.endpoint + ("?" if one.role_guessed else ""),
        "server": one.server.endpoint,
        "start": utc(one.start_ns)[:-4].replace("T", " "),
        "duration": duration(one.duration_ns, lang),
        "bytes": f"{one.client.payload_bytes} / {one.server.payload_bytes}",
        "rtt": "" if rtt is None else duration(rtt, lang),
        "retransmissions": str(one.client.retransmissions + one.server.retransmissions or ""),
        "open": one.open.removeprefix("open."),
        "close": one.close.removeprefix("close."),
        "closed_by": text(f"who.{one.closed_by}", lang),
        "states": f"{_state(one.client)} / {_state(one.server)}",
    }


def severity(one: Connection) -> str:
    """How bad a connection is: the worse of its two ids."""
    return max((finding_facts(key).severity for key in (one.open, one.close)), key=SEVERITIES.index)


def _state(side: Side) -> str:
    return side.state or "?"
