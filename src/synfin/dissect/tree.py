"""The packet tree: every layer and field of one frame, with its bytes, its value and what the value means."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from synfin.dissect.context import Facts
from synfin.dissect.field import PSEUDO, Field, whole_frame
from synfin.dissect.fields import TABLES, find, table
from synfin.dissect.fields_tcp import COMPLETENESS
from synfin.dissect.fields_tcp_options import items
from synfin.dissect.load import Spot
from synfin.dissect.option import Item
from synfin.dissect.show import escape
from synfin.dissect.titles import title
from synfin.wire.frame import Frame
from synfin.wire.layer import Layer

#: Headings that group fields without being one: name to (English, Chinese).
HEADINGS = {"@Timestamps": ("Timestamps", "时间")}
FLAG_NAMES = ((0x001, "FIN"), (0x002, "SYN"), (0x004, "RST"), (0x008, "PSH"), (0x010, "ACK"), (0x020, "URG"),
              (0x040, "ECE"), (0x080, "CWR"), (0x100, "AE"), (0xE00, "Reserved"))  # fmt: skip
SHOWN_BYTES = 64  #: of a byte string, in a node's text


@dataclass(frozen=True, slots=True)
class Node:
    """One line of the tree. `start` is the offset of its bytes in the frame, -1 when it stands in no bytes."""

    key: str  #: catalogue key of its meaning: layer.tcp, field.tcp.seq, heading.timestamps
    name: str  #: field name
    title_en: str
    title_zh: str
    show: str  #: the value as a person reads it, with its meaning; "" for headings and marks
    value: Any
    start: int
    length: int
    children: tuple[Node, ...] = ()
    generated: bool = False
    pattern: str = ""  #: which bits of its bytes it is: ".... ..1."
    plain: str = ""  #: the value as `-T fields` prints it

    def text(self, lang: str = "en") -> str:
        """The whole line: bit pattern, title, value; computed ones in brackets."""
        head = self.title_zh if lang == "zh" else self.title_en
        line = f"{head}: {self.show}" if self.show else head
        line = f"{self.pattern} = {line}" if self.pattern else line
        return f"[{line}]" if self.generated else line


def build(frame: Frame, facts: Facts | None = None, *, hidden: bool = False) -> tuple[Node, ...]:
    """The frame itself, then each layer, outermost first; what the engine found about the segment last.

    `hidden` adds the fields that repeat others (ip.addr, tcp.port).
    """
    layers = [whole_frame(frame), *frame.layers]
    if facts is not None and any((facts.conn is not None, facts.phase, facts.client_state, facts.server_state)):
        layers.append(Layer("synfin", 0, 0, 0))
    return tuple(_layer(frame, layer, facts, hidden) for layer in layers)


def walk(nodes: tuple[Node, ...]) -> Iterator[Node]:
    """Every node, parents before children."""
    for node in nodes:
        yield node
        yield from walk(node.children)


def _layer(frame: Frame, layer: Layer, facts: Facts | None, hidden: bool) -> Node:
    name = "sll" if layer.name == "sll2" else layer.name
    size = max(min(layer.start + layer.header_len, len(frame.data)) - layer.start, 0)
    if name == "data":
        size = max(min(layer.end, len(frame.data)) - layer.start, 0)
    start = min(layer.start, len(frame.data))
    if name == "synfin":
        en = zh = "synfin"
    else:
        en, zh = title(frame, layer, facts), title(frame, layer, facts, "zh")
    children = _children(frame, layer, facts, _outline(name, hidden), "")
    return Node(f"layer.{layer.name}", name, en, zh, "", None, start, size,
                children, generated=name == "synfin")  # fmt: skip


def _outline(name: str, hidden: bool) -> tuple[Field, ...]:
    """The fields that the tree shows for a layer by themselves, in table order."""
    return tuple(
        field
        for part in TABLES.get(name.partition(".")[0], ())
        for field in table(part).values()
        if field.layer == name and (hidden or not field.hidden) and not field.walked and field.name != name
    )


def _children(
    frame: Frame, layer: Layer, facts: Facts | None, outline: tuple[Field, ...], parent: str
) -> tuple[Node, ...]:
    nodes: list[Node] = []
    for field in outline:
        if field.parent.startswith("@") and not parent and not _has(nodes, field.parent):
            nodes.extend(_heading(frame, layer, facts, outline, field.parent))
        if field.parent != parent:
            continue
        for spot in field.loader(frame, layer, facts):
            below = _children(frame, layer, facts, outline, field.name)
            if field.name == "tcp.options":
                below = tuple(_item(item) for item in items(frame, layer, facts))
            nodes.append(_node(field, spot, below))
    return tuple(nodes)


def _has(nodes: list[Node], name: str) -> bool:
    return any(node.name == name for node in nodes)


def _heading(frame: Frame, layer: Layer, facts: Facts | None, outline: tuple[Field, ...], name: str) -> Iterator[Node]:
    below = _children(frame, layer, facts, outline, name)
    if below:
        en, zh = HEADINGS[name]
        yield Node(f"heading.{name[1:].lower()}", name, en, zh, "", None, -1, 0, below, generated=True)


def _item(item: Item) -> Node:
    below = tuple(_item(child) for child in item.children)
    field = find(item.name)
    if field is None:
        return Node(f"field.{item.name}", item.name, item.name, item.name, str(item.value), item.value, item.start,
                    item.length, below)  # fmt: skip
    return _node(field, Spot(item.value, item.start, item.length), below)


def _node(field: Field, spot: Spot, below: tuple[Node, ...]) -> Node:
    generated = field.generated or (spot.start < 0 and field.layer not in PSEUDO)
    return Node(f"field.{field.name}", field.name, field.title_en, field.title_zh, meaning(field, spot.value),
                spot.value, spot.start, spot.length, below, generated, _pattern(field, spot.value),
                field.show(spot.value))  # fmt: skip


def meaning(field: Field, value: Any) -> str:
    """The value as a person reads it: names for numbers, units, flag names; control characters as escapes."""
    if field.kind == "none":
        return ""
    if field.name == "tcp.flags":
        return f"0x{value:03x} ({flag_names(value)})"
    if field.name == "tcp.completeness":
        return f"{COMPLETENESS.get(value, 'Incomplete')} ({value})"
    if field.kind in ("bytes", "protocol"):
        return _shorten(value)
    shown = field.show(value)
    if field.values is not None:
        named = escape(field.values.get(value, "Unknown"))
        return named if field.kind == "bool" else f"{named} ({shown})"
    if field.kind == "bool":
        return "True" if value else "False"
    return f"{shown} {field.unit}" if field.unit else shown


def _shorten(value: bytes) -> str:
    return value.hex(" ") if len(value) <= SHOWN_BYTES else f"{value[:SHOWN_BYTES].hex(' ')} … ({len(value)} bytes)"


def flag_names(flags: int) -> str:
    """TCP flags by name, in Wireshark's order: `FIN, ACK`; `<None>` without any."""
    return ", ".join(name for mask, name in FLAG_NAMES if flags & mask) or "<None>"


def _pattern(field: Field, value: Any) -> str:
    """The field's bits in their bytes, dots for the others, in groups of four."""
    if not field.mask or not isinstance(value, int):
        return ""
    low = (field.mask & -field.mask).bit_length() - 1
    scale = 4 if field.name in ("tcp.hdr_len", "ip.hdr_len") else 1
    number = (value // scale) << low
    bits = "".join(
        (str(number >> bit & 1) if field.mask >> bit & 1 else ".") for bit in range(field.mask_bits - 1, -1, -1)
    )
    return " ".join(bits[at : at + 4] for at in range(0, len(bits), 4))
