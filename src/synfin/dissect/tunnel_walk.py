"""Walks over the headers of tunnels: each reads one header from its first byte to its last."""

from __future__ import annotations

from typing import TYPE_CHECKING

from synfin.dissect.cursor import Cursor, over, over_unit
from synfin.dissect.l2tp_control import attributes
from synfin.dissect.load import limit
from synfin.dissect.option import Found, Item
from synfin.dissect.verified import BAD, of_gre
from synfin.dissect.verified import Found as Checksum

if TYPE_CHECKING:
    from synfin.dissect.context import Facts
    from synfin.wire.frame import Frame
    from synfin.wire.layer import Layer

WCCP = b"\x88\x3e"
GRE_ACKNOWLEDGED = (0x880B, 0x8881)  #: types of which one bit tells of an acknowledgment: PPTP, CDMA2000
ERSPAN_2, ERSPAN_3 = 1, 2
PLATFORM_LEN = 8
_BY_SWITCH = ({"erspan.pid5.switchid": 0x03FF0000, "erspan.pid5.port_index": 0xFFFF}, "erspan.pid5.timestamp")
_BY_SOURCE = ({"erspan.pid7.rsvd1": 0x03F00000, "erspan.pid7.source_index": 0xFFFFF}, "erspan.pid7.timestamp")
#: Parts of the first word, and the second, by platform.
PLATFORMS: dict[int, tuple[dict[str, int], str]] = {
    0: _BY_SOURCE,
    7: _BY_SOURCE,
    5: _BY_SWITCH,
    6: _BY_SWITCH,
    1: ({"erspan.pid1.rsvd1": 0x03FFF000, "erspan.pid1.vsmid": 0xFFF}, "erspan.pid1.port_index"),
    3: ({"erspan.pid3.rsvd1": 0x03FFC000, "erspan.pid3.port_index": 0x3FFF}, "erspan.pid3.timestamp"),
    4: ({"erspan.pid4.rsvd1": 0x03FFC000, "erspan.pid4.rsvd2": 0x3FFF}, "erspan.pid4.rsvd3"),
}
GTP_USER_DATA = 255
PDU_SESSION, PDCP_NUMBER, UDP_PORT = 0x85, 0xC0, 0x40
MAX_EXTENSIONS = 16

GRE_BITS = {
    "gre.flags.checksum": 0x8000, "gre.flags.routing": 0x4000, "gre.flags.key": 0x2000,
    "gre.flags.sequence_number": 0x1000, "gre.flags.strict_source_route": 0x0800,
    "gre.flags.recursion_control": 0x0700,
}  # fmt: skip
L2TP_CONTROL = 0xC802  #: bits and version of every control message
L2TP_BITS = {
    "l2tp.type": 0x8000, "l2tp.length_bit": 0x4000, "l2tp.seq_bit": 0x0800, "l2tp.offset_bit": 0x0200,
    "l2tp.priority": 0x0100, "l2tp.version": 0x000F,
}  # fmt: skip


def gre(frame: Frame, layer: Layer, facts: Facts | None) -> tuple[Item, ...]:
    """RFC 2784, RFC 2890; version 1 is PPTP's (RFC 2637)."""
    cursor = over(frame, layer)
    flags = max(cursor.peek(2), 0)
    version = {"gre.flags.version": 0x0007}
    if cursor.peek(2, 2) in GRE_ACKNOWLEDGED:
        middle = {"gre.flags.ack": 0x0080, "gre.flags.reserved": 0x0078}
    else:
        middle = {"gre.flags.reserved": 0x00F8}
    cursor.number("gre.flags_and_version", 2, *cursor.parts(2, {**GRE_BITS, **middle, **version}))
    cursor.number("gre.proto", 2)
    if flags & 0xC000:
        _gre_checksum(cursor, of_gre(frame, layer))
        cursor.number("gre.offset", 2)
    if flags & 0x2000 and flags & 7 == 1:
        cursor.number("gre.key.payload_length", 2)
        cursor.number("gre.key.call_id", 2)
    elif flags & 0x2000:
        cursor.number("gre.key", 4)
    if flags & 0x1000:
        cursor.number("gre.sequence_number", 4)
    if flags & 7 == 1 and flags & 0x0080:
        cursor.number("gre.ack_number", 4)
    if flags & 0x4000:
        _routes(cursor)
    if frame.data[layer.start + 2 : layer.start + 4] == WCCP:
        cursor.note(*_redirection(frame, layer))
    return tuple(cursor.items)


def _routes(cursor: Cursor) -> None:
    """Source route entries up to one that is empty (RFC 1701); each is at least four bytes long."""
    while cursor.room >= 4 and cursor.whole:
        family, size = cursor.peek(2), cursor.peek(1, 3)
        cursor.add("gre.routing", True, cursor.at, 4 + size)
        cursor.number("gre.routing.address_family", 2)
        cursor.number("gre.routing.sre_offset", 1)
        cursor.number("gre.routing.src_length", 1)
        cursor.raw("gre.routing.information", size)
        if not family and not size:
            return


