"""Which stream a segment belongs to, by tshark 4.0's rules (`tcp.stream`, `tcp.completeness`), with its analysis."""

from __future__ import annotations

from dataclasses import dataclass, field

from synfin.watch.analysis import Analysis, SequenceAnalysis
from synfin.watch.numbers import Numbers
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


class StreamTable:
    """Follows segments in capture order."""

    def __init__(self) -> None:
        self.streams: list[Stream] = []  #: by number
        self._current: dict[Key, Stream] = {}

    def follow(self, segment: Segment, quoted: bool = False) -> StreamRow:
        """The stream of a segment, its flags and numbers, as one pass shows them."""
        stream, side, bits = self._find(segment)
        before = stream.completeness
        row = StreamRow(segment, stream, side, quoted, 0, before, segment.seq, segment.ack, segment.window, None)
        if not stream.packets:
            stream.first_ns = stream.last_ns = segment.time_ns
        row.since_first_ns = segment.time_ns - stream.first_ns
        row.since_last_ns = segment.time_ns - stream.last_ns
        stream.last_ns = segment.time_ns
        measured = segment.len_bytes is not None and not quoted
        if measured:
            stream.numbers.learn_base(side, segment)
            row.bits = bits | stream.analysis.judge(side, segment, stream.numbers.scale[1 - side])
            row.seq, row.ack = stream.numbers.relative(side, segment)
            row.window_size, row.scalefactor = stream.numbers.window(side, segment)
        if segment.hdr_len >= MIN_HEADER_LEN:
            _complete(stream, segment)
            if not quoted:
                stream.analysis.learn_times(side, segment)
            stream.numbers.learn_scale(side, segment)
        stream.packets += 1
        return row

    def _find(self, segment: Segment) -> tuple[Stream, int, int]:
        """(stream, direction, REUSED_PORTS or 0): another initial number on a SYN opens a new stream."""
        here, there = (segment.src, segment.src_port), (segment.dst, segment.dst_port)
        side = int(here > there)
        key = (there, here) if side else (here, there)
        stream = self._current.get(key)
        if stream is None:
            return self._open(key), side, 0
        if segment.flags & SYN and stream.numbers.opens_again(side, segment):
            if not segment.flags & ACK:
                stream = self._open(key)
            else:
                stream.numbers.base[side] = segment.seq
            return stream, side, Analysis.REUSED_PORTS
        if segment.flags & (SYN | ACK) == SYN and stream.numbers.base[side] is not None:
            flow = stream.analysis.flows[side]
            flow.next_seq = flow.max_ackable
        return stream, side, 0

    def _open(self, key: Key) -> Stream:
        stream = Stream(len(self.streams))
        self.streams.append(stream)
        self._current[key] = stream
        return stream


def _complete(stream: Stream, segment: Segment) -> None:
    """Steps of `tcp.completeness`: which kinds of segment the stream has shown."""
    first = stream.packets == 0
    flags, length = segment.flags, segment.length
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

    Completeness, bases and window scales are then the stream's last ones. Completeness goes on accumulating: a
    stream's first segment, which counts for nothing when it opens the stream, now counts like any other.
    """
    segment, numbers = row.segment, final.numbers
    row.completeness = final.completeness
    if segment.len_bytes is not None and not row.quoted:
        if segment.flags & (SYN | ACK) == SYN | ACK and numbers.opens_again(row.side, segment):
            numbers.base[row.side] = segment.seq
            row.bits |= Analysis.REUSED_PORTS
        row.seq, row.ack = numbers.relative(row.side, segment)
        row.window_size, row.scalefactor = numbers.window(row.side, segment)
    if segment.hdr_len >= MIN_HEADER_LEN:
        _complete(final, segment)
    return row
