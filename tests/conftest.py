"""Fixtures that tests of several pieces share."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import needs

pytest_plugins = ["browsing"]

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # a job that a shell started in the background
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def captures_dir() -> Path:
    """The folder of recorded captures; `needs.captures` says where it is looked for, and what happens without it."""
    return needs.captures()


@pytest.fixture
def utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """For what tells local times as tshark does, which is asked in UTC."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()
