"""The walk over IPv4 options (RFC 791 section 3.1): every option as an item with its fields below it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from synfin.dissect.address import ipv4
from synfin.dissect.cursor import Cursor
from synfin.dissect.load import limit
from synfin.dissect.option import Found, Item, broken

if TYPE_CHECKING:
    from synfin.dissect.context import Facts
    from synfin.wire.frame import Frame
    from synfin.wire.layer import Layer

END, NOP, LOOSE, STRICT = 0, 1, 131, 137
FIRST_ROUTE = 4  #: pointer to the first address of a route
REPORT = 8  #: function of a Quick-Start option that tells the rate
TOO_LONG = "ip.subopt_too_long"
#: Bytes of options that are always as long.
LENGTHS = {11: 4, 12: 4, 25: 8, 82: 12, 136: 4, 148: 4}
LEAST_TAG = {1: 4, 2: 4, 5: 4}  #: bytes of a tag of CIPSO, by its type
FREE_TAG = 6
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
        pointer = frame.data[at + 2] if size >= 7 else 0
        if frame.data[at] in (LOOSE, STRICT) and FIRST_ROUTE <= pointer <= size and not pointer % 4:
            return at + size - 4
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
    pointer, end = inner.peek(1), inner.stop
    wrong = _wrong_pointer(pointer, end - inner.at - 1)
    inner.number("ip.opt.ptr", 1, *((Item(wrong, True),) if wrong else ()))
    while inner.room >= 4 and wrong in ("", TOO_LONG):
        at, place = inner.at, inner.at - start + 1
        inner.at += 4
        if place < pointer or (not recorded and pointer > end - start):
            inner.note(*_address("ip.rec_rt", inner.data, at))
        elif recorded:
            inner.note(*_address("ip.empty_rt", inner.data, at))
        elif inner.room:
            inner.note(*_address("ip.src_rt", inner.data, at))
        else:
            inner.note(*_destination(inner.data, at))


def _wrong_pointer(pointer: int, size: int) -> str:
    """The note on a pointer into a route of so many bytes."""
    if 0 <= pointer < FIRST_ROUTE:
        return "ip.opt.ptr.before_address"
    if pointer % 4:
        return "ip.opt.ptr.middle_address"
    return TOO_LONG if size % 4 else ""


def _timestamp(inner: Cursor, start: int) -> None:
    inner.number("ip.opt.ptr", 1)
    flag = inner.peek(1) & 15
    inner.note(*inner.parts(1, {"ip.opt.overflow": 0xF0, "ip.opt.flag": 0x0F}))
    inner.skip(1)
    while inner.room >= (8 if flag else 4):
        if flag:
            inner.raw("ip.opt.time_stamp_addr", 4)
        inner.number("ip.opt.time_stamp", 4)
    if inner.room and inner.whole:
        note = Item(TOO_LONG, True)
        inner.note(Item("Suboption would go past end of option", None, inner.at, inner.room, (note,)))


def _security(inner: Cursor, start: int) -> None:
    """RFC 791 has 11 bytes; else it is RFC 1108's."""
    if inner.room == 9:
        inner.number("ip.opt.sec_rfc791_sec", 2)
        inner.number("ip.opt.sec_rfc791_comp", 2)
        inner.text("ip.opt.sec_rfc791_hr", 2, "ascii")
        inner.text("ip.opt.sec_rfc791_tcc", 3, "ascii")
        return
    inner.number("ip.opt.sec_cl", 1)
    names = {"genser": 0x80, "siop_esi": 0x40, "sci": 0x20, "nsa": 0x10, "doe": 0x08}
    while inner.room:
        masks = {f"ip.opt.sec_prot_auth_{name}": mask for name, mask in (names | {"unassigned": 6, "fti": 1}).items()}
        inner.number("ip.opt.sec_prot_auth_flags", 1, *inner.parts(1, masks))
        names = {}  # only the first byte has authorities


def _extended_security(inner: Cursor, start: int) -> None:
    inner.number("ip.opt.ext_sec_add_sec_info_format_code", 1)
    inner.rest("ip.opt.ext_sec_add_sec_info")


