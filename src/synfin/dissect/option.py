"""One TCP option being decoded: its bytes with bounds, and the items that are found in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from synfin.dissect.load import lowest_bit


class Item(NamedTuple):
    """A field found by the walk: `start` is its offset in the frame, -1 when it was computed."""

    name: str
    value: Any
    start: int = -1
    length: int = 0
    children: tuple[Item, ...] = ()


@dataclass(slots=True, eq=False, repr=False)
class Option:
    """A whole option, kind and length included; offsets count from its kind byte."""

    data: bytes
    start: int  #: of the kind byte, in the frame
    sack_base: int = 0  #: SACK edges are shown relative to it
    ack: int = 0  #: the segment's acknowledgment number as shown, for D-SACK
    syn: bool = False

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


Decoder = Callable[[Option], Iterator[Item]]


def flatten(items: tuple[Item, ...]) -> Iterator[Item]:
    """Every item, parents before children."""
    for item in items:
        yield item
        yield from flatten(item.children)
