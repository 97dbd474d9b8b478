"""Retransmissions, reordering and window events: tshark's sequence analysis, segment by segment.

The rules are tshark's, so that both can be compared field by field; what synfin itself thinks of a segment stands
elsewhere. Where releases differ a `Profile` decides; steps are counted as in tshark 4.0. A value of 0 means "not known
yet" in `next_seq`, `max_ackable` and `last_ack`: that is a rule too.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntFlag

from synfin.watch.follow.announced import Announced
from synfin.watch.follow.flight import MAX_BYTES, Flight, Sent, Values
from synfin.watch.follow.profile import TSHARK_4_0, Profile
from synfin.wire import seq
from synfin.wire.tcp import ACK, FIN, PSH, RST, SYN, Segment

FAST_LIMIT_NS = 20_000_000  #: a fast retransmission follows the last duplicate ACK within 20 ms
REORDER_LIMIT_NS = 3_000_000  #: how late reordering may be while the initial RTT is unknown
NO_WINDOW = ALL_ONES = 0xFFFFFFFF  #: a window before any was seen
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
    first_ack_frame: int = 0  #: the ACK that duplicates repeat
    last_flags: int = 0
    only_syn: bool = False  #: it has sent its SYN and no plain ACK since: its window is not scaled yet
    closes: bool = False  #: its FIN was the first
    operations: int = 0  #: Multipath operations of the connection when it last sent something


@dataclass(slots=True)
class SequenceAnalysis:
    """The analysis of one stream; flows are indexed like `Numbers`.

    `detailed` keeps what is in flight, for the numbers beside the flags: these are in `values` after each judgement.
    """

    profile: Profile = TSHARK_4_0
    detailed: bool = False
    flows: tuple[Flow, Flow] = field(default_factory=lambda: (Flow(), Flow()))
    flights: tuple[Flight, Flight] = field(default_factory=lambda: (Flight(), Flight()))
    syn_time_ns: int | None = None  #: of the latest SYN without ACK
    initial_rtt_ns: int = 0  #: 0 until known
    operations: int = 0  #: Multipath operations of both ends so far
    fast_open: bool = False  #: a SYN with a Fast Open cookie and data was seen
    values: Values = field(default_factory=Values)

    def judge(self, side: int, segment: Segment, peer_scale: int, base: int = 0) -> int:
        """Flags of a segment whose length is known.

        `peer_scale` is the peer's window shift (or -1, -2), `base` the raw number that shows as 0 in this direction.
        """
        own = self.flows[side]
        self.values = Values()
        bits, decided = self._window_events(side, segment, peer_scale)
        if not decided and self._same_again(own, segment) and segment.window and segment.window == own.window:
            bits |= self._repeats(own)
        if segment.ack != own.last_ack:
            own.first_ack_frame, own.dup_acks = segment.frame, 0
        bits |= self._acks_unseen(1 - side, segment)
        carries = segment.length > 0 or segment.flags & (SYN | FIN)
        if carries and not bits & Analysis.KEEP_ALIVE:
            bits |= self._sent_before(side, segment)
        self._remember(side, segment, bits)
        if self.detailed:
            self._measure(side, segment, base)
        return int(bits)

    def _repeats(self, own: Flow) -> int:
        """Step 8. Multipath TCP repeats an ACK to carry an operation (RFC 8684 section 4): that is no duplicate."""
        if self.operations != own.operations:
            return 0
        own.dup_acks = 1 if own.dup_acks == ALL_ONES else own.dup_acks + 1
        self.values.duplicate_ack_num, self.values.duplicate_ack_frame = own.dup_acks, own.first_ack_frame
        return Analysis.DUPLICATE_ACK

    def _window_events(self, side: int, segment: Segment, peer_scale: int) -> tuple[int, bool]:
        """Steps 1 to 7; the second value says that no duplicate ACK is looked for."""
        own, peer = self.flows[side], self.flows[1 - side]
        length, quiet = segment.length, not segment.flags & (SYN | FIN | RST)
        if segment.flags & ACK:
            self.flights[1 - side].known = True
        if length == 1 and segment.seq == own.next_seq and peer.window == 0:
            return Analysis.ZERO_WINDOW_PROBE, True
        bits = 0
        if segment.window == 0 and quiet:
            bits |= Analysis.ZERO_WINDOW
        if own.next_seq and seq.gt(segment.seq, own.next_seq) and not segment.flags & RST:
            bits |= Analysis.LOST_SEGMENT
            self.flights[side].known = False
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
        if self.profile.probe_byte_taken and self._takes_probe(own, peer, segment):
            if segment.window:
                return bits | Analysis.WINDOW_UPDATE, True
            return bits | (0 if own.window else Analysis.ZERO_WINDOW_PROBE_ACK), not own.window
        return bits, False

    @staticmethod
    def _takes_probe(own: Flow, peer: Flow, segment: Segment) -> bool:
        """It acknowledges the byte of a zero window probe, which then counts as sent."""
        taken = (
            not segment.length
            and not segment.flags & (SYN | FIN | RST)
            and segment.seq == own.next_seq
            and segment.ack == seq.add(own.last_ack, 1)
            and bool(peer.last_flags & Analysis.ZERO_WINDOW_PROBE)
        )
        if taken:
            peer.next_seq = peer.max_ackable = segment.ack
        return taken

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

    def _acks_unseen(self, other: int, segment: Segment) -> int:
        """Step 10: it acknowledges what was never captured."""
        peer = self.flows[other]
        if not peer.max_ackable or not segment.flags & ACK or not seq.gt(segment.ack, peer.max_ackable):
            return 0
        if seq.lt(peer.max_ackable, peer.next_seq):
            peer.max_ackable = peer.next_seq
            return Analysis.ACK_LOST_SEGMENT
        if self.profile.unseen_moves_on:
            peer.max_ackable = self.flights[other].run_from(segment.ack)
            return Analysis.ACK_LOST_SEGMENT
        first = peer.dup_acks == 0
        peer.dup_acks = ALL_ONES
        self.values.analysed = True  # even where it is not said again
        return Analysis.ACK_LOST_SEGMENT if first else 0

    def _sent_before(self, side: int, segment: Segment) -> int:
        """Step 11: spurious, fast, out of order or plain retransmission; the first that fits."""
        own, peer, length = self.flows[side], self.flows[1 - side], segment.length
        end = seq.add(segment.seq, length)
        old = own.next_seq != 0 and seq.lt(segment.seq, own.next_seq)
        if length > 1 and segment.seq == seq.add(own.next_seq, -1):
            old = False
        spurious = length and peer.last_ack and seq.le(end, peer.last_ack)
        if spurious and (old or not self.profile.only_old_again):
            return Analysis.SPURIOUS_RETRANSMISSION
        if not old:
            return 0
        since_ack_ns = (segment.time_ns - peer.last_ack_time_ns) % NEVER_NEGATIVE
        if peer.dup_acks >= 2 and since_ack_ns < FAST_LIMIT_NS:
            if peer.last_ack == segment.seq or self._fills_hole(1 - side, segment.seq, end):
                return Analysis.FAST_RETRANSMISSION
        if self._late(side, segment, seq.add(end, 1) if segment.flags & (SYN | FIN) else end):
            return Analysis.OUT_OF_ORDER
        self._time_out(side, segment)
        return Analysis.RETRANSMISSION

    def _fills_hole(self, other: int, start: int, end: int) -> bool:
        """The receiver has SACKed data, but not these bytes."""
        blocks = self.flights[other].blocks
        if not self.profile.fast_by_sack or not blocks:
            return False
        return not any(seq.le(left, start) and seq.le(end, right) for left, right in blocks)

    def _late(self, side: int, segment: Segment, end: int) -> bool:
        """Soon enough after the newest data to be merely out of order."""
        own, flight = self.flows[side], self.flights[side]
        limit_ns = self.initial_rtt_ns % NEVER_NEGATIVE if self.initial_rtt_ns else REORDER_LIMIT_NS
        if (segment.time_ns - own.next_time_ns) % NEVER_NEGATIVE >= limit_ns:
            return False
        if not self.profile.reorder_by_bytes:
            return own.next_seq != end
        return (own.next_seq != end or not flight.next_length) and not flight.contains(segment.seq, end)

    def _time_out(self, side: int, segment: Segment) -> None:
        """How long a plain retransmission waited, and for which frame."""
        if not self.detailed:
            return
        own, flight = self.flows[side], self.flights[side]
        oldest = flight.oldest(segment.seq if self.profile.rto_from_same else None)
        frame, time_ns = (oldest.frame, oldest.time_ns) if oldest else (flight.next_frame, own.next_time_ns)
        if segment.time_ns != time_ns:
            self.values.rto_frame, self.values.rto_ns = frame, segment.time_ns - time_ns

    def _remember(self, side: int, segment: Segment, bits: int) -> None:
        """Steps 12 to 15. While the list of what is in flight is full, SYN and FIN count for nothing."""
        own, flight = self.flows[side], self.flights[side]
        end = seq.add(segment.seq, segment.length)
        if (segment.length or segment.flags & (SYN | FIN)) and not flight.full:
            if segment.flags & (SYN | FIN):
                end = seq.add(end, 1)
            if self.detailed:
                flight.add(Sent(segment.frame, segment.time_ns, segment.seq, end))
        probe = bits & Analysis.ZERO_WINDOW_PROBE
        if not probe and (not own.next_seq or seq.gt(end, own.next_seq)):
            own.next_seq, own.next_time_ns = end, segment.time_ns
            flight.next_frame, flight.next_length = segment.frame, segment.length
        if not probe and (not own.max_ackable or segment.seq == own.max_ackable):
            own.max_ackable = own.next_seq
        own.window, own.last_flags, own.operations = segment.window, bits, self.operations
        own.last_ack, own.last_ack_time_ns = segment.ack, segment.time_ns

    def _measure(self, side: int, segment: Segment, base: int) -> None:
        """Steps 16 and 17: which segment is acknowledged, and what is in flight."""
        values, flight, opposite = self.values, self.flights[side], self.flights[1 - side]
        acked, values.partial_ack = opposite.acknowledge(segment.ack, self.profile.partial_acks)
        if acked is not None:
            values.analysed, values.acks_frame = True, acked.frame
            if segment.time_ns != acked.time_ns:
                values.ack_rtt_ns = segment.time_ns - acked.time_ns
        if not segment.length or not flight.known:
            return
        values.analysed = True
        sacked = sum(right - left for left, right in opposite.blocks)
        in_flight = seq.add(flight.extent(base), -sacked)
        pushed = flight.push(segment.length, bool(segment.flags & PSH))
        if in_flight < MAX_BYTES:
            in_flight -= in_flight > 0 and bool(segment.flags & (SYN | FIN))
            if in_flight:
                values.bytes_in_flight, values.push_bytes_sent = in_flight, pushed

    def learn_options(self, side: int, told: Announced) -> None:
        """After the judgement: what the options say of both ends."""
        self.flights[side].blocks = told.blocks
        if not told.cut:  # they count once all options are read
            self.operations |= told.operations

    def closes(self, side: int) -> bool:
        """Whether a FIN of this side begins the closing: the other end has not begun it."""
        if self.flows[1 - side].closes:
            return False
        self.flows[side].closes = True
        return True

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
