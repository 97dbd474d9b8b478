"""One line for one packet, as Wireshark's packet list shows it: time, addresses, protocol, length and Info."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import takewhile
from typing import TYPE_CHECKING, NamedTuple

from synfin.dissect import values
from synfin.dissect.address import ip, ipv4, ipv6, mac
from synfin.dissect.context import Facts
from synfin.dissect.fields_tcp_options import items
from synfin.dissect.load import byte, limit, number
from synfin.dissect.show import escape, relative_time
from synfin.dissect.tree import flag_names
from synfin.wire.tcp import MIN_HEADER_LEN, Segment

if TYPE_CHECKING:
    from synfin.dissect.option import Item
    from synfin.wire.frame import Frame
    from synfin.wire.layer import Layer

ARROW = "→"
LONGEST_LINE = 1024  #: bytes of a message that are told
MALFORMED, LIMITED = "[Malformed Packet]", "[Packet size limited during capture]"
UDP_HEADER_LEN, MAC_LEN = 8, 6
#: where Linux cooked captures tell how long the sender's address is, in how many bytes, and where it stands
_SLL_ADDRESS = {"sll": (4, 2, 6), "sll2": (11, 1, 12)}
_WITH_PORTS = frozenset({6, 17})  #: protocols whose Info begins with ports
_ABOVE = {"ip": "IPv4", "ipv6": "IPv6"}  #: what carries a header of which not even the ports are there
#: Analysis flags in the order in which Wireshark prepends them: the last stands first.
PREFIXES = (
    ("reused_ports", "TCP Port numbers reused"),
    ("fast_retransmission", "TCP Fast Retransmission"),
    ("spurious_retransmission", "TCP Spurious Retransmission"),
    ("retransmission", "TCP Retransmission"),
    ("out_of_order", "TCP Out-Of-Order"),
    ("lost_segment", "TCP Previous segment not captured"),
    ("ack_lost_segment", "TCP ACKed unseen segment"),
    ("window_update", "TCP Window Update"),
    ("window_full", "TCP Window Full"),
    ("keep_alive", "TCP Keep-Alive"),
    ("keep_alive_ack", "TCP Keep-Alive ACK"),
    ("duplicate_ack", "TCP Dup ACK"),
    ("zero_window_probe", "TCP ZeroWindowProbe"),
    ("zero_window", "TCP ZeroWindow"),
    ("zero_window_probe_ack", "TCP ZeroWindowProbeAck"),
)


class Summary(NamedTuple):
    """The columns of one packet; `info` and the addresses hold no control characters."""

    number: int
    time_ns: int | None  #: since the first frame, or since the epoch where the first is unknown; None without a time
    src: str
    dst: str
    protocol: str
    length: int
    info: str

    def line(self) -> str:
        """The columns as `tshark` prints them."""
        return (
            f"{self.number:5d} {_seconds(self.time_ns):>10} {self.src:>12} {ARROW} {self.dst:<12} "
            f"{self.protocol} {self.length} {self.info}"
        ).rstrip()


def _seconds(ns: int | None) -> str:
    return "" if ns is None else relative_time(ns)[:-3]


def summarize(frame: Frame, facts: Facts | None = None) -> Summary:
    """The columns of one packet."""
    src, dst = _addresses(frame)
    protocol, info = _told(frame, facts)
    known = facts.frame_time_relative_ns if facts is not None else None
    time_ns = frame.packet.time_ns if known is None else known
    return Summary(
        frame.packet.number,
        time_ns if frame.packet.timed else None,
        src,
        dst,
        protocol,
        frame.packet.wire_len,
        escape(info),
    )


def _addresses(frame: Frame) -> tuple[str, str]:
    """Those of the packet's innermost layer that has addresses; what an ICMP error quotes is another packet."""
    data = frame.data
    for layer in reversed(list(takewhile(lambda layer: layer.name not in ("icmp", "icmpv6"), frame.layers))):
        at, stop = layer.start, limit(frame, layer)
        if layer.name == "ip" and stop >= at + 20:
            return ipv4(data[at + 12 : at + 16]), ipv4(data[at + 16 : at + 20])
        if layer.name == "ipv6" and stop >= at + 40:
            return ipv6(data[at + 8 : at + 24]), ipv6(data[at + 24 : at + 40])
        if layer.name == "eth" and stop >= at + 14:
            return mac(data[at + 6 : at + 12]), mac(data[at : at + 6])
        if layer.name in _SLL_ADDRESS and stop >= at + layer.header_len:
            size_at, size_len, address_at = _SLL_ADDRESS[layer.name]
            if number(frame, layer, size_at, size_len) == MAC_LEN:
                return mac(data[at + address_at : at + address_at + MAC_LEN]), ""
    return "", ""


