"""A connection measured: for each direction what tcptrace counts, and the round trips seen from where the tap was.

`measure` reads the segments of one connection in capture order, keeps what it needs of each and judges nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any

from synfin.watch.connections.record import Connection
from synfin.watch.measure.direction import Direction
from synfin.watch.measure.rtt import RoundTrips
from synfin.wire.seq import MASK, diff
from synfin.wire.tcp import ACK, FIN, PSH, RST, SYN, URG, Segment, options

BASE = 1 << 32  #: unwrapped numbers start here, so that none is ever 0
_MSS, _WINDOW_SCALE, _SACK_PERMITTED, _SACK, _TIMESTAMP = 2, 3, 4, 5, 8
_NS = 1_000_000_000
_MAX_SHIFT = 14  #: RFC 7323 section 2.3

Blocks = list[tuple[int, int]]


@dataclass(slots=True)
class Options:
    """The options of a segment, as far as they are measured."""

    mss: int | None = None
    shift: int | None = None
    sack_permitted: bool = False
    blocks: Blocks = field(default_factory=list)  #: SACK, raw numbers
    timestamp: tuple[int, int] | None = None  #: TSval, TSecr


@dataclass(slots=True)
class _End:
    """One end while it is measured."""

    direction: Direction = field(default_factory=Direction)
    trips: RoundTrips = field(default_factory=RoundTrips)  #: of what this end sent
    near: int = 0  #: unwrapped, 0 before the first number
    isn: int | None = None
    isns_differ: bool = False  #: SYNs with different numbers: nobody knows where the stream began
    fin: int | None = None
    ack: int | None = None  #: the last that it sent, in the peer's unwrapped numbers
    window: int | None = None  #: the last that it advertised, scaled
    raw_window: int | None = None
    data_acked: bool = False
    last_ns: int | None = None
    scaled: bool = False  #: its window statistics are of scaled windows

    def unwrap(self, raw: int) -> int:
        if not self.near:
            self.near = BASE + raw
        return self.near + diff(raw, self.near & MASK)


@dataclass(slots=True)
class Measurements:
    """Both directions of one connection."""

    client: Direction  #: what the client sent
    server: Direction
    client_trips: RoundTrips  #: of what the client sent: tap, server, tap
    server_trips: RoundTrips

    def to_dict(self) -> dict[str, Any]:
        return {
            "client": self.client.to_dict() | {"rtt": self.client_trips.to_dict()},
            "server": self.server.to_dict() | {"rtt": self.server_trips.to_dict()},
        }


def measure(
    segments: Sequence[Segment], client: tuple[bytes, int], *, capture_end_ns: int | None = None
) -> Measurements:
    """Measure the segments of one connection; `client` is that end's address and port."""
    ends = (_End(), _End())
    for segment in segments:
        side = int((segment.src, segment.src_port) != client)
        if segment.whole:
            _note(segment, ends[side], ends[1 - side])
    if segments:
        times = [segment.time_ns for segment in segments]
        for end in ends:
            _finish(end, ends, max(times) - min(times), capture_end_ns)
    return Measurements(ends[0].direction, ends[1].direction, ends[0].trips, ends[1].trips)


def measure_connection(
    segments: Sequence[Segment], connection: Connection, *, capture_end_ns: int | None = None
) -> Measurements:
    """Measure the segments of a connection whose record is at hand."""
    client = connection.client
    return measure(segments, (ip_address(client.ip).packed, client.port), capture_end_ns=capture_end_ns)


def read_options(raw: bytes) -> Options:
    """The measured options among the captured option bytes; what has a wrong length is left out."""
    found = Options()
    for option in options(raw):
        data = option.data
        if option.kind == _MSS and len(data) == 2:
            found.mss = int.from_bytes(data, "big")
        elif option.kind == _WINDOW_SCALE and len(data) == 1:
            found.shift = min(data[0], _MAX_SHIFT)
        elif option.kind == _SACK_PERMITTED:
            found.sack_permitted = True
        elif option.kind == _SACK and not len(data) % 8:
            edges = [int.from_bytes(data[k : k + 4], "big") for k in range(0, len(data), 4)]
            found.blocks = list(zip(edges[::2], edges[1::2], strict=True))
        elif option.kind == _TIMESTAMP and len(data) == 8:
            found.timestamp = int.from_bytes(data[:4], "big"), int.from_bytes(data[4:], "big")
    return found


