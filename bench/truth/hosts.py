"""Two hosts that behave like TCP: one sends data, the other receives it.

The sender has a congestion window, an RTO (RFC 6298), fast retransmission by duplicate ACKs or SACK (RFC 5681, 6675), a
tail loss probe (RFC 8985), keep-alives and window probes as Linux sends them; the receiver has delayed ACKs, SACK,
D-SACK (RFC 2883), timestamps (RFC 7323) and a window that its program may leave closed.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field

from truth.clock import Clock
from truth.wire import MS, Packet, S

FIN, SYN, PSH, ACK = 1, 2, 8, 16
MSS = 1448
RTO_MIN = 200 * MS
WINDOW = 500  #: raw; the hosts use a shift of 7
SHIFT = 7


@dataclass(frozen=True, slots=True)
class Habits:
    """What the hosts speak."""

    sack: bool = True
    timestamps: bool = True
    ip_ids: str = "counter"  #: counter, random or zero
    segments: int = 220
    pause_every: int = 0  #: the program writes so many segments at a time
    pause_ns: int = 0
    tlp: bool = True
    keep_alive_ns: int = 0
    closed_every: int = 0  #: after so many segments the receiver's program stops reading
    closed_ns: int = 0
    max_window: int = 40  #: of congestion, in segments
    delayed_ack: bool = True


@dataclass
class Host:
    """What both hosts have: numbers for their packets, a clock for their timestamps."""

    clock: Clock
    rng: random.Random
    habits: Habits
    send: Callable[[Packet], None]
    client: bool
    uid: int = 0
    ip_id: int = 0
    epoch: int = 0
    recent: int = 0  #: TS.Recent

    def emit(self, seq: int, length: int, flags: int, ack: int, window: int = WINDOW) -> Packet:
        self.uid += 1
        self.ip_id = (self.ip_id + 1) % 65536 or 1
        numbers = {"counter": self.ip_id, "random": self.rng.randrange(1, 65536), "zero": 0}
        tsval = (self.epoch + self.clock.now // MS) % 2**32 if self.habits.timestamps else 0
        return Packet(
            self.uid * 2 + self.client, self.client, seq, length, flags, ack, window, tsval=tsval, tsecr=self.recent,
            ip_id=numbers[self.habits.ip_ids],
        )  # fmt: skip


@dataclass
class Chunk:
    """A segment's worth of bytes at the sender."""

    seq: int
    end: int
    flags: int
    sent: list[Packet] = field(default_factory=list)
    sacked: bool = False
    lost: bool = False


