"""Options of satellite links (SCPS, SNACK: CCSDS 714.0-B) and of WAN optimisers (Riverbed's probe, transparency)."""

from __future__ import annotations

from collections.abc import Iterator

from synfin.dissect.option import Item, Option

SCPS_FLAGS = {
    "tcp.options.scpsflags.bets": 0x80, "tcp.options.scpsflags.snack1": 0x40, "tcp.options.scpsflags.snack2": 0x20,
    "tcp.options.scpsflags.compress": 0x10, "tcp.options.scpsflags.nlts": 0x08,
    "tcp.options.scpsflags.reserved": 0x07,
}  # fmt: skip
TRANSPARENCY = {
    "tcp.options.rvbd.trpy.flags.fw_rst_probe": 0x400, "tcp.options.rvbd.trpy.flags.fw_rst_inner": 0x200,
    "tcp.options.rvbd.trpy.flags.fw_rst": 0x100, "tcp.options.rvbd.trpy.flags.chksum": 0x4,
    "tcp.options.rvbd.trpy.flags.oob": 0x2, "tcp.options.rvbd.trpy.flags.mode": 0x1,
}  # fmt: skip
PROBE = "tcp.options.rvbd.probe."
#: Types of a version 1 probe, and of a version 2 one that informs; there are PROBE_KINDS of them.
QUERY, RESPONSE, INTERNAL, SHADOW, SHADOW_AGAIN, TRACE_CLIENT, INFORM_CLIENT, INFORM_STORE = 0, 1, 2, 3, 4, 5, 8, 9
PROBE_KINDS = 11
_NOTIFIED = {PROBE + "flags.notcfe": 0x04, PROBE + "flags.last": 0x01}
PROBE_FLAGS = {
    6: _NOTIFIED,
    INFORM_CLIENT: _NOTIFIED,
    INFORM_STORE: _NOTIFIED,
    10: {},
    7: {PROBE + "flags.probe": 0x10, PROBE + "flags.ssl": 0x02, PROBE + "flags.server": 0x01},
}


def scps(option: Option) -> Iterator[Item]:
    """Capabilities of 4 bytes, or the extended form: binding spaces, each an id, a length and its data."""
    if len(option.data) == 4:
        yield from option.group("tcp.options.scps.vector", 2, 1, SCPS_FLAGS)
        yield from option.number("tcp.options.scps.binding", 3, 1)
        return
    at = 2
    while at + 2 <= len(option.data):
        size = (option.data[at + 1] >> 4) * 2
        yield from option.number("tcp.options.scps.binding.id", at, 1)
        yield from option.number("tcp.options.scps.binding.len", at + 1, 1, 0xF0)
        yield from option.bytes("tcp.options.scps.binding.data", at + 2, size)
        at += 2 + size


def snack(option: Option) -> Iterator[Item]:
    yield from option.number("tcp.options.snack.offset", 2, 2)
    yield from option.number("tcp.options.snack.size", 4, 2)


def rvbd_probe(option: Option) -> Iterator[Item]:
    """Version 1 packs type and version into nibbles; version 2 marks itself by the lowest bit 0."""
    kind = option.data[2] >> 4 if option.data[2] & 1 else option.data[2] >> 1
    if kind >= PROBE_KINDS:
        return
    if option.data[2] & 1:
        yield from _probe_1(option, kind)
        return
    yield from option.number(PROBE + "type2", 2, 1, 0xFE)
    yield from option.number(PROBE + "version_raw", 2, 1, 0x01)
    yield Item(PROBE + "version", 2)
    told: tuple[Item, ...] = ()
    if kind == INFORM_CLIENT:
        told = tuple(option.bytes(PROBE + "client.ip", 4, 4))
    elif kind == INFORM_STORE:
        told = tuple(option.number(PROBE + "storeid", 4, 4))
    for item in option.group(PROBE + "flags", 3, 1, PROBE_FLAGS[kind]) if kind in PROBE_FLAGS else ():
        yield item._replace(children=(*item.children, *told))


def _probe_1(option: Option, kind: int) -> Iterator[Item]:
    yield from option.number(PROBE + "type1", 2, 1, 0xF0)
    yield from option.number(PROBE + "version", 2, 1, 0x0F)
    if kind == INTERNAL:
        return
    yield from option.number(PROBE + "reserved", 3, 1)
    yield from option.bytes(PROBE + "prober", 4, 4)
    if kind in (QUERY, SHADOW, SHADOW_AGAIN):
        yield from option.number(PROBE + "appli_ver", 8, 2)
    elif kind == RESPONSE:
        yield from option.bytes(PROBE + "proxy.ip", 8, 4)
        yield from option.number(PROBE + "proxy.port", 12, 2)
    elif kind == TRACE_CLIENT:
        yield from option.bytes(PROBE + "client.ip", 8, 4)


def rvbd_transparency(option: Option) -> Iterator[Item]:
    trpy = "tcp.options.rvbd.trpy."
    yield from option.group(trpy + "flags", 2, 2, TRANSPARENCY)
    yield from option.bytes(trpy + "src.ip", 4, 4)
    yield from option.bytes(trpy + "dst.ip", 8, 4)
    yield from option.number(trpy + "src.port", 12, 2)
    yield from option.number(trpy + "dst.port", 14, 2)
