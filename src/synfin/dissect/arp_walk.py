"""The walk over an ARP packet (RFC 826): addresses of any length, by what the packet says of itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from synfin.dissect.cursor import Cursor, over_unit
from synfin.dissect.option import Found, Item

if TYPE_CHECKING:
    from synfin.dissect.context import Facts
    from synfin.wire.frame import Frame
    from synfin.wire.layer import Layer

ETHERNET_LIKE, IPV4 = (1, 6), 0x0800
REQUEST, REPLY = 1, 2
ATM = 19


def walk(frame: Frame, layer: Layer, facts: Facts | None) -> tuple[Item, ...]:
    cursor = over_unit(frame, layer)
    cursor.stop = len(frame.packet.data) if layer.start < len(frame.packet.data) else len(frame.data)
    hardware, protocol = cursor.number("arp.hw.type", 2), cursor.number("arp.proto.type", 2)
    hardware_len, protocol_len = cursor.number("arp.hw.size", 1), cursor.number("arp.proto.size", 1)
    operation = cursor.number("arp.opcode", 2)
    if not cursor.whole or hardware == ATM:
        return tuple(cursor.items)
    mac = hardware in ETHERNET_LIKE and hardware_len == 6
    ip = protocol == IPV4 and protocol_len == 4
    if mac and ip:
        cursor.note(*_kind_of_question(cursor, operation))
    for side in ("src", "dst"):
        cursor.raw(f"arp.{side}.hw_mac" if mac else f"arp.{side}.hw", hardware_len)
        cursor.raw(f"arp.{side}.proto_ipv4" if ip else f"arp.{side}.proto", protocol_len)
    return tuple(cursor.items)


def _kind_of_question(cursor: Cursor, operation: int) -> tuple[Item, ...]:
    """A probe asks for its own address to be; an announcement tells of it (RFC 5227 section 1.1)."""
    rest = cursor.data[cursor.at : cursor.stop]
    if len(rest) < 20 or operation not in (REQUEST, REPLY):
        return ()
    source, target_mac, target = rest[6:10], rest[10:16], rest[16:20]
    if source == target:
        found = [Item("arp.isgratuitous", 1)]
        if operation == REQUEST and not any(target_mac):
            found.append(Item("arp.isannouncement", 1))
        return tuple(found)
    return (Item("arp.isprobe", 1),) if operation == REQUEST and not any(source) else ()


PACKET = Found(walk)