@dataclass
class Sender(Host):
    chunks: list[Chunk] = field(default_factory=list)
    una: int = 0  #: index of the first chunk that is not acknowledged
    following: int = 0  #: index of the next new chunk
    written: int = 0  #: chunks that the program has written
    cwnd: float = 10.0
    ssthresh: float = 1e9
    srtt: float = 0.0
    rttvar: float = 0.0
    backoff: int = 1
    dup_acks: int = 0
    recover: int = 0  #: index; recovery lasts until it is acknowledged
    why: str = ""
    timer: int = 0  #: only the newest timer counts
    peer_window: int = WINDOW << SHIFT
    last_heard: int = 0
    last_ack: int = -1
    probed: bool = False
    open: bool = False

    def start(self) -> None:
        self.written = self.habits.pause_every or self.habits.segments
        at = 1
        for k in range(self.habits.segments):
            length = MSS if k % 7 or not self.habits.pause_every else self.rng.randrange(1, MSS)
            self.chunks.append(Chunk(at, at + length, PSH | ACK if k % 10 == 9 else ACK))
            at += length
        self.send(self.emit(0, 0, SYN, 0))

    def receive(self, packet: Packet) -> None:
        self.last_heard = self.clock.now
        if packet.flags & SYN:
            self.recent = packet.tsval
            self.open = True
            self.send(self.emit(1, 0, ACK, 1))
            self.srtt, self.rttvar = self.clock.now, self.clock.now / 2
            self._program()
            self._pump()
            return
        if self.habits.timestamps:
            self.recent = packet.tsval
        self._acknowledged(packet)
        self._pump()

    def _acknowledged(self, packet: Packet) -> None:
        before = self.una
        for left, right in packet.sacks:
            for chunk in self.chunks[self.una : self.following]:
                chunk.sacked = chunk.sacked or (left <= chunk.seq and chunk.end <= right)
        while self.una < self.following and self.chunks[self.una].end <= packet.ack:
            chunk = self.chunks[self.una]
            if len(chunk.sent) == 1 and chunk.end == packet.ack:
                self._measure(self.clock.now - self._sent_at[chunk.sent[0].uid])
            self.una += 1
        was_closed, self.peer_window = self.peer_window == 0, packet.window << SHIFT
        if self.una > before:
            self._progress(self.una - before)
        elif packet.ack == self.last_ack and not packet.length and self.una < self.following and not was_closed:
            self.dup_acks += 1
            self._hinted()
        self.last_ack = packet.ack

    def _progress(self, count: int) -> None:
        self.dup_acks, self.backoff, self.probed = 0, 1, False
        if self.una < self.recover:
            if not self.habits.sack and self.why == "fast" and self.una < self.following:
                self.chunks[self.una].lost = True  # NewReno's partial ACK (RFC 6582)
        else:
            self.why = ""
        if self.why != "fast":
            self.cwnd += count if self.cwnd < self.ssthresh else count / self.cwnd
            self.cwnd = min(self.cwnd, self.habits.max_window)
        self._arm()

    def _hinted(self) -> None:
        """Duplicate ACKs: what lies three segments below something SACKed is lost."""
        flight = self.chunks[self.una : self.following]
        if self.habits.sack:
            above = sum(chunk.sacked for chunk in flight)
            hinted = []
            for chunk in flight:
                above -= chunk.sacked
                if not chunk.sacked and above >= 3 and (len(chunk.sent) == 1 or self.why != "fast"):
                    hinted.append(chunk)
        else:
            hinted = flight[:1] if self.dup_acks == 3 and not self.why else []
        hinted = [chunk for chunk in hinted if not chunk.lost and not (self.why == "rto" and len(chunk.sent) > 1)]
        if not hinted:
            return
        if not self.why:
            self.why, self.recover = "fast", self.following
            self.ssthresh = self.cwnd = max(self.cwnd / 2, 2)
        for chunk in hinted:
            chunk.lost = True

    def _pump(self) -> None:
        """Send what may be sent: first what is lost, then what is new."""
        flight = sum(not chunk.sacked and not chunk.lost for chunk in self.chunks[self.una : self.following])
        for chunk in self.chunks[self.una : self.following]:
            if chunk.lost and not chunk.sacked and flight < max(self.cwnd, 1):
                chunk.lost = False
                flight += 1
                self._transmit(chunk, self.why or "fast")
        while self.following < min(self.written, len(self.chunks)) and flight < self.cwnd:
            chunk = self.chunks[self.following]
            right = self.last_ack + self.peer_window if self.last_ack >= 0 else 20 * MSS
            if chunk.end > right:
                break
            self.following += 1
            flight += 1
            self._transmit(chunk, "")
        if self.una < self.following and not self.timer:
            self._arm()
        if self.una == self.following < len(self.chunks) and not self.peer_window:
            self._arm_probe()

    def _transmit(self, chunk: Chunk, cause: str) -> None:
        packet = self.emit(chunk.seq, chunk.end - chunk.seq, chunk.flags, 1)
        packet.attempt, packet.cause = len(chunk.sent), cause if chunk.sent else ""
        chunk.sent.append(packet)
        self._sent_at[packet.uid] = self.clock.now
        self.send(packet)
        if not chunk.flags & FIN and packet.attempt == 0:
            self._arm()

    def _measure(self, took: float) -> None:
        self.rttvar = 0.75 * self.rttvar + 0.25 * abs(self.srtt - took)
        self.srtt = 0.875 * self.srtt + 0.125 * took

    def _arm(self) -> None:
        self._timers += 1
        self.timer = mine = self._timers
        if self.una >= self.following:
            self.timer = 0
            return
        wait = max(RTO_MIN, self.srtt + max(4 * self.rttvar, RTO_MIN / 2)) * self.backoff
        probe = 2 * self.srtt + (50 * MS if self.following - self.una == 1 else 2 * MS)
        if self.habits.tlp and self.habits.sack and not self.why and not self.probed and probe < wait:
            due = self.clock.now + round(probe)
            self.clock.at_if(due, lambda: mine == self.timer, lambda: self._probe_tail(mine, wait - probe))
        else:
            self.clock.at_if(self.clock.now + round(wait), lambda: mine == self.timer, lambda: self._expire())

    def _probe_tail(self, mine: int, wait: float) -> None:
        if any(chunk.sacked for chunk in self.chunks[self.una : self.following]):
            self.clock.at_if(self.clock.now + round(wait), lambda: mine == self.timer, lambda: self._expire())
            return
        self.probed = True
        self._transmit(self.chunks[self.following - 1], "tlp")
        self._arm()

    def _expire(self) -> None:
        self.backoff = min(self.backoff * 2, 64)
        self.why, self.recover = "rto", self.following
        self.ssthresh, self.cwnd = max(self.cwnd / 2, 2), 1.0
        for chunk in self.chunks[self.una : self.following]:
            chunk.lost = not chunk.sacked
        self.chunks[self.una].sacked = False
        self.chunks[self.una].lost = True
        self._pump()
        self._arm()

    def _arm_probe(self) -> None:
        """The peer's window is closed: probe it, as Linux does, with the number before the next one."""
        self._timers += 1
        self.timer = mine = self._timers

        def probe() -> None:
            if mine == self.timer and not self.peer_window:
                packet = self.emit(self.chunks[self.una].seq - 1, 0, ACK, 1)
                packet.probe = "zero-window-probe"
                self.send(packet)
                self._arm_probe()

        self.clock.at(self.clock.now + max(RTO_MIN, round(self.srtt * 2)), probe)

    def _program(self) -> None:
        """The program writes, waits, writes."""
        if self.habits.pause_every and self.written < len(self.chunks):
            pause = self.habits.pause_ns + self.rng.randrange(self.habits.pause_ns // 4 + 1)
            self.clock.at(self.clock.now + pause, self._write)
            if self.habits.keep_alive_ns:
                self.clock.at(self.clock.now + self.habits.keep_alive_ns, self._keep_alive)

    def _write(self) -> None:
        self.written = min(self.written + self.habits.pause_every, len(self.chunks))
        self._pump()
        self._program()

    def _keep_alive(self) -> None:
        if self.una == self.following and self.clock.now - self.last_heard >= self.habits.keep_alive_ns // 2:
            packet = self.emit(self.chunks[self.una - 1].end - 1 if self.una else 0, 0, ACK, 1)
            packet.probe = "keep-alive"
            self.send(packet)

    def __post_init__(self) -> None:
        self._timers = 0
        self._sent_at: dict[int, int] = {}


@dataclass
class Receiver(Host):
    expected: int = 1  #: RCV.NXT
    held: list[tuple[int, int]] = field(default_factory=list)  #: out of order, the most recent first
    waiting: int = 0  #: segments since the last ACK
    acked: int = 1  #: Last.ACK.sent
    timers: int = 0
    got: int = 0
    closed: bool = False

    def receive(self, packet: Packet) -> None:
        if packet.flags & SYN:
            self.recent = packet.tsval
            self.send(self.emit(0, 0, SYN | ACK, 1))
            return
        if packet.seq <= self.acked and packet.tsval >= self.recent and self.habits.timestamps:
            self.recent = packet.tsval
        if packet.probe:
            self._acknowledge(disorder=False)
            return
        if not packet.length:
            return
        if packet.end <= self.expected or any(left <= packet.seq and packet.end <= right for left, right in self.held):
            self._acknowledge(disorder=True, twice=(packet.seq, packet.end))
            return
        if packet.seq > self.expected:
            self._hold(packet.seq, packet.end)
            self._acknowledge(disorder=True)
            return
        self._advance(packet)

    def _advance(self, packet: Packet) -> None:
        self.expected = max(self.expected, packet.end)
        filled = bool(self.held)
        while joined := [block for block in self.held if block[0] <= self.expected]:
            self.expected = max(self.expected, *(right for _, right in joined))
            self.held = [block for block in self.held if block not in joined]
        self.got += 1
        if self.habits.closed_every and self.got % self.habits.closed_every == 0:
            self.closed = True
            self.clock.at(self.clock.now + self.habits.closed_ns, self._read)
        self.waiting += 1
        if filled or self.waiting >= 2 or self.closed or not self.habits.delayed_ack:
            self._acknowledge(disorder=False)
        else:
            self.timers += 1
            mine = self.timers
            self.clock.at_if(
                self.clock.now + 40 * MS, lambda: mine == self.timers, lambda: self._acknowledge(disorder=False)
            )

    def _read(self) -> None:
        self.closed = False
        self._acknowledge(disorder=False)

    def _hold(self, left: int, right: int) -> None:
        joined = [block for block in self.held if block[0] <= right and left <= block[1]]
        left, right = min([left, *(one[0] for one in joined)]), max([right, *(one[1] for one in joined)])
        self.held = [(left, right), *(block for block in self.held if block not in joined)]

    def _acknowledge(self, *, disorder: bool, twice: tuple[int, int] | None = None) -> None:
        self.waiting, self.timers = 0, self.timers + 1
        packet = self.emit(1, 0, ACK, self.expected, 0 if self.closed else WINDOW)
        if self.habits.sack:
            blocks = ([twice] if twice else []) + self.held
            packet.sacks = tuple(blocks[: 3 if self.habits.timestamps else 4])
        packet.answers_disorder = disorder and self.expected == self.acked
        self.acked = self.expected
        self.send(packet)


def talk_until(habits: Habits) -> int:
    """When a conversation is over at the latest."""
    pauses = habits.segments // habits.pause_every if habits.pause_every else 0
    return 120 * S + 2 * pauses * habits.pause_ns
