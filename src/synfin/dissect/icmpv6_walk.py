"""The walk over an ICMPv6 message: errors and echo (RFC 4443), neighbours (RFC 4861), listeners (RFC 3810)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from synfin.dissect import icmpv6_messages, icmpv6_options, icmpv6_rpl
from synfin.dissect.cursor import Cursor, over_unit
from synfin.dissect.icmp_extensions import extensions
from synfin.dissect.icmp_walk import answered, checked
from synfin.dissect.option import Found, Item
from synfin.dissect.steps import Step, below, number, numbers, raw, read

if TYPE_CHECKING:
    from synfin.dissect.context import Facts
    from synfin.wire.frame import Frame
    from synfin.wire.layer import Layer

UNREACHABLE, TOO_BIG, TIME_EXCEEDED, PARAMETER = 1, 2, 3, 4
QUERY, REPORT_2, AGENT_REPLY = 130, 143, 145
LONG_QUERY = 28  #: bytes of a query of the second version, at the least

_ADVERTISED = {"m": 0x80, "o": 0x40, "h": 0x20, "prf": 0x18, "p": 0x04, "rsv": 0x03}
_NEIGHBOUR = {"r": 0x80000000, "s": 0x40000000, "o": 0x20000000, "rsv": 0x1FFFFFFF}
_MOBILE = {"m": 0x8000, "o": 0x4000, "rsv": 0x3FFF}
_QUERY = {"icmpv6.mld.flag.s": 0x08, "icmpv6.mld.flag.qrv": 0x07, "icmpv6.mld.flag.reserved": 0xF0}
_ECHO = (number("icmpv6.echo.identifier", 2), number("icmpv6.echo.sequence_number", 2))
_HALF, _RESERVED = raw("icmpv6.reserved", 2), raw("icmpv6.reserved", 4)
_LISTENER = (number("icmpv6.mld.maximum_response_delay", 2), _HALF, raw("icmpv6.mld.multicast_address", 16))
_AGENT = (number("icmpv6.mip6.identifier", 2), _HALF)
#: What messages of a fixed form begin with, by type.
HEADS: dict[int, tuple[Step, ...]] = {
    TOO_BIG: (number("icmpv6.mtu", 4),),
    PARAMETER: (number("icmpv6.pointer", 4),),
    128: _ECHO,
    129: _ECHO,
    131: _LISTENER,
    132: _LISTENER,
    133: (_RESERVED,),
    134: (number("icmpv6.nd.ra.cur_hop_limit", 1),
          number("icmpv6.nd.ra.flag", 1, below("icmpv6.nd.ra.flag", _ADVERTISED)),
          *numbers("icmpv6.nd.ra.", router_lifetime=2, reachable_time=4, retrans_timer=4)),
    135: (_RESERVED, raw("icmpv6.nd.ns.target_address", 16)),
    136: (number("icmpv6.nd.na.flag", 4, below("icmpv6.nd.na.flag", _NEIGHBOUR)),
          raw("icmpv6.nd.na.target_address", 16)),
    137: (_RESERVED, raw("icmpv6.nd.rd.target_address", 16), raw("icmpv6.rd.na.destination_address", 16)),
    141: (_RESERVED,),
    142: (_RESERVED,),
    144: _AGENT,
    146: _AGENT,
    147: (number("icmpv6.mip6.identifier", 2), number("icmpv6.mip6.flag", 2, below("icmpv6.mip6.flag", _MOBILE))),
    148: numbers("icmpv6.send.", identifier=2, component=2),
    149: (*numbers("icmpv6.send.", identifier=2, all_components=2, component=2), _HALF),
    151: numbers("icmpv6.mcast_ra.", query_interval=2, robustness_variable=2),
    152: (),
    153: (),
    157: (*numbers("icmpv6.6lowpannd.da.", status=1, rsv=1, lifetime=2), number("icmpv6.6lowpannd.da.eui64", 8),
          raw("icmpv6.6lowpannd.da.reg_addr", 16)),
    158: (*numbers("icmpv6.6lowpannd.da.", status=1, rsv=1, lifetime=2), number("icmpv6.6lowpannd.da.eui64", 8),
          raw("icmpv6.6lowpannd.da.reg_addr", 16)),
}  # fmt: skip
#: Types behind whose own fields options of neighbour discovery stand.
WITH_OPTIONS = frozenset({133, 134, 135, 136, 137, 141, 142, 147, 148, 149, 150, 154})


def _error(cursor: Cursor, layer: Layer) -> None:
    """Four bytes before the quoted packet; the first may tell its length in words of eight bytes (RFC 4884)."""
    words = cursor.peek(1)
    if words <= 0:
        read(cursor, _RESERVED)
        return
    read(cursor, number("icmpv6.length", 1), raw("icmpv6.reserved", 3))
    behind = Cursor(cursor.data, cursor.at + 8 * words, cursor.stop)
    if behind.at <= behind.stop:
        cursor.note(extensions(behind) or Item("icmp.ext", True, behind.at))


def coded(value: int, bits: int) -> int:
    """A number as RFC 3810 codes it in `bits` bits: from the middle on it is a mantissa with an exponent."""
    if value < 1 << (bits - 1):
        return value
    mantissa_bits = bits - 4
    mantissa = value & (1 << mantissa_bits) - 1 | 1 << mantissa_bits
    return mantissa << ((value >> mantissa_bits & 7) + 3)


def _query(cursor: Cursor, layer: Layer) -> None:
    """RFC 2710, and a longer one by RFC 3810 section 5.1."""
    if layer.end - layer.start < LONG_QUERY:
        read(cursor, *_LISTENER)
        return
    _coded(cursor, "icmpv6.mld.maximum_response_code", 2)
    read(cursor, _HALF, raw("icmpv6.mld.multicast_address", 16), number("icmpv6.mld.flag", 1, _QUERY))
    _coded(cursor, "icmpv6.mld.qqi", 1)
    for _ in range(max(cursor.number("icmpv6.mld.nb_sources", 2), 0)):
        if cursor.room < 16:
            return
        cursor.raw("icmpv6.mld.source_address", 16)


def _coded(cursor: Cursor, name: str, size: int) -> None:
    value = cursor.peek(size)
    if cursor.fits(size):
        cursor.add(name, coded(value, 8 * size), cursor.at, size)
        cursor.skip(size)


def _report(cursor: Cursor, layer: Layer) -> None:
    """RFC 3810 section 5.2."""
    cursor.raw("icmpv6.reserved", 2)
    for _ in range(max(cursor.number("icmpv6.mldr.nb_mcast_records", 2), 0)):
        if cursor.room < 20:
            return
        start, head = cursor.at, "icmpv6.mldr.mar."
        inner = Cursor(cursor.data, start, cursor.stop)
        inner.number(head + "record_type", 1)
        words = inner.number(head + "aux_data_len", 1)
        sources = inner.number(head + "nb_sources", 2)
        inner.raw(head + "multicast_address", 16)
        for _ in range(sources):
            if inner.room < 16:
                break
            inner.raw(head + "source_address", 16)
        if words:
            inner.raw(head + "auxiliary_data", words * 4)
        cursor.at = inner.at
        cursor.note(Item("icmpv6.mldr.mar", True, start, inner.at - start, tuple(inner.items)))


def _agents(cursor: Cursor, layer: Layer) -> None:
    """RFC 6275 section 6.6."""
    read(cursor, *_AGENT)
    while cursor.room >= 16:
        cursor.raw("icmpv6.mip6.home_agent_address", 16)


#: Messages whose form hangs on what they say.
READERS: dict[int, Callable[[Cursor, Layer], None]] = {
    UNREACHABLE: _error, TIME_EXCEEDED: _error, QUERY: _query, REPORT_2: _report, AGENT_REPLY: _agents,
}  # fmt: skip


def walk(frame: Frame, layer: Layer, facts: Facts | None) -> tuple[Item, ...]:
    """The message's own fields; what it quotes or carries are layers of their own."""
    cursor = over_unit(frame, layer)
    kind, code = cursor.number("icmpv6.type", 1), cursor.number("icmpv6.code", 1)
    checked(cursor, frame, layer)
    reader, other = READERS.get(kind), icmpv6_messages.READERS.get(kind)
    if reader is not None:
        reader(cursor, layer)
    elif other is not None:
        other(cursor, code, _source(frame, layer))
    elif kind == icmpv6_rpl.MESSAGE:
        icmpv6_rpl.walk(cursor, code)
    elif kind in HEADS:
        read(cursor, *HEADS[kind])
        if HEADS[kind] is _ECHO:
            cursor.note(*answered(layer, facts))
    elif cursor.whole:
        cursor.add("icmpv6.undecoded.type", True)
        cursor.rest("icmpv6.data")
    if kind in WITH_OPTIONS and cursor.whole:
        icmpv6_options.walk(cursor)
    return tuple(cursor.items)


def _source(frame: Frame, layer: Layer) -> bytes:
    """The source address of the IPv6 header that carries the message; nothing where there is none."""
    carriers = [one for one in frame.layers if one.name == "ipv6" and one.start < layer.start]
    return frame.data[carriers[-1].start + 8 : carriers[-1].start + 24] if carriers else b""


MESSAGE = Found(walk)
