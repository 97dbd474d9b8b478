"""`-T json`: packets in tshark's shape, `_index`, `_source.layers`, one object a layer."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator
from typing import Any

from synfin.dissect.context import Facts
from synfin.dissect.tree import Node, build
from synfin.wire.frame import Frame

CHAT, NOTE, WARNING, ERROR = "2097152", "4194304", "6291456", "8388608"
SEQUENCE, PROTOCOL, MALFORMED = "33554432", "150994944", "117440512"

#: Marks that Wireshark reports as expert information: severity and group.
EXPERT: dict[str, tuple[str, str]] = {
    "tcp.connection.syn": (CHAT, SEQUENCE), "tcp.connection.synack": (CHAT, SEQUENCE),
    "tcp.connection.fin": (CHAT, SEQUENCE), "tcp.connection.rst": (WARNING, SEQUENCE),
    "tcp.connection.fin_active": (NOTE, SEQUENCE), "tcp.connection.fin_passive": (NOTE, SEQUENCE),
    "tcp.analysis.retransmission": (NOTE, SEQUENCE), "tcp.analysis.fast_retransmission": (NOTE, SEQUENCE),
    "tcp.analysis.spurious_retransmission": (NOTE, SEQUENCE), "tcp.analysis.out_of_order": (WARNING, SEQUENCE),
    "tcp.analysis.reused_ports": (NOTE, SEQUENCE), "tcp.analysis.lost_segment": (WARNING, SEQUENCE),
    "tcp.analysis.ack_lost_segment": (WARNING, SEQUENCE), "tcp.analysis.window_update": (CHAT, SEQUENCE),
    "tcp.analysis.window_full": (WARNING, SEQUENCE), "tcp.analysis.keep_alive": (NOTE, SEQUENCE),
    "tcp.analysis.keep_alive_ack": (NOTE, SEQUENCE), "tcp.analysis.duplicate_ack": (NOTE, SEQUENCE),
    "tcp.analysis.zero_window_probe": (NOTE, SEQUENCE), "tcp.analysis.zero_window": (WARNING, SEQUENCE),
    "tcp.analysis.zero_window_probe_ack": (NOTE, SEQUENCE), "tcp.analysis.tfo_syn": (NOTE, SEQUENCE),
    "tcp.analysis.tfo_ack": (NOTE, SEQUENCE), "tcp.analysis.tfo_ignored": (NOTE, SEQUENCE),
    "tcp.ack.nonzero": (NOTE, PROTOCOL), "tcp.urgent_pointer.non_zero": (NOTE, PROTOCOL),
    "tcp.bogus_header_length": (ERROR, PROTOCOL), "tcp.nop": (WARNING, PROTOCOL),
    "tcp.option.len.invalid": (NOTE, PROTOCOL), "tcp.options.mss.absent": (NOTE, PROTOCOL),
    "tcp.options.mss.present": (WARNING, PROTOCOL), "tcp.options.sack.dsack": (WARNING, SEQUENCE),
    "tcp.options.wscale.shift.invalid": (WARNING, PROTOCOL),
    "tcp.non_zero_bytes_after_eol": (ERROR, PROTOCOL), "tcp.suboption_malformed": (ERROR, MALFORMED),
}  # fmt: skip


class Pairs(dict[str, Any]):
    """A JSON object that may repeat its names, as tshark's does: an address twice, each NOP by itself."""

    def __init__(self) -> None:
        super().__init__(_=None)  # an encoder asks an empty dict for nothing
        self.pairs: list[tuple[str, Any]] = []

    def add(self, name: str, value: Any) -> None:
        self.pairs.append((name, value))

    def items(self) -> Any:
        return self.pairs


def document(frame: Frame, facts: Facts | None = None) -> dict[str, Any]:
    """One packet as tshark's `-T json` has it."""
    layers = Pairs()
    for node in build(frame, facts, hidden=True):
        layers.add(node.name, _object(node.children))
    day = time.strftime("%Y-%m-%d", time.localtime(frame.packet.time_ns // 1_000_000_000))
    return {"_index": f"packets-{day}", "_type": "doc", "_score": None, "_source": {"layers": layers}}


def stream(documents: Iterable[dict[str, Any]]) -> Iterator[str]:
    """The pieces of one JSON array of packets, written as they come."""
    separator = "[\n"
    for one in documents:
        text = json.dumps(one, indent=2, ensure_ascii=False)
        yield separator + "\n".join(f"  {line}" for line in text.split("\n"))
        separator = ",\n"
    yield "[]\n" if separator == "[\n" else "\n]\n"


def _object(nodes: tuple[Node, ...]) -> Pairs:
    found = Pairs()
    for node in nodes:
        _add(found, node)
    return found


def _add(found: Pairs, node: Node) -> None:
    if node.name == "mptcp":
        found.add(node.name, _object(node.children))
    elif node.name in EXPERT:
        found.add("_ws.expert", _expert(node))
    elif node.value is None or node.value is True:
        found.add(node.title_en if node.value is None else node.name, _object(node.children) if node.children else "")
    else:
        found.add(node.name, node.value.hex(":") if _is_bytes(node) else node.plain)
        if node.children:
            found.add(f"{node.name}_tree", _object(node.children))


def _is_bytes(node: Node) -> bool:
    """Byte strings are written with colons, addresses as `-T fields` prints them."""
    return isinstance(node.value, bytes) and node.plain == node.value.hex()


def _expert(node: Node) -> Pairs:
    severity, group = EXPERT[node.name]
    found = Pairs()
    found.add(node.name, "")
    found.add("_ws.expert.message", node.title_en)
    found.add("_ws.expert.severity", severity)
    found.add("_ws.expert.group", group)
    return found
