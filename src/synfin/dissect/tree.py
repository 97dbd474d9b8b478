"""The packet tree: every layer and field of one frame, with its bytes, its value and what the value means."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any

from synfin.dissect import assembly_walk, channel_walk, duplicate_walk, headings
from synfin.dissect.checksum import Verdict, ip_header_verdict, verdict
from synfin.dissect.chinese import in_chinese
from synfin.dissect.field import PSEUDO, Field, whole_frame
from synfin.dissect.fields import TABLES, find, lookup, table
from synfin.dissect.fields_tcp import COMPLETENESS, quoted_directly
from synfin.dissect.load import Spot
from synfin.dissect.show import escape
from synfin.dissect.titles import title
from synfin.dissect.verified import BAD, GOOD, of_udp
from synfin.wire.layer import Layer

if TYPE_CHECKING:
    from synfin.dissect.context import Facts
    from synfin.dissect.option import Item, Walk
    from synfin.wire.frame import Frame

#: Headings that group fields without being one: name to (English, Chinese).
HEADINGS = {
    "@Timestamps": ("Timestamps", "时间"),
    "D-SACK Sequence": ("D-SACK Sequence", "重复选择确认"),
    "HTTP chunked response": ("HTTP chunked response", "HTTP 分块响应"),
    "End of chunked encoding": ("End of chunked encoding", "分块编码结束"),
}
FLAG_NAMES = ((0x001, "FIN"), (0x002, "SYN"), (0x004, "RST"), (0x008, "PSH"), (0x010, "ACK"), (0x020, "URG"),
              (0x040, "ECE"), (0x080, "CWR"), (0x100, "AE"), (0xE00, "Reserved"))  # fmt: skip
IPV6_VERSION = "ipv6.version"
CHECKSUMS = frozenset({"ip.checksum", "tcp.checksum", "udp.checksum"})
#: Verdicts on a checksum in English and Chinese, and how grave they are.
VERDICTS = {
    Verdict.GOOD: ("Good checksum", "校验和正确", ""),
    Verdict.BAD: ("Bad checksum", "校验和错误", "error"),
    Verdict.PARTIAL: ("Partial checksum, offload likely: the network card completes it",
                      "校验和不完整，很可能由网卡补全", "note"),
    Verdict.ABSENT: ("No checksum", "没有校验和", ""),
    Verdict.UNKNOWN: ("The checksum cannot be verified: not all bytes are here", "字节不全，无法验证校验和", ""),
}  # fmt: skip
#: What stands behind a layer and not in it.
BESIDE: dict[str, Walk] = {
    "ipv6.fraghdr": assembly_walk.IPV6.found, "arp": duplicate_walk.FOUND, "mpls": channel_walk.MISPLACED,
}  # fmt: skip
PARTLY_NAMED = frozenset({"tcp.window_size_scalefactor"})  #: numbers of which only some are no plain numbers
BEHIND = frozenset({"icmp.ext"})  #: what stands behind what its layer carries
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
    severity: str = ""  #: of an expert note: chat, note, warning or error
    group: str = ""  #: what the expert note is about
    link: int | None = None  #: number of the frame that the value names

    def text(self, lang: str = "en") -> str:
        """The whole line: bit pattern, title, value; computed ones in brackets."""
        head = self.title_zh if lang == "zh" else self.title_en
        shown = self.show
        if lang == "zh" and shown and (field := find(self.name)) is not None:
            shown = in_chinese(shown, field)
        line = f"{head}{'：' if lang == 'zh' else ': '}{shown}" if shown else head
        line = f"{self.pattern} = {line}" if self.pattern else line
        return f"[{line}]" if self.generated else line


def build(frame: Frame, facts: Facts | None = None, *, hidden: bool = False) -> tuple[Node, ...]:
    """The frame itself, then each layer, outermost first; what the engine found about the segment last.

    A layer that belongs to another stands below it: IPv6 extension headers, and all that an ICMP message carries.
    `hidden` is for programs: it adds fields that repeat others (ip.addr, tcp.port), and leaves out what people read.
    """
    found = [_layer(frame, whole_frame(frame), facts, hidden)]
    if frame.packet.erf:
        found.append(_layer(frame, Layer("erf", 0, 0, 0), facts, hidden))
    found += _nested(frame, facts, hidden)
    if facts is not None and any((facts.conn is not None, facts.phase, facts.client_state, facts.server_state)):
        found.append(_layer(frame, Layer("synfin", 0, 0, 0), facts, hidden))
    return tuple(found)


def _nested(frame: Frame, facts: Facts | None, hidden: bool) -> list[Node]:
    """The layers' nodes, each below the one that it belongs to."""
    found: list[tuple[Layer, list[Node]]] = []
    carrier: int | None = None  # the first ICMP message: all the rest is what it carries
    header: int | None = None  # the IPv6 header whose extension headers follow
    for layer in frame.layers:
        beside = BESIDE[layer.name](frame, layer, facts) if layer.name in BESIDE else ()
        nodes = [_layer(frame, layer, facts, hidden), *_items(beside, hidden)]
        part_of = header if layer.name.startswith("ipv6.") or layer.name == "ah" else None
        if layer.name == "data" and found and found[-1][0].name == "http" and _untyped(found[-1][0], facts):
            part_of = len(found) - 1
        if part_of is None:
            header = len(found) if layer.name == "ipv6" else None
            part_of = carrier
        if part_of is not None and part_of < len(found):
            found[part_of][1].extend(nodes)
            continue
        if layer.name in ("icmp", "icmpv6"):
            carrier = len(found)
        found.extend((layer, [node]) for node in nodes)
    return [replace(nodes[0], children=_in_order(nodes[0].children, nodes[1:])) for _, nodes in found]


