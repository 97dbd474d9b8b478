"""RPL in ICMPv6: its messages and options (RFC 6550), and point-to-point routes (RFC 6997)."""

from __future__ import annotations

from collections.abc import Callable

from synfin.dissect import rpl_metrics
from synfin.dissect.cursor import Cursor
from synfin.dissect.icmpv6_options import unknown_data
from synfin.dissect.option import Item
from synfin.dissect.steps import Step, below, mark, number, numbers, prefix, raw, read

MESSAGE = 155  #: type of RPL's messages; the code tells which
SOLICIT, INFORM, ADVERTISE, ACKNOWLEDGE, DISCOVER, DISCOVERED, CONSISTENCY = 0, 1, 2, 3, 4, 5, 0x0A
SECURE = 0x80  #: added to a code
ROUTE, TARGET, ROUTE_DISCOVERY = 3, 5, 10

_HEAD, _OPT = "icmpv6.rpl.", "icmpv6.rpl.opt."
_RESERVED = raw("icmpv6.reserved", 1)
_INFORMED = {"g": 0x80, "0": 0x40, "mop": 0x38, "preference": 0x07}
_SENT = below(_HEAD + "p2p.dro.flag", {"stop": 0x8000, "ack": 0x4000, "seq": 0x3000, "reserved": 0x0FFF})
_ANSWERED = below(_HEAD + "p2p.droack.flag", {"seq": 0xC000, "reserved": 0x3FFF})


def _flag(name: str, parts: dict[str, int], size: int = 1) -> Step:
    return number(name, size, below(name, parts))


def _inform(cursor: Cursor) -> None:
    head = _HEAD + "dio."
    read(cursor, *numbers(head, instance=1, version=1, rank=2), _flag(head + "flag", _INFORMED),
         *numbers(head, dtsn=1, flag=1), _RESERVED, raw(head + "dagid", 16))  # fmt: skip


def _with_graph(cursor: Cursor, flag: int, name: str) -> None:
    """The graph's identifier where the flags that were just passed say that there is one."""
    if flag:
        cursor.raw(name, 16)


def _advertise(cursor: Cursor) -> None:
    head, flags = _HEAD + "dao.", cursor.peek(1, 1)
    read(cursor, number(head + "instance", 1), _flag(head + "flag", {"k": 0x80, "d": 0x40, "rsv": 0x3F}), _RESERVED,
         number(head + "sequence", 1))  # fmt: skip
    _with_graph(cursor, flags & 0x40, head + "dodagid")


def _acknowledge(cursor: Cursor) -> None:
    head, flags = _HEAD + "daoack.", cursor.peek(1, 1)
    read(cursor, number(head + "instance", 1), _flag(head + "flag", {"d": 0x80, "rsv": 0x7F}),
         *numbers(head, sequence=1, status=1))  # fmt: skip
    _with_graph(cursor, flags & 0x80, head + "dodagid")


def _consistency(cursor: Cursor) -> None:
    head = _HEAD + "cc."
    read(cursor, number(head + "instance", 1), _flag(head + "flag", {"r": 0x80, "rsv": 0x7F}),
         number(head + "nonce", 2), raw(head + "dodagid", 16), number(head + "destination_counter", 4))  # fmt: skip


def _discovered(cursor: Cursor, name: str, parts: dict[str, int]) -> None:
    """RFC 6997 sections 8 and 10: the version is always 0."""
    head = _HEAD + "p2p.dro."
    cursor.number(head + "instance", 1)
    cursor.number(head + "version", 1, *([Item(head + "zero", True)] if cursor.peek(1) > 0 else []))
    read(cursor, number(name, 2, parts), raw(head + "dagid", 16))


def _security(cursor: Cursor) -> None:
    """RFC 6550 section 6.1: the key is told by the identifier's mode, and by the level where nodes sign."""
    head = _HEAD + "secure."
    told = cursor.peek(1, 2)
    read(cursor, _flag(head + "flag", {"t": 0x80, "rsv": 0x7F}), number(head + "algorithm", 1),
         number(head + "flag", 1, below(_HEAD + "secure", {"kim": 0xC0, "lvl": 0x07, "rsv": 0x38})),
         number(head + "flag", 1), number(head + "counter", 4))  # fmt: skip
    mode, level = told >> 6, told & 0x07
    if mode == 2 or (mode == 3 and level & 1):  # an odd level encrypts, by a group's key
        cursor.raw(head + "key.source", 8)
        cursor.number(head + "key.index", 1)
    elif mode == 0:
        cursor.number(head + "key.index", 1)


