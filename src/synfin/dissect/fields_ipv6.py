"""Fields of IPv6 and its extension headers (RFC 8200)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from synfin.dissect import assembly_walk, ipv6_walk, values
from synfin.dissect.address import ipv6
from synfin.dissect.declare import Declare
from synfin.dissect.expert import note
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
    note("ipv6.bogus_ipv6_version", ipv6_walk.is_bogus, "error", "malformed", "Is not of version 6", "版本不是 6",
         parent="ipv6.version"),
    note("ipv6.invalid_header", ipv6_walk.is_cut_short, "error", "malformed", "Shorter than its 40 bytes",
         "不足 40 字节"),
    Field("ipv6.tclass", "u32", IPV6, bits(0, 4, 0x0FF00000), "Traffic class", "流量类别", display="hex",
          mask=0x0FF00000, mask_bits=32),
    Field("ipv6.tclass.dscp", "u32", IPV6, bits(0, 4, 0x0FC00000), "Differentiated services codepoint",
          "区分服务代码点", values=values.DSCP, parent="ipv6.tclass", mask=0x0FC00000, mask_bits=32),
    Field("ipv6.tclass.ecn", "u32", IPV6, bits(0, 4, 0x00300000), "Explicit congestion notification",
          "显式拥塞通知", values=values.ECN, parent="ipv6.tclass", mask=0x00300000, mask_bits=32),
    Field("ipv6.flow", "u24", IPV6, bits(1, 3, 0x0FFFFF), "Flow label", "流标签", display="hex", mask=0x0FFFFF,
          mask_bits=24),
    Field("ipv6.plen", "u16", IPV6, bits(4, 2), "Payload length", "载荷长度", unit="bytes"),
    note("ipv6.plen_exceeds_framing", ipv6_walk.exceeds_framing, "warning", "protocol",
         "Longer than what the frame holds", "超出帧所容纳的长度", parent="ipv6.plen"),
    note("ipv6.plen_zero", ipv6_walk.is_zero, "chat", "protocol", "Not told: the network card will cut the payload up",
         "未给出长度：载荷将由网卡切分", parent="ipv6.plen"),
    note("ipv6.opt.jumbo.missing", ipv6_walk.lacks_jumbo, "error", "malformed",
         "Not told, and no Jumbo Payload option tells it", "未给出长度，也没有超长载荷选项", parent="ipv6.plen"),
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
    *(
        _routing(f"ipv6.routing.rpl.{name}", kind, en, zh, mask=mask, bits=32 * bool(mask))
        for name, kind, en, zh, mask in (
            ("cmprI", "u32", "Bytes elided, but of the last", "省略的字节数（末项除外）", 0xF0000000),
            ("cmprE", "u32", "Bytes elided of the last", "末项省略的字节数", 0x0F000000),
            ("pad", "u32", "Bytes of padding", "填充字节数", 0x00F00000),
            ("reserved", "u32", "Reserved", "保留", 0x000FFFFF),
            ("addr_count", "i32", "Number of addresses", "地址数目", 0),
            ("address", "bytes", "Address without what is elided", "省略后的地址", 0),
            ("full_address", "ipv6", "Whole address", "完整地址", 0),
        )
    ),
    _routing("ipv6.routing.crh16.current_sid", "u16", "Current segment", "当前段"),
    _routing("ipv6.routing.crh16.sid", "u16", "Segment", "段"),
    _routing("ipv6.routing.crh32.current_sid", "u32", "Current segment", "当前段"),
    _routing("ipv6.routing.crh32.sid", "u32", "Segment", "段"),
    _routing("ipv6.routing.unknown_data", "bytes", "Data of this type", "此类型的数据"),
    _routing.note("ipv6.routing.deprecated", "note", "deprecated", "This type is deprecated (RFC 5095)",
                  "此类型已废弃（RFC 5095）"),
    _routing.note("ipv6.routing.undecoded", "note", "undecoded", "This type is not read", "未解析此类型"),
    _routing.note("ipv6.routing.invalid_length", "error", "malformed", "A header of this type is not that long",
                  "此类首部长度不符"),
    _routing.note("ipv6.routing.invalid_segleft", "warning", "protocol", "More segments are left than are listed",
                  "剩余段数超过所列段数"),
    _routing.note("ipv6.routing.rpl.cmprI_cmprE_pad", "warning", "protocol", "Whole addresses need no padding",
                  "完整地址无需填充"),
    _routing.note("ipv6.routing.rpl.reserved_not0", "note", "protocol", "Reserved bits are set", "保留位被置位"),
    _routing.note("ipv6.routing.rpl.addr_count_ge0", "error", "malformed", "There is no room for its addresses",
                  "容纳不下地址"),
    _routing.note("ipv6.dst_addr.not_multicast", "warning", "protocol", "The destination is a group", "目的地址为组播"),
    _routing.note("ipv6.src_route_list.multicast_addr", "warning", "protocol", "A group cannot be on the way",
                  "途经地址不能为组播"),
    _routing.note("ipv6.src_route_list.src_addr", "warning", "protocol", "The source is on the way",
                  "途经地址含源地址"),
    _routing.note("ipv6.src_route_list.dst_addr", "warning", "protocol", "The destination is on the way",
                  "途经地址含目的地址"),
    note("ipv6.hopopts.not_first", ipv6_walk.HOP_BY_HOP.named("ipv6.hopopts.not_first"), "error", "protocol",
         "Does not stand right behind the IPv6 header", "未紧跟在 IPv6 首部之后", layers=("ipv6.hopopts",),
         walked=True),
    Field("ah", "protocol", ("ah",), whole, "Authentication Header", "认证首部", below=ipv6_walk.AUTHENTICATION),
    _ah("ah.next_header", "u8", "Next header", "下一首部", values=values.IP_PROTOCOL),
    _ah("ah.length", "u8", "Length", "长度"),
    _ah("ah.reserved", "bytes", "Reserved", "保留"),
    _ah("ah.spi", "u32x", "Security parameters index", "安全参数索引"),
    _ah("ah.sequence", "u32", "Sequence number", "序号"),
    _ah("ah.icv", "bytes", "Integrity check value", "完整性校验值"),
    Field("ipv6.fraghdr", "protocol", FRAGMENT, whole, "IPv6 Fragment Header", "IPv6 分片首部"),
    note("ipv6.opt.jumbo.fragment", ipv6_walk.is_jumbo_part, "warning", "protocol",
         "A packet of this length cannot be parted", "超长报文不能分片", layers=FRAGMENT),
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
