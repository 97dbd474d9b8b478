"""Nothing from a packet steers a terminal, breaks out of markup or turns text around, whatever shows it."""

from __future__ import annotations

import re
import unicodedata
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from page_data import embedded, page_data
from stories import HOSTILE, frames, textbook
from synfin.explain.escape import payload_preview, printable, visible
from synfin.explain.quantity import Language
from synfin.faces.html import render_html
from synfin.faces.packet import render_packet
from synfin.faces.svg import render_svg
from synfin.faces.terminal import render_ladder, render_story
from synfin.faces.width import display_width

NAME = "a\x1b[31m</title><script>alert(1)</script>\u202e.pcapng"


@given(st.text())
def test_printable_leaves_nothing_invisible(text: str) -> None:
    assert not _unsafe(printable(text))


@given(st.binary(max_size=200), st.integers(4, 40))
def test_a_preview_is_short_and_safe(payload: bytes, limit: int) -> None:
    shown = payload_preview(payload, limit)
    assert not _unsafe(shown)
    assert len(shown) <= limit + 1


def test_previews_read_well() -> None:
    assert payload_preview(b"Just a test.\r\n") == "Just a test.\\r\\n"
    assert payload_preview("你好\n".encode()) == "你好\\n"
    assert payload_preview(b"\xff\x00\x1b[2J\\x41") == "\\xff\\x00\\x1b[2J\\\\x41"
    assert payload_preview(b"x" * 100, 10) == "x" * 10 + "…"
    assert payload_preview("你好".encode() * 50, 4) == "你好你好…"


def test_letters_that_binary_data_happens_to_hold_are_bytes() -> None:
    assert payload_preview(b"\x00\x0e8\xdf\x8d5") == "\\x00\\x0e8\\xdf\\x8d5"
    assert payload_preview(b"GET \xe4\xbd") == "GET \\xe4\\xbd"
    assert visible("already \\x1b escaped") == "already \\x1b escaped"


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_terminal_gets_no_control_bytes(lang: Language) -> None:
    told = textbook(HOSTILE)
    packets = frames(told)
    for shown in (
        render_ladder(told, lang, colour=False, width=140),
        render_story(told, lang, colour=False, width=100),
        *(render_packet(frame, lang, colour=False, width=120) for frame in packets.values()),
    ):
        assert not _unsafe(shown.replace("\n", ""))


def test_colour_is_the_only_escape_in_a_coloured_ladder() -> None:
    shown = render_ladder(textbook(HOSTILE), "en", colour=True, width=140)
    assert "\x1b[" in shown
    assert not _unsafe(re.sub(r"\x1b\[\d+m", "", shown).replace("\n", ""))


def test_the_drawing_is_text_only() -> None:
    root = ElementTree.fromstring(render_svg(textbook(HOSTILE), "en"))
    kinds = {node.tag.rpartition("}")[2] for node in root.iter()}
    assert kinds <= {"svg", "style", "rect", "g", "text", "tspan", "line", "polygon", "path", "title"}
    assert not _unsafe("".join(root.itertext()).replace("\n", ""))


def test_the_page_has_only_its_own_two_scripts() -> None:
    told = textbook(HOSTILE)
    page = render_html(told, frames(told), "en", title=NAME)
    seen = _Tags()
    seen.feed(page)
    assert [attributes.get("type") for tag, attributes in seen.found if tag == "script"] == ["application/json", None]
    assert not [tag for tag, _ in seen.found if tag in {"img", "iframe", "object", "embed", "link", "base", "form"}]
    assert not [name for _, attributes in seen.found for name in attributes if name.startswith("on") or name == "style"]
    assert not _unsafe(page.replace("\n", ""))


def test_the_data_of_the_page_cannot_end_its_element() -> None:
    told = textbook(HOSTILE)
    page = render_html(told, frames(told), "en", title="x")
    written = embedded(page)
    assert not set("<>&\u2028\u2029") & set(written)
    assert written.isascii()
    assert HOSTILE.hex() in page_data(page)["segments"]["3"]["bytes"]


def test_the_page_forbids_everything_but_itself() -> None:
    told = textbook()
    page = render_html(told, frames(told), "en", title="x")
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]+)"', page)
    assert policy is not None
    assert policy[1].startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy[1]
    assert "http:" not in page.replace("http://www.w3.org/2000/svg", "") and "https:" not in page


def test_width_counts_columns() -> None:
    assert display_width("握手 1/3") == 8
    assert display_width("e\u0301") == 1


def _unsafe(text: str) -> list[str]:
    return [character for character in text if unicodedata.category(character)[0] == "C" or character in "\u2028\u2029"]


class _Tags(HTMLParser):
    """Every start tag with its attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
