"""Threads that work while the one that asked them waits."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from queue import SimpleQueue
from threading import Thread
from types import TracebackType

Task = Callable[[], None]


class Team:
    """So many threads, each with one task at a time; the tasks are compiled code that needs no interpreter."""

    def __init__(self, size: int) -> None:
        self._tasks: list[SimpleQueue[Task | None]] = [SimpleQueue() for _ in range(size)]
        self._ends: SimpleQueue[BaseException | None] = SimpleQueue()
        self._threads = [Thread(target=self._work, args=(tasks,), daemon=True) for tasks in self._tasks]

    def __enter__(self) -> Team:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for tasks in self._tasks:
            tasks.put(None)
        for thread in self._threads:
            thread.join()

    def run(self, tasks: Iterable[Task]) -> None:
        """Do all of them, at most one for each thread, and wait for all; raises what one of them raised."""
        count = 0
        for queue, task in zip(self._tasks, tasks, strict=True):
            queue.put(task)
            count += 1
        errors = [error for error in (self._ends.get() for _ in range(count)) if error is not None]
        if errors:
            raise errors[0]

    def _work(self, tasks: SimpleQueue[Task | None]) -> None:
        while (task := tasks.get()) is not None:
            try:
                task()
            except BaseException as error:
                self._ends.put(error)
            else:
                self._ends.put(None)
