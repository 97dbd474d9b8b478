"""The walk over extensions of ICMP: objects behind the quoted packet (RFC 4884), and of extended echo (RFC 8335).

Known objects are label stacks (RFC 4950), interface information (RFC 5837) and interface identification (RFC 8335).
"""

from __future__ import annotations

from synfin.dissect.checksum import fold
from synfin.dissect.cursor import Cursor
from synfin.dissect.option import Item
from synfin.dissect.verified import ABSENT, BAD, GOOD, UNVERIFIED

VERSIONS = (1, 2)  #: that are walked; 1 stands in drafts
HEADER_LEN = 4  #: of the structure, and of an object
LEAST_QUOTED = 128  #: bytes of the quoted packet in front of extensions (RFC 4884 section 5)
MPLS, INTERFACE, IDENTIFICATION = 1, 2, 3
BY_NAME, BY_INDEX, BY_ADDRESS = 1, 2, 3
IPV4, IPV6 = 1, 2  #: address families
INTERFACE_BITS = {
    "icmp.int_info.role": 0xC0, "icmp.int_info.reserved": 0x30, "icmp.int_info.ifindex": 0x08,
    "icmp.int_info.ipaddr": 0x04, "icmp.int_info.name_present": 0x02, "icmp.int_info.mtu_present": 0x01,
}  # fmt: skip


def extensions(cursor: Cursor) -> Item | None:
    """All that is left as one structure, None where nothing is."""
    if not cursor.room:
        return None
    start, inner = cursor.at, cursor.within(cursor.room)
    if inner.room >= HEADER_LEN:
        _structure(inner)
    return Item("icmp.ext", True, start, cursor.at - start, tuple(inner.items))


def _structure(inner: Cursor) -> None:
    start, version = inner.at, inner.peek(2) >> 12
    inner.note(*inner.parts(2, {"icmp.ext.version": 0xF000, "icmp.ext.res": 0x0FFF}))
    inner.skip(2)
    status = _status(inner.data[start : inner.stop])
    wrong = (Item("icmp.ext.checksum_bad", True),) if status == BAD else ()
    inner.number("icmp.ext.checksum", 2, *wrong)
    inner.add("icmp.ext.checksum.status", status)
    while version in VERSIONS and inner.room >= HEADER_LEN:
        size = max(inner.peek(2), HEADER_LEN)
        bad = inner.peek(2) < HEADER_LEN
        cut = " (truncated)" if size > inner.room else ""
        at, thing = inner.at, inner.within(size)
        name = "Object with bad length" if bad else _object(thing) + cut
        if bad:
            thing.number("icmp.ext.length", 2)
            thing.number("icmp.ext.class", 1)
        inner.note(Item(name, None, at, inner.at - at, tuple(thing.items)))
        if bad:
            return


def _status(structure: bytes) -> int:
    """Zero means that there is no checksum (RFC 4884 section 7)."""
    if structure[2:4] == b"\0\0":
        return ABSENT
    if not structure:
        return UNVERIFIED
    return GOOD if fold(structure) == 0xFFFF else BAD


def _object(thing: Cursor) -> str:
    """Read one object; what it is called."""
    thing.number("icmp.ext.length", 2)
    kind, subtype = thing.number("icmp.ext.class", 1), thing.peek(1)
    if kind == INTERFACE and thing.room > 1:
        thing.number("icmp.ext.ctype", 1, *thing.parts(1, INTERFACE_BITS))
        _interface(thing, subtype)
        return "Interface Information Object"
    thing.number("icmp.ext.ctype", 1)
    if kind == MPLS and subtype == 1 and thing.room:
        _labels(thing)
        return "MPLS Stack Entry"
    if kind == IDENTIFICATION and thing.room:
        _identification(thing, subtype)
        return "Interface Identification Object"
    if kind == MPLS and thing.room:
        thing.add("icmp.ext.ctype", subtype, thing.at - 1, 1)
    thing.rest("icmp.ext.data")
    return f"Unknown object ({kind}/{subtype})"


def _labels(thing: Cursor) -> None:
    masks = {"icmp.mpls.label": 0xFFFFF0, "icmp.mpls.exp": 0x00000E, "icmp.mpls.s": 0x000001}
    while thing.room >= HEADER_LEN:
        start, entry = thing.at, thing.within(HEADER_LEN)
        parts = entry.parts(3, masks)
        entry.note(*parts)
        entry.skip(3)
        ttl = entry.number("icmp.mpls.ttl", 1)
        label, bits, last = (item.value for item in parts)
        heading = f"Label: {label}, Exp: {bits}, S: {last}, TTL: {ttl}"
        thing.note(Item(heading, None, start, HEADER_LEN, tuple(entry.items)))
    thing.rest("icmp.mpls.data")


def _interface(thing: Cursor, bits: int) -> None:
    if bits & 0x08:
        thing.number("icmp.int_info.index", 4)
    if bits & 0x04 and thing.room >= HEADER_LEN:
        start, inner = thing.at, thing.within(HEADER_LEN + {IPV4: 4, IPV6: 16}.get(thing.peek(2), thing.room))
        family = inner.number("icmp.int_info.afi", 2)
        inner.raw("icmp.reserved", 2)
        known = {IPV4: ("ipv4", 4), IPV6: ("ipv6", 16)}.get(family)
        if known is None:
            inner.rest("icmp.int_info.ipunknown")
        else:
            inner.raw(f"icmp.int_info.{known[0]}", known[1])
        thing.note(Item("IP Address Sub-Object", None, start, thing.at - start, tuple(inner.items)))
    if bits & 0x02 and thing.room:
        start, inner = thing.at, thing.within(max(thing.peek(1), 1))  # the length counts itself
        size = inner.number("icmp.int_info.name_length", 1)
        inner.text("icmp.int_info.name", max(size - 1, 0))
        thing.note(Item("Interface Name Sub-Object", None, start, thing.at - start, tuple(inner.items)))
    if bits & 0x01:
        thing.number("icmp.int_info.mtu", 4)


def _identification(thing: Cursor, subtype: int) -> None:
    if subtype == BY_NAME:
        thing.text("icmp.int_ident.name", thing.room)
    elif subtype == BY_INDEX:
        thing.number("icmp.int_ident.index", 4)
    elif subtype == BY_ADDRESS:
        family = thing.number("icmp.int_ident.afi", 2)
        thing.number("icmp.int_ident.addr_length", 1)
        thing.raw("icmp.int_ident.reserved", 1)
        known = {IPV4: ("ipv4", 4), IPV6: ("ipv6", 16)}.get(family)
        if known is None:
            thing.rest("icmp.int_ident.address")
        else:
            thing.raw(f"icmp.int_ident.{known[0]}", known[1])


def behind_quoted(cursor: Cursor, words: int, *, favoured: bool) -> Item | None:
    """The extensions of an error whose quoted packet begins here, None where there are none.

    Hosts of old quote more than 128 bytes without extensions: where the quoted packet may be longer than that, they
    are looked for only when that is wanted.
    """
    length = cursor.peek(2, 2)
    inner = Cursor(cursor.data, cursor.at + max(words * 4, LEAST_QUOTED), cursor.stop)
    if inner.at >= inner.stop or (length > LEAST_QUOTED and not favoured):
        return None
    return extensions(inner)
