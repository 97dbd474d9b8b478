"""Virtual time: what happens when, in order; nothing waits."""

from __future__ import annotations

import heapq
from collections.abc import Callable


class Clock:
    """Runs actions at their times, in ns."""

    def __init__(self) -> None:
        self.now = 0
        self._due: list[tuple[int, int, Callable[[], None]]] = []
        self._count = 0

    def at(self, time_ns: int, action: Callable[[], None]) -> None:
        self._count += 1
        heapq.heappush(self._due, (max(time_ns, self.now), self._count, action))

    def at_if(self, time_ns: int, holds: Callable[[], bool], action: Callable[[], None]) -> None:
        """Run `action` at its time if `holds` then."""

        def late() -> None:
            if holds():
                action()

        self.at(time_ns, late)

    def run(self, until_ns: int) -> None:
        """Until nothing is left to do, or `until_ns`."""
        while self.step(until_ns):
            pass

    def step(self, until_ns: int) -> bool:
        """Do what is due next; False when nothing is left to do until `until_ns`."""
        if not self._due or self._due[0][0] > until_ns:
            return False
        self.now, _, action = heapq.heappop(self._due)
        action()
        return True
