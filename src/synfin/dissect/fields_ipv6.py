"""Fields of IPv6 and its extension headers (RFC 8200)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from synfin.dissect import assembly_walk, ipv6_walk, values
from synfin.dissect.address import ipv6
from synfin.dissect.declare import Declare
from synfin.dissect.field import Field
from synfin.dissect.load import Loader, Spot, bits, both, raw, whole

if TYPE_CHECKING:
    from synfin.dissect.context import Facts
    from synfin.dissect.option import Found
    from synfin.wire.frame import Frame
    from synfin.wire.layer import Layer

IPV6, FRAGMENT = ("ipv6",), ("ipv6.fraghdr",)


def text(loader: Loader) -> Loader:
    """IPv6 addresses as text: names are not looked up."""

    def load(frame: Frame, layer: Layer, facts: Facts | None) -> Iterator[Spot]:
        return (Spot(ipv6(spot.value), spot.start, spot.length) for spot in loader(frame, layer, facts))

    return load


def _extension(name: str, found: Found, en: str, zh: str) -> tuple[Field, ...]:
    """What all extension headers but Fragment begin with."""
    declare = Declare(found, name)
    return (
        Field(name, "protocol", (name,), whole, en, zh, below=found),
        declare(name + ".nxt", "u8", "Next header", "下一首部", values=values.IP_PROTOCOL),
        declare(name + ".len", "u8", "Length", "长度"),
        declare(name + ".len_oct", "u16", "Length in bytes", "长度（字节）", unit="bytes", generated=True),
    )


def _found_in_options(name: str) -> Loader:
    """Of a Hop-by-Hop or a Destination Options header."""
    hop, destination = ipv6_walk.HOP_BY_HOP.named(name), ipv6_walk.DESTINATION.named(name)

    def load(frame: Frame, layer: Layer, facts: Facts | None) -> Iterable[Spot]:
        return (hop if layer.name == "ipv6.hopopts" else destination)(frame, layer, facts)

    return load


def _option(name: str, kind: str, en: str, zh: str, mask: int = 0) -> Field:
    display = "hex" if kind.endswith("x") else "empty" if name == ".padn" else "dec"
    kind = kind.removesuffix("x")
    width = {"u32": 32}.get(kind, 8) if mask else 0
    return Field(f"ipv6.opt{name}", kind, ("ipv6.hopopts", "ipv6.dstopts"), _found_in_options(f"ipv6.opt{name}"), en,
                 zh, display=display, mask=mask, mask_bits=width, walked=True)  # fmt: skip


def _inside(name: str, kind: str, en: str, zh: str) -> tuple[Field, ...]:
    """What the source, the destination and either of them embeds."""
    return (
        _address(f"ipv6.src_{name}", kind, f"Source {en}", f"源{zh}", generated=True),
        _address(f"ipv6.dst_{name}", kind, f"Destination {en}", f"目的{zh}", generated=True),
        _address(f"ipv6.{name}", kind, en, zh, hidden=True),
    )


_address = Declare(ipv6_walk.EMBEDDED, "ipv6")
_routing = Declare(ipv6_walk.ROUTING, "ipv6.routing")
_ah = Declare(ipv6_walk.AUTHENTICATION, "ah")
_SRC, _DST = raw(8, 16), raw(24, 16)

FIELDS = (
    Field("ipv6", "protocol", IPV6, whole, "Internet Protocol Version 6", "互联网协议第 6 版",
          below=ipv6_walk.EMBEDDED),
    Field("ipv6.version", "u8", IPV6, bits(0, 1, 0xF0), "Version", "版本", mask=0xF0, mask_bits=8),
    Field("ipv6.tclass", "u32", IPV6, bits(0, 4, 0x0FF00000), "Traffic class", "流量类别", display="hex",
          mask=0x0FF00000, mask_bits=32),
    Field("ipv6.tclass.dscp", "u32", IPV6, bits(0, 4, 0x0FC00000), "Differentiated services codepoint",
          "区分服务代码点", values=values.DSCP, parent="ipv6.tclass", mask=0x0FC00000, mask_bits=32),
    Field("ipv6.tclass.ecn", "u32", IPV6, bits(0, 4, 0x00300000), "Explicit congestion notification",
          "显式拥塞通知", values=values.ECN, parent="ipv6.tclass", mask=0x00300000, mask_bits=32),
    Field("ipv6.flow", "u24", IPV6, bits(1, 3, 0x0FFFFF), "Flow label", "流标签", display="hex", mask=0x0FFFFF,
          mask_bits=24),
    Field("ipv6.plen", "u16", IPV6, bits(4, 2), "Payload length", "载荷长度", unit="bytes"),
    Field("ipv6.nxt", "u8", IPV6, bits(6, 1), "Next header", "下一首部", values=values.IP_PROTOCOL),
    Field("ipv6.hlim", "u8", IPV6, bits(7, 1), "Hop limit", "跳数限制"),
    Field("ipv6.src", "ipv6", IPV6, _SRC, "Source address", "源地址"),
    Field("ipv6.dst", "ipv6", IPV6, _DST, "Destination address", "目的地址"),
    Field("ipv6.addr", "ipv6", IPV6, both(_SRC, _DST), "Source or destination address", "源或目的地址", hidden=True,
          after=("ipv6.src", "ipv6.dst")),
    Field("ipv6.src_host", "str", IPV6, text(_SRC), "Source host", "源主机", hidden=True, after=("ipv6.src",)),
    Field("ipv6.dst_host", "str", IPV6, text(_DST), "Destination host", "目的主机", hidden=True,
          after=("ipv6.dst",)),
    Field("ipv6.host", "str", IPV6, text(both(_SRC, _DST)), "Source or destination host", "源或目的主机",
          hidden=True, after=("ipv6.src", "ipv6.dst")),
    *_inside("slaac_mac", "ether", "MAC address that made the address", "生成地址的 MAC 地址"),
    *_inside("isatap_ipv4", "ipv4", "ISATAP IPv4 address", "ISATAP IPv4 地址"),
    *_inside("6to4_gw_ipv4", "ipv4", "6to4 gateway", "6to4 网关"),
    *_inside("6to4_sla_id", "u16", "6to4 site id", "6to4 站点编号"),
    *_inside("ts_ipv4", "ipv4", "Teredo server", "Teredo 服务器"),
    *_inside("tc_port", "u16", "Teredo client port", "Teredo 客户端端口"),
    *_inside("tc_ipv4", "ipv4", "Teredo client", "Teredo 客户端"),
    *_inside("embed_ipv4", "ipv4", "embedded IPv4 address", "嵌入的 IPv4 地址"),
    _address("ipv6.embed_ipv4_prefix", "bytes", "Prefix before the embedded IPv4 address", "嵌入 IPv4 地址的前缀"),
    *_extension("ipv6.hopopts", ipv6_walk.HOP_BY_HOP, "IPv6 Hop-by-Hop Options", "IPv6 逐跳选项"),
    *_extension("ipv6.dstopts", ipv6_walk.DESTINATION, "IPv6 Destination Options", "IPv6 目的选项"),
    _option("", "none", "IPv6 option", "IPv6 选项"),
    _option(".type", "u8x", "Type", "类型"),
    _option(".type.action", "u8", "Action where it is unknown", "未知时的动作", 0xC0),
    _option(".type.change", "bool", "May change on the way", "途中可改变", 0x20),
    _option(".type.rest", "u8x", "Low-order bits", "低位", 0x1F),
    _option(".length", "u8", "Length", "长度"),
    _option(".pad1", "none", "One byte of padding", "单字节填充"),
    _option(".padn", "bytes", "Padding", "填充"),
    _option(".router_alert", "u16", "Router alert", "路由器警告"),
    _option(".tel", "u8", "Tunnel encapsulation limit", "隧道封装上限"),
    _option(".jumbo", "u32", "Payload length", "载荷长度"),
    _option(".mipv6.home_address", "ipv6", "Home address", "归属地址"),
    _option(".calipso.doi", "u32", "Domain of interpretation", "解释域"),
    _option(".calipso.cmpt.length", "u8", "Compartment length", "分隔长度"),
    _option(".calipso.sens_level", "u8", "Sensitivity level", "敏感级别"),
    _option(".calipso.checksum", "u16x", "Checksum", "校验和"),
    _option(".calipso.cmpt_bitmap", "bytes", "Compartments", "分隔位图"),
    _option(".pmtu.min", "u16", "Least path MTU so far", "迄今最小路径 MTU"),
    _option(".pmtu.rtn", "u16", "Least path MTU reported back", "回报的最小路径 MTU"),
    _option(".pmtu.r_flag", "bool", "Asks for the report", "请求回报"),
    _option(".pdm.scale_dtlr", "u8", "Scale of the time since the last received", "距上次接收时间的刻度"),
    _option(".pdm.scale_dtls", "u8", "Scale of the time since the last sent", "距上次发送时间的刻度"),
    _option(".pdm.psn_this_pkt", "u16", "Number of this packet", "本报文编号"),
    _option(".pdm.psn_last_recv", "u16", "Number last received", "上次接收的编号"),
    _option(".pdm.delta_last_recv", "u16", "Time since the last received", "距上次接收的时间"),
    _option(".pdm.delta_last_sent", "u16", "Time since the last sent", "距上次发送的时间"),
    _option(".rpl.flag", "u8x", "Flags", "标志"),
    _option(".rpl.flag.o", "bool", "Down", "向下", 0x80),
    _option(".rpl.flag.r", "bool", "Rank error", "等级错误", 0x40),
    _option(".rpl.flag.f", "bool", "Forwarding error", "转发错误", 0x20),
    _option(".rpl.flag.rsv", "u8x", "Reserved", "保留", 0x1F),
    _option(".rpl.instance_id", "u8x", "Instance", "实例"),
    _option(".rpl.sender_rank", "u16x", "Sender rank", "发送者等级"),
    _option(".qs_func", "u8", "Function", "功能", 0xF0),
    _option(".qs_rate", "u8", "Rate", "速率", 0x0F),
    _option(".qs_ttl", "u8", "Quick-Start TTL", "快速启动生存时间"),
    _option(".qs_unused", "u8", "Not used", "未用"),
    _option(".qs_nonce", "u32x", "Nonce", "随机数", 0xFFFFFFFC),
    _option(".qs_reserved", "u32x", "Reserved", "保留", 0x3),
    _option(".ilnp_nonce", "bytes", "ILNP nonce", "ILNP 随机数"),
    _option(".experimental", "bytes", "Experimental option", "实验选项"),
    _option(".unknown", "bytes", "Content of an unknown option", "未知选项的内容"),
    _option("_unknown_data", "bytes", "Unknown data", "未知数据"),
    *_extension("ipv6.routing", ipv6_walk.ROUTING, "Routing Header for IPv6", "IPv6 路由首部"),
    _routing("ipv6.routing.type", "u8", "Type", "类型", values=values.IPV6_ROUTING),
    _routing("ipv6.routing.segleft", "u8", "Segments left", "剩余段数"),
    _routing("ipv6.routing.src.reserved", "bytes", "Reserved", "保留"),
    _routing("ipv6.routing.src.addr", "ipv6", "Address", "地址"),
    _routing("ipv6.routing.mipv6.reserved", "bytes", "Reserved", "保留"),
    _routing("ipv6.routing.mipv6.home_address", "ipv6", "Home address", "归属地址"),
    _routing("ipv6.routing.srh.last_entry", "u8", "Last entry", "最后一项"),
    _routing("ipv6.routing.srh.flags", "u8x", "Flags", "标志"),
    _routing("ipv6.routing.srh.tag", "bytes", "Tag", "标签"),
    _routing("ipv6.routing.srh.addr", "ipv6", "Segment", "段"),
    _routing("ipv6.routing.unknown_data", "bytes", "Data of this type", "此类型的数据"),
    _routing.note("ipv6.routing.deprecated", "note", "deprecated", "This type is deprecated (RFC 5095)",
                  "此类型已废弃（RFC 5095）"),
    Field("ah", "protocol", ("ah",), whole, "Authentication Header", "认证首部", below=ipv6_walk.AUTHENTICATION),
    _ah("ah.next_header", "u8", "Next header", "下一首部", values=values.IP_PROTOCOL),
    _ah("ah.length", "u8", "Length", "长度"),
    _ah("ah.reserved", "bytes", "Reserved", "保留"),
    _ah("ah.spi", "u32x", "Security parameters index", "安全参数索引"),
    _ah("ah.sequence", "u32", "Sequence number", "序号"),
    _ah("ah.icv", "bytes", "Integrity check value", "完整性校验值"),
    Field("ipv6.fraghdr", "protocol", FRAGMENT, whole, "IPv6 Fragment Header", "IPv6 分片首部"),
    Field("ipv6.fraghdr.nxt", "u8", FRAGMENT, bits(0, 1), "Next header", "下一首部", values=values.IP_PROTOCOL),
    Field("ipv6.fraghdr.reserved_octet", "u8", FRAGMENT, bits(1, 1), "Reserved octet", "保留字节", display="hex"),
    Field("ipv6.fraghdr.offset", "u16", FRAGMENT, bits(2, 2, 0xFFF8), "Offset", "偏移", mask=0xFFF8, mask_bits=16),
    Field("ipv6.fraghdr.reserved_bits", "u16", FRAGMENT, bits(2, 2, 0x0006), "Reserved bits", "保留位", mask=0x0006,
          mask_bits=16),
    Field("ipv6.fraghdr.more", "bool", FRAGMENT, bits(2, 2, 0x0001), "More fragments", "还有分片", values=values.SET,
          mask=0x0001, mask_bits=16),
    Field("ipv6.fraghdr.ident", "u32", FRAGMENT, bits(4, 4), "Identification", "标识", display="hex"),
    *assembly_walk.IPV6.fields(),
)  # fmt: skip
