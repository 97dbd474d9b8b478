"""What the story says in words: the cause that the segments show, no other, in numbers that agree with the ladder."""

from __future__ import annotations

from dataclasses import replace

import pytest

from segments import HANDSHAKE, REQUEST, exchange, record_of, told
from synfin.explain import narrative
from synfin.explain.words import text
from synfin.watch.connections.record import Story
from synfin.watch.story.story import tell

LATE_DATA_AND_FIN = (
    REQUEST
    + """
C FIN,ACK seq=15 ack=1
S ACK seq=1 ack=16
S PSH,ACK seq=1 ack=16 len=580
S FIN,ACK seq=581 ack=16
C RST seq=16 bare
"""
)

CLOSED_TOO_EARLY = (
    REQUEST
    + """
S PSH,ACK seq=1 ack=15 len=308
C ACK seq=15 ack=245
C FIN,ACK seq=15 ack=245
S FIN,ACK seq=309 ack=16
C RST seq=16 bare
"""
)


def headline(story: Story) -> str:
    return narrative.verdict(story, "en").headline


def said(story: Story) -> str:
    """All that stands beside the verdict."""
    found = [sentence for finding in story.findings for sentence in narrative.finding_sentence(finding, "en")]
    return " ".join([*found, narrative.reset_reason(story, "en") or ""])


def test_data_before_the_second_fin_caused_the_reset_not_a_timeout() -> None:
    story = told(LATE_DATA_AND_FIN)
    assert "580 bytes never reached a program" in headline(story)
    assert "The 580 bytes that the server sent afterwards" in said(story)
    assert "FIN-WAIT-2" not in said(story)


def test_data_that_was_not_acknowledged_before_close_is_lost_and_no_race_of_requests() -> None:
    story = told(CLOSED_TOO_EARLY)
    assert "64 bytes never reached a program" in headline(story)
    assert "the last 64 bytes" in said(story)
    assert "Keep-alive race" not in said(story) and "accompanying finding" not in said(story)


@pytest.mark.parametrize(("pause", "cause"), [("", "no timeout explains that"), ("+60", "FIN-WAIT-2 had run out")])
def test_a_late_fin_finds_no_socket_by_timeout_only_after_a_timeout(pause: str, cause: str) -> None:
    late_fin = f"C FIN,ACK seq=15 ack=1\nS ACK seq=1 ack=16\n{pause}\nS FIN,ACK seq=1 ack=16\nC RST seq=16 bare"
    assert cause in said(told(REQUEST + late_fin))


def test_a_syn_that_got_another_answer_was_not_left_without_one() -> None:
    story = told("C SYN seq=0\nS ACK seq=500 ack=#77\nC RST seq=#77 bare")
    assert story.connection.open == "open.no_answer"
    assert "other than SYN,ACK" in headline(story) and "nobody answered" not in said(story)


def test_one_syn_was_sent_once() -> None:
    assert "was sent once and nobody answered" in said(told("C SYN seq=0\n+5"))
    assert "sent 3 times over" in said(told("C SYN seq=0\n+1\nC SYN seq=0\n+2\nC SYN seq=0\n+5"))


def test_a_fin_without_acknowledgment_does_not_put_the_other_end_into_close_wait() -> None:
    story = told(REQUEST + "C FIN,ACK seq=15 ack=1\n+20")
    assert story.connection.close == "close.fin_unanswered"
    assert "no acknowledgment of its FIN was captured in the 20" in headline(story)
    assert "acknowledged the close" not in said(story)
    assert "acknowledged the close" in said(told(REQUEST + "C FIN,ACK seq=15 ack=1\nS ACK seq=1 ack=16\n+20"))


def test_times_until_the_captures_end_are_counted_to_its_end() -> None:
    read = exchange("C SYN seq=0")
    start_ns = read.segments[0].time_ns
    story = tell(read.segments, record_of(read), capture_end_ns=start_ns + 27_000_000)
    assert "27 ms after its first segment" in headline(story)
    at_once = tell(read.segments, record_of(read), capture_end_ns=start_ns)
    assert "ended with the first segment" in headline(at_once)


def test_a_reset_with_ack_is_not_called_bare() -> None:
    story = told("C RST,ACK seq=1 ack=1 bare")
    assert story.connection.close == "close.rst_reply"
    assert "bare" not in headline(story) + said(story)
    assert "answered a segment" in headline(told("C RST seq=1 bare"))


