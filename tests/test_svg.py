"""The ladder as SVG: well formed, self-contained, in both themes and languages."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from stories import late_answer, long_transfer, refused, textbook, unread
from synfin.explain.quantity import Language
from synfin.faces.html import render_html
from synfin.faces.svg import COMPACT, WIDE, Theme, render_svg
from synfin.watch.connections.record import Story

SVG = "{http://www.w3.org/2000/svg}"
STORIES = [textbook(), unread(), late_answer(), refused(), long_transfer(200)]


@pytest.mark.parametrize("told", STORIES)
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_it_is_well_formed_and_needs_nothing_else(told: Story, lang: Language) -> None:
    drawn = render_svg(told, lang)
    root = ElementTree.fromstring(drawn)
    assert root.tag == f"{SVG}svg"
    assert not [node for node in root.iter() if node.tag in {f"{SVG}script", f"{SVG}image", f"{SVG}foreignObject"}]
    outside = drawn.replace('xmlns="http://www.w3.org/2000/svg"', "")
    assert "http" not in outside and "url(" not in outside and "@import" not in outside


def test_it_shows_flags_numbers_states_and_phases() -> None:
    words = _words(textbook(), "en")
    assert words[:4] == ["client", "127.0.0.1:57936", "server", "127.0.0.1:9501"]
    for expected in (
        "Three-way handshake", "SYN, ACK", "Seq = Y = 0 · Ack = X + 1 = 1", "2/3", "SYN-RECEIVED", "Data",
        'Seq = X + 1 = 1 · 14 bytes "Just a test.\\r\\n"', "⋮ 2.219 ms pause", "Four-way close", "TIME-WAIT", "4/4",
    ):  # fmt: skip
        assert expected in words


def test_it_speaks_chinese() -> None:
    words = _words(textbook(), "zh")
    assert words[0] == "客户端"
    assert {"三次握手", "数据传输", "四次挥手", "⋮ 停顿 2.219 ms"} <= set(words)


def test_every_segment_and_run_is_drawn_once() -> None:
    told = textbook()
    root = ElementTree.fromstring(render_svg(told, "en"))
    drawn = [group for group in root.iter(f"{SVG}g") if "segment" in (group.get("class") or "")]
    assert len(drawn) == len(told.steps)
    root = ElementTree.fromstring(render_svg(long_transfer(200), "en", max_segments=20))
    classes = [(group.get("class") or "").split()[0] for group in root.iter(f"{SVG}g")]
    assert "run" in classes and "wait" in classes
    assert classes.count("segment") <= 25


def test_a_retransmission_is_marked() -> None:
    assert "ACK · retransmission → spurious retransmission" in _words(long_transfer(200), "en")


@pytest.mark.parametrize(("theme", "media"), [("auto", True), ("light", False), ("dark", False)])
def test_colours_are_written_out(theme: Theme, media: bool) -> None:
    drawn = render_svg(textbook(), "en", theme=theme)
    assert "var(--" not in drawn
    assert ("prefers-color-scheme" in drawn) == media


def test_the_narrow_drawing_keeps_inside_its_width() -> None:
    root = ElementTree.fromstring(render_svg(textbook(), "en", plan=COMPACT))
    assert root.get("viewBox", "").split()[2] == str(COMPACT.width)
    longest = len("SYN-RECEIVED") * 6.7
    assert COMPACT.server + 9 + longest <= COMPACT.width + 2
    assert COMPACT.client - 9 - len("ESTABLISHED") * 6.7 >= 8


def _words(told: Story, lang: Language) -> list[str]:
    root = ElementTree.fromstring(render_svg(told, lang))
    return ["".join(node.itertext()) for node in root.iter(f"{SVG}text")]


def test_beside_an_arrow_stands_as_much_of_the_data_as_there_is_room_for() -> None:
    for payload, plan in ((b"W" * 40, COMPACT), (b"W" * 40, WIDE), (b"i" * 40, WIDE)):
        drawn = render_svg(textbook(payload), "en", plan=plan)
        (numbers,) = [line for line in drawn.split("<text") if "40 bytes" in line]
        assert "textLength" not in numbers
    assert "i" * 16 in render_svg(textbook(b"i" * 40), "en")
    assert "WWWW" not in render_svg(textbook(b"W" * 40), "en", plan=COMPACT)


def test_the_second_opinion_is_in_the_languages_of_the_page() -> None:
    drawn = render_html(long_transfer(120), {}, "zh", title="x", max_segments=None)
    assert "retransmission → spurious retransmission" in drawn and "retransmission → 虚假重传" in drawn
