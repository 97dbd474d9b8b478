"""Walks over the packets with which PPP is set up: all its control protocols share one form (RFC 1661 section 5)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from synfin.dissect.cursor import Cursor, over_unit
from synfin.dissect.option import Found, Item, broken

if TYPE_CHECKING:
    from synfin.dissect.context import Facts
    from synfin.wire.frame import Frame
    from synfin.wire.layer import Layer

HEADER_LEN = 4
VENDOR, FIRST_OPTIONS, LAST_OPTIONS, PROTOCOL_REJECT, IDENTIFICATION, TIME_REMAINING = 0, 1, 4, 8, 12, 13
ECHOES = (9, 10, 11)  #: echo request and reply, discard request
CALLBACK = "cbcp"  #: whose codes are others
#: Lengths of options that have only one.
LENGTHS = {
    "lcp": {1: 4, 2: 6, 5: 6, 7: 2, 8: 2, 17: 4, 18: 2, 23: 4},
    "ipcp": {3: 6, 4: 6, 129: 6, 130: 6, 131: 6, 132: 6},
    "ipv6cp": {1: 10},
}
NAMES = {
    "lcp": {1: "Maximum Receive Unit", 2: "Async Control Character Map", 3: "Authentication Protocol",
            4: "Quality Protocol", 5: "Magic Number", 7: "Protocol Field Compression",
            8: "Address and Control Field Compression", 17: "Multilink MRRU",
            18: "Multilink Short Sequence Number Header", 19: "Multilink Endpoint Discriminator",
            23: "Link Discriminator"},
    "ipcp": {2: "IP Compression Protocol", 3: "IP Address", 4: "Mobile Node's Home IP Address",
             129: "Primary DNS Server IP Address", 130: "Primary NBNS Server IP Address",
             131: "Secondary DNS Server IP Address", 132: "Secondary NBNS Server IP Address"},
    "ipv6cp": {1: "Interface Identifier", 2: "IPv6 Compression Protocol"},
}  # fmt: skip


def control(frame: Frame, layer: Layer, facts: Facts | None) -> tuple[Item, ...]:
    """Code, identifier and length; then what the code asks for."""
    cursor = over_unit(frame, layer)
    code = cursor.number("ppp.code", 1)
    cursor.number("ppp.identifier", 1)
    size = cursor.number("ppp.length", 2) - HEADER_LEN
    if size <= 0 or not cursor.fits(size) or layer.name == CALLBACK:
        return tuple(cursor.items)
    body = cursor.within(size)
    if FIRST_OPTIONS <= code <= LAST_OPTIONS:
        _options(body, layer.name)
    elif code == VENDOR:
        body.number("ppp.magic_number", 4)
        body.number("ppp.oui", 3)
        body.number("ppp.kind", 1)
        body.rest("ppp.data")
    elif not _link(body, code):
        body.rest("ppp.data")
    return (*cursor.items, *body.items)


def _link(body: Cursor, code: int) -> bool:
    """Messages that tell of the link (RFC 1661, RFC 1570), which Wireshark reads in all protocols; False for others."""
    if code == PROTOCOL_REJECT:
        body.number("lcp.rej_proto", 2)
        return True
    if code not in (*ECHOES, IDENTIFICATION, TIME_REMAINING):
        return False
    body.number("lcp.magic_number", 4)
    if code == TIME_REMAINING:
        body.number("lcp.secs_remaining", 4)
    if code in ECHOES:
        body.rest("lcp.data")
    elif body.room and body.whole:
        body.text("lcp.message", body.room, "ascii")
    return True


def _options(body: Cursor, protocol: str) -> None:
    """Options of which only what is wrong is told: each is as long as it must be, and ends where the packet does."""
    names, lengths = NAMES.get(protocol, {}), LENGTHS.get(protocol, {})
    inner, total, start = Cursor(body.data, body.at, body.stop), body.room, body.at
    while inner.room:
        kind, size = inner.peek(1), inner.peek(1, 1)
        name = names.get(kind, f"Unknown (0x{kind:02x})")
        if size < 2 or size > inner.room:
            inner.note(broken(name, "ppp.opt.len.invalid", body.data[inner.at : inner.stop], 0, inner.at))
            break
        if size != lengths.get(kind, size):
            text = f"{name} (with option length = {size} byte{'' if size == 1 else 's'}; should be {lengths[kind]})"
            inner.note(Item(text, None, inner.at, size, (Item("ppp.opt.len.invalid", True),)))
        inner.skip(size)
    if inner.items:
        body.note(Item(f"Options: ({total} byte{'' if total == 1 else 's'})", None, start, total, tuple(inner.items)))


CONTROL = Found(control)
