"""Walks over PPPoE (RFC 2516): the header of both stages, and the tags of discovery."""

from __future__ import annotations

from typing import TYPE_CHECKING

from synfin.dissect.cursor import Cursor, over, over_unit
from synfin.dissect.load import number
from synfin.dissect.option import Found, Item

if TYPE_CHECKING:
    from synfin.dissect.context import Facts
    from synfin.wire.frame import Frame
    from synfin.wire.layer import Layer

HEADER_LEN, TAG_HEAD_LEN = 6, 4
END_OF_LIST, SERVICE_NAME, VENDOR, CREDITS, METRICS, SEQUENCE, SCALE = 0, 0x0101, 0x0105, 0x0106, 0x0107, 0x0108, 0x0109
DSL_FORUM = 0x0DE9  #: the vendor whose tags are known (TR-101)
CIRCUIT, REMOTE, LOOP = 0x01, 0x02, 0x90
LEAST_PADDED = 40  #: payload that fills up the shortest Ethernet frame: what is longer has no padding
CHECK_LEN = 4  #: of Ethernet's check sequence, which may have been captured
UNWATCHED = frozenset({0x8021, 0x8057, 0xC021})  #: protocols of PPP behind which some peers pad whatever the length

TEXTS = {
    0x0101: "service_name", 0x0102: "ac_name", 0x0201: "service_name_error", 0x0202: "ac_system_error",
    0x0203: "generic_error",
}  # fmt: skip
OCTETS = {
    0x0103: "host_uniq", 0x0104: "ac_cookie", 0x0110: "relay_session_id", 0x0111: "hurl", 0x0112: "motm",
    0x0120: "max_payload", 0x0121: "ip_route_add",
}  # fmt: skip
SHORT = {SEQUENCE: ("seq_num", "Sequence Number tag"), SCALE: ("credit_scale", "Credit Scale Factor tag")}
#: Numbers of four bytes in the tags of the DSL forum: the field's last part.
RATES = {
    0x81: "act_data_rate_up",
    0x82: "act_data_rate_down",
    0x83: "min_data_rate_up",
    0x84: "min_data_rate_down",
    0x85: "attainable_data_rate_up",
    0x86: "attainable_data_rate_down",
    0x87: "max_data_rate_up",
    0x88: "max_data_rate_down",
    0x89: "min_data_rate_up_lp",
    0x8A: "min_data_rate_down_lp",
    0x8B: "max_int_delay_up",
    0x8C: "act_int_delay_up",
    0x8D: "max_int_delay_down",
    0x8E: "act_int_delay_down",
}
METRIC_FLAGS = {
    "pppoed.tags.metrics.mdr_units": 0x18, "pppoed.tags.metrics.cdr_units": 0x06, "pppoed.tags.metrics.r": 0x01,
}  # fmt: skip


def session(frame: Frame, layer: Layer, facts: Facts | None) -> tuple[Item, ...]:
    """RFC 2516 section 6."""
    cursor = over(frame, layer)
    _header(cursor, (Item("pppoe.payload_length.bad", True),) if _misfits(frame, layer) else ())
    return tuple(cursor.items)


def _misfits(frame: Frame, layer: Layer) -> bool:
    """Whether the payload is not as long as its header says, where padding cannot be why."""
    told, protocol = number(frame, layer, 4, 2), number(frame, layer, HEADER_LEN, 2)
    there = layer.end - layer.start - HEADER_LEN
    if protocol < 0 or protocol in UNWATCHED or there <= LEAST_PADDED:
        return False
    return there not in (told, told + CHECK_LEN)


def discovery(frame: Frame, layer: Layer, facts: Facts | None) -> tuple[Item, ...]:
    """RFC 2516 section 5; a tag that does not fit ends the list."""
    cursor = over_unit(frame, layer)
    start = cursor.at
    size = _header(cursor, ())
    if size > 0:
        tags = Cursor(cursor.data, cursor.at, cursor.stop)
        last = start + HEADER_LEN + size - 2
        while tags.at <= last and tags.whole and tags.room >= TAG_HEAD_LEN and _tag(tags):
            pass
        cursor.add("pppoed.tags", True, cursor.at, min(size, cursor.room), *tags.items)
    return tuple(cursor.items)


def _header(cursor: Cursor, notes: tuple[Item, ...]) -> int:
    """The header of both stages; the length of what it carries."""
    cursor.note(*cursor.parts(1, {"pppoe.version": 0xF0, "pppoe.type": 0x0F}))
    cursor.skip(1)
    cursor.number("pppoe.code", 1)
    cursor.number("pppoe.session_id", 2)
    return cursor.number("pppoe.payload_length", 2, *notes)


