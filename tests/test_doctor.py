"""What the doctor says agrees with what the tests find, and is told in both languages."""

from __future__ import annotations

import pytest

import needs
from synfin import lab
from synfin.explain.words import LANGUAGES, has
from synfin.faces import cli
from synfin.faces.commands import doctor as command
from synfin.faces.width import display_width
from synfin.lab import doctor

NAMES = (
    "python", "kernels", "uvloop", "namespaces", "wire", "nft", "capture", "tracing", "tshark", "tcptrace", "chromium",
)  # fmt: skip


@pytest.fixture(scope="module")
def checks() -> dict[str, lab.Check]:
    return {check.name: check for check in lab.examine()}


def test_everything_is_tried(checks: dict[str, lab.Check]) -> None:
    assert tuple(checks) == NAMES
    assert checks["python"].ok
    for check in checks.values():
        assert check.seen


@pytest.mark.parametrize("name", ["namespaces", "wire", "nft", "tshark", "tcptrace", "chromium", "kernels"])
def test_it_agrees_with_what_the_tests_find(checks: dict[str, lab.Check], name: str) -> None:
    assert checks[name].ok is needs.is_there(name), checks[name].seen


def test_every_check_has_a_title_and_a_remedy_in_both_languages(checks: dict[str, lab.Check]) -> None:
    for check in checks.values():
        for lang in LANGUAGES:
            assert check.title(lang)
            assert bool(check.remedy(lang)) is not check.ok
    for name in NAMES:
        assert name == "python" or has(f"lab.doctor.{name}.remedy")


def test_what_was_tried_is_told_in_the_language_asked_for() -> None:
    tried, failed = (lab.Check("capture", ok, False, "open a packet socket on lo: EPERM") for ok in (True, False))
    assert tried.evidence("zh") == "已在 lo 上打开抓包套接字"
    assert failed.evidence("zh") == failed.seen


def test_a_program_that_does_not_run_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(doctor._Missing, match="no tshark on the path"):
        doctor._program("tshark")


@pytest.mark.parametrize(("width", "lang"), [(40, "en"), (40, "zh"), (100, "en"), (200, "zh")])
def test_a_terminal_shows_it_in_colour_and_in_its_width(
    width: int, lang: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "examine", lambda: [lab.Check("tracing", False, False, "no such file " * 9)])
    monkeypatch.setattr(command, "wants_colour", lambda stream: True)
    monkeypatch.setenv("COLUMNS", str(width))
    assert cli.main(["doctor", "--lang", lang]) == 0
    shown = capsys.readouterr().out
    assert "\x1b[33m✗\x1b[0m" in shown
    assert all(
        display_width(line) <= max(width, 60)
        for line in shown.replace("\x1b[33m", "").replace("\x1b[0m", "").splitlines()
    )
