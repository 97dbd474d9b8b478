"""Fields of messages that stand in several TCP segments: which segments carry them, and where they are whole."""

from __future__ import annotations

from collections.abc import Iterable

from synfin.dissect.context import Facts, Part
from synfin.dissect.declare import Declare
from synfin.dissect.field import Field
from synfin.dissect.load import Spot, computed
from synfin.dissect.option import Found, Item
from synfin.wire.frame import Frame
from synfin.wire.layer import Layer

TCP = ("tcp",)
SEGMENTS = ("tcp.segments",)


def _walk_pieces(frame: Frame, layer: Layer, facts: Facts | None) -> tuple[Item, ...]:
    """What of a segment belongs to messages of several, and the frames where these end."""
    if facts is None or facts.above is None or layer != frame.tcp:
        return ()
    return tuple(
        Item("tcp.reassembled_in", piece)
        if isinstance(piece, int)
        else Item("tcp.segment_data", frame.data[piece[0] : piece[1]], piece[0], piece[1] - piece[0])
        for piece in facts.above.pieces
    )


def _walk_parts(frame: Frame, layer: Layer, facts: Facts | None) -> tuple[Item, ...]:
    """The segments of a message that is whole, and the message."""
    parts = () if facts is None or facts.above is None else facts.above.parts.get(layer.start, ())
    found = [_part(part, layer.start) for part in parts]
    data = frame.data[layer.start : layer.end]
    return (*found, Item("tcp.segment.count", len(found)), Item("tcp.reassembled.length", len(data)),
            Item("tcp.reassembled.data", data, layer.start, len(data)))  # fmt: skip


def _part(part: Part, start: int) -> Item:
    below = (Item("tcp.segment.overlap", 1),) if part.overlaps else ()
    return Item("tcp.segment", part.frame, start + part.at, max(part.size, 0), below)


def _repeated(frame: Frame, layer: Layer, facts: Facts | None) -> int | None:
    if facts is None or facts.above is None or layer != frame.tcp:
        return None
    return facts.above.fin_retransmission or None


def _segments(frame: Frame, layer: Layer, facts: Facts | None) -> Iterable[Spot]:
    return (Spot(True, layer.start, layer.end - layer.start),)


PIECES, PARTS = Found(_walk_pieces), Found(_walk_parts)
_of_segment, _of_message = Declare(PIECES, *TCP), Declare(PARTS, *SEGMENTS)

FIELDS = (
    Field("tcp.fin_retransmission", "framenum", TCP, computed(_repeated), "Repeats the FIN of frame",
          "重传的是此帧的 FIN", generated=True),
    _of_segment("tcp.reassembled_in", "framenum", "Reassembled in frame", "重组完成于帧", generated=True),
    _of_segment("tcp.segment_data", "bytes", "Segment data", "报文段数据"),
    Field("tcp.segments", "none", SEGMENTS, _segments, "Reassembled TCP segments", "重组的 TCP 报文段", below=PARTS,
          generated=True, walked=True),
    _of_message("tcp.segment", "framenum", "Segment in frame", "报文段所在帧"),
    _of_message("tcp.segment.overlap", "bool", "Overlaps with other segments", "与其他报文段重叠", generated=True),
    _of_message("tcp.segment.count", "u32", "Segment count", "报文段数", generated=True),
    _of_message("tcp.reassembled.length", "u32", "Reassembled length", "重组后的长度", unit="bytes", generated=True),
    _of_message("tcp.reassembled.data", "bytes", "Reassembled data", "重组后的数据", generated=True),
)  # fmt: skip
