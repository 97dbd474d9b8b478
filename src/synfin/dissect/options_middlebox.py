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
QUERY, RESPONSE = 0, 1  #: types of a version 1 probe


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
    if option.data[2] & 1:
        yield from _probe_1(option)
        return
    yield from option.number(PROBE + "type2", 2, 1, 0xFE)
    yield from option.number(PROBE + "version_raw", 2, 1, 0x01)
    yield Item(PROBE + "version", 2)


def _probe_1(option: Option) -> Iterator[Item]:
    kind = option.data[2] >> 4
    yield from option.number(PROBE + "type1", 2, 1, 0xF0)
    yield from option.number(PROBE + "version", 2, 1, 0x0F)
    yield from option.number(PROBE + "reserved", 3, 1)
    yield from option.bytes(PROBE + "prober", 4, 4)
    if kind == QUERY:
        yield from option.number(PROBE + "appli_ver", 8, 2)
    elif kind == RESPONSE:
        yield from option.bytes(PROBE + "proxy.ip", 8, 4)
        yield from option.number(PROBE + "proxy.port", 12, 2)


def rvbd_transparency(option: Option) -> Iterator[Item]:
    trpy = "tcp.options.rvbd.trpy."
    yield from option.group(trpy + "flags", 2, 2, TRANSPARENCY)
    yield from option.bytes(trpy + "src.ip", 4, 4)
    yield from option.bytes(trpy + "dst.ip", 8, 4)
    yield from option.number(trpy + "src.port", 12, 2)
    yield from option.number(trpy + "dst.port", 14, 2)
