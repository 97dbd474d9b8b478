"""Fields of ICMPv6 (RFC 4443): errors, echo, neighbour discovery, multicast listeners."""

from __future__ import annotations

from synfin.dissect import icmpv6_walk, values
from synfin.dissect.declare import Declare
from synfin.dissect.field import Field
from synfin.dissect.fields_icmp import pairing
from synfin.dissect.fields_icmpv6_neighbour import PREFERENCE
from synfin.dissect.load import whole

_field = Declare(icmpv6_walk.MESSAGE, "icmpv6")
RA, NA, MLD, RECORD = "icmpv6.nd.ra.", "icmpv6.nd.na.", "icmpv6.mld.", "icmpv6.mldr.mar"
SECONDS, MS = "seconds", "ms"
RECORD_TYPE = {1: "Mode is include", 2: "Mode is exclude", 3: "Changed to include", 4: "Changed to exclude",
               5: "Allow new sources", 6: "Block old sources"}  # fmt: skip

FIELDS = (
    Field("icmpv6", "protocol", ("icmpv6",), whole, "Internet Control Message Protocol v6", "互联网控制报文协议第 6 版",
          below=icmpv6_walk.MESSAGE),
    _field("icmpv6.type", "u8", "Type", "类型", values=values.ICMPV6_TYPE),
    _field("icmpv6.code", "u8", "Code", "代码"),
    _field("icmpv6.checksum", "u16x", "Checksum", "校验和"),
    _field("icmpv6.checksum.status", "u8", "Checksum status", "校验和状态", values=values.CHECKSUM_STATUS,
           generated=True),
    _field("icmpv6.reserved", "bytes", "Reserved", "保留"),
    _field("icmpv6.length", "u8", "Quoted length in words of eight bytes", "所引长度（8 字节为单位）"),
    _field("icmpv6.mtu", "u32", "MTU", "最大传输单元"),
    _field("icmpv6.pointer", "u32", "Pointer", "指针"),
    _field("icmpv6.echo.identifier", "u16x", "Identifier", "标识符"),
    _field("icmpv6.echo.sequence_number", "u16", "Sequence", "序号"),
    *pairing(_field, "icmpv6"),
    _field(RA + "cur_hop_limit", "u8", "Hop limit to use", "应使用的跳数限制"),
    _field(RA + "flag", "u8x", "Flags", "标志"),
    _field(RA + "flag.m", "bool", "Addresses by DHCPv6", "地址由 DHCPv6 管理", mask=0x80, values=values.SET),
    _field(RA + "flag.o", "bool", "Other configuration by DHCPv6", "其他配置由 DHCPv6 提供", mask=0x40,
           values=values.SET),
    _field(RA + "flag.h", "bool", "Home agent", "归属代理", mask=0x20, values=values.SET),
    _field(RA + "flag.prf", "u8", "Preference of this router", "此路由器的优先级", mask=0x18, values=PREFERENCE),
    _field(RA + "flag.p", "bool", "Proxy", "代理", mask=0x04, values=values.SET),
    _field(RA + "flag.rsv", "u8", "Reserved", "保留", mask=0x03),
    _field(RA + "router_lifetime", "u16", "Router lifetime", "路由器有效期", unit=SECONDS),
    _field(RA + "reachable_time", "u32", "Reachable time", "可达时间", unit=MS),
    _field(RA + "retrans_timer", "u32", "Time between solicitations", "请求间隔", unit=MS),
    _field("icmpv6.nd.ns.target_address", "ipv6", "Target address", "目标地址"),
    _field(NA + "flag", "u32x", "Flags", "标志"),
    _field(NA + "flag.r", "bool", "From a router", "来自路由器", mask=0x80000000, bits=32, values=values.SET),
    _field(NA + "flag.s", "bool", "Solicited", "被请求的", mask=0x40000000, bits=32, values=values.SET),
    _field(NA + "flag.o", "bool", "Override", "覆盖缓存", mask=0x20000000, bits=32, values=values.SET),
    _field(NA + "flag.rsv", "u32", "Reserved", "保留", mask=0x1FFFFFFF),
    _field(NA + "target_address", "ipv6", "Target address", "目标地址"),
    _field("icmpv6.nd.rd.target_address", "ipv6", "Target address", "目标地址"),
    _field("icmpv6.rd.na.destination_address", "ipv6", "Destination address", "目的地址"),
    _field(MLD + "maximum_response_delay", "u16", "Maximum response delay", "最大响应延迟", unit=MS),
    _field(MLD + "maximum_response_code", "u16", "Maximum response delay", "最大响应延迟", unit=MS),
    _field(MLD + "multicast_address", "ipv6", "Multicast address", "组播地址"),
    _field(MLD + "flag", "u8x", "Flags", "标志"),
    _field(MLD + "flag.s", "bool", "Suppress router processing", "抑制路由器处理", mask=0x08, values=values.SET),
    _field(MLD + "flag.qrv", "u8", "Robustness", "健壮性", mask=0x07),
    _field(MLD + "flag.reserved", "u8", "Reserved", "保留", mask=0xF0),
    _field(MLD + "qqi", "u8", "Query interval", "查询间隔", unit=SECONDS),
    _field(MLD + "nb_sources", "u16", "Number of sources", "源数目"),
    _field(MLD + "source_address", "ipv6", "Source address", "源地址"),
    _field("icmpv6.mldr.nb_mcast_records", "u16", "Number of records", "记录数"),
    _field(RECORD, "none", "Multicast address record", "组播地址记录"),
    _field(RECORD + ".record_type", "u8", "Record type", "记录类型", values=RECORD_TYPE),
    _field(RECORD + ".aux_data_len", "u8", "Length of auxiliary data", "辅助数据长度"),
    _field(RECORD + ".nb_sources", "u16", "Number of sources", "源数目"),
    _field(RECORD + ".multicast_address", "ipv6", "Multicast address", "组播地址"),
    _field(RECORD + ".source_address", "ipv6", "Source address", "源地址"),
    _field(RECORD + ".auxiliary_data", "bytes", "Auxiliary data", "辅助数据"),
    _field("icmpv6.mip6.identifier", "u16", "Identifier", "标识符"),
    _field("icmpv6.mip6.home_agent_address", "ipv6", "Home agent address", "归属代理地址"),
    _field("icmpv6.mip6.flag", "u16x", "Flags", "标志"),
    _field("icmpv6.mip6.flag.m", "bool", "Addresses by DHCPv6", "地址由 DHCPv6 管理", mask=0x8000, bits=16,
           values=values.SET),
    _field("icmpv6.mip6.flag.o", "bool", "Other configuration by DHCPv6", "其他配置由 DHCPv6 提供", mask=0x4000,
           bits=16, values=values.SET),
    _field("icmpv6.mip6.flag.rsv", "u16", "Reserved", "保留", mask=0x3FFF),
    _field.note("icmpv6.checksum_bad.expert", "warning", "checksum", "Bad checksum", "校验和错误"),
)  # fmt: skip
