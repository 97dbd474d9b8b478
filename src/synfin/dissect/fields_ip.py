"""Fields of IPv4 (RFC 791)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from synfin.dissect import assembly_walk, ip_options, values, verified
from synfin.dissect.address import ipv4
from synfin.dissect.declare import Declare
from synfin.dissect.expert import note
from synfin.dissect.field import Field
from synfin.dissect.load import Loader, Spot, bits, both, byte, constant, number, raw, when, whole
from synfin.dissect.preferences import Preferences, preferences

if TYPE_CHECKING:
    from synfin.dissect.context import Facts
    from synfin.dissect.option import Item
    from synfin.wire.frame import Frame
    from synfin.wire.layer import Layer

IP = ("ip",)
LEAST_TTL = 5  #: a packet that may take fewer hops than these is worth a note
PIM, OSPF = 103, 89
PRECEDENCE = {0: "Routine", 1: "Priority", 2: "Immediate", 3: "Flash", 4: "Flash override", 5: "Critical",
              6: "Internetwork control", 7: "Network control"}  # fmt: skip
#: Addresses of the local network control block with a time to live that is not 1; 0 means any.
CONTROL_TTL = {0xE0000012: 255, 0xE0000066: 255, 0xE00000FB: 255, 0xE00000FC: 0}


def text(loader: Loader) -> Loader:
    """IPv4 addresses as text: names are not looked up."""

    def load(frame: Frame, layer: Layer, facts: Facts | None) -> Iterator[Spot]:
        return (Spot(ipv4(spot.value), spot.start, spot.length) for spot in loader(frame, layer, facts))

    return load


def _version(frame: Frame, layer: Layer) -> bool:
    return byte(frame, layer, 0) >> 4 == 4


def _sound(frame: Frame, layer: Layer) -> bool:
    """Whether the header is at least 20 bytes long and of version 4, so that its fields mean something."""
    first = byte(frame, layer, 0)
    return first >> 4 == 4 and first & 15 >= 5


def _bits(offset: int, size: int, mask: int = 0) -> Loader:
    return when(_sound, bits(offset, size, mask))


def _chosen(asked: Callable[[Preferences], bool], loader: Loader) -> Loader:
    """What a sound header shows where the preferences want it so."""

    def load(frame: Frame, layer: Layer, facts: Facts | None) -> Iterable[Spot]:
        return loader(frame, layer, facts) if asked(preferences(facts)) and _sound(frame, layer) else ()

    return load


def _services(offset: int, size: int, mask: int = 0) -> Loader:
    """As RFC 2474 reads the byte."""
    return _chosen(lambda wanted: wanted.ip_decode_tos_as_diffserv, bits(offset, size, mask))


def _tos(offset: int, size: int, mask: int = 0) -> Loader:
    """As RFC 791 and RFC 1349 read the byte."""
    return _chosen(lambda wanted: not wanted.ip_decode_tos_as_diffserv, bits(offset, size, mask))


def _not_security(wanted: Preferences) -> bool:
    return not wanted.ip_security_flag


def _reserved_bit(frame: Frame, layer: Layer) -> bool:
    return byte(frame, layer, 6) & 0x80 > 0


def _evil(loader: Loader) -> Loader:
    """The reserved bit as RFC 3514 has it."""
    return _chosen(lambda wanted: wanted.ip_security_flag, loader)


def _verify(wanted: Preferences, layer: Layer) -> bool:
    return wanted.ip_check_checksum


def _routed(frame: Frame, layer: Layer) -> bool:
    return _sound(frame, layer) and ip_options.routed(frame, layer) > 0


def _destination(frame: Frame, layer: Layer, facts: Facts | None) -> Iterable[Spot]:
    """A source route that is not used up names the destination; the header has the next hop."""
    at = ip_options.routed(frame, layer)
    return (Spot(frame.data[at : at + 4], at, 4),) if at else raw(16, 4)(frame, layer, facts)


def _long(frame: Frame, layer: Layer) -> bool:
    """Whether the total length says more than the frame has; what an ICMP error quotes may."""
    above = frame.layers[: frame.layers.index(layer)]
    if any(found.name in ("icmp", "icmpv6") for found in above):
        return False
    return _sound(frame, layer) and number(frame, layer, 2, 2) > layer.end - layer.start


def _few_hops(frame: Frame, layer: Layer) -> bool:
    if not _sound(frame, layer):
        return False
    target = number(frame, layer, 16, 4)
    return (
        0 <= byte(frame, layer, 8) < LEAST_TTL
        and target >= 0
        and target >> 28 != 0xE
        and byte(frame, layer, 9) not in (PIM, OSPF)
    )


def _local_control(frame: Frame, layer: Layer) -> bool:
    """What goes to 224.0.0.0/24 stays on the link (RFC 5771 section 4)."""
    target = number(frame, layer, 16, 4)
    wanted = CONTROL_TTL.get(target, 1)
    return _sound(frame, layer) and target >> 8 == 0xE00000 and wanted not in (0, byte(frame, layer, 8))


def _expert(name: str, condition: Callable[[Frame, Layer], bool], severity: str, parent: str, en: str, zh: str,
            group: str = "protocol") -> Field:  # fmt: skip
    return note(name, when(condition, constant(True)), severity, group, en, zh, parent=parent)


def _below(frame: Frame, layer: Layer, facts: Facts | None) -> tuple[Item, ...]:
    return (*ip_options.OPTIONS(frame, layer, facts), *assembly_walk.IPV4.found(frame, layer, facts))


_SRC, _DST = when(_sound, raw(12, 4)), when(_sound, _destination)
_option = Declare(ip_options.OPTIONS, "ip")

FIELDS = (
    Field("ip", "protocol", IP, whole, "Internet Protocol Version 4", "互联网协议第 4 版", below=_below),
    Field("ip.version", "u8", ("ip", "ipv6"), bits(0, 1, 0xF0), "Version", "版本", mask=0xF0, mask_bits=8),
    Field("ip.hdr_len", "u8", IP, when(_version, bits(0, 1, 0x0F, scale=4)), "Header length", "首部长度", mask=0x0F,
          mask_bits=8, unit="bytes"),
    Field("ip.tos", "u8", IP, _tos(1, 1), "Type of service", "服务类型"),
    Field("ip.tos.precedence", "u8", IP, _tos(1, 1, 0xE0), "Precedence", "优先级", values=PRECEDENCE,
          parent="ip.tos", mask=0xE0, mask_bits=8),
    *(
        Field(f"ip.tos.{name}", "bool", IP, _tos(1, 1, mask), en, zh, values=values, parent="ip.tos", mask=mask,
              mask_bits=8)
        for name, mask, en, zh, values in (
            ("delay", 0x10, "Delay", "时延", {1: "Low", 0: "Normal"}),
            ("throughput", 0x08, "Throughput", "吞吐量", {1: "High", 0: "Normal"}),
            ("reliability", 0x04, "Reliability", "可靠性", {1: "High", 0: "Normal"}),
            ("cost", 0x02, "Cost", "费用", {1: "Low", 0: "Normal"}),
        )
    ),
    Field("ip.dsfield", "u8", IP, _services(1, 1), "Differentiated services field", "区分服务字段", display="hex"),
    Field("ip.dsfield.dscp", "u8", IP, _services(1, 1, 0xFC), "Differentiated services codepoint", "区分服务代码点",
          values=values.DSCP, parent="ip.dsfield", mask=0xFC, mask_bits=8),
    Field("ip.dsfield.ecn", "u8", IP, _services(1, 1, 0x03), "Explicit congestion notification", "显式拥塞通知",
          values=values.ECN, parent="ip.dsfield", mask=0x03, mask_bits=8),
    Field("ip.len", "u16", IP, _bits(2, 2), "Total length", "总长度", unit="bytes"),
    Field("ip.id", "u16", IP, _bits(4, 2), "Identification", "标识", display="hex"),
    Field("ip.flags", "u8", IP, _bits(6, 1, 0xE0), "Flags", "标志", display="hex", mask=0xE0, mask_bits=8),
    Field("ip.flags.sf", "bool", IP, _evil(bits(6, 1, 0x80)), "Security flag", "安全标志",
          values={1: "Evil", 0: "Not evil"}, parent="ip.flags", mask=0x80, mask_bits=8),
    Field("ip.flags.rb", "bool", IP, _chosen(_not_security, bits(6, 1, 0x80)), "Reserved bit", "保留位",
          values=values.SET, parent="ip.flags", mask=0x80, mask_bits=8),
    Field("ip.flags.df", "bool", IP, _bits(6, 1, 0x40), "Don't fragment", "禁止分片", values=values.SET,
          parent="ip.flags", mask=0x40, mask_bits=8),
    Field("ip.flags.mf", "bool", IP, _bits(6, 1, 0x20), "More fragments", "还有分片", values=values.SET,
          parent="ip.flags", mask=0x20, mask_bits=8),
    note("ip.evil_packet", _evil(when(_reserved_bit, constant(True))), "warning", "protocol",
         "The packet says that it is evil (RFC 3514)", "报文自称邪恶（RFC 3514）", parent="ip.flags"),
    Field("ip.frag_offset", "u16", IP, _bits(6, 2, 0x1FFF), "Fragment offset", "片偏移", mask=0x1FFF,
          mask_bits=16),
    Field("ip.ttl", "u8", IP, _bits(8, 1), "Time to live", "生存时间"),
    Field("ip.proto", "u8", IP, _bits(9, 1), "Protocol", "协议", values=values.IP_PROTOCOL),
    Field("ip.checksum", "u16", IP, _bits(10, 2), "Header checksum", "首部校验和", display="hex"),
    note("ip.checksum_bad.expert", when(_sound, verified.bad(verified.of_ip, _verify)), "error", "checksum",
         "Bad checksum", "校验和错误", parent="ip.checksum"),
    Field("ip.checksum.status", "u8", IP, when(_sound, verified.status(verified.of_ip, _verify)),
          "Header checksum status", "首部校验和状态", values=values.CHECKSUM_STATUS, generated=True),
    Field("ip.checksum_calculated", "u16", IP, when(_sound, verified.calculated(verified.of_ip, _verify, 10)),
          "Calculated header checksum", "计算出的首部校验和", display="hex", generated=True),
    Field("ip.src", "ipv4", IP, _SRC, "Source address", "源地址"),
    Field("ip.dst", "ipv4", IP, _DST, "Destination address", "目的地址"),
    Field("ip.cur_rt", "ipv4", IP, when(_routed, raw(16, 4)), "Next hop of the source route", "源路由的下一跳"),
    Field("ip.cur_rt_host", "str", IP, text(when(_routed, raw(16, 4))), "Next hop of the source route (host)",
          "源路由的下一跳（主机）", hidden=True),
    Field("ip.addr", "ipv4", IP, both(_SRC, _DST), "Source or destination address", "源或目的地址", hidden=True,
          after=("ip.src", "ip.dst")),
    Field("ip.src_host", "str", IP, text(_SRC), "Source host", "源主机", hidden=True, after=("ip.src",)),
    Field("ip.dst_host", "str", IP, text(_DST), "Destination host", "目的主机", hidden=True, after=("ip.dst",)),
    Field("ip.host", "str", IP, text(both(_SRC, _DST)), "Source or destination host", "源或目的主机", hidden=True,
          after=("ip.src", "ip.dst")),
    _expert("ip.bogus_ip_version", lambda frame, layer: byte(frame, layer, 0) >> 4 not in (-1, 4), "error",
            "ip.version", "The version is not 4", "版本号不是 4"),
    _expert("ip.bogus_header_length", lambda frame, layer: _version(frame, layer) and not _sound(frame, layer),
            "error", "ip.hdr_len", "Header length below 20 bytes", "首部长度小于 20 字节"),
    _expert("ip.bogus_ip_length", _long, "error", "ip.len", "The total length exceeds the frame",
            "总长度超出帧"),
    _expert("ip.ttl.lncb", _local_control, "note", "ip.ttl", "A packet for the local link may leave it",
            "本地链路的报文可能离开链路", "sequence"),
    _expert("ip.ttl.too_small", _few_hops, "note", "ip.ttl", "Few hops are left", "剩余跳数很少", "sequence"),
    _option("ip.options.eol", "bytes", "End of options", "选项结束"),
    _option("ip.options.nop", "bytes", "No-operation", "空操作"),
    _option("ip.options.security", "bytes", "Security", "安全"),
    _option("ip.options.route", "bytes", "Loose source route", "宽松源路由"),
    _option("ip.options.timestamp", "bytes", "Time stamp", "时间戳"),
    _option("ip.options.ext_security", "bytes", "Extended security", "扩展安全"),
    _option("ip.options.cipso", "bytes", "Commercial security", "商用安全"),
    _option("ip.options.record_route", "bytes", "Record route", "记录路由"),
    _option("ip.options.sid", "bytes", "Stream id", "流标识"),
    _option("ip.options.source_route", "bytes", "Strict source route", "严格源路由"),
    _option("ip.options.mtu_probe", "bytes", "MTU probe", "MTU 探测"),
    _option("ip.options.mtu_reply", "bytes", "MTU reply", "MTU 应答"),
    _option("ip.options.traceroute", "bytes", "Traceroute", "路由跟踪"),
    _option("ip.options.routeralert", "bytes", "Router alert", "路由器警告"),
    _option("ip.options.sdb", "bytes", "Selective directed broadcast", "选择性定向广播"),
    _option("ip.options.qs", "bytes", "Quick-Start", "快速启动"),
    _option("ip.opt.type", "u8", "Option type", "选项类型"),
    _option("ip.opt.type.copy", "bool", "Copy on fragmentation", "分片时复制", mask=0x80),
    _option("ip.opt.type.class", "u8", "Option class", "选项类别", mask=0x60),
    _option("ip.opt.type.number", "u8", "Option number", "选项编号", mask=0x1F),
    _option("ip.opt.len", "u8", "Option length", "选项长度"),
    _option("ip.opt.ptr", "u8", "Pointer", "指针"),
    _option("ip.opt.ra", "u16", "Router alert", "路由器警告"),
    _option("ip.opt.sid", "u16", "Stream id", "流标识"),
    _option("ip.opt.mtu", "u16", "MTU", "最大传输单元"),
    _option("ip.opt.id_number", "u16", "Id number", "编号"),
    _option("ip.opt.ohc", "u16", "Outbound hop count", "出站跳数"),
    _option("ip.opt.rhc", "u16", "Return hop count", "返回跳数"),
    _option("ip.opt.originator", "ipv4", "Originator address", "发起者地址"),
    _option("ip.opt.addr", "ipv4", "Address", "地址"),
    _option("ip.opt.padding", "bytes", "Padding", "填充"),
    _option("ip.opt.overflow", "u8", "Overflow", "溢出", mask=0xF0),
    _option("ip.opt.flag", "u8x", "Flag", "标志", mask=0x0F),
    _option("ip.opt.time_stamp", "u32", "Time stamp", "时间戳"),
    _option("ip.opt.time_stamp_addr", "ipv4", "Address", "地址"),
    _option("ip.opt.qs_func", "u8", "Function", "功能", mask=0xF0),
    _option("ip.opt.qs_rate", "u8", "Rate", "速率", mask=0x0F),
    _option("ip.opt.qs_ttl", "u8", "Quick-Start TTL", "快速启动生存时间"),
    _option("ip.opt.qs_ttl_diff", "u8", "Difference of the times to live", "生存时间之差", generated=True),
    _option("ip.opt.qs_unused", "u8", "Not used", "未用"),
    _option("ip.opt.qs_nonce", "u32x", "Nonce", "随机数", mask=0xFFFFFFFC),
    _option("ip.opt.qs_reserved", "u32x", "Reserved", "保留", mask=0x3),
    _option("ip.opt.sec_rfc791_sec", "u16x", "Security", "安全级别"),
    _option("ip.opt.sec_rfc791_comp", "u16", "Compartments", "分隔"),
    _option("ip.opt.sec_rfc791_hr", "str", "Handling restrictions", "处理限制"),
    _option("ip.opt.sec_rfc791_tcc", "str", "Transmission control code", "传输控制码"),
    _option("ip.opt.sec_cl", "u8x", "Classification level", "密级"),
    _option("ip.opt.sec_prot_auth_flags", "u8x", "Protection authority flags", "保护机构标志"),
    _option("ip.opt.sec_prot_auth_genser", "bool", "GENSER", "GENSER", mask=0x80),
    _option("ip.opt.sec_prot_auth_siop_esi", "bool", "SIOP-ESI", "SIOP-ESI", mask=0x40),
    _option("ip.opt.sec_prot_auth_sci", "bool", "SCI", "SCI", mask=0x20),
    _option("ip.opt.sec_prot_auth_nsa", "bool", "NSA", "NSA", mask=0x10),
    _option("ip.opt.sec_prot_auth_doe", "bool", "DOE", "DOE", mask=0x08),
    _option("ip.opt.sec_prot_auth_unassigned", "u8x", "Unassigned", "未分配", mask=0x06),
    _option("ip.opt.sec_prot_auth_fti", "bool", "More flags follow", "后续还有标志", mask=0x01),
    _option("ip.opt.ext_sec_add_sec_info_format_code", "u8x", "Format of the additional information",
            "附加信息格式"),
    _option("ip.opt.ext_sec_add_sec_info", "bytes", "Additional information", "附加信息"),
    _option("ip.cipso.doi", "u32", "Domain of interpretation", "解释域"),
    _option("ip.cipso.tag_type", "u8", "Tag type", "标签类型"),
    _option("ip.cipso.sensitivity_level", "u8", "Sensitivity level", "敏感级别"),
    _option("ip.cipso.categories", "str", "Categories", "类别"),
    _option("ip.cipso.tag_data", "bytes", "Tag data", "标签数据"),
    _option("ip.rec_rt", "ipv4", "Recorded route", "已记录的路由"),
    _option("ip.rec_rt_host", "str", "Recorded route (host)", "已记录的路由（主机）", hidden=True),
    _option("ip.src_rt", "ipv4", "Source route", "源路由"),
    _option("ip.src_rt_host", "str", "Source route (host)", "源路由（主机）", hidden=True),
    _option("ip.empty_rt", "ipv4", "Empty place of the route", "路由的空位"),
    _option("ip.empty_rt_host", "str", "Empty place of the route (host)", "路由的空位（主机）", hidden=True),
    *assembly_walk.IPV4.fields(),
    _option.note("ip.opt.len.invalid", "warning", "protocol", "Invalid length for an option", "选项长度无效"),
    _option.note("ip.opt.ptr.before_address", "warning", "protocol", "The pointer points before the first address",
                 "指针指向首个地址之前"),
    _option.note("ip.opt.ptr.middle_address", "warning", "protocol", "The pointer points into an address",
                 "指针指向地址中间"),
    _option.note("ip.subopt_too_long", "warning", "protocol", "The last address or time goes past the option's end",
                 "最后的地址或时间超出选项末尾"),
    _option.note("ip.cipso.malformed", "error", "sequence", "A tag that cannot be", "标签格式错误"),
    _option.note("ip.nop", "warning", "protocol", "Four NOPs in a row: options may have been removed",
                 "连续四个空操作：选项可能被移除"),
)  # fmt: skip
