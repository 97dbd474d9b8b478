"""Fields of options of IPv6, which stand in Hop-by-Hop and in Destination Options headers alike."""

from __future__ import annotations

from collections.abc import Mapping

from synfin.dissect import ioam, ipv6_walk, values
from synfin.dissect.expert import note
from synfin.dissect.field import Field
from synfin.dissect.option import ByLayer

HOME = ("ipv6.hopopts", "ipv6.dstopts")
OPTION = {
    0x00: "Pad1", 0x01: "PadN", 0x04: "Tunnel encapsulation limit", 0x05: "Router alert", 0x07: "CALIPSO",
    0x08: "SMF_DPD", 0x0F: "Performance and diagnostic metrics", 0x11: "IOAM", 0x1E: "RFC 3692-style experiment",
    0x23: "RPL option", 0x26: "Quick-Start", 0x30: "Minimum path MTU", 0x31: "IOAM", 0x3E: "RFC 3692-style experiment",
    0x41: "Tunnel payload forwarding", 0x4D: "Deprecated", 0x5E: "RFC 3692-style experiment", 0x63: "RPL option",
    0x6D: "MPL option", 0x7E: "RFC 3692-style experiment", 0x8A: "Endpoint identification", 0x8B: "ILNP nonce",
    0x8C: "Line identification", 0x9E: "RFC 3692-style experiment", 0xBE: "RFC 3692-style experiment",
    0xC2: "Jumbo payload", 0xC9: "Home address", 0xDE: "RFC 3692-style experiment", 0xEE: "IP_DFF",
    0xFE: "RFC 3692-style experiment",
}  # fmt: skip
ACTION = {0: "Skip it", 1: "Discard", 2: "Discard, and tell the source", 3: "Discard, and tell the source if unicast"}
TAGGED = {0: "None", 1: "Default", 2: "IPv4 address", 3: "IPv6 address"}
SEED = {0: "Source address of the packet", 1: "16 bits", 2: "64 bits", 3: "128 bits"}
TRACE = "ioam.trace."
#: What the bits of a trace type ask each node for (RFC 9197 section 4.4.1).
ASKED = (
    ("Hop limit and node id", "跳数限制和节点标识"), ("Interface ids", "接口标识"), ("Seconds", "秒"),
    ("Fraction of a second", "秒的小数部分"), ("Transit delay", "转发时延"), ("Data of the namespace", "命名空间数据"),
    ("Queue depth", "队列深度"), ("Checksum complement", "校验和补数"),
    ("Hop limit and node id, wide", "跳数限制和节点标识（宽）"), ("Interface ids, wide", "接口标识（宽）"),
    ("Data of the namespace, wide", "命名空间数据（宽）"), ("Buffer occupancy", "缓冲区占用"),
)  # fmt: skip


_found = ByLayer({"ipv6.hopopts": ipv6_walk.HOP_BY_HOP, "ipv6.dstopts": ipv6_walk.DESTINATION}).named


def _option(name: str, kind: str, en: str, zh: str, mask: int = 0, *, bits: int = 0,
            known: Mapping[int, str] | None = None) -> Field:  # fmt: skip
    display = "hex" if kind.endswith("x") else "empty" if name == "padn" else "dec"
    kind = kind.removesuffix("x")
    width = (bits or {"u16": 16, "u32": 32}.get(kind, 8)) if mask else 0
    return Field(f"ipv6.opt.{name}", kind, HOME, _found(f"ipv6.opt.{name}"), en, zh, display=display, mask=mask,
                 mask_bits=width, walked=True, values=known)  # fmt: skip


def _flag(name: str, en: str, zh: str, mask: int, bits: int = 8) -> Field:
    return _option(name, "bool", en, zh, mask, bits=bits, known=values.SET)


def _note(name: str, severity: str, group: str, en: str, zh: str) -> Field:
    full = f"ipv6.opt.{name}"
    return note(full, _found(full), severity, group, en, zh, layers=HOME, walked=True)


