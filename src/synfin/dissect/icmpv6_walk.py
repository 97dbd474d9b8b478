"""The walk over an ICMPv6 message: errors and echo (RFC 4443), neighbours (RFC 4861), listeners (RFC 3810)."""

from __future__ import annotations

from collections.abc import Callable

from synfin.dissect.context import Facts
from synfin.dissect.cursor import Cursor, over_unit
from synfin.dissect.icmp_walk import answered, checked
from synfin.dissect.option import Found, Item
from synfin.wire.frame import Frame
from synfin.wire.layer import Layer

UNREACHABLE, TOO_BIG, TIME_EXCEEDED, PARAMETER = 1, 2, 3, 4
ECHO = (128, 129)
QUERY, REPORT, DONE, REPORT_2 = 130, 131, 132, 143
SOLICIT, ADVERTISE, NEIGHBOUR_SOLICIT, NEIGHBOUR_ADVERTISE, REDIRECT = 133, 134, 135, 136, 137
AGENT_REQUEST, AGENT_REPLY, PREFIX_SOLICIT, PREFIX_ADVERTISE = 144, 145, 146, 147  #: of Mobile IPv6
SHORT_QUERY = 24  #: bytes of a query of the first version
MAX_LABELS = 127


def _source_address(inner: Cursor) -> None:
    _link_address(inner, "src")


def _target_address(inner: Cursor) -> None:
    _link_address(inner, "target")


def _link_address(inner: Cursor, side: str) -> None:
    at, raw = inner.at, inner.data[inner.at : inner.stop]
    names = ("icmpv6.opt.linkaddr", f"icmpv6.opt.{side}_linkaddr") if len(raw) == 6 else ()
    for name in names:
        inner.add(name, raw, at, len(raw))
    inner.at = inner.stop if names else inner.at


def _prefix(inner: Cursor) -> None:
    """RFC 4861 section 4.6.2."""
    inner.number("icmpv6.opt.prefix.length", 1)
    head = "icmpv6.opt.prefix.flag"
    flags = {f"{head}.l": 0x80, f"{head}.a": 0x40, f"{head}.r": 0x20, f"{head}.reserved": 0x1F}
    inner.number(head, 1, *inner.parts(1, flags))
    inner.number("icmpv6.opt.prefix.valid_lifetime", 4)
    inner.number("icmpv6.opt.prefix.preferred_lifetime", 4)
    _reserved(inner, 4)
    inner.raw("icmpv6.opt.prefix", 16)


def _reserved(inner: Cursor, size: int) -> None:
    if inner.fits(size):
        inner.add("icmpv6.opt.reserved", True, inner.at, size)
        inner.skip(size)


def _mtu(inner: Cursor) -> None:
    _reserved(inner, 2)
    inner.number("icmpv6.opt.mtu", 4)


def _servers(inner: Cursor) -> None:
    """RFC 8106 section 5.1."""
    _reserved(inner, 2)
    inner.number("icmpv6.opt.rdnss.lifetime", 4)
    while inner.room >= 16:
        inner.raw("icmpv6.opt.rdnss", 16)


def _search_list(inner: Cursor) -> None:
    """RFC 8106 section 5.2: names as DNS writes them, padded by zeros."""
    _reserved(inner, 2)
    inner.number("icmpv6.opt.dnssl.lifetime", 4)
    while inner.room and inner.peek(1):
        start, labels = inner.at, list[str]()
        while inner.room and (size := inner.peek(1)) and len(labels) < MAX_LABELS:
            labels.append(inner.data[inner.at + 1 : min(inner.at + 1 + size, inner.stop)].decode("latin-1"))
            inner.at = min(inner.at + 1 + size, inner.stop)
        inner.at = min(inner.at + 1, inner.stop)
        inner.add("icmpv6.opt.dnssl", ".".join(labels), start, inner.at - start)


