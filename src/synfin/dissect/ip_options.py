"""The walk over IPv4 options (RFC 791 section 3.1): every option as an item with its fields below it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from synfin.dissect.address import ipv4
from synfin.dissect.context import Facts
from synfin.dissect.cursor import Cursor
from synfin.dissect.load import limit
from synfin.dissect.option import Found, Item, broken
from synfin.wire.frame import Frame
from synfin.wire.layer import Layer

END, NOP, LOOSE, STRICT = 0, 1, 131, 137
FIRST_ROUTE = 4  #: pointer to the first address of a route
TYPE_BITS = {"ip.opt.type.copy": 0x80, "ip.opt.type.class": 0x60, "ip.opt.type.number": 0x1F}


def _spans(frame: Frame, layer: Layer) -> Iterator[tuple[int, int]]:
    """Offset and length of every option that fits; each step reads at least one byte. Length 0 ends what is broken."""
    data, at = frame.data, layer.start + 20
    stop = min(limit(frame, layer), layer.start + layer.header_len)
    while at < stop:
        if data[at] <= NOP:
            yield at, 1
            if data[at] == END:
                return
            at += 1
            continue
        length = data[at + 1] if at + 1 < stop else 0
        if length < 2 or at + length > stop:
            yield at, 0
            return
        yield at, length
        at += length


def routed(frame: Frame, layer: Layer) -> int:
    """Offset of the last address of a source route that is not used up, 0 without one: the real destination."""
    if layer.header_len <= 20:
        return 0
    for at, size in _spans(frame, layer):
        if frame.data[at] in (LOOSE, STRICT) and size >= 7 and frame.data[at + 2] <= size:
            return at + 3 + (size - 3) // 4 * 4 - 4
    return 0


def next_hop(frame: Frame, layer: Layer) -> str | None:
    """The address that a source-routed packet stands for at present, None of others."""
    at = layer.start + 16
    return ipv4(frame.data[at : at + 4]) if routed(frame, layer) else None


def _address(name: str, data: bytes, at: int) -> tuple[Item, Item]:
    value = data[at : at + 4]
    return Item(name, value, at, 4), Item(f"{name}_host", ipv4(value), at, 4)


def _destination(data: bytes, at: int) -> tuple[Item, ...]:
    """Where the packet goes in the end, under all names of a destination: its place in the tree is the option."""
    (address, host), text = _address("ip.dst", data, at), ipv4(data[at : at + 4])
    return address, address._replace(name="ip.addr"), host, Item("ip.host", text, at, 4)


def _route(inner: Cursor, start: int) -> None:
    """Addresses before the pointer were visited, the last is the destination (ip.dst) while the
    pointer is inside.
    """
    recorded = inner.data[start] not in (LOOSE, STRICT)
    pointer = inner.number("ip.opt.ptr", 1)
    end = inner.stop
    while inner.room >= 4:
        at, place = inner.at, inner.at - start + 1
        inner.at += 4
        if place < pointer or (not recorded and pointer > end - start):
            inner.note(*_address("ip.rec_rt", inner.data, at))
        elif recorded:
            inner.note(*_address("ip.empty_rt", inner.data, at))
        elif end - inner.at >= 4:
            inner.note(*_address("ip.src_rt", inner.data, at))
        else:
            inner.note(*_destination(inner.data, at))


def _timestamp(inner: Cursor, start: int) -> None:
    inner.number("ip.opt.ptr", 1)
    flag = inner.peek(1) & 15
    inner.note(*inner.parts(1, {"ip.opt.overflow": 0xF0, "ip.opt.flag": 0x0F}))
    inner.skip(1)
    while inner.room >= (8 if flag else 4):
        if flag:
            inner.raw("ip.opt.time_stamp_addr", 4)
        inner.number("ip.opt.time_stamp", 4)


def _security(inner: Cursor, start: int) -> None:
    """RFC 791 has 11 bytes; else it is RFC 1108's."""
    if inner.room == 9:
        inner.number("ip.opt.sec_rfc791_sec", 2)
        inner.number("ip.opt.sec_rfc791_comp", 2)
        inner.text("ip.opt.sec_rfc791_hr", 2, "ascii")
        inner.text("ip.opt.sec_rfc791_tcc", 3, "ascii")
        return
    inner.number("ip.opt.sec_cl", 1)
    while inner.room:
        names = {"genser": 0x80, "siop_esi": 0x40, "sci": 0x20, "nsa": 0x10, "doe": 0x08, "unassigned": 0x06}
        masks = {f"ip.opt.sec_prot_auth_{name}": mask for name, mask in (names | {"fti": 1}).items()}
        inner.number("ip.opt.sec_prot_auth_flags", 1, *inner.parts(1, masks))


def _extended_security(inner: Cursor, start: int) -> None:
    inner.number("ip.opt.ext_sec_add_sec_info_format_code", 1)
    inner.rest("ip.opt.ext_sec_add_sec_info")


