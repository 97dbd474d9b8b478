"""Routing headers of IPv6 by their types (RFC 8200 section 4.4)."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from synfin.dissect.cursor import Cursor
from synfin.dissect.option import Item
from synfin.dissect.steps import numbers, raw, read

R = "ipv6.routing."
SOURCE_ROUTE, MOBILE, RPL, SEGMENTS, COMPACT_16, COMPACT_32 = 0, 2, 3, 4, 5, 6
MULTICAST = 0xFF  #: first byte of such an address
HEAD = 8  #: bytes up to the first address
_BITS = {R + "rpl.cmprI": 0xF0000000, R + "rpl.cmprE": 0x0F000000, R + "rpl.pad": 0x00F00000,
         R + "rpl.reserved": 0x000FFFFF}  # fmt: skip


class Ends(NamedTuple):
    """The addresses of the IPv6 header."""

    source: bytes
    target: bytes


class Told(NamedTuple):
    """What the header's first four bytes say."""

    words: int  #: of eight bytes, behind the first eight
    kind: int
    left: int  #: segments
    size: int  #: bytes of the whole header


def _multicast(address: bytes) -> tuple[Item, ...]:
    return (Item("ipv6.src_route_list.multicast_addr", True),) if address[:1] == b"\xff" else ()


def _addresses(cursor: Cursor, name: str, *, judged: bool = True) -> None:
    while cursor.room >= 16:
        value = cursor.data[cursor.at : cursor.at + 16]
        cursor.add(name, value, cursor.at, 16, *(_multicast(value) if judged else ()))
        cursor.at += 16


def _source_route(cursor: Cursor, told: Told, ends: Ends) -> None:
    """Deprecated by RFC 5095."""
    read(cursor, raw(R + "src.reserved", 4))
    _addresses(cursor, R + "src.addr")


def _mobile(cursor: Cursor, told: Told, ends: Ends) -> None:
    """RFC 6275 section 6.4."""
    read(cursor, raw(R + "mipv6.reserved", 4))
    home = Cursor(cursor.data, cursor.at, min(cursor.at + 16, cursor.stop))
    _addresses(home, R + "mipv6.home_address")
    cursor.note(*home.items)


class Compressed(NamedTuple):
    """How addresses of RPL are shortened (RFC 6554 section 3)."""

    elided: int
    elided_last: int
    pad: int
    addresses: int

    @classmethod
    def of(cls, word: int, size: int) -> Compressed:
        elided, last, pad = word >> 28, word >> 24 & 15, word >> 20 & 15
        room = size - HEAD - pad - (16 - last)
        return cls(elided, last, pad, int(room / (16 - elided)) + 1)  # towards zero where it is negative


def _rpl(cursor: Cursor, told: Told, ends: Ends) -> None:
    word = cursor.peek(4)
    if not cursor.fits(4):
        return
    form = Compressed.of(word, told.size)
    notes = {
        R + "rpl.pad": Item(R + "rpl.cmprI_cmprE_pad", True) if not word >> 24 and form.pad else None,
        R + "rpl.reserved": Item(R + "rpl.reserved_not0", True) if word & 0xFFFFF else None,
    }
    if ends.target[0] == MULTICAST:
        cursor.add("ipv6.dst_addr.not_multicast", True)
    for part in cursor.parts(4, _BITS):
        note = notes.get(part.name)
        cursor.note(part if note is None else part._replace(children=(note,)))
    cursor.skip(4)
    wrong = (Item(R + "rpl.addr_count_ge0", True),) if form.addresses < 0 else ()
    cursor.add(R + "rpl.addr_count", form.addresses, cursor.at - 4, 4, *wrong)
    for place in range(form.addresses):
        elided = form.elided_last if place == form.addresses - 1 else form.elided
        if not cursor.fits(16 - elided):
            return
        _rpl_address(cursor, elided, ends)


