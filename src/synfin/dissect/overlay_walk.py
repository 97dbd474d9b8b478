"""Walks over headers that lay an Ethernet over another network: VXLAN, Geneve, NSH, EtherIP."""

from __future__ import annotations

from synfin.dissect.context import Facts
from synfin.dissect.cursor import Cursor, over
from synfin.dissect.option import Found, Item
from synfin.wire.frame import Frame
from synfin.wire.layer import Layer

VXLAN_PORT, VXLAN_GPE_PORT = 4789, 4790
GOOGLE = 0x0132  #: class of Geneve options
LEAST_SERVICE_WORDS, FIXED_SERVICE_WORDS = 2, 6
ETHERIP_VERSION = 3


def is_generic(frame: Frame, layer: Layer) -> bool:
    """Whether a VXLAN header is that of the generic protocol extension, by its port."""
    above = frame.layers[max(frame.layers.index(layer) - 1, 0)]
    ports = frame.data[above.start : above.start + 4] if above.name == "udp" else b""
    known = {int.from_bytes(ports[:2], "big"), int.from_bytes(ports[2:], "big")}
    return VXLAN_GPE_PORT in known and VXLAN_PORT not in known


def vxlan(frame: Frame, layer: Layer, facts: Facts | None) -> tuple[Item, ...]:
    """RFC 7348 with the group policy extension, or the generic protocol extension on its own port."""
    cursor = over(frame, layer)
    if is_generic(frame, layer):
        bits = {"vxlan.ver": 0x30, "vxlan.i_bit": 0x08, "vxlan.p_bit": 0x04, "vxlan.o_bit": 0x01}
        rest = Item("vxlan.flags_reserved", (cursor.peek(1) & 0xC2) >> 1, cursor.at, 1)
        cursor.number("vxlan.flags", 1, *cursor.parts(1, bits), rest)
        cursor.number("vxlan.reserved_16", 2)
        cursor.number("vxlan.next_proto", 1)
    else:
        bits = {"vxlan.flag_g": 0x8000, "vxlan.flag_i": 0x0800, "vxlan.flag_d": 0x0040, "vxlan.flag_a": 0x0008}
        reserved = cursor.peek(2) & 0x77B7
        children = (*cursor.parts(2, bits), Item("vxlan.flags_reserved", reserved, cursor.at, 2))
        cursor.number("vxlan.flags", 2, *children)
        cursor.number("vxlan.gbp", 2)
    cursor.number("vxlan.vni", 3)
    cursor.number("vxlan.reserved8", 1)
    return tuple(cursor.items)


def geneve(frame: Frame, layer: Layer, facts: Facts | None) -> tuple[Item, ...]:
    """RFC 8926 section 3.4."""
    cursor = over(frame, layer)
    first = cursor.peek(1)
    if first >= 0:
        cursor.add("geneve.version", first >> 6, cursor.at, 1)
        if first >> 6:
            note = (Item("geneve.version.unknown", True),)
            cursor.note(Item(f"Unknown version {first >> 6}", None, cursor.at, 1, note))
        cursor.add("geneve.option.length", (first & 0x3F) * 4, cursor.at, 1)
    cursor.skip(1)
    bits = {"geneve.flags.oam": 0x80, "geneve.flags.critical": 0x40, "geneve.flags.reserved": 0x3F}
    flags = tuple(item._replace(value=min(item.value, 1)) for item in cursor.parts(1, bits))
    cursor.number("geneve.flags", 1, *flags)
    cursor.number("geneve.proto_type", 2)
    cursor.number("geneve.vni", 3)
    cursor.number("geneve.reserved", 1)
    if cursor.room:
        start, inner = cursor.at, cursor.within(cursor.room)
        while inner.room >= 4 and inner.whole:
            size = 4 + (inner.peek(1, 3) & 0x1F) * 4
            if size > inner.room:
                note = (Item("geneve.option.length.invalid", True),)
                heading = f"Option (length of {size} is past end of options)"
                inner.note(Item(heading, None, inner.at, inner.room, note))
                break
            inner.note(_geneve_option(inner))
        raw = frame.data[start : cursor.at]
        cursor.add("geneve.options", raw, start, len(raw), *inner.items)
    return tuple(cursor.items)


