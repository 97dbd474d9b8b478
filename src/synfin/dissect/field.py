"""A field: what one named value in a packet is, where it is found and how it is shown."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from synfin.dissect.show import plain
from synfin.dissect.slotted import Slotted
from synfin.wire.layer import Layer

if TYPE_CHECKING:
    from synfin.dissect.context import Facts
    from synfin.dissect.load import Loader, Spot
    from synfin.dissect.option import Walk
    from synfin.wire.frame import Frame

#: Largest value of each integer kind.
MAXIMUM = {
    "bool": 0xFFFFFFFFFFFFFFFF, "u8": 0xFF, "u16": 0xFFFF, "u24": 0xFFFFFF, "u32": 0xFFFFFFFF, "framenum": 0xFFFFFFFF,
    "u56": 0xFFFFFFFFFFFFFF, "u64": 0xFFFFFFFFFFFFFFFF, "eui64": 0xFFFFFFFFFFFFFFFF, "i8": 0x7F, "i16": 0x7FFF,
    "i32": 0x7FFFFFFF, "i64": 0x7FFFFFFFFFFFFFFF,
}  # fmt: skip
MINIMUM = {"i8": -0x80, "i16": -0x8000, "i32": -0x80000000, "i64": -0x8000000000000000}
#: Layers that are not in the bytes: one of each for every frame, or none.
PSEUDO = frozenset({"frame", "erf", "synfin", "conn"})


class Field(Slotted):
    """One row of the field table.

    `kind` is one of u8 u16 u24 u32 u56 u64 eui64 i8 i16 i32 i64 bool framenum (int), none (presence: True), str, bytes,
    ether, ipv4, ipv6, address, protocol (bytes), abstime, reltime (int, nanoseconds), double (float).
    """

    name: str
    kind: str
    layers: tuple[str, ...]  #: the layers that can hold it; the first is its home
    loader: Loader
    title_en: str
    title_zh: str
    #: of numbers: dec, hex, sized (hexadecimal, as wide as the bytes it stands in), wide (hexadecimal in two bytes,
    #: decimal in one), custom (decimal whose text cannot be compared with); of bytes: colons, spaces,
    #: six (colons where they are six), empty (may be none)
    display: str = "dec"
    values: Mapping[int, str] | None = None  #: what single numbers mean
    parent: str = ""  #: field under which the packet tree shows it, "" for the layer itself
    mask: int = 0  #: bits of the number at its offset, for the pattern that the tree shows
    mask_bits: int = 0  #: width of that number
    unit: str = ""  #: bytes, seconds …, for the packet tree
    generated: bool = False  #: not in the packet: computed, or a second reading of bytes shown already
    hidden: bool = False  #: never in the tree by itself (ip.addr repeats ip.src and ip.dst)
    walked: bool = False  #: found by walking options: the walk places it in the tree
    after: tuple[str, ...] = ()  #: fields behind which the tree repeats it, one for each of its values
    second: str = ""  #: field below which its second value stands, as the expert note
    moved: Mapping[int, str] | None = None  #: fields below which single values of it stand
    severity: str = ""  #: of an expert note: chat, note, warning or error
    group: str = ""  #: what an expert note is about: sequence, protocol, checksum, malformed …
    below: Walk | None = None  #: finds what stands below it in the tree

    @property
    def layer(self) -> str:
        return self.layers[0]

    @property
    def homes(self) -> Collection[str]:
        """Other fields than its parent below which it may stand."""
        return () if self.moved is None else self.moved.values()

    def spots(self, frame: Frame, facts: Facts | None = None) -> Iterator[Spot]:
        """Every value in the frame with the bytes it stands in, outermost layer first."""
        if self.layers[0] in PSEUDO:
            yield from self.loader(frame, whole_frame(frame), facts)
            return
        for layer in frame.layers:
            if layer.name in self.layers:
                yield from self.loader(frame, layer, facts)

    def load(self, frame: Frame, facts: Facts | None = None) -> list[Any]:
        """Every value in the frame, outermost layer first; empty where the packet lacks the field."""
        return [spot.value for spot in self.spots(frame, facts)]

    def show(self, value: Any, length: int = 0) -> str:
        """The value as `-T fields` prints it; `length` is that of the bytes it stands in, where it is known."""
        return plain(self.kind, self.display, value, length)


def whole_frame(frame: Frame) -> Layer:
    """The frame itself as a layer."""
    size = len(frame.packet.data)
    return Layer("frame", 0, size, size)
