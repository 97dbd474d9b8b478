"""A captured frame taken apart: its layers, and the TCP segment inside it, if any."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from synfin.wire import ip, link
from synfin.wire.layer import Layer
from synfin.wire.tcp import MIN_HEADER_LEN, Segment

MAX_FRAME_LEN = 0x7FFFFFFF  #: a header that claims more is not believed

#: ICMP messages that quote the packet they are about (RFC 792; RFC 4443 section 3)
ICMP_ERRORS = frozenset({3, 4, 5, 11, 12})
ICMPV6_ERRORS = frozenset({1, 2, 3, 4})

#: codes of ICMP "destination unreachable" that end an attempt: network, host, port, and the prohibitions
UNREACHABLE_CODES = frozenset({0, 1, 3, 9, 10, 13})

_TRANSPORT_NAMES = {ip.ICMP: "icmp", ip.UDP: "udp", ip.ICMPV6: "icmpv6"}
_TRANSPORT_HEADER_LEN = {ip.ICMP: 8, ip.UDP: 8, ip.ICMPV6: 8}


class Captured(Protocol):
    """What a frame needs to know of a captured packet."""

    @property
    def number(self) -> int: ...
    @property
    def time_ns(self) -> int: ...
    @property
    def link_type(self) -> int: ...
    @property
    def data(self) -> bytes: ...
    @property
    def wire_len(self) -> int: ...
    @property
    def interface(self) -> int: ...
    @property
    def comments(self) -> tuple[str, ...]: ...


@dataclass(frozen=True, slots=True)
class Frame:
    """A packet and what was found in it."""

    packet: Captured
    layers: tuple[Layer, ...]  #: outermost first
    segment: Segment | None = None  #: of the innermost TCP header
    tcp: Layer | None = None
    quoted: Segment | None = None  #: a TCP header quoted by an ICMP error: no segment of its own
    reason: str = ""  #: why the innermost layer could not be read: truncated, malformed, fragment, unsupported


def dissect(packet: Captured) -> Frame:
    """Take a frame apart; anything unreadable ends the walk and is named in `reason`, never raised."""
    layers: list[Layer] = []
    data, end = packet.data, min(max(packet.wire_len, len(packet.data)), MAX_FRAME_LEN)
    if packet.link_type not in link.SUPPORTED:
        return Frame(packet, (), reason="unsupported")
    network = link.walk(packet.link_type, data, end, layers)
    if layers:
        end = layers[-1].end  # an IEEE 802.3 length ends the data before the frame's end
    if network.ethertype == link.ETHERTYPE_ARP:
        layers.append(Layer("arp", network.offset, min(28, len(data) - network.offset), network.offset + 28))
        return Frame(packet, tuple(layers))
    found = _network(data, network, end, layers)
    if found is None:
        _append_data(data, network.offset, end, layers)
        return Frame(packet, tuple(layers))
    return _transport(packet, found, layers)


def rejects(frame: Frame) -> bool:
    """Whether a frame is an ICMP error that rejects a connection (RFC 1122 section 4.2.3.9, RFC 4443 section 3.1)."""
    at = next((layer for layer in reversed(frame.layers) if layer.name in ("icmp", "icmpv6")), None)
    if at is None or at.header_len < 2:
        return False
    kind, code = frame.packet.data[at.start], frame.packet.data[at.start + 1]
    return kind == 1 if at.name == "icmpv6" else kind == 3 and code in UNREACHABLE_CODES


def _network(data: bytes, network: link.Network, end: int, layers: list[Layer]) -> ip.Datagram | None:
    if network.ethertype == link.ETHERTYPE_IP:
        return ip.ipv4(data, network.offset, end, layers)
    if network.ethertype == link.ETHERTYPE_IPV6:
        return ip.ipv6(data, network.offset, end, layers)
    return None


def _transport(packet: Captured, found: ip.Datagram, layers: list[Layer]) -> Frame:
    data = packet.data
    if found.protocol == ip.TCP:
        return _tcp(packet, found, layers)
    name = _TRANSPORT_NAMES.get(found.protocol)
    if name is None:
        _append_data(data, found.offset, found.offset + found.length, layers)
        return Frame(packet, tuple(layers), reason=found.reason)
    header_len = min(_TRANSPORT_HEADER_LEN[found.protocol], max(len(data) - found.offset, 0))
    layers.append(Layer(name, found.offset, header_len, found.offset + found.length))
    if _quotes(data, found):
        return Frame(packet, tuple(layers), quoted=_quoted(packet, found))
    _append_data(data, found.offset + header_len, found.offset + found.length, layers)
    return Frame(packet, tuple(layers))


def _tcp(packet: Captured, found: ip.Datagram, layers: list[Layer]) -> Frame:
    data, at = packet.data, found.offset
    room = min(len(data), at + found.length) - at
    if room < MIN_HEADER_LEN:
        layers.append(Layer("tcp", at, max(room, 0), at + found.length))
        return Frame(packet, tuple(layers), tcp=layers[-1], reason="truncated")
    segment = _segment(packet, found)
    layers.append(Layer("tcp", at, min(max(segment.hdr_len, MIN_HEADER_LEN), len(data) - at), at + found.length))
    tcp = layers[-1]
    if segment.payload:
        layers.append(Layer("data", at + segment.hdr_len, 0, at + segment.hdr_len + segment.length))
    return Frame(packet, tuple(layers), segment, tcp)


def _segment(packet: Captured, found: ip.Datagram) -> Segment:
    """The TCP header at `found.offset`; its 20 fixed bytes are known to be there."""
    data, at = packet.data, found.offset
    hdr_len = (data[at + 12] >> 4) * 4
    known = hdr_len <= found.length
    body = at + max(hdr_len, MIN_HEADER_LEN)
    stop = min(len(data), at + found.length)
    return Segment(
        frame=packet.number,
        time_ns=packet.time_ns,
        src=found.src,
        dst=found.dst,
        src_port=int.from_bytes(data[at : at + 2], "big"),
        dst_port=int.from_bytes(data[at + 2 : at + 4], "big"),
        seq=int.from_bytes(data[at + 4 : at + 8], "big"),
        ack=int.from_bytes(data[at + 8 : at + 12], "big"),
        flags=int.from_bytes(data[at + 12 : at + 14], "big") & 0x0FFF,
        window=int.from_bytes(data[at + 14 : at + 16], "big"),
        hdr_len=hdr_len,
        len_bytes=found.length - hdr_len if known else None,
        options=data[at + MIN_HEADER_LEN : min(body, stop)],
        payload=data[body:stop] if known and hdr_len >= MIN_HEADER_LEN else b"",
        ttl=found.ttl,
        ip_id=found.ip_id,
        urgent=int.from_bytes(data[at + 18 : at + 20], "big"),
    )


def _quotes(data: bytes, found: ip.Datagram) -> bool:
    if found.offset >= len(data):
        return False
    kind = data[found.offset]
    return (found.protocol == ip.ICMP and kind in ICMP_ERRORS) or (
        found.protocol == ip.ICMPV6 and kind in ICMPV6_ERRORS
    )


def _quoted(packet: Captured, outer: ip.Datagram) -> Segment | None:
    """The TCP header inside an ICMP error, when at least its fixed part was quoted and captured."""
    data, at = packet.data, outer.offset + 8
    ignored: list[Layer] = []
    inner = (ip.ipv4 if outer.protocol == ip.ICMP else ip.ipv6)(data, at, outer.offset + outer.length, ignored)
    if inner.protocol != ip.TCP or inner.length < MIN_HEADER_LEN:
        return None
    if min(len(data), outer.offset + outer.length) - inner.offset < MIN_HEADER_LEN:
        return None
    return _segment(packet, inner)


def _append_data(data: bytes, at: int, end: int, layers: list[Layer]) -> None:
    if at < min(len(data), end):
        layers.append(Layer("data", at, 0, end))
