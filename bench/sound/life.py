"""A random life of a connection between two table-driven ends, with a network that loses, delays, doubles and reorders,
and a tap anywhere that may miss segments or begin late. Everything follows from the seed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import NamedTuple

from sound.endpoint import MS, MSS, Causes, Endpoint, Habits, Sent
from synfin.tcp.state import State
from synfin.wire.tcp import SYN
from truth.clock import Clock

_HORIZON_NS = 6_000 * MS
_NEAR_THE_WRAP = (1 << 32) - 600


class Moment(NamedTuple):
    """What holds when an event is over."""

    captured: tuple[tuple[int, Sent], ...]  #: what the tap saw during the event: side and segment
    states: tuple[State, State]
    shown: tuple[bool, bool]  #: whether every change of that end's state was caused by a captured segment


@dataclass(frozen=True, slots=True)
class Setting:
    """What the dice decided before anything was sent."""

    loss: float  #: probability that a segment is lost on its way
    missed: float  #: probability that the tap misses one
    twice: float  #: probability that the network doubles one
    jitter_ns: int
    delay_ns: int
    tap: float  #: 0 at end 0, 1 at end 1
    begins_ns: int  #: when the tap begins, 0 before everything
    crossing: bool  #: both ends connect
    resets: float

    @property
    def group(self) -> str:
        """How the capture is counted."""
        if self.begins_ns:
            return "midstream"
        if self.missed:
            return "capture drops"
        return "loss" if self.loss else "clean"


@dataclass
class Life:
    """Ends, network and tap; `run` plays it."""

    seed: int
    dice: Random = field(init=False)
    clock: Clock = field(default_factory=Clock)
    setting: Setting = field(init=False)
    ends: tuple[Endpoint, Endpoint] = field(init=False)
    moments: list[Moment] = field(default_factory=list)
    _captured: list[tuple[int, Sent]] = field(default_factory=list)
    _count: int = 0
    _met: bool = False  #: something was captured
    _before: tuple[tuple[State, Causes], ...] = ()  #: until something is

    def __post_init__(self) -> None:
        self.dice = Random(self.seed)
        self.setting = _setting(self.dice)
        self.ends = (self._end(0), self._end(1))
        self._before = tuple((end.state, end.causes.copy()) for end in self.ends)

    def run(self) -> list[Moment]:
        """Every moment at which something was captured or a state may have changed."""
        self._script()
        while self.clock.step(_HORIZON_NS):
            self._note()
        return self.moments

    def _end(self, side: int) -> Endpoint:
        isn = self.dice.choice((1000, 1 << 31, _NEAR_THE_WRAP)) + self.dice.randrange(600)
        chance = self.dice.random
        habits = Habits(
            rto_ns=self.dice.choice((60, 200, 350)) * MS,
            flight=self.dice.choice((1, 2, 6)) * MSS,
            lazy=self.dice.choice((0.0, 0.4)),
            orphan=chance() < 0.1,
            scanner=chance() < 0.02,
            linux=chance() < 0.7,
            fast_open=chance() < 0.08,
            two_msl_ns=self.dice.choice((100, 800)) * MS,
        )
        return Endpoint(isn, self.clock, self._emitter(side), self._number, chance, habits)

    def _number(self) -> int:
        self._count += 1
        return self._count

    # What the programs do.

    def _script(self) -> None:
        """Opening, then calls at random moments; most of them soon, so that lives overlap with handshakes."""
        dice, (client, server) = self.dice, self.ends
        if not self.setting.crossing and dice.random() < 0.95:
            self.clock.at(0, server.listen)
        first = dice.choice((0, 0, MSS // 2)) if client.habits.fast_open else 0
        self.clock.at(dice.randrange(20 * MS), lambda: client.connect(first))
        if self.setting.crossing:
            self.clock.at(dice.randrange(40 * MS), server.connect)
        for _ in range(dice.randrange(1, 14)):
            self._at(self._call(dice.choice(self.ends)))
        together = dice.randrange(30, 900) * MS if dice.random() < 0.3 else None
        for end in self.ends:
            if together is not None:
                self.clock.at(together + dice.randrange(2 * self.setting.delay_ns), end.close)
            elif dice.random() < 0.85:
                self._at(end.close)

    def _at(self, action: Callable[[], None]) -> None:
        when = self.dice.choice((40, 200, 900, 2500)) * MS
        self.clock.at(self.dice.randrange(when), action)

    def _call(self, end: Endpoint) -> Callable[[], None]:
        dice = self.dice.random()
        if dice < self.setting.resets:
            return end.abort
        if dice < self.setting.resets * 1.3:
            return end.vanish
        length = self.dice.choice((1, 14, 700, 2500))
        return lambda: end.write(length)

    # The network and the tap.

    def _emitter(self, side: int) -> Callable[[Sent], None]:
        return lambda sent: self._emit(side, sent)

    def _emit(self, side: int, sent: Sent) -> None:
        """A segment leaves: it passes the tap on its way, unless it is lost before."""
        setting, dice = self.setting, self.dice
        copies = 1 + (dice.random() < setting.twice)
        for _ in range(copies):
            journey = setting.delay_ns + dice.randrange(setting.jitter_ns + 1)
            part = setting.tap if side == 0 else 1 - setting.tap
            lost = dice.random() if dice.random() < setting.loss else 2.0  # where on its way
            if lost >= part:
                self._pass_tap(side, sent, int(journey * part))
            if lost > 1:
                self._arrive(side, sent, journey, part)

    def _pass_tap(self, side: int, sent: Sent, after_ns: int) -> None:
        if self.dice.random() < self.setting.missed:
            return
        if after_ns:
            self.clock.at(self.clock.now + after_ns, lambda: self._capture(side, sent))
        else:
            self._capture(side, sent)

    def _arrive(self, side: int, sent: Sent, journey: int, part: float) -> None:
        def arrive() -> None:
            self.ends[1 - side].receive(sent)

        # At the receiver's own tap the capture was put on the clock first, for the same time.
        self.clock.at(self.clock.now + max(journey, 1), arrive)

    def _capture(self, side: int, sent: Sent) -> None:
        if self.clock.now < self.setting.begins_ns:
            return
        self._captured.append((side, sent))
        for end in self.ends:
            end.causes.capture(sent.uid)

    # The truth.

    def _note(self) -> None:
        if not self._met:
            self._begin()
        states = self.ends[0].state, self.ends[1].state
        shown = self.ends[0].causes.shown, self.ends[1].causes.shown
        last = self.moments[-1] if self.moments else None
        if self._captured or last is None or (last.states, last.shown) != (states, shown):
            self.moments.append(Moment(tuple(self._captured), states, shown))
            self._captured.clear()

    def _begin(self) -> None:
        """A capture whose first segment is no SYN is read as one that begins in SYN-RECEIVED or ESTABLISHED."""
        if not self._captured:
            self._before = tuple((end.state, end.causes.copy()) for end in self.ends)
            return
        self._met = True
        if self._captured[0][1].flags & SYN:
            return
        for end, (state, causes) in zip(self.ends, self._before, strict=True):
            if state in (State.SYN_RECEIVED, State.ESTABLISHED):
                end.causes.forgive(causes)
            else:
                end.causes.changed(0)


def _setting(dice: Random) -> Setting:
    clean = dice.random() < 0.3
    missed = 0.0 if clean or dice.random() < 0.5 else dice.choice((0.05, 0.2, 0.5))
    return Setting(
        loss=0.0 if clean else dice.choice((0.0, 0.05, 0.15, 0.3)),
        missed=missed,
        twice=0.0 if clean else dice.choice((0.0, 0.02, 0.1)),
        jitter_ns=0 if clean else dice.choice((0, 5 * MS, 200 * MS)),
        delay_ns=dice.choice((1, 10, 60)) * MS,
        tap=dice.choice((0.0, 1.0, dice.random())),
        begins_ns=0 if clean or dice.random() < 0.8 else dice.randrange(1500 * MS),
        crossing=dice.random() < 0.15,
        resets=dice.choice((0.0, 0.05, 0.2)),
    )
