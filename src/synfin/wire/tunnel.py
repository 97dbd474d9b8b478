"""Tunnels: headers that carry another packet, behind IP or behind a port of UDP."""

from __future__ import annotations

import zlib
from collections.abc import Mapping

from synfin.wire.ethernet import IP, IPV6
from synfin.wire.walk import Next, Reader, Walk, by_version, plain

MAX_INFLATED = 1 << 16  #: bytes that one compressed datagram may become
MAX_ROUTES = 16  #: source routes of GRE
MAX_EXTENSIONS = 16  #: extension headers of GTP

_ERSPAN_2, _ERSPAN_3, _REDIRECTED = 0x88BE, 0x22EB, 0x883E
_GPE_NEXT = {1: ("ethertype", IP), 2: ("ethertype", IPV6), 3: ("link", 1), 4: ("ethertype", 0x894F)}
_DEFLATE = 2  # compression parameter index of RFC 2394


def ip_in_ip(walk: Walk, at: int, end: int) -> Next | None:
    return Next("ethertype", IP, at, end)


def ipv6_in_ip(walk: Walk, at: int, end: int) -> Next | None:
    return Next("ethertype", IPV6, at, end)


def authentication(walk: Walk, at: int, end: int) -> Next | None:
    """RFC 4302: what follows is in the clear."""
    size = (walk.number(at + 1, 1) + 2) * 4
    if not walk.layer("ah", at, max(size, 8), end):
        return plain(len(walk.data), end)
    return Next("ip", walk.data[at], at + size, end)


def compressed(walk: Walk, at: int, end: int) -> Next | None:
    """RFC 3173, with DEFLATE; what it inflates to is bounded."""
    if not walk.layer("ipcomp", at, 4, end):
        return plain(len(walk.data), end)
    packed = walk.data[at + 4 : end]
    walk.layer("data", at + 4, 0, end)
    try:
        payload = zlib.decompressobj(-15).decompress(packed, MAX_INFLATED)
    except zlib.error:
        return None
    start = walk.rebuild(payload) if payload else None
    return None if start is None else Next("ip", walk.data[at], start, len(walk.data))


def ethernet_in_ip(walk: Walk, at: int, end: int) -> Next | None:
    """RFC 3378."""
    if not walk.layer("etherip", at, 2, end):
        return plain(len(walk.data), end)
    return Next("link", 1, at + 2, end)


def register(walk: Walk, at: int, end: int) -> Next | None:
    """The PIM message that carries a multicast packet to the rendezvous point (RFC 7761 section 4.9.3)."""
    if not walk.layer("pim", at, 8, end) or walk.data[at] != 0x21:
        return None
    return Next("ethertype", by_version(walk.data, at + 8), at + 8, end)


def gre(walk: Walk, at: int, end: int) -> Next | None:
    """RFC 2784, RFC 2890, RFC 1701's routes and PPTP's version (RFC 2637)."""
    flags, kind = walk.number(at, 2), walk.number(at + 2, 2)
    size = _gre_len(walk, at, flags)
    if not walk.layer("gre", at, max(size, 4), end) or size < 4:
        return plain(len(walk.data), end)
    at += size
    if kind == _ERSPAN_2:
        return _erspan(walk, at, end, numbered=bool(flags & 0x1000))
    if kind == _ERSPAN_3:
        return _erspan_3(walk, at, end)
    if kind == _REDIRECTED and walk.number(at, 1) >> 4 != 4:
        at += 4
    return Next("gre", IP if kind == _REDIRECTED else kind, at, end)


def _gre_len(walk: Walk, at: int, flags: int) -> int:
    """Bytes of header by its flags, -1 where that cannot be read."""
    if flags < 0:
        return -1
    size = 4 + (4 if flags & 0xC000 else 0) + (4 if flags & 0x2000 else 0) + (4 if flags & 0x1000 else 0)
    size += 4 if flags & 7 == 1 and flags & 0x0080 else 0
    if not flags & 0x4000:
        return size
    for _ in range(MAX_ROUTES):
        family, length = walk.number(at + size, 2), walk.number(at + size + 3, 1)
        size += 4 + max(length, 0)
        if family <= 0 and length <= 0:
            return size
    return -1


def _erspan(walk: Walk, at: int, end: int, *, numbered: bool) -> Next:
    """Type II; without a sequence number it is type I, which has no header."""
    if not numbered:
        walk.layer("erspan", at, 0, end)
        return Next("link", 1, at, end)
    if not walk.layer("erspan", at, 8, end):
        return plain(len(walk.data), end)
    return Next("link", 1, at + 8, end)


def _erspan_3(walk: Walk, at: int, end: int) -> Next:
    """Type III: twelve bytes, and eight more where the last bit says so."""
    size = 20 if walk.number(at + 11, 1) & 1 and walk.room(at) >= 12 else 12
    if not walk.layer("erspan", at, size, end):
        return plain(len(walk.data), end)
    return Next("link", 1, at + size, end)


