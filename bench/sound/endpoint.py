"""One end of a connection that obeys the transition table and its numbers: RFC 9293 section 3.10, with timers.

It notes the cause of every change of its state, so that a test knows whether a capture shows them all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from synfin.tcp.state import NO_ROW, SYN_RECEIVED_ACTIVE, Event, State, next_row, state_of
from synfin.wire.tcp import ACK, FIN, RST, SYN
from truth.clock import Clock

MS = 1_000_000
MSS = 1000
WINDOW = 65_535
_RETRIES = 6
_ASKS = (State.SYN_SENT, State.SYN_RECEIVED)
_SENDS = (State.ESTABLISHED, State.CLOSE_WAIT, State.FIN_WAIT_1, State.CLOSING, State.LAST_ACK)
_DEAF = (State.CLOSE_WAIT, State.CLOSING, State.LAST_ACK, State.TIME_WAIT)
_ENDING = (State.FIN_WAIT_1, State.FIN_WAIT_2, State.CLOSING, State.LAST_ACK, State.TIME_WAIT)
_ABORTS = (State.SYN_RECEIVED, State.ESTABLISHED, State.CLOSE_WAIT, State.FIN_WAIT_1, State.FIN_WAIT_2)


class Sent(NamedTuple):
    """A segment; numbers are not wrapped, `ack` is None without the flag."""

    uid: int
    flags: int
    seq: int
    ack: int | None
    length: int = 0

    @property
    def end(self) -> int:
        return self.seq + self.length + (self.flags & FIN) + (self.flags >> 1 & 1)


@dataclass(slots=True)
class Causes:
    """Whether a capture shows every change of one end's state."""

    waiting: set[int] = field(default_factory=set)  #: segments that changed it and were not captured yet
    silent: int = 0  #: changes by something that is no segment: a timer, a call
    captured: set[int] = field(default_factory=set)

    def changed(self, uid: int) -> None:
        if not uid:
            self.silent += 1
        elif uid not in self.captured:
            self.waiting.add(uid)

    def capture(self, uid: int) -> None:
        self.captured.add(uid)
        self.waiting.discard(uid)

    def copy(self) -> Causes:
        return Causes(set(self.waiting), self.silent)

    def forgive(self, before: Causes) -> None:
        """A capture from the middle asks for nothing that was before."""
        self.waiting -= before.waiting
        self.silent -= before.silent

    @property
    def shown(self) -> bool:
        return not self.silent and not self.waiting


@dataclass(frozen=True, slots=True)
class Habits:
    """How an end behaves where TCP leaves it free, or Linux differs."""

    rto_ns: int = 200 * MS
    flight: int = 4 * MSS  #: bytes that it sends without an acknowledgment
    lazy: float = 0.0  #: probability that data is not acknowledged at once
    orphan: bool = False  #: answers data that comes after its close with a reset, as Linux after close()
    scanner: bool = False  #: answers the SYN,ACK with a reset
    linux: bool = False  #: takes a reset at the place of the peer's FIN; never goes back to LISTEN for another SYN
    fast_open: bool = False  #: data on the SYN; after such a SYN sends from SYN-RECEIVED
    two_msl_ns: int = 800 * MS


