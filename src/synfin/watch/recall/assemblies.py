"""Datagrams that were put together: which frames brought their fragments, and what is odd about each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from synfin.dissect.context import Assembly, Piece
from synfin.watch.recall.recent import Recent
from synfin.wire.fragments import Part
from synfin.wire.frame import Frame

MAX_LINKS = 1 << 18  #: fragments of which it is known where their datagram is complete

_TOLD_BY = frozenset({"ip", "ipv6.fraghdr"})


class Assemblies:
    """Follows fragments in capture order; with `past`, which has seen the whole capture, knows what comes of each."""

    def __init__(self, past: Assemblies | None = None) -> None:
        self._past = past
        self._complete_in: Recent[tuple[int, int], int] = Recent(MAX_LINKS)  # by frame and offset of the header

    def see(self, frame: Frame) -> dict[int, Assembly]:
        """The datagrams that this frame completes, by the offset of the fragment's header."""
        found = {}
        for one in frame.assembled:
            for part in one.parts:
                if part.frame != frame.packet.number:
                    self._complete_in.put((part.frame, part.at), frame.packet.number)
            found[one.at] = Assembly(one.payload_at, one.size, tuple(_pieces(one.parts, one.size)))
        return found

    def complete_in(self, frame: Frame) -> dict[int, int]:
        """In which later frame the datagrams of this one's fragments are complete."""
        if self._past is None:
            return {}
        known, number = self._past._complete_in, frame.packet.number
        found = ((layer.start, known.get((number, layer.start))) for layer in frame.layers if layer.name in _TOLD_BY)
        return {at: later for at, later in found if later is not None}


def _pieces(parts: Sequence[Part], size: int) -> Iterator[Piece]:
    """What is odd about each fragment, by those in front of it, as Wireshark tells it."""
    built = bytearray()
    for part in parts:
        known = max(min(len(built) - part.offset, len(part.data)), 0)
        overlap = part.offset < len(built) and bool(part.data)
        conflict = overlap and part.data[:known] != built[part.offset : part.offset + known]
        stop = part.offset + len(part.data)
        built += part.data[known : max(size - part.offset, known)]
        yield Piece(part.frame, part.offset, len(part.data), overlap, conflict, part.tail, stop > size)
