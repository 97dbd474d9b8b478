"""Headers that captures on hosts and routers put in front of a packet: NFLOG, pflog, enc, PKTAP, Juniper's, ERF."""

from __future__ import annotations

from collections.abc import Mapping

from synfin.wire.ethernet import IP, IPV6
from synfin.wire.link import FAMILIES
from synfin.wire.walk import Next, Reader, Walk, plain

MAX_ATTRIBUTES = 64  #: TLVs of NFLOG

_NFLOG_FAMILIES = {2: IP, 10: IPV6}
_NFLOG_PAYLOAD = 9
_JUNIPER_MAGIC = b"MGC"
_JUNIPER_EXTENSIONS, _JUNIPER_BARE = 0x80, 0x02
_JUNIPER_PROTOCOLS = {2: IP, 3: 0x8847, 4: 0x8847, 5: 0x8847, 6: IPV6, 7: 0x8847, 8: 0x8847}
#: link types of ERF records: record type -> (bytes before the frame, LINKTYPE_)
ERF_LINKS = {1: (0, 50), 2: (2, 1), 5: (4, 50), 11: (2, 1), 16: (2, 1), 17: (4, 50), 20: (2, 1), 22: (0, 228),
             23: (0, 229)}  # fmt: skip


def nflog(walk: Walk, at: int, end: int) -> Next | None:
    """Linux netfilter's log: attributes with a length and a type, of which one is the packet."""
    place = at + 4
    for _ in range(MAX_ATTRIBUTES):
        head = walk.data[place : place + 4]
        length, kind = int.from_bytes(head[:2], "little"), int.from_bytes(head[2:], "little") & 0x7FFF
        if len(head) < 4 or length < 4:
            break
        if kind == _NFLOG_PAYLOAD:
            walk.layer("nflog", at, place + 4 - at, end)
            family = _NFLOG_FAMILIES.get(walk.data[at], 0)
            return Next("ethertype", family, place + 4, min(end, place + length))
        place += (length + 3) // 4 * 4
    walk.layer("nflog", at, max(min(place, end) - at, 0), end)
    return plain(len(walk.data), end)


def pflog(walk: Walk, at: int, end: int) -> Next | None:
    """OpenBSD's packet filter log: its own length, rounded up to four, then the address family."""
    size = (max(walk.number(at, 1), 0) + 3) // 4 * 4
    if not walk.layer("pflog", at, max(size, 4), end) or size < 4:
        return plain(len(walk.data), end)
    return Next("ethertype", FAMILIES.get(walk.data[at + 1], 0), at + size, end)


def enc(walk: Walk, at: int, end: int) -> Next | None:
    """OpenBSD's IPsec interface: address family (host order), index of the association, flags."""
    if not walk.layer("enc", at, 12, end):
        return plain(len(walk.data), end)
    family = min(walk.number(at, 4), int.from_bytes(walk.data[at : at + 4], "little"))
    return Next("ethertype", FAMILIES.get(family, 0), at + 12, end)


def pktap(walk: Walk, at: int, end: int) -> Next | None:
    """macOS: a header with a length and the link type of what follows."""
    size = int.from_bytes(walk.data[at : at + 4], "little")
    if not walk.layer("pktap", at, max(size, 12), end) or size < 12:
        return plain(len(walk.data), end)
    link = int.from_bytes(walk.data[at + 8 : at + 12], "little")
    return Next("link", {12: 101, 14: 101}.get(link, link), at + size, end)


def juniper(register: str, number: int, cookie: int = 0) -> Reader:
    """A router's header with extensions; what follows is of one kind, or bare with a protocol number."""

    def read(walk: Walk, at: int, end: int) -> Next | None:
        if walk.data[at : at + 3] != _JUNIPER_MAGIC or walk.room(at) < 4:
            return plain(at, end)
        flags, size = walk.data[at + 3], 4
        if flags & _JUNIPER_EXTENSIONS:
            size += 2 + max(walk.number(at + 4, 2), 0)
        bare = flags & _JUNIPER_BARE
        size += 4 if bare else cookie
        if not walk.layer("juniper", at, size, end):
            return plain(len(walk.data), end)
        if bare:
            protocol = int.from_bytes(walk.data[at + size - 4 : at + size], "little")
            return Next("ethertype", _JUNIPER_PROTOCOLS.get(protocol, 0), at + size, end)
        return Next(register, number, at + size, end)

    return read


def erf(walk: Walk, at: int, end: int) -> Next | None:
    """An Endace record within a pcap file: 16 bytes, extension headers of 8 while a bit says so, then the frame."""
    size, more = 16, walk.number(at + 8, 1)
    while more >= 0 and more & 0x80 and size < 16 + 8 * MAX_ATTRIBUTES:
        more = walk.number(at + size, 1)
        size += 8
    before, link = ERF_LINKS.get(max(walk.number(at + 8, 1), 0) & 0x7F, (0, -1))
    if not walk.layer("erf", at, size + before, end):
        return plain(len(walk.data), end)
    return Next("link", link, at + size + before, end)


LINKS: Mapping[int, Reader] = {
    239: nflog, 117: pflog, 109: enc, 258: pktap, 197: erf, 178: juniper("link", 1), 179: juniper("ppp-bare", 0),
    180: juniper("link", 107), 181: juniper("link", 104),
}  # fmt: skip
