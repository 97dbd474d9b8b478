"""Walks over IPv6: what addresses embed, and the extension headers with their options (RFC 8200 section 4)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING

from synfin.dissect.cursor import Cursor, over
from synfin.dissect.load import limit
from synfin.dissect.option import Found, Item

if TYPE_CHECKING:
    from synfin.dissect.context import Facts
    from synfin.wire.frame import Frame
    from synfin.wire.layer import Layer

NAT64 = bytes.fromhex("0064ff9b0000000000000000")  #: RFC 6052 section 2.1
PAD1, SOURCE_ROUTE, MOBILE, RPL, SEGMENTS = 0, 0, 2, 3, 4
OPTION_BITS = {"ipv6.opt.type.action": 0xC0, "ipv6.opt.type.change": 0x20, "ipv6.opt.type.rest": 0x1F}


def embedded(frame: Frame, layer: Layer, facts: Facts | None) -> tuple[Item, ...]:
    """What the two addresses hold: a MAC address (RFC 4291), an IPv4 address of a transition mechanism."""
    found: list[Item] = []
    for side, at in (("src", layer.start + 8), ("dst", layer.start + 24)):
        if at + 16 <= limit(frame, layer):
            found.extend(_inside(frame.data, side, at))
    return tuple(found)


def _inside(data: bytes, side: str, at: int) -> Iterator[Item]:
    address = data[at : at + 16]
    if address[11:13] == b"\xff\xfe":
        mac = bytes([address[8] ^ 2]) + address[9:11] + address[13:16]
        yield from _twice(side, "slaac_mac", mac, at + 8, 8)
    elif address[8:12] in (b"\0\0\x5e\xfe", b"\2\0\x5e\xfe"):
        yield from _twice(side, "isatap_ipv4", address[12:], at + 12, 4)
    if address[:2] == b"\x20\x02":
        gateway, site = address[2:6], int.from_bytes(address[6:8], "big")
        for prefix in (f"ipv6.{side}_", "ipv6."):
            yield Item(prefix + "6to4_gw_ipv4", gateway, at + 2, 4)
            yield Item(prefix + "6to4_sla_id", site, at + 6, 2)
    elif address[:4] == b"\x20\x01\0\0":
        port = int.from_bytes(address[10:12], "big") ^ 0xFFFF
        client = bytes(octet ^ 0xFF for octet in address[12:])
        for prefix in (f"ipv6.{side}_", "ipv6."):
            yield Item(prefix + "ts_ipv4", address[4:8], at + 4, 4)
            yield Item(prefix + "tc_port", port, at + 10, 2)
            yield Item(prefix + "tc_ipv4", client, at + 12, 4)
    elif address[:12] == NAT64:
        yield Item("ipv6.embed_ipv4_prefix", NAT64, at, 12)
        yield from _twice(side, "embed_ipv4", address[12:], at + 12, 4)


def _twice(side: str, name: str, value: bytes, at: int, size: int) -> Iterator[Item]:
    yield Item(f"ipv6.{side}_{name}", value, at, size)
    yield Item(f"ipv6.{name}", value, at, size)


def _begin(cursor: Cursor, name: str) -> None:
    """What all extension headers but Fragment begin with."""
    cursor.number(f"{name}.nxt", 1)
    at, words = cursor.at, cursor.number(f"{name}.len", 1)
    if words >= 0:
        cursor.add(f"{name}.len_oct", 8 * (words + 1), at, 1)


def _alert(inner: Cursor) -> None:
    inner.number("ipv6.opt.router_alert", 2)


def _tunnel_limit(inner: Cursor) -> None:
    inner.number("ipv6.opt.tel", 1)


def _jumbo(inner: Cursor) -> None:
    inner.number("ipv6.opt.jumbo", 4)


def _home(inner: Cursor) -> None:
    inner.raw("ipv6.opt.mipv6.home_address", 16)


def _calipso(inner: Cursor) -> None:
    """RFC 5570 section 5.1."""
    inner.number("ipv6.opt.calipso.doi", 4)
    words = inner.number("ipv6.opt.calipso.cmpt.length", 1)
    inner.number("ipv6.opt.calipso.sens_level", 1)
    inner.number("ipv6.opt.calipso.checksum", 2)
    if words > 0:
        inner.raw("ipv6.opt.calipso.cmpt_bitmap", words * 4)


def _path_mtu(inner: Cursor) -> None:
    """RFC 9268 section 5."""
    inner.number("ipv6.opt.pmtu.min", 2)
    at, told = inner.at, inner.peek(2)
    if told >= 0:
        inner.add("ipv6.opt.pmtu.rtn", told & 0xFFFE, at, 2)
        inner.add("ipv6.opt.pmtu.r_flag", told & 1, at, 2)
        inner.skip(2)


def _performance(inner: Cursor) -> None:
    """RFC 8250 section 3.2."""
    for name, size in (("scale_dtlr", 1), ("scale_dtls", 1), ("psn_this_pkt", 2), ("psn_last_recv", 2),
                       ("delta_last_recv", 2), ("delta_last_sent", 2)):  # fmt: skip
        inner.number(f"ipv6.opt.pdm.{name}", size)


def _rpl(inner: Cursor) -> None:
    """RFC 6553 section 3."""
    flags = {"ipv6.opt.rpl.flag.o": 0x80, "ipv6.opt.rpl.flag.r": 0x40, "ipv6.opt.rpl.flag.f": 0x20,
             "ipv6.opt.rpl.flag.rsv": 0x1F}  # fmt: skip
    inner.number("ipv6.opt.rpl.flag", 1, *inner.parts(1, flags))
    inner.number("ipv6.opt.rpl.instance_id", 1)
    inner.number("ipv6.opt.rpl.sender_rank", 2)


def _quick_start(inner: Cursor) -> None:
    """RFC 4782 section 3.2."""
    function = inner.peek(1) >> 4
    inner.note(*inner.parts(1, {"ipv6.opt.qs_func": 0xF0, "ipv6.opt.qs_rate": 0x0F}))
    inner.skip(1)
    inner.number("ipv6.opt.qs_ttl" if function == 0 else "ipv6.opt.qs_unused", 1)
    inner.note(*inner.parts(4, {"ipv6.opt.qs_nonce": 0xFFFFFFFC, "ipv6.opt.qs_reserved": 3}))
    inner.skip(4)


def _nonce(inner: Cursor) -> None:
    inner.rest("ipv6.opt.ilnp_nonce")


def _padding(inner: Cursor) -> None:
    inner.raw("ipv6.opt.padn", inner.room, empty=True)


def _experiment(inner: Cursor) -> None:
    inner.rest("ipv6.opt.experimental")


#: By type of option.
OPTIONS: dict[int, Callable[[Cursor], None]] = {
    0x01: _padding, 0x04: _tunnel_limit, 0x05: _alert, 0x07: _calipso, 0x0F: _performance, 0x23: _rpl, 0x63: _rpl,
    0x26: _quick_start, 0x30: _path_mtu, 0x8B: _nonce, 0xC2: _jumbo, 0xC9: _home,
    0x1E: _experiment, 0x3E: _experiment, 0x5E: _experiment, 0x7E: _experiment, 0x9E: _experiment, 0xBE: _experiment,
    0xDE: _experiment, 0xFE: _experiment,
}  # fmt: skip


def _option(cursor: Cursor) -> Item:
    """One option; at least its type is passed."""
    start, kind = cursor.at, cursor.peek(1)
    inner = Cursor(cursor.data, start, cursor.stop)
    inner.number("ipv6.opt.type", 1, *inner.parts(1, OPTION_BITS))
    if kind == PAD1:
        inner.add("ipv6.opt.pad1", True, start, 1)
    else:
        length = inner.number("ipv6.opt.length", 1)
        value = inner.within(length)
        read = OPTIONS.get(kind)
        if read is None:
            value.rest("ipv6.opt.unknown")
        else:
            read(value)
        if value.room and value.whole:
            value.rest("ipv6.opt_unknown_data")
        inner.note(*value.items)
    cursor.at = max(inner.at, start + 1)
    return Item("ipv6.opt", True, start, cursor.at - start, tuple(inner.items))


def options(name: str, frame: Frame, layer: Layer, facts: Facts | None) -> tuple[Item, ...]:
    """A Hop-by-Hop or Destination Options header."""
    cursor = over(frame, layer)
    _begin(cursor, name)
    while cursor.room and cursor.whole:
        cursor.note(_option(cursor))
    return tuple(cursor.items)


def routing(frame: Frame, layer: Layer, facts: Facts | None) -> tuple[Item, ...]:
    """RFC 8200 section 4.4; type 0 is deprecated (RFC 5095)."""
    cursor = over(frame, layer)
    _begin(cursor, "ipv6.routing")
    kind = cursor.peek(1)
    old = (Item("ipv6.routing.deprecated", True),) if kind == SOURCE_ROUTE else ()
    cursor.number("ipv6.routing.type", 1, *old)
    cursor.number("ipv6.routing.segleft", 1)
    if kind == SOURCE_ROUTE:
        cursor.raw("ipv6.routing.src.reserved", 4)
        _addresses(cursor, "ipv6.routing.src.addr")
    elif kind == MOBILE:
        cursor.raw("ipv6.routing.mipv6.reserved", 4)
        _addresses(cursor, "ipv6.routing.mipv6.home_address")
    elif kind == SEGMENTS:
        cursor.number("ipv6.routing.srh.last_entry", 1)
        cursor.number("ipv6.routing.srh.flags", 1)
        cursor.raw("ipv6.routing.srh.tag", 2)
        _addresses(cursor, "ipv6.routing.srh.addr")
    else:
        cursor.rest("ipv6.routing.unknown_data")
    return tuple(cursor.items)


def _addresses(cursor: Cursor, name: str) -> None:
    while cursor.room >= 16:
        cursor.raw(name, 16)


def authentication(frame: Frame, layer: Layer, facts: Facts | None) -> tuple[Item, ...]:
    """RFC 4302 section 2."""
    cursor = over(frame, layer)
    cursor.number("ah.next_header", 1)
    cursor.number("ah.length", 1)
    cursor.raw("ah.reserved", 2)
    cursor.number("ah.spi", 4)
    cursor.number("ah.sequence", 4)
    cursor.rest("ah.icv")
    return tuple(cursor.items)


EMBEDDED, ROUTING, AUTHENTICATION = Found(embedded), Found(routing), Found(authentication)
HOP_BY_HOP = Found(partial(options, "ipv6.hopopts"))
DESTINATION = Found(partial(options, "ipv6.dstopts"))
