"""The cross table of stages and ends: counted from records, the same in every form."""

from __future__ import annotations

import json

import pytest

from command import synfin
from synfin.watch.connections.summary import end, stage

CAPTURE = "tests/data/textbook.pcapng"


@pytest.mark.parametrize(
    ("opened", "closed", "by", "asked", "answered", "place"),
    [
        ("open.refused", "close.never_opened", "server", False, False, ("syn", "rejected")),
        ("open.no_answer", "close.never_opened", "timeout", False, False, ("syn", "timeout")),
        ("open.rejected_by_client", "close.never_opened", "client", False, False, ("syn", "rst_client")),
        ("open.pending", "close.still_open", "none", False, False, ("syn", "open")),
        ("open.normal", "close.abort", "client", False, False, ("ack", "rst_client")),
        ("open.normal", "close.rst_reply", "server", True, False, ("first_data", "rst_server")),
        ("open.normal", "close.silent_death", "timeout", True, True, ("later", "timeout")),
        ("open.normal", "close.rst_reply", "middle", True, True, ("later", "rst_other")),
        ("open.normal", "close.fin_4seg", "client", True, True, ("later", "fin")),
        ("open.midstream", "close.still_open", "none", False, True, ("later", "open")),
    ],
)
def test_where_a_connection_is_counted(
    opened: str, closed: str, by: str, asked: bool, answered: bool, place: tuple[str, str]
) -> None:
    assert (stage(opened, closed, asked, answered), end(opened, closed, by)) == place


def test_the_table_counts_every_connection_once() -> None:
    document = json.loads(synfin("conns", "--summary", "--json", CAPTURE).out)
    lines = synfin("conns", "--ndjson", CAPTURE).out.splitlines()
    cells = [count for row in document["stages"].values() for count in row.values()]
    assert document["connections"] == len(lines) == sum(cells) == sum(document["close"].values())
    shown = synfin("conns", "--summary", CAPTURE, "--lang", "en").out
    assert shown.startswith("1 connection, by how far they came") and "close.fin_4seg" in shown
    assert "只有握手" in synfin("conns", "--summary", CAPTURE, "--lang", "zh").out
    assert synfin("conns", "--summary", "--columns", "conn", CAPTURE).status == 2