def _route(inner: Cursor) -> None:
    """RFC 4191 section 2.3: the prefix is as long as the option has room for it."""
    inner.number("icmpv6.opt.prefix.length", 1)
    head = "icmpv6.opt.route_info.flag"
    inner.number(head, 1, *inner.parts(1, {f"{head}.route_preference": 0x18, f"{head}.reserved": 0xE7}))
    inner.number("icmpv6.opt.route_lifetime", 4)
    if inner.room:
        at, raw = inner.at, inner.data[inner.at : inner.stop][:16]
        inner.add("icmpv6.opt.prefix", raw.ljust(16, b"\0"), at, len(raw))
        inner.at = inner.stop


def _nonce(inner: Cursor) -> None:
    inner.rest("icmpv6.opt.nonce")


def _portal(inner: Cursor) -> None:
    inner.text("icmpv6.opt.captive_portal", inner.room)


def _redirected(inner: Cursor) -> None:
    _reserved(inner, 6)
    inner.add("icmpv6.opt.redirected_packet", True, inner.at, inner.room)
    inner.at = inner.stop


def _interval(inner: Cursor) -> None:
    _reserved(inner, 2)
    inner.number("icmpv6.opt.advertisement_interval", 4)


def _home_agent(inner: Cursor) -> None:
    _reserved(inner, 2)
    inner.number("icmpv6.opt.home_agent_preference", 2)
    inner.number("icmpv6.opt.home_agent_lifetime", 2)


#: By type of neighbour discovery option.
OPTIONS: dict[int, Callable[[Cursor], None]] = {
    1: _source_address, 2: _target_address, 3: _prefix, 4: _redirected, 5: _mtu, 7: _interval, 8: _home_agent,
    14: _nonce, 24: _route, 25: _servers, 31: _search_list, 37: _portal,
}  # fmt: skip


def _options(cursor: Cursor) -> None:
    """Each is as many words of eight bytes as it says; none ends the walk."""
    while cursor.room >= 2:
        start, kind, words = cursor.at, cursor.peek(1), cursor.peek(1, 1)
        if words <= 0:
            return
        inner = cursor.within(words * 8)
        inner.number("icmpv6.opt.type", 1)
        inner.number("icmpv6.opt.length", 1)
        read = OPTIONS.get(kind)
        if read is not None:
            read(inner)
        cursor.note(Item("icmpv6.opt", True, start, cursor.at - start, tuple(inner.items)))


def _advertisement(cursor: Cursor) -> None:
    head = "icmpv6.nd.ra.flag"
    cursor.number("icmpv6.nd.ra.cur_hop_limit", 1)
    flags = {f"{head}.m": 0x80, f"{head}.o": 0x40, f"{head}.h": 0x20, f"{head}.prf": 0x18, f"{head}.p": 0x04,
             f"{head}.rsv": 0x03}  # fmt: skip
    cursor.number(head, 1, *cursor.parts(1, flags))
    cursor.number("icmpv6.nd.ra.router_lifetime", 2)
    cursor.number("icmpv6.nd.ra.reachable_time", 4)
    cursor.number("icmpv6.nd.ra.retrans_timer", 4)
    _options(cursor)


def _neighbour(cursor: Cursor, kind: int) -> None:
    if kind == NEIGHBOUR_ADVERTISE:
        head = "icmpv6.nd.na.flag"
        flags = {f"{head}.r": 0x80000000, f"{head}.s": 0x40000000, f"{head}.o": 0x20000000, f"{head}.rsv": 0x1FFFFFFF}
        cursor.number(head, 4, *cursor.parts(4, flags))
        cursor.raw("icmpv6.nd.na.target_address", 16)
    elif kind == REDIRECT:
        cursor.raw("icmpv6.reserved", 4)
        cursor.raw("icmpv6.nd.rd.target_address", 16)
        cursor.raw("icmpv6.rd.na.destination_address", 16)
    else:
        cursor.raw("icmpv6.reserved", 4)
        if kind == NEIGHBOUR_SOLICIT:
            cursor.raw("icmpv6.nd.ns.target_address", 16)
    _options(cursor)