def _tag(tags: Cursor) -> bool:
    """RFC 2516 appendix A and RFC 5578; False behind the last one."""
    kind, size, start = tags.peek(2), tags.peek(2, 2), tags.at
    if kind == END_OF_LIST:
        return False
    tags.skip(TAG_HEAD_LEN)
    if not tags.fits(size):
        return False
    tag = tags.within(size)
    if kind in TEXTS:
        if size or kind != SERVICE_NAME:
            tag.text(f"pppoed.tags.{TEXTS[kind]}", size, "ascii")
    elif kind in OCTETS:
        tag.raw(f"pppoed.tags.{OCTETS[kind]}", size, empty=True)
    elif kind == VENDOR:
        _vendor(tag)
    elif kind in (CREDITS, METRICS):
        _radio(tag, kind)
    elif kind in SHORT:
        name, words = SHORT[kind]
        _exact(tag, f"pppoed.tags.{name}", 2, f"{words}: Wrong length: {size} (expected 2)")
    elif size:
        _unknown(tag, kind, start, size)
    tags.note(*tag.items)
    return True


def _unknown(tag: Cursor, kind: int, start: int, size: int) -> None:
    """The bytes begin where Wireshark's do, with the length."""
    tag.add("pppoed.tag", kind, start, 2)
    tag.add("pppoed.tag_length", size, start + 2, 2)
    tag.add("pppoed.tag.unknown_data", tag.data[start + 2 : start + 2 + size], start + 2, size)


def _exact(tag: Cursor, name: str, size: int, wrong: str = "") -> None:
    """A number that fills its tag; where it does not, only that is told, below a heading if there is one."""
    if tag.room == size:
        tag.number(name, size)
    else:
        wrong_length = Item("pppoed.tag_length.invalid", True)
        tag.note(Item(wrong, None, tag.at, tag.room, (wrong_length,)) if wrong else wrong_length)


def _radio(tag: Cursor, kind: int) -> None:
    """RFC 5578: credits granted, metrics of the link."""
    if kind == CREDITS and tag.room == 4:
        tag.number("pppoed.tags.credits.fcn", 2)
        tag.number("pppoed.tags.credits.bcn", 2)
    elif kind == METRICS and tag.room == 10:
        tag.note(*tag.parts(2, METRIC_FLAGS))
        tag.skip(2)
        tag.number("pppoed.tags.metrics.rlq", 1)
        tag.number("pppoed.tags.metrics.resource", 1)
        tag.number("pppoed.tags.metrics.latency", 2)
        tag.number("pppoed.tags.metrics.curr_drate", 2)
        tag.number("pppoed.tags.metrics.max_drate", 2)
    else:
        tag.raw("pppoed.tags.credits" if kind == CREDITS else "pppoed.tags.metrics", tag.room, empty=True)


def _vendor(tag: Cursor) -> None:
    """A vendor's number and its own tags."""
    if tag.room < 4:
        return
    if tag.number("pppoed.tags.vendor_id", 4) != DSL_FORUM:
        tag.rest("pppoed.tags.vendor_unspecified")
        return
    if not tag.room:
        return
    start, inner = tag.at, tag.within(tag.room)
    while inner.room >= 2 and inner.whole:
        _forum_tag(inner)
    tag.add("pppoed.tags.vendorspecific.tags", True, start, tag.at - start, *inner.items)


def _forum_tag(inner: Cursor) -> None:
    """TR-101 of the DSL forum: a tag with a kind and a length of one byte each."""
    start, kind, size = inner.at, inner.peek(1), inner.peek(1, 1)
    inner.skip(2)
    if not inner.fits(size):
        return
    tag = inner.within(size)
    if kind in (CIRCUIT, REMOTE):
        tag.text("pppoed.tags.circuit_id" if kind == CIRCUIT else "pppoed.tags.remote_id", size, "ascii")
    elif kind in RATES:
        _exact(tag, f"pppoed.tags.{RATES[kind]}", 4)
    elif kind == LOOP:
        _loop(tag)
    elif size:
        tag.add("pppoed.tag", kind, start, 1)
        tag.add("pppoed.tag_length_8", size, start + 1, 1)
        tag.raw("pppoed.tag.unknown_data", size)
    inner.note(*tag.items)


def _loop(tag: Cursor) -> None:
    """How frames stand on the line of the subscriber."""
    start, size, parts = tag.at, tag.room, Cursor(tag.data, tag.at, tag.stop)
    if size != 3:
        parts.note(Item("pppoed.tag_length.invalid", True))
    for name in ("data_link", "encap_1", "encap_2"):
        parts.number(f"pppoed.tags.access_loop_encap.{name}", 1)
    tag.add("pppoed.tags.access_loop_encap", True, start, size, *parts.items)


SESSION, DISCOVERY = Found(session), Found(discovery)
