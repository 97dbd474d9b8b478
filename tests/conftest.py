"""Fixtures that tests of several pieces share."""

from __future__ import annotations

from pathlib import Path

import pytest

import needs


@pytest.fixture
def captures_dir() -> Path:
    """The folder of recorded captures; `needs.captures` says where it is looked for, and what happens without it."""
    return needs.captures()
