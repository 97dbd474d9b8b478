"""The walk over IPv4 options (RFC 791 section 3.1)."""

from __future__ import annotations

from collections.abc import Iterator

from synfin.dissect.context import Facts
from synfin.dissect.load import Loader, Spot, limit
from synfin.wire.frame import Frame
from synfin.wire.layer import Layer

RECORD_ROUTE, TIMESTAMP, LOOSE, STRICT, ROUTER_ALERT = 7, 68, 131, 137, 148


def _each(frame: Frame, layer: Layer) -> Iterator[tuple[int, int]]:
    """Offset and length of every option that fits; each step reads at least one byte."""
    data = frame.data
    at = layer.start + 20
    stop = min(limit(frame, layer), layer.start + layer.header_len)
    while at < stop:
        if data[at] <= 1:
            yield at, 1
            if data[at] == 0:
                return
            at += 1
            continue
        length = data[at + 1] if at + 1 < stop else 0
        if length < 2 or at + length > stop:
            return
        yield at, length
        at += length


def kind(mask: int, shift: int) -> Loader:
    """The option's type byte, or some bits of it."""

    def load(frame: Frame, layer: Layer, facts: Facts | None) -> Iterator[Spot]:
        return (Spot((frame.data[at] & mask) >> shift, at, 1) for at, _ in _each(frame, layer))

    return load


def length(frame: Frame, layer: Layer, facts: Facts | None) -> Iterator[Spot]:
    return (Spot(size, at + 1, 1) for at, size in _each(frame, layer) if size > 1)


def pointer(frame: Frame, layer: Layer, facts: Facts | None) -> Iterator[Spot]:
    routes = (RECORD_ROUTE, TIMESTAMP, LOOSE, STRICT)
    data = frame.data
    return (Spot(data[at + 2], at + 2, 1) for at, size in _each(frame, layer) if data[at] in routes and size > 2)


def router_alert(frame: Frame, layer: Layer, facts: Facts | None) -> Iterator[Spot]:
    data = frame.data
    return (
        Spot(int.from_bytes(data[at + 2 : at + 4], "big"), at + 2, 2)
        for at, size in _each(frame, layer)
        if data[at] == ROUTER_ALERT and size == 4
    )