def _in_order(own: tuple[Node, ...], carried: list[Node]) -> tuple[Node, ...]:
    """A layer's own nodes and those of what it carries: extensions stand behind the packet that an error quotes."""
    behind = tuple(node for node in own if node.name in BEHIND) if carried else ()
    return (*(node for node in own if node not in behind), *carried, *behind)


def _untyped(http: Layer, facts: Facts | None) -> bool:
    """Whether a message does not say what its body is: Wireshark then shows it within the message."""
    told = None if facts is None or facts.above is None else facts.above.messages.get(http.start)
    return told is not None and told.head.content_type is None


def walk(nodes: tuple[Node, ...]) -> Iterator[Node]:
    """Every node, parents before children."""
    for node in nodes:
        yield node
        yield from walk(node.children)


def _layer(frame: Frame, layer: Layer, facts: Facts | None, hidden: bool) -> Node:
    name = "sll" if layer.name == "sll2" else layer.name
    size = max(min(layer.start + layer.header_len, len(frame.data)) - layer.start, 0)
    if layer.name in ("data", "http", "tcp.segments"):
        size = max(min(layer.end, len(frame.data)) - layer.start, 0)
    start = min(layer.start, len(frame.data))
    if name == "synfin":
        en = zh = "synfin"
    else:
        en, zh = title(frame, layer, facts), title(frame, layer, facts, "zh")
    children = _children(frame, layer, facts, _outline(name, hidden), "", words=not hidden)
    whole = find(name)
    if whole is not None and whole.below is not None:
        children += tuple(_items(whole.below(frame, layer, facts), hidden))
    if name == "tcp" and quoted_directly(frame, layer):
        children = _number_first(children)
    return Node(f"layer.{layer.name}", name, en, zh, "", None, start, size,
                children, generated=name in ("synfin", "tcp.segments"))  # fmt: skip


def _number_first(nodes: tuple[Node, ...]) -> tuple[Node, ...]:
    """Of a quoted header, which need not reach further, the sequence number stands right behind the ports."""
    number = [node for node in nodes if node.name == "tcp.seq"]
    at = next((place for place, node in enumerate(nodes) if node.name == "tcp.stream"), len(nodes))
    return (*nodes[:at], *number, *(node for node in nodes[at:] if node not in number))


@cache
def _outline(name: str, hidden: bool) -> tuple[Field, ...]:
    """The fields that the tree shows for a layer by themselves, in table order."""
    return tuple(
        field
        for part in TABLES.get(name.partition(".")[0], ())
        for field in table(part).values()
        if name in field.layers and (hidden or not field.hidden) and not field.walked and field.name != name
    )


#: Found once for each: an outline is made once and stays, so its identity will do (its hash is that of every field).
_known_standing: dict[tuple[int, str], tuple[Field, ...]] = {}
_known_repeating: dict[tuple[int, str], tuple[Field, ...]] = {}


def _standing(outline: tuple[Field, ...], parent: str) -> tuple[Field, ...]:
    """The fields that may stand below `parent`, or open a heading there."""
    found = _known_standing.get((id(outline), parent))
    if found is None:
        found = _known_standing[id(outline), parent] = tuple(
            field
            for field in outline
            if parent in (field.parent, field.second, *field.homes) or (not parent and field.parent.startswith("@"))
        )
    return found


def _repeating(outline: tuple[Field, ...], anchor: str) -> tuple[Field, ...]:
    """The fields that repeat `anchor`."""
    found = _known_repeating.get((id(outline), anchor))
    if found is None:
        found = tuple(field for field in outline if anchor in field.after)
        _known_repeating[id(outline), anchor] = found
    return found


