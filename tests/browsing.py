"""Pages in a real browser: one that runs for a module's tests, and what its console said."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import needs

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

WIDE, NARROW = {"width": 1400, "height": 1000}, {"width": 400, "height": 900}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    needs.have("chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-gpu"]
        running = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=arguments)
        yield running
        running.close()


@pytest.fixture
def complaints() -> list[str]:
    """What the browser's console said; a test of a page ends by looking at it."""
    return []


def open_page(browser: Browser, pages: Path, name: str, complaints: list[str], size: dict[str, int] = WIDE) -> Page:
    """The page of that name in the folder; errors, and any request that leaves the folder, are complaints."""
    page = browser.new_page(viewport={"width": size["width"], "height": size["height"]})
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: None if request.url.startswith("file:") else complaints.append(request.url))
    page.goto((pages / f"{name}.html").as_uri())
    return page
