"""`-z expert`: the expert notes of all packets, counted by severity, as tshark prints them; the sentences are ours."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from synfin.dissect.context import Facts
from synfin.dissect.show import escape
from synfin.dissect.tree import Node, build, walk
from synfin.wire.frame import Frame

_RULE = "=" * 13
_HEADS: Mapping[str, str] = {
    "error": "Errors", "warn": "Warns", "note": "Notes", "chat": "Chats", "comment": "Comments",
}  # fmt: skip
_SEVERITY = {"warning": "warn"}
_PROTOCOLS = {
    "ip": "IPv4", "ipv6": "IPv6", "icmpv6": "ICMPv6", "frame": "Frame", "eth": "Ethernet", "arp": "ARP/RARP",
    "vlan": "VLAN",
}  # fmt: skip
_ERRORS = frozenset({"icmp", "icmpv6"})
_Note = tuple[str, str, str]  #: group, protocol, sentence


class ExpertTable:
    """One table, filled packet by packet."""

    def __init__(self, severities: Sequence[str] = tuple(_HEADS)) -> None:
        self._found: dict[str, Counter[_Note]] = {one: Counter() for one in severities}

    def see(self, frame: Frame, facts: Facts) -> None:
        """Count the notes on a packet."""
        if (comments := self._found.get("comment")) is not None:
            comments.update(("Comment", "Frame", escape(text)) for text in frame.packet.comments)
        for node in _own(build(frame, facts, hidden=True)):
            if node.severity in ("", "comment"):
                continue
            found = self._found.get(_SEVERITY.get(node.severity, node.severity))
            if found is not None:
                first = node.name.partition(".")[0]
                found[node.group.capitalize(), _PROTOCOLS.get(first, first.upper()), node.title_en] += 1

    def lines(self) -> Iterator[str]:
        """The notes, the gravest first; of one severity in order of their first packet."""
        for severity, notes in self._found.items():
            if notes:
                yield ""
                yield f"{_HEADS[severity]} ({notes.total()})"
                yield _RULE
                yield f"{'Frequency':>12} {'Group':>10} {'Protocol':>18}  Summary"
                for (group, protocol, sentence), count in notes.items():
                    yield f"{count:12d} {group:>10} {protocol:>18}  {sentence}"


def _own(nodes: Iterable[Node]) -> Iterator[Node]:
    """Every node but those of a packet that an ICMP error quotes: its notes are not this packet's."""
    for node in nodes:
        if node.name not in _ERRORS:
            yield from walk((node,))
            continue
        yield node
        yield from walk(tuple(one for one in node.children if "." in one.name))  # without a dot: a header
