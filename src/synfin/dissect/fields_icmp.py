"""Fields of ICMP (RFC 792) and ARP (RFC 826)."""

from __future__ import annotations

from synfin.dissect import arp_walk, duplicate_walk, icmp_walk, values
from synfin.dissect.declare import Declare
from synfin.dissect.field import Field
from synfin.dissect.load import whole


def pairing(declare: Declare, layer: str) -> tuple[Field, ...]:
    """Which request a reply answers."""
    return (
        declare(f"{layer}.resp_in", "framenum", "Reply in frame", "应答所在的帧", generated=True),
        declare(f"{layer}.resp_to", "framenum", "Request in frame", "请求所在的帧", generated=True),
        declare(f"{layer}.resptime", "double", "Time from request to reply", "从请求到应答的时间", unit="ms",
                generated=True),
        declare(f"{layer}.no_resp", "none", "No reply was captured", "没有捕获到应答", generated=True),
        declare.note(f"{layer}.resp_not_found", "warning", "sequence", "The request has no reply", "请求没有应答"),
    )  # fmt: skip


_icmp, _arp = Declare(icmp_walk.MESSAGE, "icmp"), Declare(arp_walk.PACKET, "arp")

FIELDS = (
    Field("icmp", "protocol", ("icmp",), whole, "Internet Control Message Protocol", "互联网控制报文协议",
          below=icmp_walk.MESSAGE),
    _icmp("icmp.type", "u8", "Type", "类型", values=values.ICMP_TYPE),
    _icmp("icmp.code", "u8", "Code", "代码"),
    _icmp("icmp.checksum", "u16x", "Checksum", "校验和"),
    _icmp("icmp.checksum.status", "u8", "Checksum status", "校验和状态", values=values.CHECKSUM_STATUS,
          generated=True),
    _icmp("icmp.unused", "bytes", "Unused", "未用"),
    _icmp("icmp.ident", "u16", "Identifier", "标识符"),
    _icmp("icmp.ident_le", "u16", "Identifier (little endian)", "标识符（小端）", hidden=True),
    _icmp("icmp.seq", "u16", "Sequence number", "序号"),
    _icmp("icmp.seq_le", "u16", "Sequence number (little endian)", "序号（小端）", hidden=True),
    _icmp("icmp.mtu", "u16", "MTU of next hop", "下一跳最大传输单元"),
    _icmp("icmp.length", "u8", "Length of the quoted packet in words", "被引用报文的长度（字）"),
    _icmp("icmp.length.original_datagram", "u8", "Length of the quoted packet", "被引用报文的长度", unit="bytes",
          generated=True),
    _icmp("icmp.pointer", "u32", "Pointer", "指针"),
    _icmp("icmp.redir_gw", "ipv4", "Gateway address", "网关地址"),
    _icmp("icmp.num_addrs", "u8", "Number of addresses", "地址数"),
    _icmp("icmp.addr_entry_size", "u8", "Words per address", "每个地址的字数"),
    _icmp("icmp.lifetime", "u16", "Lifetime", "有效期", unit="seconds"),
    _icmp("icmp.router_address", "ipv4", "Router address", "路由器地址"),
    _icmp("icmp.pref_level", "i32", "Preference level", "优先级"),
    _icmp("icmp.originate_timestamp", "u32", "Originate timestamp", "发起时间戳"),
    _icmp("icmp.receive_timestamp", "u32", "Receive timestamp", "接收时间戳"),
    _icmp("icmp.transmit_timestamp", "u32", "Transmit timestamp", "发送时间戳"),
    _icmp("icmp.address_mask", "ipv4", "Address mask", "地址掩码"),
    _icmp("icmp.data_time", "abstime", "Time in the data", "数据中的时间"),
    _icmp("icmp.data_time_relative", "reltime", "Since the time in the data", "距数据中的时间", unit="seconds",
          generated=True),
    *pairing(_icmp, "icmp"),
    _icmp.note("icmp.checksum_bad", "warning", "checksum", "Bad checksum", "校验和错误"),
    Field("arp", "protocol", ("arp",), whole, "Address Resolution Protocol", "地址解析协议", below=arp_walk.PACKET),
    _arp("arp.hw.type", "u16", "Hardware type", "硬件类型", values=values.HARDWARE),
    _arp("arp.proto.type", "u16x", "Protocol type", "协议类型", values=values.ETHERTYPE),
    _arp("arp.hw.size", "u8", "Hardware size", "硬件地址长度"),
    _arp("arp.proto.size", "u8", "Protocol size", "协议地址长度"),
    _arp("arp.opcode", "u16", "Opcode", "操作码", values=values.ARP_OPCODE),
    _arp("arp.isgratuitous", "bool", "Asks for its own address", "询问自己的地址（免费 ARP）", generated=True),
    _arp("arp.isprobe", "bool", "Probes whether an address is used", "探测地址是否被使用", generated=True),
    _arp("arp.isannouncement", "bool", "Announces its address", "宣告自己的地址", generated=True),
    _arp("arp.src.hw", "bytes", "Sender hardware address", "发送方硬件地址"),
    _arp("arp.src.hw_mac", "ether", "Sender MAC address", "发送方 MAC 地址"),
    _arp("arp.src.proto", "bytes", "Sender protocol address", "发送方协议地址"),
    _arp("arp.src.proto_ipv4", "ipv4", "Sender IP address", "发送方 IP 地址"),
    _arp("arp.dst.hw", "bytes", "Target hardware address", "目标硬件地址"),
    _arp("arp.dst.hw_mac", "ether", "Target MAC address", "目标 MAC 地址"),
    _arp("arp.dst.proto", "bytes", "Target protocol address", "目标协议地址"),
    _arp("arp.dst.proto_ipv4", "ipv4", "Target IP address", "目标 IP 地址"),
    *duplicate_walk.fields(),
)  # fmt: skip
