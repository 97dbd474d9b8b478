"""Where each part of a packet stands in the OSI seven-, the TCP/IP five- and the four-layer model."""

from __future__ import annotations

import socket
from dataclasses import dataclass

from synfin.explain.quantity import Language
from synfin.explain.words import text
from synfin.wire.frame import Frame
from synfin.wire.layer import Layer

_LINK = frozenset({"eth", "vlan", "ieee8021ad", "ieee8021ah", "mpls", "sll", "sll2", "null", "arp"})
_TITLES = {
    "eth": "Ethernet", "vlan": "VLAN", "ieee8021ad": "802.1ad", "ieee8021ah": "802.1ah", "mpls": "MPLS",
    "sll": "Linux cooked", "sll2": "Linux cooked v2",
    "null": "BSD loopback", "arp": "ARP", "ip": "IPv4", "ipv6": "IPv6", "icmp": "ICMP", "icmpv6": "ICMPv6",
    "tcp": "TCP", "udp": "UDP",
}  # fmt: skip
#: the five-layer model's layers with the four-layer model's name and the OSI layers that each stands for
_FIVE = (
    ("application", "application", (7, 6, 5)), ("transport", "transport", (4,)), ("network", "internet", (3,)),
    ("link", "interface", (2,)), ("physical", "interface", (1,)),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Place:
    """One layer of the five-layer model, with its neighbours' names and what the packet has there."""

    five: str
    four: str
    osi: tuple[str, ...]  #: names of the OSI layers, the upper first
    here: str
    present: bool  #: whether bytes of the packet belong to it


def places(frame: Frame, lang: Language) -> list[Place]:
    """The layers from the application down to the wire."""
    found = {
        "application": _application(frame, lang),
        "transport": _transport(frame, lang),
        "network": _network(frame, lang),
        "link": _link(frame, lang),
        "physical": (text("layer.here.no-wire" if is_loopback(frame) else "layer.here.wire", lang), False),
    }
    return [
        Place(text(f"layer.five.{five}", lang), text(f"layer.four.{four}", lang),
              tuple(text(f"layer.osi.{number}", lang) for number in osi), *found[five])
        for five, four, osi in _FIVE
    ]  # fmt: skip


def why_four(frame: Frame, lang: Language) -> str:
    """The answer to “why four layers here?” for this packet."""
    size = _payload(frame)
    if any(layer.name == "http" for layer in frame.layers):
        return text("layer.why-read", lang, name="HTTP")
    if size and frame.layers[-1] == frame.tcp:
        return text("layer.why-held", lang, bytes=size)
    return text("layer.why-data", lang, bytes=size) if size else text("layer.why-four", lang)


def is_loopback(frame: Frame) -> bool:
    """Whether the packet went from a host to itself by a loopback address."""
    segment = frame.segment
    if segment is None:
        return any(layer.name == "null" for layer in frame.layers)
    return (segment.src[:1] == b"\x7f" and len(segment.src) == 4) or segment.src == b"\0" * 15 + b"\x01"


def _application(frame: Frame, lang: Language) -> tuple[str, bool]:
    size = _payload(frame)
    if any(layer.name == "http" for layer in frame.layers):
        return "HTTP", True
    return (text("layer.here.data", lang, bytes=size), True) if size else (text("layer.here.no-data", lang), False)


def _payload(frame: Frame) -> int:
    if frame.segment is not None:
        return frame.segment.length
    return next((max(layer.end - layer.start, 0) for layer in frame.layers if layer.name == "data"), 0)


def _transport(frame: Frame, lang: Language) -> tuple[str, bool]:
    if frame.segment is not None:
        return f"TCP {frame.segment.src_port} → {frame.segment.dst_port}", True
    udp = next((layer for layer in frame.layers if layer.name == "udp"), None)
    return (_TITLES["udp"], True) if udp else (text("layer.here.none", lang), False)


def _network(frame: Frame, lang: Language) -> tuple[str, bool]:
    shown = [_addressed(frame, layer) for layer in frame.layers if layer.name in {"ip", "ipv6", "icmp", "icmpv6"}]
    return (", ".join(shown), True) if shown else (text("layer.here.none", lang), False)


def _addressed(frame: Frame, layer: Layer) -> str:
    """`IPv4 10.0.0.1 → 10.0.0.2`, the name alone where the addresses were not captured."""
    at, size = {"ip": (12, 4), "ipv6": (8, 16)}.get(layer.name, (0, 0))
    raw = frame.data[layer.start + at : layer.start + at + 2 * size]
    if not size or len(raw) < 2 * size:
        return _TITLES[layer.name]
    family = socket.AF_INET if size == 4 else socket.AF_INET6
    source, target = (socket.inet_ntop(family, raw[:size]), socket.inet_ntop(family, raw[size:]))
    return f"{_TITLES[layer.name]} {source} → {target}"


def _link(frame: Frame, lang: Language) -> tuple[str, bool]:
    found = [layer for layer in frame.layers if layer.name in _LINK]
    if not found:
        return text("layer.here.no-link", lang), False
    names = " · ".join(_TITLES[layer.name] for layer in found)
    first = found[0]
    raw = frame.data[first.start : first.start + 12]
    if first.name != "eth" or len(raw) < 12:
        return names, True
    if not any(raw):
        return text("layer.here.loopback", lang, name=names), True
    return f"{names} {raw[6:].hex(':')} → {raw[:6].hex(':')}", True
