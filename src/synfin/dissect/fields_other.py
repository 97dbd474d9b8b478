"""Basic header fields of the protocols beside TCP: UDP (RFC 768), ICMP (RFC 792), ICMPv6 (RFC 4443), ARP (RFC 826)."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from synfin.dissect import values
from synfin.dissect.context import Facts
from synfin.dissect.field import Field
from synfin.dissect.load import Spot, bits, both, byte, computed, limit, number, raw, when, whole
from synfin.wire.frame import Frame
from synfin.wire.layer import Layer

UDP, ICMP, ICMPV6, ARP = ("udp",), ("icmp",), ("icmpv6",), ("arp",)
ECHO, ECHO_REPLY, UNREACHABLE, REDIRECT = 8, 0, 3, 5
FRAGMENTATION_NEEDED = 4


def _kinds(*wanted: int) -> Callable[[Frame, Layer], bool]:
    return lambda frame, layer: byte(frame, layer, 0) in wanted


def _payload(frame: Frame, layer: Layer, facts: Facts | None) -> Iterable[Spot]:
    start, stop = layer.start + 8, limit(frame, layer)
    return (Spot(frame.data[start:stop], start, stop - start),) if start < stop else ()


def _little(offset: int) -> Callable[[Frame, Layer, Facts | None], Iterable[Spot]]:
    """A 16-bit number read in the other byte order."""

    def load(frame: Frame, layer: Layer, facts: Facts | None) -> Iterable[Spot]:
        for spot in bits(offset, 2)(frame, layer, facts):
            yield spot._replace(value=(spot.value & 0xFF) << 8 | spot.value >> 8)

    return load


def _needs_fragmentation(frame: Frame, layer: Layer) -> bool:
    return byte(frame, layer, 0) == UNREACHABLE and byte(frame, layer, 1) == FRAGMENTATION_NEEDED


def _ethernet_ipv4(frame: Frame, layer: Layer) -> bool:
    """Hardware addresses of 6 bytes and protocol addresses of 4: the only ARP in use."""
    return number(frame, layer, 4, 2) == 0x0604


_SRC_PORT, _DST_PORT = bits(0, 2), bits(2, 2)

FIELDS = (
    Field("udp", "protocol", UDP, whole, "User Datagram Protocol", "用户数据报协议"),
    Field("udp.srcport", "u16", UDP, _SRC_PORT, "Source port", "源端口"),
    Field("udp.dstport", "u16", UDP, _DST_PORT, "Destination port", "目的端口"),
    Field("udp.port", "u16", UDP, both(_SRC_PORT, _DST_PORT), "Source or destination port", "源或目的端口",
          hidden=True),
    Field("udp.length", "u16", UDP, bits(4, 2), "Length", "长度", unit="bytes"),
    Field("udp.checksum", "u16", UDP, bits(6, 2), "Checksum", "校验和", display="hex"),
    Field("udp.checksum.status", "u8", UDP,
          computed(lambda frame, layer, facts: 3 if number(frame, layer, 6, 2) == 0 else 2), "Checksum status",
          "校验和状态", values=values.CHECKSUM_STATUS, generated=True),
    Field("udp.payload", "bytes", UDP, _payload, "Payload", "载荷"),
    Field("icmp", "protocol", ICMP, whole, "Internet Control Message Protocol", "互联网控制报文协议"),
    Field("icmp.type", "u8", ICMP, bits(0, 1), "Type", "类型", values=values.ICMP_TYPE),
    Field("icmp.code", "u8", ICMP, bits(1, 1), "Code", "代码"),
    Field("icmp.checksum", "u16", ICMP, bits(2, 2), "Checksum", "校验和", display="hex"),
    Field("icmp.ident", "u16", ICMP, when(_kinds(ECHO, ECHO_REPLY), bits(4, 2)), "Identifier", "标识符"),
    Field("icmp.ident_le", "u16", ICMP, when(_kinds(ECHO, ECHO_REPLY), _little(4)), "Identifier (little endian)",
          "标识符(小端)", hidden=True),
    Field("icmp.seq", "u16", ICMP, when(_kinds(ECHO, ECHO_REPLY), bits(6, 2)), "Sequence number", "序号"),
    Field("icmp.seq_le", "u16", ICMP, when(_kinds(ECHO, ECHO_REPLY), _little(6)),
          "Sequence number (little endian)", "序号(小端)", hidden=True),
    Field("icmp.mtu", "u16", ICMP, when(_needs_fragmentation, bits(6, 2)), "MTU of next hop", "下一跳最大传输单元"),
    Field("icmp.redir_gw", "ipv4", ICMP, when(_kinds(REDIRECT), raw(4, 4)), "Gateway address", "网关地址"),
    Field("icmpv6", "protocol", ICMPV6, whole, "Internet Control Message Protocol v6", "互联网控制报文协议第 6 版"),
    Field("icmpv6.type", "u8", ICMPV6, bits(0, 1), "Type", "类型", values=values.ICMPV6_TYPE),
    Field("icmpv6.code", "u8", ICMPV6, bits(1, 1), "Code", "代码"),
    Field("icmpv6.checksum", "u16", ICMPV6, bits(2, 2), "Checksum", "校验和", display="hex"),
    Field("icmpv6.mtu", "u32", ICMPV6, when(_kinds(2), bits(4, 4)), "MTU", "最大传输单元"),
    Field("icmpv6.echo.identifier", "u16", ICMPV6, when(_kinds(128, 129), bits(4, 2)), "Identifier", "标识符",
          display="hex"),
    Field("icmpv6.echo.sequence_number", "u16", ICMPV6, when(_kinds(128, 129), bits(6, 2)), "Sequence", "序号"),
    Field("icmpv6.nd.ns.target_address", "ipv6", ICMPV6, when(_kinds(135), raw(8, 16)), "Target address",
          "目标地址"),
    Field("icmpv6.nd.na.target_address", "ipv6", ICMPV6, when(_kinds(136), raw(8, 16)), "Target address",
          "目标地址"),
    Field("arp", "protocol", ARP, whole, "Address Resolution Protocol", "地址解析协议"),
    Field("arp.hw.type", "u16", ARP, bits(0, 2), "Hardware type", "硬件类型", values=values.HARDWARE),
    Field("arp.proto.type", "u16", ARP, bits(2, 2), "Protocol type", "协议类型", display="hex",
          values=values.ETHERTYPE),
    Field("arp.hw.size", "u8", ARP, bits(4, 1), "Hardware size", "硬件地址长度"),
    Field("arp.proto.size", "u8", ARP, bits(5, 1), "Protocol size", "协议地址长度"),
    Field("arp.opcode", "u16", ARP, bits(6, 2), "Opcode", "操作码", values=values.ARP_OPCODE),
    Field("arp.src.hw_mac", "ether", ARP, when(_ethernet_ipv4, raw(8, 6)), "Sender MAC address", "发送方 MAC 地址"),
    Field("arp.src.proto_ipv4", "ipv4", ARP, when(_ethernet_ipv4, raw(14, 4)), "Sender IP address",
          "发送方 IP 地址"),
    Field("arp.dst.hw_mac", "ether", ARP, when(_ethernet_ipv4, raw(18, 6)), "Target MAC address", "目标 MAC 地址"),
    Field("arp.dst.proto_ipv4", "ipv4", ARP, when(_ethernet_ipv4, raw(24, 4)), "Target IP address", "目标 IP 地址"),
)  # fmt: skip
