"""In situ OAM in IPv6 (RFC 9197, RFC 9486): what nodes on the way write of themselves into a packet."""

from __future__ import annotations

from typing import NamedTuple

from synfin.dissect.cursor import Cursor
from synfin.dissect.option import Item
from synfin.dissect.steps import number, read

PREALLOCATED, INCREMENTAL = 0, 1
TITLES = {
    0: "Pre-allocated Trace", 1: "Incremental Trace", 2: "Proof of Transit", 3: "Edge to Edge",
}  # fmt: skip
TRACE_LEN = 8  #: bytes of a trace's own header
UNDEFINED, SNAPSHOT = 0x000FFC, 0x000002  #: bits of a trace type
WORD = 4

_T = "ipv6.opt.ioam.trace."
_N = _T + "node."
_FLAGS = {_T + "flag.o": 0x0400, _T + "flag.l": 0x0200, _T + "flag.a": 0x0100, _T + "flag.rsv": 0x0080}
_TYPES = {
    **{f"{_T}type.bit{bit}": 0x800000 >> bit for bit in range(12)},
    _T + "type.undef": UNDEFINED, _T + "type.bit22": SNAPSHOT, _T + "type.rsv": 0x000001,
}  # fmt: skip


class Datum(NamedTuple):
    """What one bit of the trace type stands for: names and sizes, under a heading where they are several."""

    parts: tuple[tuple[str, int], ...]
    heading: str = ""

    @property
    def size(self) -> int:
        return sum(size for _, size in self.parts)


#: From the highest bit on; bits 12 to 21 are undefined words.
DATA: tuple[Datum, ...] = (
    Datum(((_N + "hlim", 1), (_N + "id", 3)), "Hop_Lim and Node ID (short)"),
    Datum(((_N + "iif", 2), (_N + "eif", 2)), "Ingress and Egress IDs (short)"),
    Datum(((_N + "tss", 4),)), Datum(((_N + "tsf", 4),)), Datum(((_N + "trdelay", 4),)), Datum(((_N + "nsdata", 4),)),
    Datum(((_N + "qdepth", 4),)), Datum(((_N + "csum", 4),)),
    Datum(((_N + "hlim", 1), (_N + "id_wide", 7)), "Hop_Lim and Node ID (wide)"),
    Datum(((_N + "iif_wide", 4), (_N + "eif_wide", 4)), "Ingress and Egress IDs (wide)"),
    Datum(((_N + "nsdata_wide", 8),)), Datum(((_N + "bufoccup", 4),)),
    *(Datum(((_N + "undefined", 4),)) for _ in range(10)),
)  # fmt: skip


def data_of(kinds: int) -> list[Datum]:
    """What each node writes, by the trace type."""
    return [datum for bit, datum in enumerate(DATA) if kinds & 0x800000 >> bit]


def matches(words: int, kinds: int) -> bool:
    """Whether a node writes as many words as the trace type wants; nobody knows of undefined ones."""
    return bool(kinds & UNDEFINED) or sum(datum.size for datum in data_of(kinds)) == words * WORD


def fits(option: Cursor, size: int) -> bool:
    """Whether the length of an option, which comes next, is that of whole nodes; a snapshot is of any length."""
    told, kinds, room = option.peek(2, 5), option.peek(3, 7), size - 2 - TRACE_LEN
    node, left = (told >> 11) * WORD, (told & 0x7F) * WORD
    if option.peek(1, 2) not in (PREALLOCATED, INCREMENTAL) or told < 0 or kinds < 0:
        return True
    if not node or left >= room:
        return True
    return room - left >= node if kinds & SNAPSHOT else (room - left) % node == 0


def walk(option: Cursor) -> None:
    """An option behind its length."""
    option.number("ipv6.opt.ioam.rsv", 1)
    kind = option.number("ipv6.opt.ioam.opt_type", 1)
    if kind < 0:
        return
    start = option.at
    trace = Cursor(option.data, start, option.stop)
    if kind in (PREALLOCATED, INCREMENTAL):
        _trace(trace)
    title = TITLES.get(kind, "Unknown Option-Type")
    option.at, option.whole = trace.at, trace.whole
    option.add(title, None, start, trace.at - start, *trace.items)


def _trace(trace: Cursor) -> None:
    """RFC 9197 section 4.4.1."""
    if not trace.fits(TRACE_LEN):
        return
    told, kinds = trace.peek(2, 2), trace.peek(3, 4)
    words, left = told >> 11, (told & 0x7F) * WORD
    room = trace.room - TRACE_LEN
    read(trace, number(_T + "ns", 2))
    at = trace.at
    trace.add(_T + "nodelen", words, at, 1, *([] if words else [Item(_T + "invalid_nodelen", True)]))
    trace.add(_T + "flags", told >> 7 & 0x0F, at, 2, *trace.parts(2, _FLAGS))
    trace.add(_T + "remlen", told & 0x7F, at + 1, 1, *([Item(_T + "invalid_remlen", True)] if left > room else []))
    trace.at += 2
    mismatch = [Item(_T + "invalid_type", True)] if words and not matches(words, kinds) else []
    trace.number(_T + "type", 3, *trace.parts(3, _TYPES), *mismatch)
    trace.number(_T + "rsv", 1)
    if words and left <= room:
        _data(trace, kinds, words, left)


def _data(trace: Cursor, kinds: int, words: int, left: int) -> None:
    """Free space, then one node after the other, the last first; where sizes do not match, the first one only."""
    start, known = trace.at, matches(words, kinds)
    inner = Cursor(trace.data, start, trace.stop)
    if left:
        inner.raw(_T + "free_space", left)
    count = 0
    while inner.room >= words * WORD and inner.whole:
        before, count = inner.at, count + 1
        node = Cursor(inner.data, inner.at, inner.stop)
        _node(node, kinds if known else kinds & ~SNAPSHOT)
        inner.at, inner.whole = node.at, node.whole
        inner.add(f"Node {count}", None, before, node.at - before, *node.items)
        if not known or node.at == before:
            inner.at = before
            break
    trace.at, trace.whole = inner.at, inner.whole
    trace.add("Trace Data", None, start, inner.at - start, *inner.items)


def _node(node: Cursor, kinds: int) -> None:
    for datum in data_of(kinds):
        if not node.fits(datum.size):
            return
        below = Cursor(node.data, node.at, node.stop) if datum.heading else node
        for name, size in datum.parts:
            below.number(name, size)
        if datum.heading:
            node.add(datum.heading, None, node.at, datum.size, *below.items)
            node.at = below.at
    if kinds & SNAPSHOT and node.fits(WORD):
        _snapshot(node)


def _snapshot(node: Cursor) -> None:
    """RFC 9197 section 4.4.2.13."""
    inner, words = Cursor(node.data, node.at, node.stop), node.peek(1)
    inner.number(_N + "oss.len", 1)
    inner.number(_N + "oss.scid", 3)
    if words:
        inner.raw(_N + "oss.data", words * WORD)
    node.add("Opaque State Snapshot", None, node.at, inner.at - node.at, *inner.items)
    node.at, node.whole = inner.at, inner.whole
