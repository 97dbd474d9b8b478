"""Initial sequence numbers by host: whether whoever sees some of them could tell the next (RFC 9293 section 3.4.1)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

from synfin.wire.seq import MASK, diff

ENOUGH = 8  #: numbers of a host before anything looks predictable
_HOSTS = 4096  #: that are remembered
_KEPT = 64  #: numbers of each host
_PAIRS = 65_536  #: endpoints that are remembered
_TICK_NS = 4000  #: of RFC 9293's clock
_ABOUT = 2500  #: ticks (10 ms) by which a number of that clock may lie beside it
_SAME_TURN_NS = 7_200_000_000_000  #: later the clock may be half round: backward looks forward

Pair = tuple[bytes, int, bytes, int]


class Number(NamedTuple):
    """An initial number, and who chose it when; sorts by time."""

    time_ns: int
    isn: int
    pair: Pair  #: from whom to whom
    conn: int


class Steps(NamedTuple):
    """What the numbers of one host look like."""

    numbers: int
    steps: int  #: from one number to the next, to another endpoint
    repeat: int  #: that had come before
    clock: int  #: that are the time between them, on a clock of 4 µs
    conns: tuple[int, ...]

    @property
    def predictable(self) -> bool:
        return self.numbers >= ENOUGH and max(self.repeat, self.clock) * 2 >= self.steps > 0


@dataclass(slots=True)
class InitialNumbers:
    """The numbers of every host, as many of both as are kept; connections may come in any order."""

    _hosts: dict[bytes, list[Number]] = field(default_factory=dict)
    _pairs: dict[Pair, Number] = field(default_factory=dict)

    def add(self, number: Number) -> bool | None:
        """Note a number; whether the later one of the same two endpoints lies ahead, None where there is no other.

        The same number again is a SYN that came late, rather than a choice.
        """
        other = self._pairs.get(number.pair)
        if other is not None and other.isn == number.isn:
            return None
        host = number.pair[0]
        if host in self._hosts or len(self._hosts) < _HOSTS:
            of = self._hosts.setdefault(host, [])
            if len(of) < _KEPT:
                of.append(number)
        if other is None and len(self._pairs) >= _PAIRS:
            del self._pairs[next(iter(self._pairs))]  # the one that was noted first
        self._pairs[number.pair] = number if other is None else max(number, other)
        if other is None or abs(number.time_ns - other.time_ns) > _SAME_TURN_NS:
            return None
        earlier, later = sorted((number, other))
        return diff(later.isn, earlier.isn) > 0

    def hosts(self) -> Iterator[Steps]:
        for of in self._hosts.values():
            yield _steps(sorted(of))


def _by_clock(step: int, ticks: int) -> bool:
    """Whether a step is the time that passed; a host that counts 0, 1, 2 within a moment has no clock."""
    return step > 1 and abs(diff(step, ticks & MASK)) <= min(_ABOUT, ticks // 10)


def _steps(numbers: list[Number]) -> Steps:
    """Of the same two endpoints the numbers follow the clock by right (RFC 6528), so those steps do not count."""
    pairs = [(a, b) for a, b in pairwise(numbers) if a.pair != b.pair]
    steps = [b.isn - a.isn & MASK for a, b in pairs]
    often = Counter(steps)
    clock = sum(_by_clock(step, (b.time_ns - a.time_ns) // _TICK_NS) for step, (a, b) in zip(steps, pairs, strict=True))
    conns = tuple(dict.fromkeys(number.conn for number in numbers))
    return Steps(len(numbers), len(steps), sum(often.values()) - len(often), clock, conns)
