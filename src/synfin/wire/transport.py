"""What stands above a link layer: IP with its fragments, and the headers behind IP."""

from __future__ import annotations

from collections.abc import Mapping

from synfin.wire import ip
from synfin.wire.ethernet import ARP, IP, IPV6, TWO_TAGS
from synfin.wire.fragments import Part
from synfin.wire.tcp import MIN_CAPTURED, MIN_SHOWN
from synfin.wire.walk import Assembled, Next, Reader, Walk, plain

_UDP_LITE = 136
_RARP = 0x8035  #: RFC 903: the same packet
_ATM = 19  #: hardware type
#: ICMP messages that quote the packet they are about (RFC 792; RFC 4443 section 3)
ICMP_ERRORS = frozenset({3, 4, 5, 11, 12})
ICMPV6_ERRORS = frozenset({1, 2, 3, 4})
#: Messages that carry something else, and bytes in front of that.
ICMP_LENGTHS = {0: 8, 8: 8, 13: 20, 14: 20, 17: 12, 18: 12}
ICMPV6_LENGTHS = {128: 8, 129: 8}


def ipv4(walk: Walk, at: int, end: int) -> Next | None:
    if walk.quoting and not walk.room(at):
        return None
    return _payload(walk, ip.ipv4(walk.data, at, end, walk.layers))


def ipv6(walk: Walk, at: int, end: int) -> Next | None:
    if walk.quoting and not walk.room(at):
        return None
    return _payload(walk, ip.ipv6(walk.data, at, end, walk.layers))


def _payload(walk: Walk, found: ip.Datagram) -> Next | None:
    """What an IP header carries; a fragment carries something when it is the one that completes its datagram."""
    for _ in range(ip.MAX_EXTENSIONS):
        if found.part is None:
            break
        rebuilt = _rebuilt(walk, found, found.part)
        if rebuilt is None:
            return _part_alone(walk, found, found.part)
        found = rebuilt
    walk.datagram = found
    if found.protocol < 0:
        _give_up(walk, found.reason)
        return plain(found.offset, found.offset + found.length)
    return Next("ip", found.protocol, found.offset, found.offset + found.length)


def _rebuilt(walk: Walk, found: ip.Datagram, part: ip.Fragmented) -> ip.Datagram | None:
    """The datagram that this fragment completes."""
    if walk.fragments is None or not part.whole or found.length <= 0:
        return None
    told_at = walk.layers[-1].start
    piece = Part(part.offset, walk.data[found.offset : found.offset + found.length], walk.frame, told_at)
    key = (found.src, found.dst, part.protocol, part.ident, _network(walk, found))
    built = walk.fragments.add(key, piece, last=not part.more, time_ns=walk.time_ns)
    at = None if built is None else walk.rebuild(built.data)
    if built is None or at is None:
        return None
    walk.assembled.append(Assembled(told_at, at, len(built.data), built.parts))
    whole = found._replace(protocol=part.protocol, offset=at, length=len(built.data), part=None, reason="")
    return whole if len(found.src) == 4 else ip.extensions(walk.data, whole, len(walk.data), walk.layers)


def _network(walk: Walk, found: ip.Datagram) -> int:
    """Private IPv4 addresses may stand for other hosts in each VLAN: the innermost tag's number, else 0."""
    if not (_is_private(found.src) or _is_private(found.dst)):
        return 0
    tag = next((layer for layer in reversed(walk.layers) if layer.name in ("vlan", "ieee8021ad")), None)
    if tag is None:
        return 0
    return walk.number(tag.start + (4 if tag.header_len == TWO_TAGS else 0), 2) & 0x0FFF


def _is_private(address: bytes) -> bool:
    """RFC 1918 and link-local (RFC 3927)."""
    if len(address) != 4:
        return False
    first, second = address[0], address[1]
    return first == 10 or (first, second) in ((192, 168), (169, 254)) or (first == 172 and second >> 4 == 1)


