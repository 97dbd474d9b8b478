"""The title line of each layer: its name and its most telling values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from synfin.dissect.fields import find
from synfin.dissect.ip_options import next_hop
from synfin.dissect.load import byte, number
from synfin.dissect.show import escape
from synfin.dissect.values import ARP_OPCODE, GRE_PROTOCOL, IPV6_ROUTING
from synfin.wire.control import MIN_HEADER_LEN
from synfin.wire.ethertype import LARGEST_LENGTH, LEAST_TYPE

if TYPE_CHECKING:
    from synfin.dissect.context import Facts
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
    "udplite": (("Src Port: ", "udp.srcport"), ("Dst Port: ", "udp.dstport")),
    "tcp": (("Src Port: ", "tcp.srcport"), ("Dst Port: ", "tcp.dstport"), ("Seq: ", "tcp.seq"),
            ("Ack: ", "tcp.ack"), ("Len: ", "tcp.len")),
}  # fmt: skip
#: The labels that Chinese has words for.
CHINESE = {"Src: ": "源 ", "Dst: ": "目的 ", "Src Port: ": "源端口 ", "Dst Port: ": "目的端口 "}
ACK_FLAG = 0x10
SEGMENTS_NAMED = 20  #: of a message, in its title
ATM = 19  #: hardware type of ARP whose header is another one
DIRECTIONS = {1: " (inbound)", 2: " (outbound)"}
DIRECTIONS_ZH = {1: "，入方向", 2: "，出方向"}
LEAST_WORDS = 5  #: of a TCP header
L2TP_3 = 3
#: RFC 3032 section 2.1, RFC 5586, RFC 6790, RFC 3429
SPECIAL_LABELS = {
    0: "IPv4 Explicit-Null", 1: "Router Alert", 2: "IPv6 Explicit-Null", 3: "Implicit-Null",
    7: "Entropy Label Indicator (ELI)", 13: "Generic Associated Channel Label (GAL)", 14: "OAM Alert",
}  # fmt: skip
FIRST_LABEL = 16
SOURCE_END = 16  #: of an IP header, behind its source address
ERSPAN_TYPES = {1: "Type II", 2: "Type III"}
#: Layers whose title tells more than their name; of the others Wireshark prints the short name as the value.
TITLED = frozenset({
    *TOLD, "frame", "sll", "arp", "gre", "erspan", "l2tp", "ipv6.routing", "ieee8021ad", "ieee8021ah",
})  # fmt: skip


def lines(name: str, frame: Frame, layer: Layer, facts: Facts | None) -> list[str]:
    """A layer's values in `-T fields`: its title, and those of parts that Wireshark counts as headers of their own."""
    if layer.name.startswith("ieee8021a"):
        from synfin.dissect.fields_bridge import titles

        return titles(frame, layer, facts)
    if name not in TITLED or (name == "ip" and not _is_ip(frame, layer)):
        return [name]
    found = title(frame, layer, facts)
    return [name] if name == "l2tp" and found == "Layer 2 Tunneling Protocol" else [found]


def _is_ip(frame: Frame, layer: Layer) -> bool:
    """Whether an IP header's lengths can be: of others Wireshark shows no more than that they are one."""
    if byte(frame, layer, 0) >> 4 != 4:
        return False
    size, total = (byte(frame, layer, 0) & 0x0F) * 4, number(frame, layer, 2, 2)
    room = min(len(frame.data), layer.end) - layer.start
    return size >= MIN_HEADER_LEN and (not total or total >= size) and room >= SOURCE_END


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
        if number(frame, layer, 0, 2) == ATM:
            head = f"ATM {head}"
        operation = ARP_OPCODE.get(number(frame, layer, 6, 2))
        return f"{head} ({operation})" if operation else head
    if name == "eth" and not has_type(frame, layer):
        head = "以太网（未知）" if lang == "zh" else "Ethernet Unknown"
    if name in ("gre", "erspan", "l2tp", "ipv6.routing", "ieee8021ad", "ieee8021ah"):
        return _tunnel_title(frame, layer, head, lang)
    if name == "eth" and 0 <= number(frame, layer, 12, 2) <= LARGEST_LENGTH:
        return "IEEE 802.3 以太网" if lang == "zh" else "IEEE 802.3 Ethernet "
    labels = CHINESE if lang == "zh" else {}
    told = [
        f"{labels.get(label, label)}{text}"
        for label, path in TOLD.get(name, ())
        for text in _values(frame, layer, facts, path)
    ]
    if name == "mpls" and told:
        told[0] += _special_label(number(frame, layer, 0, 4) >> 12)
    if name == "ip" and (via := next_hop(frame, layer)) is not None:
        told.append(f"{'下一跳 ' if lang == 'zh' else 'Via: '}{via}")
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