def _commercial(inner: Cursor, start: int) -> None:
    """CIPSO: tags of a bitmap, of listed or of ranged categories."""
    inner.number("ip.cipso.doi", 4)
    while inner.room >= 2:
        size = inner.peek(1, 1)
        tag = inner.within(max(size, 2))
        kind = tag.number("ip.cipso.tag_type", 1)
        tag.skip(1)
        if kind in (1, 2, 5) and tag.room >= 2:
            tag.skip(1)
            tag.number("ip.cipso.sensitivity_level", 1)
            found = _categories(kind, tag.data[tag.at : tag.stop])
            tag.add("ip.cipso.categories", found, tag.at, tag.room)
        else:
            tag.rest("ip.cipso.tag_data")
        inner.note(*tag.items)


def _categories(kind: int, raw: bytes) -> str:
    if kind == 1:
        return ",".join(str(8 * at + bit) for at, octet in enumerate(raw) for bit in range(8) if octet << bit & 0x80)
    numbers = [int.from_bytes(raw[at : at + 2], "big") for at in range(0, len(raw) - 1, 2)]
    if kind == 2:
        return ",".join(map(str, numbers))
    pairs = [*numbers, 0] if len(numbers) % 2 else numbers
    return ",".join(f"{low}-{high}" for high, low in zip(pairs[::2], pairs[1::2], strict=True))


def _quick_start(inner: Cursor, start: int) -> None:
    """RFC 4782 section 3.1."""
    function = inner.peek(1) >> 4
    inner.note(*inner.parts(1, {"ip.opt.qs_func": 0xF0, "ip.opt.qs_rate": 0x0F}))
    inner.skip(1)
    inner.number("ip.opt.qs_ttl" if function == 0 else "ip.opt.qs_unused", 1)
    inner.note(*inner.parts(4, {"ip.opt.qs_nonce": 0xFFFFFFFC, "ip.opt.qs_reserved": 3}))
    inner.skip(4)


def _traceroute(inner: Cursor, start: int) -> None:
    for name in ("id_number", "ohc", "rhc"):
        inner.number(f"ip.opt.{name}", 2)
    inner.raw("ip.opt.originator", 4)


def _broadcast(inner: Cursor, start: int) -> None:
    while inner.room >= 4:
        inner.raw("ip.opt.addr", 4)


def _one(name: str) -> Callable[[Cursor, int], None]:
    """Options of one 16-bit number."""

    def read(inner: Cursor, start: int) -> None:
        inner.number(f"ip.opt.{name}", 2)

    return read


def _nothing(inner: Cursor, start: int) -> None:
    """Options without fields of their own."""


#: By type: the field of all its bytes, its name in the heading, how its inside is read.
KNOWN: dict[int, tuple[str, str, Callable[[Cursor, int], None]]] = {
    END: ("eol", "", _nothing), NOP: ("nop", "", _nothing), 7: ("record_route", "Record Route", _route),
    11: ("mtu_probe", "MTU Probe", _one("mtu")), 12: ("mtu_reply", "MTU Reply", _one("mtu")),
    25: ("qs", "Quick-Start", _quick_start), 68: ("timestamp", "Time Stamp", _timestamp),
    82: ("traceroute", "Traceroute", _traceroute), 130: ("security", "Security", _security),
    LOOSE: ("route", "Loose Source Route", _route), 133: ("ext_security", "Extended Security", _extended_security),
    134: ("cipso", "Commercial Security", _commercial), 136: ("sid", "Stream ID", _one("sid")),
    STRICT: ("source_route", "Strict Source Route", _route), 148: ("routeralert", "Router Alert", _one("ra")),
    149: ("sdb", "Selective Directed Broadcast", _broadcast),
}  # fmt: skip


def _option(frame: Frame, at: int, size: int) -> Item:
    data = frame.data
    known = KNOWN.get(data[at])
    inner = Cursor(data, at, at + size)
    inner.number("ip.opt.type", 1, *inner.parts(1, TYPE_BITS))
    if size > 1:
        inner.number("ip.opt.len", 1)
    if known is None:
        return Item(f"Unknown (0x{data[at]:02x}) ({size} bytes)", None, at, size, tuple(inner.items))
    if size > 1:
        known[2](inner, at)
    return Item(f"ip.options.{known[0]}", data[at : at + size], at, size, tuple(inner.items))


def options(frame: Frame, layer: Layer, facts: Facts | None) -> tuple[Item, ...]:
    """The options of one header under their heading."""
    start, stop = layer.start + 20, min(layer.start + layer.header_len, limit(frame, layer))
    if start >= stop:
        return ()
    names, below, nops = [], [], 0
    for at, size in _spans(frame, layer):
        kind = frame.data[at]
        if not size:
            name = KNOWN[kind][1] if kind in KNOWN else f"Unknown (0x{kind:02x})"
            below.append(broken(name, "ip.opt.len.invalid", frame.data[start:stop], at - start, start))
            break
        nops = nops + 1 if kind == NOP else 0
        below.append(_option(frame, at, size))
        if kind in KNOWN and KNOWN[kind][1]:
            names.append(KNOWN[kind][1])
        if nops == 4:
            below.append(Item("ip.nop", True))
    heading = ", ".join([f"Options: ({stop - start} bytes)", *names])
    return (Item(heading, None, start, stop - start, tuple(below)),)


OPTIONS = Found(options)
