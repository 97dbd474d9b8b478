"""Fields of ICMP (RFC 792) and ARP (RFC 826)."""

from __future__ import annotations

from synfin.dissect import arp_walk, duplicate_walk, icmp_walk, icmpv6_walk, values
from synfin.dissect.declare import Declare
from synfin.dissect.field import Field
from synfin.dissect.load import whole
from synfin.dissect.option import ByLayer


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


_extension = Declare(ByLayer({"icmp": icmp_walk.MESSAGE, "icmpv6": icmpv6_walk.MESSAGE}), "icmp", "icmpv6")
_icmp, _arp = Declare(icmp_walk.MESSAGE, "icmp"), Declare(arp_walk.PACKET, "arp")
ATM_KINDS = {0: "ATM Forum NSAPA", 1: "E.164"}
MOBILE = {0: "Padding", 16: "Mobility agent advertisement", 19: "Prefix lengths", 24: "Challenge"}
FAMILIES = {1: "IPv4", 2: "IPv6", 16389: "MAC-48"}
ROLES = {0: "IP interface of arrival", 1: "Sub-IP component of arrival", 2: "Outgoing interface", 3: "IP next hop"}
NEIGHBOUR = {0: "Reserved", 1: "Incomplete", 2: "Reachable", 3: "Stale", 4: "Delay", 5: "Probe", 6: "Failed"}

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
    _extension("icmp.reserved", "bytes", "Reserved", "保留"),
    _icmp("icmp.mip.type", "u8", "Extension type", "扩展类型", values=MOBILE),
    _icmp("icmp.mip.length", "u8", "Length", "长度"),
    _icmp("icmp.mip.prefixlength", "u8", "Prefix length", "前缀长度"),
    _icmp("icmp.mip.seq", "u16", "Sequence number", "序号"),
    _icmp("icmp.mip.life", "u16", "Registration lifetime", "注册有效期", unit="seconds"),
    _icmp("icmp.mip.flags", "u16x", "Flags", "标志"),
    *(
        _icmp(f"icmp.mip.{name}", "bool", en, zh, mask=mask, bits=16)
        for name, mask, en, zh in (
            ("r", 0x8000, "Registration required", "必须注册"), ("b", 0x4000, "Busy", "繁忙"),
            ("h", 0x2000, "Home agent", "家乡代理"), ("f", 0x1000, "Foreign agent", "外地代理"),
            ("m", 0x0800, "Minimal encapsulation", "最小封装"), ("g", 0x0400, "GRE", "GRE"),
            ("v", 0x0200, "Van Jacobson compression", "范雅各布森压缩"),
            ("rt", 0x0100, "Reverse tunneling", "反向隧道"),
            ("u", 0x0080, "UDP tunneling", "UDP 隧道"), ("x", 0x0040, "Revocation", "可撤销"),
        )
    ),
    _icmp("icmp.mip.reserved", "u16x", "Reserved", "保留", mask=0x003F),
    _icmp("icmp.mip.coa", "ipv4", "Care-of address", "转交地址"),
    _icmp("icmp.mip.challenge", "bytes", "Challenge", "质询"),
    _icmp("icmp.mip.content", "bytes", "Content", "内容"),
    _extension("icmp.ext", "none", "Extensions", "扩展"),
    _extension("icmp.ext.version", "u8", "Version", "版本", mask=0xF000, bits=16),
    _extension("icmp.ext.res", "u16x", "Reserved", "保留", mask=0x0FFF),
    _extension("icmp.ext.checksum", "u16x", "Checksum", "校验和"),
    _extension("icmp.ext.checksum.status", "u8", "Checksum status", "校验和状态", values=values.CHECKSUM_STATUS,
               generated=True),
    _extension("icmp.ext.length", "u16", "Object length", "对象长度", unit="bytes"),
    _extension("icmp.ext.class", "u8", "Class", "类别", values={1: "MPLS label stack", 2: "Interface information",
               3: "Interface identification"}),
    _extension("icmp.ext.ctype", "u8", "Subtype", "子类型"),
    _extension("icmp.ext.data", "bytes", "Data", "数据"),
    _extension("icmp.mpls.label", "u24", "Label", "标签", mask=0xFFFFF0),
    _extension("icmp.mpls.exp", "u24", "Experimental", "实验位", mask=0x00000E),
    _extension("icmp.mpls.s", "bool", "Bottom of the stack", "栈底", mask=0x000001, bits=24),
    _extension("icmp.mpls.ttl", "u8", "Time to live", "生存时间"),
    _extension("icmp.mpls.data", "bytes", "Data", "数据"),
    _extension("icmp.int_info.role", "u8", "Interface role", "接口角色", values=ROLES, mask=0xC0),
    _extension("icmp.int_info.reserved", "u8", "Reserved", "保留", mask=0x30),
    _extension("icmp.int_info.ifindex", "bool", "Index is present", "含索引", mask=0x08),
    _extension("icmp.int_info.ipaddr", "bool", "Address is present", "含地址", mask=0x04),
    _extension("icmp.int_info.name_present", "bool", "Name is present", "含名称", mask=0x02),
    _extension("icmp.int_info.mtu_present", "bool", "MTU is present", "含最大传输单元", mask=0x01),
    _extension("icmp.int_info.index", "u32", "Interface index", "接口索引"),
    _extension("icmp.int_info.afi", "u16", "Address family", "地址族", values=FAMILIES),
    _extension("icmp.int_info.ipv4", "ipv4", "Address", "地址"),
    _extension("icmp.int_info.ipv6", "ipv6", "Address", "地址"),
    _extension("icmp.int_info.ipunknown", "bytes", "Address", "地址"),
    _extension("icmp.int_info.name_length", "u8", "Name length", "名称长度"),
    _extension("icmp.int_info.name", "str", "Name", "名称"),
    _extension("icmp.int_info.mtu", "u32", "MTU", "最大传输单元"),
    _icmp("icmp.ext.echo.seq", "u8", "Sequence number", "序号"),
    _icmp("icmp.ext.echo.req.res", "u8x", "Reserved", "保留", mask=0xFE),
    _icmp("icmp.ext.echo.req.local", "bool", "The interface is on the addressed node", "接口位于被寻址的节点",
          mask=0x01),
    _icmp("icmp.ext.echo.rsp.state", "u8", "State of the neighbour", "邻居状态", values=NEIGHBOUR, mask=0xE0),
    _icmp("icmp.ext.echo.rsp.res", "u8x", "Reserved", "保留", mask=0x18),
    _icmp("icmp.ext.echo.rsp.active", "bool", "Active", "已启用", mask=0x04),
    _icmp("icmp.ext.echo.rsp.ipv4", "bool", "IPv4 is running", "运行 IPv4", mask=0x02),
    _icmp("icmp.ext.echo.rsp.ipv6", "bool", "IPv6 is running", "运行 IPv6", mask=0x01),
    _extension("icmp.int_ident.name", "str", "Interface name", "接口名称"),
    _extension("icmp.int_ident.index", "u32", "Interface index", "接口索引"),
    _extension("icmp.int_ident.afi", "u16", "Address family", "地址族", values=FAMILIES),
    _extension("icmp.int_ident.addr_length", "u8", "Address length", "地址长度"),
    _extension("icmp.int_ident.reserved", "bytes", "Reserved", "保留"),
    _extension("icmp.int_ident.ipv4", "ipv4", "Address", "地址"),
    _extension("icmp.int_ident.ipv6", "ipv6", "Address", "地址"),
    _extension("icmp.int_ident.address", "bytes", "Address", "地址"),
    _extension.note("icmp.ext.checksum_bad", "warning", "checksum", "Bad checksum", "校验和错误"),
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
    _arp("arp.src.hw_ax25", "bytes:", "Sender AX.25 address", "发送方 AX.25 地址"),
    *(
        _arp(f"arp.{side}.{name}", kind, f"{whose} {en}", f"{wessen}{zh}", mask=mask, values=meaning)
        for side, whose, wessen in (("src", "Sender", "发送方"), ("dst", "Target", "目标"))
        for name, kind, mask, meaning, en, zh in (
            ("htype", "bool", 0x40, ATM_KINDS, "ATM number type", " ATM 号码类型"),
            ("hlen", "u8", 0x3F, None, "ATM number length", " ATM 号码长度"),
            ("stype", "bool", 0x40, ATM_KINDS, "ATM subaddress type", " ATM 子地址类型"),
            ("slen", "u8", 0x3F, None, "ATM subaddress length", " ATM 子地址长度"),
            ("pln", "u8", 0, None, "protocol size", "协议地址长度"),
            ("atm_num_e164", "str", 0, None, "ATM number (E.164)", " ATM 号码（E.164）"),
            ("atm_num_nsap", "bytes", 0, None, "ATM number (NSAP)", " ATM 号码（NSAP）"),
            ("atm_subaddr", "bytes", 0, None, "ATM subaddress", " ATM 子地址"),
        )
    ),
    _arp("arp.src.atm_afi", "u8x", "Authority and format", "机构与格式标识"),
    _arp("arp.src.atm_data_country_code", "u16x", "Data country code", "数据国家码"),
    _arp("arp.src.atm_data_country_code_group", "u16x", "Data country code (group)", "数据国家码（组）"),
    _arp("arp.src.atm_international_code_designator", "u16x", "International code designator", "国际代码标识"),
    _arp("arp.src.atm_international_code_designator_group", "u16x", "International code designator (group)",
         "国际代码标识（组）"),
    _arp("arp.src.atm_e.164_isdn", "bytes", "E.164 ISDN", "E.164 ISDN"),
    _arp("arp.src.atm_e.164_isdn_group", "bytes", "E.164 ISDN (group)", "E.164 ISDN（组）"),
    _arp("arp.src.atm_high_order_dsp", "bytes", "High order part", "高位部分"),
    _arp("arp.src.atm_end_system_identifier", "bytes", "End system identifier", "端系统标识"),
    _arp("arp.src.atm_selector", "u8x", "Selector", "选择符"),
    _arp("arp.src.atm_rest_of_address", "bytes", "Rest of the address", "地址其余部分"),
    _arp.note("arp.src.atm_afi.unknown", "warning", "protocol", "Unknown authority and format", "未知的机构与格式"),
    _arp("arp.src.proto", "bytes", "Sender protocol address", "发送方协议地址"),
    _arp("arp.src.proto_ipv4", "ipv4", "Sender IP address", "发送方 IP 地址"),
    _arp("arp.dst.hw", "bytes", "Target hardware address", "目标硬件地址"),
    _arp("arp.dst.hw_mac", "ether", "Target MAC address", "目标 MAC 地址"),
    _arp("arp.dst.hw_ax25", "bytes:", "Target AX.25 address", "目标 AX.25 地址"),
    _arp("arp.dst.drarp_error_status", "u16", "DRARP error", "DRARP 错误", values={1: "Restricted", 2: "No addresses",
         3: "Server down", 4: "Moved", 5: "Failure"}),
    _arp("arp.dst.proto", "bytes", "Target protocol address", "目标协议地址"),
    _arp("arp.dst.proto_ipv4", "ipv4", "Target IP address", "目标 IP 地址"),
    *duplicate_walk.fields(),
)  # fmt: skip
