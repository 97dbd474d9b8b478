"""Two endpoints that know nothing but the table and their numbers, for tests that need a connection's true states."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import NamedTuple

from synfin.tcp.state import Event, State, next_row, state_of
from synfin.wire.tcp import ACK, FIN, RST, SYN

WINDOW = 65_535
_OPENED = (State.SYN_RECEIVED, State.ESTABLISHED)
_DEAF_TO_TEXT = (State.CLOSE_WAIT, State.CLOSING, State.LAST_ACK, State.TIME_WAIT)
_FINS = (State.FIN_WAIT_1, State.FIN_WAIT_2, State.CLOSING, State.LAST_ACK, State.TIME_WAIT)


class Sent(NamedTuple):
    """A segment in the simulation; numbers are not wrapped, `ack` is None without the flag."""

    flags: int
    seq: int
    ack: int | None
    length: int = 0

    @property
    def end(self) -> int:
        return self.seq + self.length + (self.flags & FIN) + (self.flags >> 1 & 1)


@dataclass
class Endpoint:
    """One end: RFC 9293 section 3.10, in-order delivery only, no timers of its own."""

    isn: int
    emit: Callable[[Sent], None]
    row: int = State.CLOSED
    snd_nxt: int = 0
    rcv_nxt: int = 0
    fin: int = 0  #: number of the own FIN, 0 before it
    unacked: list[Sent] = field(default_factory=list)

    @property
    def state(self) -> State:
        return state_of(self.row)

    # Calls.

    def listen(self) -> None:
        self._take(Event.OPEN_PASSIVE)

    def connect(self) -> None:
        self._take(Event.SND_SYN)
        self._send(SYN, keep=True, seq=self.isn)

    def send(self, length: int) -> None:
        if self.state in (State.ESTABLISHED, State.CLOSE_WAIT):
            self._send(ACK, length, keep=True)

    def close(self) -> None:
        if self.state in (State.ESTABLISHED, State.CLOSE_WAIT):
            self.fin = self.snd_nxt
            self._take(Event.SND_FIN)
            self._send(FIN | ACK, keep=True)

    def abort(self) -> None:
        if self.state in (State.ESTABLISHED, State.CLOSE_WAIT, State.FIN_WAIT_1, State.FIN_WAIT_2):
            self._send(RST | ACK)
            self._take(Event.SND_RST)

    def retransmit(self) -> None:
        if self.unacked and self.state is not State.CLOSED:
            first = self.unacked[0]
            ack = None if first.ack is None else self.rcv_nxt
            self.emit(first._replace(ack=ack))

    # Arrivals.

    def receive(self, segment: Sent) -> None:
        if self.state is State.CLOSED:
            self._refuse(segment)
        elif self.state is State.LISTEN:
            self._hear(segment)
        elif self.state is State.SYN_SENT:
            self._hear_answer(segment)
        else:
            self._follow(segment)

    def _refuse(self, segment: Sent) -> None:
        if segment.flags & RST:
            return
        if segment.ack is None:
            self.emit(Sent(RST | ACK, 0, segment.end))
        else:
            self.emit(Sent(RST, segment.ack, None))

    def _hear(self, segment: Sent) -> None:
        if segment.flags & RST:
            return
        if segment.ack is not None:
            self._refuse(segment)
        elif segment.flags & SYN:
            self._take(Event.RCV_SYN)
            self.rcv_nxt = segment.end
            self._send(SYN | ACK, keep=True, seq=self.isn)

    def _hear_answer(self, segment: Sent) -> None:
        fits = segment.ack is not None and self.isn < segment.ack <= self.snd_nxt
        if segment.ack is not None and not fits:
            self._refuse(segment)
        elif segment.flags & RST:
            if fits:
                self._take(Event.RCV_RST)
        elif segment.flags & SYN:
            self.rcv_nxt = segment.seq + 1
            if fits:
                self.unacked.clear()
                self._take(Event.RCV_SYN_ACK)
                self._send(ACK)
            else:
                self._take(Event.RCV_SYN)
                self.unacked.clear()
                self._send(SYN | ACK, keep=True, seq=self.isn)

    def _follow(self, segment: Sent) -> None:
        acceptable = segment.seq <= self.rcv_nxt + WINDOW and (
            segment.end > self.rcv_nxt or (segment.end == segment.seq == self.rcv_nxt)
        )
        if segment.flags & RST:
            if segment.seq == self.rcv_nxt:
                self._take(Event.RCV_RST)
            return
        if segment.flags & SYN:
            crossing = self.state is State.SYN_RECEIVED and segment.ack is not None
            if crossing and self._acknowledge(segment, Event.RCV_SYN_ACK):
                return
            if self.state is State.SYN_RECEIVED and segment.ack is None:
                self.emit(Sent(SYN | ACK, self.isn, self.rcv_nxt))
            else:
                self._send(ACK)
            return
        if not acceptable:
            if self.state is State.CLOSING:
                self._acknowledge(segment, Event.RCV_ACK_OF_FIN)
            self._send(ACK)
            return
        if segment.ack is None or segment.ack > self.snd_nxt:
            return
        self._process(segment)

    def _process(self, segment: Sent) -> None:
        """ACK, text and FIN of an acceptable segment."""
        assert segment.ack is not None
        brings_fin = bool(segment.flags & FIN) and segment.seq <= self.rcv_nxt and self.state not in _DEAF_TO_TEXT
        if self.state is State.SYN_RECEIVED and segment.ack <= self.isn:
            self.emit(Sent(RST, segment.ack, None))
            return
        acks_fin = bool(self.fin) and segment.ack > self.fin and self.state in _FINS
        self.unacked = [sent for sent in self.unacked if sent.end > segment.ack]
        if brings_fin:
            self.rcv_nxt = segment.end
            if self.state is State.SYN_RECEIVED:
                self._take(Event.RCV_FIN_ACK_OF_SYN)
            else:
                self._take(Event.RCV_FIN_ACK_OF_FIN if acks_fin else Event.RCV_FIN)
            self._send(ACK)
            return
        if self.state is State.SYN_RECEIVED:
            self._take(Event.RCV_ACK_OF_SYN)
        elif acks_fin:
            self._take(Event.RCV_ACK_OF_FIN)
        if segment.seq <= self.rcv_nxt < segment.seq + segment.length and self.state not in _DEAF_TO_TEXT:
            self.rcv_nxt = segment.seq + segment.length
        if segment.length or segment.flags & FIN:
            self._send(ACK)

    def _acknowledge(self, segment: Sent, event: Event) -> bool:
        limit = self.isn if event is Event.RCV_SYN_ACK else self.fin
        if segment.ack is None or not limit < segment.ack <= self.snd_nxt:
            return False
        self.unacked = [sent for sent in self.unacked if sent.end > segment.ack]
        self._take(event)
        return True

    def _take(self, event: Event) -> None:
        after = next_row(self.row, event)
        assert after != 255, (self.state, event)
        self.row = after

    def _send(self, flags: int, length: int = 0, *, keep: bool = False, seq: int | None = None) -> None:
        sent = Sent(flags, self.snd_nxt if seq is None else seq, self.rcv_nxt if flags & ACK else None, length)
        if keep:
            self.unacked.append(sent)
            self.snd_nxt = max(self.snd_nxt, sent.end)
        self.emit(sent)


class Captured(NamedTuple):
    """What the tap saw, and the true states of client and server when the event that caused it was over."""

    side: int
    segment: Sent
    client: State
    server: State


def run(seed: int, *, loss: float, twist: float) -> list[Captured]:
    """A random life of a connection, tapped at the client: its sends when sent, the other side's when they arrive.

    `loss` of the segments on the way, `twist`: probability that a segment overtakes the one before it, or comes twice.
    """
    dice = Random(seed)
    captured: list[tuple[int, Sent]] = []
    truths: list[Captured] = []
    wires: tuple[list[Sent], list[Sent]] = ([], [])

    def emit(side: int, segment: Sent) -> None:
        if side == 0:
            captured.append((0, segment))
        if dice.random() >= loss:
            wire = wires[side]
            wire.insert(len(wire) - (dice.random() < twist and bool(wire)), segment)
            if dice.random() < twist / 2:
                wire.append(segment)

    ends = [
        Endpoint(dice.choice([1000, (1 << 32) - 5]), lambda segment: emit(0, segment)),
        Endpoint(dice.choice([5000, (1 << 32) - 9]), lambda segment: emit(1, segment)),
    ]
    both_open = dice.random() < 0.1
    if not both_open and dice.random() < 0.95:
        ends[1].listen()
    ends[0].connect()
    if both_open:
        ends[1].connect()
    for _ in range(dice.randint(5, 60)):
        side = dice.randrange(2)
        act = dice.random()
        if act < 0.6:
            if wires[side]:
                segment = wires[side].pop(0)
                if side == 1:
                    captured.append((1, segment))
                ends[1 - side].receive(segment)
        elif act < 0.75:
            ends[side].send(dice.choice([1, 14, 1000]))
        elif act < 0.85:
            ends[side].close()
        elif act < 0.87:
            ends[side].abort()
        else:
            ends[side].retransmit()
        truths += [Captured(*one, ends[0].state, ends[1].state) for one in captured]
        captured.clear()
    return truths