def test_a_copy_of_a_syn_is_not_a_timeout() -> None:
    read = exchange("C SYN seq=0\nC SYN seq=0\n" + HANDSHAKE.replace("C SYN seq=0\n", ""))
    words = [step.derivations[0].word for step in told("C SYN seq=0\n+1\nC SYN seq=0").steps]
    assert words[1] == "derive.syn-again"
    near = [read.segments[0], replace(read.segments[1], time_ns=read.segments[0].time_ns + 1000), *read.segments[2:]]
    copied = tell(near, record_of(read)).steps[1].derivations[0].word
    assert copied == "derive.syn-copy"


def test_a_keep_alive_is_asked_and_answered() -> None:
    story = told(REQUEST + "+60\nC ACK seq=14 ack=1\nS ACK seq=1 ack=15")
    asked, answered = (narrative.phase_sentence(story, index, "en") for index in (-2, -1))
    assert asked == "The client probes with a keep-alive: is the server still there?"
    assert answered == "The server answers the keep-alive: it is still there."


def test_one_byte_is_no_bytes() -> None:
    assert text("say.data", "en", A="client", bytes=1) == "The client sends 1 byte."
    assert text("say.data", "en", A="client", bytes=1001) == "The client sends 1,001 bytes."


def test_nothing_closed_is_told_once() -> None:
    story = told("C SYN seq=0\nS RST,ACK seq=#0 ack=1")
    assert [finding.id for finding in story.findings] == ["open.refused", "close.never_opened"]
    assert [finding.id for finding in narrative.findings(story)] == ["open.refused"]


def test_what_never_arrived_in_order_was_not_received_and_left_unread() -> None:
    gap = "S PSH,ACK seq=1 ack=1 len=7\nS PSH,ACK seq=12 ack=1 len=3\nC RST,ACK seq=1 ack=8"
    story = told(HANDSHAKE + gap)
    assert story.connection.close == "close.abort"
    assert "had received" not in headline(story) and "bytes were still in flight" in headline(story)


def test_an_abort_says_what_was_still_in_flight() -> None:
    assert "all data had been acknowledged" in headline(told(REQUEST + "C RST,ACK seq=15 ack=1"))
    flying = told(REQUEST + "C PSH,ACK seq=15 ack=1 len=9\nC RST,ACK seq=24 ack=1")
    assert "9 bytes were still in flight" in headline(flying)
    assert "sequence number exactly next" in said(flying)
    alone = told("C RST,ACK seq=1 ack=1")
    assert "nothing else of it was captured" in headline(alone)
    assert "exactly next" not in said(alone) and "probably aborted" in said(alone)
    assert "had been acknowledged" in said(told(REQUEST + "C RST,ACK seq=15 ack=1"))
    assert "data in flight was discarded" in said(flying)


def test_bytes_are_counted_around_the_turn_and_beside_a_stray_number() -> None:
    stray = "C SYN seq=0\nS SYN,ACK seq=3114478110 ack=1\nS SYN,ACK seq=0 ack=1\nC ACK seq=1 ack=1\n"
    late = CLOSED_TOO_EARLY.replace(HANDSHAKE, stray)
    assert late.startswith("C SYN") and "64 bytes never reached a program" in headline(told(late))


def test_where_one_direction_was_captured_it_says_so_and_claims_nothing_of_the_other() -> None:
    story = told("C SYN seq=0\nC ACK seq=1 ack=1\nC PSH,ACK seq=1 ack=1 len=14")
    assert "the other direction was not captured" in headline(story)
    detail = narrative.verdict(story, "en").detail
    assert "Only segments of the client were captured" in detail and "none" not in detail


def test_whoever_sends_into_silence_was_not_captured_alone_for_that() -> None:
    story = told("C PSH,ACK seq=1 ack=1 len=14\nC PSH,ACK seq=1 ack=1 len=14")
    assert "captured; it acknowledges" not in narrative.verdict(story, "en").detail
    assert "not captured" not in headline(story)


def test_each_segment_of_a_simultaneous_open_has_its_own_sentence() -> None:
    story = told("C SYN seq=0\nS SYN seq=0\nC SYN,ACK seq=0 ack=1\nS SYN,ACK seq=0 ack=1")
    (chapter,) = narrative.chapters(story, "en")
    texts = [line.text for line in chapter.lines if line.step is not None]
    assert texts[0].startswith("The client opens, too") and texts[1].startswith("The server opens, too")
    assert texts[2].startswith("The client confirms the SYN of the server.")
    assert "this time with an Ack" in texts[2] and "no answer to it arrived" not in texts[2]