def vxlan(walk: Walk, at: int, end: int) -> Next | None:
    """RFC 7348."""
    if not walk.layer("vxlan", at, 8, end):
        return plain(len(walk.data), end)
    return Next("link", 1, at + 8, end)


def vxlan_gpe(walk: Walk, at: int, end: int) -> Next | None:
    """The generic protocol extension: the fourth byte names what follows."""
    if not walk.layer("vxlan", at, 8, end):
        return plain(len(walk.data), end)
    found = _GPE_NEXT.get(walk.data[at + 3])
    return Next(*found, at + 8, end) if found else plain(at + 8, end)


def geneve(walk: Walk, at: int, end: int) -> Next | None:
    """RFC 8926."""
    size = 8 + (walk.number(at, 1) & 0x3F) * 4 if walk.room(at) else 8
    if not walk.layer("geneve", at, size, end):
        return plain(len(walk.data), end)
    return Next("ethertype", walk.number(at + 2, 2), at + size, end)


def gtp(walk: Walk, at: int, end: int) -> Next | None:
    """GTP version 1: user data (message 255), behind extension headers."""
    flags, message = walk.number(at, 1), walk.number(at + 1, 1)
    size = 8 if not flags & 7 else 12
    if not walk.layer("gtp", at, size, end):
        return plain(len(walk.data), end)
    if flags >> 5 != 1 or message != 255:
        return None
    stop = min(end, at + 8 + walk.number(at + 2, 2))
    start = at + size if not flags & 4 else _after_extensions(walk, at + size)
    if start < 0:
        return plain(len(walk.data), end)
    walk.layers[-1] = walk.layers[-1]._replace(header_len=start - at)
    return _user_packet(walk, start, stop)


def _user_packet(walk: Walk, at: int, end: int) -> Next:
    """IP of either version, told by the first byte as Wireshark does: an IPv4 header of 60 bytes is not expected."""
    first = walk.number(at, 1)
    if 0x45 <= first <= 0x4E:
        return Next("ethertype", IP, at, end)
    return Next("ethertype", IPV6, at, end) if first >> 4 == 6 else plain(at, end)


def gtp_0(walk: Walk, at: int, end: int) -> Next | None:
    """GTP version 0 (3GPP TS 09.60): 20 bytes, then user data in message 255."""
    if walk.number(at, 1) >> 4 != 1 or not walk.layer("gtpprime", at, 20, end):
        return plain(at, end)
    if walk.data[at + 1] != 255:
        return None
    return _user_packet(walk, at + 20, min(end, at + 20 + walk.number(at + 2, 2)))


def lisp(walk: Walk, at: int, end: int) -> Next | None:
    """RFC 9300: eight bytes, then IP of either version."""
    if not walk.layer("lisp-data", at, 8, end):
        return plain(len(walk.data), end)
    return Next("ethertype", by_version(walk.data, at + 8), at + 8, end)


def _after_extensions(walk: Walk, at: int) -> int:
    """Where the extension headers end; -1 where that was not captured."""
    for _ in range(MAX_EXTENSIONS):
        if walk.number(at - 1, 1) <= 0:
            break
        length = walk.number(at, 1) * 4
        if length <= 0:
            return -1
        at += length
    return at if at <= len(walk.data) else -1


def l2tp(walk: Walk, at: int, end: int) -> Next | None:
    """RFC 2661: data messages carry PPP."""
    flags = walk.number(at, 2)
    size = 6 + (2 if flags & 0x4000 else 0) + (4 if flags & 0x0800 else 0)
    if flags >= 0 and flags & 0x0200:
        size += 2 + max(walk.number(at + size, 2), 0)
    if not walk.layer("l2tp", at, size, end) or flags & 0x800F != 2:
        return None
    stop = min(end, at + walk.number(at + 2, 2)) if flags & 0x4000 else end
    return Next("ppp-bare", 0, at + size, max(stop, at + size))


def teredo(walk: Walk, at: int, end: int) -> Next | None:
    """RFC 4380: authentication and origin may stand in front of the IPv6 packet."""
    size = 0
    if walk.number(at, 2) == 1:
        size = 13 + max(walk.number(at + 2, 1), 0) + max(walk.number(at + 3, 1), 0)
    if walk.number(at + size, 2) == 0:
        size += 8
    if walk.number(at + size, 1) >> 4 != 6:
        return plain(at, end)
    walk.layer("teredo", at, size, end)
    return Next("ethertype", IPV6, at + size, end)


PROTOCOLS: Mapping[int, Reader] = {
    4: ip_in_ip, 41: ipv6_in_ip, 47: gre, 51: authentication, 97: ethernet_in_ip, 103: register, 108: compressed,
}  # fmt: skip

PORTS: Mapping[int, Reader] = {
    1701: l2tp, 2152: gtp, 3386: gtp_0, 3544: teredo, 4341: lisp, 4754: gre, 4789: vxlan, 4790: vxlan_gpe, 6081: geneve,
}  # fmt: skip
