"""A set of sequence numbers as disjoint ranges."""

from __future__ import annotations

from bisect import bisect_left, bisect_right

MAX_RANGES = 4096  #: beyond that the oldest are taken for filled


class Ranges:
    """Half-open ranges of unwrapped numbers, ascending and apart."""

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []

    def add(self, start: int, end: int) -> None:
        """Join [start, end) to the set."""
        if end <= start:
            return
        if self._ends and start == self._ends[-1]:
            self._ends[-1] = end
            return
        low, high = bisect_left(self._ends, start), bisect_right(self._starts, end)
        if low < high:
            start, end = min(start, self._starts[low]), max(end, self._ends[high - 1])
        self._starts[low:high] = [start]
        self._ends[low:high] = [end]
        if len(self._starts) > MAX_RANGES:
            half = MAX_RANGES // 2
            self._starts[:half] = [self._starts[0]]
            self._ends[:half] = [self._ends[half - 1]]

    def holds(self, start: int, end: int) -> bool:
        """Whether all of [start, end) is in the set."""
        at = bisect_right(self._starts, start) - 1
        return at >= 0 and end <= self._ends[at]

    def above(self, number: int) -> bool:
        """Whether the set reaches beyond `number`."""
        return bool(self._ends) and self._ends[-1] > number
