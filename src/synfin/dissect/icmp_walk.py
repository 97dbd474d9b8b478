"""The walk over an ICMP message (RFC 792 and those that add types to it)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from synfin.dissect.checksum import Verdict, verdict
from synfin.dissect.context import Facts
from synfin.dissect.cursor import Cursor, over_unit
from synfin.dissect.icmp_extensions import behind_quoted, extensions
from synfin.dissect.icmp_mobile import mobility
from synfin.dissect.load import limit
from synfin.dissect.option import Found, Item
from synfin.dissect.preferences import preferences

if TYPE_CHECKING:
    from synfin.dissect.context import Facts
    from synfin.wire.frame import Frame
    from synfin.wire.layer import Layer

ECHO_REPLY, UNREACHABLE, QUENCH, REDIRECT, ECHO, ADVERTISEMENT = 0, 3, 4, 5, 8, 9
TIME_EXCEEDED, PARAMETER, TIMESTAMPS, INFORMATION, MASKS = 11, 12, (13, 14), (15, 16), (17, 18)
FRAGMENTATION_NEEDED = 4
EXTENDED_ECHO, EXTENDED_REPLY = 42, 43
STATUS = {Verdict.BAD: 0, Verdict.PARTIAL: 0, Verdict.GOOD: 1, Verdict.UNKNOWN: 2, Verdict.ABSENT: 3}
SECOND, DAY = 1_000_000_000, 86_400 * 1_000_000_000
STAMP_LEN = 8
NS_PER_MS = 1_000_000


def sent_at(frame: Frame, layer: Layer) -> int | None:
    """Nanoseconds since the epoch that `ping` wrote into its data: seconds and microseconds in one of both orders.

    What is more than a day off the capture's time is taken for other data.
    """
    at = layer.start + 8
    raw = frame.data[at : at + STAMP_LEN]
    kind = frame.data[layer.start] if layer.start < len(frame.data) else -1
    if kind not in (ECHO, ECHO_REPLY) or at + STAMP_LEN > limit(frame, layer):
        return None
    stamps = [
        int.from_bytes(raw[:4], order) * SECOND + int.from_bytes(raw[4:], order) * 1000
        for order in ("big", "little")
        if int.from_bytes(raw[4:], order) < SECOND
    ]
    near = min(stamps, key=lambda stamp: abs(stamp - frame.packet.time_ns), default=None)
    return near if near is not None and abs(near - frame.packet.time_ns) < DAY else None


def checked(cursor: Cursor, frame: Frame, layer: Layer) -> None:
    """The checksum with its verdict."""
    found = verdict(frame, layer)
    expert = "icmpv6.checksum_bad.expert" if layer.name == "icmpv6" else "icmp.checksum_bad"
    bad = (Item(expert, True),) if STATUS[found] == 0 else ()
    cursor.number(f"{layer.name}.checksum", 2, *bad)
    if cursor.whole:
        cursor.add(f"{layer.name}.checksum.status", STATUS[found])


def answered(layer: Layer, facts: Facts | None) -> tuple[Item, ...]:
    """The reply to a request, or the request of a reply."""
    echo = None if facts is None else facts.recalled.echoes.get(layer.start)
    name = layer.name
    if echo is None:
        return ()
    if echo.answer is not None:
        return (Item(f"{name}.resp_in", echo.answer),)
    if echo.request is not None:
        return (Item(f"{name}.resp_to", echo.request),
                Item(f"{name}.resptime", (echo.since_request_ns or 0) / NS_PER_MS))  # fmt: skip
    missing = Item(f"{name}.no_resp", True, -1, 0, (Item(f"{name}.resp_not_found", True),))
    return (missing,) if echo.unanswered else ()


def _both_orders(cursor: Cursor, name: str) -> None:
    at = cursor.at
    value = cursor.number(name, 2)
    if value >= 0:
        cursor.add(f"{name}_le", (value & 0xFF) << 8 | value >> 8, at, 2)


def _numbered(cursor: Cursor) -> None:
    _both_orders(cursor, "icmp.ident")
    _both_orders(cursor, "icmp.seq")


def _error(cursor: Cursor, kind: int, code: int) -> int:
    """Four bytes before the quoted packet; the second may tell its length in words (RFC 4884), which is returned."""
    if kind == QUENCH:
        cursor.skip(4)
        return 0
    if kind == PARAMETER:
        cursor.number("icmp.pointer", 1)
        left = 3
    else:
        left = 4
    words = cursor.peek(1, left - 3)
    if words > 0:
        cursor.raw("icmp.unused", left - 3)
        at = cursor.at
        cursor.number("icmp.length", 1)
        cursor.add("icmp.length.original_datagram", words * 4, at, 1)
        left = 2
    if kind == UNREACHABLE and code == FRAGMENTATION_NEEDED:
        cursor.raw("icmp.unused", left - 2)
        cursor.number("icmp.mtu", 2)
    else:
        cursor.raw("icmp.unused", left)
    return max(words, 0)


def _extend(cursor: Cursor, words: int, facts: Facts | None) -> None:
    found = behind_quoted(cursor, words, favoured=preferences(facts).icmp_favor_icmp_mpls) if cursor.whole else None
    if found is not None:
        cursor.note(found)


def _routers(cursor: Cursor) -> None:
    count, size = cursor.number("icmp.num_addrs", 1), cursor.number("icmp.addr_entry_size", 1)
    cursor.number("icmp.lifetime", 2)
    for _ in range(count if size == 2 else 0):
        if cursor.room < 8:
            return
        cursor.raw("icmp.router_address", 4)
        at = cursor.at
        cursor.add("icmp.pref_level", int.from_bytes(cursor.data[at : at + 4], "big", signed=True), at, 4)
        cursor.skip(4)
    if size == 2:
        mobility(cursor)


def _extended_echo(cursor: Cursor, kind: int) -> None:
    """RFC 8335 sections 2 and 3."""
    _both_orders(cursor, "icmp.ident")
    cursor.number("icmp.ext.echo.seq", 1)
    if kind == EXTENDED_ECHO:
        cursor.note(*cursor.parts(1, {"icmp.ext.echo.req.res": 0xFE, "icmp.ext.echo.req.local": 0x01}))
    else:
        masks = {"state": 0xE0, "res": 0x18, "active": 0x04, "ipv4": 0x02, "ipv6": 0x01}
        cursor.note(*cursor.parts(1, {f"icmp.ext.echo.rsp.{name}": mask for name, mask in masks.items()}))
    cursor.skip(1)
    found = extensions(cursor) if kind == EXTENDED_ECHO and cursor.whole else None
    if found is not None:
        cursor.note(found)


def walk(frame: Frame, layer: Layer, facts: Facts | None) -> tuple[Item, ...]:
    """The message's own fields; what it quotes or carries are layers of their own."""
    cursor = over_unit(frame, layer)
    kind, code = cursor.number("icmp.type", 1), cursor.number("icmp.code", 1)
    checked(cursor, frame, layer)
    if kind in (ECHO, ECHO_REPLY):
        _numbered(cursor)
        cursor.note(*answered(layer, facts))
        stamp = sent_at(frame, layer)
        if stamp is not None:
            cursor.add("icmp.data_time", stamp, cursor.at, STAMP_LEN)
            cursor.add("icmp.data_time_relative", frame.packet.time_ns - stamp, cursor.at, STAMP_LEN)
    elif kind in (UNREACHABLE, QUENCH, TIME_EXCEEDED, PARAMETER):
        _extend(cursor, _error(cursor, kind, code), facts)
    elif kind == REDIRECT:
        cursor.raw("icmp.redir_gw", 4)
        _extend(cursor, 0, facts)
    elif kind in (EXTENDED_ECHO, EXTENDED_REPLY):
        _extended_echo(cursor, kind)
    elif kind == ADVERTISEMENT:
        _routers(cursor)
    elif kind in (*TIMESTAMPS, *INFORMATION, *MASKS):
        _numbered(cursor)
        if kind in TIMESTAMPS:
            for name in ("originate", "receive", "transmit"):
                cursor.number(f"icmp.{name}_timestamp", 4)
        elif kind in MASKS:
            cursor.raw("icmp.address_mask", 4)
    return tuple(cursor.items)


MESSAGE = Found(walk)
