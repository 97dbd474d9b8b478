"""ICMPv6 messages of single standards: renumbering, node information, handovers, locators, MPL, extended echo."""

from __future__ import annotations

from collections.abc import Callable

from synfin.dissect.address import ipv6
from synfin.dissect.cursor import Cursor
from synfin.dissect.icmp_extensions import extensions
from synfin.dissect.option import Item
from synfin.dissect.steps import below, domain, number, numbers, raw, read, split

COMMAND, RESULT = 0, 1  #: codes of router renumbering
SUBJECT_ADDRESS, SUBJECT_NAME, SUBJECT_IPV4 = 0, 1, 2  #: codes of a query for node information
SUCCESS = 0  #: code of a reply to it
NODE_NAME, NODE_ADDRESSES, IPV4_ADDRESSES = 2, 3, 4
SOLICITATION, PROXY_ADVERTISEMENT, INITIATE, ACKNOWLEDGE = 2, 3, 4, 5  #: subtypes of fast handovers
SEED_SIZES = (0, 2, 8, 16)
MAX_PREFIX = 128

_PCO, _UP, _RM = "icmpv6.rr.pco.mp", "icmpv6.rr.pco.up", "icmpv6.rr.rm"
_RENUMBERING = {"t": 0x80, "r": 0x40, "a": 0x20, "s": 0x10, "p": 0x08, "rsv": 0x07}
_MASKS = below(_UP + ".flagmask", {"l": 0x80, "a": 0x40, "reserved": 0x3F})
_USE = (
    *numbers(_UP + ".", uselen=1, keeplen=1), number(_UP + ".flagmask", 1, _MASKS),
    number(_UP + ".raflags", 1, _MASKS), *numbers(_UP + ".", validlifetime=4, preferredlifetime=4),
    number(_UP + ".flag", 4, below(_UP + ".flag", {"v": 0x80000000, "p": 0x40000000, "reserved": 0x3FFFFFFF})),
    raw(_UP + ".useprefix", 16),
)  # fmt: skip
USE_LEN = 32  #: bytes of a use-prefix part
_ASKED = {"g": 0x20, "s": 0x10, "l": 0x08, "c": 0x04, "a": 0x02, "t": 0x01, "rsv": 0xFFC0}
_STATE = {"state": 0xE0, "res": 0x18, "active": 0x04, "ipv4": 0x02, "ipv6": 0x01}


def _length(cursor: Cursor, name: str, note: str) -> None:
    """A prefix length, which cannot be above 128."""
    cursor.number(name, 1, *([Item(note, True)] if cursor.peek(1) > MAX_PREFIX else []))


def _renumbering(cursor: Cursor, code: int, source: bytes) -> None:
    """RFC 2894 section 3."""
    head = "icmpv6.rr."
    read(cursor, *numbers(head, sequence_number=4, segment_number=1),
         number(head + "flag", 1, below(head + "flag", _RENUMBERING)), number(head + "maxdelay", 2),
         raw("icmpv6.reserved", 4))  # fmt: skip
    if code == COMMAND:
        while cursor.room >= 24:
            _operation(cursor)
    elif code == RESULT:
        while cursor.room >= 24:
            _matched(cursor)


