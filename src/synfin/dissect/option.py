"""One TCP option being decoded: its bytes with bounds, and the items that are found in it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from synfin.dissect.load import Loader, Spot, lowest_bit
from synfin.dissect.slotted import Slotted

if TYPE_CHECKING:
    from synfin.dissect.context import Facts, Subflow
    from synfin.wire.frame import Frame
    from synfin.wire.layer import Layer


class Item(NamedTuple):
    """A field found by a walk, or (value None) a heading: `start` is its offset in the frame, -1 when computed."""

    name: str
    value: Any
    start: int = -1
    length: int = 0
    children: tuple[Item, ...] = ()


class Option(Slotted):
    """A whole option, kind and length included; offsets count from its kind byte."""

    data: bytes
    start: int  #: of the kind byte, in the frame
    sack_base: int = 0  #: SACK edges are shown relative to it
    ack: int = 0  #: the segment's acknowledgment number as shown, for D-SACK
    syn: bool = False
    subflow: Subflow | None = None  #: of Multipath TCP

    def number(self, name: str, offset: int, size: int, mask: int = 0) -> Iterator[Item]:
        """The big-endian number there, nothing where it does not fit."""
        if offset + size <= len(self.data):
            value = int.from_bytes(self.data[offset : offset + size], "big")
            yield Item(name, (value & mask) >> lowest_bit(mask) if mask else value, self.start + offset, size)

    def bytes(self, name: str, offset: int, size: int | None = None) -> Iterator[Item]:
        """The bytes there (to the option's end without `size`), nothing where they do not fit or are none."""
        stop = len(self.data) if size is None else offset + size
        if offset < stop <= len(self.data):
            yield Item(name, self.data[offset:stop], self.start + offset, stop - offset)

    def group(self, name: str, offset: int, size: int, masks: dict[str, int]) -> Iterator[Item]:
        """A number with its single bits below it."""
        bits = tuple(item for bit, mask in masks.items() for item in self.number(bit, offset, size, mask))
        for item in self.number(name, offset, size):
            yield item._replace(children=bits)


def broken(name: str, note: str, data: bytes, at: int, start: int) -> Item:
    """The heading of an option that does not fit into the options `data`, which begin at `start` of the frame."""
    if at + 1 >= len(data):
        what = "length byte past end of options"
    elif data[at + 1] < 2:
        what = f"with too-short option length = {data[at + 1]} byte{'' if data[at + 1] == 1 else 's'}"
    else:
        what = f"option length = {data[at + 1]} bytes says option goes past end of options"
    size = len(data) - at
    return Item(f"{name} ({what})", None, start + at, size, (Item(note, True, start + at, size),))


Decoder = Callable[[Option], Iterator[Item]]
#: Everything that is found in one layer of a frame.
Walk = Callable[["Frame", "Layer", "Facts | None"], tuple[Item, ...]]


def flatten(items: tuple[Item, ...]) -> Iterator[Item]:
    """Every item, parents before children."""
    for item in items:
        yield item
        yield from flatten(item.children)


class Found:
    """A walk whose last result is kept by name: the fields of one layer are asked for one after the other."""

    def __init__(self, walk: Walk) -> None:
        self._walk = walk
        self._last: tuple[Frame, Layer, Facts | None] | None = None
        self._items: tuple[Item, ...] = ()
        self._spots: dict[str, list[Spot]] = {}

    def __call__(self, frame: Frame, layer: Layer, facts: Facts | None) -> tuple[Item, ...]:
        last = self._last
        if last is None or last[0] is not frame or last[1] != layer or last[2] is not facts:
            self._items, self._spots = self._walk(frame, layer, facts), {}
            for item in flatten(self._items):
                self._spots.setdefault(item.name, []).append(Spot(item.value, item.start, item.length))
            self._last = frame, layer, facts
        return self._items

    def named(self, name: str) -> Loader:
        """The values of one field that the walk finds."""

        def load(frame: Frame, layer: Layer, facts: Facts | None) -> list[Spot]:
            self(frame, layer, facts)
            return self._spots.get(name, [])

        return load


class ByLayer:
    """Several walks, one for each layer that can hold the same fields."""

    def __init__(self, walks: Mapping[str, Found]) -> None:
        self._walks = walks

    def named(self, name: str) -> Loader:
        """The values of one field that the layer's walk finds."""
        loaders = {layer: found.named(name) for layer, found in self._walks.items()}

        def load(frame: Frame, layer: Layer, facts: Facts | None) -> Iterable[Spot]:
            return loaders[layer.name](frame, layer, facts)

        return load
