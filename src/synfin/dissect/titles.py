"""The title line of each layer: its name and its most telling values."""

from __future__ import annotations

from synfin.dissect.context import Facts
from synfin.dissect.fields import find
from synfin.dissect.load import number
from synfin.dissect.show import escape
from synfin.dissect.values import ARP_OPCODE
from synfin.wire.frame import Frame
from synfin.wire.layer import Layer

#: Per layer: the values that its title tells, as (label, field).
TOLD: dict[str, tuple[tuple[str, str], ...]] = {
    "eth": (("Src: ", "eth.src"), ("Dst: ", "eth.dst")),
    "vlan": (("PRI: ", "vlan.priority"), ("DEI: ", "vlan.dei"), ("ID: ", "vlan.id")),
    "mpls": (("Label: ", "mpls.label"), ("Exp: ", "mpls.exp"), ("S: ", "mpls.bottom"), ("TTL: ", "mpls.ttl")),
    "ip": (("Src: ", "ip.src"), ("Dst: ", "ip.dst")),
    "ipv6": (("Src: ", "ipv6.src"), ("Dst: ", "ipv6.dst")),
    "geneve": (("VNI: ", "geneve.vni"),),
    "udp": (("Src Port: ", "udp.srcport"), ("Dst Port: ", "udp.dstport")),
    "tcp": (("Src Port: ", "tcp.srcport"), ("Dst Port: ", "tcp.dstport"), ("Seq: ", "tcp.seq"),
            ("Ack: ", "tcp.ack"), ("Len: ", "tcp.len")),
}  # fmt: skip
#: The labels that Chinese has words for.
CHINESE = {"Src: ": "源 ", "Dst: ": "目的 ", "Src Port: ": "源端口 ", "Dst Port: ": "目的端口 "}
ACK_FLAG = 0x10
SEGMENTS_NAMED = 20  #: of a message, in its title
LARGEST_LENGTH = 1500  #: greater numbers at offset 12 are an EtherType
#: Layers whose title tells more than their name; of the others Wireshark prints the short name as the value.
TITLED = frozenset({*TOLD, "frame", "sll", "arp"})


def title(frame: Frame, layer: Layer, facts: Facts | None, lang: str = "en") -> str:
    """One line for a layer, in English as Wireshark words it, or in Chinese."""
    name = "sll" if layer.name == "sll2" else layer.name
    field = find(name)
    head = layer.name if field is None else field.title_zh if lang == "zh" else field.title_en
    if name == "frame":
        return _frame_title(frame, facts, head, lang)
    if name == "data":
        size = max(min(layer.end, len(frame.data)) - layer.start, 0)
        return f"{head}（{size} 字节）" if lang == "zh" else f"{head} ({size} byte{'' if size == 1 else 's'})"
    if name == "tcp.segments":
        return _segments_title(layer, facts, lang)
    if name == "sll":
        return f"{head} v{'2' if layer.name == 'sll2' else '1'}"
    if name == "arp":
        operation = ARP_OPCODE.get(number(frame, layer, 6, 2))
        return f"{head} ({operation})" if operation else head
    if name == "eth" and 0 <= number(frame, layer, 12, 2) <= LARGEST_LENGTH:
        return "IEEE 802.3 以太网" if lang == "zh" else "IEEE 802.3 Ethernet "
    labels = CHINESE if lang == "zh" else {}
    told = [
        f"{labels.get(label, label)}{text}"
        for label, path in TOLD.get(name, ())
        for text in _values(frame, layer, facts, path)
    ]
    return ("，" if lang == "zh" else ", ").join([head, *told])


def _segments_title(layer: Layer, facts: Facts | None, lang: str) -> str:
    """How many segments carry how many bytes, and the first of them."""
    parts = () if facts is None or facts.above is None else facts.above.parts.get(layer.start, ())
    named = ", ".join(f"#{part.frame}({part.size})" for part in parts[:SEGMENTS_NAMED])
    more = ", …" if len(parts) > SEGMENTS_NAMED else ""
    size = layer.end - layer.start
    if lang == "zh":
        return f"由 {len(parts)} 个 TCP 报文段重组（{size} 字节）：{named}{more}"
    return f"{len(parts)} Reassembled TCP Segments ({_bytes(size)}): {named}{more}"


def _values(frame: Frame, layer: Layer, facts: Facts | None, path: str) -> list[str]:
    if path == "tcp.ack" and not number(frame, layer, 12, 2) & ACK_FLAG:
        return []
    field = find(path)
    if field is None:
        return []
    return [field.show(spot.value) for spot in field.loader(frame, layer, facts)][:1]


def _frame_title(frame: Frame, facts: Facts | None, head: str, lang: str) -> str:
    size, wire = len(frame.packet.data), frame.packet.wire_len
    number_text = frame.packet.number
    if lang == "zh":
        text = f"{head} {number_text}：线路上 {wire} 字节（{wire * 8} 位），捕获 {size} 字节（{size * 8} 位）"
        return text if facts is None or facts.interface is None else f"{text}，接口 {_interface(frame, facts)}"
    text = f"{head} {number_text}: {_bytes(wire)} on wire ({wire * 8} bits), {_bytes(size)} captured ({size * 8} bits)"
    if facts is not None and facts.interface is not None:
        text += f" on interface {_interface(frame, facts)}"
    return text


def _interface(frame: Frame, facts: Facts) -> str:
    name = escape(facts.interface.name) if facts.interface is not None else ""
    return f"{name or 'unknown'}, id {frame.packet.interface}"


def _bytes(count: int) -> str:
    return f"{count} byte{'' if count == 1 else 's'}"
