"""The ladder, the story and a packet as text."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stories import frames, late_answer, long_transfer, refused, textbook, unread
from synfin.explain.quantity import Language
from synfin.faces.packet import render_packet
from synfin.faces.terminal import render_ladder, render_story, render_verdict, wants_colour
from synfin.faces.width import clip, display_width, pad, wrap
from synfin.watch.connections.record import Story

GOLDEN = Path(__file__).parent / "golden"
ALL = [textbook(), unread(), late_answer(), refused(), long_transfer(120)]


def test_the_textbook_ladder() -> None:
    assert render_ladder(textbook(), "en", colour=False, width=140) == golden("textbook-140.en.txt")


def test_the_textbook_ladder_in_chinese_on_eighty_columns() -> None:
    assert render_ladder(textbook(), "zh", colour=False, width=80) == golden("textbook-80.zh.txt")


@pytest.mark.parametrize("told", ALL)
@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("width", [40, 80, 120, 200])
def test_the_lanes_stand_in_the_same_columns_on_every_line(told: Story, lang: Language, width: int) -> None:
    lines = render_ladder(told, lang, colour=False, width=width, max_segments=20).splitlines()[1:]
    lanes = {tuple(display_width(line[:at]) for at, sign in enumerate(line) if sign in "│┊") for line in lines}
    assert len(lanes) == 1
    assert len(next(iter(lanes))) == 2


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_it_keeps_to_the_width_of_the_terminal(lang: Language) -> None:
    for told in ALL:
        story = render_story(told, lang, colour=False, width=80, max_segments=20)
        assert max(map(display_width, story.splitlines())) <= 80
        for width in (80, 120, 140):
            ladder = render_ladder(told, lang, colour=False, width=width, max_segments=20)
            assert max(map(display_width, ladder.splitlines())) <= width


def test_each_segment_has_its_frame_and_no_label_is_cut() -> None:
    told = long_transfer(120)
    for width in (100, 120, 140):
        lines = render_ladder(told, "en", colour=False, width=width, max_segments=None).splitlines()
        drawn = [line for line in lines if "▶│" in line or "│◀" in line]
        assert [line.split()[0] for line in drawn] == [str(step.segment.frame) for step in told.steps]
        assert all("Len=1" in line for line, step in zip(drawn, told.steps, strict=True) if step.segment.length)
        assert not any("…" in line.partition("│")[2].rpartition("│")[0] for line in drawn)


def test_the_verdict_says_which_connection_it_is() -> None:
    last = render_verdict(textbook(), "en", colour=False, width=200).splitlines()[-1]
    assert last == ("connection 0 · 127.0.0.1:57936 → 127.0.0.1:9501 · 2026-01-02T03:04:05.123456789Z · frames 1–9")


def test_a_retransmission_is_dashed_and_named() -> None:
    shown = render_ladder(long_transfer(120), "en", colour=False, width=140, max_segments=20)
    (line,) = [line for line in shown.splitlines() if "[retransmission" in line]
    assert "╌╌ ACK Seq=" in line


def test_a_long_connection_says_what_it_leaves_out() -> None:
    shown = render_ladder(long_transfer(120), "en", colour=False, width=140, max_segments=20)
    assert "segments in" in shown and "bytes" in shown and "2 s pause" in shown
    assert len(shown.splitlines()) < 35


def test_the_verdict_comes_first_with_side_number_and_consequence() -> None:
    first = render_story(textbook(), "en", colour=False, width=200).splitlines()
    assert first[0] == (
        "Opened, used and closed in order: the client closed first, four segments ended it, "
        "and the client stays in TIME-WAIT (60 s on Linux)."
    )
    assert "The client sent 14 bytes, the server none. The handshake took 38.1 µs (17.6 µs + 20.5 µs)." in first[1]
    assert first[2] == "open.normal · close.fin_4seg"


@pytest.mark.parametrize(
    ("told", "says", "reason"),
    [
        (unread(), "before it had read all of the last 22 bytes", "would say “I got everything”"),
        (late_answer(), "22 bytes never reached a program", "close(), not shutdown()"),
        (refused(), "nothing listens on port 9501", "Ack = X + 1"),
    ],
)
def test_a_reset_is_explained(told: Story, says: str, reason: str) -> None:
    assert says in render_verdict(told, "en", colour=False, width=300)
    assert reason in render_story(told, "en", colour=False, width=400)


def test_the_story_tells_what_the_tutorial_leaves_out() -> None:
    story = render_story(textbook(), "en", colour=False, width=400)
    for aside in (
        "PSH does not mean",
        "the number of the segment's first byte",
        "never sent a byte",
        "Only four layers",
    ):
        assert aside in story
    assert "Three segments instead of four" in render_story(long_transfer(4), "en", colour=False, width=400)


def test_the_header_is_drawn_to_its_bits() -> None:
    told = textbook()
    shown = render_packet(frames(told)[2], "en", colour=False, width=110, step=told.steps[1])
    assert golden("header.en.txt") in shown
    box = [display_width(line) for line in shown.splitlines() if line.startswith(("│", "├", "┌", "└"))]
    assert set(box) == {65}


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_chinese_header_is_as_wide(lang: Language) -> None:
    told = textbook()
    for frame in frames(told).values():
        shown = render_packet(frame, lang, colour=False, width=100)
        box = {display_width(line) for line in shown.splitlines() if line.startswith(("│", "├", "┌", "└"))}
        assert box == {65}


def test_a_packet_stands_in_three_models() -> None:
    shown = render_packet(frames(textbook())[4], "en", colour=False, width=110)
    assert "7 application      application   application        14 bytes of data" in shown
    assert "4 transport        transport     transport          TCP 57936 → 9501" in shown
    assert "2 data link        data link     network interface  Ethernet: loopback, all addresses zero" in shown
    assert "1 physical         physical                         none: loopback never leaves the kernel" in shown


def golden(name: str) -> str:
    """Text that was looked at and found right."""
    return (GOLDEN / name).read_text(encoding="utf-8")


class Stream:
    """A stream that is, or is not, a terminal."""

    def __init__(self, terminal: bool) -> None:
        self.terminal = terminal

    def isatty(self) -> bool:
        return self.terminal


def test_colour_is_for_terminals_without_no_color() -> None:
    assert wants_colour(Stream(True), {})  # type: ignore[arg-type]
    assert not wants_colour(Stream(True), {"NO_COLOR": "1"})  # type: ignore[arg-type]
    assert not wants_colour(Stream(False), {})  # type: ignore[arg-type]
    assert "\x1b[" in render_ladder(textbook(), "en", colour=True, width=100)
    assert "\x1b" not in render_ladder(textbook(), "en", colour=False, width=100)


def test_text_needs_neither_rich_nor_numpy() -> None:
    program = (
        "import sys, synfin.faces.terminal, synfin.faces.packet; print(sorted({'rich', 'numpy'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@given(st.text(st.characters(categories=["L", "N", "P", "Zs"]), max_size=120), st.integers(8, 60))
def test_wrapped_lines_fit_and_lose_nothing(text: str, width: int) -> None:
    lines = wrap(text, width)
    words = max((display_width(piece) for piece in text.split(" ")), default=0)
    assert all(display_width(line) <= max(width, words) for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())


@given(st.text(max_size=40), st.integers(1, 40))
def test_clip_and_pad_keep_to_their_columns(text: str, width: int) -> None:
    assert display_width(clip(text, width)) <= width
    assert display_width(pad(clip(text, width), width)) == width


def test_chinese_never_begins_a_line_with_a_full_stop() -> None:
    lines = wrap("客户端先关闭，由它进入等待。" * 6, 20)
    assert all(line[0] not in "，。" for line in lines)
