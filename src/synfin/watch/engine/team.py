"""Threads that help the one that asked them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import Thread
from types import TracebackType


class Team:
    """So many threads, each with a task; `stop` makes all tasks end. The tasks are compiled code for most of the
    time, which needs no interpreter."""

    def __init__(self, tasks: Sequence[Callable[[], None]], stop: Callable[[], None]) -> None:
        self._stop = stop
        self._threads = [Thread(target=task, daemon=True) for task in tasks]

    def __enter__(self) -> Team:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()
        for thread in self._threads:
            thread.join()
