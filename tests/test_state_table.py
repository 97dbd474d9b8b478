"""The transition table is RFC 9293: whole, unambiguous, and its diagram is current."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from synfin.tcp.state import (
    NO_ROW,
    ROWS,
    RULES,
    SYN_RECEIVED_ACTIVE,
    TABLE,
    Event,
    State,
    find,
    matrix,
    next_row,
    state_of,
)

DOCS = Path(__file__).parents[1] / "docs"

#: RFC 9293 section 3.3.2, Figure 5: who goes where, by which arrival or call.
FIGURE_5 = {
    ("CLOSED", "open-passive", "LISTEN"),
    ("CLOSED", "open-active", "SYN-SENT"),
    ("LISTEN", "close", "CLOSED"),
    ("LISTEN", "rcv-syn", "SYN-RECEIVED"),
    ("LISTEN", "send", "SYN-SENT"),
    ("SYN-SENT", "close", "CLOSED"),
    ("SYN-SENT", "rcv-syn", "SYN-RECEIVED"),
    ("SYN-SENT", "rcv-syn-ack", "ESTABLISHED"),
    ("SYN-RECEIVED", "rcv-rst", "LISTEN"),
    ("SYN-RECEIVED", "rcv-ack-of-syn", "ESTABLISHED"),
    ("SYN-RECEIVED", "close", "FIN-WAIT-1"),
    ("ESTABLISHED", "close", "FIN-WAIT-1"),
    ("ESTABLISHED", "rcv-fin", "CLOSE-WAIT"),
    ("FIN-WAIT-1", "rcv-ack-of-fin", "FIN-WAIT-2"),
    ("FIN-WAIT-1", "rcv-fin", "CLOSING"),
    ("FIN-WAIT-2", "rcv-fin", "TIME-WAIT"),
    ("CLOSE-WAIT", "close", "LAST-ACK"),
    ("CLOSING", "rcv-ack-of-fin", "TIME-WAIT"),
    ("LAST-ACK", "rcv-ack-of-fin", "CLOSED"),
    ("TIME-WAIT", "to-2msl", "CLOSED"),
}


def test_there_are_eleven_states_and_thirty_two_events() -> None:
    assert [state.label for state in State] == (
        "CLOSED LISTEN SYN-SENT SYN-RECEIVED ESTABLISHED FIN-WAIT-1 FIN-WAIT-2 CLOSE-WAIT CLOSING LAST-ACK TIME-WAIT"
    ).split()
    assert len(Event) == 32
    assert len(TABLE) == len(RULES) == 199


def test_every_rule_id_names_its_state_and_event() -> None:
    for rule, row in RULES.items():
        when = "" if row.when == "any" else f".{row.when}"
        assert rule == f"{row.state.label.lower()}.{row.event}{when}"


def test_figure_5_stands_in_the_table_edge_by_edge() -> None:
    # A send repeats the edge of the call that causes it, so that a witness takes it when the segment is captured.
    calls = {
        (row.state.label, str(row.event), row.next.label)
        for row in TABLE.values()
        if row.figure5 == "F5" and not row.event.is_send
    }
    assert calls == FIGURE_5
    sends = [row for row in TABLE.values() if row.figure5 == "F5" and row.event.is_send]
    for row in sends:
        causes = {event for state, event, after in FIGURE_5 if (state, after) == (row.state.label, row.next.label)}
        assert causes & {"open-active", "send", "close"}


def test_note_2_is_the_close_in_three_segments() -> None:
    (row,) = [row for row in TABLE.values() if row.figure5 == "N2"]
    assert row.rule == "fin-wait-1.rcv-fin+ack-of-fin"
    assert row.next is State.TIME_WAIT


def test_note_3_a_reset_leads_to_closed() -> None:
    rows = [row for row in TABLE.values() if row.figure5 == "N3"]
    assert {row.next for row in rows} == {State.CLOSED}
    assert {row.state for row in rows} == set(State) - {State.CLOSED, State.LISTEN}


def test_rows_that_depend_on_the_origin_come_in_twos() -> None:
    keys = {(row.state, row.event, row.when) for row in TABLE.values()}
    for state, event, when in keys:
        if when != "any":
            assert (state, event, "active" if when == "passive" else "passive") in keys
            assert (state, event, "any") not in keys
            assert state is State.SYN_RECEIVED


def test_every_state_is_reached_and_leads_back_to_closed() -> None:
    ways = {state: {row.next for row in TABLE.values() if row.state is state} for state in State}

    def reach(state: State) -> set[State]:
        found = [state]
        for here in found:
            found += [there for there in ways[here] if there not in found]
        return set(found)

    assert reach(State.CLOSED) == set(State)
    assert all(State.CLOSED in reach(state) for state in State)


def test_both_languages_stand_in_every_row() -> None:
    for row in TABLE.values():
        assert row.text_en and row.text_zh
        assert bool(row.linux) == bool(row.linux_zh)
        assert any("\u4e00" <= letter <= "\u9fff" for letter in row.text_zh)


def test_the_matrix_is_the_table() -> None:
    cells = matrix()
    assert len(cells) == ROWS * len(Event)
    for row in range(ROWS):
        for event in Event:
            line, cell = find(row, event), cells[row * len(Event) + event.column]
            assert cell == next_row(row, event)
            assert (cell == NO_ROW) == (line is None)
            if line is not None:
                assert state_of(cell) is line.next


def test_syn_received_remembers_how_it_was_entered() -> None:
    assert next_row(State.LISTEN, Event.RCV_SYN) == State.SYN_RECEIVED
    assert next_row(State.SYN_SENT, Event.RCV_SYN) == SYN_RECEIVED_ACTIVE
    assert state_of(next_row(State.SYN_RECEIVED, Event.RCV_RST)) is State.LISTEN
    assert state_of(next_row(SYN_RECEIVED_ACTIVE, Event.RCV_RST)) is State.CLOSED
    assert next_row(SYN_RECEIVED_ACTIVE, Event.SND_SYN_ACK) == SYN_RECEIVED_ACTIVE


@pytest.mark.parametrize("state", list(State))
def test_a_send_without_a_row_is_illegal(state: State) -> None:
    opened = {State.ESTABLISHED, State.FIN_WAIT_1, State.CLOSE_WAIT, State.CLOSING, State.LAST_ACK, State.SYN_RECEIVED}
    assert (find(state, Event.SND_DATA) is not None) == (state in opened)
    assert (find(state, Event.SND_SYN_ACK) is not None) == (state is State.SYN_RECEIVED)


def test_the_diagram_in_the_docs_is_current() -> None:
    spec = importlib.util.spec_from_file_location("make_state_diagram", DOCS / "make_state_diagram.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    current = (DOCS / "state-diagram.svg").read_text(encoding="utf-8")
    assert current == module.draw(), "run: python docs/make_state_diagram.py"
    assert set(module.edges()) == set(module.ROUTES)
