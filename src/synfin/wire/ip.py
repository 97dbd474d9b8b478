"""IPv4 (RFC 791) and IPv6 (RFC 8200) headers as values: where the transport header lies and how long it is."""

from __future__ import annotations

from typing import NamedTuple

from synfin.wire.layer import Layer

ICMP, TCP, UDP, ICMPV6, NO_NEXT = 1, 6, 17, 58, 59
HOP_BY_HOP, ROUTING, FRAGMENT, DESTINATION = 0, 43, 44, 60
JUMBO = 0xC2  #: type of the option
JUMBOGRAM = 65536  #: the least payload length that needs it
MAX_EXTENSIONS = 16  #: extension headers walked in one packet; more is hostile

EXTENSION_NAMES = {
    HOP_BY_HOP: "ipv6.hopopts",
    ROUTING: "ipv6.routing",
    FRAGMENT: "ipv6.fraghdr",
    DESTINATION: "ipv6.dstopts",
}


class Fragmented(NamedTuple):
    """What a fragment says of its place in the datagram."""

    protocol: int
    ident: int
    offset: int  #: in bytes
    more: bool
    whole: bool  #: all of it was captured


class Datagram(NamedTuple):
    """What an IP header says about its payload."""

    protocol: int  #: IP protocol number, -1 when the payload cannot be read here
    offset: int  #: of the payload in the frame
    length: int  #: of the payload in bytes, by the header
    src: bytes
    dst: bytes
    ttl: int
    ip_id: int | None
    reason: str = ""  #: why protocol is -1: truncated, malformed, fragment
    part: Fragmented | None = None  #: of a fragment
    traffic_class: int | None = None  #: DSCP and ECN


def ipv4(data: bytes, at: int, end: int, layers: list[Layer]) -> Datagram:
    """Read an IPv4 header at `at`; `end` is the frame's end on the wire: it stands for a total length of 0 (offload),
    and no datagram reaches beyond it.
    """
    room = len(data) - at
    if room < 20 or at > end:
        layers.append(Layer("ip", at, room, end))
        return _unreadable("truncated")
    header_len = (data[at] & 15) * 4
    claimed = int.from_bytes(data[at + 2 : at + 4], "big") or end - at
    total = min(claimed, end - at)
    ttl, protocol = data[at + 8], data[at + 9]
    src, dst = data[at + 12 : at + 16], data[at + 16 : at + 20]
    ip_id = int.from_bytes(data[at + 4 : at + 6], "big")
    layers.append(Layer("ip", at, min(max(header_len, 20), room), at + total))
    if data[at] >> 4 != 4 or header_len < 20 or total < header_len:
        return _unreadable("malformed")
    found = Datagram(protocol, at + header_len, total - header_len, src, dst, ttl, ip_id, traffic_class=data[at + 1])
    place = int.from_bytes(data[at + 6 : at + 8], "big")
    if place & 0x3FFF:
        part = Fragmented(protocol, ip_id, (place & 0x1FFF) * 8, bool(place & 0x2000), total == claimed <= room)
        return found._replace(protocol=-1, reason="fragment", part=part)
    return found


def ipv6(data: bytes, at: int, end: int, layers: list[Layer]) -> Datagram:
    """Read an IPv6 header and its extension headers at `at`."""
    if len(data) - at < 40 or end - at < 40:
        layers.append(Layer("ipv6", at, len(data) - at, end))
        return _unreadable("truncated")
    length = int.from_bytes(data[at + 4 : at + 6], "big")
    if not length and data[at + 6] == HOP_BY_HOP and (jumbo := jumbo_length(data, at + 40, end)) >= JUMBOGRAM:
        length = jumbo
    stop = min(at + 40 + length, end)
    layers.append(Layer("ipv6", at, 40, stop))
    if data[at] >> 4 != 6:
        return _unreadable("malformed")
    base = Datagram(data[at + 6], at + 40, stop - at - 40, data[at + 8 : at + 24], data[at + 24 : at + 40],
                    data[at + 7], None, traffic_class=(data[at] & 15) << 4 | data[at + 1] >> 4)  # fmt: skip
    return extensions(data, base, stop, layers)


def jumbo_length(data: bytes, at: int, end: int) -> int:
    """The Jumbo Payload option (RFC 2675) of the Hop-by-Hop Options header at `at`; -1 where there is none."""
    stop = min(end, len(data))
    if at + 8 > stop:
        return -1
    place, stop = at + 2, min(at + 8 * (data[at + 1] + 1), stop)
    while place + 6 <= stop:
        kind, size = data[place], data[place + 1]
        if (kind, size) == (JUMBO, 4):
            return int.from_bytes(data[place + 2 : place + 6], "big")
        place += 2 + size if kind else 1
    return -1


def extensions(data: bytes, found: Datagram, stop: int, layers: list[Layer]) -> Datagram:
    """Walk extension headers; each is at least 8 bytes long, so the walk always advances."""
    for _ in range(MAX_EXTENSIONS):
        name = EXTENSION_NAMES.get(found.protocol)
        if name is None:
            return found
        at = found.offset
        if at + 8 > len(data):
            return found._replace(protocol=-1, reason="truncated")
        if at + 8 > stop:
            return found._replace(protocol=-1, reason="malformed")
        length = 8 if found.protocol == FRAGMENT else 8 * (data[at + 1] + 1)
        layers.append(Layer(name, at, min(length, len(data) - at), stop))
        # an atomic fragment (RFC 6946) is whole; any other part needs the rest
        place = int.from_bytes(data[at + 2 : at + 4], "big") if found.protocol == FRAGMENT else 0
        found = found._replace(protocol=data[at], offset=at + length, length=stop - at - length)
        if place & 0xFFF9:
            ident = int.from_bytes(data[at + 4 : at + 8], "big")
            part = Fragmented(found.protocol, ident, place & 0xFFF8, bool(place & 1), stop <= len(data))
            return found._replace(protocol=-1, reason="fragment", part=part)
        if found.length < 0:
            return found._replace(protocol=-1, reason="malformed")
    return found._replace(protocol=-1, reason="malformed")


def _unreadable(reason: str) -> Datagram:
    return Datagram(-1, 0, 0, b"", b"", 0, None, reason)