def _part_alone(walk: Walk, found: ip.Datagram, part: ip.Fragmented) -> Next:
    """Only the first part of an IPv4 datagram that can never be whole, since the capture cut it, is read by itself."""
    walk.datagram = found
    stop = found.offset + max(found.length, 0)
    if part.offset == 0 and not part.whole and len(found.src) == 4:
        walk.lengthless = True
        return Next("ip", part.protocol, found.offset, stop)
    _give_up(walk, found.reason)
    return plain(found.offset, stop)


def _give_up(walk: Walk, reason: str) -> None:
    if not walk.quoting:
        walk.reason = reason


def arp(walk: Walk, at: int, end: int) -> Next | None:
    """As long as it says that its addresses are (RFC 826); 28 bytes where it does not come to that."""
    addresses = walk.number(at + 4, 1) + walk.number(at + 5, 1) if at + 6 <= min(end, len(walk.data)) else 10
    size = 8 + 2 * addresses
    if walk.number(at, 2) == _ATM:
        size = _atm_size(walk.data[at : min(end, len(walk.data))])
    walk.layer("arp", at, size, at + size)
    return None


def _atm_size(octets: bytes) -> int:
    """ARP for ATM (RFC 2225) counts every address by itself; 12 bytes where that was cut."""
    if len(octets) < 12:
        return 12
    return 12 + sum(octets[at] & 0x3F for at in (4, 5, 9, 10)) + octets[8] + octets[11]


def tcp(walk: Walk, at: int, end: int) -> Next | None:
    """The segment is read once the walk is over; a header cut before its window says too little."""
    room = max(min(len(walk.data), end) - at, 0)
    if room < MIN_SHOWN:
        _give_up(walk, "truncated")
        return None
    offset = (walk.data[at + 12] >> 4) * 4 if room >= MIN_CAPTURED else 0
    walk.layer("tcp", at, min(max(offset, 20), room), end)
    walk.tcp, walk.quoted = walk.layers[-1], walk.quoting
    if room < MIN_CAPTURED:
        _give_up(walk, "truncated")
        return None
    if walk.quoting or offset < 20 or walk.lengthless or at + offset >= min(end, len(walk.data)):
        return None
    return plain(at + offset, end)


def udp(walk: Walk, at: int, end: int) -> Next | None:
    """Its ports tell a tunnel; its own length, where it makes sense, ends the data."""
    if not walk.layer("udp", at, 8, end):
        return plain(len(walk.data), end)
    length = walk.number(at + 4, 2)
    stop = min(end, at + length) if length >= 8 else end
    low, high = sorted((walk.number(at, 2), walk.number(at + 2, 2)))
    return Next("udp", low if low in walk.ports else high, at + 8, stop)


def udp_lite(walk: Walk, at: int, end: int) -> Next | None:
    """RFC 3828: no length of its own; tunnels are not expected."""
    if not walk.layer("udplite", at, 8, end):
        return plain(len(walk.data), end)
    return plain(at + 8, end)


def icmp(walk: Walk, at: int, end: int) -> Next | None:
    return _message(walk, "icmp", ICMP_ERRORS, IP, at, end)


def icmpv6(walk: Walk, at: int, end: int) -> Next | None:
    return _message(walk, "icmpv6", ICMPV6_ERRORS, IPV6, at, end)


def _message(walk: Walk, name: str, errors: frozenset[int], quoted: int, at: int, end: int) -> Next | None:
    """An error quotes a packet, which is not on its way but only spoken of."""
    walk.layer(name, at, 8, end)
    if walk.number(at, 1) in errors:
        walk.quoting = True
        return Next("ethertype", quoted, at + 8, end)
    kind = walk.number(at, 1)
    size = (ICMP_LENGTHS if name == "icmp" else ICMPV6_LENGTHS).get(kind, 0)
    return plain(min(at + size, len(walk.data)), end) if size else None


ETHERTYPES: Mapping[int, Reader] = {IP: ipv4, IPV6: ipv6, ARP: arp, _RARP: arp}
PROTOCOLS: Mapping[int, Reader] = {ip.TCP: tcp, ip.UDP: udp, _UDP_LITE: udp_lite, ip.ICMP: icmp, ip.ICMPV6: icmpv6}
PPP: Mapping[int, Reader] = {0x0021: ipv4, 0x0057: ipv6}