def _commercial(inner: Cursor, start: int) -> None:
    """CIPSO: tags of a bitmap, of listed or of ranged categories; from a tag that does not fit nothing is read."""
    inner.number("ip.cipso.doi", 4)
    while inner.room and inner.whole:
        kind, size = inner.peek(1), inner.peek(1, 1)
        wrong = size < LEAST_TAG.get(kind, 2) or size > inner.room
        tag = inner.within(1 if wrong or not kind else size)
        tag.number("ip.cipso.tag_type", 1, *((Item("ip.cipso.malformed", True),) if wrong and kind else ()))
        if wrong or not kind:
            inner.note(*tag.items)
            return
        tag.skip(1)
        if kind in LEAST_TAG:
            _sensitivity(tag, kind)
        elif kind == FREE_TAG:
            tag.rest("ip.cipso.tag_data")
        inner.note(*tag.items)
        inner.at = tag.at if kind in LEAST_TAG else inner.at


def _sensitivity(tag: Cursor, kind: int) -> None:
    tag.skip(1)
    tag.number("ip.cipso.sensitivity_level", 1)
    size = tag.room if kind == 1 else tag.room // 2 * 2
    found = _categories(kind, tag.data[tag.at : tag.at + size])
    if tag.room:
        tag.add("ip.cipso.categories", found, tag.at, size)
    tag.skip(size)


def _categories(kind: int, raw: bytes) -> str:
    if kind == 1:
        return ",".join(str(8 * at + bit) for at, octet in enumerate(raw) for bit in range(8) if octet << bit & 0x80)
    numbers = [int.from_bytes(raw[at : at + 2], "big") for at in range(0, len(raw) - 1, 2)]
    if kind == 2:
        return ",".join(map(str, numbers))
    pairs = [*numbers, 0] if len(numbers) % 2 else numbers
    return ",".join(f"{high}-{low}" for high, low in zip(pairs[::2], pairs[1::2], strict=True))


def _quick_start(inner: Cursor, start: int) -> None:
    """RFC 4782 section 3.1: a request, or a report of the rate."""
    function = inner.peek(1) >> 4
    masks = {"ip.opt.qs_func": 0xF0, "ip.opt.qs_rate": 0x0F}
    inner.note(*inner.parts(1, masks if function in (0, REPORT) else {"ip.opt.qs_func": 0xF0}))
    inner.skip(1)
    if function not in (0, REPORT):
        return
    inner.number("ip.opt.qs_ttl" if function == 0 else "ip.opt.qs_unused", 1)
    inner.note(*inner.parts(4, {"ip.opt.qs_nonce": 0xFFFFFFFC, "ip.opt.qs_reserved": 3}))
    inner.skip(4)


def _with_difference(items: list[Item], ttl: int) -> Iterator[Item]:
    """How far the time to live of a request for a rate lags behind that of its packet: no hop may leave it out."""
    for item in items:
        yield item
        if item.name == "ip.opt.qs_ttl":
            yield Item("ip.opt.qs_ttl_diff", (ttl - item.value) & 0xFF)


def _traceroute(inner: Cursor, start: int) -> None:
    for name in ("id_number", "ohc", "rhc"):
        inner.number(f"ip.opt.{name}", 2)
    inner.raw("ip.opt.originator", 4)


def _broadcast(inner: Cursor, start: int) -> None:
    while inner.room >= 4:
        inner.raw("ip.opt.addr", 4)
    inner.rest("ip.opt.padding")


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


def _option(frame: Frame, layer: Layer, at: int, size: int) -> Item:
    data = frame.data
    known = KNOWN.get(data[at])
    inner = Cursor(data, at, at + size)
    inner.number("ip.opt.type", 1, *inner.parts(1, TYPE_BITS))
    if size > 1:
        wrong = (Item("ip.opt.len.invalid", True),) if size != LENGTHS.get(data[at], size) else ()
        inner.number("ip.opt.len", 1, *wrong)
    if known is None:
        return Item(f"Unknown (0x{data[at]:02x}) ({size} bytes)", None, at, size, tuple(inner.items))
    if size > 1:
        known[2](inner, at)
    items = _with_difference(inner.items, data[layer.start + 8])
    return Item(f"ip.options.{known[0]}", data[at : at + size], at, size, tuple(items))


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
        below.append(_option(frame, layer, at, size))
        if kind in KNOWN and KNOWN[kind][1]:
            names.append(KNOWN[kind][1])
        if nops == 4:
            below.append(Item("ip.nop", True))
    heading = ", ".join([f"Options: ({stop - start} bytes)", *names])
    return (Item(heading, None, start, stop - start, tuple(below)),)


OPTIONS = Found(options)
