"""`-T json`: packets in tshark's shape, `_index`, `_source.layers`, one object a layer."""

from __future__ import annotations

import json
import time
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from json.encoder import encode_basestring
from typing import TYPE_CHECKING, Any

from synfin.dissect.tree import Node, build

if TYPE_CHECKING:
    from synfin.dissect.context import Facts
    from synfin.wire.frame import Frame

#: Numbers that Wireshark gives to severities and groups of expert notes.
SEVERITY = {"comment": "1048576", "chat": "2097152", "note": "4194304", "warning": "6291456", "error": "8388608"}
GROUP = {
    "checksum": "16777216", "sequence": "33554432", "response": "50331648", "undecoded": "83886080",
    "malformed": "117440512", "comment": "184549376", "protocol": "150994944",
    "assumption": "218103808", "deprecated": "234881024",
}  # fmt: skip


#: Notes that stand below a heading of their own.
HEADED = {"tcp.short_segment": "Short segment"}


class Pairs(dict[str, Any]):
    """A JSON object that may repeat its names, as tshark's does: an address twice, each NOP by itself."""

    def __init__(self) -> None:
        super().__init__(_=None)  # an encoder asks an empty dict for nothing
        self.pairs: list[tuple[str, Any]] = []

    def add(self, name: str, value: Any) -> None:
        self.pairs.append((name, value))

    def items(self) -> Any:
        return self.pairs


def document(frame: Frame, facts: Facts | None = None, only: Collection[str] | None = None) -> dict[str, Any]:
    """One packet as tshark's `-T json` has it; with `only` (`-J`) the other layers are just named."""
    layers = Pairs()
    for node in build(frame, facts, hidden=True):
        if node.name == "frame" and frame.packet.comments:
            _add_layer(layers, "pkt_comment", _comments(node), only)
            kept = tuple(child for child in node.children if child.name != "frame.comment")
            node = replace(node, children=kept)
        _add_layer(layers, node.name, _object(node.children), only)
    day = time.strftime("%Y-%m-%d", time.localtime(frame.packet.time_ns // 1_000_000_000))
    return {"_index": f"packets-{day}", "_type": "doc", "_score": None, "_source": {"layers": layers}}


def _add_layer(layers: Pairs, name: str, told: Pairs, only: Collection[str] | None) -> None:
    if only is not None and name not in only:
        told = Pairs()
        told.add("filtered", name)
    layers.add(name, told)


def _comments(frame: Node) -> Pairs:
    """Comments are a layer of their own in front of the frame."""
    return _object(tuple(node for node in frame.children if node.name == "frame.comment"))


def stream(documents: Iterable[dict[str, Any]]) -> Iterator[str]:
    """The pieces of one JSON array of packets, written as they come."""
    separator = "[\n  "
    for one in documents:
        pieces = [separator]
        _write(one, "\n  ", pieces)
        yield "".join(pieces)
        separator = ",\n  "
    yield "[]\n" if separator == "[\n  " else "\n]\n"


def _write(value: Any, margin: str, pieces: list[str]) -> None:
    """What `json.dumps(value, indent=2, ensure_ascii=False)` gives, whose indenting encoder is a slow one.

    `margin` is a line break and the indentation of the line that the value ends on.
    """
    if isinstance(value, str):
        pieces.append(encode_basestring(value))
    elif isinstance(value, dict):
        inner = margin + "  "
        before = "{" + inner
        for name, member in value.items():
            pieces.append(before + encode_basestring(name) + ": ")
            _write(member, inner, pieces)
            before = "," + inner
        pieces.append("{}" if before[0] == "{" else margin + "}")
    elif isinstance(value, list | tuple) and value:
        inner = margin + "  "
        before = "[" + inner
        for member in value:
            pieces.append(before)
            _write(member, inner, pieces)
            before = "," + inner
        pieces.append(margin + "]")
    else:
        pieces.append(json.dumps(value))


def _object(nodes: tuple[Node, ...]) -> Pairs:
    found = Pairs()
    for node in nodes:
        _add(found, node)
    return found


def _add(found: Pairs, node: Node) -> None:
    if node.name in HEADED:
        heading = Pairs()
        _note(heading, node)
        found.add(HEADED[node.name], heading)
    elif node.severity:
        _note(found, node)
    elif node.key.startswith("layer."):
        found.add(node.name, _object(node.children))
    elif node.value is None or node.value is True or node.name == "mptcp":
        name = node.title_en if node.value is None else node.name
        found.add(name, _object(node.children) if node.children else "")
    else:
        found.add(node.name, node.value.hex(":") if _is_bytes(node) else node.plain)
        if node.children:
            found.add(f"{node.name}_tree", _object(node.children))


def _note(found: Pairs, node: Node) -> None:
    found.add("_ws.expert", _expert(node))
    if node.group == "malformed":
        found.add("_ws.malformed", "Malformed Packet")


def _is_bytes(node: Node) -> bool:
    """Byte strings are written with colons, addresses as `-T fields` prints them."""
    return isinstance(node.value, bytes) and (
        not node.value or node.plain in (node.value.hex(), node.value.hex(":"), node.value.hex(" "))
    )


def _expert(node: Node) -> Pairs:
    found = Pairs()
    found.add(node.name, "")
    found.add("_ws.expert.message", node.title_en)
    found.add("_ws.expert.severity", SEVERITY[node.severity])
    found.add("_ws.expert.group", GROUP[node.group])
    for child in node.children:
        _add(found, child)
    return found