FIELDS = (
    Field("ipv6.opt", "none", HOME, _found("ipv6.opt"), "IPv6 option", "IPv6 选项", walked=True),
    _option("type", "u8x", "Type", "类型", known=OPTION),
    _option("type.action", "u8", "Action where it is unknown", "未知时的动作", 0xC0, known=ACTION),
    _option("type.change", "bool", "May change on the way", "途中可改变", 0x20),
    _option("type.rest", "u8x", "Low-order bits", "低位", 0x1F),
    _option("length", "u8", "Length", "长度"),
    _option("pad1", "none", "One byte of padding", "单字节填充"),
    _option("padn", "bytes", "Padding", "填充"),
    _option("router_alert", "u16", "Router alert", "路由器警告"),
    _option("tel", "u8", "Tunnel encapsulation limit", "隧道封装上限"),
    _option("jumbo", "u32", "Payload length", "载荷长度"),
    _option("mipv6.home_address", "ipv6", "Home address", "归属地址"),
    _option("calipso.doi", "u32", "Domain of interpretation", "解释域"),
    _option("calipso.cmpt.length", "u8", "Compartment length", "分隔长度"),
    _option("calipso.sens_level", "u8", "Sensitivity level", "敏感级别"),
    _option("calipso.checksum", "u16x", "Checksum", "校验和"),
    _option("calipso.cmpt_bitmap", "bytes", "Compartments", "分隔位图"),
    _option("smf_dpd.hash_bit", "bool", "A value for hashing", "散列辅助值", 0x80),
    _option("smf_dpd.tid_type", "u8", "Kind of tagger", "标记者种类", 0x70, known=TAGGED),
    _option("smf_dpd.tid_len", "u8", "Length of the tagger's id, less one", "标记者标识长度减一", 0x0F),
    _option("smf_dpd.tagger_id", "bytes", "Tagger's id", "标记者标识"),
    _option("smf_dpd.ident", "bytes", "Identifier", "标识符"),
    _option("smf_dpd.hav", "bytes", "Hash assist value", "散列辅助值"),
    _option("pmtu.min", "u16", "Least path MTU so far", "迄今最小路径 MTU"),
    _option("pmtu.rtn", "u16", "Least path MTU reported back", "回报的最小路径 MTU"),
    _option("pmtu.r_flag", "bool", "Asks for the report", "请求回报"),
    _option("pdm.scale_dtlr", "u8", "Scale of the time since the last received", "距上次接收时间的刻度"),
    _option("pdm.scale_dtls", "u8", "Scale of the time since the last sent", "距上次发送时间的刻度"),
    _option("pdm.psn_this_pkt", "u16", "Number of this packet", "本报文编号"),
    _option("pdm.psn_last_recv", "u16", "Number last received", "上次接收的编号"),
    _option("pdm.delta_last_recv", "u16", "Time since the last received", "距上次接收的时间"),
    _option("pdm.delta_last_sent", "u16", "Time since the last sent", "距上次发送的时间"),
    _option("rpl.flag", "u8x", "Flags", "标志"),
    _option("rpl.flag.o", "bool", "Down", "向下", 0x80),
    _option("rpl.flag.r", "bool", "Rank error", "等级错误", 0x40),
    _option("rpl.flag.f", "bool", "Forwarding error", "转发错误", 0x20),
    _option("rpl.flag.rsv", "u8x", "Reserved", "保留", 0x1F),
    _option("rpl.instance_id", "u8x", "Instance", "实例"),
    _option("rpl.sender_rank", "u16x", "Sender rank", "发送者等级"),
    _option("mpl.flag", "u8x", "Flags", "标志"),
    _option("mpl.flag.s", "u8", "Form of the seed's identifier", "种子标识形式", 0xC0, known=SEED),
    _flag("mpl.flag.m", "Largest sequence number known", "已知的最大序号", 0x20),
    _flag("mpl.flag.v", "Version", "版本", 0x10),
    _option("mpl.flag.rsv", "u8x", "Reserved", "保留", 0x0F),
    _option("mpl.sequence", "u8x", "Sequence number", "序号"),
    _option("mpl.seed_id", "bytes", "Seed's identifier", "种子标识"),
    _option("dff.flags", "u8x", "Flags", "标志"),
    _option("dff.flag.ver", "u8", "Version", "版本", 0xC0),
    _flag("dff.flag.dup", "Duplicate", "重复", 0x20),
    _flag("dff.flag.ret", "Returned", "退回", 0x10),
    _option("dff.flag.rsv", "u8x", "Reserved", "保留", 0x0F),
    _option("dff.sequence_number", "u16", "Sequence number", "序号"),
    _option("lio.length", "u8", "Length of the line id", "线路标识长度"),
    _option("lio.line_id", "str", "Line id", "线路标识"),
    _option("tpf_information", "u32x", "Forwarding information", "转发信息"),
    _option("qs_func", "u8", "Function", "功能", 0xF0),
    _option("qs_rate", "u8", "Rate", "速率", 0x0F),
    _option("qs_ttl", "u8", "Quick-Start TTL", "快速启动生存时间"),
    _option("qs_ttl_diff", "u8", "Hop limit less Quick-Start TTL", "跳数限制与快速启动生存时间之差"),
    _option("qs_unused", "u8", "Not used", "未用"),
    _option("qs_nonce", "u32x", "Nonce", "随机数", 0xFFFFFFFC),
    _option("qs_reserved", "u32x", "Reserved", "保留", 0x3),
    _option("ilnp_nonce", "bytes", "ILNP nonce", "ILNP 随机数"),
    _option("experimental", "bytes", "Experimental option", "实验选项"),
    _option("ioam.rsv", "u8", "Reserved", "保留"),
    _option("ioam.opt_type", "u8", "Kind of IOAM data", "IOAM 数据种类", known=ioam.TITLES),
    _option(TRACE + "ns", "u16", "Namespace", "命名空间"),
    _option(TRACE + "nodelen", "u8", "Words a node writes", "每节点写入的字数"),
    _option(TRACE + "flags", "u16x", "Flags", "标志", 0x0780),
    _flag(TRACE + "flag.o", "Overflow", "溢出", 0x0400, 16),
    _flag(TRACE + "flag.l", "Loopback", "环回", 0x0200, 16),
    _flag(TRACE + "flag.a", "Active measurement", "主动测量", 0x0100, 16),
    _flag(TRACE + "flag.rsv", "Reserved", "保留", 0x0080, 16),
    _option(TRACE + "remlen", "u8", "Words that are free", "剩余字数"),
    _option(TRACE + "type", "u24x", "Trace type", "跟踪类型"),
    *(_flag(f"{TRACE}type.bit{bit}", *words, 0x800000 >> bit, 24) for bit, words in enumerate(ASKED)),
    _flag(TRACE + "type.undef", "Undefined", "未定义", 0x000FFC, 24),
    _flag(TRACE + "type.bit22", "Opaque state snapshot", "不透明状态快照", 0x000002, 24),
    _flag(TRACE + "type.rsv", "Reserved", "保留", 0x000001, 24),
    _option(TRACE + "rsv", "u8", "Reserved", "保留"),
    _option(TRACE + "free_space", "bytes", "Free space", "空闲空间"),
    _option(TRACE + "node.hlim", "u8", "Hop limit", "跳数限制"),
    _option(TRACE + "node.id", "u24x", "Node id", "节点标识"),
    _option(TRACE + "node.iif", "u16x", "Ingress interface", "入接口"),
    _option(TRACE + "node.eif", "u16x", "Egress interface", "出接口"),
    _option(TRACE + "node.tss", "u32x", "Seconds", "秒"),
    _option(TRACE + "node.tsf", "u32x", "Fraction of a second", "秒的小数部分"),
    _option(TRACE + "node.trdelay", "u32x", "Transit delay", "转发时延"),
    _option(TRACE + "node.nsdata", "u32x", "Data of the namespace", "命名空间数据"),
    _option(TRACE + "node.qdepth", "u32x", "Queue depth", "队列深度"),
    _option(TRACE + "node.csum", "u32x", "Checksum complement", "校验和补数"),
    _option(TRACE + "node.id_wide", "u56x", "Node id", "节点标识"),
    _option(TRACE + "node.iif_wide", "u32x", "Ingress interface", "入接口"),
    _option(TRACE + "node.eif_wide", "u32x", "Egress interface", "出接口"),
    _option(TRACE + "node.nsdata_wide", "u64x", "Data of the namespace", "命名空间数据"),
    _option(TRACE + "node.bufoccup", "u32x", "Buffer occupancy", "缓冲区占用"),
    _option(TRACE + "node.undefined", "u32x", "Undefined", "未定义"),
    _option(TRACE + "node.oss.len", "u8", "Length in words", "长度（字）"),
    _option(TRACE + "node.oss.scid", "u24x", "Schema id", "模式标识"),
    _option(TRACE + "node.oss.data", "bytes", "Data", "数据"),
    _option("unknown", "bytes", "Content of an unknown option", "未知选项的内容"),
    Field("ipv6.opt_unknown_data", "bytes", HOME, _found("ipv6.opt_unknown_data"), "Unknown data", "未知数据",
          walked=True),
    _note("header_mismatch", "warning", "protocol", "Does not belong into this header", "不应出现在此首部中"),
    _note("invalid_len", "error", "malformed", "An option of this type is not that long", "此类选项长度不符"),
    _note("unknown_data.expert", "note", "undecoded", "Bytes that belong to no field", "不属于任何字段的字节"),
    _note("deprecated", "note", "deprecated", "This type is deprecated", "此类型已废弃"),
    _note("jumbo.truncated", "warning", "protocol", "Too small to need this option", "长度不足以使用此选项"),
    _note("jumbo.prohibited", "warning", "protocol", "The header tells a length, too", "首部已给出长度"),
    _note("mpl.ipv6_src_seed_id", "comment", "protocol", "The seed is the packet's source", "种子即报文的源"),
    _note(TRACE + "invalid_nodelen", "error", "protocol", "Nodes cannot write nothing", "节点写入长度不能为零"),
    _note(TRACE + "invalid_remlen", "error", "protocol", "More is free than there is", "剩余长度超过实际"),
    _note(TRACE + "invalid_type", "error", "protocol", "Nodes do not write what the type asks for",
          "写入长度与跟踪类型不符"),
)  # fmt: skip
