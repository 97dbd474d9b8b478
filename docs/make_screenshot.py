"""Takes docs/images/report.png: the HTML report of the lab's recorded textbook run, in headless Chromium."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from synfin.faces.cli import main

ROOT = Path(__file__).resolve().parent.parent
OUTPUT = ROOT / "docs" / "images" / "report.png"
CAPTURE = ROOT / "tests" / "data" / "textbook.pcapng"


def take() -> None:
    """Render the report and photograph it with its second segment selected."""
    with tempfile.TemporaryDirectory(prefix="synfin-docs-") as folder, sync_playwright() as playwright:
        report = Path(folder) / "textbook.html"
        main(["explain", str(CAPTURE), "--lang", "en", "-o", str(report)])
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(viewport={"width": 1400, "height": 1040}, color_scheme="light")
        page.goto(report.as_uri())
        page.keyboard.press("ArrowDown")
        OUTPUT.parent.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=OUTPUT)
        browser.close()


if __name__ == "__main__":
    if shutil.which("chromium") is None:
        sys.exit("no chromium: the screenshot stays as it is")
    take()
