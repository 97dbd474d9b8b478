"""Bytes at a frame's end that no protocol claims: padding, trailer and frame check sequence."""

from __future__ import annotations

from collections.abc import Iterable

from synfin.dissect.context import Facts
from synfin.dissect.load import Spot, byte, number
from synfin.wire.frame import Frame
from synfin.wire.layer import Layer

MIN_FRAME = 60  #: Ethernet's least length without the frame check sequence
LARGEST_LENGTH = 1500  #: greater numbers at offset 12 are an EtherType


def behind(frame: Frame) -> int | None:
    """Where the bytes begin that no protocol claims, None when there are none or the frame was cut."""
    data, packet = frame.packet.data, frame.packet
    inner = next((layer for layer in frame.layers if layer.name in ("ip", "ipv6", "arp")), None)
    outer = frame.layers[0]
    if inner is not None and inner.name == "ip" and byte(frame, inner, 0) >> 4 != 4:
        return None
    end = inner.end if inner is not None else 0
    if outer.name == "eth" and 0 <= number(frame, outer, 12, 2) <= LARGEST_LENGTH:
        end = outer.start + outer.header_len + number(frame, outer, 12, 2)
    tag = next((layer for layer in reversed(frame.layers) if layer.name == "vlan"), None)
    if tag is not None and inner is None and 0 <= number(frame, tag, 2, 2) <= LARGEST_LENGTH:
        end = tag.start + tag.header_len + number(frame, tag, 2, 2)
    return end if 0 < end < len(data) == packet.wire_len else None


def split(frame: Frame) -> tuple[tuple[int, int], tuple[int, int], tuple[int, int]]:
    """Padding, trailer and frame check sequence as (start, end) each, by the lengths that Ethernet allows."""
    none = (0, 0)
    end, at = len(frame.packet.data), behind(frame)
    if at is None:
        return none, none, none
    padding = none
    if any(layer.name == "vlan" for layer in frame.layers):
        return none, none, none
    if at < MIN_FRAME <= end and not any(frame.packet.data[at:MIN_FRAME]):
        padding, at = (at, MIN_FRAME), MIN_FRAME
    check = none
    if end >= MIN_FRAME + 4 and end - at >= 4:
        check, end = (end - 4, end), end - 4
    return padding, (at, end), check


def trailer(frame: Frame, layer: Layer, facts: Facts | None) -> Iterable[Spot]:
    """All that no protocol claims, behind a link header that has no padding of its own."""
    start, end = behind(frame), len(frame.packet.data)
    return () if start is None else (Spot(frame.packet.data[start:end], start, end - start),)
