"""`-z io,phs`: which protocols stand upon which, and how much they carry, as tshark prints it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from synfin.dissect.context import Facts
from synfin.dissect.tree import build
from synfin.wire.frame import Frame

_RULE = "=" * 67
_WIDE = 40
_NO_PROTOCOL = frozenset({"frame", "synfin"})


@dataclass(slots=True)
class _Protocol:
    frames: int = 0
    bytes: int = 0
    above: dict[str, _Protocol] = field(default_factory=dict)  #: in order of their first packet


class ProtocolHierarchy:
    """One hierarchy, filled packet by packet."""

    def __init__(self, filter: str = "") -> None:
        self._filter = filter
        self._root = _Protocol()

    def see(self, frame: Frame, facts: Facts) -> None:
        """Count a packet for each of its protocols; what one contains, such as a quoted header, is part of it."""
        at = self._root
        for name in _names(frame, facts):
            at = at.above.setdefault(name, _Protocol())
            at.frames += 1
            at.bytes += frame.packet.wire_len

    def lines(self) -> Iterator[str]:
        """The hierarchy."""
        yield ""
        yield _RULE
        yield "Protocol Hierarchy Statistics"
        yield f"Filter: {self._filter}"
        yield ""
        yield from _lines(self._root, 0)
        yield _RULE


def _names(frame: Frame, facts: Facts) -> Iterator[str]:
    if frame.packet.comments:
        yield "pkt_comment"
    for node in build(frame, facts, hidden=True):
        if node.name not in _NO_PROTOCOL:
            yield node.name


def _lines(one: _Protocol, depth: int) -> Iterator[str]:
    for name, inside in one.above.items():
        indented = "  " * depth + name
        yield f"{indented:<{_WIDE}} frames:{inside.frames} bytes:{inside.bytes}"
        yield from _lines(inside, depth + 1)
