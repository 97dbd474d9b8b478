"""Walks over IPv6: what addresses embed, and the extension headers with their options (RFC 8200 section 4)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING

from synfin.dissect import ipv6_options, ipv6_routing
from synfin.dissect.cursor import Cursor, over
from synfin.dissect.load import Spot, limit
from synfin.dissect.option import Found, Item
from synfin.wire import ip

if TYPE_CHECKING:
    from synfin.dissect.context import Facts
    from synfin.wire.frame import Frame
    from synfin.wire.layer import Layer

VERSION, HEADER_LEN = 6, 40
NAT64 = bytes.fromhex("0064ff9b0000000000000000")  #: RFC 6052 section 2.1


def embedded(frame: Frame, layer: Layer, facts: Facts | None) -> tuple[Item, ...]:
    """What the two addresses hold: a MAC address (RFC 4291), an IPv4 address of a transition mechanism."""
    found: list[Item] = []
    for side, at in (("src", layer.start + 8), ("dst", layer.start + 24)):
        if at + 16 <= limit(frame, layer):
            found.extend(_inside(frame.data, side, at))
    return tuple(found)


def _inside(data: bytes, side: str, at: int) -> Iterator[Item]:
    address = data[at : at + 16]
    if address[11:13] == b"\xff\xfe":
        mac = bytes([address[8] ^ 2]) + address[9:11] + address[13:16]
        yield from _twice(side, "slaac_mac", mac, at + 8, 8)
    elif address[8:12] in (b"\0\0\x5e\xfe", b"\2\0\x5e\xfe"):
        yield from _twice(side, "isatap_ipv4", address[12:], at + 12, 4)
    if address[:2] == b"\x20\x02":
        gateway, site = address[2:6], int.from_bytes(address[6:8], "big")
        for prefix in (f"ipv6.{side}_", "ipv6."):
            yield Item(prefix + "6to4_gw_ipv4", gateway, at + 2, 4)
            yield Item(prefix + "6to4_sla_id", site, at + 6, 2)
    elif address[:4] == b"\x20\x01\0\0":
        port = int.from_bytes(address[10:12], "big") ^ 0xFFFF
        client = bytes(octet ^ 0xFF for octet in address[12:])
        for prefix in (f"ipv6.{side}_", "ipv6."):
            yield Item(prefix + "ts_ipv4", address[4:8], at + 4, 4)
            yield Item(prefix + "tc_port", port, at + 10, 2)
            yield Item(prefix + "tc_ipv4", client, at + 12, 4)
    elif address[:12] == NAT64:
        yield Item("ipv6.embed_ipv4_prefix", NAT64, at, 12)
        yield from _twice(side, "embed_ipv4", address[12:], at + 12, 4)


def is_cut_short(frame: Frame, layer: Layer, facts: Facts | None) -> Iterable[Spot]:
    """Whether not even the header has room on the wire."""
    return (Spot(True),) if layer.end - layer.start < HEADER_LEN else ()


def is_bogus(frame: Frame, layer: Layer, facts: Facts | None) -> Iterable[Spot]:
    """Whether the version is another one."""
    return (Spot(True),) if layer.start < limit(frame, layer) and frame.data[layer.start] >> 4 != VERSION else ()


def _lengths(frame: Frame, layer: Layer) -> tuple[int, int, int]:
    """What the header says of its payload's length and of what follows, and what a jumbogram's option says; or -1."""
    data, at, stop = frame.data, layer.start, len(frame.data)
    if at + HEADER_LEN > limit(frame, layer):
        return -1, -1, -1
    told, following = int.from_bytes(data[at + 4 : at + 6], "big"), data[at + 6]
    jumbo = ip.jumbo_length(data, at + HEADER_LEN, stop) if not told and following == ip.HOP_BY_HOP else -1
    return told, following, jumbo


def exceeds_framing(frame: Frame, layer: Layer, facts: Facts | None) -> Iterable[Spot]:
    told, _, jumbo = _lengths(frame, layer)
    length = jumbo if jumbo >= ip.JUMBOGRAM else told
    room = layer.end - layer.start - HEADER_LEN
    return (Spot(True),) if told >= 0 and length > room and not _is_quoted(frame, layer) else ()


def is_zero(frame: Frame, layer: Layer, facts: Facts | None) -> Iterable[Spot]:
    """Whether a payload has no length, as a network card that cuts up segments is given it."""
    told, following, _ = _lengths(frame, layer)
    return (Spot(True),) if not told and following not in (ip.HOP_BY_HOP, ip.NO_NEXT) else ()


def lacks_jumbo(frame: Frame, layer: Layer, facts: Facts | None) -> Iterable[Spot]:
    told, following, jumbo = _lengths(frame, layer)
    return (Spot(True),) if not told and following == ip.HOP_BY_HOP and jumbo < ip.JUMBOGRAM else ()


def is_jumbo_part(frame: Frame, layer: Layer, facts: Facts | None) -> Iterable[Spot]:
    """Whether a Fragment header stands in a jumbogram, which cannot be parted (RFC 2675 section 3)."""
    above = [one for one in frame.layers if one.name == "ipv6" and one.start < layer.start]
    return (Spot(True),) if above and _lengths(frame, above[-1])[2] >= ip.JUMBOGRAM else ()


def _is_quoted(frame: Frame, layer: Layer) -> bool:
    """Whether an ICMP error quotes the packet, which is seldom whole then."""
    return any(one.name in ("icmp", "icmpv6") and one.start < layer.start for one in frame.layers)


def _twice(side: str, name: str, value: bytes, at: int, size: int) -> Iterator[Item]:
    yield Item(f"ipv6.{side}_{name}", value, at, size)
    yield Item(f"ipv6.{name}", value, at, size)


def _begin(cursor: Cursor, name: str) -> None:
    """What all extension headers but Fragment begin with."""
    cursor.number(f"{name}.nxt", 1)
    at, words = cursor.at, cursor.number(f"{name}.len", 1)
    if words >= 0:
        cursor.add(f"{name}.len_oct", 8 * (words + 1), at, 1)


def _carrier(frame: Frame, layer: Layer) -> bytes:
    """The IPv6 header of an extension header."""
    above = [one for one in frame.layers if one.name == "ipv6" and one.start < layer.start]
    return (frame.data[above[-1].start : above[-1].start + 40] if above else b"").ljust(40, b"\0")


def options(name: str, frame: Frame, layer: Layer, facts: Facts | None) -> tuple[Item, ...]:
    """A Hop-by-Hop or Destination Options header."""
    cursor, header = over(frame, layer), _carrier(frame, layer)
    carrier = ipv6_options.Carrier(name, header[7], int.from_bytes(header[4:6], "big"))
    if name == ipv6_options.HOP and not _is_first(frame, layer):
        cursor.add("ipv6.hopopts.not_first", True)
    _begin(cursor, name)
    ipv6_options.walk(cursor, carrier)
    return tuple(cursor.items)


def _is_first(frame: Frame, layer: Layer) -> bool:
    """Whether the header stands right behind one of IPv6."""
    return any(one.name == "ipv6" and one.start + 40 == layer.start for one in frame.layers)


def routing(frame: Frame, layer: Layer, facts: Facts | None) -> tuple[Item, ...]:
    cursor, header = over(frame, layer), _carrier(frame, layer)
    ipv6_routing.walk(cursor, ipv6_routing.Ends(header[8:24], header[24:40]))
    return tuple(cursor.items)


def authentication(frame: Frame, layer: Layer, facts: Facts | None) -> tuple[Item, ...]:
    """RFC 4302 section 2."""
    cursor = over(frame, layer)
    cursor.number("ah.next_header", 1)
    cursor.number("ah.length", 1)
    cursor.raw("ah.reserved", 2)
    cursor.number("ah.spi", 4)
    cursor.number("ah.sequence", 4)
    cursor.rest("ah.icv")
    return tuple(cursor.items)


EMBEDDED, ROUTING, AUTHENTICATION = Found(embedded), Found(routing), Found(authentication)
HOP_BY_HOP = Found(partial(options, "ipv6.hopopts"))
DESTINATION = Found(partial(options, "ipv6.dstopts"))
