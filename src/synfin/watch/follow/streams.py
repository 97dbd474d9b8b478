"""Which stream a segment belongs to, by tshark's rules (`tcp.stream`, `tcp.completeness`), with its analysis."""

from __future__ import annotations

from dataclasses import dataclass, field

from synfin.watch.follow.analysis import Analysis, SequenceAnalysis
from synfin.watch.follow.announced import Announced, announced
from synfin.watch.follow.flight import Values
from synfin.watch.follow.numbers import Numbers
from synfin.watch.follow.profile import TSHARK_4_0, Profile
from synfin.wire.tcp import ACK, FIN, MIN_HEADER_LEN, RST, SYN, Segment

Key = tuple[tuple[bytes, int], tuple[bytes, int]]

SEEN_SYN, SEEN_SYN_ACK, SEEN_ACK, SEEN_DATA, SEEN_FIN, SEEN_RST = 1, 2, 4, 8, 16, 32


@dataclass(slots=True)
class Stream:
    """One value of `tcp.stream`."""

    number: int
    numbers: Numbers = field(default_factory=Numbers)
    analysis: SequenceAnalysis = field(default_factory=SequenceAnalysis)
    completeness: int = 0
    packets: int = 0
    first_ns: int = 0
    last_ns: int = 0


@dataclass(slots=True)
class StreamRow:
    """A segment in its stream, with what tshark shows for it.

    Where the length is unknown (a quoted header, a data offset beyond the datagram) nothing is judged and the numbers
    stay raw.
    """

    segment: Segment
    stream: Stream
    side: int  #: which of the stream's two directions (0: from the smaller endpoint)
    quoted: bool  #: the header stands inside an ICMP error
    bits: int  #: Analysis
    completeness: int  #: before this segment; after two passes, of the whole stream
    seq: int  #: relative
    ack: int
    window_size: int
    scalefactor: int | None
    since_first_ns: int = 0  #: tcp.time_relative
    since_last_ns: int = 0  #: tcp.time_delta
    options_cut: bool = False  #: not all options were captured
    values: Values | None = None  #: beside the flags, where they were asked for
    initial_rtt_ns: int = 0  #: 0 unknown
    closes: bool | None = None  #: of a FIN: whether it is of the side that closes first
    fast_open: str = ""  #: what tshark says of Fast Open: "tfo_syn", "tfo_ack", "tfo_ignored"


class StreamTable:
    """Follows segments in capture order; `detailed` also gives the values beside the flags."""

    def __init__(self, profile: Profile = TSHARK_4_0, detailed: bool = False) -> None:
        self.streams: list[Stream] = []  #: by number
        self._profile = profile
        self._detailed = detailed or profile.needs_flight
        self._current: dict[Key, Stream] = {}

    def follow(self, segment: Segment, quoted: bool = False) -> StreamRow:
        """The stream of a segment, its flags and numbers, as one pass shows them."""
        stream, side, bits = self._find(segment)
        again = not bits and stream.numbers.base[side] == segment.seq and segment.flags & (SYN | ACK) == SYN
        before, (_, factor) = stream.completeness, stream.numbers.window(side, segment)
        row = StreamRow(segment, stream, side, quoted, 0, before, segment.seq, segment.ack, segment.window, factor)
        if not stream.packets:
            stream.first_ns = stream.last_ns = segment.time_ns
        row.since_first_ns = segment.time_ns - stream.first_ns
        row.since_last_ns = segment.time_ns - stream.last_ns
        stream.last_ns = segment.time_ns
        stream.analysis.flights[side].blocks = ()  # SACK blocks count until the next segment
        measured = segment.len_bytes is not None and not quoted
        if measured:
            self._measure(row, bits)
            if row.values is not None and (bits or again):
                row.values.analysed = True
        elif self._profile.base_without_length and not quoted:
            stream.numbers.learn_base(side, segment)
        if segment.hdr_len >= MIN_HEADER_LEN:
            _complete(stream, segment, quoted)
            if segment.flags & FIN:
                row.closes = stream.analysis.closes(side)
            stream.analysis.learn_times(side, segment)
            _learn_options(row, announced(segment))
        row.initial_rtt_ns = stream.analysis.initial_rtt_ns
        stream.packets += 1
        return row

    def _measure(self, row: StreamRow, bits: int) -> None:
        """Flags, values and numbers of a segment whose length is known."""
        numbers, analysis, side, segment = row.stream.numbers, row.stream.analysis, row.side, row.segment
        numbers.learn_base(side, segment)
        row.bits = bits | analysis.judge(side, segment, numbers.scale[1 - side], numbers.base[side] or 0)
        if self._detailed:
            row.values = analysis.values
        row.seq, row.ack = numbers.relative(side, segment)
        row.window_size, row.scalefactor = numbers.window(side, segment)

    def _find(self, segment: Segment) -> tuple[Stream, int, int]:
        """(stream, direction, REUSED_PORTS or 0): another initial number on a SYN opens a new stream."""
        here, there = (segment.src, segment.src_port), (segment.dst, segment.dst_port)
        side = int(here > there)
        key = (there, here) if side else (here, there)
        stream = self._current.get(key)
        if stream is None:
            return self._open(key), side, 0
        if segment.flags & SYN and self._profile.ends_streams:
            return self._opens_another(key, stream, side, segment)
        if segment.flags & SYN and stream.numbers.opens_again(side, segment):
            if not segment.flags & ACK:
                stream = self._open(key)
                stream.completeness = SEEN_SYN  # known at once, so that this segment counts like a later one
            else:
                stream.numbers.base[side] = segment.seq
            return stream, side, Analysis.REUSED_PORTS
        if segment.flags & (SYN | ACK) == SYN:
            _restore(stream, side)
        return stream, side, 0

    def _opens_another(self, key: Key, stream: Stream, side: int, segment: Segment) -> tuple[Stream, int, int]:
        """The rule of tshark 4.4: a SYN after FIN or RST opens a stream with any number."""
        known = stream.numbers.base[side]
        ended = stream.completeness & (SEEN_FIN | SEEN_RST)
        if known is not None and (known != segment.seq or ended):
            return self._open(key), side, Analysis.REUSED_PORTS
        if not segment.flags & ACK:
            _restore(stream, side)
        return stream, side, 0

    def _open(self, key: Key) -> Stream:
        stream = Stream(len(self.streams))
        stream.analysis.profile, stream.analysis.detailed = self._profile, self._detailed
        self.streams.append(stream)
        self._current[key] = stream
        return stream