def _operation(cursor: Cursor) -> None:
    """A match-prefix part, and as many use-prefix parts as its length in words of eight bytes tells."""
    words = cursor.peek(1, 1)
    part = cursor.within(24)
    read(part, *numbers(_PCO + ".", opcode=1, oplength=1, ordinal=1))
    _length(part, _PCO + ".matchlen", _PCO + ".matchlen.gt128")
    read(part, *numbers(_PCO + ".", minlen=1, maxlen=1), raw("icmpv6.reserved", 2), raw(_PCO + ".matchprefix", 16))
    cursor.note(Item(_PCO, True, cursor.at - 24, 24, tuple(part.items)))
    for _ in range((words - 3) // 4):
        if not cursor.room:
            return
        start = cursor.at
        part = cursor.within(USE_LEN)
        read(part, *_USE)
        cursor.note(Item(_UP, True, start, cursor.at - start, tuple(part.items)))


def _matched(cursor: Cursor) -> None:
    part = cursor.within(24)
    flags = {"reserved": 0xFFFC, "b": 0x0002, "f": 0x0001}
    read(part, number(_RM + ".flag", 2, below(_RM + ".flag", flags)), number(_RM + ".ordinal", 1))
    _length(part, _RM + ".matchedlen", _PCO + ".matchedlen.gt128")
    read(part, number(_RM + ".interfaceindex", 4), raw(_RM + ".matchedprefix", 16))
    cursor.note(Item(_RM, True, cursor.at - 24, 24, tuple(part.items)))


def _node(cursor: Cursor) -> int:
    """What a query for node information and its reply begin with; what is asked for."""
    kind = cursor.number("icmpv6.ni.qtype", 2)
    read(cursor, number("icmpv6.ni.flag", 2, below("icmpv6.ni.flag", _ASKED)), number("icmpv6.ni.nonce", 8))
    return kind


def _node_query(cursor: Cursor, code: int, source: bytes) -> None:
    """RFC 4620 section 4: whom it is about; the code tells how that is written."""
    _node(cursor)
    if code == SUBJECT_ADDRESS and cursor.room:
        cursor.raw("icmpv6.ni.query.subject_ipv6", 16)
    elif code == SUBJECT_NAME and cursor.room:
        domain(cursor, "icmpv6.ni.query.subject_fqdn")
    elif code == SUBJECT_IPV4 and cursor.room:
        cursor.raw("icmpv6.ni.query.subject_ipv4", 4)


def _node_reply(cursor: Cursor, code: int, source: bytes) -> None:
    """RFC 4620 section 5."""
    kind = _node(cursor)
    if code != SUCCESS:
        return
    ttl, head = "icmpv6.ni.reply.node_ttl", "icmpv6.ni.reply."
    if kind == NODE_NAME and cursor.number(ttl, 4) >= 0:
        _names(cursor, head + "node_name")
    size, name = {NODE_ADDRESSES: (16, "node_address"), IPV4_ADDRESSES: (4, "ipv4_address")}.get(kind, (0, ""))
    while size and cursor.room >= 4 + size:
        cursor.number(ttl, 4)
        cursor.raw(head + name, size)


def _names(cursor: Cursor, name: str) -> None:
    while cursor.peek(1) > 0 and domain(cursor, name):
        if cursor.peek(1) == 0:  # the second zero behind a name of one label
            cursor.skip(1)


def _handover(cursor: Cursor, code: int, source: bytes) -> None:
    """RFC 5568 section 6.1 and 6.2; options follow."""
    kind = cursor.number("icmpv6.fmip6.subtype", 1)
    flag = "icmpv6.fmip6.hi.flag"
    if kind == INITIATE:
        read(cursor, number(flag, 1, below(flag, {"s": 0x80, "a": 0x40, "reserved": 0x3F})))
    elif kind in (SOLICITATION, PROXY_ADVERTISEMENT, ACKNOWLEDGE):
        cursor.raw("icmpv6.reserved", 1)
    else:
        cursor.skip(1)
    cursor.number("icmpv6.fmip6.identifier", 2)


def _locators(cursor: Cursor, code: int, source: bytes) -> None:
    """RFC 6743 section 2."""
    count = cursor.number("icmpv6.ilnp.nb_locs", 1)
    read(cursor, raw("icmpv6.reserved", 1), raw("icmpv6.reserved", 2))
    for _ in range(max(count, 0)):
        if not cursor.room:
            return
        read(cursor, *numbers("icmpv6.ilnp.", nb_locator=8, nb_preference=2, nb_lifetime=2))


def _seeds(cursor: Cursor, code: int, source: bytes) -> None:
    """RFC 7731 section 6.2: which messages of whom are kept."""
    count = 0
    while cursor.room >= 2:
        count, start = count + 1, cursor.at
        inner = Cursor(cursor.data, start, cursor.stop)
        _seed(inner, source)
        cursor.at = inner.at if inner.whole else cursor.stop
        cursor.note(Item(f"MPL Seed Info: [{count}]", None, start, inner.at - start, tuple(inner.items)))


def _seed(inner: Cursor, source: bytes) -> None:
    head = "icmpv6.mpl.seed_info."
    least, form = inner.peek(1), inner.peek(1, 1)
    read(inner, number(head + "min_sequence", 1), split(1, {head + "bm_len": 0xFC, head + "s": 0x03}))
    size, kept = SEED_SIZES[form & 3], form >> 2
    if not _has_room(inner, size):
        return
    value = inner.data[inner.at : inner.at + size] or source
    inner.add(head + "seed_id", _identity(value, form & 3), inner.at if size else -1, size)
    inner.skip(size)
    if not kept or not _has_room(inner, kept):
        return
    bits = inner.data[inner.at : inner.at + kept]
    found = [
        Item(head + "sequence", (least + place) & 0xFF, inner.at + place // 8, 1)
        for place in range(8 * kept)
        if bits[place >> 3] & 0x80 >> (place & 7)
    ]
    inner.add("Buffered Messages", None, inner.at, kept, *found)
    inner.skip(kept)


def _has_room(inner: Cursor, size: int) -> bool:
    """Whether so much is left; else what there is belongs to nothing."""
    if inner.room < size and inner.room:
        value = inner.data[inner.at : inner.stop]
        inner.add("icmpv6.unknown_data", value, inner.at, len(value), Item("icmpv6.unknown_data.expert", True))
    return inner.fits(size)


def _identity(value: bytes, form: int) -> str:
    """A seed's identifier: an address, the source's where none is given, or bytes."""
    if len(value) == 16:
        return ipv6(value)
    return value.hex(":") if form == 2 else value.hex()


def _extended_request(cursor: Cursor, code: int, source: bytes) -> None:
    """RFC 8335 section 2; extension objects follow."""
    head = "icmpv6.ext.echo."
    read(cursor, number("icmpv6.echo.identifier", 2), number(head + "seq", 1),
         split(1, {head + "req.res": 0xFE, head + "req.local": 0x01}))  # fmt: skip
    if cursor.whole:
        cursor.note(extensions(cursor) or Item("icmp.ext", True, cursor.at))


def _extended_reply(cursor: Cursor, code: int, source: bytes) -> None:
    """RFC 8335 section 3."""
    head = "icmpv6.ext.echo."
    read(cursor, number("icmpv6.echo.identifier", 2), number(head + "seq", 1), split(1, below(head + "rsp", _STATE)))


#: By type; each is given the code and the sender's address.
READERS: dict[int, Callable[[Cursor, int, bytes], None]] = {
    138: _renumbering, 139: _node_query, 140: _node_reply, 150: _handover, 154: _handover, 156: _locators,
    159: _seeds, 160: _extended_request, 161: _extended_reply,
}  # fmt: skip
