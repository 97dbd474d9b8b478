"""Metrics and constraints of routes in RPL (RFC 6551): the objects of a metric container."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from synfin.dissect.cursor import Cursor
from synfin.dissect.steps import below, number, read, split

CONTAINER = 2  #: type of the option
HEADER = 4  #: bytes of an object's header
CONSTRAINT, RECORDED = 0x0200, 0x0080  #: flags of it

_M = "icmpv6.rpl.opt.metric."
_FLAGS = {_M + "reserved": 0xF800, _M + "flag.p": 0x0400, _M + "flag.c": 0x0200, _M + "flag.o": 0x0100,
          _M + "flag.r": 0x0080, _M + "flag.a": 0x0070, _M + "prec": 0x000F}  # fmt: skip
_STATE = {"reserved": 0xFF00, "flags": 0x00FC, "flag.a": 0x0002, "flag.o": 0x0001}
_ENERGY = {"flags": 0xF000, "flag.i": 0x0800, "type": 0x0600, "flag.e": 0x0100, "energy": 0x00FF}
_HOPS = {"reserved": 0xF000, "flags": 0x0F00, "hp": 0x00FF}


def _node_state(body: Cursor, flags: int) -> None:
    name = _M + "nsa.object"
    read(body, number(name, 2, below(name, _STATE)))
    while body.room and body.whole:
        start, optional = body.at, name + ".opttlv.object"
        inner = Cursor(body.data, start, body.stop)
        kind, length = inner.number(optional + ".type", 1), inner.number(optional + ".length", 1)
        if length >= 0:
            inner.raw(optional + ".data", length, empty=True)
        body.at, body.whole = inner.at, inner.whole
        body.add(optional, kind, start, 1, *inner.items)


def _energy(body: Cursor, flags: int) -> None:
    name = _M + "ne.object"
    while body.room and body.whole:
        read(body, number(name, 2, below(name, _ENERGY)))


def _hop_count(body: Cursor, flags: int) -> None:
    read(body, number(_M + "hp.object", 2, below(_M + "hp.object", _HOPS)))


def _numbers(name: str, size: int) -> Callable[[Cursor, int], None]:
    def walk(body: Cursor, flags: int) -> None:
        while body.room and body.whole:
            body.number(_M + name, size)

    return walk


def _quality(body: Cursor, flags: int) -> None:
    name = _M + "lql.object"
    body.number(name + ".res", 1)
    while body.room and body.whole:
        read(body, number(name, 1, below(name, {"val": 0xE0, "counter": 0x1F})))


def _color(body: Cursor, flags: int) -> None:
    """Two forms: of a constraint, and of what was recorded on the way."""
    name = _M + "lc.object"
    body.number(name + ".res", 1)
    while body.room and body.whole:
        start = body.at
        inner = Cursor(body.data, start, min(start + 2, body.stop))
        parts = {"lc": 0xFFC0}
        if flags & CONSTRAINT:
            parts |= {"reserved": 0x003E, "flag.i": 0x0001}
        elif flags & RECORDED:
            parts["counter"] = 0x003F
        read(inner, split(2, below(name, parts)))
        if len(parts) == 1:
            inner.add("icmpv6.rpl.unknown.metric", True)
        body.at, body.whole = inner.at, inner.whole
        body.add(name, True, start, inner.at - start, *inner.items)


#: By type of object.
OBJECTS: dict[int, Callable[[Cursor, int], None]] = {
    1: _node_state, 2: _energy, 3: _hop_count, 4: _numbers("lt.object.lt", 4), 5: _numbers("ll.object.ll", 4),
    6: _quality, 7: _numbers("etx.object.etx", 2), 8: _color,
}  # fmt: skip


def _headers(option: Cursor) -> Iterator[tuple[int, int]]:
    """Offset and type of each object in an option, whose type byte has been passed."""
    at = option.at + 1
    while at + HEADER <= option.stop:
        yield at, option.data[at]
        at += HEADER + option.data[at + 3]


def unknown(option: Cursor) -> int:
    """How many objects are of a type that nobody knows."""
    return sum(kind not in OBJECTS for _, kind in _headers(option))


def walk(option: Cursor) -> None:
    """All objects; what stands in one of an unknown type is left."""
    while option.room and option.whole:
        start = option.at
        header = Cursor(option.data, start + 1, option.stop)
        flags, size = header.peek(2), header.peek(1, 2)
        read(header, number(_M + "flags", 2, _FLAGS), number(_M + "length", 1))
        kind = option.peek(1)
        reader = OBJECTS.get(kind)
        if reader is not None and header.whole:
            body = Cursor(option.data, header.at, min(header.at + size, option.stop))
            reader(body, flags)
            header.note(*body.items)
            header.at = body.at
        option.add(_M + "type", kind, start, 1, *header.items)
        option.at, option.whole = header.at, header.whole
        if reader is None:
            return