def _listener(cursor: Cursor, kind: int, length: int) -> None:
    """RFC 2710, and a longer query by RFC 3810 section 5.1."""
    if kind != QUERY or length == SHORT_QUERY:
        cursor.number("icmpv6.mld.maximum_response_delay", 2)
        cursor.raw("icmpv6.reserved", 2)
        cursor.raw("icmpv6.mld.multicast_address", 16)
        return
    cursor.number("icmpv6.mld.maximum_response_code", 2)
    cursor.raw("icmpv6.reserved", 2)
    cursor.raw("icmpv6.mld.multicast_address", 16)
    flags = {"icmpv6.mld.flag.s": 0x08, "icmpv6.mld.flag.qrv": 0x07, "icmpv6.mld.flag.reserved": 0xF0}
    cursor.number("icmpv6.mld.flag", 1, *cursor.parts(1, flags))
    cursor.number("icmpv6.mld.qqi", 1)
    for _ in range(max(cursor.number("icmpv6.mld.nb_sources", 2), 0)):
        if cursor.room < 16:
            return
        cursor.raw("icmpv6.mld.source_address", 16)


def _report(cursor: Cursor) -> None:
    """RFC 3810 section 5.2."""
    cursor.raw("icmpv6.reserved", 2)
    for _ in range(max(cursor.number("icmpv6.mldr.nb_mcast_records", 2), 0)):
        if cursor.room < 20:
            return
        start, head = cursor.at, "icmpv6.mldr.mar."
        inner = Cursor(cursor.data, start, cursor.stop)
        inner.number(head + "record_type", 1)
        words = inner.number(head + "aux_data_len", 1)
        sources = inner.number(head + "nb_sources", 2)
        inner.raw(head + "multicast_address", 16)
        for _ in range(sources):
            if inner.room < 16:
                break
            inner.raw(head + "source_address", 16)
        if words:
            inner.raw(head + "auxiliary_data", words * 4)
        cursor.at = inner.at
        cursor.note(Item("icmpv6.mldr.mar", True, start, inner.at - start, tuple(inner.items)))


def _mobile(cursor: Cursor, kind: int) -> None:
    """RFC 6275 sections 6.5 to 6.8."""
    cursor.number("icmpv6.mip6.identifier", 2)
    if kind == PREFIX_ADVERTISE:
        head = "icmpv6.mip6.flag"
        cursor.number(head, 2, *cursor.parts(2, {f"{head}.m": 0x8000, f"{head}.o": 0x4000, f"{head}.rsv": 0x3FFF}))
        _options(cursor)
        return
    cursor.raw("icmpv6.reserved", 2)
    while kind == AGENT_REPLY and cursor.room >= 16:
        cursor.raw("icmpv6.mip6.home_agent_address", 16)


def walk(frame: Frame, layer: Layer, facts: Facts | None) -> tuple[Item, ...]:
    """The message's own fields; what it quotes or carries are layers of their own."""
    cursor = over_unit(frame, layer)
    kind = cursor.number("icmpv6.type", 1)
    cursor.number("icmpv6.code", 1)
    checked(cursor, frame, layer)
    if kind in (UNREACHABLE, TIME_EXCEEDED):
        cursor.raw("icmpv6.reserved", 4)
    elif kind == TOO_BIG:
        cursor.number("icmpv6.mtu", 4)
    elif kind == PARAMETER:
        cursor.number("icmpv6.pointer", 4)
    elif kind in ECHO:
        cursor.number("icmpv6.echo.identifier", 2)
        cursor.number("icmpv6.echo.sequence_number", 2)
        cursor.note(*answered(layer, facts))
    elif kind in (QUERY, REPORT, DONE):
        _listener(cursor, kind, layer.end - layer.start)
    elif kind == REPORT_2:
        _report(cursor)
    elif kind in (AGENT_REQUEST, AGENT_REPLY, PREFIX_SOLICIT, PREFIX_ADVERTISE):
        _mobile(cursor, kind)
    elif kind == ADVERTISE:
        _advertisement(cursor)
    elif kind in (SOLICIT, NEIGHBOUR_SOLICIT, NEIGHBOUR_ADVERTISE, REDIRECT):
        _neighbour(cursor, kind)
    return tuple(cursor.items)


MESSAGE = Found(walk)
