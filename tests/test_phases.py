"""What each segment is for."""

from __future__ import annotations

import pytest

from segments import HANDSHAKE, REQUEST, TEXTBOOK, told
from synfin.explain.words import has
from synfin.watch.story.phases import PHASES
from taxonomy import ALL, Case

OPEN = "handshake-1/3 handshake-2/3 handshake-3/3"
SERVED = OPEN + " data data"


def phases(text: str, flags: list[tuple[str, ...]] | None = None) -> str:
    return " ".join(step.phase for step in told(text, flags or []).steps)


def test_the_tutorials_connection() -> None:
    assert phases(TEXTBOOK) == SERVED + " close-1/4 close-2/4 close-3/4 close-4/4"


def test_three_segments() -> None:
    text = REQUEST + "C FIN,ACK seq=15 ack=1\nS FIN,ACK seq=1 ack=16\nC ACK seq=16 ack=2"
    assert phases(text) == SERVED + " close-1/3 close-2/3 close-3/3"


def test_a_half_close() -> None:
    text = (
        REQUEST
        + """
    C FIN,ACK seq=15 ack=1
    S ACK seq=1 ack=16
    S PSH,ACK seq=1 ack=16 len=22
    C ACK seq=16 ack=23
    S FIN,ACK seq=23 ack=16
    C ACK seq=16 ack=24
    """
    )
    closing = " close-1/4 close-2/4 half-close-data half-close-data close-3/4 close-4/4"
    assert phases(text) == SERVED + closing


def test_data_that_was_under_way_when_the_fin_left_is_data() -> None:
    text = (
        REQUEST
        + """
    C FIN,ACK seq=15 ack=1
    S PSH,ACK seq=1 ack=15 len=22
    C ACK seq=16 ack=23
    S ACK seq=23 ack=16
    """
    )
    assert phases(text) == SERVED + " close-1/4 data data close-2/4"


def test_simultaneous_open_and_close() -> None:
    opening = (
        "C SYN seq=0\nS SYN seq=0\nC SYN,ACK seq=0 ack=1\nS SYN,ACK seq=0 ack=1\nC ACK seq=1 ack=1\nS ACK seq=1 ack=1"
    )
    assert phases(opening) == " ".join(["simultaneous-open"] * 6)
    closing = "C FIN,ACK seq=15 ack=1\nS FIN,ACK seq=1 ack=15\nC ACK seq=16 ack=2\nS ACK seq=2 ack=16"
    assert phases(REQUEST + closing) == SERVED + " simultaneous-close" * 4


def test_resets_have_their_own_phase() -> None:
    assert phases("C SYN seq=0\nS RST,ACK seq=#0 ack=1 bare") == "handshake-1/3 reset"
    assert phases(REQUEST + "C RST,ACK seq=15 ack=1") == SERVED + " reset"


def test_keep_alives_and_their_answers() -> None:
    assert phases(REQUEST + "+5\nC ACK seq=14 ack=1\nS ACK seq=1 ack=15") == SERVED + " keep-alive keep-alive"


def test_a_probe_into_a_closed_window_and_the_update_are_about_the_window() -> None:
    text = (
        REQUEST + "S ACK seq=1 ack=15 win=0\nC ACK seq=14 ack=1\nS ACK seq=1 ack=15 win=0\nS ACK seq=1 ack=15 win=512"
    )
    flags: list[tuple[str, ...]] = [()] * 7 + [("zero_window_probe_ack",), ("window_update",)]
    assert phases(text, flags) == SERVED + " data window window window"


def test_repeated_segments_keep_their_phase() -> None:
    assert phases(HANDSHAKE + "S SYN,ACK seq=0 ack=1\nC ACK seq=1 ack=1") == OPEN + " handshake-2/3 handshake-3/3"
    again = TEXTBOOK + "S FIN,ACK seq=1 ack=16\nC ACK seq=16 ack=2"
    assert phases(again).endswith("close-3/4 close-4/4 close-3/4 close-4/4")


def test_an_answer_for_an_older_connection_belongs_to_no_step() -> None:
    assert phases("C SYN seq=0\nS ACK seq=5000 ack=77777") == "handshake-1/3 unknown"


@pytest.mark.parametrize("case", ALL, ids=lambda case: case.name)
def test_every_phase_is_a_pinned_id_with_a_sentence(case: Case) -> None:
    for step in told(case.text).steps:
        assert step.phase in PHASES and has(f"phase.{step.phase}")
