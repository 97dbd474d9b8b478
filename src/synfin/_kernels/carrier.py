# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""From a frame to IP, and from IP to IP: link layers, tags and tunnels, the compiled twin of their readers in `wire`.

Every function says where the next header stands (`at`), where its claims end (`end`) and what it is, as an EtherType:
0 where nothing follows that leads on to TCP, SLOW where only the readable code knows. Nothing is read at or beyond
`cap`, and `at` only grows.
"""

import cython
from cython import int as cint
from cython import uchar, uint
from cython.cimports.synfin._kernels.carrier import SLOW, Datagram
from cython.cimports.synfin._kernels.octets import be16, be32, load32

if not cython.compiled:
    raise ImportError("the kernel carrier is not compiled")

# What leads to TCP by ways of which this kernel walks only the common ones: the others are left to the readable code
SLOW_LINKS = (
    6, 7, 9, 10, 50, 51, 100, 104, 105, 107, 109, 117, 119, 122, 127, 129, 163, 178, 179, 180, 181, 192, 197, 204,
    219, 239, 240, 241, 242, 258, 274, 281, 282, 284, 285,
)  # fmt: skip
SLOW_ETHERTYPES = (
    0x6558, 0x8100, 0x8847, 0x8848, 0x8863, 0x8864, 0x880B, 0x88A8, 0x88E7, 0x8909, 0x8926, 0x894F, 0x9100, 0x9200,
)  # fmt: skip
SLOW_PROTOCOLS = (4, 41, 47, 51, 97, 103, 108, 137)
SLOW_PORTS = (1701, 2152, 3386, 3544, 4341, 4754, 4789, 4790, 6081, 6635)

IS_SLOW_LINK = cython.declare(uchar[65536])
IS_SLOW_ETHERTYPE = cython.declare(uchar[65536])
IS_SLOW_PROTOCOL = cython.declare(uchar[256])
IS_SLOW_PORT = cython.declare(uchar[65536])
for _number in SLOW_LINKS:
    IS_SLOW_LINK[_number] = 1
for _number in SLOW_ETHERTYPES:
    IS_SLOW_ETHERTYPE[_number] = 1
for _number in SLOW_PROTOCOLS:
    IS_SLOW_PROTOCOL[_number] = 1
for _number in SLOW_PORTS:
    IS_SLOW_PORT[_number] = 1

MAX_TAGS = cython.declare(cint, 8)  # so many and all tunnels stay below the bound of the readable code


@cython.cfunc
@cython.nogil
@cython.inline
@cython.exceptval(check=False)
def by_version(p: cython.p_const_uchar, cap: uint, at: uint) -> uint:
    if at >= cap:
        return 0
    if p[at] >> 4 == 4:
        return 0x0800
    if p[at] >> 4 == 6:
        return 0x86DD
    return 0


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def session(p: cython.p_const_uchar, cap: uint, at: cython.pointer(uint), end: cython.pointer(uint)) -> uint:
    """PPPoE and PPP at `at`; the EtherType of what follows."""
    q: cython.p_const_uchar = p + at[0]
    size: uint = 6
    if at[0] + 10 > cap or q[1] != 0:
        return SLOW
    end[0] = min(end[0], at[0] + 6 + be16(q + 4))
    if be16(q + 6) == 0xFF03:
        size = 8
    if be16(q + size) == 0x0021:
        at[0] += size + 2
        return 0x0800
    if be16(q + size) == 0x0057:
        at[0] += size + 2
        return 0x86DD
    return SLOW


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def tags(p: cython.p_const_uchar, cap: uint, kind: uint, at: cython.pointer(uint), end: cython.pointer(uint)) -> uint:
    """VLAN tags, MPLS labels and PPPoE from `at` on; the EtherType of what follows (0 unknown)."""
    i: cint
    for i in range(MAX_TAGS):
        if (kind == 0x8100 or kind == 0x88A8 or kind == 0x9100 or kind == 0x9200) and at[0] + 4 <= cap:
            kind = be16(p + at[0] + 2)
            at[0] += 4
            if kind <= 1500:
                return SLOW
        elif (kind == 0x8847 or kind == 0x8848) and at[0] + 4 <= cap:
            at[0] += 4
            if p[at[0] - 2] & 1:
                kind = by_version(p, cap, at[0])
                return kind if kind else SLOW
        else:
            break
    return session(p, cap, at, end) if kind == 0x8864 else kind


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def ethernet(p: cython.p_const_uchar, cap: uint, at: cython.pointer(uint), end: cython.pointer(uint)) -> uint:
    """A frame of Ethernet II or IEEE 802.3 at `at`: the EtherType of what it carries, whose offset is in `at` then."""
    q: cython.p_const_uchar = p + at[0]
    kind: uint
    if at[0] + 14 > cap:
        return 0
    kind = be16(q + 12)
    at[0] += 14
    if kind > 1500:
        return tags(p, cap, kind, at, end)
    end[0] = min(end[0], at[0] + kind)
    if at[0] + 8 <= cap and be16(q + 14) == 0xAAAA and be16(q + 16) == 0x0300 and be16(q + 18) == 0:
        at[0] += 8
        return tags(p, cap, be16(q + 20), at, end)
    return SLOW if at[0] + 3 <= cap and (be16(q + 14) == 0xAAAA or be16(q + 14) == 0x0606) else 0


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def link_layer(
    p: cython.p_const_uchar, cap: uint, link: uint, at: cython.pointer(uint), end: cython.pointer(uint)
) -> uint:
    """The EtherType after the link layer, its offset in `at`; `end` shrinks to an IEEE 802.3 length."""
    kind: uint
    at[0] = cap
    if link == 1:
        at[0] = 0
        return ethernet(p, cap, at, end)
    if link == 113:
        if cap < 16:
            return 0
        at[0] = 16
        kind = be16(p + 14)
        return SLOW if kind == 4 else tags(p, cap, kind, at, end)
    if link == 276:
        if cap < 20:
            return 0
        at[0] = 20
        kind = be16(p)
        return SLOW if kind == 4 else tags(p, cap, kind, at, end)
    if link == 0 or link == 108:
        if cap < 4:
            return 0
        kind = be32(p)
        if link == 0 and kind > 0xFFFF:
            kind = load32(p, 0)
        at[0] = 4
        if kind == 2:
            return 0x0800
        if kind == 24 or kind == 28 or kind == 30:
            return 0x86DD
        return kind if kind > 1500 else 0
    at[0] = 0
    if link == 228:
        return 0x0800
    if link == 229:
        return 0x86DD
    return by_version(p, cap, 0)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def supported(link: uint) -> cython.bint:
    return (
        link == 1
        or link == 113
        or link == 276
        or link == 0
        or link == 108
        or link == 101
        or link == 12
        or link == 14
        or link == 228
        or link == 229
    )


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def tunnels(p: cython.p_const_uchar, cap: uint, d: cython.pointer(Datagram)) -> cython.bint:
    """Whether the payload of an IP packet may be a tunnel."""
    if d.protocol == 17:
        return d.offset + 8 <= cap and (IS_SLOW_PORT[be16(p + d.offset)] or IS_SLOW_PORT[be16(p + d.offset + 2)])
    return 0 <= d.protocol <= 255 and IS_SLOW_PROTOCOL[d.protocol]


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def gre(p: cython.p_const_uchar, cap: uint, at: cython.pointer(uint), end: cython.pointer(uint)) -> uint:
    """GRE without routes, and ERSPAN in it."""
    flags: uint
    kind: uint
    if at[0] + 4 > cap:
        return 0
    flags = be16(p + at[0])
    kind = be16(p + at[0] + 2)
    if flags & 0x4000:
        return SLOW
    at[0] += 4
    at[0] += 4 if flags & 0x8000 else 0
    at[0] += 4 if flags & 0x2000 else 0
    at[0] += 4 if flags & 0x1000 else 0
    at[0] += 4 if (flags & 7) == 1 and flags & 0x80 else 0
    if at[0] > cap:
        return 0
    if kind == 0x0800 or kind == 0x86DD:
        return kind
    if kind == 0x8847 or kind == 0x8848:
        return tags(p, cap, kind, at, end)
    if kind == 0x88BE:
        at[0] += 8 if flags & 0x1000 else 0
    elif kind == 0x22EB:
        at[0] += 20 if at[0] + 12 <= cap and p[at[0] + 11] & 1 else 12
    elif kind != 0x6558:
        return SLOW if kind == 0x880B or kind == 0x894F or kind == 0x883E else 0
    return ethernet(p, cap, at, end)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def geneve(p: cython.p_const_uchar, cap: uint, at: cython.pointer(uint), end: cython.pointer(uint)) -> uint:
    start: uint = at[0]
    if start >= cap:
        return 0
    at[0] += 8 + (p[start] & 0x3F) * 4
    if at[0] > cap:
        return 0
    if be16(p + start + 2) == 0x6558:
        return ethernet(p, cap, at, end)
    return tags(p, cap, be16(p + start + 2), at, end)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def gtp(p: cython.p_const_uchar, cap: uint, at: cython.pointer(uint), end: cython.pointer(uint)) -> uint:
    """User data of GTP version 1, behind extension headers; IP is told by its first byte."""
    start: uint = at[0]
    flags: uint
    i: cint
    if start + 8 > cap:
        return 0
    flags = p[start]
    at[0] += 12 if flags & 7 else 8
    if at[0] > cap or flags >> 5 != 1 or p[start + 1] != 255:
        return 0
    end[0] = min(end[0], start + 8 + be16(p + start + 2))
    if flags & 4:
        for i in range(16):
            if at[0] > cap or p[at[0] - 1] == 0:
                break
            if at[0] == cap or p[at[0]] == 0:
                return 0
            at[0] += p[at[0]] * 4
    if at[0] >= cap:
        return 0
    if 0x45 <= p[at[0]] <= 0x4E:
        return 0x0800
    return 0x86DD if p[at[0]] >> 4 == 6 else 0


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def inside(
    p: cython.p_const_uchar, cap: uint, d: cython.pointer(Datagram), at: cython.pointer(uint), end: cython.pointer(uint)
) -> uint:
    """What the payload of an IP packet carries: the EtherType of that, its offset in `at`, its bound in `end`; 0 for
    nothing that leads on, SLOW for what only the readable code knows."""
    port: uint
    length: uint
    if not tunnels(p, cap, d):
        return 0
    at[0] = d.offset
    end[0] = cython.cast(uint, d.offset + d.length)
    if d.protocol == 4:
        return 0x0800
    if d.protocol == 41:
        return 0x86DD
    if d.protocol == 47:
        return gre(p, cap, at, end) if d.offset <= cap else 0
    if d.protocol != 17:
        return SLOW
    length = be16(p + at[0] + 4)
    if length >= 8:
        end[0] = min(end[0], at[0] + length)
    port = min(be16(p + at[0]), be16(p + at[0] + 2))
    if not IS_SLOW_PORT[port]:
        port = max(be16(p + at[0]), be16(p + at[0] + 2))
    at[0] += 8
    if port == 4789:
        at[0] += 8
        return ethernet(p, cap, at, end) if at[0] <= cap else 0
    if port == 6081:
        return geneve(p, cap, at, end)
    if port == 2152:
        return gtp(p, cap, at, end)
    return gre(p, cap, at, end) if port == 4754 else SLOW


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def slow_link(link: uint) -> cython.bint:
    return link <= 0xFFFF and IS_SLOW_LINK[link]


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def slow_type(kind: uint) -> cython.bint:
    """Whether only the readable code can go on with an EtherType."""
    return kind >= SLOW or IS_SLOW_ETHERTYPE[kind]
