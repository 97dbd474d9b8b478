"""The walk over Mobile IP's extensions of router advertisements (RFC 5944 section 2.1, RFC 4721)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from synfin.dissect.option import Item

if TYPE_CHECKING:
    from synfin.dissect.cursor import Cursor

PADDING, AGENT, PREFIXES, CHALLENGE = 0, 16, 19, 24
AGENT_LEN = 6  #: bytes of an agent's extension in front of its addresses
NAMES = {
    PADDING: "One byte padding extension", AGENT: "Mobility Agent Advertisement Extension",
    PREFIXES: "Prefix Lengths Extension", CHALLENGE: "Challenge Extension",
}  # fmt: skip
FLAGS = {
    "icmp.mip.r": 0x8000, "icmp.mip.b": 0x4000, "icmp.mip.h": 0x2000, "icmp.mip.f": 0x1000, "icmp.mip.m": 0x0800,
    "icmp.mip.g": 0x0400, "icmp.mip.v": 0x0200, "icmp.mip.rt": 0x0100, "icmp.mip.u": 0x0080, "icmp.mip.x": 0x0040,
    "icmp.mip.reserved": 0x003F,
}  # fmt: skip


def mobility(cursor: Cursor) -> None:
    """Every extension that is left; each step reads at least one byte."""
    while cursor.room and cursor.whole:
        start, kind = cursor.at, cursor.peek(1)
        if kind != PADDING and cursor.room < 2:
            return
        inner = cursor.within(1 if kind == PADDING else 2 + cursor.peek(1, 1))
        _extension(inner, kind)
        name = NAMES.get(kind, f"Unknown ext {kind}")
        cursor.note(Item(f"Ext: {name}", None, start, cursor.at - start, tuple(inner.items)))


def _extension(inner: Cursor, kind: int) -> None:
    inner.number("icmp.mip.type", 1)
    if kind == PADDING:
        return
    size = inner.number("icmp.mip.length", 1)
    if kind == AGENT:
        inner.number("icmp.mip.seq", 2)
        inner.number("icmp.mip.life", 2)
        inner.number("icmp.mip.flags", 2, *inner.parts(2, FLAGS))
        while inner.room >= 4:
            inner.raw("icmp.mip.coa", 4)
    elif kind == PREFIXES:
        while inner.room:
            inner.number("icmp.mip.prefixlength", 1)
    else:
        inner.raw("icmp.mip.challenge" if kind == CHALLENGE else "icmp.mip.content", size, empty=True)
