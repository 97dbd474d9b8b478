"""Ethernet and what frames like it: IEEE 802.2 LLC, VLAN and switch tags, provider bridging, other LANs."""

from __future__ import annotations

from collections.abc import Mapping

from synfin.wire.ethertype import LARGEST_LENGTH
from synfin.wire.walk import Next, Reader, Walk, plain

IP, IPV6, ARP = 0x0800, 0x86DD, 0x0806
PROVIDER, BACKBONE = 0x88A8, 0x88E7  #: tags of IEEE 802.1ad and 802.1ah
BACKBONE_LEN = 18
ONE_TAG, TWO_TAGS = 4, 8  #: lengths of a layer of IEEE 802.1ad; with IEEE 802.1ah's header it is longer

_OUI_ETHERTYPE = frozenset({0x000000, 0x0000F8, 0x080007})  # encapsulated Ethernet, bridge tunnel, AppleTalk
_OUI_BRIDGED = 0x0080C2  # IEEE 802.1: a whole frame follows
_ARCNET = {
    212: (IP, 4),
    213: (ARP, 4),
    240: (IP, 1),
    241: (ARP, 1),
}  # what it is, and bytes from the protocol id on: RFC 1201 adds split flag and sequence, RFC 1051 nothing
_SAP_IP = 0x06
_NSH_NEXT = {1: ("ethertype", IP), 2: ("ethertype", IPV6), 3: ("link", 1), 5: ("ethertype", 0x8847)}


def ethernet(walk: Walk, at: int, end: int) -> Next | None:
    """Ethernet II, or IEEE 802.3 whose length ends the data before the frame's end."""
    if not walk.layer("eth", at, 14, end):
        return plain(len(walk.data), end)
    kind = walk.number(at + 12, 2)
    if kind > LARGEST_LENGTH:
        return Next("ethertype", kind, at + 14, end)
    stop = min(end, at + 14 + kind)
    return Next("llc", 0, at + 14, stop)


def llc(walk: Walk, at: int, end: int) -> Next | None:
    """IEEE 802.2: SNAP (RFC 1042) with an EtherType or a bridged frame (RFC 2684, padded); or IP by itself."""
    head = walk.data[at : at + 3]
    if head == b"\xaa\xaa\x03" and walk.room(at) >= 8:
        oui, kind = walk.number(at + 3, 3), walk.number(at + 6, 2)
        if oui in _OUI_ETHERTYPE:
            walk.layer("llc", at, 8, end)
            return Next("ethertype", kind, at + 8, end)
        if oui == _OUI_BRIDGED and kind in (1, 7):
            walk.layer("llc", at, 8, end)
            return Next("link", 1, at + 10, end - (4 if kind == 1 else 0))
    elif head == bytes((_SAP_IP, _SAP_IP, 3)):
        walk.layer("llc", at, 3, end)
        return Next("ethertype", IP, at + 3, end)
    size = 3 if len(head) == 3 and head[2] & 3 == 3 else 4  # only unnumbered frames have a control field of one byte
    if walk.room(at) < size or not walk.layer("llc", at, size, end):
        return plain(at, end)
    return plain(at + size, end)


def vlan(walk: Walk, at: int, end: int) -> Next | None:
    """IEEE 802.1Q."""
    if not _tag(walk, "vlan", at, 4, end):
        return plain(at, end)
    return _inner_type(walk, at + 2, end)


def service_tag(walk: Walk, at: int, end: int) -> Next | None:
    """IEEE 802.1ad: a provider's tag, with a second one of its kind or with IEEE 802.1ah's header as one layer."""
    kind = walk.number(at + 2, 2) if walk.room(at) >= 4 else -1
    if kind == BACKBONE:
        size = ONE_TAG + BACKBONE_LEN
    else:
        size = TWO_TAGS if kind == PROVIDER else ONE_TAG
    if not walk.layer("ieee8021ad", at, size, end):
        return None
    return _inner_type(walk, at + size - 2, end)


def _tag(walk: Walk, name: str, at: int, size: int, end: int) -> bool:
    return walk.room(at) >= size and walk.layer(name, at, size, end)


def _inner_type(walk: Walk, at: int, end: int) -> Next:
    """An EtherType at `at`, or a length and LLC after it (inside a tag)."""
    kind = walk.number(at, 2)
    if kind > LARGEST_LENGTH:
        return Next("ethertype", kind, at + 2, end)
    return Next("llc", 0, at + 2, min(end, at + 2 + kind))


def tagged(name: str, size: int) -> Reader:
    """A tag of `size` bytes that ends with an EtherType."""

    def read(walk: Walk, at: int, end: int) -> Next | None:
        if not _tag(walk, name, at, size, end):
            return plain(at, end)
        return _inner_type(walk, at + size - 2, end)

    return read


def backbone(walk: Walk, at: int, end: int) -> Next | None:
    """IEEE 802.1ah: the customer's addresses and type follow the service tag."""
    if not _tag(walk, "ieee8021ah", at, BACKBONE_LEN, end):
        return plain(at, end)
    return Next("ethertype", walk.number(at + BACKBONE_LEN - 2, 2), at + BACKBONE_LEN, end)


