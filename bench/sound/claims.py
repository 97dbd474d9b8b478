"""What is claimed at every moment of a life, against its truth."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from sound.life import Life, Moment
from synfin.tcp.state import State
from synfin.watch.connections import paths
from synfin.watch.follow import collect
from synfin.wire.tcp import RST

_LOW = (1 << 32) - 1


class Violation(NamedTuple):
    """A claim that the truth contradicts."""

    kind: str  #: could, seen, certain, likely (outside seen), hidden (nothing explains what is all there)
    seed: int
    moment: int
    side: int
    truth: State
    claimed: tuple[State, ...]

    def __str__(self) -> str:
        claimed = ", ".join(state.label for state in self.claimed)
        return (
            f"seed {self.seed}, moment {self.moment}, end {self.side}: "
            f"{self.truth.label} is outside {self.kind} {{{claimed}}}"
        )


@dataclass
class Tally:
    """Counts over many lives; two of them add up."""

    runs: int = 0
    compared: int = 0
    conditional: int = 0  #: comparisons at which the condition of `seen` holds
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)  #: by group and what is counted
    violations: list[Violation] = field(default_factory=list)
    found: Counter[str] = field(default_factory=Counter)  #: violations by kind
    vectors: set[int] = field(default_factory=set)
    rules: Counter[tuple[State, State]] = field(default_factory=Counter)  #: changes of a true state

    def total(self, name: str) -> int:
        """Over all groups."""
        return sum(number for (_, one), number in self.counts.items() if one == name)

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            self.runs + other.runs,
            self.compared + other.compared,
            self.conditional + other.conditional,
            self.counts + other.counts,
            self.violations + other.violations,
            self.found + other.found,
            self.vectors | other.vectors,
            self.rules + other.rules,
        )


def watch(seeds: Iterable[int], keep: int = 20) -> Tally:
    """Live the seeds' lives and hold every claim against the truth; `keep` violations are kept whole."""
    tally = Tally()
    for seed in seeds:
        life = Life(seed)
        moments = life.run()
        tally.runs += 1
        for violation in _check(life, moments, tally):
            tally.found[violation.kind] += 1
            if len(tally.violations) < keep:
                tally.violations.append(violation)
    return tally


def _check(life: Life, moments: list[Moment], tally: Tally) -> Iterator[Violation]:
    conn = collect.ConnectionFacts()
    group = life.setting.group
    vectors: tuple[int, int] | None = None
    before: Moment | None = None
    for place, moment in enumerate(moments):
        if vectors is not None and before is not None and moment.captured:
            _measure(tally, group, vectors, before)
        for side, sent in moment.captured:
            reset = sent.flags & RST
            collect.add(
                conn, side, sent.flags, sent.seq & _LOW, (sent.ack or 0) & _LOW, sent.length,
                0 if reset else 512, 20 if reset else 32, place,
            )  # fmt: skip
        if moment.captured:
            client = max(collect.client_side(conn), 0)
            vectors = collect.end_facts(conn, 0, client), collect.end_facts(conn, 1, client)
            tally.vectors.update(vectors)
        if before is not None:
            tally.rules.update((a, b) for a, b in zip(before.states, moment.states, strict=True) if a is not b)
        before = moment
        if vectors is not None:
            for side, vector in enumerate(vectors):
                yield from _compare(tally, life.seed, place, side, vector, moment)


def _compare(tally: Tally, seed: int, place: int, side: int, vector: int, moment: Moment) -> Iterator[Violation]:
    truth, shown = moment.states[side], moment.shown[side]
    seen, could = paths.seen(vector), paths.could(vector)
    tally.compared += 1

    def violation(kind: str, claimed: Iterable[State]) -> Violation:
        return Violation(kind, seed, place, side, truth, tuple(sorted(claimed)))

    if truth not in could:
        yield violation("could", could)
    if paths.likely(vector) not in seen:
        yield violation("likely", seen)
    if not shown:
        return
    tally.conditional += 1
    tally.counts["", "certain"] += len(seen) == 1
    if paths.hidden(vector):
        yield violation("hidden", seen)
    if truth not in seen:
        yield violation("certain" if len(seen) == 1 else "seen", seen)


def _measure(tally: Tally, group: str, vectors: tuple[int, int], moment: Moment) -> None:
    """The shares, as they stand before the next segment."""
    for vector, truth, shown in zip(vectors, moment.states, moment.shown, strict=True):
        seen = paths.seen(vector)
        for name, value in (
            ("snapshots", 1),
            ("shown", shown),
            ("single", len(seen) == 1),
            ("members", len(seen)),
            ("could members", len(paths.could(vector))),
            ("likely shown", shown and paths.likely(vector) is truth),
            ("likely", paths.likely(vector) is truth),
            ("seen", truth in seen),
            ("hidden", paths.hidden(vector)),
            ("single false", len(seen) == 1 and truth not in seen),
        ):
            if value:
                tally.counts[group, name] += value
