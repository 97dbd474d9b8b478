"""The readable tracker: segments in capture order -> connections. The compiled kernel `follow` is its twin.

Two identities live side by side: the stream, numbered by tshark's rules, and the connection, numbered by ours: a new
incarnation of a tuple is a new connection even where tshark goes on in the old stream, and a TCP header quoted by an
ICMP error opens none.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from synfin.watch.follow import collect
from synfin.watch.follow.counters import Counters
from synfin.watch.follow.ledger import SENT_ACK, SENT_DATA, SENT_FIN, SENT_SYN
from synfin.watch.follow.marks import marks
from synfin.watch.follow.profile import TSHARK_4_0, Profile
from synfin.watch.follow.raw import RawConnection, RawSide
from synfin.watch.follow.streams import Stream, StreamRow, StreamTable
from synfin.watch.follow.zeek import ZeekView
from synfin.wire.frame import Frame, rejects
from synfin.wire.tcp import ACK, SYN, Segment


@dataclass(slots=True)
class Tracked:
    """One connection while it is followed."""

    number: int  #: `conn`, -1 while only quoted headers were seen
    stream: Stream
    endpoints: tuple[tuple[bytes, int], tuple[bytes, int]]  #: the smaller first
    counters: Counters = field(default_factory=Counters)
    facts: collect.ConnectionFacts = field(default_factory=collect.ConnectionFacts)
    zeek: ZeekView = field(default_factory=ZeekView)
    first_side: int = -1  #: who sent the first segment: side 0 of `facts`


class Tracker:
    """Follows the frames of one input; `count` is the number of connections so far.

    `detailed` also gives the values beside the analysis flags, which cost time and memory.
    """

    def __init__(self, profile: Profile = TSHARK_4_0, detailed: bool = False) -> None:
        self.count = 0
        self.end_ns: int | None = None  #: time of the latest frame
        self.streams = StreamTable(profile, detailed)
        self._current: dict[int, Tracked] = {}  # newest connection of each stream
        self._all: list[Tracked] = []

    def follow(self, frame: Frame) -> tuple[StreamRow, Tracked] | None:
        """The row of a frame's TCP header and its connection; None for a frame without one."""
        time_ns = frame.packet.time_ns
        self.end_ns = time_ns if self.end_ns is None else max(self.end_ns, time_ns)
        segment = frame.segment or frame.quoted
        if segment is None:
            return None
        quoted = frame.segment is None
        row = self.streams.follow(segment, quoted)
        tracked = self._tracked(row)
        if quoted:
            # tshark counts a quoted header as a packet of its stream; here it is only evidence
            if rejects(frame):
                _note_unreachable(tracked, row)
        else:
            self._count(tracked, row, frame.packet.wire_len)
        return row, tracked

    def _tracked(self, row: StreamRow) -> Tracked:
        tracked = self._current.get(row.stream.number)
        if tracked is None or (not row.quoted and _starts_again(tracked, row)):
            tracked = Tracked(-1, row.stream, _endpoints(row))
            self._current[row.stream.number] = tracked
            self._all.append(tracked)
        return tracked

    def _count(self, tracked: Tracked, row: StreamRow, wire_len: int) -> None:
        segment = row.segment
        if tracked.number < 0:
            tracked.number = self.count
            self.count += 1
        tracked.counters.count(segment, row.side, wire_len, row.bits)
        if not segment.whole:
            return
        if tracked.first_side < 0:
            tracked.first_side = row.side
        collect.add(
            tracked.facts,
            row.side ^ tracked.first_side,
            segment.flags,
            segment.seq,
            segment.ack,
            segment.length,
            segment.window,
            segment.hdr_len,
            segment.time_ns,
            to_itself=segment.to_itself,
        )
        tracked.zeek.add(
            row.side, segment.flags, segment.seq, segment.ack, segment.length, len(segment.payload), segment.window,
            (segment.src_port, segment.dst_port),
        )  # fmt: skip

    def connections(self) -> list[RawConnection]:
        """Every connection so far, in order of `conn`."""
        numbered = sorted((tracked for tracked in self._all if tracked.number >= 0), key=lambda known: known.number)
        return [_raw(tracked, self.end_ns or 0) for tracked in numbered]


