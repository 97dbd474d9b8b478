"""The walk over an ARP packet (RFC 826): addresses of any length, by what the packet says of itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from synfin.dissect.arp_atm import atm
from synfin.dissect.cursor import Cursor, over_unit
from synfin.dissect.option import Found, Item

if TYPE_CHECKING:
    from synfin.dissect.context import Facts
    from synfin.wire.frame import Frame
    from synfin.wire.layer import Layer

ETHERNET_LIKE, AX25, IPV4, AX25_IP = (1, 6), 3, 0x0800, 0x00CC
AX25_LEN = 7
REQUEST, REPLY, DYNAMIC_ERROR = 1, 2, 7
ATM = 19


def walk(frame: Frame, layer: Layer, facts: Facts | None) -> tuple[Item, ...]:
    cursor = over_unit(frame, layer)
    cursor.stop = len(frame.packet.data) if layer.start < len(frame.packet.data) else len(frame.data)
    hardware, protocol = cursor.number("arp.hw.type", 2), cursor.number("arp.proto.type", 2)
    if hardware == ATM:
        atm(cursor, ip=protocol == IPV4)
        return tuple(cursor.items)
    hardware_len, protocol_len = cursor.number("arp.hw.size", 1), cursor.number("arp.proto.size", 1)
    operation = cursor.number("arp.opcode", 2)
    if not cursor.whole:
        return tuple(cursor.items)
    ip = protocol in (IPV4, AX25_IP) and protocol_len == 4
    if ip:
        cursor.note(*_kind_of_question(cursor, operation, hardware_len))
    kind = _kind_of_address(hardware, hardware_len)
    for side in ("src", "dst"):
        cursor.raw(f"arp.{side}.hw{kind}", hardware_len)
        if side == "dst" and operation == DYNAMIC_ERROR:
            cursor.number("arp.dst.drarp_error_status", 1)
        else:
            cursor.raw(f"arp.{side}.proto_ipv4" if ip else f"arp.{side}.proto", protocol_len)
    return tuple(cursor.items)


def _kind_of_address(hardware: int, size: int) -> str:
    """The end of the name of hardware addresses."""
    if hardware in ETHERNET_LIKE and size == 6:
        return "_mac"
    return "_ax25" if hardware == AX25 and size == AX25_LEN else ""


def _kind_of_question(cursor: Cursor, operation: int, size: int) -> tuple[Item, ...]:
    """A probe asks for its own address to be; an announcement tells of it (RFC 5227 section 1.1)."""
    rest = cursor.data[cursor.at : cursor.stop]
    if len(rest) < 2 * size + 8 or operation not in (REQUEST, REPLY):
        return ()
    source, target_mac, target = rest[size : size + 4], rest[size + 4 : 2 * size + 4], rest[2 * size + 4 : 2 * size + 8]
    if source == target:
        found = [Item("arp.isgratuitous", 1)]
        if operation == REQUEST and not any(target_mac):
            found.append(Item("arp.isannouncement", 1))
        return tuple(found)
    return (Item("arp.isprobe", 1),) if operation == REQUEST and not any(source) else ()


PACKET = Found(walk)
