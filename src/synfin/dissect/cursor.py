"""Reading one layer from its beginning to its end: each step notes a field and goes on behind it, within bounds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from synfin.dissect.load import limit, lowest_bit
from synfin.dissect.option import Item

if TYPE_CHECKING:
    from synfin.wire.frame import Frame
    from synfin.wire.layer import Layer


class Cursor:
    """Where the reader stands. What does not fit is not noted, and `whole` tells it."""

    __slots__ = ("at", "data", "items", "stop", "whole")

    def __init__(self, data: bytes, at: int, stop: int) -> None:
        self.data = data
        self.at = at
        self.stop = stop
        self.items: list[Item] = []
        self.whole = True

    @property
    def room(self) -> int:
        """Bytes left."""
        return max(self.stop - self.at, 0)

    def fits(self, size: int) -> bool:
        """Whether so many bytes are left; from the first that are not, nothing more is read."""
        self.whole = self.whole and 0 <= size <= self.room
        return self.whole

    def peek(self, size: int, ahead: int = 0) -> int:
        """The number that stands `ahead` bytes on, -1 where it does not fit."""
        start = self.at + ahead
        return int.from_bytes(self.data[start : start + size], "big") if start + size <= self.stop else -1

    def add(self, name: str, value: Any, start: int = -1, length: int = 0, *children: Item) -> None:
        """Note a field."""
        self.items.append(Item(name, value, start, length, children))

    def skip(self, size: int) -> None:
        if self.fits(size):
            self.at += size

    def number(self, name: str, size: int, *children: Item, little: bool = False) -> int:
        """A number of `size` bytes; -1 where it does not fit."""
        if not self.fits(size):
            return -1
        value = int.from_bytes(self.data[self.at : self.at + size], "little" if little else "big")
        self.add(name, value, self.at, size, *children)
        self.at += size
        return value

    def raw(self, name: str, size: int, *, empty: bool = False) -> bytes:
        """Bytes as they are; nothing is noted of none unless `empty`."""
        if not self.fits(size):
            return b""
        value = self.data[self.at : self.at + size]
        if size or empty:
            self.add(name, value, self.at, size)
        self.at += size
        return value

    def text(self, name: str, size: int, encoding: str = "utf-8") -> str:
        if not self.fits(size):
            return ""
        value = self.data[self.at : self.at + size].partition(b"\0")[0].decode(encoding, "replace")
        self.add(name, value, self.at, size)
        self.at += size
        return value

    def rest(self, name: str) -> None:
        """All that is left, where something is."""
        self.raw(name, self.room)

    def parts(self, size: int, masks: dict[str, int]) -> tuple[Item, ...]:
        """Parts of the number that comes next, which is not passed."""
        value = self.peek(size)
        if value < 0 or not self.whole:
            return ()
        return tuple(Item(name, (value & mask) >> lowest_bit(mask), self.at, size) for name, mask in masks.items())

    def note(self, *items: Item) -> None:
        """Note items that were made elsewhere."""
        self.items.extend(items)

    def within(self, size: int) -> Cursor:
        """A cursor over the next bytes, at most `size` of them; this one passes them."""
        stop = min(self.at + max(size, 0), self.stop)
        inner = Cursor(self.data, self.at, stop)
        self.at = stop
        return inner


def over(frame: Frame, layer: Layer) -> Cursor:
    """A cursor over a layer's header."""
    stop = min(layer.start + layer.header_len, limit(frame, layer))
    return Cursor(frame.data, layer.start, max(stop, layer.start))


def over_unit(frame: Frame, layer: Layer) -> Cursor:
    """A cursor over a layer's header and what it carries."""
    return Cursor(frame.data, layer.start, max(limit(frame, layer), layer.start))
