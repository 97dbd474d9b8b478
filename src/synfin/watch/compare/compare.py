"""Two captures compared: connection by connection, segment by segment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from synfin.watch.compare.clocks import Clocks, compare_clocks
from synfin.watch.compare.differences import Way, ways
from synfin.watch.compare.match import Heard, Matched, match
from synfin.watch.compare.verdicts import Decision, decide


@dataclass(frozen=True, slots=True)
class Compared:
    """One connection that is in both captures."""

    matched: Matched
    ways: tuple[Way, Way]  #: what the client sent, what the server sent
    decisions: tuple[Decision, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two captures."""

    clocks: Clocks
    compared: list[Compared]
    only_first: list[Heard]
    only_second: list[Heard]

    @property
    def related(self) -> bool:
        """Whether the captures show the same traffic at all."""
        return bool(self.compared)


def compare(first: Sequence[Heard], second: Sequence[Heard]) -> Comparison:
    """Compare the connections of two captures."""
    matched, only_first, only_second = match(first, second)
    clocks = compare_clocks(matched)
    compared = []
    for one in matched:
        both = ways(one, clocks)
        compared.append(Compared(one, both, tuple(decide(one, both, clocks))))
    return Comparison(clocks, compared, only_first, only_second)