def _told(frame: Frame, facts: Facts | None) -> tuple[str, str]:
    layers = [layer for layer in frame.layers if layer.name != "data"]
    if not layers:
        return "Data", f"{len(frame.packet.data)} bytes"
    last = next((layer for layer in layers if layer.name in ("icmp", "icmpv6")), layers[-1])
    if last.name == "tcp":
        multipath = any(item.name == "mptcp" for item in items(frame, last, facts))
        return "MPTCP" if multipath else "TCP", tcp_info(frame, last, facts)
    if last.name == "http":
        return "HTTP", "".join(_http(frame, layer, facts) for layer in layers if layer.name == "http").rstrip()
    if last.name == "ip":
        return _ip(frame, last, None if facts is None else facts.recalled.assembled_in.get(last.start))
    teller = _TELLERS.get(last.name)
    if teller is not None:
        return teller(frame, last)
    if last.name == "eth":
        kind = number(frame, last, 12, 2)
        return (f"0x{kind:04x}" if kind > 1500 else "LLC"), "Ethernet II" if kind > 1500 else "IEEE 802.3"
    return last.name.upper(), frame.reason


def _http(frame: Frame, layer: Layer, facts: Facts | None) -> str:
    """A message's first line, and what type its body is of."""
    from synfin.dissect.http_message import OTHER, kind_of

    stop = min(limit(frame, layer), layer.start + LONGEST_LINE)
    line = frame.data[layer.start : stop].removeprefix(b"\r\n").partition(b"\n")[0].rstrip(b"\r")
    if kind_of(line) == OTHER:
        return "Continuation"
    told = None if facts is None or facts.above is None else facts.above.messages.get(layer.start)
    kind = None if told is None else told.head.content_type
    return f"{line.decode('utf-8', 'replace')} {f' ({kind})' if kind else ''}"


def _udp(frame: Frame, layer: Layer) -> tuple[str, str]:
    if number(frame, layer, 2, 2) < 0:
        return _without_ports(frame, next(one for one in reversed(frame.layers) if one.name in _ABOVE))
    ports, size = f"{number(frame, layer, 0, 2)} {ARROW} {number(frame, layer, 2, 2)}", number(frame, layer, 4, 2)
    if size < 0:
        return "UDP", ports + _end_of(frame, layer)
    cut = _end_of(frame, layer) if limit(frame, layer) <= layer.start + UDP_HEADER_LEN < layer.start + size else ""
    return "UDP", f"{ports} Len={max(size - UDP_HEADER_LEN, 0)}{cut}"


def _icmp(frame: Frame, layer: Layer) -> tuple[str, str]:
    kind, code = byte(frame, layer, 0), byte(frame, layer, 1)
    text = values.ICMP_TYPE.get(kind, f"Type {kind}")
    if kind == 3:
        text += f" ({values.ICMP_UNREACHABLE.get(code, f'code {code}')})"
    return "ICMP", text + (_echo(frame, layer) if kind in (0, 8) else "")


def _icmpv6(frame: Frame, layer: Layer) -> tuple[str, str]:
    kind = byte(frame, layer, 0)
    text = values.ICMPV6_TYPE.get(kind, f"Type {kind}")
    return "ICMPv6", text + (_echo(frame, layer) if kind in (128, 129) else "")


def _echo(frame: Frame, layer: Layer) -> str:
    return f" id=0x{max(number(frame, layer, 4, 2), 0):04x}, seq={number(frame, layer, 6, 2)}"


def _arp(frame: Frame, layer: Layer) -> tuple[str, str]:
    data, at = frame.data, layer.start
    if number(frame, layer, 4, 2) != 0x0604 or limit(frame, layer) < at + 28:
        return "ARP", "ARP"
    sender, target = ip(data[at + 14 : at + 18]), ip(data[at + 24 : at + 28])
    operation = number(frame, layer, 6, 2)
    if operation == 1:
        return "ARP", f"Who has {target}? Tell {sender}"
    if operation == 2:
        return "ARP", f"{sender} is at {mac(data[at + 8 : at + 14])}"
    return "ARP", values.ARP_OPCODE.get(operation, f"opcode {operation}")


def _ip(frame: Frame, layer: Layer, assembled_in: int | None = None) -> tuple[str, str]:
    protocol = byte(frame, layer, 9)
    name = values.IP_PROTOCOL.get(protocol, "unknown")
    if frame.reason == "fragment":
        offset = (number(frame, layer, 6, 2) & 0x1FFF) * 8
        return (
            "IPv4",
            f"Fragmented IP protocol (proto={name} {protocol}, off={offset}, ID={number(frame, layer, 4, 2):04x})"
            + ("" if assembled_in is None else f" [Reassembled in #{assembled_in}]"),
        )
    if protocol in _WITH_PORTS:
        return _without_ports(frame, layer)
    return "IPv4", f"{name} ({protocol})"


