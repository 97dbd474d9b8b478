"""The page in a real browser: no console error, details on click and by keyboard, both languages, both themes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from browsing import NARROW, WIDE, open_page
from page_data import page_data, unpacked
from stories import HOSTILE, frames, long_transfer, refused, textbook, unread
from synfin.faces.html import render_html
from synfin.faces.packed import packed
from synfin.watch.connections.record import Story

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a page for each story."""
    folder = tmp_path_factory.mktemp("pages")
    stories = {
        "textbook": textbook(), "unread": unread(), "refused": refused(), "long": long_transfer(200),
        "hostile": textbook(HOSTILE),
    }  # fmt: skip
    for name, told in stories.items():
        page = render_html(told, frames(told), "en", title=f"{name}.pcapng", max_segments=20)
        (folder / f"{name}.html").write_text(page, encoding="utf-8")
    return folder


@pytest.mark.parametrize("name", ["textbook", "unread", "refused", "long", "hostile"])
@pytest.mark.parametrize("size", [WIDE, NARROW])
def test_it_opens_without_a_complaint_and_without_the_network(
    browser: Browser, pages: Path, complaints: list[str], name: str, size: dict[str, int]
) -> None:
    page = open_page(browser, pages, name, complaints, size)
    assert page.locator("#details h2").inner_text()
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
    assert page.locator("svg.ladder:visible").count() == 1
    page.close()
    assert not complaints


def test_a_click_shows_the_segment(browser: Browser, pages: Path, complaints: list[str]) -> None:
    page = open_page(browser, pages, "textbook", complaints)
    assert page.locator("#details h2").inner_text() == "Segment 1 · SYN · handshake 1/3"
    page.locator("svg.wide [data-step='1']").click()
    details = page.locator("#details")
    assert details.locator("h2").inner_text() == "Segment 2 · SYN, ACK · handshake 2/3"
    shown = details.inner_text()
    for expected in ("Ack = X + 1 = 1", "✓ §3.5", "X = 4266208251", "SYN-SENT → ESTABLISHED", "Window scale ×1024"):
        assert expected in shown
    assert details.locator(".cell.flag.on").all_inner_texts() == ["ACK", "SYN"]
    assert page.locator("svg.wide .chosen").get_attribute("data-step") == "1"
    page.locator(".told-segment[data-step='4']").click()
    assert "Segment 5 · ACK · data" in details.inner_text()
    page.close()
    assert not complaints


def test_chinese_and_back(browser: Browser, pages: Path, complaints: list[str]) -> None:
    page = open_page(browser, pages, "textbook", complaints)
    page.click("[data-choose-lang=zh]")
    assert page.locator("#details h2").inner_text() == "第 1 段 · SYN · 握手 1/3"
    assert page.locator("h1").inner_text().startswith("打开、使用、关闭")
    assert page.locator("svg.wide .band-title:visible").all_text_contents() == ["三次握手", "数据传输", "四次挥手"]
    assert page.evaluate("document.documentElement.lang") == "zh-CN"
    page.click("[data-choose-lang=en]")
    assert page.locator("h1").inner_text().startswith("Opened, used and closed in order")
    page.close()
    assert not complaints


def test_the_keyboard_walks_the_segments(browser: Browser, pages: Path, complaints: list[str]) -> None:
    page = open_page(browser, pages, "textbook", complaints)
    title = page.locator("#details h2")
    for _ in range(3):
        page.keyboard.press("ArrowDown")
    assert title.inner_text().startswith("Segment 4 ")
    assert page.evaluate("document.activeElement.dataset.step") == "3"
    page.keyboard.press("ArrowUp")
    assert title.inner_text().startswith("Segment 3 ")
    page.keyboard.press("End")
    assert title.inner_text().startswith("Segment 9 ")
    page.keyboard.press("ArrowDown")
    assert title.inner_text().startswith("Segment 9 ")
    page.keyboard.press("Home")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert title.inner_text().startswith("Segment 2 ")
    page.close()
    assert not complaints


