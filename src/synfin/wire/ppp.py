"""PPP and its kin: PPP in HDLC framing, PPPoE, Cisco HDLC, Frame Relay, MPLS and the wires it pretends to be."""

from __future__ import annotations

from collections.abc import Mapping

from synfin.wire.ethernet import IP, IPV6
from synfin.wire.walk import Next, Reader, Walk, by_version, plain

_CISCO_ADDRESSES = (0x0F, 0x8F)
HDLC_TYPES = (IP, IPV6, 0x8847, 0x8848)  #: types of Cisco HDLC that are EtherTypes
_NLPID = {0xCC: IP, 0x8E: IPV6}
_PLAUSIBLE_TYPES = (IP, IPV6, 0x0806, 0x8100, 0x88A8, 0x8847, 0x8864)  # of a frame within a pseudo-wire
_PROTOCOL_REJECT = 8  # code of control protocols
#: PPP's control protocols by their numbers, under Wireshark's names.
CONTROLS = {
    0xC021: "lcp", 0x8021: "ipcp", 0x8023: "osinlcp", 0x8031: "bcp_ncp", 0x8057: "ipv6cp", 0x8059: "pppmuxcp",
    0x80FD: "ccp", 0x8207: "cdpcp", 0x8281: "mplscp", 0xC029: "cbcp", 0xC02B: "bacp",
}  # fmt: skip
_MANAGEMENT = 1  # kind of associated channel (RFC 5718)
_BRIDGED_ETHERNET = 1  # MAC type of RFC 3518


def ppp(walk: Walk, at: int, end: int) -> Next | None:
    """The protocol number, one byte where it is odd (RFC 1661 section 2), after address and control if they stand."""
    start = at
    if walk.number(at, 1) in _CISCO_ADDRESSES:
        return Next("link", 104, at, end)
    if walk.number(at, 2) == 0xFF03:
        at += 2
    size = 1 if walk.number(at, 1) & 1 else 2
    if not walk.layer("ppp", start, at + size - start, end):
        return plain(len(walk.data), end)
    return Next("ppp", walk.number(at, size), at + size, end)


def control(name: str) -> Reader:
    """A control protocol, whose packets tell their length (RFC 1661 section 5); a rejected one is carried along."""

    def read(walk: Walk, at: int, end: int) -> Next | None:
        size = max(walk.number(at + 2, 2), 4)
        rejects = name != "cbcp" and walk.number(at, 1) == _PROTOCOL_REJECT
        walk.layer(name, at, 6 if rejects else size, end)
        return plain(at + 6, min(end, at + size)) if rejects else None

    return read


def over_ethernet(walk: Walk, at: int, end: int) -> Next | None:
    """PPPoE session data (RFC 2516 section 4); its length ends the data."""
    if not walk.layer("pppoes", at, 6, end):
        return plain(len(walk.data), end)
    stop = min(end, at + 6 + walk.number(at + 4, 2))
    return Next("ppp-bare", 0, at + 6, stop) if walk.data[at + 1] == 0 else plain(at + 6, stop)


def discovery(walk: Walk, at: int, end: int) -> Next | None:
    """The stage before PPPoE sessions (RFC 2516 section 5): tags, as long as the header says."""
    walk.layer("pppoed", at, 6 + max(walk.number(at + 4, 2), 0), end)
    return None


def directed(walk: Walk, at: int, end: int) -> Next | None:
    """LINKTYPE_PPP_WITH_DIR: one byte tells who sent."""
    return Next("link", 9, at + 1, end)


def multilink(walk: Walk, at: int, end: int) -> Next | None:
    """RFC 1990: a packet that fits into one fragment has both marks set."""
    if not walk.layer("mp", at, 4, end):
        return plain(len(walk.data), end)
    return Next("ppp-bare", 0, at + 4, end) if walk.data[at] >> 6 == 3 else plain(at + 4, end)


def bridged(walk: Walk, at: int, end: int) -> Next | None:
    """RFC 3518: flags and a MAC type, then a whole Ethernet frame."""
    if not walk.layer("bcp_bpdu", at, 2, end):
        return plain(len(walk.data), end)
    check = 4 if walk.data[at] & 0x80 else 0
    return Next("link", 1, at + 2, end - check) if walk.data[at + 1] == _BRIDGED_ETHERNET else plain(at + 2, end)


