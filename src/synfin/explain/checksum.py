"""Whether the checksums of a packet are right; a sum that the network card was to finish (offload) is no error."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple

from synfin.wire.frame import Frame
from synfin.wire.layer import Layer

Verdict = Literal["good", "bad", "partial", "unverified", "absent"]

_TCP, _UDP = 6, 17
#: where the field stands in the header
_PLACES = {"ip": 10, "tcp": 16, "udp": 6}
_MORE_FRAGMENTS_OR_OFFSET = 0x3FFF


class Checksum(NamedTuple):
    """One checksum of a packet."""

    layer: str  #: ip, tcp or udp
    verdict: Verdict
    found: int
    expected: int | None  #: None where it cannot be worked out: bytes are missing
    start: int  #: offset of the field in the frame


def checksums(frame: Frame) -> list[Checksum]:
    """Those of the packet's own headers, outermost first; what an ICMP error quotes is left out."""
    return list(_checksums(frame))


def _checksums(frame: Frame) -> Iterator[Checksum]:
    network: Layer | None = None
    for layer in frame.layers:
        if layer.name in ("icmp", "icmpv6"):
            return
        if layer.name in ("ip", "ipv6"):
            network = layer
        if layer.name not in _PLACES or layer.start + _PLACES[layer.name] + 2 > len(frame.data):
            continue
        if layer.name == "ip":
            yield _of_header(frame, layer)
        elif network is not None and not _is_short(frame, layer):
            yield _of_segment(frame, layer, network)


def _of_header(frame: Frame, layer: Layer) -> Checksum:
    start = layer.start + _PLACES["ip"]
    found = int.from_bytes(frame.data[start : start + 2], "big")
    size = (frame.data[layer.start] & 0xF) * 4
    header = frame.data[layer.start : layer.start + size]
    if len(header) < max(size, 20):
        return Checksum("ip", "unverified", found, None, start)
    expected = _complement(_sum(header) - found)
    return Checksum("ip", "good" if expected == found else "bad", found, expected, start)


def _of_segment(frame: Frame, layer: Layer, network: Layer) -> Checksum:
    start = layer.start + _PLACES[layer.name]
    found = int.from_bytes(frame.data[start : start + 2], "big")
    if layer.name == "udp" and not found:
        return Checksum("udp", "absent", 0, None, start)
    end = _end(frame, layer)
    data = frame.data[layer.start : end]
    addresses = _addresses(frame, network)
    if len(data) < end - layer.start or addresses is None or _is_part(frame, network):
        return Checksum(layer.name, "unverified", found, None, start)
    protocol = _TCP if layer.name == "tcp" else _UDP
    pseudo = _sum(addresses) + protocol
    expected = _complement(pseudo + len(data) + _sum(data) - found)
    if layer.name == "udp" and expected == 0:
        expected = 0xFFFF  # zero would mean that there is none (RFC 768)
    if expected == found or {expected, found} == {0, 0xFFFF}:
        return Checksum(layer.name, "good", found, expected, start)
    # the kernel leaves the pseudo-header's sum to the card, for large sends without the length
    partial = found in (_folded(pseudo + len(data)), _folded(pseudo))
    return Checksum(layer.name, "partial" if partial else "bad", found, expected, start)


def _is_short(frame: Frame, layer: Layer) -> bool:
    """Whether a UDP header claims less than its own length: it cannot be believed."""
    return layer.name == "udp" and _udp_len(frame, layer) < 8


def _udp_len(frame: Frame, layer: Layer) -> int:
    return int.from_bytes(frame.data[layer.start + 4 : layer.start + 6], "big")


def _end(frame: Frame, layer: Layer) -> int:
    return layer.start + _udp_len(frame, layer) if layer.name == "udp" else layer.end


def _addresses(frame: Frame, network: Layer) -> bytes | None:
    at, size = (12, 8) if network.name == "ip" else (8, 32)
    found = frame.data[network.start + at : network.start + at + size]
    # the last address counts, which is not the present one while a routing header has segments left (RFC 8200 8.1)
    headers = [layer.start for layer in frame.layers if layer.name == "ipv6.routing"]
    routed = any(any(frame.data[start + 3 : start + 4]) for start in headers)
    return found if len(found) == size and not routed else None


def _is_part(frame: Frame, network: Layer) -> bool:
    """Whether only one fragment of the datagram is there."""
    if frame.rebuilt:
        return False
    if network.name == "ip":
        flags = frame.data[network.start + 6 : network.start + 8]
        return bool(int.from_bytes(flags, "big") & _MORE_FRAGMENTS_OR_OFFSET)
    return frame.reason == "fragment"


def _sum(data: bytes) -> int:
    padded = data + b"\0" if len(data) % 2 else data
    return sum(int.from_bytes(padded[at : at + 2], "big") for at in range(0, len(padded), 2))


def _folded(total: int) -> int:
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total


def _complement(total: int) -> int:
    return ~_folded(total) & 0xFFFF
