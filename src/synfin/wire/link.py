"""Link layers: from the first byte of a frame to the network layer's header.

Link types are the LINKTYPE_ values of pcap and pcapng files. Every walk is bounded by the captured bytes, and each
tag or label that is read moves the offset forward.
"""

from __future__ import annotations

from typing import NamedTuple

from synfin.wire.layer import Layer

NULL, ETHERNET, RAW_BSD, RAW_OPENBSD, RAW, LOOP, LINUX_SLL = 0, 1, 12, 14, 101, 108, 113
IPV4, IPV6, LINUX_SLL2 = 228, 229, 276

SUPPORTED = frozenset({NULL, ETHERNET, RAW_BSD, RAW_OPENBSD, RAW, LOOP, LINUX_SLL, IPV4, IPV6, LINUX_SLL2})

ETHERTYPE_IP, ETHERTYPE_ARP, ETHERTYPE_IPV6 = 0x0800, 0x0806, 0x86DD
VLAN_TYPES = frozenset({0x8100, 0x88A8, 0x9100, 0x9200})
MPLS_TYPES = frozenset({0x8847, 0x8848})
MAX_TAGS = 16  #: VLAN tags and MPLS labels together; more is hostile

_NULL_FAMILY = {2: ETHERTYPE_IP, 24: ETHERTYPE_IPV6, 28: ETHERTYPE_IPV6, 30: ETHERTYPE_IPV6}


class Network(NamedTuple):
    """What the link layer carries: an EtherType (0 where it is none that we know) and where it begins."""

    ethertype: int
    offset: int


def walk(link_type: int, data: bytes, end: int, layers: list[Layer]) -> Network:
    """Append the link layers of a frame of `end` bytes on the wire to `layers`; say what follows them."""
    if link_type == ETHERNET:
        return _ethernet(data, end, layers)
    if link_type == LINUX_SLL:
        return _cooked(data, end, layers)
    if link_type == LINUX_SLL2:
        return _cooked2(data, end, layers)
    if link_type in (NULL, LOOP):
        return _null(link_type, data, end, layers)
    if link_type in (RAW, RAW_BSD, RAW_OPENBSD):
        return Network(_by_version(data, 0), 0)
    if link_type == IPV4:
        return Network(ETHERTYPE_IP, 0)
    if link_type == IPV6:
        return Network(ETHERTYPE_IPV6, 0)
    return Network(0, 0)


def _by_version(data: bytes, at: int) -> int:
    """The EtherType that the first nibble of an IP header implies, 0 for neither."""
    version = data[at] >> 4 if at < len(data) else 0
    return {4: ETHERTYPE_IP, 6: ETHERTYPE_IPV6}.get(version, 0)


def _u16(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 2], "big")


def _ethernet(data: bytes, end: int, layers: list[Layer]) -> Network:
    layers.append(Layer("eth", 0, min(14, len(data)), end))
    if len(data) < 14:
        return Network(0, len(data))
    kind = _u16(data, 12)
    if kind <= 1500:
        # IEEE 802.3 length; its data unit ends there, what follows is padding
        return _llc(data, 14, min(end, 14 + kind), layers)
    return _tags(data, kind, 14, end, layers)


def _llc(data: bytes, at: int, end: int, layers: list[Layer]) -> Network:
    """IEEE 802.2 with SNAP, the only LLC form that carries IP in practice (RFC 1042)."""
    if data[at : at + 6] == b"\xaa\xaa\x03\x00\x00\x00" and len(data) >= at + 8:
        layers.append(Layer("llc", at, 8, end))
        return _tags(data, _u16(data, at + 6), at + 8, end, layers)
    return Network(0, at)


def _tags(data: bytes, kind: int, at: int, end: int, layers: list[Layer]) -> Network:
    """VLAN tags (any nesting) and a stack of MPLS labels, up to what they carry."""
    for _ in range(MAX_TAGS):
        if kind in VLAN_TYPES and at + 4 <= len(data):
            layers.append(Layer("vlan", at, 4, end))
            kind = _u16(data, at + 2)
            at += 4
        elif kind in MPLS_TYPES and at + 4 <= len(data):
            layers.append(Layer("mpls", at, 4, end))
            at += 4
            if data[at - 2] & 1:  # bottom of the stack: the payload tells its kind by its first nibble
                return Network(_by_version(data, at), at)
        else:
            break
    return Network(kind, at)


def _cooked(data: bytes, end: int, layers: list[Layer]) -> Network:
    layers.append(Layer("sll", 0, min(16, len(data)), end))
    return _tags(data, _u16(data, 14), 16, end, layers) if len(data) >= 16 else Network(0, len(data))


def _cooked2(data: bytes, end: int, layers: list[Layer]) -> Network:
    layers.append(Layer("sll2", 0, min(20, len(data)), end))
    return _tags(data, _u16(data, 0), 20, end, layers) if len(data) >= 20 else Network(0, len(data))


def _null(link_type: int, data: bytes, end: int, layers: list[Layer]) -> Network:
    """BSD loopback: an address family in the byte order of the host that captured (LOOP: network order)."""
    layers.append(Layer("null", 0, min(4, len(data)), end))
    if len(data) < 4:
        return Network(0, len(data))
    family = int.from_bytes(data[:4], "big")
    if link_type == NULL and family > 0xFFFF:
        family = int.from_bytes(data[:4], "little")
    return Network(_NULL_FAMILY.get(family, family if family > 1500 else 0), 4)
