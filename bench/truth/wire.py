"""The path between two hosts, with a tap on it: it loses, delays and copies packets, and notes what it did."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from truth.clock import Clock

US, MS, S = 1_000, 1_000_000, 1_000_000_000


@dataclass(slots=True)
class Packet:
    """One packet as its host sent it, with what became of it."""

    uid: int
    client: bool  #: sent by the client
    seq: int  #: from 0 at the initial number
    length: int
    flags: int
    ack: int
    window: int
    sacks: tuple[tuple[int, int], ...] = ()
    tsval: int = 0
    tsecr: int = 0
    ip_id: int = 0
    attempt: int = 0  #: 0: the first transmission of these bytes
    cause: str = ""  #: of a further one: rto, fast or tlp
    probe: str = ""  #: keep-alive or zero-window-probe
    answers_disorder: bool = False  #: an acknowledgment of something out of order, or received twice
    lost_before_tap: bool = False
    missed: bool = False  #: passed the tap, the capture dropped it
    arrived: bool = False

    @property
    def end(self) -> int:
        return self.seq + self.length + (self.flags & 1) + (self.flags >> 1 & 1)


@dataclass(frozen=True, slots=True)
class Shot:
    """A packet as the capture holds it."""

    time_ns: int
    packet: Packet
    ttl: int
    by_capture: bool = False  #: the capture's own copy


@dataclass(frozen=True, slots=True)
class Conditions:
    """What the network and the capture do."""

    rtt_ns: int = 40 * MS
    tap: float = 0.5  #: where it is: 0 at the client (who sends the data), 1 at the server
    loss: float = 0.0
    burst: float = 0.0  #: probability that a loss goes on with the next packet
    ack_loss: float = 0.0
    reorder: float = 0.0
    late_ns: tuple[int, int] = (1 * MS, 12 * MS)
    duplicate: float = 0.0  #: by the network
    jitter_ns: int = 50 * US
    ack_stall: float = 0.0  #: probability that all acknowledgments are held up for a while
    stall_ns: int = 450 * MS
    capture_loss: float = 0.0
    span: float = 0.0  #: share of packets that the capture holds twice
    span_ttl: bool = False  #: the second copy was taken behind a router
    outage_every: int = 0  #: this many data packets apart, three round trips of silence


@dataclass
class Path:
    """Carries packets both ways; `deliver` takes what arrives."""

    clock: Clock
    rng: random.Random
    conditions: Conditions
    deliver: Callable[[Packet], None]
    shots: list[Shot] = field(default_factory=list)
    _free: dict[tuple[bool, int], int] = field(default_factory=dict)
    _bursting: bool = False
    _stalled_until: int = 0
    _dark_until: int = 0
    _carried: int = 0

    def send(self, packet: Packet) -> None:
        legs = self._legs(packet.client)
        before = self._place(packet)
        lost = self._lost(packet)
        extra = self._extra(packet)
        hurt_first = self.rng.random() < before  # where on the way it happens
        copies = 2 if packet.length and self.rng.random() < self.conditions.duplicate else 1
        copied_first = self.rng.random() < before
        if lost and hurt_first:
            packet.lost_before_tap = True
            return
        for copy in range(copies if copied_first else 1):
            at = self._travel(packet, 0, legs[0], (extra if hurt_first else 0) + copy * self._apart())
            self.clock.at(at, lambda: self._pass(packet))
            if not lost:
                for again in range(1 if copied_first else copies):
                    late = (0 if hurt_first else extra) + again * self._apart()
                    self.clock.at(at, lambda late=late: self._onward(packet, legs[1], late))  # type: ignore[misc]

    def _apart(self) -> int:
        return self.rng.randrange(20 * US, 3 * MS)

    def _legs(self, client: bool) -> tuple[int, int]:
        one_way = self.conditions.rtt_ns // 2
        first = round(one_way * (self.conditions.tap if client else 1 - self.conditions.tap))
        return max(first, 5 * US), max(one_way - first, 5 * US)

    def _place(self, packet: Packet) -> float:
        """The part of the way that lies before the tap."""
        return self.conditions.tap if packet.client else 1 - self.conditions.tap

    def _lost(self, packet: Packet) -> bool:
        if packet.flags & 2:
            return False
        if not packet.length:
            return self.rng.random() < self.conditions.ack_loss
        self._carried += 1
        if self.conditions.outage_every and self._carried % self.conditions.outage_every == 0:
            self._dark_until = self.clock.now + 3 * self.conditions.rtt_ns
        if self.clock.now < self._dark_until:
            return True
        chance = self.conditions.burst if self._bursting else self.conditions.loss
        self._bursting = self.rng.random() < chance
        return self._bursting

    def _extra(self, packet: Packet) -> int:
        if packet.length and self.rng.random() < self.conditions.reorder:
            return self.rng.randrange(*self.conditions.late_ns)
        if not packet.client and self.rng.random() < self.conditions.ack_stall:
            self._stalled_until = self.clock.now + self.conditions.stall_ns
        return max(self._stalled_until - self.clock.now, 0) if not packet.client else 0

    def _travel(self, packet: Packet, leg: int, base: int, extra: int) -> int:
        """When it comes through; in order, except what is held up."""
        at = self.clock.now + base + self.rng.randrange(self.conditions.jitter_ns + 1)
        held_up = extra and packet.length
        if held_up:
            return at + extra
        at = max(at + extra, self._free.get((packet.client, leg), 0) + 2 * US)
        self._free[packet.client, leg] = at
        return at

    def _onward(self, packet: Packet, base: int, extra: int) -> None:
        self.clock.at(self._travel(packet, 1, base, extra), lambda: self._arrive(packet))

    def _arrive(self, packet: Packet) -> None:
        packet.arrived = True
        self.deliver(packet)

    def _pass(self, packet: Packet) -> None:
        if packet.length and self.rng.random() < self.conditions.capture_loss:
            packet.missed = True
            return
        ttl = 64 if packet.client else 57
        self.shots.append(Shot(self.clock.now, packet, ttl))
        if self.rng.random() < self.conditions.span:
            later = self.clock.now + self.rng.randrange(1 * US, 30 * US)
            second = ttl - 1 if self.conditions.span_ttl else ttl
            self.clock.at(later, lambda: self.shots.append(Shot(self.clock.now, packet, second, by_capture=True)))


def placed(conditions: Conditions, tap: float) -> Conditions:
    """The same conditions with the tap somewhere else."""
    return replace(conditions, tap=tap)
