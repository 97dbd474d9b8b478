"""A packet's page in a real browser: fields and bytes light each other up, by pointer and by keyboard."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from browsing import NARROW, WIDE, open_page
from stories import HOSTILE, frames, textbook
from synfin.dissect.context import Facts
from synfin.faces.packet_page import render_packet_page
from synfin.faces.packet_report import Report, Told, gather

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

TEXTBOOK = Path(__file__).parent / "data" / "textbook.pcapng"


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a page of the tutorial's fifth packet, and one whose payload is hostile."""
    folder = tmp_path_factory.mktemp("pages")
    page = render_packet_page(gather([str(TEXTBOOK)], 5, neighbours=True), "en", title="textbook.pcapng")
    (folder / "textbook.html").write_text(page, encoding="utf-8")
    story = textbook(HOSTILE)
    hostile = Told(frames(story)[4], Facts(), story.steps[3])
    page = render_packet_page(Report(hostile), "en", title="<b>hostile</b>.pcapng")
    (folder / "hostile.html").write_text(page, encoding="utf-8")
    return folder


def _node(page: Page, field: str) -> Locator:
    return page.locator(".packet.asked .node", has=page.locator(f".name:text-is('{field}')"))


def _lit_numbers(page: Page) -> list[int]:
    places = page.locator(".packet.asked .dump i.lit").evaluate_all("all => all.map(one => Number(one.dataset.byte))")
    return sorted(set(places))


@pytest.mark.parametrize("name", ["textbook", "hostile"])
@pytest.mark.parametrize("size", [WIDE, NARROW])
def test_it_opens_without_a_complaint_and_without_the_network(
    browser: Browser, pages: Path, complaints: list[str], name: str, size: dict[str, int]
) -> None:
    page = open_page(browser, pages, name, complaints, size)
    assert page.locator(".packet.asked .tree .node").count() > 40
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
    assert page.locator(".packet.asked svg.tcp-header:visible").count() == 1
    page.close()
    assert not complaints


def test_a_field_lights_its_bytes(browser: Browser, pages: Path, complaints: list[str]) -> None:
    page = open_page(browser, pages, "textbook", complaints)
    _node(page, "tcp.dstport").hover()
    assert _lit_numbers(page) == [36, 37]
    assert "55556" in page.locator(".packet.asked .cell-note").inner_text()
    _node(page, "ip.src").click()
    page.mouse.move(2, 2)
    assert _lit_numbers(page) == [26, 27, 28, 29]  # what was chosen stays lit
    assert _node(page, "ip.src").locator(".meaning").is_visible()
    _node(page, "tcp.stream").hover()
    assert _lit_numbers(page) == []  # it stands in no bytes
    page.close()
    assert not complaints


def test_a_byte_lights_its_field(browser: Browser, pages: Path, complaints: list[str]) -> None:
    page = open_page(browser, pages, "textbook", complaints)
    byte = page.locator(".packet.asked .dump [data-byte='48']").first
    byte.hover()
    assert "tcp.window_size_value" in " ".join(page.locator(".packet.asked .node.lit").all_inner_texts())
    assert page.locator(".packet.asked svg:visible g.lit").count() == 1
    assert _lit_numbers(page) == [48, 49]
    page.locator(".packet.asked [data-open=none]").click()
    assert not _node(page, "tcp.window_size_value").is_visible()
    byte.click()  # what holds the field opens, and the field has the focus
    assert _node(page, "tcp.window_size_value").is_visible()
    assert page.evaluate("document.activeElement.textContent").find("tcp.window_size_value") >= 0
    page.close()
    assert not complaints


def test_the_keyboard_walks_fields_and_bytes(browser: Browser, pages: Path, complaints: list[str]) -> None:
    page = open_page(browser, pages, "textbook", complaints)
    _node(page, "tcp.srcport").focus()
    assert _lit_numbers(page) == [34, 35]
    page.keyboard.press("ArrowDown")
    assert _lit_numbers(page) == [36, 37]
    page.keyboard.press("ArrowLeft")  # to the layer
    assert page.evaluate("document.activeElement.tagName") == "SUMMARY"
    page.keyboard.press("ArrowLeft")  # closes it
    assert not _node(page, "tcp.srcport").is_visible()
    page.keyboard.press("ArrowRight")
    assert _node(page, "tcp.srcport").is_visible()
    page.locator(".packet.asked .dump").focus()
    page.keyboard.press("Home")
    assert _lit_numbers(page)[0] == 0
    for _ in range(3):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    assert 49 in _lit_numbers(page)
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.textContent").find("tcp.window_size_value") >= 0
    page.close()
    assert not complaints


def test_links_lead_to_the_packets_that_are_named(browser: Browser, pages: Path, complaints: list[str]) -> None:
    page = open_page(browser, pages, "textbook", complaints)
    page.locator(".packet.asked .tree a[href='#packet-4']").click()
    assert page.evaluate("document.activeElement.id") == "packet-4"
    assert page.locator("#packet-4").is_visible()
    page.locator(".contents a[href='#packet-6']").focus()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "packet-6"
    page.close()
    assert not complaints


def test_languages_and_themes(browser: Browser, pages: Path, complaints: list[str]) -> None:
    page = open_page(browser, pages, "textbook", complaints)
    assert "Source" in _node(page, "ip.src").inner_text() and "源地址" not in _node(page, "ip.src").inner_text()
    page.click("[data-choose-lang=zh]")
    assert "源地址" in _node(page, "ip.src").inner_text() and "Source" not in _node(page, "ip.src").inner_text()
    assert page.evaluate("document.documentElement.lang") == "zh-CN"
    assert page.locator(".packet.asked svg:visible text", has_text="控制位").count() == 1
    page.click("[data-choose-theme=dark]")
    assert page.evaluate("getComputedStyle(document.querySelector('.card')).backgroundColor") == "rgb(20, 26, 36)"
    page.close()
    assert not complaints


def test_it_reads_without_its_script(browser: Browser, pages: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((pages / "textbook.html").as_uri())
    assert page.locator(".packet.asked .node", has_text="Total length").first.is_visible()
    page.locator(".packet.asked summary.node").first.click()
    assert page.locator(".packet.asked .node", has_text="Frame number: 5").first.is_visible()
    context.close()
