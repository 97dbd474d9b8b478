"""The Internet checksum (RFC 1071) and what is found when it is looked at: a verdict that knows about offload."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from synfin.dissect.load import limit, number

if TYPE_CHECKING:
    from synfin.wire.frame import Frame
    from synfin.wire.layer import Layer

TCP, UDP, ICMP, ICMPV6 = 6, 17, 1, 58


class Verdict(StrEnum):
    """What a checksum turned out to be."""

    GOOD = "good"
    BAD = "bad"
    PARTIAL = "partial"  #: the sum of the pseudo-header only: the network card was to complete it on its way out
    ABSENT = "absent"  #: zero, which UDP allows over IPv4
    UNKNOWN = "unknown"  #: not all bytes were captured, or only a part of the datagram is there


def fold(data: bytes, carry: int = 0) -> int:
    """The ones' complement sum of 16-bit words, not yet inverted."""
    total = carry + (int.from_bytes(data, "big") << 8 * (len(data) % 2))
    return (total - 1) % 0xFFFF + 1 if total else 0  # 2**16 is 1 modulo 0xFFFF, so words add up by themselves


def carrier(frame: Frame, layer: Layer) -> Layer | None:
    """The IP header right above a layer."""
    before = [found for found in frame.layers if found.start < layer.start or found is layer]
    return next((found for found in reversed(before) if found.name in ("ip", "ipv6")), None)


def pseudo_header(frame: Frame, layer: Layer, protocol: int) -> bytes | None:
    """RFC 9293 section 3.1 and RFC 8200 section 8.1; None where the addresses were not captured."""
    above = carrier(frame, layer)
    if above is None:
        return None
    at, size = (12, 4) if above.name == "ip" else (8, 16)
    addresses = frame.data[above.start + at : above.start + at + 2 * size]
    if len(addresses) < 2 * size:
        return None
    length = layer.end - layer.start
    return addresses + length.to_bytes(4, "big") + protocol.to_bytes(4, "big")


def whole(frame: Frame, layer: Layer) -> bool:
    """Whether all bytes of the data unit are there: captured, and not in other fragments."""
    if layer.end != limit(frame, layer) or layer.end <= layer.start:
        return False
    above = carrier(frame, layer)
    if above is None or above.name != "ip":
        return True
    claimed, place = number(frame, above, 2, 2), number(frame, above, 6, 2)
    rebuilt = layer.start >= len(frame.packet.data)
    return claimed <= above.end - above.start and (rebuilt or not place & 0x3FFF)


def verdict(frame: Frame, layer: Layer) -> Verdict:
    """Of a TCP segment, a UDP datagram or an ICMP message."""
    offset, protocol = {"tcp": (16, TCP), "udp": (6, UDP), "icmp": (2, ICMP), "icmpv6": (2, ICMPV6)}[layer.name]
    told = number(frame, layer, offset, 2)
    if told == 0 and layer.name == "udp":
        return Verdict.ABSENT
    if told < 0 or not whole(frame, layer):
        return Verdict.UNKNOWN
    head = b"" if layer.name == "icmp" else pseudo_header(frame, layer, protocol)
    if head is None:
        return Verdict.UNKNOWN
    carry = fold(head)
    if fold(frame.data[layer.start : layer.end], carry) == 0xFFFF:
        return Verdict.GOOD
    return Verdict.PARTIAL if head and told == carry else Verdict.BAD


def ip_header_verdict(frame: Frame, layer: Layer) -> Verdict:
    """Of an IPv4 header; zero is what a sending host hands to its network card."""
    size = (frame.data[layer.start] & 15) * 4 if layer.start < len(frame.data) else 0
    header = frame.data[layer.start : layer.start + size]
    if len(header) < max(size, 20):
        return Verdict.UNKNOWN
    if fold(header) == 0xFFFF:
        return Verdict.GOOD
    return Verdict.PARTIAL if header[10:12] == b"\0\0" else Verdict.BAD