def service_header(walk: Walk, at: int, end: int) -> Next | None:
    """Network Service Header (RFC 8300): its length counts words of four bytes."""
    if walk.room(at) < 8:
        return plain(at, end)
    size = max((walk.data[at + 1] & 0x3F) * 4, 8)
    walk.layer("nsh", at, size, end)
    found = _NSH_NEXT.get(walk.data[at + 3])
    return Next(*found, at + size, end) if found else plain(at + size, end)


def switch_tag(name: str, before: int, size: int) -> Reader:
    """A frame with a switch's own tag after `before` bytes of addresses, or in front of them (0)."""

    def read(walk: Walk, at: int, end: int) -> Next | None:
        if not walk.layer("eth" if before else name, at, before or size, end):
            return plain(len(walk.data), end)
        if not before:
            return Next("link", 1, at + size, end)
        if not walk.layer(name, at + before, size + 2, end):
            return plain(len(walk.data), end)
        return _inner_type(walk, at + before + size, end)

    return read


def fddi(walk: Walk, at: int, end: int) -> Next | None:
    """FDDI: frame control and addresses; LLC frames have 0x50 to 0x5f."""
    if not walk.layer("fddi", at, 13, end):
        return plain(len(walk.data), end)
    return Next("llc", 0, at + 13, end) if walk.data[at] >> 4 == 5 else plain(at + 13, end)


def token_ring(walk: Walk, at: int, end: int) -> Next | None:
    """IEEE 802.5: access and frame control, addresses, perhaps source routing (first bit of the source address)."""
    if not walk.layer("tr", at, 14, end):
        return plain(len(walk.data), end)
    size = 14
    if walk.data[at + 8] & 0x80:
        size += (walk.number(at + 14, 1) & 0x1F) if walk.room(at) > 14 else 0
        walk.layers[-1] = walk.layers[-1]._replace(header_len=min(size, walk.room(at)))
    return Next("llc", 0, at + size, end) if walk.data[at + 1] >> 6 == 1 else plain(at + size, end)


def arcnet(before: int) -> Reader:
    """ARCNET with `before` bytes of addresses (and, of Linux, an offset) in front of the protocol id.

    As the BSDs write it, a packet of an awkward length has four more bytes, marked by 0xff (RFC 1201 section 3.4.3).
    """

    def read(walk: Walk, at: int, end: int) -> Next | None:
        if not walk.layer("arcnet", at, before + 1, end):
            return plain(len(walk.data), end)
        kind, size = _ARCNET.get(walk.data[at + before], (0, 0))
        if not kind:
            return plain(at + before + 1, end)
        if before == 2 and size == 4 and walk.number(at + 3, 1) == 0xFF:
            size += 4
        return Next("ethertype", kind, at + before + size, end)

    return read


def skip(name: str, size: int, register: str, number: int, trailer: int = 0) -> Reader:
    """A link header of `size` bytes that always carries the same."""

    def read(walk: Walk, at: int, end: int) -> Next | None:
        if name and not walk.layer(name, at, size, end):
            return plain(len(walk.data), end)
        return Next(register, number, at + size, max(end - trailer, at + size))

    return read


def typed(name: str, size: int, offset: int) -> Reader:
    """A link header of `size` bytes with an EtherType at `offset` of it."""

    def read(walk: Walk, at: int, end: int) -> Next | None:
        if not walk.layer(name, at, size, end):
            return plain(len(walk.data), end)
        kind = walk.number(at + offset, 2)
        return Next("llc", 0, at + size, end) if kind == 4 else Next("ethertype", kind, at + size, end)

    return read


#: LINKTYPE_ values
LINKS: Mapping[int, Reader] = {
    1: ethernet, 6: token_ring, 7: arcnet(2), 10: fddi, 129: arcnet(4), 100: skip("", 0, "llc", 0),
    113: typed("sll", 16, 14), 276: typed("sll2", 20, 0), 242: typed("ipoib", 44, 40), 122: skip("ipfc", 16, "llc", 0),
    281: switch_tag("brcm-tag", 12, 4), 282: switch_tag("brcm-tag", 0, 4), 284: switch_tag("dsa", 12, 4),
    285: switch_tag("edsa", 12, 8), 240: skip("netanalyzer", 4, "link", 1, 4),
    241: skip("netanalyzer", 12, "link", 1, 4), 274: skip("mpacket", 8, "link", 1),
}  # fmt: skip

ETHERTYPES: Mapping[int, Reader] = {
    0x8100: vlan, PROVIDER: service_tag, 0x9100: vlan, 0x9200: vlan, BACKBONE: backbone, 0x8926: tagged("vntag", 6),
    0x8909: tagged("cmd", 8), 0x6558: ethernet, 0x894F: service_header,
}  # fmt: skip

LLC: Mapping[int, Reader] = {0: llc}
