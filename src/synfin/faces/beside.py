"""Work on things in order by several threads: whoever asks for what comes of it works as well."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from threading import Condition, Thread
from typing import Generic, TypeVar

Thing = TypeVar("Thing")
Made = TypeVar("Made")

_WAITING = 8  # things for each helper that are at hand at most


class _Task(Generic[Thing, Made]):
    def __init__(self, thing: Thing) -> None:
        self.thing = thing
        self.is_begun = False
        self.made: list[Made] = []  # one, once it is made
        self.error: Exception | None = None

    @property
    def is_done(self) -> bool:
        return bool(self.made) or self.error is not None

    def do(self, make: Callable[[Thing], Made]) -> None:
        try:
            self.made.append(make(self.thing))
        except Exception as error:
            self.error = error


def made_of(
    things: Iterable[Thing], maker: Callable[[], Callable[[Thing], Made]], helpers: int
) -> Iterator[tuple[Thing, Made]]:
    """Each thing and what is made of it, in order; each of the threads has a `maker()` of its own.

    Things are taken from `things` by the caller's thread alone.
    """
    make = maker()
    bench: _Bench[Thing, Made] = _Bench(maker, helpers)
    with bench:
        for thing in things:
            bench.put(thing)
            while bench.is_first_done() or bench.is_full():
                yield bench.first(make)
        while bench.tasks:
            yield bench.first(make)


class _Bench(Generic[Thing, Made]):
    """Tasks in order, and threads that take them."""

    def __init__(self, maker: Callable[[], Callable[[Thing], Made]], helpers: int) -> None:
        self.tasks: deque[_Task[Thing, Made]] = deque()
        self._maker = maker
        self._room = _WAITING * helpers
        self._changed = Condition()
        self._ended = False
        self._threads = [Thread(target=self._help, daemon=True) for _ in range(helpers)]

    def __enter__(self) -> None:
        for thread in self._threads:
            thread.start()

    def __exit__(self, *_: object) -> None:
        with self._changed:
            self._ended = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()

    def put(self, thing: Thing) -> None:
        with self._changed:
            self.tasks.append(_Task(thing))
            self._changed.notify_all()

    def is_first_done(self) -> bool:
        return bool(self.tasks) and self.tasks[0].is_done

    def is_full(self) -> bool:
        return len(self.tasks) >= self._room

    def first(self, make: Callable[[Thing], Made]) -> tuple[Thing, Made]:
        """The first thing and what was made of it; until it is there, the caller does what nobody has begun."""
        first = self.tasks[0]
        while not first.is_done:
            task = self._begin()
            if task is not None:
                task.do(make)
                continue
            with self._changed:
                while not first.is_done:
                    self._changed.wait()
        self.tasks.popleft()
        if first.error is not None:
            raise first.error
        return first.thing, first.made[0]

    def _begin(self) -> _Task[Thing, Made] | None:
        """The first task that nobody has begun."""
        with self._changed:
            task = next((task for task in self.tasks if not task.is_begun), None)
            if task is not None:
                task.is_begun = True
            return task

    def _help(self) -> None:
        make = self._maker()
        while True:
            with self._changed:
                while not self._ended and all(task.is_begun for task in self.tasks):
                    self._changed.wait()
                if self._ended:
                    return
            task = self._begin()
            if task is not None:
                task.do(make)
                with self._changed:
                    self._changed.notify_all()
