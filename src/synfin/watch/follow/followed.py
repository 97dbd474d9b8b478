"""The data of one stream in the order in which it was sent, as `-z follow` puts it together.

The first copy of a byte counts. What comes too early waits until it fits; where the receiver acknowledges bytes that
the capture has not, a gap stands in their place.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from synfin.dissect.load import limit
from synfin.watch.follow.datagrams import headers, innermost_ends
from synfin.wire import seq
from synfin.wire.frame import Frame
from synfin.wire.layer import Layer
from synfin.wire.tcp import ACK, MIN_HEADER_LEN, SYN, Segment

End = tuple[bytes, int]  #: address and port


@dataclass(frozen=True, slots=True)
class Piece:
    """Bytes that one end sent, as one segment brought them, or a gap."""

    from_server: bool
    data: bytes  #: of a gap: a sentence that says how many bytes are missing
    frame: int
    time_ns: int  #: 0 for a gap


@dataclass(slots=True)
class _Side:
    """One direction."""

    expected: int | None = None  #: the next sequence number
    waiting: list[tuple[int, Piece]] = field(default_factory=list)  #: sequence number and data that came too early


class Follower:
    """Takes the frames of one stream, in capture order."""

    def __init__(self) -> None:
        self.pieces: list[Piece] = []
        self.client: End | None = None  #: the end that sent the first segment
        self.server: End | None = None
        self._sides = (_Side(), _Side())

    def see(self, frame: Frame) -> None:
        """Take one segment of the stream; one whose header was not captured whole tells nothing."""
        segment = frame.segment
        if segment is None:
            return
        if segment.hdr_len < MIN_HEADER_LEN or len(segment.options) < segment.hdr_len - MIN_HEADER_LEN:
            return
        source = (segment.src, segment.src_port)
        if self.client is None:
            self.client, self.server = source, (segment.dst, segment.dst_port)
        from_server = source != self.client
        side = self._sides[from_server]
        if segment.flags & ACK:
            self._acknowledge(not from_server, segment.ack, frame)
        size = segment.length
        piece = Piece(from_server, segment.payload[:size], frame.packet.number, frame.packet.time_ns)
        if side.expected is None:
            self._begin(side, segment, size, piece)
        else:
            self._take(side, segment.seq, size, piece, bool(segment.flags & SYN))

    def _begin(self, side: _Side, segment: Segment, size: int, piece: Piece) -> None:
        side.expected = seq.add(segment.seq, size + bool(segment.flags & SYN))
        self._add(piece)

    def _take(self, side: _Side, number: int, size: int, piece: Piece, syn: bool) -> None:
        expected = side.expected or 0
        if seq.lt(number, expected):
            if not seq.gt(seq.add(number, size), expected):
                return
            known = seq.diff(expected, number)
            size = max(size - known, 0)
            piece = Piece(piece.from_server, piece.data[known:], piece.frame, piece.time_ns)
            number = expected
        if number == expected:
            side.expected = seq.add(number, size + syn)
            self._add(piece)
            while self._fit(side):
                pass
        elif piece.data and seq.gt(number, expected):
            side.waiting.append((number, piece))

    def _add(self, piece: Piece) -> None:
        if piece.data:
            self.pieces.append(piece)

    def _acknowledge(self, of_server: bool, number: int, frame: Frame) -> None:
        """The other end has everything before `number`."""
        side = self._sides[of_server]
        while self._fit(side):
            pass
        while side.waiting and side.expected is not None:
            lowest = side.waiting[0][0]
            for start, _ in side.waiting:
                if seq.lt(start, lowest):
                    lowest = start
            if not seq.gt(number, lowest):
                return
            missing = f"[{seq.diff(lowest, side.expected)} bytes missing in capture file]"
            self._add(Piece(of_server, missing.encode() + b"\0", frame.packet.number, 0))
            side.expected = lowest
            while self._fit(side):
                pass

    def _fit(self, side: _Side) -> bool:
        """Take one piece that waits and is due now; whether there was one."""
        expected = side.expected or 0
        for at, (number, piece) in enumerate(side.waiting):
            if seq.gt(number, expected):
                continue
            del side.waiting[at]
            known, size = seq.diff(expected, number), len(piece.data)  # of what was cut off, tshark knows no more here
            if size > known:
                side.expected = seq.add(number, size)
                self._add(Piece(piece.from_server, piece.data[known:], piece.frame, piece.time_ns))
            return True
        return False


class DatagramFollower:
    """The same of datagrams, which have no order but that of the capture."""

    def __init__(self) -> None:
        self.pieces: list[Piece] = []
        self.client: End | None = None  #: the end that sent the first datagram
        self.server: End | None = None

    def see(self, frame: Frame) -> None:
        """Take one datagram of the stream."""
        source, target = map(_end, innermost_ends(frame))  # as tshark: also for the header around a tunnel
        for layer, _, _, quoted in headers(frame):
            if not quoted:
                self._take(frame, layer, source, target)

    def _take(self, frame: Frame, layer: Layer, source: End, target: End) -> None:
        if self.client is None:
            self.client, self.server = source, target
        data = bytes(frame.data[layer.start + layer.header_len : limit(frame, layer)])
        if data:
            self.pieces.append(Piece(source != self.client, data, frame.packet.number, frame.packet.time_ns))


def _end(written: bytes) -> End:
    return written[:-2], int.from_bytes(written[-2:], "big")