def _ipv6(frame: Frame, layer: Layer) -> tuple[str, str]:
    protocol = byte(frame, layer, 6)
    if protocol in _WITH_PORTS:
        return _without_ports(frame, layer)
    return "IPv6", f"{values.IP_PROTOCOL.get(protocol, 'unknown')} ({protocol})"


def _without_ports(frame: Frame, layer: Layer) -> tuple[str, str]:
    """A datagram that ends, or was cut, before the ports above it."""
    why = _end_of(frame, layer)
    empty = layer.name == "ip" and why == MALFORMED and limit(frame, layer) == layer.start + layer.header_len
    return _ABOVE[layer.name], "" if empty else why


_TELLERS = {"udp": _udp, "icmp": _icmp, "icmpv6": _icmpv6, "arp": _arp, "ipv6": _ipv6}


def tcp_info(frame: Frame, layer: Layer, facts: Facts | None) -> str:
    """Wireshark's Info of a segment: analysis, ports, flags, relative numbers, scaled window, options."""
    word = number(frame, layer, 12, 2)
    if frame.segment is None or word < 0:
        return f"{number(frame, layer, 0, 2)} {ARROW} {number(frame, layer, 2, 2)}{_end_of(frame, layer)}"
    segment, known = frame.segment, facts or Facts()
    seq = segment.seq if known.seq is None else known.seq
    parts = [f"{segment.src_port} {ARROW} {segment.dst_port} [{flag_names(segment.flags)}] Seq={seq}"]
    if segment.flags & 0x10:
        parts.append(f"Ack={segment.ack if known.ack is None else known.ack}")
    parts.append(f"Win={segment.window if known.window_size is None else known.window_size}")
    if segment.hdr_len < MIN_HEADER_LEN:
        return f"{' '.join(parts)}, bogus TCP header length ({segment.hdr_len}, must be at least {MIN_HEADER_LEN})"
    if segment.flags & 0x20:
        parts.append(f"Urg={number(frame, layer, 18, 2)}")
    if segment.len_bytes is not None and number(frame, layer, 18, 2) >= 0:
        parts.append(f"Len={segment.length}")
    parts.extend(text for item in items(frame, layer, facts) for text in _option(item))
    return "".join(f"[{text}] " for text in _prefixes(known)) + " ".join(parts) + _cut(segment)


def _cut(segment: Segment) -> str:
    """Options that are not there: not captured, or behind the datagram's end."""
    if len(segment.options) >= segment.hdr_len - MIN_HEADER_LEN:
        return ""
    return MALFORMED if segment.len_bytes is None else LIMITED


def _end_of(frame: Frame, layer: Layer) -> str:
    """Why a layer ends too early."""
    packet = frame.packet
    captured = len(packet.data) < packet.wire_len and limit(frame, layer) == len(frame.data)
    return LIMITED if captured else MALFORMED


def _prefixes(facts: Facts) -> Iterator[str]:
    for name, text in reversed(PREFIXES):
        if name not in facts.analysis:
            continue
        if name == "retransmission" and {"fast_retransmission", "spurious_retransmission"} & set(facts.analysis):
            continue
        if name == "duplicate_ack" and facts.duplicate_ack_frame is not None:
            text += f" {facts.duplicate_ack_frame}#{facts.duplicate_ack_num}"
        yield text


#: Fields of options that Info tells, with the label before the value.
_TOLD_OPTIONS = {
    "tcp.options.mss_val": "MSS=", "tcp.options.wscale.multiplier": "WS=", "tcp.options.sack_le": "SLE=",
    "tcp.options.sack_re": "SRE=", "tcp.options.timestamp.tsval": "TSval=", "tcp.options.timestamp.tsecr": "TSecr=",
    "tcp.options.echo_value": "ECHO=", "tcp.options.cc_value": "CC=", "tcp.options.user_to_val": "USER_TO=",
    "tcp.options.acc_ecn.ee0b": "EE0B=", "tcp.options.acc_ecn.eceb": "ECEB=", "tcp.options.acc_ecn.ee1b": "EE1B=",
    "tcp.options.tarr.rate": "TARR=",
}  # fmt: skip
_TOLD_MARKS = {
    "tcp.options.sack_perm": "SACK_PERM", "tcp.options.md5": "MD5", "tcp.options.ao": "TCP AO",
    "tcp.options.tfo.cookie": "TFO=C", "tcp.options.tfo.request": "TFO=R",
}  # fmt: skip


def _option(item: Item) -> Iterator[str]:
    if item.name in _TOLD_MARKS:
        yield _TOLD_MARKS[item.name]
    elif item.name in _TOLD_OPTIONS:
        yield f"{_TOLD_OPTIONS[item.name]}{item.value}"
    elif item.name == "tcp.options.experimental.data":
        return
    for child in item.children:
        yield from _option(child)