def _learn_options(row: StreamRow, told: Announced) -> None:
    """Also of what is quoted or has no known length."""
    segment, stream, side = row.segment, row.stream, row.side
    row.options_cut = told.cut
    row.fast_open = _says_of_fast_open(row, stream, told.cookie)
    stream.analysis.learn_options(side, told)
    if told.cookie and segment.flags & (SYN | ACK) == SYN and segment.length and not row.quoted:
        stream.analysis.fast_open = True
    stream.numbers.learn_scale(side, segment, told)


def _restore(stream: Stream, side: int) -> None:
    """A SYN that is sent again: what was sent beyond the contiguous run is forgotten."""
    if stream.numbers.base[side] is not None:
        flow = stream.analysis.flows[side]
        flow.next_seq = flow.max_ackable


def _says_of_fast_open(row: StreamRow, stream: Stream, cookie: bool) -> str:
    flags = row.segment.flags
    if not flags & SYN:
        return ""
    if not flags & ACK:
        return "tfo_syn" if cookie else ""
    if row.ack > 1:
        return "tfo_ack"  # more than the SYN is acknowledged
    return "tfo_ignored" if stream.analysis.fast_open else ""


def _complete(stream: Stream, segment: Segment, quoted: bool) -> None:
    """Steps of `tcp.completeness`: which kinds of segment the stream has shown; what is quoted counts as empty."""
    first = not stream.packets and not stream.completeness
    flags, length = segment.flags, 0 if quoted else segment.length
    if first:
        if flags & (SYN | ACK) == SYN:
            stream.completeness = SEEN_SYN | (SEEN_DATA if length else 0)
        return
    if flags & (SYN | ACK) == SYN | ACK:
        stream.completeness |= SEEN_SYN_ACK
    elif flags & (SYN | ACK) == ACK:
        stream.completeness |= SEEN_DATA if length else SEEN_ACK
    if flags & (FIN | ACK) == FIN | ACK:
        stream.completeness |= SEEN_FIN
    if flags & RST:
        stream.completeness |= SEEN_RST


def revise(row: StreamRow, final: Stream) -> StreamRow:
    """A row as a second pass shows it: `final` is its stream after a first pass over the whole input.

    Completeness, bases, window scales and the initial RTT are then the stream's last ones. Completeness goes on
    accumulating: a stream's first segment counts for nothing when it opens the stream, now it counts like any other.
    """
    segment, numbers = row.segment, final.numbers
    row.completeness = final.completeness
    if segment.len_bytes is not None and not row.quoted:
        if segment.flags & (SYN | ACK) == SYN | ACK and numbers.opens_again(row.side, segment):
            numbers.base[row.side] = segment.seq
            row.bits |= Analysis.REUSED_PORTS
            if row.values is not None:
                row.values.analysed = True
        row.seq, row.ack = numbers.relative(row.side, segment)
        row.window_size, row.scalefactor = numbers.window(row.side, segment)
    else:
        row.scalefactor = numbers.window(row.side, segment)[1]
    if segment.hdr_len >= MIN_HEADER_LEN:
        final.analysis.learn_times(row.side, segment)  # an ACK before the SYN: tshark counts back from it
        row.fast_open = _says_of_fast_open(row, final, row.fast_open == "tfo_syn")
        _complete(final, segment, row.quoted)
    row.initial_rtt_ns = final.analysis.initial_rtt_ns
    return row