def _children(
    frame: Frame, layer: Layer, facts: Facts | None, outline: tuple[Field, ...], parent: str, *, words: bool
) -> tuple[Node, ...]:
    nodes: list[Node] = []
    for field in _standing(outline, parent):
        if field.parent.startswith("@") and not parent and not _has(nodes, field.parent):
            nodes.extend(_heading(frame, layer, facts, outline, field.parent, words=words))
        if field.after or (parent not in (field.parent, field.second or field.parent) and parent not in field.homes):
            continue
        spots = list(field.loader(frame, layer, facts))
        if field.name == "ip.dst":
            spots = [spot for spot in spots if spot.start < layer.start + 20]  # a route's end stands in its option
        if field.second:
            spots = spots[:1] if parent == field.parent else spots[1:]
        elif field.moved:
            spots = [spot for spot in spots if field.moved.get(spot.value, field.parent) == parent]
        for place, spot in enumerate(spots):
            below: tuple[Node, ...] = ()
            if _standing(outline, field.name):
                below = _children(frame, layer, facts, outline, field.name, words=words)
            if field.below is not None:
                below = (*_items(field.below(frame, layer, facts), not words), *below)
            if words and field.name in CHECKSUMS:
                below = (*_verdict(frame, layer), *below)
            muted = bool(field.second) and parent == field.parent
            nodes.append(_node(field, spot, below, plain=muted, words=words))
            if field.name == IPV6_VERSION or _repeating(outline, field.name):
                nodes.extend(_repeated(frame, layer, facts, outline, field.name, place, words=words))
    return tuple(nodes)


def _verdict(frame: Frame, layer: Layer) -> Iterator[Node]:
    """What the checksum turned out to be: ours, beside the status that Wireshark leaves unverified."""
    if layer.name == "udplite":
        found = {BAD: Verdict.BAD, GOOD: Verdict.GOOD}.get(of_udp(frame, layer).status, Verdict.UNKNOWN)
    else:
        found = ip_header_verdict(frame, layer) if layer.name == "ip" else verdict(frame, layer)
    en, zh, severity = VERDICTS[found]
    yield Node(f"checksum.{found}", "synfin.checksum", en, zh, "", str(found), -1, 0, generated=True, plain=str(found),
               severity=severity, group="checksum" if severity else "")  # fmt: skip


def _repeated(
    frame: Frame, layer: Layer, facts: Facts | None, outline: tuple[Field, ...], anchor: str, place: int, *, words: bool
) -> Iterator[Node]:
    """The fields that repeat the one before them, under another name."""
    if anchor == IPV6_VERSION and not words:
        version = lookup("ip.version")  # one field for both versions
        yield from (_node(version, spot, (), words=words) for spot in version.loader(frame, layer, facts))
    for field in _repeating(outline, anchor):
        for number, name in enumerate(field.after):
            if name != anchor or place:
                continue
            spots = list(field.loader(frame, layer, facts))
            if number < len(spots):
                yield _node(field, spots[number], (), words=words)


def _has(nodes: list[Node], name: str) -> bool:
    return any(node.name == name for node in nodes)


def _heading(
    frame: Frame, layer: Layer, facts: Facts | None, outline: tuple[Field, ...], name: str, *, words: bool
) -> Iterator[Node]:
    below = _children(frame, layer, facts, outline, name, words=words)
    if below:
        en, zh = HEADINGS[name]
        yield Node(f"heading.{name[1:].lower()}", name, en, zh, "", None, -1, 0, below, generated=True)


def _items(items: tuple[Item, ...], hidden: bool) -> Iterator[Node]:
    """The nodes of what a walk found; people are not shown what repeats other fields."""
    for item in items:
        field = find(item.name)
        if hidden or field is None or not field.hidden:
            yield _item(item, field, hidden)


def _item(item: Item, field: Field | None, hidden: bool) -> Node:
    below = tuple(_items(item.children, hidden))
    if field is None:
        en, zh = HEADINGS.get(item.name) or (item.name, headings.chinese(item.name))
        return Node(f"field.{item.name}", item.name, en, zh, "", None, item.start, item.length, below)
    return _node(field, Spot(item.value, item.start, item.length), below)


def _node(field: Field, spot: Spot, below: tuple[Node, ...], *, plain: bool = False, words: bool = True) -> Node:
    """The node of a value; without `words` only what programs read of it."""
    generated = field.generated or (spot.start < 0 and field.layer not in PSEUDO)
    severity, group = ("", "") if plain else (field.severity, field.group)
    shown, pattern = (meaning(field, spot.value), _pattern(field, spot.value)) if words else ("", "")
    return Node(f"field.{field.name}", field.name, field.title_en, field.title_zh, shown,
                spot.value, spot.start, spot.length, below, generated, pattern,
                field.show(spot.value, spot.length), severity, group,
                spot.value if field.kind == "framenum" else None)  # fmt: skip


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
    if field.values is not None and (value in field.values or field.name not in PARTLY_NAMED):
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
