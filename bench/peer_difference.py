"""Differences from a peer, and how a comparison keeps count of what it compared."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple


class Difference(NamedTuple):
    """One value that is not the peer's."""

    capture: str
    value: str  #: the peer's name of it
    place: str  #: connection, direction or line
    theirs: str
    ours: str
    why: str  #: empty: nobody knows


@dataclass(slots=True)
class Comparison:
    """What was compared with one peer."""

    peer: str
    of_what: str  #: connections, sessions, lines
    captures: set[str] = field(default_factory=set)
    things: int = 0
    missing: Counter[str] = field(default_factory=Counter)  #: of the peer's things that we do not have, by reason
    values: int = 0
    differences: list[Difference] = field(default_factory=list)

    def compare(
        self, capture: str, place: str, theirs: Iterable[tuple[str, str, str]], why: Callable[[str, str, str], str]
    ) -> None:
        """Count one thing: (value's name, theirs, ours) of each, and `why` of those that differ."""
        self.captures.add(capture)
        self.things += 1
        for name, there, here in theirs:
            self.values += 1
            if there != here:
                self.differences.append(Difference(capture, name, place, there, here, why(name, there, here)))

    def lacks(self, capture: str, place: str, why: str) -> None:
        """Count something that the peer has and we have not."""
        self.captures.add(capture)
        self.missing[why] += 1
        self.differences.append(Difference(capture, "(all)", place, "there", "not there", why))

    @property
    def differing(self) -> int:
        """Values that differ."""
        return sum(one.value != "(all)" for one in self.differences)


def table(comparisons: Iterable[Comparison]) -> list[str]:
    """The lines of peers_differences.tsv: every difference, those of one value and one reason together."""
    lines = ["peer\tcapture\tvalue\tdifferences\tplaces\tfirst: theirs\tfirst: ours\twhy"]
    for comparison in comparisons:
        groups: dict[tuple[str, str, str], list[Difference]] = {}
        for one in comparison.differences:
            groups.setdefault((one.capture, one.value, one.why), []).append(one)
        for (capture, value, why), some in sorted(groups.items()):
            places = " ".join(one.place for one in some)
            row = (comparison.peer, capture, value, str(len(some)), places, some[0].theirs, some[0].ours, why)
            lines.append("\t".join(row))
    return lines
