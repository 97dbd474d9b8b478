"""The walk over what is known of a fragment's datagram: the frames that brought it, and what was put together."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from synfin.dissect.declare import Declare
from synfin.dissect.option import Found, Item

if TYPE_CHECKING:
    from synfin.dissect.context import Assembly, Facts, Piece
    from synfin.dissect.field import Field
    from synfin.wire.frame import Frame
    from synfin.wire.layer import Layer

_ODD = {"overlap": "overlap", "overlap.conflict": "conflict", "multipletails": "tail", "toolongfragment": "too_long"}


class Fragments:
    """Fields of one IP version; `layer` is the header that tells a fragment's place."""

    def __init__(self, version: str, layer: str, later: str, kind: str) -> None:
        self._version, self._layer, self._later = version, layer, f"{version}.{later}"
        self._kind = kind  #: of the field that stands for all of it
        self.found = Found(self._walk)

    def _walk(self, frame: Frame, layer: Layer, facts: Facts | None) -> tuple[Item, ...]:
        if facts is None:
            return ()
        told = facts.recalled
        built, later = told.assemblies.get(layer.start), told.assembled_in.get(layer.start)
        if built is not None:
            return (self._built(frame, built),)
        return () if later is None else (Item(self._later, later),)

    def _built(self, frame: Frame, built: Assembly) -> Item:
        data = frame.data[built.at : built.at + built.size]
        below = (
            *(self._piece(piece, built) for piece in built.pieces),
            Item(f"{self._version}.fragment.count", len(built.pieces)),
            Item(f"{self._version}.reassembled.length", built.size),
            Item(f"{self._version}.reassembled.data", data, built.at, built.size),
        )
        value: Any = data if self._kind == "bytes" else True
        return Item(f"{self._version}.fragments", value, built.at, built.size, below)

    def _piece(self, piece: Piece, built: Assembly) -> Item:
        """One that cannot be right stands under another name."""
        odd = tuple(Item(name, 1) for name in self._oddities(piece))
        name = "fragment.error" if piece.conflict or piece.tail or piece.too_long else "fragment"
        start = built.at + min(piece.offset, built.size)
        size = max(min(piece.size, built.size - piece.offset), 0)
        return Item(f"{self._version}.{name}", piece.frame, start, size, odd)

    def _oddities(self, piece: Piece) -> Iterator[str]:
        return (f"{self._version}.fragment.{name}" for name, said in _ODD.items() if getattr(piece, said))

    def fields(self) -> tuple[Field, ...]:
        declare, version = Declare(self.found, self._layer), self._version

        def one(name: str, kind: str, en: str, zh: str, unit: str = "") -> Field:
            return declare(f"{version}.{name}", kind, en, zh, unit=unit, generated=True)

        return (
            one("fragments", self._kind, "Datagram put together from fragments", "由分片重组的数据报"),
            one("fragment", "framenum", "Fragment in frame", "分片所在的帧"),
            one("fragment.error", "framenum", "Illegal fragment in frame", "非法分片所在的帧"),
            one("fragment.overlap", "bool", "Overlaps fragments before it", "与前面的分片重叠"),
            one("fragment.overlap.conflict", "bool", "Has other bytes where it overlaps", "重叠处的数据不一致"),
            one("fragment.multipletails", "bool", "Another last fragment tells another end", "末尾分片的结尾不一致"),
            one("fragment.toolongfragment", "bool", "Reaches beyond the datagram's end", "超出数据报的结尾"),
            one("fragment.count", "u32", "Number of fragments", "分片数"),
            one(self._later.removeprefix(f"{version}."), "framenum", "Put together in frame", "在此帧中重组"),
            one("reassembled.length", "u32", "Length put together", "重组后的长度", "bytes"),
            one("reassembled.data", "bytes", "Bytes put together", "重组后的数据"),
        )


IPV4 = Fragments("ip", "ip", "reassembled_in", "bytes")
IPV6 = Fragments("ipv6", "ipv6.fraghdr", "reassembled.in", "none")