def walk(cursor: Cursor, code: int) -> None:
    """One message behind its checksum."""
    kind = code & ~SECURE
    if code < 0 or kind not in READERS or (kind == CONSISTENCY and not code & SECURE):
        if code >= 0 and code & SECURE:
            _security(cursor)
        return
    if code & SECURE:
        _security(cursor)
    READERS[kind](cursor)
    if kind != DISCOVERED:
        options(cursor, kind)


READERS: dict[int, Callable[[Cursor], None]] = {
    SOLICIT: lambda cursor: read(cursor, number(_HEAD + "dis.flags", 1), _RESERVED),
    INFORM: _inform,
    ADVERTISE: _advertise,
    ACKNOWLEDGE: _acknowledge,
    DISCOVER: lambda cursor: _discovered(cursor, _HEAD + "p2p.dro.flag", _SENT),
    DISCOVERED: lambda cursor: _discovered(cursor, _HEAD + "p2p.droack.flag", _ANSWERED),
    CONSISTENCY: _consistency,
}

_SOLICITED = {"v": 0x80, "i": 0x40, "d": 0x20, "rsv": 0x1F}
_PREFIX = {_OPT + "prefix.flag.l": 0x80, _OPT + "config.flag.a": 0x40, _OPT + "config.flag.r": 0x20,
           _OPT + "config.flag.rsv": 0x1F}  # fmt: skip
#: Options of a fixed form, behind type and length.
FIXED: dict[int, tuple[Step, ...]] = {
    1: (mark(_OPT + "padn"),),
    4: (number(_OPT + "config.flag", 1, below(_OPT + "config", {"reserved": 0xF0, "auth": 0x08, "pcs": 0x07})),
        *numbers(_OPT + "config.", interval_double=1, interval_min=1, redundancy=1, max_rank_inc=2,
                 min_hop_rank_inc=2, ocp=2, rsv=1, def_lifetime=1, lifetime_unit=2)),
    7: (number(_OPT + "solicited.instance", 1), _flag(_OPT + "solicited.flag", _SOLICITED),
        raw(_OPT + "solicited.dodagid", 16), number(_OPT + "solicited.version", 1)),
    8: (number(_OPT + "prefix.length", 1), number(_OPT + "prefix.flag", 1, _PREFIX),
        *numbers(_OPT + "prefix.", valid_lifetime=4, preferred_lifetime=4), mark(_OPT + "reserved", 4),
        raw(_OPT + "prefix", 16)),
    9: (number(_OPT + "targetdesc.descriptor", 4),),
}  # fmt: skip


def options(cursor: Cursor, kind: int) -> None:
    """RFC 6550 section 6.7; each passes at least its type."""
    while cursor.room and cursor.whole:
        start, option, length = cursor.at, cursor.peek(1), cursor.peek(1, 1)
        inner = Cursor(cursor.data, start, cursor.stop)
        inner.number(_OPT + "type", 1)
        if option:
            end = start + 2 + max(length, 0)
            inner.stop = min(end, cursor.stop)
            notes = _notes(option, inner, length)
            inner.number(_OPT + "length", 1, *(Item(name, True) for name in notes))
            _content(inner, option, kind, end)
            unknown_data(inner, end)
        cursor.at = inner.stop if option else start + 1
        cursor.note(Item("icmpv6.opt", True, start, cursor.at - start, tuple(inner.items)))


def _notes(option: int, inner: Cursor, length: int) -> list[str]:
    """What is wrong with the option's length, or with what its objects are."""
    fixed = {ROUTE: 6, TARGET: 2}.get(option)
    if fixed is not None and length > fixed:
        bits = inner.peek(1, 1 if option == ROUTE else 2)
        return ["icmpv6.invalid_option_length"] if not _holds(length - fixed, bits) else []
    if option == rpl_metrics.CONTAINER:
        return ["icmpv6.rpl.unknown.metric"] * rpl_metrics.unknown(inner)
    return []