def _rpl_address(cursor: Cursor, elided: int, ends: Ends) -> None:
    """An address, and what it is with the bytes that it has in common with the packet's destination."""
    at = cursor.at
    value = cursor.raw(R + "rpl.address", 16 - elided)
    full = ends.target[:elided] + value
    notes = [*_multicast(full)]
    if full == ends.source:
        notes.append(Item("ipv6.src_route_list.src_addr", True))
    elif full == ends.target:
        notes.append(Item("ipv6.src_route_list.dst_addr", True))
    cursor.add(R + "rpl.full_address", full, at, len(value), *notes)


def _segments(cursor: Cursor, told: Told, ends: Ends) -> None:
    """RFC 8754 section 2; what stands behind the list are TLVs."""
    last = cursor.peek(1)
    read(cursor, *numbers(R + "srh.", last_entry=1, flags=1), raw(R + "srh.tag", 2))
    listed = Cursor(cursor.data, cursor.at, min(cursor.at + 16 * (last + 1), cursor.stop))
    _addresses(listed, R + "srh.addr", judged=False)
    cursor.note(*listed.items)


def _compact(cursor: Cursor, told: Told, ends: Ends) -> None:
    """RFC 9631 section 4: identifiers of 16 or 32 bits; the current one is counted from the first."""
    head, size = (R + "crh16.", 2) if told.kind == COMPACT_16 else (R + "crh32.", 4)
    if least_compact(told) > told.words:
        return
    value = cursor.peek(size, size * told.left)
    if value >= 0:
        cursor.add(head + "current_sid", value, cursor.at + size * told.left, size)
    start = cursor.at
    listed = Cursor(cursor.data, start, cursor.stop)
    while listed.room >= size and listed.peek(size):  # zeros pad the list
        listed.number(head + "sid", size)
    cursor.add("Segment Identifiers", None, start, listed.at - start, *listed.items)


def least_compact(told: Told) -> int:
    """The least length in words that holds all segments that are left."""
    size = 2 if told.kind == COMPACT_16 else 4
    return max(0, -(-(4 + size * (told.left + 1) - 8) // 8))


READERS: dict[int, Callable[[Cursor, Told, Ends], None]] = {
    SOURCE_ROUTE: _source_route, MOBILE: _mobile, RPL: _rpl, SEGMENTS: _segments, COMPACT_16: _compact,
    COMPACT_32: _compact,
}  # fmt: skip


def is_wrong_length(told: Told) -> bool:
    if told.kind == SOURCE_ROUTE:
        return bool(told.words % 2)
    if told.kind == MOBILE:
        return told.words != 2
    return told.kind in (COMPACT_16, COMPACT_32) and least_compact(told) > told.words


def has_too_many_left(told: Told, word: int) -> bool:
    """Whether more segments are left than the header lists; `word` are the four bytes behind that number."""
    if told.kind == SOURCE_ROUTE:
        return told.left > told.words // 2
    if told.kind == MOBILE:
        return told.left != 1
    if told.kind == RPL:
        return told.left > Compressed.of(word, told.size).addresses >= 0
    return told.kind == SEGMENTS and told.left > (word >> 24) + 1


def walk(cursor: Cursor, ends: Ends) -> None:
    """A header whose bytes all are in the cursor."""
    words, kind, left = cursor.peek(1, 1), cursor.peek(1, 2), cursor.peek(1, 3)
    told, word = Told(words, kind, left, 8 * (words + 1)), cursor.peek(4, 4)
    cursor.number(R + "nxt", 1)
    at = cursor.at
    cursor.number(R + "len", 1, *([Item(R + "invalid_length", True)] if is_wrong_length(told) else []))
    cursor.add(R + "len_oct", told.size, at, 1)
    cursor.number(R + "type", 1, *([Item(R + "deprecated", True)] if kind == SOURCE_ROUTE else []))
    many = word >= 0 and has_too_many_left(told, word)
    cursor.number(R + "segleft", 1, *([Item(R + "invalid_segleft", True)] if many else []))
    reader = READERS.get(kind)
    if reader is not None and cursor.whole:
        reader(cursor, told, ends)
    elif cursor.whole and cursor.room:
        data = cursor.data[cursor.at : cursor.stop]
        cursor.add(R + "unknown_data", data, cursor.at, len(data), Item(R + "undecoded", True))