def cisco_hdlc(walk: Walk, at: int, end: int) -> Next | None:
    """Address, control, and a type number of Cisco's: those of IP and MPLS are EtherTypes, others are not."""
    if not walk.layer("chdlc", at, 4, end):
        return plain(len(walk.data), end)
    kind = walk.number(at + 2, 2)
    return Next("ethertype", kind, at + 4, end) if kind in HDLC_TYPES else plain(at + 4, end)


def frame_relay(walk: Walk, at: int, end: int) -> Next | None:
    """Two address bytes, then RFC 2427's control and network layer protocol id, or an EtherType (Cisco)."""
    if walk.room(at) < 4:
        walk.layer("fr", at, 4, end)
        return plain(len(walk.data), end)
    if walk.data[at + 2] != 3:
        walk.layer("fr", at, 4, end)
        return Next("ethertype", walk.number(at + 2, 2), at + 4, end)
    nlpid, size = walk.data[at + 3], 4
    if nlpid == 0 and walk.room(at) > 4:
        nlpid, size = walk.data[at + 4], 5
    walk.layer("fr", at, size, end)
    if nlpid in _NLPID:
        return Next("ethertype", _NLPID[nlpid], at + size, end)
    if nlpid == 0x80 and walk.room(at) >= size + 5:
        return _snap(walk, at + size, end)
    return plain(at + size, end)


def _snap(walk: Walk, at: int, end: int) -> Next:
    oui, kind = walk.number(at, 3), walk.number(at + 3, 2)
    if oui == 0x0080C2 and kind in (1, 7):
        return Next("link", 1, at + 5, end - (4 if kind == 1 else 0))
    return Next("ethertype", kind, at + 5, end) if oui == 0 else plain(at + 5, end)


def mpls(walk: Walk, at: int, end: int) -> Next | None:
    """One label of a stack (RFC 3032); below the last the first nibble tells the kind, as for an ECMP router."""
    if walk.room(at) < 4:
        return plain(at, end)
    walk.layer("mpls", at, 4, end)
    if not walk.data[at + 2] & 1:
        return Next("ethertype", 0x8847, at + 4, end)
    kind = by_version(walk.data, at + 4)
    if kind:
        return Next("ethertype", kind, at + 4, end)
    if walk.number(at + 4, 1) >> 4 == 1:
        return _channel(walk, at + 4, end)
    return _pseudo_wire(walk, at + 4, end)


def _channel(walk: Walk, at: int, end: int) -> Next | None:
    """An associated channel (RFC 4385 section 5): what is signalled in it is no traffic, so no packet is looked for."""
    if not walk.layer("pwach", at, 4, end):
        return None
    if walk.number(at + 2, 2) != _MANAGEMENT:
        return plain(at + 4, end)
    return plain(at + 6, end) if walk.layer("mcc", at + 4, 2, end) else None


def _pseudo_wire(walk: Walk, at: int, end: int) -> Next:
    """An Ethernet pseudo-wire with its control word (RFC 4448 section 4.6), if it looks like one."""
    if walk.number(at, 1) != 0 or walk.number(at + 16, 2) not in _PLAUSIBLE_TYPES:
        return plain(at, end)
    walk.layer("pwethcw", at, 4, end)
    return Next("link", 1, at + 4, end)


LINKS: Mapping[int, Reader] = {
    9: ppp, 50: ppp, 51: over_ethernet, 104: cisco_hdlc, 107: frame_relay, 204: directed, 219: mpls,
}  # fmt: skip
ETHERTYPES: Mapping[int, Reader] = {0x8847: mpls, 0x8848: mpls, 0x8863: discovery, 0x8864: over_ethernet, 0x880B: ppp}
PROTOCOLS: Mapping[int, Reader] = {137: mpls}  #: of IP (RFC 4023)
PORTS: Mapping[int, Reader] = {6635: mpls}  #: of UDP (RFC 7510)
BARE: Mapping[int, Reader] = {0: ppp}
#: Of PPP, beside the network protocols.
NUMBERS: Mapping[int, Reader] = {
    0x0031: bridged, 0x003D: multilink, 0x0281: mpls, 0x0283: mpls,
    **{number: control(name) for number, name in CONTROLS.items()},
}  # fmt: skip