def _geneve_option(cursor: Cursor) -> Item:
    start = cursor.at
    size = 4 + (cursor.peek(1, 3) & 0x1F) * 4
    inner = cursor.within(size)
    group = inner.number("geneve.option.class", 2)
    kind = inner.peek(1)
    critical = inner.parts(1, {"geneve.option.type.critical": 0x80})
    inner.number("geneve.option.type", 1)
    inner.note(*critical)
    reserved = inner.parts(1, {"geneve.option.flags.reserved": 0xE0})
    flags = inner.peek(1) >> 5
    inner.add("geneve.option.flags", flags, inner.at, 1, *(one._replace(value=min(one.value, 1)) for one in reserved))
    inner.add("geneve.option.length", size, inner.at, 1)
    inner.skip(1)
    if group == GOOGLE and kind in (1, 2, 3):
        _google(inner, kind)
    else:
        inner.raw("geneve.option.unknown.data", inner.room, empty=True)
    value = cursor.data[start : cursor.at]
    return Item("geneve.option", value, start, len(value), tuple(inner.items))


def _google(inner: Cursor, kind: int) -> None:
    """Options of Google Cloud: network, endpoint, profile."""
    head = "geneve.option.gcp."
    if kind == 1:
        names = {head + "vnid": 0xFFFFFFF0, head + "direction": 1, head + "reserved": 0x0E}
        inner.note(*(item._replace(value=min(item.value, 1) if item.name != head + "vnid" else item.value)
                     for item in inner.parts(4, names)))  # fmt: skip
    elif kind == 2:
        inner.rest(head + "endpoint")
    else:
        inner.number(head + "profile", min(inner.room, 8))


def nsh(frame: Frame, layer: Layer, facts: Facts | None) -> tuple[Item, ...]:
    """RFC 8300 section 2."""
    cursor = over(frame, layer)
    cursor.note(*cursor.parts(2, {"nsh.version": 0xC000, "nsh.Obit": 0x2000, "nsh.CBit": 0x1000, "nsh.ttl": 0x0FC0}))
    words = cursor.peek(2) & 0x3F
    if cursor.fits(2):
        wrong = words < LEAST_SERVICE_WORDS or (cursor.peek(1, 2) & 15 == 1 and words != FIXED_SERVICE_WORDS)
        cursor.add("nsh.length", words, cursor.at, 2, *((Item("nsh.length.invalid", True),) if wrong else ()))
    cursor.skip(2)
    kind = cursor.number("nsh.mdtype", 1)
    cursor.number("nsh.nextproto", 1)
    cursor.number("nsh.spi", 3)
    cursor.number("nsh.si", 1)
    while kind == 1 and cursor.room >= 4:
        cursor.raw("nsh.contextheader", 4)
    while kind == 2 and cursor.room >= 4:
        _metadata(cursor)
    return tuple(cursor.items)


def _metadata(cursor: Cursor) -> None:
    """RFC 8300 section 2.5.1; what follows begins at a multiple of four bytes."""
    cursor.number("nsh.metadataclass", 2)
    cursor.number("nsh.metadatatype", 1)
    size = max(cursor.peek(1), 0) & 0x7F
    cursor.note(*cursor.parts(1, {"nsh.metadataunassignedbit": 0x80, "nsh.metadatalen": 0x7F}))
    cursor.skip(1)
    cursor.raw("nsh.metadata", min(size, cursor.room))
    cursor.skip(min(-size % 4, cursor.room))


def etherip(frame: Frame, layer: Layer, facts: Facts | None) -> tuple[Item, ...]:
    """RFC 3378 section 3."""
    cursor = over(frame, layer)
    found = []
    for item in cursor.parts(2, {"etherip.ver": 0xF000, "etherip.reserved": 0x0FFF}):
        right = ETHERIP_VERSION if item.name == "etherip.ver" else 0
        note = "etherip.ver.not3" if item.name == "etherip.ver" else "etherip.reserved.not0"
        found.append(item if item.value == right else item._replace(children=(Item(note, True),)))
    return tuple(found)


VXLAN, GENEVE, NSH, ETHERIP = Found(vxlan), Found(geneve), Found(nsh), Found(etherip)