def test_dark_and_light(browser: Browser, pages: Path, complaints: list[str]) -> None:
    page = open_page(browser, pages, "textbook", complaints)
    background = "getComputedStyle(document.querySelector('.card')).backgroundColor"
    assert page.evaluate(background) == "rgb(255, 255, 255)"
    page.click("[data-choose-theme=dark]")
    assert page.evaluate(background) == "rgb(20, 26, 36)"
    page.click("[data-choose-theme=light]")
    assert page.evaluate(background) == "rgb(255, 255, 255)"
    page.emulate_media(color_scheme="dark")
    page.reload()
    assert page.evaluate(background) == "rgb(20, 26, 36)"
    page.click("[data-choose-theme=dark]")
    page.emulate_media(media="print")
    assert page.evaluate(background) == "rgb(255, 255, 255)"
    assert not page.locator("svg.wide .choice").first.is_visible()
    page.close()
    assert not complaints


def test_fields_and_bytes_light_up_each_other(browser: Browser, pages: Path, complaints: list[str]) -> None:
    page = open_page(browser, pages, "textbook", complaints)
    page.locator(".header-grid .cell", has_text="Source port").hover()
    lit = page.locator(".dump i.lit").all_inner_texts()
    assert lit == ["e2", "50", "·", "P"]
    assert "which program of the sender" in page.locator(".cell-note").first.inner_text()
    page.locator(".dump i", has_text="ff").first.hover()
    assert "Window" in page.locator(".cell.lit").inner_text()
    page.close()
    assert not complaints


def test_a_run_opens_as_a_table(browser: Browser, pages: Path, complaints: list[str]) -> None:
    page = open_page(browser, pages, "long", complaints)
    page.locator("svg.wide [data-run]").first.click()
    assert page.locator(".run-table tr").count() > 50
    assert page.locator("#details h2").inner_text().endswith("segments")
    page.close()
    assert not complaints


def test_the_narrow_page_goes_to_the_details_and_back(browser: Browser, pages: Path, complaints: list[str]) -> None:
    page = open_page(browser, pages, "textbook", complaints, NARROW)
    page.locator("svg.compact [data-step='5']").click()
    assert page.locator("#details h2").inner_text().startswith("Segment 6 ")
    assert page.locator("#details h2").is_visible()
    page.click("#details .back")
    assert page.evaluate("document.activeElement.dataset.step") == "5"
    page.close()
    assert not complaints


def test_nothing_of_a_hostile_payload_runs(browser: Browser, pages: Path, complaints: list[str]) -> None:
    page = open_page(browser, pages, "hostile", complaints)
    for step in range(9):
        page.locator(f"svg.wide [data-step='{step}']").click()
    assert page.title() == "hostile.pcapng · synfin"
    assert page.locator("img").count() == 0
    page.close()
    assert not complaints


def test_the_data_holds_every_shown_segment_with_its_three_models() -> None:
    told = textbook()
    page = render_html(told, frames(told), "zh", title="x")
    assert 'lang="zh-CN" data-lang="zh"' in page
    data = page_data(page)
    assert sorted(data["segments"], key=int) == [str(index) for index in range(9)]
    for segment in data["segments"].values():
        assert [cell["text"] for cell in segment["models"] if cell["column"] == 1][-1]["en"] == "1 physical"
        assert [node["name"] for node in segment["tree"]][:4] == ["frame", "eth", "ip", "tcp"]


def test_what_segments_have_in_common_stands_once() -> None:
    few, many = (long_transfer(segments) for segments in (50, 150))
    sizes = [len(render_html(told, frames(told), "en", title="x", max_segments=None)) for told in (few, many)]
    assert (sizes[1] - sizes[0]) / (len(many.steps) - len(few.steps)) < 7_000


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text("abc"), inner),
    )
)
def test_packed_data_is_the_same_data(data: object) -> None:
    again = unpacked(json.loads(json.dumps(packed([data, data]))))
    assert json.dumps(again) == json.dumps([data, data])


def test_a_story_without_segments_is_a_page_too() -> None:
    told = textbook()
    assert "connection 0" in render_html(Story(told.connection, []), {}, "en", title="x")


def test_without_packets_the_page_still_explains() -> None:
    page = render_html(textbook(), {}, "en", title="x")
    assert "handshake 2/3" in page
