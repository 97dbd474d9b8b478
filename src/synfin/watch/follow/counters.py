"""What is counted while a connection goes by: packets, bytes, retransmissions, handshake times."""

from __future__ import annotations

from dataclasses import dataclass, field

from synfin.watch.follow.analysis import RETRANSMITTED
from synfin.wire.tcp import ACK, RST, SYN, Segment


@dataclass(slots=True)
class SideCounters:
    """One direction."""

    packets: int = 0
    payload_bytes: int = 0  #: sum of tcp.len
    wire_bytes: int = 0  #: sum of frame.len
    retransmissions: int = 0  #: tshark's retransmission, fast and spurious
    ttl: int = 0  #: of the first packet


@dataclass(slots=True)
class Counters:
    """One connection; side 1 is the larger endpoint, as everywhere before roles are known."""

    sides: tuple[SideCounters, SideCounters] = field(default_factory=lambda: (SideCounters(), SideCounters()))
    first_frame: int = 0
    last_frame: int = 0
    first_ns: int = 0
    last_ns: int = 0  #: the latest time, which need not be the last frame's
    # The handshake's legs: only an unrepeated SYN and an unrepeated SYN,ACK give times (Karn's rule).
    syn_side: int = -1
    syns: int = 0  #: before the first SYN,ACK
    syn_acks: int = 0  #: before the first ACK of the SYN's sender
    syn_ns: int = 0
    syn_ack_ns: int = 0
    legs_ns: list[int] = field(default_factory=lambda: [-1, -1])  #: -1 unknown
    acked: bool = False  #: the handshake's ACK has come
    crossed: bool = False  #: SYNs from both sides: there are no legs

    def count(self, segment: Segment, side: int, wire_len: int, bits: int) -> None:
        """Count a segment that `side` sent."""
        own = self.sides[side]
        if not self.first_frame:
            self.first_frame, self.first_ns, self.last_ns = segment.frame, segment.time_ns, segment.time_ns
        self.last_frame = segment.frame
        self.last_ns = max(self.last_ns, segment.time_ns)
        if not own.packets:
            own.ttl = segment.ttl
        own.packets += 1
        own.wire_bytes += wire_len
        own.payload_bytes += segment.length
        own.retransmissions += bool(bits & RETRANSMITTED)
        self._legs(segment, side)

    def _legs(self, segment: Segment, side: int) -> None:
        if self.acked or segment.flags & RST:
            return
        if segment.flags & SYN:
            if segment.flags & ACK:
                self._syn_ack(segment, side)
            else:
                self._syn(segment, side)
        elif segment.flags & ACK and self.syn_acks and side == self.syn_side:
            self.acked = True
            if self.syn_acks == 1 and not self.crossed:
                self.legs_ns[1] = segment.time_ns - self.syn_ack_ns

    def _syn(self, segment: Segment, side: int) -> None:
        if self.syn_side < 0:
            self.syn_side = side
        if side != self.syn_side:
            self.crossed = True
        if not self.syn_acks:
            self.syns += 1
            self.syn_ns = segment.time_ns

    def _syn_ack(self, segment: Segment, side: int) -> None:
        if self.syn_side < 0 or side == self.syn_side:
            return
        if self.syns == 1 and not self.syn_acks and not self.crossed:
            self.legs_ns[0] = segment.time_ns - self.syn_ns
        self.syn_acks += 1
        self.syn_ack_ns = segment.time_ns
