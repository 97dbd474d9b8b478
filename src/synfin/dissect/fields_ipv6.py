"""Fields of IPv6 and its extension headers (RFC 8200)."""

from __future__ import annotations

from collections.abc import Iterator

from synfin.dissect import values
from synfin.dissect.address import ipv6
from synfin.dissect.context import Facts
from synfin.dissect.field import Field
from synfin.dissect.load import Loader, Spot, bits, both, raw, whole
from synfin.wire.frame import Frame
from synfin.wire.layer import Layer

IPV6, FRAGMENT, ROUTING = ("ipv6",), ("ipv6.fraghdr",), ("ipv6.routing",)


def text(loader: Loader) -> Loader:
    """IPv6 addresses as text: names are not looked up."""

    def load(frame: Frame, layer: Layer, facts: Facts | None) -> Iterator[Spot]:
        return (Spot(ipv6(spot.value), spot.start, spot.length) for spot in loader(frame, layer, facts))

    return load


def _extension(name: str, en: str, zh: str) -> tuple[Field, ...]:
    """What all extension headers but Fragment begin with."""
    layers = (name,)
    return (
        Field(name, "protocol", layers, whole, en, zh),
        Field(name + ".nxt", "u8", layers, bits(0, 1), "Next header", "下一首部", values=values.IP_PROTOCOL),
        Field(name + ".len", "u8", layers, bits(1, 1), "Length", "长度"),
    )


_SRC, _DST = raw(8, 16), raw(24, 16)

FIELDS = (
    Field("ipv6", "protocol", IPV6, whole, "Internet Protocol Version 6", "互联网协议第 6 版"),
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
    Field("ipv6.src_host", "str", IPV6, text(_SRC), "Source host", "源主机", hidden=True),
    Field("ipv6.dst", "ipv6", IPV6, _DST, "Destination address", "目的地址"),
    Field("ipv6.dst_host", "str", IPV6, text(_DST), "Destination host", "目的主机", hidden=True),
    Field("ipv6.addr", "ipv6", IPV6, both(_SRC, _DST), "Source or destination address", "源或目的地址", hidden=True),
    Field("ipv6.host", "str", IPV6, text(both(_SRC, _DST)), "Source or destination host", "源或目的主机",
          hidden=True),
    *_extension("ipv6.hopopts", "IPv6 Hop-by-Hop Options", "IPv6 逐跳选项"),
    *_extension("ipv6.dstopts", "IPv6 Destination Options", "IPv6 目的选项"),
    *_extension("ipv6.routing", "IPv6 Routing Header", "IPv6 路由首部"),
    Field("ipv6.routing.type", "u8", ROUTING, bits(2, 1), "Type", "类型"),
    Field("ipv6.routing.segleft", "u8", ROUTING, bits(3, 1), "Segments left", "剩余段数"),
    Field("ipv6.fraghdr", "protocol", FRAGMENT, whole, "IPv6 Fragment Header", "IPv6 分片首部"),
    Field("ipv6.fraghdr.nxt", "u8", FRAGMENT, bits(0, 1), "Next header", "下一首部", values=values.IP_PROTOCOL),
    Field("ipv6.fraghdr.reserved_octet", "u8", FRAGMENT, bits(1, 1), "Reserved octet", "保留字节", display="hex"),
    Field("ipv6.fraghdr.offset", "u16", FRAGMENT, bits(2, 2, 0xFFF8), "Offset", "偏移", mask=0xFFF8, mask_bits=16),
    Field("ipv6.fraghdr.more", "bool", FRAGMENT, bits(2, 2, 0x0001), "More fragments", "还有分片", values=values.SET,
          mask=0x0001, mask_bits=16),
    Field("ipv6.fraghdr.ident", "u32", FRAGMENT, bits(4, 4), "Identification", "标识", display="hex"),
)  # fmt: skip