def _endpoints(row: StreamRow) -> tuple[tuple[bytes, int], tuple[bytes, int]]:
    segment = row.segment
    here, there = (segment.src, segment.src_port), (segment.dst, segment.dst_port)
    return (there, here) if row.side else (here, there)


def _starts_again(tracked: Tracked, row: StreamRow) -> bool:
    """A SYN (or SYN,ACK) inside a stream whose connection was established and is over begins a new incarnation.

    A SYN with another number has opened a new stream already. One with the same number, while nothing was ever
    established, is a retransmission: some hosts repeat a SYN that was refused.
    """
    segment = row.segment
    if not segment.flags & SYN or not _is_over(tracked.facts):
        return False
    return not segment.flags & ACK or _other_number(tracked, row.side, segment)


def _is_over(facts: collect.ConnectionFacts) -> bool:
    """Whether it was in use and has ended, by a RST that counts or by two acknowledged FINs."""
    a, b = facts.sides[0].ledger, facts.sides[1].ledger
    if not (a.sent | b.sent) & (SENT_ACK | SENT_DATA):
        return False
    return facts.reset_by >= 0 or (bool(a.sent & b.sent & SENT_FIN) and a.ack > b.fin and b.ack > a.fin)


def _other_number(tracked: Tracked, side: int, segment: Segment) -> bool:
    return tracked.facts.sides[side ^ tracked.first_side].ledger.isn & 0xFFFFFFFF != segment.seq


def _note_unreachable(tracked: Tracked, row: StreamRow) -> None:
    """An ICMP error that rejects the SYN it quotes (RFC 1122 section 4.2.3.9)."""
    if tracked.first_side < 0:
        return
    side = tracked.facts.sides[row.side ^ tracked.first_side]
    if side.syns and side.ledger.isn & 0xFFFFFFFF == row.segment.seq:
        tracked.facts.opening |= collect.ICMP_REJECTED


def _raw(tracked: Tracked, end_ns: int) -> RawConnection:
    counters, facts = tracked.counters, tracked.facts
    first = max(tracked.first_side, 0)
    client = collect.client_side(facts)
    guessed = client < 0
    if guessed:
        client = _guess_client(tracked) ^ first
    vectors = [collect.end_facts(facts, side, client) for side in (0, 1)]
    at = client ^ first  # index of the client in low-high order
    return RawConnection(
        conn=tracked.number,
        stream=tracked.stream.number,
        first_frame=counters.first_frame,
        last_frame=counters.last_frame,
        first_ns=counters.first_ns,
        last_ns=counters.last_ns,
        client=_side(tracked, at, vectors[client]),
        server=_side(tracked, 1 - at, vectors[1 - client]),
        role_guessed=guessed or not facts.sides[client].ledger.sent & SENT_SYN,
        marks=marks(facts, client, end_ns),
        completeness=tracked.stream.completeness,
        legs_ns=(counters.legs_ns[0], counters.legs_ns[1]),
        history=bytes(tracked.zeek.history),
        conn_state=tracked.zeek.conn_state(),
    )


def _side(tracked: Tracked, at: int, vector: int) -> RawSide:
    (address, port), counted = tracked.endpoints[at], tracked.counters.sides[at]
    return RawSide(
        address, port, counted.packets, counted.payload_bytes, counted.wire_bytes, counted.retransmissions,
        counted.ttl, vector,
    )  # fmt: skip


def _guess_client(tracked: Tracked) -> int:
    """Without a SYN: the end with the larger port calls; with equal ports, who was seen first."""
    low, high = tracked.endpoints[0][1], tracked.endpoints[1][1]
    return max(tracked.first_side, 0) if low == high else int(high > low)