@dataclass(slots=True)
class Endpoint:
    """Segments come in by `receive`, go out by `emit`; everything else is a call of its program or a timer."""

    isn: int
    clock: Clock
    emit: Callable[[Sent], None]
    number: Callable[[], int]  #: gives every segment its own uid
    chance: Callable[[], float]
    habits: Habits = field(default_factory=Habits)
    row: int = State.CLOSED
    una: int = 0
    nxt: int = 0
    written: int = 0  #: number after the last byte that the program has given
    fin: int = 0  #: number of the own FIN, 0 before the close
    fin_left: bool = False
    opened_fast: bool = False  #: the SYN brought data
    rcv_nxt: int = 0
    early: list[Sent] = field(default_factory=list)
    causes: Causes = field(default_factory=Causes)
    _tries: int = 0
    _timer: int = 0

    @property
    def state(self) -> State:
        return state_of(self.row)

    # Calls of the program.

    def listen(self) -> None:
        if self.state is State.CLOSED:
            self.row = State.LISTEN  # both look alike from outside, and a path may begin in either

    def connect(self, length: int = 0) -> None:
        if self.state not in (State.CLOSED, State.LISTEN):
            return
        self.una, self.nxt = self.isn, self.isn + 1 + length
        self.written = self.nxt
        self._take(Event.SND_SYN, self._send(SYN, self.isn, length))
        self._arm()

    def write(self, length: int) -> None:
        if self.fin or self.state not in (State.ESTABLISHED, State.CLOSE_WAIT, State.SYN_RECEIVED):
            return
        if self.state is State.SYN_RECEIVED and not self.opened_fast:
            return
        self.written += length
        self._output()

    def close(self) -> None:
        if self.state is State.SYN_SENT:
            self._take(Event.CLOSE, 0)
        elif self.state in (State.SYN_RECEIVED, State.ESTABLISHED, State.CLOSE_WAIT) and not self.fin:
            self.fin = self.written
            self._take(Event.CLOSE, -1)
            self._output()
            self._arm()

    def abort(self) -> None:
        if self.state in _ABORTS:
            self._take(Event.SND_RST, self._send(RST | ACK, self.nxt))
        elif self.state is not State.CLOSED and self.state is not State.LISTEN:
            self._take(Event.ABORT, 0)

    def vanish(self) -> None:
        """The host has lost power: the connection is gone without a word."""
        if self.state not in (State.CLOSED, State.LISTEN):
            self.row = State.CLOSED
            self.causes.changed(0)

    # Arrivals.

    def receive(self, segment: Sent) -> None:
        state = self.state
        if state is State.CLOSED:
            self._refuse(segment)
        elif state is State.LISTEN:
            self._hear(segment)
        elif state is State.SYN_SENT:
            self._hear_answer(segment)
        else:
            self._follow(segment)

    def _refuse(self, segment: Sent) -> None:
        if segment.flags & RST:
            return
        if segment.ack is None:
            self.emit(Sent(self.number(), RST | ACK, 0, segment.end))
        else:
            self.emit(Sent(self.number(), RST, segment.ack, None))

    def _hear(self, segment: Sent) -> None:
        if segment.flags & RST:
            return
        if segment.ack is not None:
            self._refuse(segment)
        elif segment.flags & SYN:
            self._take(Event.RCV_SYN, segment.uid)
            self.opened_fast = self.habits.fast_open and segment.length > 0
            self._begin(segment.end if self.opened_fast else segment.seq + 1)

    def _begin(self, rcv_nxt: int) -> None:
        """In SYN-RECEIVED: answer with SYN,ACK."""
        self.rcv_nxt = rcv_nxt
        self.una, self.nxt = self.isn, max(self.nxt, self.isn + 1)
        self.written = max(self.written, self.nxt)
        self.early.clear()
        self._send(SYN | ACK, self.isn)
        self._arm()

    def _hear_answer(self, segment: Sent) -> None:
        fits = segment.ack is not None and self.isn < segment.ack <= self.nxt
        if segment.ack is not None and not fits:
            if not segment.flags & RST:
                self._refuse(segment)
        elif segment.flags & RST:
            if fits:
                self._take(Event.RCV_RST, segment.uid)
        elif segment.flags & SYN and fits:
            self._established(segment)
        elif segment.flags & SYN:
            self._take(Event.RCV_SYN, segment.uid)
            self._begin(segment.seq + 1)

    def _established(self, segment: Sent) -> None:
        assert segment.ack is not None
        if self.habits.scanner:
            self._take(Event.SND_RST, self._send(RST, segment.ack))
            return
        self.una = segment.ack
        self.nxt = max(self.una, self.isn + 1)  # what Fast Open did not bring goes again
        self.rcv_nxt = segment.seq + 1
        self._tries = 0
        self._take(Event.RCV_SYN_ACK, segment.uid)
        self._send(ACK, self.nxt)
        self._output()

    def _follow(self, segment: Sent) -> None:
        if self._acceptable(segment):
            if segment.flags & RST:
                self._reset(segment)
            elif segment.flags & SYN:
                self._challenge(segment)
            elif segment.ack is not None:
                self._process(segment)
            return
        if segment.flags & RST:
            if self.habits.linux and segment.seq == self.rcv_nxt - 1 and self.state in _DEAF[:3]:
                self._take(Event.RCV_RST, segment.uid)
            return
        if segment.flags & SYN and self.state is State.SYN_RECEIVED:
            if segment.ack is not None and self.isn < segment.ack <= self.nxt:
                self.una = max(self.una, segment.ack)
                self._take(Event.RCV_SYN_ACK, segment.uid)  # crossing SYNs (RFC 9293 figure 7)
                self._send(ACK, self.nxt)
                self._output()
            elif segment.ack is None:
                self._send(SYN | ACK, self.isn)
            return
        if self.state is State.CLOSING and segment.ack is not None and self.fin < segment.ack <= self.nxt:
            self.una = segment.ack
            self._take(Event.RCV_ACK_OF_FIN, segment.uid)  # crossing FINs (figure 13)
        elif self.state is State.TIME_WAIT:
            self._wait()
        self._send(ACK, self.nxt)

    def _acceptable(self, segment: Sent) -> bool:
        if segment.end == segment.seq:
            return self.rcv_nxt <= segment.seq < self.rcv_nxt + WINDOW
        return segment.end > self.rcv_nxt and segment.seq < self.rcv_nxt + WINDOW

    def _reset(self, segment: Sent) -> None:
        if segment.seq == self.rcv_nxt:
            self._take(Event.RCV_RST, segment.uid)
        else:
            self._send(ACK, self.nxt)

    def _challenge(self, segment: Sent) -> None:
        """A SYN, or a repeated one whose data reaches into the window."""
        if segment.seq < self.rcv_nxt and self.state is State.SYN_RECEIVED:
            self._send(SYN | ACK, self.isn)
        elif self.row == State.SYN_RECEIVED and segment.ack is None and not self.habits.linux:
            self._take(Event.RCV_SYN_IN_WINDOW, segment.uid)
        else:
            self._send(ACK, self.nxt)

    def _process(self, segment: Sent) -> None:
        """ACK, text and FIN of an acceptable segment."""
        assert segment.ack is not None
        if self.state is State.SYN_RECEIVED and not self.isn < segment.ack <= self.nxt:
            self.emit(Sent(self.number(), RST, segment.ack, None))
            return
        if segment.ack > self.nxt:
            self._send(ACK, self.nxt)
            return
        if segment.ack > self.una:
            self.una, self._tries = segment.ack, 0
        acks_fin = bool(self.fin) and segment.ack > self.fin and self.state in _ENDING
        brings_fin = bool(segment.flags & FIN) and segment.seq <= self.rcv_nxt and self.state not in _DEAF
        if self.habits.orphan and self.fin and segment.length and self.state in (State.FIN_WAIT_1, State.FIN_WAIT_2):
            self._take(Event.SND_RST, self._send(RST, segment.ack))
            return
        if brings_fin:
            self._take_fin(segment.end, segment.uid, acks_fin)
        else:
            self._take_ack(segment, acks_fin)
            self._take_text(segment)
        if segment.end > segment.seq and not (self.chance() < self.habits.lazy and not brings_fin):
            self._send(ACK, self.nxt)
        if self.state is State.TIME_WAIT and segment.flags & FIN:
            self._wait()
        self._output()

    def _take_ack(self, segment: Sent, acks_fin: bool) -> None:
        if self.state is State.SYN_RECEIVED:
            self._take(Event.RCV_ACK_OF_SYN, segment.uid)
        elif acks_fin and self.state in (State.FIN_WAIT_1, State.CLOSING, State.LAST_ACK):
            self._take(Event.RCV_ACK_OF_FIN, segment.uid)

    def _take_text(self, segment: Sent) -> None:
        """Data, and what waited for it; a FIN that waited is the cause of what follows, not what filled the hole."""
        if self.state in _DEAF or self.state is State.CLOSED or segment.end == segment.seq:
            return
        self.early.append(segment)
        while True:
            fits = next((s for s in self.early if s.seq <= self.rcv_nxt < s.end), None)
            if fits is None:
                return
            self.early.remove(fits)
            if fits.flags & FIN:
                self._take_fin(fits.end, fits.uid, False)
                self.early.clear()
                return
            self.rcv_nxt = fits.end

    def _take_fin(self, end: int, uid: int, acks_fin: bool) -> None:
        self.rcv_nxt = end
        if self.state is State.SYN_RECEIVED:
            self._take(Event.RCV_FIN_ACK_OF_SYN, uid)
        else:
            self._take(Event.RCV_FIN_ACK_OF_FIN if acks_fin else Event.RCV_FIN, uid)
        if self.state is State.TIME_WAIT:
            self._wait()

    # Sending.

    def _send(self, flags: int, seq: int, length: int = 0) -> int:
        uid = self.number()
        self.emit(Sent(uid, flags, seq, self.rcv_nxt if flags & ACK else None, length))
        return uid

    def _output(self) -> None:
        """Send what may be sent: data within the flight, then the FIN."""
        if self.state not in _SENDS and not (self.state is State.SYN_RECEIVED and self.opened_fast):
            return
        while self.nxt <= self.written:
            length = min(MSS, self.written - self.nxt)
            last = bool(self.fin) and self.nxt + length == self.fin
            if not length and not last:
                return
            if self.nxt > max(self.una, self.isn + 1) and self.nxt + length - self.una > self.habits.flight:
                return
            uid = self._send(ACK | (FIN if last else 0), self.nxt, length)
            self.nxt += length + last
            if last:
                self._leave_fin(uid)
            self._arm()

    def _leave_fin(self, uid: int) -> None:
        """The FIN of an earlier close leaves: from now on the change has a segment that shows it."""
        if not self.fin_left:
            self.fin_left = True
            self.causes.waiting.discard(-1)
            self.causes.changed(uid)

    def _resend(self) -> None:
        if self.state is State.SYN_SENT:
            self._send(SYN, self.isn, self.nxt - self.isn - 1 if self.habits.fast_open else 0)
        elif self.state is State.SYN_RECEIVED and self.una <= self.isn:
            self._send(SYN | ACK, self.isn)
        else:
            start = max(self.una, self.isn + 1)
            end = self.nxt - self.fin_left
            length = min(MSS if self.chance() < 0.7 else MSS // 3, end - start)
            last = self.fin_left and start + length == self.fin
            self._send(ACK | (FIN if last else 0), start, length)

    # Timers.

    def _arm(self) -> None:
        self._timer += 1
        mine = self._timer
        self.clock.at_if(
            self.clock.now + (self.habits.rto_ns << min(self._tries, 4)), lambda: mine == self._timer, self._timeout
        )

    def _timeout(self) -> None:
        if self.una >= self.nxt or next_row(self.row, Event.TO_RTO) == NO_ROW:
            return
        self._tries += 1
        if self._tries > _RETRIES:
            self._take(Event.TO_USER, 0)
            return
        self._resend()
        self._arm()

    def _wait(self) -> None:
        """2MSL, from now on again."""
        self._timer += 1
        mine = self._timer
        self.clock.at_if(self.clock.now + self.habits.two_msl_ns, lambda: mine == self._timer, self._forget)

    def _forget(self) -> None:
        if self.state is State.TIME_WAIT:
            self._take(Event.TO_2MSL, 0)

    def _take(self, event: Event, cause: int) -> None:
        """Take an edge of the table; `cause` is the segment behind it, 0 none, -1 the FIN that has not left yet."""
        after = next_row(self.row, event)
        assert after != NO_ROW, (self.state, event)
        if after == self.row:
            return
        if -1 in self.causes.waiting:
            self.causes.changed(0)  # its FIN had not left: what changed before cannot be told from what changed after
        self.row = after
        if cause < 0:
            self.causes.waiting.add(-1)
        else:
            self.causes.changed(cause)
        if self.state is State.FIN_WAIT_2:
            self._leave_fin_wait_2()

    def _leave_fin_wait_2(self) -> None:
        gone = self.clock.now + 3 * self.habits.two_msl_ns
        self.clock.at_if(gone, lambda: self.state is State.FIN_WAIT_2, lambda: self._take(Event.TO_FIN_WAIT_2, 0))


__all__ = ["MS", "MSS", "SYN_RECEIVED_ACTIVE", "Causes", "Endpoint", "Habits", "Sent"]