def _holds(size: int, bits: int) -> bool:
    """Whether so many bytes are a prefix of so many bits."""
    return (bits + 7) // 8 <= size <= 16


def _content(inner: Cursor, option: int, kind: int, end: int) -> None:
    if option in FIXED:
        read(inner, *FIXED[option], end=end)
    elif option == rpl_metrics.CONTAINER:
        rpl_metrics.walk(inner)
    elif option == ROUTE:
        bits = inner.peek(1)
        read(inner, number(_OPT + "route.prefix_length", 1),
             number(_OPT + "route.flag", 1, below(_OPT + "route", {"pref": 0x18, "reserved": 0xE7})),
             number(_OPT + "route.lifetime", 4))  # fmt: skip
        _prefix(inner, _OPT + "route.prefix", bits, end)
    elif option == TARGET:
        bits = inner.peek(1, 1)
        read(inner, mark(_OPT + "target.flag", 1), number(_OPT + "target.prefix_length", 1))
        _prefix(inner, _OPT + "target.prefix", bits, end)
    elif option == 6:
        read(inner, _flag(_OPT + "transit.flag", {"e": 0x80, "rsv": 0x7F}),
             *numbers(_OPT + "transit.", pathctl=1, pathseq=1, pathlifetime=1))  # fmt: skip
        if end > inner.at:
            inner.raw(_OPT + "transit.parent", 16)
    elif option == ROUTE_DISCOVERY:
        _discovery(inner, kind, end)
    else:
        inner.add("icmpv6.undecoded.rpl_option", True)
        inner.raw("icmpv6.data", end - inner.at)


def _prefix(inner: Cursor, name: str, bits: int, end: int) -> None:
    if _holds(end - inner.at, bits):
        prefix(inner, name, end - inner.at)


def _discovery(inner: Cursor, kind: int, end: int) -> None:
    """RFC 6997 section 7: addresses leave out the bytes that all have in common."""
    head, told = _OPT + "routediscovery.", inner.peek(1)
    answer = kind == DISCOVER
    if inner.fits(1):
        inner.add(head + "flag", True, inner.at, 1, *_wishes(head + "flag.", told, inner.at, answer=answer))
        inner.skip(1)
    if inner.fits(1):
        lifetime, rank = inner.peek(1) >> 6, inner.peek(1) & 0x3F
        zero = (Item(_HEAD + "p2p.dro.rdo.zero", True),) if answer and lifetime else ()
        inner.add(head + "lifetime", lifetime, inner.at, 1, *zero)
        inner.add(head + ("nh" if answer else "maxrank"), rank, inner.at, 1)
        inner.skip(1)
    elided = told & 0x0F
    size = 16 - elided
    _short_address(inner, head + "targetaddr", elided)
    if inner.whole and inner.fits(end - inner.at):
        vector = Cursor(inner.data, inner.at, end)
        while vector.room >= size:
            _short_address(vector, head + "addrvec.addr", elided)
        inner.add(head + "addr_vec", True, inner.at, vector.at - inner.at, *vector.items)
        inner.at = end


def _wishes(head: str, told: int, at: int, *, answer: bool) -> list[Item]:
    reply, hop, routes = told >> 7, told >> 6 & 1, told >> 4 & 3
    zero = (Item(_HEAD + "p2p.dro.rdo.zero", True),)
    needless = zero if answer else (Item(_HEAD + "p2p.num_of_routes", True),) if hop else ()
    unanswered = () if answer or reply else (Item(_HEAD + "p2p.hop_by_hop", True),)
    return [
        Item(head + "reply", reply, at, 1, zero if answer and reply else ()),
        Item(head + "hopbyhop", hop, at, 1, unanswered if hop else ()),
        Item(head + "numofroutes", routes, at, 1, needless if routes else ()),
        Item(head + "compr", told & 0x0F, at, 1),
    ]


def _short_address(cursor: Cursor, name: str, elided: int) -> None:
    size = 16 - elided
    if cursor.fits(size):
        value = cursor.data[cursor.at : cursor.at + size]
        cursor.add(name, value.rjust(16, b"\0"), cursor.at, size)
        cursor.skip(size)