def _redirection(frame: Frame, layer: Layer) -> tuple[Item, ...]:
    """The header of WCCP version 2 behind GRE's; version 1 has none, and IPv4 begins with 4."""
    start = layer.start + layer.header_len
    inner = Cursor(frame.data, start, min(start + 4, limit(frame, layer)))
    if inner.room < 4 or inner.peek(1) >> 4 == 4:
        return ()
    masks = {"gre.wccp.dynamic_service": 1, "gre.wccp.alternative_bucket_used": 2, "gre.wccp.redirect_header_valid": 4}
    inner.note(*inner.parts(1, masks))
    inner.skip(1)
    for name in ("service_id", "alternative_bucket", "primary_bucket"):
        inner.number(f"gre.wccp.{name}", 1)
    return (Item("gre.wccp.redirect_header", True, start, 4, tuple(inner.items)),)


def _gre_checksum(cursor: Cursor, found: Checksum) -> None:
    wrong = (Item("gre.checksum.incorrect", True),) if found.status == BAD else ()
    cursor.number("gre.checksum", 2, *wrong)
    if cursor.whole:
        cursor.add("gre.checksum.status", found.status)


def erspan(frame: Frame, layer: Layer, facts: Facts | None) -> tuple[Item, ...]:
    """Type II and type III (draft-foschiano-erspan); type I has no header."""
    cursor = over(frame, layer)
    version = cursor.peek(2) >> 12
    if version not in (ERSPAN_2, ERSPAN_3):
        told = cursor.parts(2, {"erspan.version": 0xF000})
        note = (Item("erspan.version.unknown", True),)
        return (*told, *(item._replace(children=note) for item in told))
    cursor.note(*cursor.parts(2, {"erspan.version": 0xF000, "erspan.vlan": 0x0FFF}))
    cursor.skip(2)
    second = "erspan.encap" if version == ERSPAN_2 else "erspan.bso"
    names = {"erspan.cos": 0xE000, second: 0x1800, "erspan.truncated": 0x0400, "erspan.spanid": 0x03FF}
    cursor.note(*cursor.parts(2, names))
    cursor.skip(2)
    if version == ERSPAN_2:
        cursor.note(*cursor.parts(4, {"erspan.reserved": 0xFFF00000, "erspan.index": 0x000FFFFF}))
        return tuple(cursor.items)
    cursor.number("erspan.timestamp", 4)
    cursor.number("erspan.sgt", 2)
    names = {"erspan.p": 0x8000, "erspan.ft": 0x7C00, "erspan.hw": 0x03F0, "erspan.direction": 0x0008,
             "erspan.gra": 0x0006, "erspan.o": 0x0001}  # fmt: skip
    more = cursor.peek(2) & 1
    cursor.note(*cursor.parts(2, names))
    cursor.skip(2)
    if more and cursor.room >= PLATFORM_LEN:
        _platform(cursor)
    return tuple(cursor.items)


def _platform(cursor: Cursor) -> None:
    """Eight bytes whose meaning depends on the platform that wrote them."""
    first = cursor.peek(1) >> 2
    cursor.note(*cursor.parts(4, {"erspan.platid": 0xFC000000}))
    if first not in PLATFORMS:
        cursor.note(*cursor.parts(8, {"erspan.pid.rsvd": 0x03FFFFFF}))
        return
    masks, last = PLATFORMS[first]
    cursor.note(*cursor.parts(4, masks))
    cursor.skip(4)
    cursor.number(last, 4)


def gtp(frame: Frame, layer: Layer, facts: Facts | None) -> tuple[Item, ...]:
    """Version 1 (3GPP TS 29.281 section 5) or 0 (TS 09.60): the header, with the extension headers of user data."""
    cursor = over_unit(frame, layer)
    flags = max(cursor.peek(1), 0)
    head = "gtp.flags."
    if flags >> 5 == 1:
        bits = {head + "version": 0xE0, head + "payload": 0x10, head + "reserved": 0x08, head + "e": 0x04,
                head + "s": 0x02, head + "pn": 0x01}  # fmt: skip
    else:
        bits = {head + "version": 0xE0, head + "payload": 0x10, head + "reserved": 0x0E, head + "snn": 0x01}
    cursor.number("gtp.flags", 1, *cursor.parts(1, bits))
    cursor.number("gtp.message", 1)
    cursor.number("gtp.length", 2)
    if flags >> 5 != 1:
        cursor.number("gtp.seq_number", 2)
        cursor.number("gtp.flow_label", 2)
        cursor.number("gtp.sndcp_number", 1)
        cursor.skip(3)
        return tuple(cursor.items)
    cursor.number("gtp.teid", 4)
    if flags & 7:
        _gtp_optional(cursor, flags)
    return tuple(cursor.items)


