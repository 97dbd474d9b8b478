"""How field values are found: each loader yields the spots of one field in one layer of a frame.

A spot is a value and the bytes that it was read from. Every read is bounded by the layer's end and by the captured
bytes, so a field that was not captured has no spot; it is never an error.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from synfin.dissect.context import Facts
    from synfin.wire.frame import Frame
    from synfin.wire.layer import Layer


class Spot(NamedTuple):
    """One value of a field: `start` is its offset in the frame, -1 (and length 0) when it was computed."""

    value: Any
    start: int = -1
    length: int = 0


Loader = Callable[["Frame", "Layer", "Facts | None"], Iterable[Spot]]


def limit(frame: Frame, layer: Layer) -> int:
    """The first offset that may not be read for `layer`: what was put together stands behind the captured bytes."""
    captured = len(frame.packet.data)
    return min(layer.end, captured if layer.start < captured else len(frame.data))


def lowest_bit(mask: int) -> int:
    return (mask & -mask).bit_length() - 1


def bits(offset: int, size: int, mask: int = 0, scale: int = 1) -> Loader:
    """The big-endian number in `size` bytes at `offset`, masked and shifted down to the mask's lowest bit."""
    shift = lowest_bit(mask) if mask else 0
    whole = mask or (1 << 8 * size) - 1

    def load(frame: Frame, layer: Layer, facts: Facts | None) -> Iterable[Spot]:
        start = layer.start + offset
        if start + size > limit(frame, layer):
            return ()
        number = int.from_bytes(frame.data[start : start + size], "big")
        return (Spot(((number & whole) >> shift) * scale, start, size),)

    return load


def raw(offset: int, size: int) -> Loader:
    """`size` bytes at `offset`."""

    def load(frame: Frame, layer: Layer, facts: Facts | None) -> Iterable[Spot]:
        start = layer.start + offset
        if start + size > limit(frame, layer):
            return ()
        return (Spot(frame.data[start : start + size], start, size),)

    return load


def both(*loaders: Loader) -> Loader:
    """All spots of several loaders, in order: ip.addr is source and destination."""

    def load(frame: Frame, layer: Layer, facts: Facts | None) -> Iterator[Spot]:
        for loader in loaders:
            yield from loader(frame, layer, facts)

    return load


def when(condition: Callable[[Frame, Layer], bool], loader: Loader) -> Loader:
    """The spots of `loader` where the condition holds for the layer."""

    def load(frame: Frame, layer: Layer, facts: Facts | None) -> Iterable[Spot]:
        return loader(frame, layer, facts) if condition(frame, layer) else ()

    return load


def constant(value: Any) -> Loader:
    """A value that every such layer has."""

    def load(frame: Frame, layer: Layer, facts: Facts | None) -> Iterable[Spot]:
        return (Spot(value),)

    return load


def computed(function: Callable[[Frame, Layer, Facts | None], Any]) -> Loader:
    """One generated value, none where `function` returns None."""

    def load(frame: Frame, layer: Layer, facts: Facts | None) -> Iterable[Spot]:
        value = function(frame, layer, facts)
        return () if value is None else (Spot(value),)

    return load


def byte(frame: Frame, layer: Layer, offset: int) -> int:
    """The byte at `offset` of the layer, -1 where it was not captured."""
    start = layer.start + offset
    return frame.data[start] if start < limit(frame, layer) else -1


def number(frame: Frame, layer: Layer, offset: int, size: int) -> int:
    """The big-endian number of `size` bytes at `offset`, -1 where it was not captured."""
    start = layer.start + offset
    return int.from_bytes(frame.data[start : start + size], "big") if start + size <= limit(frame, layer) else -1


class LayerBytes(bytes):
    """All bytes of a layer's data unit; slices and lengths go by `header`, the length that its header counts with.

    That is more than there are bytes where Wireshark counts what the data unit turns out not to have.
    """

    header: int


#: Layers that count with their payload, as in Wireshark.
WITH_PAYLOAD = frozenset({
    "frame", "data", "tcp", "http", "icmp", "icmpv6", "llc", "ah", "erspan", "geneve", "gre", "gtp", "ppp", "l2tp",
    "ipcomp", "ipv6.routing",
})  # fmt: skip
NSH_COUNTED = 2  #: bytes of a network service header that Wireshark counts


def whole(frame: Frame, layer: Layer, facts: Facts | None) -> Iterable[Spot]:
    """The layer as one value: its bytes up to the end of its data unit, as far as captured."""
    start = min(layer.start, len(frame.data))
    stop = max(limit(frame, layer), start)
    found = LayerBytes(frame.data[start:stop])
    found.header = max(_counted(frame, layer, start, stop), 0)
    return (Spot(found, start, min(found.header, stop - start)),)


def _counted(frame: Frame, layer: Layer, start: int, stop: int) -> int:
    """How many bytes a layer counts with in slices and lengths."""
    if layer.name in WITH_PAYLOAD:
        return stop - start
    if layer.name == "arp":  # with the padding that follows: its end is known only when it has been read
        place = frame.layers.index(layer)
        return limit(frame, frame.layers[place - 1]) - start if place else stop - start
    if layer.name == "ip":  # by its own word, even where that is too little
        return min((byte(frame, layer, 0) & 0x0F) * 4, stop - start)
    return min(NSH_COUNTED if layer.name == "nsh" else layer.header_len, stop - start)
