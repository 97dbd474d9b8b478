"""Closing lines of a test run: every test that could not run and why, and how many capture files ran."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator

import pytest

import needs

MISSING = "missing"
CAPTURE = "capture"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Tie what `needs` noted while the test ran to its report (so that it also comes back from worker processes)."""
    report = yield
    report.user_properties.extend((MISSING, f"{name} ({remedy})") for name, remedy in needs.missing_now)
    report.user_properties.extend((CAPTURE, path) for path in needs.captures_now)
    needs.missing_now.clear()
    needs.captures_now.clear()
    return report


def _reports(terminalreporter: pytest.TerminalReporter) -> Iterator[pytest.TestReport]:
    for reports in terminalreporter.stats.values():
        yield from (report for report in reports if isinstance(report, pytest.TestReport))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> Generator[None, None, None]:
    """Outermost, so that these lines stand below pytest's own summaries, just above its closing line."""
    yield
    could_not_run: dict[str, list[str]] = {}
    captures: set[str] = set()
    for report in _reports(terminalreporter):
        for key, value in report.user_properties:
            if key == CAPTURE:
                captures.add(os.path.realpath(str(value)))
            elif key == MISSING:
                reasons = could_not_run.setdefault(report.nodeid, [])
                if value not in reasons:
                    reasons.append(str(value))
    if could_not_run:
        terminalreporter.section("tests that could not run")
        for nodeid, reasons in sorted(could_not_run.items()):
            terminalreporter.write_line(f"{nodeid}: needs {', '.join(reasons)}")
    terminalreporter.write_line(f"captures: {len(captures)} files ran")
