"""The connection table as people see it: aligned in both languages, as wide as the terminal, coloured by severity."""

from __future__ import annotations

from pathlib import Path

import pytest

from synfin.capture.reader import open_capture
from synfin.faces.table import print_connections
from synfin.faces.width import display_width
from synfin.watch.connections.record import Connection
from synfin.watch.connections.records import record
from synfin.watch.engine.engines import engine

DATA = Path(__file__).parent / "data"


def connections() -> list[Connection]:
    found: list[Connection] = []
    for path in sorted(DATA.glob("*.pcapng")):
        following = engine()
        with open_capture(path) as reader:
            following.feed(reader)
        found.extend(map(record, following.connections()))
    return found


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_columns_line_up_whatever_the_language(capsys: pytest.CaptureFixture[str], lang: str) -> None:
    print_connections(connections(), "zh" if lang == "zh" else "en")
    head, *rows = capsys.readouterr().out.splitlines()
    assert len(rows) == 5
    column = display_width(head[: head.index("服务器" if lang == "zh" else "server")])
    for row in rows:
        assert row.index("127.0.0.1:9501") == column, row


def test_a_narrow_terminal_loses_the_dispensable_columns(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    print_connections(connections(), "en")
    lines = capsys.readouterr().out.splitlines()
    assert "start" not in lines[0] and "ended" in lines[0]
    assert max(map(display_width, lines)) <= 80


def test_colour_tells_how_bad_an_ending_is(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("synfin.faces.table.wants_colour", lambda stream: True)
    print_connections(connections(), "en")
    rows = capsys.readouterr().out.splitlines()[1:]
    assert all(row.startswith("\x1b[") and row.endswith("\x1b[0m") for row in rows)
    refused = next(row for row in rows if "refused" in row)
    textbook = next(row for row in rows if "fin_4seg" in row)
    assert refused[:5] != textbook[:5]
