"""The geometry of a ladder: rows, bands, lanes, pauses and collapsed runs."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stories import late_answer, long_transfer, refused, textbook, unread
from synfin.explain.ladder import Ladder, layout
from synfin.tcp.state import State
from synfin.watch.connections.record import Story

LONG = long_transfer(120)


def test_the_textbook_has_three_bands_and_one_pause() -> None:
    ladder = layout(textbook())
    assert [band.kind for band in ladder.bands] == ["open", "data", "close-4"]
    assert [band.tone for band in ladder.bands] == ["open", "data", "close"]
    assert [row.kind for row in ladder.rows] == ["segment"] * 3 + ["wait"] + ["segment"] * 6
    assert ladder.rows[3].wait_ns == 2_218_900
    assert ladder.hidden == 0


def test_lanes_follow_the_states_of_both_ends() -> None:
    ladder = layout(textbook())
    assert [span.state for span in ladder.client] == [
        State.CLOSED, State.SYN_SENT, State.ESTABLISHED, State.FIN_WAIT_1, State.FIN_WAIT_2, State.TIME_WAIT,
    ]  # fmt: skip
    assert [span.state for span in ladder.server] == [
        State.LISTEN, State.SYN_RECEIVED, State.ESTABLISHED, State.CLOSE_WAIT, State.LAST_ACK, State.CLOSED,
    ]  # fmt: skip


def test_the_sender_changes_when_it_sends_and_the_receiver_when_it_receives() -> None:
    ladder = layout(textbook())
    syn = ladder.rows[0]
    assert ladder.client[1].top == syn.departs
    assert ladder.server[1].top == syn.arrives


def test_an_opening_that_failed_is_not_called_a_handshake() -> None:
    assert layout(refused()).bands[0].kind == "open-unfinished"


@pytest.mark.parametrize("told", [unread(), late_answer()])
def test_a_reset_has_its_own_band(told: Story) -> None:
    assert layout(told).bands[-1].tone == "reset"


def test_a_long_connection_collapses_runs_of_data_only() -> None:
    ladder = layout(LONG, 20)
    shown = [LONG.steps[row.first] for row in ladder.rows if row.kind == "segment"]
    assert [step.phase for step in shown[:3]] == ["handshake-1/3", "handshake-2/3", "handshake-3/3"]
    assert [step.phase for step in shown[-3:]] == ["close-1/3", "close-2/3", "close-3/3"]
    assert any(step.flags for step in shown), "the retransmission is shown"
    runs = [row for row in ladder.rows if row.kind == "run"]
    assert ladder.hidden == sum(row.segments for row in runs) > 200
    sent = sum(row.client_bytes for row in runs) + sum(step.segment.length for step in shown)
    assert sent == LONG.connection.client.payload_bytes
    assert [row.wait_ns for row in ladder.rows if row.kind == "wait"] == [1_999_991_000]


def test_full_shows_every_segment() -> None:
    assert sum(row.kind == "segment" for row in layout(LONG, None).rows) == len(LONG.steps)


def test_a_close_that_a_reset_cut_short_is_not_counted_in_segments() -> None:
    assert [band.kind for band in layout(late_answer()).bands] == ["open", "data", "close", "half-close", "reset"]


@given(st.integers(0, 300))
def test_whatever_the_limit_each_segment_stands_once_and_in_order(limit: int) -> None:
    ladder = layout(LONG, limit)
    covered = [index for row in ladder.rows if row.kind != "wait" for index in range(row.first, row.last + 1)]
    assert covered == list(range(len(LONG.steps)))
    assert sum(row.kind == "segment" for row in ladder.rows) <= 2 * max(limit, 6)
    _joined(ladder)


@pytest.mark.parametrize("told", [textbook(), unread(), late_answer(), refused()])
def test_rows_bands_and_lanes_leave_no_hole(told: Story) -> None:
    _joined(layout(told))


def test_a_story_without_segments_is_an_empty_ladder() -> None:
    told = Story(textbook().connection, [])
    assert layout(told).rows == []


def _joined(ladder: Ladder) -> None:
    assert ladder.rows[0].top == 0
    for row, following in pairwise(ladder.rows):
        assert following.top == pytest.approx(row.top + row.height)
    assert ladder.height == pytest.approx(ladder.rows[-1].top + ladder.rows[-1].height)
    assert [band.first for band in ladder.bands] == [0, *(band.last + 1 for band in ladder.bands[:-1])]
    for lane in (ladder.client, ladder.server):
        assert lane[-1].bottom == ladder.height
        for span, later in pairwise(lane):
            assert span.bottom == later.top
            assert span.state != later.state
