"""Retransmissions, reordering and window events: the sequence analysis of tshark 4.0, segment by segment.

The rules are tshark's, so that both can be compared field by field; what synfin itself thinks of a segment stands
elsewhere. A value of 0 means "not known yet" in `next_seq`, `max_ackable` and `last_ack`: that is a rule too.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntFlag

from synfin.wire import seq
from synfin.wire.tcp import ACK, FIN, RST, SYN, Segment

FAST_LIMIT_NS = 20_000_000  #: a fast retransmission follows the last duplicate ACK within 20 ms
REORDER_LIMIT_NS = 3_000_000  #: how late reordering may be while the initial RTT is unknown
NO_WINDOW = 0xFFFFFFFF  #: a window before any was seen
NEVER_NEGATIVE = 1 << 64  #: time differences are compared unsigned


class Analysis(IntFlag):
    """`tcp.analysis.*` flags; `label` is the field name without the prefix."""

    RETRANSMISSION = 1
    FAST_RETRANSMISSION = 2
    SPURIOUS_RETRANSMISSION = 4
    OUT_OF_ORDER = 8
    LOST_SEGMENT = 16
    ACK_LOST_SEGMENT = 32
    DUPLICATE_ACK = 64
    KEEP_ALIVE = 128
    KEEP_ALIVE_ACK = 256
    ZERO_WINDOW = 512
    ZERO_WINDOW_PROBE = 1024
    ZERO_WINDOW_PROBE_ACK = 2048
    WINDOW_FULL = 4096
    WINDOW_UPDATE = 8192
    REUSED_PORTS = 16384


#: what counts as a retransmission of the sender
RETRANSMITTED = Analysis.RETRANSMISSION | Analysis.FAST_RETRANSMISSION | Analysis.SPURIOUS_RETRANSMISSION


def flag_names(bits: int) -> tuple[str, ...]:
    """Field names of the flags that are set, without `tcp.analysis.`."""
    return _NAMES[bits] if bits in _NAMES else _NAMES.setdefault(bits, _spell(bits))


_NAMES: dict[int, tuple[str, ...]] = {0: ()}


def _spell(bits: int) -> tuple[str, ...]:
    names = [flag.name.lower() for flag in Analysis if bits & flag and flag.name]
    if bits & (Analysis.FAST_RETRANSMISSION | Analysis.SPURIOUS_RETRANSMISSION) and "retransmission" not in names:
        names.insert(0, "retransmission")
    return tuple(names)


@dataclass(slots=True)
class Flow:
    """What one direction has sent, as far as the rules need it."""

    next_seq: int = 0  #: highest sequence number after any segment
    next_time_ns: int = 0  #: when it was sent
    max_ackable: int = 0  #: end of the contiguous run
    last_ack: int = 0
    last_ack_time_ns: int = 0
    window: int = NO_WINDOW
    dup_acks: int = 0
    last_flags: int = 0
    only_syn: bool = False  #: it has sent its SYN and no plain ACK since: its window is not scaled yet


@dataclass(slots=True)
class SequenceAnalysis:
    """The analysis of one stream; flows are indexed like `Numbers`."""

    flows: tuple[Flow, Flow] = field(default_factory=lambda: (Flow(), Flow()))
    syn_time_ns: int | None = None  #: of the latest SYN without ACK
    initial_rtt_ns: int = 0  #: 0 until known

    def judge(self, side: int, segment: Segment, peer_scale: int) -> int:
        """Flags of a segment whose length is known; `peer_scale` is the peer's window shift (or -1, -2)."""
        own, peer = self.flows[side], self.flows[1 - side]
        bits, decided = self._window_events(own, peer, segment, peer_scale)
        if not decided and self._same_again(own, segment) and segment.window and segment.window == own.window:
            own.dup_acks = 1 if own.dup_acks == 0xFFFFFFFF else own.dup_acks + 1
            bits |= Analysis.DUPLICATE_ACK
        if segment.ack != own.last_ack:
            own.dup_acks = 0
        bits |= self._acks_unseen(peer, segment)
        carries = segment.length > 0 or segment.flags & (SYN | FIN)
        if carries and not bits & Analysis.KEEP_ALIVE:
            bits |= self._sent_before(own, peer, segment)
        self._remember(own, segment, bits)
        return int(bits)

    def _window_events(self, own: Flow, peer: Flow, segment: Segment, peer_scale: int) -> tuple[int, bool]:
        """Steps 1 to 7; the second value says that no duplicate ACK is looked for."""
        length, quiet = segment.length, not segment.flags & (SYN | FIN | RST)
        if length == 1 and segment.seq == own.next_seq and peer.window == 0:
            return Analysis.ZERO_WINDOW_PROBE, True
        bits = 0
        if segment.window == 0 and quiet:
            bits |= Analysis.ZERO_WINDOW
        if own.next_seq and seq.gt(segment.seq, own.next_seq) and not segment.flags & RST:
            bits |= Analysis.LOST_SEGMENT
        if length <= 1 and segment.seq == seq.add(own.next_seq, -1) and quiet:
            bits |= Analysis.KEEP_ALIVE
        same = self._same_again(own, segment)
        if same and segment.window and segment.window != own.window:
            bits |= Analysis.WINDOW_UPDATE
        if length and quiet and peer_scale != -1 and self._fills(peer, segment, peer_scale):
            bits |= Analysis.WINDOW_FULL
        if same and segment.window and segment.window == own.window and peer.last_flags & Analysis.KEEP_ALIVE:
            return bits | Analysis.KEEP_ALIVE_ACK, True
        if same and not segment.window and not own.window and peer.last_flags & Analysis.ZERO_WINDOW_PROBE:
            return bits | Analysis.ZERO_WINDOW_PROBE_ACK, True
        return bits, False

    @staticmethod
    def _same_again(own: Flow, segment: Segment) -> bool:
        """Nothing new: no data, the same sequence number, the same acknowledgment."""
        return (
            not segment.length
            and segment.seq == own.next_seq
            and segment.ack == own.last_ack
            and not segment.flags & (SYN | FIN | RST)
        )

    @staticmethod
    def _fills(peer: Flow, segment: Segment, peer_scale: int) -> bool:
        """The segment ends exactly where the peer's window ends."""
        shift = 0 if peer.only_syn or peer_scale < 0 else peer_scale
        return seq.add(segment.seq, segment.length) == seq.add(peer.last_ack, peer.window << shift)

    @staticmethod
    def _acks_unseen(peer: Flow, segment: Segment) -> int:
        """Step 10: it acknowledges what was never captured."""
        if not peer.max_ackable or not segment.flags & ACK or not seq.gt(segment.ack, peer.max_ackable):
            return 0
        if seq.lt(peer.max_ackable, peer.next_seq):
            peer.max_ackable = peer.next_seq
            return Analysis.ACK_LOST_SEGMENT
        first = peer.dup_acks == 0
        peer.dup_acks = 0xFFFFFFFF
        return Analysis.ACK_LOST_SEGMENT if first else 0

    def _sent_before(self, own: Flow, peer: Flow, segment: Segment) -> int:
        """Step 11: spurious, fast, out of order or plain retransmission; the first that fits."""
        length = segment.length
        end = seq.add(segment.seq, length)
        old = own.next_seq != 0 and seq.lt(segment.seq, own.next_seq)
        if length > 1 and segment.seq == seq.add(own.next_seq, -1):
            old = False
        if length and peer.last_ack and seq.le(end, peer.last_ack):
            return Analysis.SPURIOUS_RETRANSMISSION
        if not old:
            return 0
        since_ack_ns = (segment.time_ns - peer.last_ack_time_ns) % NEVER_NEGATIVE
        if peer.dup_acks >= 2 and peer.last_ack == segment.seq and since_ack_ns < FAST_LIMIT_NS:
            return Analysis.FAST_RETRANSMISSION
        limit_ns = self.initial_rtt_ns % NEVER_NEGATIVE if self.initial_rtt_ns else REORDER_LIMIT_NS
        since_newest_ns = (segment.time_ns - own.next_time_ns) % NEVER_NEGATIVE
        if segment.flags & (SYN | FIN):
            end = seq.add(end, 1)
        if since_newest_ns < limit_ns and own.next_seq != end:
            return Analysis.OUT_OF_ORDER
        return Analysis.RETRANSMISSION

    @staticmethod
    def _remember(own: Flow, segment: Segment, bits: int) -> None:
        """Steps 12 to 15."""
        end = seq.add(segment.seq, segment.length)
        if segment.flags & (SYN | FIN):
            end = seq.add(end, 1)
        probe = bits & Analysis.ZERO_WINDOW_PROBE
        if not probe and (not own.next_seq or seq.gt(end, own.next_seq)):
            own.next_seq, own.next_time_ns = end, segment.time_ns
        if not probe and (not own.max_ackable or segment.seq == own.max_ackable):
            own.max_ackable = own.next_seq
        own.window, own.last_flags = segment.window, bits
        own.last_ack, own.last_ack_time_ns = segment.ack, segment.time_ns

    def learn_times(self, side: int, segment: Segment) -> None:
        """After the judgement: the time of the SYN, the initial RTT (any first ACK ends it)."""
        if segment.flags & SYN:
            self.flows[side].only_syn = True
            if not segment.flags & ACK:
                self.syn_time_ns = segment.time_ns
        elif segment.flags & ACK:
            if self.syn_time_ns and not self.initial_rtt_ns:
                self.initial_rtt_ns = segment.time_ns - self.syn_time_ns
            self.flows[side].only_syn = False
