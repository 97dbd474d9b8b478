"""What the rules read of one connection: its segments in order, each with what both ends knew before it.

Copies that the capture made are set apart first: no rule but the one about them ever sees them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice, pairwise

from synfin.watch.connections.record import Connection, Step
from synfin.watch.follow.collect import ConnectionFacts
from synfin.watch.follow.quote import Quote
from synfin.watch.opinion import Kind
from synfin.watch.opinion.evidence import Evidence, read
from synfin.wire.seq import MASK, diff
from synfin.wire.tcp import ACK, FIN, RST, SYN, Segment, options

CLIENT, SERVER = 0, 1
NAMES = ("client", "server")
BASE = 1 << 32  #: unwrapped numbers start here, so that none is ever 0
_MSS = 2


@dataclass(frozen=True, slots=True, eq=False)
class Move:
    """One segment, unwrapped, with what stood before it."""

    index: int  #: its place in `Seen.moves`
    step: Step
    segment: Segment
    side: int
    at_ns: int  #: since the connection's first segment
    seq: int
    end: int  #: after payload, SYN and FIN
    ack: int  #: 0 without the ACK flag
    length: int  #: payload bytes
    window: int | None  #: scaled; None where the scale is not known
    evidence: Evidence
    own_next: int  #: what its sender had sent before, 0 before its first number
    acked: int  #: what the peer had acknowledged of that, 0 before any ACK
    room: int | None  #: the window that the peer had last advertised

    @property
    def flags(self) -> int:
        return self.segment.flags

    @property
    def frame(self) -> int:
        return self.segment.frame

    @property
    def kind(self) -> Kind:
        return self.step.opinion.kind if self.step.opinion is not None else Kind.NEW

    @property
    def cause(self) -> str:
        return self.step.opinion.cause if self.step.opinion is not None else ""

    @property
    def again(self) -> bool:
        """Whether it is sent again, needed or not."""
        return self.kind in (Kind.RETRANSMISSION, Kind.SPURIOUS)

    @property
    def plain(self) -> bool:
        """Neither SYN nor FIN nor RST."""
        return not self.flags & (SYN | FIN | RST)

    @property
    def pure_ack(self) -> bool:
        return self.plain and bool(self.flags & ACK) and not self.length

    @property
    def bare_reset(self) -> bool:
        """The shape of an answer from a host without the connection (RFC 9293 section 3.10.7.1)."""
        return (
            bool(self.flags & RST) and not self.flags & ACK and not self.segment.window and self.segment.hdr_len == 20
        )

    @property
    def probe(self) -> bool:
        """The number before the next one, to be answered (RFC 9293 sections 3.8.4, 3.8.6.1)."""
        back = self.own_next and self.seq == self.own_next - 1 and self.length <= 1
        return self.plain and bool(back)


@dataclass(slots=True)
class Half:
    """What one end sent, by what it is for. Moves in capture order."""

    moves: list[Move] = field(default_factory=list)
    syns: list[Move] = field(default_factory=list)  #: without ACK
    syn_acks: list[Move] = field(default_factory=list)
    data: list[Move] = field(default_factory=list)
    fins: list[Move] = field(default_factory=list)
    resets: list[Move] = field(default_factory=list)
    mss: int | None = None  #: that it offered
    scale: int | None = None  #: that it offered
    stamps: bool = False

    @property
    def payload(self) -> int:
        """Payload bytes, copies of the network and repetitions included."""
        return sum(move.length for move in self.data)


@dataclass(slots=True)
class Seen:
    """One connection for the rules."""

    connection: Connection
    final: ConnectionFacts
    moves: list[Move]
    copies: list[Step]  #: that the capture made
    halves: tuple[Half, Half]
    end_ns: int  #: of the capture, or of what is known of it, since the first segment
    past_ns: int | None = None  #: when the same endpoints were last heard in an earlier connection, before the first

    quotes: Sequence[Quote] = ()  #: ICMP errors about it
    sums: Mapping[int, str] = field(default_factory=dict)  #: by frame: checksums that are `bad` or `partial`

    @property
    def midstream(self) -> bool:
        return not any(half.syns or half.syn_acks for half in self.halves)

    @property
    def opened(self) -> bool:
        """Whether the handshake was completed, as far as the capture tells."""
        return self.connection.open in ("open.normal", "open.tfo", "open.simultaneous")

    @property
    def rtt_ns(self) -> int | None:
        return self.connection.handshake_rtt_ns

    def after(self, move: Move) -> Iterator[Move]:
        """What follows in the capture."""
        return islice(self.moves, move.index + 1, None)

    def answers(self, move: Move) -> Iterator[Move]:
        """What the other end sends afterwards."""
        return (other for other in self.after(move) if other.side != move.side)

    @property
    def one_way(self) -> bool:
        """Whether the capture lacks an end that spoke: the other one acknowledges what is nowhere in it."""
        silent = [not half.moves for half in self.halves]
        return any(silent) and any(move.ack or not move.flags & SYN for move in self.moves)


def seen(
    connection: Connection,
    steps: Sequence[Step],
    final: ConnectionFacts,
    *,
    capture_end_ns: int | None = None,
    past: Sequence[Segment] = (),
    quotes: Sequence[Quote] = (),
    sums: Mapping[int, str] | None = None,
) -> Seen:
    """The steps of a connection as the rules read them; `past`, `quotes` and `sums` as for `story.tell`."""
    reader = _Reader()
    copies = [step for step in steps if step.opinion is not None and step.opinion.kind is Kind.CAPTURE_DUPLICATE]
    for step in steps:
        late = step.opinion is not None and step.opinion.late
        if step.segment.whole and not late:
            reader.take(step)
    start_ns = steps[0].segment.time_ns if steps else 0
    last_ns = max((step.time_ns for step in steps), default=0)
    end_ns = last_ns if capture_end_ns is None else max(capture_end_ns - start_ns, last_ns)
    past_ns = start_ns - past[-1].time_ns if past else None
    return Seen(connection, final, reader.moves, copies, reader.halves, end_ns, past_ns, quotes, sums or {})


def gaps(moves: Sequence[Move]) -> list[int]:
    """The times between them."""
    return [later.at_ns - earlier.at_ns for earlier, later in pairwise(moves)]


class _Reader:
    """Unwraps numbers and scales windows while the segments go by."""

    def __init__(self) -> None:
        self.moves: list[Move] = []
        self.halves = (Half(), Half())
        self._near = [0, 0]
        self._next = [0, 0]
        self._acked = [0, 0]  # of what that side sent
        self._window: list[int | None] = [None, None]

    def take(self, step: Step) -> None:
        segment = step.segment
        if step.opinion is not None and step.opinion.kind is Kind.CAPTURE_DUPLICATE:
            return
        side = CLIENT if step.from_client else SERVER
        evidence = read(segment)
        seq = self._unwrap(side, segment.seq)
        ack = self._unwrap(1 - side, segment.ack) if segment.flags & ACK else 0
        end = seq + segment.length + bool(segment.flags & SYN) + bool(segment.flags & FIN)
        self._learn(side, segment, evidence)
        window = self._scaled(side, segment)
        move = Move(
            len(self.moves), step, segment, side, step.time_ns, seq, end, ack, segment.length, window, evidence,
            self._next[side], self._acked[side], self._window[1 - side],
        )  # fmt: skip
        self._sort(move)
        if segment.flags & RST:
            return
        self._next[side] = max(self._next[side], end)
        self._near[side] = max(self._near[side], end)
        if ack:
            self._acked[1 - side] = max(self._acked[1 - side], ack)
        self._window[side] = window

    def _unwrap(self, side: int, raw: int) -> int:
        if not self._near[side]:
            self._near[side] = BASE + raw
        return self._near[side] + diff(raw, self._near[side] & MASK)

    def _learn(self, side: int, segment: Segment, evidence: Evidence) -> None:
        half = self.halves[side]
        half.stamps = half.stamps or evidence.tsval is not None
        if segment.flags & SYN:
            half.scale = evidence.scale
            for option in options(segment.options):
                if option.kind == _MSS and len(option.data) == 2:
                    half.mss = int.from_bytes(option.data, "big")

    def _scaled(self, side: int, segment: Segment) -> int | None:
        own, peer = self.halves[side], self.halves[1 - side]
        if segment.flags & SYN:
            return segment.window
        known = all(half.syns or half.syn_acks for half in self.halves)
        if segment.window and not known:
            return None
        both = own.scale is not None and peer.scale is not None
        return segment.window << (own.scale or 0) if both else segment.window

    def _sort(self, move: Move) -> None:
        half, flags = self.halves[move.side], move.flags
        self.moves.append(move)
        half.moves.append(move)
        if flags & SYN:
            (half.syn_acks if flags & ACK else half.syns).append(move)
        if flags & RST:
            half.resets.append(move)
        elif flags & FIN:
            half.fins.append(move)
        if move.length and not flags & RST:
            half.data.append(move)