def _note(segment: Segment, own: _End, peer: _End) -> None:
    found = read_options(segment.options)
    seq = own.unwrap(segment.seq)
    ack = peer.unwrap(segment.ack) if segment.flags & ACK else None
    _count(segment, own, found)
    _count_data(segment, own.direction)
    if segment.flags & SYN:
        own.isns_differ = own.isns_differ or own.isn not in (None, seq)
        own.isn = seq
    if segment.flags & FIN:
        own.fin = seq + segment.length
    new, in_order = _note_sequence(segment, own, peer, seq)
    _note_trips(segment, own, peer, seq, ack, found)
    if ack is not None:
        _note_ack(segment, own, peer, ack)
    if segment.flags & RST:
        return
    _note_window(segment, own, peer)
    if ack is not None:
        own.ack = ack
        _note_sack(own.direction, found.blocks, segment.ack)
    if new and segment.length and not own.data_acked:
        own.direction.initial_window_bytes += segment.length
        own.direction.initial_window_packets += 1
    if new and in_order and not segment.flags & SYN:
        _note_outstanding(segment, own, peer, seq)


def _count(segment: Segment, own: _End, found: Options) -> None:
    flags, direction = segment.flags, own.direction
    direction.packets += 1
    direction.syns += bool(flags & SYN)
    direction.fins += bool(flags & FIN)
    direction.resets += bool(flags & RST)
    direction.ack_packets += bool(flags & ACK)
    direction.pure_acks += flags & (ACK | SYN | FIN | RST) == ACK and not segment.length
    if found.mss is not None:
        direction.mss = found.mss
    if found.shift is not None:
        direction.window_shift = found.shift
    direction.timestamps = direction.timestamps or found.timestamp is not None
    direction.sack_permitted = direction.sack_permitted or found.sack_permitted
    if own.last_ns is not None:
        direction.idle_max_ns = max(direction.idle_max_ns or 0, segment.time_ns - own.last_ns)
    own.last_ns = segment.time_ns


def _count_data(segment: Segment, direction: Direction) -> None:
    length = segment.length
    if not length:
        return
    direction.data_packets += 1
    direction.data_bytes += length
    direction.pushed_packets += bool(segment.flags & PSH)
    if segment.flags & URG:
        direction.urgent_packets += 1
        direction.urgent_bytes += segment.urgent
    direction.max_segment_bytes = max(direction.max_segment_bytes or 0, length)
    direction.min_segment_bytes = min(direction.min_segment_bytes or length, length)
    if direction.first_data_ns is None:
        direction.first_data_ns = segment.time_ns
    direction.last_data_ns = segment.time_ns
    lacking = length - len(segment.payload)
    if lacking > 0:
        direction.truncated_bytes += lacking
        direction.truncated_packets += 1


def _note_sequence(segment: Segment, own: _End, peer: _End, seq: int) -> tuple[bool, bool]:
    """Count what is new, repeated, late or a window probe; (whether nothing of it was sent before, not late)."""
    flags, direction = segment.flags, own.direction
    control = bool(flags & SYN) + bool(flags & FIN)
    length = segment.length + control
    if not length:
        return True, True
    if peer.window == 0 and segment.length and not flags & SYN:
        direction.zero_window_probes += 1
        direction.zero_window_probe_bytes += segment.length
        return True, True
    repeated, late = direction.sent.send(seq, seq + length, segment.time_ns)
    own.near = max(own.near, seq + length)
    direction.out_of_order_packets += late
    direction.retransmitted_packets += repeated > 0
    direction.retransmitted_bytes += repeated
    again = bool(flags & SYN and direction.syns > 1) + bool(flags & FIN and direction.fins > 1)
    direction.unique_bytes += max(segment.length - max(repeated - again, 0), 0)
    return not repeated, not late


