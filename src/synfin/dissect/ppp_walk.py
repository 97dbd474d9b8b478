"""Walks over PPP: its header, and the check sequence that HDLC framing has behind the frame (RFC 1662 appendix C)."""

from __future__ import annotations

import zlib
from binascii import crc_hqx
from dataclasses import replace
from typing import TYPE_CHECKING

from synfin.dissect.cursor import Cursor, over
from synfin.dissect.load import limit
from synfin.dissect.option import Found, Item
from synfin.dissect.preferences import CHECK_SEQUENCES, Preferences, preferences
from synfin.dissect.verified import BAD
from synfin.dissect.verified import Found as Checksum

if TYPE_CHECKING:
    from synfin.dissect.context import Facts
    from synfin.wire.frame import Frame
    from synfin.wire.layer import Layer

#: Bytes of a check sequence by the preference, in the order of its words.
CHECK_LENGTHS = (0, 2, 4)
assert len(CHECK_LENGTHS) == len(CHECK_SEQUENCES)
FRAMING = b"\xff\x03"  #: address and control of HDLC, which need not stand
#: Carriers that have checks of their own: PPP stands in them without HDLC framing.
UNFRAMED = frozenset({"pppoes", "mp"})
DIRECTED = 204  #: link type whose first byte is 0 where the frame was received
SENT, RECEIVED = 0, 1
_MIRRORED = bytes(int(f"{octet:08b}"[::-1], 2) for octet in range(256))


def check_length(frame: Frame, layer: Layer, asked: Preferences) -> int:
    """Bytes of the check sequence behind a PPP frame, 0 where none was asked for or none can be."""
    size = CHECK_LENGTHS[asked.ppp_fcs_type]
    place = frame.layers.index(layer)
    framed = place == 0 or frame.layers[place - 1].name not in UNFRAMED
    head = len(FRAMING) if frame.data.startswith(FRAMING, layer.start) else 0
    return size if framed and layer.end - layer.start - head >= size else 0


def without_checks(frame: Frame, asked: Preferences) -> Frame:
    """The frame whose PPP carries no check sequence as data; itself where none was asked for."""
    if not asked.ppp_fcs_type:
        return frame
    layers, end = [], -1
    for layer in frame.layers:
        one = layer if end < 0 else layer._replace(end=max(min(layer.end, end), layer.start))
        if one.name != "data" or one.end > one.start:
            layers.append(one)
        if layer.name == "ppp" and (size := check_length(frame, layer, asked)):
            end = layer.end - size
    return replace(frame, layers=tuple(layers)) if end >= 0 else frame


def fcs_16(data: bytes) -> int:
    """The sequence of two bytes: bits go lowest first, which the library's sum of the same polynomial does not."""
    mirrored = crc_hqx(data.translate(_MIRRORED), 0xFFFF) ^ 0xFFFF
    return int(f"{mirrored:016b}"[::-1], 2)


def ppp(frame: Frame, layer: Layer, facts: Facts | None) -> tuple[Item, ...]:
    """RFC 1661, in HDLC framing (RFC 1662) where address and control stand."""
    cursor = over(frame, layer)
    if cursor.peek(2) == 0xFF03:
        cursor.number("ppp.address", 1)
        cursor.number("ppp.control", 1)
    if frame.packet.link_type == DIRECTED and layer is frame.layers[0] and cursor.room:
        cursor.add("ppp.direction", RECEIVED if frame.data[0] == 0 else SENT)
    size = check_length(frame, layer, preferences(facts))
    if size and limit(frame, layer) == layer.end:
        _check(cursor, frame.data[layer.start : layer.end], size, layer.end)
    cursor.stop = min(cursor.stop, layer.end - size)
    cursor.number("ppp.protocol", min(max(cursor.room, 1), 2))
    return tuple(cursor.items)


def _check(cursor: Cursor, unit: bytes, size: int, end: int) -> None:
    """The sequence at the end of a frame, which stands low byte first, and whether it is right."""
    covered = unit[:-size]
    right = fcs_16(covered) if size == CHECK_LENGTHS[1] else zlib.crc32(covered)
    found = Checksum(int.from_bytes(unit[-size:], "little"), right)
    wrong = (Item("ppp.bad_checksum", True),) if found.status == BAD else ()
    cursor.add(f"ppp.fcs_{size * 8}", found.told, end - size, size, *wrong)
    cursor.add("ppp.fcs.status", found.status)


PPP = Found(ppp)