def _gtp_optional(cursor: Cursor, flags: int) -> None:
    """Four bytes stand when any of three bits is set; each counts only by its own bit."""
    if flags & 2:
        cursor.number("gtp.seq_number", 2)
    else:
        cursor.skip(2)
    if flags & 1:
        cursor.number("gtp.npdu_number", 1)
    else:
        cursor.skip(1)
    if not flags & 4:
        cursor.skip(1)
        return
    kind = cursor.number("gtp.ext_hdr.next", 1)
    for _ in range(MAX_EXTENSIONS):
        words = cursor.peek(1)
        if kind <= 0 or words <= 0 or not cursor.fits(words * 4):
            return
        start = cursor.at
        inner = cursor.within(words * 4)
        kind = _gtp_extension(inner, kind)
        cursor.note(Item("gtp.ext_hdr", True, start, words * 4, tuple(inner.items)))


def _gtp_extension(inner: Cursor, kind: int) -> int:
    """One extension header; the kind of the next stands in its last byte."""
    inner.number("gtp.ext_hdr.length", 1)
    if kind == PDU_SESSION:
        down = inner.peek(1) >> 4 == 0
        inner.note(*inner.parts(1, {"gtp.ext_hdr.pdu_ses_con.pdu_type": 0xF0}))
        inner.skip(1)
        first = {"gtp.ext_hdr.pdu_ses_cont.ppp": 0x80, "gtp.ext_hdr.pdu_ses_cont.rqi": 0x40} if down else {}
        inner.note(*inner.parts(1, {**first, "gtp.ext_hdr.pdu_ses_con.qos_flow_id": 0x3F}))
        inner.skip(1)
    elif kind == PDCP_NUMBER:
        inner.number("gtp.ext_hdr.pdcp_sn", 2)
    elif kind == UDP_PORT:
        inner.number("gtp.ext_hdr.udp_port", 2)
    inner.at = max(inner.stop - 1, inner.at)
    return inner.number("gtp.ext_hdr.next", 1)


def l2tp(frame: Frame, layer: Layer, facts: Facts | None) -> tuple[Item, ...]:
    """RFC 2661 section 3.1; a control message has its attributes behind the header."""
    cursor = over(frame, layer)
    flags = max(cursor.peek(2), 0)
    cursor.number("l2tp.flags", 2, *cursor.parts(2, L2TP_BITS))
    if flags & 0x4000:
        cursor.number("l2tp.length", 2)
    cursor.number("l2tp.tunnel", 2)
    cursor.number("l2tp.session", 2)
    if flags & 0x0800:
        cursor.number("l2tp.Ns", 2)
        cursor.number("l2tp.Nr", 2)
    if flags & 0x0200:
        cursor.number("l2tp.offset", 2)
    elif flags & L2TP_CONTROL == L2TP_CONTROL and cursor.whole:
        told = int.from_bytes(frame.data[layer.start + 2 : layer.start + 4], "big")
        message = Cursor(frame.data, cursor.at, min(limit(frame, layer), layer.start + told))
        attributes(message)
        cursor.note(*message.items)
    return tuple(cursor.items)


def teredo(frame: Frame, layer: Layer, facts: Facts | None) -> tuple[Item, ...]:
    """RFC 4380 section 5.1.1: authentication, then origin."""
    cursor = over(frame, layer)
    if cursor.peek(2) == 1:
        start = cursor.at
        inner = cursor.within(13 + max(cursor.peek(1, 2), 0) + max(cursor.peek(1, 3), 0))
        inner.skip(2)
        id_len, value_len = inner.number("teredo.auth.idlen", 1), inner.number("teredo.auth.aulen", 1)
        inner.raw("teredo.auth.id", max(id_len, 0))
        inner.raw("teredo.auth.value", max(value_len, 0))
        inner.raw("teredo.auth.nonce", 8)
        inner.raw("teredo.auth.conf", 1)
        cursor.note(Item("teredo.auth", True, start, cursor.at - start, tuple(inner.items)))
    if cursor.room >= 8 and cursor.peek(2) == 0:
        start, inner = cursor.at, cursor.within(8)
        inner.skip(2)
        at, port, address = inner.at, inner.peek(2) ^ 0xFFFF, cursor.data[inner.at + 2 : inner.at + 6]
        inner.add("teredo.orig.port", port, at, 2)
        inner.add("teredo.orig.addr", bytes(octet ^ 0xFF for octet in address), at + 2, 4)
        cursor.note(Item("teredo.orig", True, start, 8, tuple(inner.items)))
    return tuple(cursor.items)


def ipcomp(frame: Frame, layer: Layer, facts: Facts | None) -> tuple[Item, ...]:
    """RFC 3173 section 3.1."""
    cursor = over(frame, layer)
    cursor.number("ipcomp.next_header", 1)
    cursor.number("ipcomp.flags", 1)
    cursor.number("ipcomp.cpi", 2)
    return tuple(cursor.items)


def cisco_hdlc(frame: Frame, layer: Layer, facts: Facts | None) -> tuple[Item, ...]:
    cursor = over(frame, layer)
    cursor.number("chdlc.address", 1)
    cursor.number("chdlc.control", 1)
    cursor.number("chdlc.protocol", 2)
    return tuple(cursor.items)


GRE, ERSPAN, GTP, L2TP = Found(gre), Found(erspan), Found(gtp), Found(l2tp)
TEREDO, IPCOMP, CISCO_HDLC = Found(teredo), Found(ipcomp), Found(cisco_hdlc)
