"""Fields of IPv4 (RFC 791)."""

from __future__ import annotations

from collections.abc import Iterator

from synfin.dissect import ip_options, values
from synfin.dissect.address import ipv4
from synfin.dissect.context import Facts
from synfin.dissect.field import Field
from synfin.dissect.load import Loader, Spot, bits, both, byte, constant, raw, when, whole
from synfin.wire.frame import Frame
from synfin.wire.layer import Layer

IP = ("ip",)


def text(loader: Loader) -> Loader:
    """IPv4 addresses as text: names are not looked up."""

    def load(frame: Frame, layer: Layer, facts: Facts | None) -> Iterator[Spot]:
        return (Spot(ipv4(spot.value), spot.start, spot.length) for spot in loader(frame, layer, facts))

    return load


def _sound(frame: Frame, layer: Layer) -> bool:
    """Whether the header is at least 20 bytes long and of version 4, so that its fields mean something."""
    first = byte(frame, layer, 0)
    return first >> 4 == 4 and first & 15 >= 5


def _bits(offset: int, size: int, mask: int = 0) -> Loader:
    return when(_sound, bits(offset, size, mask))


_SRC, _DST = when(_sound, raw(12, 4)), when(_sound, raw(16, 4))

FIELDS = (
    Field("ip", "protocol", IP, whole, "Internet Protocol Version 4", "互联网协议第 4 版"),
    Field("ip.version", "u8", ("ip", "ipv6"), bits(0, 1, 0xF0), "Version", "版本", mask=0xF0, mask_bits=8),
    Field("ip.hdr_len", "u8", IP, bits(0, 1, 0x0F, scale=4), "Header length", "首部长度", mask=0x0F, mask_bits=8,
          unit="bytes"),
    Field("ip.dsfield", "u8", IP, _bits(1, 1), "Differentiated services field", "区分服务字段", display="hex"),
    Field("ip.dsfield.dscp", "u8", IP, _bits(1, 1, 0xFC), "Differentiated services codepoint", "区分服务代码点",
          values=values.DSCP, parent="ip.dsfield", mask=0xFC, mask_bits=8),
    Field("ip.dsfield.ecn", "u8", IP, _bits(1, 1, 0x03), "Explicit congestion notification", "显式拥塞通知",
          values=values.ECN, parent="ip.dsfield", mask=0x03, mask_bits=8),
    Field("ip.len", "u16", IP, _bits(2, 2), "Total length", "总长度", unit="bytes"),
    Field("ip.id", "u16", IP, _bits(4, 2), "Identification", "标识", display="hex"),
    Field("ip.flags", "u8", IP, _bits(6, 1, 0xE0), "Flags", "标志", display="hex", mask=0xE0, mask_bits=8),
    Field("ip.flags.rb", "bool", IP, _bits(6, 1, 0x80), "Reserved bit", "保留位", values=values.SET,
          parent="ip.flags", mask=0x80, mask_bits=8),
    Field("ip.flags.df", "bool", IP, _bits(6, 1, 0x40), "Don't fragment", "禁止分片", values=values.SET,
          parent="ip.flags", mask=0x40, mask_bits=8),
    Field("ip.flags.mf", "bool", IP, _bits(6, 1, 0x20), "More fragments", "还有分片", values=values.SET,
          parent="ip.flags", mask=0x20, mask_bits=8),
    Field("ip.frag_offset", "u16", IP, _bits(6, 2, 0x1FFF), "Fragment offset", "片偏移", mask=0x1FFF,
          mask_bits=16),
    Field("ip.ttl", "u8", IP, _bits(8, 1), "Time to live", "生存时间"),
    Field("ip.proto", "u8", IP, _bits(9, 1), "Protocol", "协议", values=values.IP_PROTOCOL),
    Field("ip.checksum", "u16", IP, _bits(10, 2), "Header checksum", "首部校验和", display="hex"),
    Field("ip.checksum.status", "u8", IP, when(_sound, constant(2)), "Header checksum status", "首部校验和状态",
          values=values.CHECKSUM_STATUS, generated=True),
    Field("ip.src", "ipv4", IP, _SRC, "Source address", "源地址"),
    Field("ip.src_host", "str", IP, text(_SRC), "Source host", "源主机", hidden=True),
    Field("ip.dst", "ipv4", IP, _DST, "Destination address", "目的地址"),
    Field("ip.dst_host", "str", IP, text(_DST), "Destination host", "目的主机", hidden=True),
    Field("ip.addr", "ipv4", IP, both(_SRC, _DST), "Source or destination address", "源或目的地址", hidden=True),
    Field("ip.host", "str", IP, text(both(_SRC, _DST)), "Source or destination host", "源或目的主机", hidden=True),
    Field("ip.opt.type", "u8", IP, ip_options.kind(0xFF, 0), "Option type", "选项类型"),
    Field("ip.opt.type.copy", "bool", IP, ip_options.kind(0x80, 7), "Copy on fragmentation", "分片时复制",
          parent="ip.opt.type", mask=0x80, mask_bits=8),
    Field("ip.opt.type.class", "u8", IP, ip_options.kind(0x60, 5), "Option class", "选项类别",
          parent="ip.opt.type", mask=0x60, mask_bits=8),
    Field("ip.opt.type.number", "u8", IP, ip_options.kind(0x1F, 0), "Option number", "选项编号",
          parent="ip.opt.type", mask=0x1F, mask_bits=8),
    Field("ip.opt.len", "u8", IP, ip_options.length, "Option length", "选项长度"),
    Field("ip.opt.ptr", "u8", IP, ip_options.pointer, "Pointer", "指针"),
    Field("ip.opt.ra", "u16", IP, ip_options.router_alert, "Router alert", "路由器警告"),
)  # fmt: skip
