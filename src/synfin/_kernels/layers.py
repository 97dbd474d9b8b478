# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""What is in a frame: one link layer with VLAN tags, one IP header, one TCP or UDP header, or else UNSURE."""

import cython
from cython import int as cint
from cython import uchar, uint, ushort
from cython.cimports.synfin._kernels.cells import (
    HAS_ARP,
    HAS_ETH,
    HAS_IP4,
    HAS_IP6,
    HAS_TCP,
    HAS_UDP,
    UNSURE,
    WALKED,
    View,
    bytes_of,
)
from cython.cimports.synfin._kernels.octets import be16
from cython.cimports.synfin._kernels.row import KIND_QUOTED, Row

from synfin._kernels import carrier

if not cython.compiled:
    raise ImportError("the kernel layers is not compiled")

MAX_TAGS = cython.declare(cint, 16)

IS_TUNNEL_PORT = cython.declare(uchar[65536])
for _number in carrier.SLOW_PORTS:
    IS_TUNNEL_PORT[_number] = 1


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def behind_link(p: cython.p_const_uchar, cap: uint, link: uint, at: cython.pointer(uint)) -> uint:
    """The EtherType behind the link layer and its tags, its offset in `at`; 0 where this is not for us."""
    kind: uint = 0
    i: cint
    if link == 1:
        if cap < 14:
            return 0
        kind = be16(p + 12)
        at[0] = 14
    elif link == 113 or link == 276:
        if cap < 20:
            return 0
        kind = be16(p + 14) if link == 113 else be16(p)
        at[0] = 16 if link == 113 else 20
    elif link == 0 or link == 108:
        if cap < 5:
            return 0
        at[0] = 4
        kind = p[4] >> 4
        return 0x0800 if kind == 4 else 0x86DD if kind == 6 else 0
    elif link == 101 or link == 12 or link == 14 or link == 228 or link == 229:
        at[0] = 0
        kind = p[0] >> 4 if cap > 0 else 0
        return 0x0800 if kind == 4 else 0x86DD if kind == 6 else 0
    for i in range(MAX_TAGS):
        if kind != 0x8100 and kind != 0x88A8 and kind != 0x9100 and kind != 0x9200:
            break
        if at[0] + 4 > cap:
            return 0
        kind = be16(p + at[0] + 2)
        at[0] += 4
    return kind


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def inside_ip(
    p: cython.p_const_uchar, cap: uint, at: uint, end: uint, protocol: uint, has: uint, segment: uint
) -> uint:
    """What an IP header carries, whose payload of `protocol` stands from `at` to `end`."""
    length: uint
    if protocol == 6:
        return has | HAS_TCP if segment == 1 else UNSURE
    if protocol == 17:
        if at + 8 > cap or at + 8 > end or IS_TUNNEL_PORT[be16(p + at)] or IS_TUNNEL_PORT[be16(p + at + 2)]:
            return UNSURE
        length = be16(p + at + 4)
        if length < 8 or at + length > end:
            return UNSURE  # what a length that lies leaves is told by the readable code
        return has | HAS_UDP
    if protocol == 1 and at + 8 <= cap and at + 8 <= end:
        # what an error quotes is a matter of its own
        return has if p[at] == 0 or p[at] == 8 or 13 <= p[at] <= 18 else UNSURE
    return UNSURE


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def walk(view: cython.pointer(View), index: uint) -> uint:
    row: cython.pointer(Row) = view.rows + index
    p: cython.p_const_uchar = bytes_of(view, index)
    cap: uint = row.cap_len
    at: uint = 0
    end: uint = row.wire_len if row.wire_len > cap else cap
    length: uint
    has: uint = HAS_ETH if row.link_type == 1 else 0
    kind: uint = behind_link(p, cap, row.link_type, cython.address(at))
    if row.reason or row.kind & KIND_QUOTED or end > 0x7FFFFFFF or view.segment[index] == 2:
        return UNSURE
    view.ip_at[index] = cython.cast(ushort, at)
    if kind == 0x0800:
        if at + 20 > cap or p[at] >> 4 != 4:
            return UNSURE
        length = (p[at] & 15) << 2
        if length != 20 or be16(p + at + 6) & 0x3FFF:
            return UNSURE  # options may name the destination
        if be16(p + at + 2) and at + be16(p + at + 2) < end:
            end = at + be16(p + at + 2)
        view.payload_at[index] = cython.cast(ushort, at + length)
        return inside_ip(p, cap, at + length, end, p[at + 9], has | HAS_IP4, view.segment[index])
    if kind == 0x86DD:
        if at + 40 > cap or p[at] >> 4 != 6:
            return UNSURE
        if at + 40 + be16(p + at + 4) < end:
            end = at + 40 + be16(p + at + 4)
        view.payload_at[index] = cython.cast(ushort, at + 40)
        return inside_ip(p, cap, at + 40, end, p[at + 6], has | HAS_IP6, view.segment[index])
    return has | HAS_ARP if kind == 0x0806 and row.link_type == 1 else UNSURE


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def shape(view: cython.pointer(View), index: uint) -> uint:
    """What is in the frame, walked at most once."""
    if view.shape[index] == 0:
        view.shape[index] = cython.cast(uchar, walk(view, index) | WALKED)
    return view.shape[index]
