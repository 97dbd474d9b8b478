"""Walks over what stands behind MPLS and is neither IP nor Ethernet: associated channels (RFC 4385, RFC 5586)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from synfin.dissect.cursor import over_unit
from synfin.dissect.load import number
from synfin.dissect.option import Found, Item

if TYPE_CHECKING:
    from synfin.dissect.context import Facts
    from synfin.wire.frame import Frame
    from synfin.wire.layer import Layer

CHANNEL_LEN = 4
GAL = 13  #: the label that says that an associated channel follows, so it is the last one (RFC 5586 section 4.2)
BOTTOM = 0x100


def channel(frame: Frame, layer: Layer, facts: Facts | None) -> tuple[Item, ...]:
    """RFC 4385 section 5; of one that is cut nothing is told but that."""
    cursor = over_unit(frame, layer)
    if cursor.room < CHANNEL_LEN:
        return (Item("pwach.error_processing_message", True),)
    cursor.note(*cursor.parts(1, {"pwach.ver": 0x0F}))
    cursor.skip(1)
    cursor.number("pwach.res", 1, *((Item("pwach.res.not_zero", True),) if cursor.peek(1) else ()))
    cursor.number("pwach.channel_type", 2)
    return tuple(cursor.items)


def management(frame: Frame, layer: Layer, facts: Facts | None) -> tuple[Item, ...]:
    """RFC 5718 section 2.2: a protocol number of PPP."""
    cursor = over_unit(frame, layer)
    cursor.number("mcc.proto", 2)
    return tuple(cursor.items)


def misplaced(frame: Frame, layer: Layer, facts: Facts | None) -> tuple[Item, ...]:
    """A note beside a label that must be the last one and is not."""
    entry = number(frame, layer, 0, 4)
    if entry < 0 or entry >> 12 != GAL or entry & BOTTOM:
        return ()
    return (Item("Invalid Label", None, layer.start, 4, (Item("mpls.invalid_label", True),)),)


PWACH, MCC, MISPLACED = Found(channel), Found(management), Found(misplaced)
