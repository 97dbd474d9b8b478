"""The walk over addresses of an ARP packet that others have claimed before."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from synfin.dissect.address import ipv4, mac
from synfin.dissect.declare import Declare
from synfin.dissect.option import Found, Item

if TYPE_CHECKING:
    from synfin.dissect.context import Duplicate, Facts
    from synfin.dissect.field import Field
    from synfin.wire.frame import Frame
    from synfin.wire.layer import Layer

_SENDER, _TARGET = 8, 18  #: offsets of the hardware addresses, for Ethernet and IPv4
HEADING = "Duplicate IP address detected for "


def _walk(frame: Frame, layer: Layer, facts: Facts | None) -> tuple[Item, ...]:
    found = () if facts is None else facts.recalled.duplicates.get(layer.start, ())
    return tuple(_heading(frame, layer, one) for one in found)


def _heading(frame: Frame, layer: Layer, one: Duplicate) -> Item:
    at = layer.start + (_TARGET if one.target else _SENDER)
    claimed, address = mac(frame.data[at : at + 6]), ipv4(frame.data[at + 6 : at + 10])
    name = f"{HEADING}{address} ({claimed}) - also in use by {mac(one.other)} (frame {one.frame})"
    return Item(name, None, at, 10, tuple(_below(one)))


def _below(one: Duplicate) -> Iterator[Item]:
    yield Item("arp.duplicate-address-frame", one.frame, -1, 0, (Item("arp.duplicate-address-detected", True),))
    yield Item("arp.seconds-since-duplicate-address-frame", one.seconds)


FOUND = Found(_walk)


def fields() -> tuple[Field, ...]:
    declare = Declare(FOUND, "arp")
    return (
        declare("arp.duplicate-address-frame", "framenum", "Earlier claim in frame", "先前声明所在的帧",
                generated=True),
        declare("arp.seconds-since-duplicate-address-frame", "u32", "Time since the earlier claim",
                "距先前声明的时间", unit="seconds", generated=True),
        declare.note("arp.duplicate-address-detected", "warning", "sequence",
                     "Two hardware addresses claim one IP address", "两个硬件地址使用同一 IP 地址"),
    )  # fmt: skip
