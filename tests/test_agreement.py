"""Every TCP row of every capture equals tshark's, or stands in the table of rows that are out of reach."""

from __future__ import annotations

from pathlib import Path

import pytest

import agreement
import needs


@pytest.fixture(scope="module")
def report() -> agreement.Report:
    folder = needs.captures_folder()
    found = agreement.Report()
    if folder is not None:
        for name, truth in agreement.captures(folder):
            agreement.compare(folder, name, truth, found)
    return found


def test_no_value_differs(report: agreement.Report, captures_dir: Path) -> None:
    assert not report.differing, "\n".join(report.examples[:20])
    assert report.values > 1_000_000
    for name, _ in agreement.captures(captures_dir):
        needs.captures_ran(captures_dir / name)


def test_the_table_of_rows_out_of_reach_is_exact(report: agreement.Report, captures_dir: Path) -> None:
    assert agreement.TABLE.read_text(encoding="utf-8").splitlines() == agreement.table(report)


def test_every_exception_is_still_one(report: agreement.Report, captures_dir: Path) -> None:
    assert set(report.excepted) == set(agreement.EXCEPTIONS)
