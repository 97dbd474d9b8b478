"""How far reading has come, on a terminal, when it takes longer than a moment."""

from __future__ import annotations

import os
import stat
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

from synfin.capture.reader import CaptureReader

if TYPE_CHECKING:
    from threading import Event

_PATIENCE_S = 1.0  #: quicker than this nobody needs to be told
_PERIOD_S = 0.2
_BAR = 24  #: characters
_CLEAR = "\r\x1b[K"


@contextmanager
def shown(reader: CaptureReader, frames: Callable[[], int]) -> Iterator[None]:
    """While inside, show how much of the capture is read, if standard error is a terminal; gone afterwards."""
    if sys.stderr is None or not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        yield
        return
    from threading import Event, Thread  # a thread, so that nothing that reads needs to know

    done = Event()
    thread = Thread(target=_show, args=(sys.stderr, reader, frames, done), daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def _show(stream: TextIO, reader: CaptureReader, frames: Callable[[], int], done: Event) -> None:
    total, before, since = _size(reader.name), frames(), time.monotonic()
    wait, told = _PATIENCE_S, False
    while not done.wait(wait):
        seen = frames() - before
        text = line(reader.source.taken, total, seen, time.monotonic() - since)
        import shutil  # only where there is a terminal

        stream.write(_CLEAR + text[: shutil.get_terminal_size().columns - 1])
        stream.flush()
        wait, told = _PERIOD_S, True
    if told:
        stream.write(_CLEAR)
        stream.flush()


def line(taken: int, total: int | None, frames: int, seconds: float) -> str:
    """What is shown: of `total` bytes of the file (None where nobody knows), `frames` so far."""
    rate = f"{frames:,} packets, {frames / max(seconds, 1e-9):,.0f} packets/s"
    if not total:
        return f"{taken / 1e6:,.0f} MB, {rate}"
    part = min(taken / total, 1.0)
    full = int(part * _BAR)
    return f"[{'#' * full}{' ' * (_BAR - full)}] {part:.0%} of {total / 1e6:,.0f} MB, {rate}"


def _size(path: str) -> int | None:
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        return None
    return found.st_size if stat.S_ISREG(found.st_mode) else None