def has_type(frame: Frame, layer: Layer) -> bool:
    """Whether the number in a link header can be an EtherType."""
    if layer.name in ("sll", "sll2"):
        from synfin.dissect.fields_sll import type_name

        return type_name(frame, layer) == "sll.etype"
    return layer.name != "eth" or not LARGEST_LENGTH < number(frame, layer, 12, 2) < LEAST_TYPE


def _special_label(label: int) -> str:
    """What a label below 16 stands for."""
    return f" ({SPECIAL_LABELS.get(label, 'Reserved - Unknown')})" if label < FIRST_LABEL else ""


def _tunnel_title(frame: Frame, layer: Layer, head: str, lang: str) -> str:
    """Of headers that tell what they carry, or which of several they are."""
    if layer.name.startswith("ieee8021a"):
        from synfin.dissect.fields_bridge import titles

        return titles(frame, layer, None)[0].replace(", ", "，" if lang == "zh" else ", ")
    first = number(frame, layer, 0, 2)
    if layer.name == "l2tp":
        version = f" version {L2TP_3}" if first & 0x0F == L2TP_3 else ""
        return head + version.replace(" version ", "，版本 " if lang == "zh" else " version ")
    if layer.name == "erspan":
        told = ERSPAN_TYPES.get(first >> 12, "Unknown") if layer.header_len else "Type I"
    elif layer.name == "gre":
        kind = number(frame, layer, 2, 2)
        told = GRE_PROTOCOL.get(kind, f"0x{kind:04X} - unknown")
    else:
        kind = byte(frame, layer, 2)
        told = IPV6_ROUTING.get(kind, f"Unknown type {kind}")
    if lang == "zh":
        return f"{head}（{told}）"
    return f"{head} {told}" if layer.name == "erspan" else f"{head} ({told})"


def _values(frame: Frame, layer: Layer, facts: Facts | None, path: str) -> list[str]:
    if path == "tcp.ack" and not number(frame, layer, 12, 2) & ACK_FLAG:
        return []
    if path in ("tcp.ack", "tcp.len") and number(frame, layer, 12, 1) >> 4 < LEAST_WORDS:
        return []  # of a header that is too short
    field = find(path)
    if field is None:
        return []
    return [field.show(spot.value) for spot in field.loader(frame, layer, facts)][:1]


def _frame_title(frame: Frame, facts: Facts | None, head: str, lang: str) -> str:
    size, wire = len(frame.packet.data), frame.packet.wire_len
    number_text = frame.packet.number
    if lang == "zh":
        text = f"{head} {number_text}：线路上 {wire} 字节（{wire * 8} 位），捕获 {size} 字节（{size * 8} 位）"
        if facts is not None and facts.interface is not None:
            text += f"，接口 {_interface(frame, facts)}"
        return text + DIRECTIONS_ZH.get((frame.packet.flags or 0) & 3, "")
    text = f"{head} {number_text}: {_bytes(wire)} on wire ({wire * 8} bits), {_bytes(size)} captured ({size * 8} bits)"
    if facts is not None and facts.interface is not None:
        text += f" on interface {_interface(frame, facts)}"
    return text + DIRECTIONS.get((frame.packet.flags or 0) & 3, "")


def _interface(frame: Frame, facts: Facts) -> str:
    name = escape(facts.interface.name) if facts.interface is not None else ""
    return f"{name or 'unknown'}, id {frame.packet.interface}"


def _bytes(count: int) -> str:
    return f"{count} byte{'' if count == 1 else 's'}"
