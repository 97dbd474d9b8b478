"""Each segment judged: whether its sender may send it in its state, and whether a Linux receiver would drop it.

The first is RFC 9293: a send without a row in the transition table is illegal. The second is Linux, and its names are
those of the kernel's drop reasons; what the peer's host holds is taken to be what was captured, and delivered.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from synfin.tcp.state import SYN_RECEIVED_ACTIVE, Event, State, find
from synfin.watch.findings.seen import Move
from synfin.watch.opinion import Kind
from synfin.watch.opinion.evidence import later
from synfin.wire.tcp import ACK, FIN, RST, SYN

_AGAIN = (Kind.RETRANSMISSION, Kind.SPURIOUS, Kind.REORDERED, Kind.NETWORK_DUPLICATE, Kind.UNREADABLE)
_SENDS_ANYTHING = 1 << 20  #: a gap beyond any window is another connection's, not a hole
_SYNCHRONISED = (
    State.ESTABLISHED, State.FIN_WAIT_1, State.FIN_WAIT_2, State.CLOSE_WAIT, State.CLOSING, State.LAST_ACK,
    State.TIME_WAIT,
)  # fmt: skip


class Judged(NamedTuple):
    """What is to be said of one segment."""

    frame: int
    illegal: str  #: state and event that have no row in the table: established.snd-syn; "" where it is legal
    drop: str  #: Linux's reason to drop it; "" where it would take it


def judge_segments(moves: Sequence[Move]) -> list[Judged]:
    """Every segment of a connection in capture order."""
    ends = (_Receiver(), _Receiver())
    found: list[Judged] = []
    for move in moves:
        found.append(Judged(move.frame, illegal(move), ends[1 - move.side].refuses(move)))
        ends[1 - move.side].take(move)
        ends[move.side].note_sent(move)
    return found


def illegal(move: Move) -> str:
    """The machine code of an illegal send, "" for a legal one; copies and late ones were sent before."""
    step = move.step
    state = step.client_before if step.from_client else step.server_before
    if move.kind in _AGAIN or (step.opinion is not None and step.opinion.late):
        return ""
    if state is State.SYN_SENT and move.room is not None and move.flags & ACK:
        return ""  # it answers what the peer has sent: a later SYN made the likely state fall back
    rows = [int(state)] + ([SYN_RECEIVED_ACTIVE] if state is State.SYN_RECEIVED else [])
    events = _sends(move)
    if any(find(row, event) is not None for row in rows for event in events):
        return ""
    return f"{state.name.lower().replace('_', '-')}.{events[0]}"


def _sends(move: Move) -> tuple[Event, ...]:
    if move.flags & RST:
        return Event.SND_RST, Event.SND_RST_REPLY
    if move.flags & SYN:
        return (Event.SND_SYN_ACK if move.flags & ACK else Event.SND_SYN,)
    if move.flags & FIN:
        return (Event.SND_FIN,)
    return (Event.SND_DATA if move.length else Event.SND_ACK,)


@dataclass(slots=True)
class _Receiver:
    """What one end's host holds of the connection, as far as the capture tells."""

    expects: int = 0  #: RCV.NXT, 0 before the first number
    window: int | None = None  #: that it advertised last
    edge: int = 0  #: the right edge of the window that it promised
    sent: int = 0  #: SND.NXT
    recent: int | None = None  #: TS.Recent (RFC 7323 section 4.3)
    reset: bool = False
    islands: list[tuple[int, int]] = field(default_factory=list)

    def note_sent(self, move: Move) -> None:
        if move.flags & RST:
            self.reset = True
            return
        self.sent = max(self.sent, move.end)
        self.window = move.window
        if move.window is not None:
            self.edge = max(self.edge, move.ack + move.window) if move.ack else self.edge

    def take(self, move: Move) -> None:
        if move.flags & RST:
            return
        if not self.expects or move.flags & SYN:
            self.expects = move.end
        elif move.seq <= self.expects:
            self.expects = max(self.expects, move.end)
            if move.evidence.tsval is not None and later(move.evidence.tsval, self.recent) >= 0:
                self.recent = move.evidence.tsval
        elif move.length and len(self.islands) < 64:
            self.islands.append((move.seq, move.end))
        for start, end in sorted(self.islands):
            if start <= self.expects < end:
                self.expects = end
        self.islands = [piece for piece in self.islands if piece[1] > self.expects]

    def refuses(self, move: Move) -> str:
        """Linux's reason to drop the segment, "" where it takes it; in the order of tcp_validate_incoming."""
        state = move.step.server_before if move.step.from_client else move.step.client_before
        if state is State.CLOSED and (self.reset or move.flags & ACK):
            return "" if move.flags & RST else "NO_SOCKET"
        if state is State.SYN_SENT and move.flags & ACK and self.sent and move.ack != self.sent:
            return "TCP_INVALID_ACK_SEQUENCE"
        if state not in _SYNCHRONISED or not self.expects:
            return ""
        return self._late(move) or self._outside(move) or self._acknowledges(move) or self._data(move)

    def _late(self, move: Move) -> str:
        if move.flags & RST or move.evidence.tsval is None or self.recent is None:
            return ""
        return "TCP_RFC7323_PAWS" if later(move.evidence.tsval, self.recent) < 0 else ""

    def _outside(self, move: Move) -> str:
        if move.end < self.expects and not move.probe:
            return "TCP_OLD_SEQUENCE" if not move.length else ""
        if self.window is not None and move.seq > max(self.edge, self.expects + self.window):
            return "TCP_INVALID_SEQUENCE"
        if move.flags & SYN and not move.flags & RST:
            return "TCP_INVALID_SYN"
        return "TCP_FLAGS" if not move.flags & (ACK | RST | SYN) else ""

    def _acknowledges(self, move: Move) -> str:
        if move.flags & RST or not move.flags & ACK or not self.sent:
            return ""
        if move.ack > self.sent:
            return "TCP_ACK_UNSENT_DATA"
        return "TCP_TOO_OLD_ACK" if self.sent - move.ack > max(_SENDS_ANYTHING, move.window or 0) else ""

    def _data(self, move: Move) -> str:
        if not move.length or move.flags & RST:
            return ""
        if move.end <= self.expects:
            return "TCP_OLD_DATA"
        if self.window == 0 and move.seq >= self.edge:
            return "TCP_ZEROWINDOW"
        if self.window is not None and move.seq >= max(self.edge, self.expects + self.window):
            return "TCP_OVERWINDOW"
        return ""