def _note_trips(segment: Segment, own: _End, peer: _End, seq: int, ack: int | None, found: Options) -> None:
    length = segment.length + bool(segment.flags & SYN) + bool(segment.flags & FIN)
    if length and not segment.flags & RST:
        own.trips.send(seq, seq + length, segment.time_ns, segment.frame, found.timestamp)
    if ack is not None and not segment.flags & RST:
        blocks = [(peer.unwrap(left), peer.unwrap(right)) for left, right in found.blocks]
        peer.trips.acknowledge(ack, blocks, segment.time_ns, segment.frame, found.timestamp)


def _note_ack(segment: Segment, own: _End, peer: _End, ack: int) -> None:
    sent = peer.direction.sent
    if _is_duplicate(segment, own, peer, ack):
        peer.direction.duplicate_acks += 1
    repeats = not segment.length and ack == own.ack and segment.window == own.raw_window
    sent.acknowledge(ack, segment.time_ns, repeats=repeats)
    if peer.isn is not None and ack == peer.isn + 1:
        if peer.direction.syns == 1 and peer.direction.handshake_rtt_ns is None:
            peer.direction.handshake_rtt_ns = sent.last_rtt_ns
    elif not segment.flags & RST:
        peer.data_acked = True


def _is_duplicate(segment: Segment, own: _End, peer: _End, ack: int) -> bool:
    """A duplicate acknowledgment (RFC 5681 section 2)."""
    pure = segment.flags & (ACK | SYN | FIN | RST) == ACK and not segment.length
    outstanding = bool(peer.direction.sent.pieces) and peer.direction.sent.pieces[-1].end > ack
    return pure and outstanding and ack == own.ack and segment.window == own.raw_window


def _note_window(segment: Segment, own: _End, peer: _End) -> None:
    if not segment.flags & (ACK | SYN):
        return
    direction = own.direction
    in_use = direction.window_shift is not None and peer.direction.window_shift is not None
    window = segment.window << (direction.window_shift or 0) if in_use and not segment.flags & SYN else segment.window
    own.window, own.raw_window = window, segment.window
    if in_use and window and not segment.flags & SYN and not own.scaled:
        own.scaled = True  # the SYN's window is no measure of what follows
        direction.window_max_bytes = direction.window_min_bytes = None
        direction.window_total_bytes = direction.windows = 0
    direction.window_max_bytes = max(direction.window_max_bytes or 0, window)
    if window:
        direction.window_min_bytes = min(direction.window_min_bytes or window, window)
    elif segment.flags & ACK:
        direction.zero_windows += 1
    direction.window_total_bytes += window
    direction.windows += 1


def _note_sack(direction: Direction, blocks: Blocks, ack: int) -> None:
    if not blocks:
        return
    direction.sack_packets += 1
    direction.max_sack_blocks = max(direction.max_sack_blocks, len(blocks))
    left, right = blocks[0]
    below = diff(right, ack) <= 0
    inside = len(blocks) > 1 and diff(left, blocks[1][0]) >= 0 and diff(right, blocks[1][1]) <= 0
    direction.dsack_packets += below or inside


def _note_outstanding(segment: Segment, own: _End, peer: _End, seq: int) -> None:
    """What is on its way once the segment has left; without any acknowledgment, what it brings itself."""
    acked = peer.ack if peer.ack is not None else own.isn if own.isn is not None else seq
    own.direction.outstanding.add(max(seq + segment.length - acked, 0))


def _finish(end: _End, ends: tuple[_End, _End], duration_ns: int, capture_end_ns: int | None) -> None:
    direction = end.direction
    if end.isn is not None and end.fin is not None and not end.isns_differ and end.fin > end.isn:
        direction.stream_bytes = end.fin - end.isn - 1
    if duration_ns:
        direction.throughput_bytes_per_s = direction.unique_bytes * _NS / duration_ns
    over = any(one.direction.resets for one in ends) or all(one.direction.fins for one in ends)
    if end.last_ns is not None and capture_end_ns is not None and not over:
        direction.idle_max_ns = max(direction.idle_max_ns or 0, capture_end_ns - end.last_ns)
