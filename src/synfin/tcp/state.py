"""THE transition table: what RFC 9293 says about states, as data (transitions.tsv), read by everyone who needs it.

Key of a row: state, event, when. An event is a call of the application, a *send*, a *receive*, a timeout or a report of
the network. A send without a row is illegal in that state; there is no second list. SYN-RECEIVED must remember how it
was entered (MUST-11): rows that differ say `passive` or `active`, all others `any`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from enum import IntEnum, StrEnum
from functools import cache
from typing import Literal, NamedTuple

When = Literal["any", "passive", "active"]

#: A cell of the matrix without a row.
NO_ROW = 255

#: Rows of the matrix: the states in order, then SYN-RECEIVED once more, entered by an active open.
ROWS = 12
SYN_RECEIVED_ACTIVE = 11


class State(IntEnum):
    """The states of a connection end (RFC 9293 section 3.3.2)."""

    CLOSED = 0
    LISTEN = 1
    SYN_SENT = 2
    SYN_RECEIVED = 3
    ESTABLISHED = 4
    FIN_WAIT_1 = 5
    FIN_WAIT_2 = 6
    CLOSE_WAIT = 7
    CLOSING = 8
    LAST_ACK = 9
    TIME_WAIT = 10

    @property
    def label(self) -> str:
        """As people and files read it: FIN-WAIT-1."""
        return self.name.replace("_", "-")


class Event(StrEnum):
    """What can happen to one end. The order is the matrix's column order."""

    OPEN_PASSIVE = "open-passive"
    OPEN_ACTIVE = "open-active"
    SEND = "send"
    CLOSE = "close"
    ABORT = "abort"
    SND_SYN = "snd-syn"
    SND_SYN_ACK = "snd-syn-ack"
    SND_ACK = "snd-ack"
    SND_DATA = "snd-data"
    SND_FIN = "snd-fin"
    SND_RST = "snd-rst"
    SND_RST_REPLY = "snd-rst-reply"
    RCV_SYN = "rcv-syn"
    RCV_SYN_IN_WINDOW = "rcv-syn-in-window"
    RCV_SYN_REUSE = "rcv-syn-reuse"
    RCV_SYN_ACK = "rcv-syn-ack"
    RCV_ACK_OF_SYN = "rcv-ack-of-syn"
    RCV_ACK_BAD = "rcv-ack-bad"
    RCV_DATA = "rcv-data"
    RCV_OLD = "rcv-old"
    RCV_FIN = "rcv-fin"
    RCV_ACK_OF_FIN = "rcv-ack-of-fin"
    RCV_FIN_ACK_OF_FIN = "rcv-fin+ack-of-fin"
    RCV_FIN_ACK_OF_SYN = "rcv-fin+ack-of-syn"
    RCV_RST = "rcv-rst"
    RCV_RST_CHALLENGE = "rcv-rst-challenge"
    RCV_RST_BAD = "rcv-rst-bad"
    TO_RTO = "to-rto"
    TO_USER = "to-user"
    TO_2MSL = "to-2msl"
    TO_FIN_WAIT_2 = "to-fin-wait-2"
    ICMP_HARD = "icmp-hard"

    @property
    def column(self) -> int:
        """Column of the matrix, 0 to 31."""
        return _COLUMN[self]

    @property
    def is_send(self) -> bool:
        return self.value.startswith("snd-")

    @property
    def is_receive(self) -> bool:
        return self.value.startswith("rcv-")


_COLUMN = {event: column for column, event in enumerate(Event)}


class Row(NamedTuple):
    """One line of the table."""

    state: State
    event: Event
    when: When
    next: State
    rule: str  #: unique id, the key of every explanation: fin-wait-1.rcv-ack-of-fin
    section: str  #: RFC 9293 section, "" where the RFC does not know the event
    text_en: str
    text_zh: str
    linux: str  #: where the Linux kernel differs, "" where it does not
    linux_zh: str
    figure5: str  #: F5 for an edge of Figure 5, N2 and N3 for its notes, "" otherwise


def _lines() -> list[list[str]]:
    path = os.path.join(os.path.dirname(__file__), "transitions.tsv")
    with open(path, encoding="utf-8") as file:
        return [line.split("\t") for line in file.read().splitlines()[1:]]


def _read() -> dict[tuple[State, Event, When], Row]:
    states = {state.label: state for state in State}
    events = {event.value: event for event in Event}
    whens: dict[str, When] = {"any": "any", "passive": "passive", "active": "active"}
    table: dict[tuple[State, Event, When], Row] = {}
    for state, event, when, next_state, rule, *rest in _lines():
        section, text_en, text_zh, linux, linux_zh, figure5 = ("" if cell == "-" else cell for cell in rest)
        row = Row(
            states[state], events[event], whens[when], states[next_state],
            rule, section, text_en, text_zh, linux, linux_zh, figure5,
        )  # fmt: skip
        table[row.state, row.event, row.when] = row
    return table


TABLE: Mapping[tuple[State, Event, When], Row] = _read()

RULES: Mapping[str, Row] = {row.rule: row for row in TABLE.values()}


def state_of(row: int) -> State:
    """The state that a row of the matrix stands for."""
    return State.SYN_RECEIVED if row == SYN_RECEIVED_ACTIVE else State(row)


def find(row: int, event: Event) -> Row | None:
    """The table's line for an event in a row of the matrix (which knows how SYN-RECEIVED was entered)."""
    state = state_of(row)
    when: When = "active" if row == SYN_RECEIVED_ACTIVE else "passive"
    return TABLE.get((state, event, "any")) or TABLE.get((state, event, when))


def next_row(row: int, event: Event) -> int:
    """The matrix's cell: the row after the event, `NO_ROW` where the event has none."""
    line = find(row, event)
    if line is None:
        return NO_ROW
    if line.next is not State.SYN_RECEIVED:
        return line.next
    if line.state is State.SYN_RECEIVED:
        return row
    return SYN_RECEIVED_ACTIVE if line.state is State.SYN_SENT else State.SYN_RECEIVED


@cache
def matrix() -> bytes:
    """The table for compiled code: 12 rows of 32 cells, each the next row or 255 where there is none."""
    return bytes(next_row(row, event) for row in range(ROWS) for event in Event)
