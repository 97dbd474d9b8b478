"""Exactly one open.* and one close.* id, the first of the list that holds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segments import HANDSHAKE, REQUEST, client_of, collected, exchange, verdict_of
from synfin.watch.connections import verdict as v
from synfin.watch.connections.verdict import CLOSINGS, OPENINGS, decide
from synfin.watch.findings.known import KNOWN
from synfin.watch.follow import collect
from synfin.watch.follow.marks import marks
from taxonomy import ALL, Case


@pytest.mark.parametrize("case", ALL, ids=lambda case: case.name)
def test_every_opening_and_closing(case: Case) -> None:
    assert verdict_of(case.text) == (case.open, case.close, case.closed_by)


def test_the_taxonomy_meets_every_id() -> None:
    met = {case.open for case in ALL} | {case.close for case in ALL} | {"open.icmp_rejected"}
    assert met == {*OPENINGS, *CLOSINGS} <= KNOWN.keys()


@given(st.integers(0, (1 << 33) - 1))
def test_any_marks_have_one_verdict(bits: int) -> None:
    verdict = decide(bits)
    assert verdict.open in OPENINGS and verdict.close in CLOSINGS
    assert verdict.closed_by in ("client", "server", "both", "middle", "timeout", "none")


def test_icmp_rejects_unless_a_syn_ack_follows() -> None:
    read = exchange("C SYN seq=0")
    conn = collected(read.segments)
    conn.opening |= collect.ICMP_REJECTED
    assert decide(marks(conn, 0, read.end_ns)) == ("open.icmp_rejected", "close.never_opened", "middle")
    read = exchange(HANDSHAKE)
    conn = collected(read.segments)
    conn.opening |= collect.ICMP_REJECTED
    assert decide(marks(conn, 0, read.end_ns)).open == "open.normal"


def test_who_opened_is_who_sent_the_syn() -> None:
    for text in (REQUEST, "S SYN,ACK seq=0 ack=1\nC RST seq=1 bare", "S ACK seq=9 ack=1\nC SYN seq=0"):
        segments = exchange(text).segments
        assert collect.client_side(collected(segments)) == client_of(segments)
    assert collect.client_side(collected(exchange("C ACK seq=1 ack=1").segments)) == -1


@pytest.mark.parametrize(
    ("line", "active"),
    [
        ("C RST,ACK seq=15 ack=1", True),  # window and options: a living socket
        ("C RST,ACK seq=15 ack=1 bare", True),  # SEQ = SND.NXT is enough
        ("C RST,ACK seq=16 ack=1 bare", False),
        ("C RST seq=15 bare", False),
        ("C RST seq=15 win=8192", False),
    ],
)
def test_the_shape_of_a_reset(line: str, active: bool) -> None:
    assert verdict_of(REQUEST + line).close == ("close.abort" if active else "close.rst_reply")


def test_an_answered_probe_is_no_death() -> None:
    text = REQUEST + "+5\nC ACK seq=14 ack=1\nS ACK seq=1 ack=15\n+5\nC RST,ACK seq=15 ack=1"
    assert verdict_of(text).close == "close.abort"


def test_a_probe_into_a_closed_window_is_no_keep_alive() -> None:
    text = REQUEST + "S ACK seq=1 ack=15 win=0\nC ACK seq=14 ack=1\n+1\nC ACK seq=14 ack=1\nC RST,ACK seq=15 ack=1"
    assert verdict_of(text).close == "close.abort"


def test_marks_name_every_fact_once() -> None:
    bits = [
        value
        for name, value in vars(v).items()
        if name.isupper() and isinstance(value, int) and not name.startswith("SENT_")
    ]
    assert sorted(bits) == [1 << place for place in range(33)]
