"""Fields inside TCP options; the walk in `options` finds them, this table says what they are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from synfin.dissect import values
from synfin.dissect.expert import note
from synfin.dissect.field import Field
from synfin.dissect.fields_tcp import flags, header_len
from synfin.dissect.load import Loader, Spot, limit, number
from synfin.dissect.option import Item
from synfin.dissect.preferences import preferences
from synfin.wire.control import MIN_HEADER_LEN, SYN

if TYPE_CHECKING:
    from synfin.dissect.context import Facts, Subflow
    from synfin.wire.frame import Frame
    from synfin.wire.layer import Layer

TCP = ("tcp",)
#: Items that rule out the note that a SYN lacks its MSS: it is there, or the walk broke off.
BROKEN = frozenset({"tcp.option.len.invalid", "tcp.non_zero_bytes_after_eol"})
ENOUGH = BROKEN | {"tcp.options.mss"}
SACK_PERMITTED = "tcp.options.sack_perm"
TSVAL = "tcp.options.timestamp.tsval"
MINUTES = {1: "Minutes", 0: "Seconds"}


def items(frame: Frame, layer: Layer, facts: Facts | None) -> tuple[Item, ...]:
    """The decoded options of one TCP header; SACK edges are relative where the engine knows the base."""
    start = layer.start + MIN_HEADER_LEN
    stop = min(layer.start + header_len(frame, layer), limit(frame, layer))
    if start >= stop:
        return ()
    # the decoders load with the first options, so that the table alone stays cheap to import
    from synfin.dissect.options import walk

    base, ack = 0, number(frame, layer, 8, 4)
    if facts is not None and layer == frame.tcp and facts.base_seq_receiver is not None:
        base = facts.base_seq_receiver
        ack = facts.ack if facts.ack is not None else ack
    missing = max(layer.start + header_len(frame, layer) - stop, 0)
    told = _subflow(frame, layer, facts)
    found = walk(frame.data[start:stop], start, base, ack, bool(flags(frame, layer) & SYN), missing, told)
    if preferences(facts).tcp_read_seq_as_syn_cookie:
        found = _with_cookie(found)
    names = _names(found)
    lacks = flags(frame, layer) & SYN and not missing and not names & ENOUGH
    if facts is not None and "tfo_syn" in facts.analysis and layer == frame.tcp:
        found = _accepted(found)
    if lacks:
        found = (*found, Item("tcp.options.mss.absent", True))
    newer = facts is not None and facts.stream_packet is not None and layer == frame.tcp
    return _selective(found, bool(flags(frame, layer) & SYN), bool(missing)) if newer else found


def _with_cookie(found: tuple[Item, ...]) -> tuple[Item, ...]:
    """What Linux packs into the low bits of a timestamp when it answers with a SYN cookie."""
    return tuple(
        item._replace(children=_cookie(item) if item.name == TSVAL else _with_cookie(item.children)) for item in found
    )


def _cookie(item: Item) -> tuple[Item, ...]:
    parts = {"timestamp": item.value & 0xFFFFFFC0, "ecn": item.value >> 5 & 1, "sack": item.value >> 4 & 1,
             "wscale": item.value & 15}  # fmt: skip
    return tuple(Item(f"{TSVAL}.syncookie.{name}", value, item.start, item.length) for name, value in parts.items())


def _subflow(frame: Frame, layer: Layer, facts: Facts | None) -> Subflow | None:
    return facts.recalled.subflow if facts is not None and layer == frame.tcp else None


def _names(found: tuple[Item, ...]) -> set[str]:
    """Of the options, and of notes that stand below a heading."""
    below = (child.name for item in found if item.value is None for child in item.children)
    return {item.name for item in found}.union(below)


def _selective(found: tuple[Item, ...], syn: bool, cut: bool) -> tuple[Item, ...]:
    """The notes on SACK permitted: outside a SYN, or not in one that has options."""
    names = _names(found)
    if SACK_PERMITTED in names and not syn:
        note = Item(f"{SACK_PERMITTED}.present", True)
        return tuple(
            item._replace(children=(note, *item.children)) if item.name == SACK_PERMITTED else item for item in found
        )
    lacks = syn and not cut and not names & {SACK_PERMITTED, *BROKEN}
    return (*found, Item(f"{SACK_PERMITTED}.absent", True)) if lacks else found


def _accepted(found: tuple[Item, ...]) -> tuple[Item, ...]:
    """The note on a Fast Open cookie with data stands below the cookie."""
    return tuple(
        item._replace(children=(*item.children, Item("tcp.analysis.tfo_syn", True)))
        if item.name == "tcp.options.tfo.cookie"
        else item._replace(children=_accepted(item.children))
        for item in found
    )


def _found(name: str) -> Loader:
    def load(frame: Frame, layer: Layer, facts: Facts | None) -> Iterable[Spot]:
        if layer.header_len <= MIN_HEADER_LEN:
            return ()
        from synfin.dissect.option import flatten

        return [
            Spot(item.value, item.start, item.length)
            for item in flatten(items(frame, layer, facts))
            if item.name == name
        ]

    return load


def _option(name: str, kind: str, en: str, zh: str, *, display: str = "dec", mask: int = 0, bits: int = 8,
            meaning: Mapping[int, str] | None = None) -> Field:  # fmt: skip
    return Field(name, kind, TCP, _found(name), en, zh, display=display, values=meaning, parent="tcp.options",
                 mask=mask, mask_bits=bits if mask else 0, walked=True)  # fmt: skip


def _whole(name: str, en: str, zh: str) -> Field:
    """All bytes of one option."""
    return _option(f"tcp.options.{name}", "bytes", en, zh)


def _note(name: str, severity: str, en: str, zh: str, group: str = "protocol") -> Field:
    return note(name, _found(name), severity, group, en, zh, layers=TCP, walked=True)


def _mptcp(name: str, kind: str, en: str, zh: str, *, display: str = "dec", mask: int = 0,
           meaning: Mapping[int, str] | None = None) -> Field:  # fmt: skip
    return _option(f"tcp.options.mptcp.{name}", kind, en, zh, display=display, mask=mask, meaning=meaning)


OPT = "tcp.options."
PROBE, TRPY = OPT + "rvbd.probe.", OPT + "rvbd.trpy."

FIELDS = (
    _option("tcp.option_kind", "u8", "Kind", "种类", meaning=values.TCP_OPTION),
    _option("tcp.option_len", "u8", "Length", "长度"),
    _whole("eol", "End of option list", "选项表结束"),
    _whole("nop", "No-operation", "空操作"),
    _whole("mss", "Maximum segment size", "最大报文段长度"),
    _option(OPT + "mss_val", "u16", "MSS value", "最大报文段长度值"),
    _whole("wscale", "Window scale", "窗口扩大"),
    _option(OPT + "wscale.shift", "u8", "Shift count", "移位数"),
    _option(OPT + "wscale.multiplier", "u16", "Multiplier", "倍数"),
    _whole("sack_perm", "SACK permitted", "允许选择确认"),
    _whole("sack", "Selective acknowledgment", "选择确认"),
    _option(OPT + "sack_le", "u32", "SACK left edge", "选择确认左边界"),
    _option(OPT + "sack_re", "u32", "SACK right edge", "选择确认右边界"),
    _option(OPT + "sack.count", "u8", "SACK count", "选择确认块数"),
    _option(OPT + "sack.dsack_le", "u32", "D-SACK left edge", "重复选择确认左边界"),
    _option(OPT + "sack.dsack_re", "u32", "D-SACK right edge", "重复选择确认右边界"),
    _note(OPT + "sack.dsack", "warning", "D-SACK: these bytes arrived twice", "重复选择确认：这些字节到达了两次",
          "sequence"),
    _whole("timestamp", "Timestamps", "时间戳"),
    _option(OPT + "timestamp.tsval", "u32", "Timestamp value", "时间戳值"),
    _option(TSVAL + ".syncookie.timestamp", "u32", "SYN cookie timestamp", "SYN Cookie 时间戳"),
    _option(TSVAL + ".syncookie.ecn", "bool", "SYN cookie ECN", "SYN Cookie 显式拥塞通知"),
    _option(TSVAL + ".syncookie.sack", "bool", "SYN cookie SACK", "SYN Cookie 选择确认"),
    _option(TSVAL + ".syncookie.wscale", "u8", "SYN cookie window scale", "SYN Cookie 窗口扩大"),
    _option(OPT + "timestamp.tsecr", "u32", "Timestamp echo reply", "时间戳回显"),
    _whole("echo", "Echo", "回显"),
    _option(OPT + "echo_value", "u32", "Echo value", "回显值"),
    _whole("cc", "Connection count", "连接计数"),
    _option(OPT + "cc_value", "u32", "Connection count value", "连接计数值"),
    _whole("md5", "MD5 signature", "MD5 签名"),
    _option(OPT + "md5.digest", "bytes", "MD5 digest", "MD5 摘要"),
    _whole("ao", "TCP authentication", "TCP 认证"),
    _option(OPT + "ao.keyid", "u8", "Key id", "密钥编号"),
    _option(OPT + "ao.rnextkeyid", "u8", "Next receive key id", "下一接收密钥编号"),
    _option(OPT + "ao.mac", "bytes", "Authentication code", "认证码"),
    _whole("user_to", "User timeout", "用户超时"),
    _option(OPT + "user_to_granularity", "bool", "Granularity", "粒度", mask=0x8000, bits=16, meaning=MINUTES),
    _option(OPT + "user_to_val", "u16", "User timeout", "用户超时值", mask=0x7FFF, bits=16),
    _whole("tfo", "Fast Open", "快速打开"),
    _option(OPT + "tfo.request", "none", "Fast Open cookie request", "请求快速打开 Cookie"),
    _option(OPT + "tfo.cookie", "bytes", "Fast Open cookie", "快速打开 Cookie"),
    _whole("experimental", "Experimental option", "实验选项"),
    _option(OPT + "experimental.exid", "u16", "Experiment identifier", "实验标识", display="hex"),
    _option(OPT + "experimental.data", "bytes", "Data", "数据"),
    _whole("acc_ecn", "Accurate ECN", "精确拥塞通知"),
    _option(OPT + "acc_ecn.ee0b", "u24", "ECT(0) byte counter", "ECT(0) 字节计数"),
    _option(OPT + "acc_ecn.eceb", "u24", "CE byte counter", "CE 字节计数"),
    _option(OPT + "acc_ecn.ee1b", "u24", "ECT(1) byte counter", "ECT(1) 字节计数"),
    _option(OPT + "tarr.rate", "u8", "ACK rate", "确认频率", mask=0xFE),
    _option(OPT + "tar.reserved", "u8", "Reserved", "保留", mask=0x01),
    _whole("qs", "Quick-Start response", "快速启动应答"),
    _option(OPT + "qs.rate", "u8", "Rate", "速率", mask=0x0F),
    _option(OPT + "qs.ttl_diff", "u8", "TTL difference", "生存时间差"),
    _whole("scps", "SCPS capabilities", "SCPS 能力"),
    _option(OPT + "scps.vector", "u8", "Capabilities", "能力向量", display="hex"),
    _option(OPT + "scpsflags.bets", "bool", "Partial reliability", "部分可靠", mask=0x80, meaning=values.SET),
    _option(OPT + "scpsflags.snack1", "bool", "Short SNACK", "短 SNACK", mask=0x40, meaning=values.SET),
    _option(OPT + "scpsflags.snack2", "bool", "Long SNACK", "长 SNACK", mask=0x20, meaning=values.SET),
    _option(OPT + "scpsflags.compress", "bool", "Lossless header compression", "无损首部压缩", mask=0x10,
            meaning=values.SET),
    _option(OPT + "scpsflags.nlts", "bool", "Network layer timestamp", "网络层时间戳", mask=0x08, meaning=values.SET),
    _option(OPT + "scpsflags.reserved", "u8", "Reserved", "保留", mask=0x07),
    _option(OPT + "scps.binding", "u8", "Connection id", "连接编号"),
    _option(OPT + "scps.binding.id", "u8", "Binding space", "绑定空间编号"),
    _option(OPT + "scps.binding.len", "u8", "Extended capability length", "扩展能力长度"),
    _option(OPT + "scps.binding.data", "bytes", "Binding space data", "绑定空间数据"),
    _whole("scpsrec", "Record boundaries", "记录边界"),
    _whole("scpscor", "Corruption experienced", "遭遇损坏"),
    _whole("snack", "Selective negative acknowledgment", "选择否认"),
    _option(OPT + "snack.offset", "u16", "SNACK offset", "否认偏移"),
    _option(OPT + "snack.size", "u16", "SNACK size", "否认大小"),
    _whole("rvbd.probe", "Riverbed probe", "Riverbed 探测"),
    _option(PROBE + "type1", "u8", "Type", "类型", mask=0xF0),
    _option(PROBE + "type2", "u8", "Type", "类型", mask=0xFE),
    _option(PROBE + "version", "u8", "Version", "版本"),
    _option(PROBE + "version_raw", "u8", "Version (raw)", "版本（原始）", mask=0x01),
    _option(PROBE + "reserved", "u8", "Reserved", "保留", display="hex"),
    _option(PROBE + "prober", "ipv4", "Prober address", "探测者地址"),
    _option(PROBE + "proxy.ip", "ipv4", "Proxy address", "代理地址"),
    _option(PROBE + "proxy.port", "u16", "Proxy port", "代理端口"),
    _option(PROBE + "appli_ver", "u16", "Application version", "应用版本"),
    _whole("rvbd.trpy", "Riverbed transparency", "Riverbed 透明"),
    _option(PROBE + "client.ip", "ipv4", "Client address", "客户端地址"),
    _option(PROBE + "storeid", "u32", "Store id", "存储编号"),
    _option(PROBE + "flags", "u8", "Flags", "标志", display="hex"),
    _option(PROBE + "flags.notcfe", "bool", "Not a client-facing end", "非客户侧端", mask=0x04),
    _option(PROBE + "flags.last", "bool", "Last notice", "最后通知", mask=0x01),
    _option(PROBE + "flags.probe", "bool", "No cache of probes", "不缓存探测", mask=0x10),
    _option(PROBE + "flags.ssl", "bool", "SSL is enabled", "已启用 SSL", mask=0x02),
    _option(PROBE + "flags.server", "bool", "Connection to the server stands", "到服务器的连接已建立", mask=0x01),
    _option(TRPY + "flags", "u16", "Transparency options", "透明选项", display="hex"),
    _option(TRPY + "flags.fw_rst_probe", "bool", "Firewall traversal", "穿越防火墙", mask=0x400, bits=16),
    _option(TRPY + "flags.fw_rst_inner", "bool", "Inner firewall on all", "内部防火墙", mask=0x200, bits=16),
    _option(TRPY + "flags.fw_rst", "bool", "Transparency firewall on all", "透明防火墙", mask=0x100, bits=16),
    _option(TRPY + "flags.chksum", "bool", "Reserved", "保留", mask=0x4, bits=16),
    _option(TRPY + "flags.oob", "bool", "Out-of-band connection", "带外连接", mask=0x2, bits=16),
    _option(TRPY + "flags.mode", "bool", "Transparency mode", "透明模式", mask=0x1, bits=16),
    _option(TRPY + "src.ip", "ipv4", "Source appliance address", "源设备地址"),
    _option(TRPY + "dst.ip", "ipv4", "Destination appliance address", "目的设备地址"),
    _option(TRPY + "src.port", "u16", "Source inner port", "源内部端口"),
    _option(TRPY + "dst.port", "u16", "Destination inner port", "目的内部端口"),
    _option("mptcp.expected_token", "u32", "Token that the key implies", "由密钥推出的令牌"),
    _option("mptcp.expected_idsn", "u64", "First data sequence number that the key implies",
            "由密钥推出的初始数据序号"),
    _option("mptcp.ack", "u64", "Data ACK, relative", "数据确认（相对）"),
    _option("mptcp.dss.dsn", "u64", "Data sequence number, relative", "数据序号（相对）"),
    _note("mptcp.connection.echoed_key_mismatch", "warning", "The key differs from the one that its owner has sent",
          "密钥与其所有者发送的不一致"),
    _note("mptcp.connection.missing_algorithm", "warning", "No algorithm is offered", "没有提供算法"),
    _note("mptcp.connection.unsupported_algorithm", "warning", "None of the algorithms is known", "提供的算法都未知"),
    _note("mptcp.dss.infinite_mapping", "warning", "An infinite mapping: falls back to plain TCP",
          "无限映射：退回普通 TCP"),
    _option("mptcp", "protocol", "Multipath TCP", "多路径 TCP"),
    _option("mptcp.rm_addr.count", "u8", "Addresses removed", "移除的地址数"),
    _mptcp("subtype", "u8", "Subtype", "子类型", mask=0xF0, meaning=values.MPTCP_SUBTYPE),
    _mptcp("version", "u8", "Version", "版本", mask=0x0F),
    _mptcp("reserved", "u16", "Reserved", "保留", display="hex"),
    _mptcp("flags", "u8", "Flags", "标志", display="hex"),
    _mptcp("backup.flag", "u8", "Backup", "备用", mask=0x01),
    _mptcp("checksumreq.flags", "u8", "Checksum required", "要求校验和", mask=0x80),
    _mptcp("extensibility.flag", "u8", "Extensibility", "可扩展", mask=0x40),
    _mptcp("nomoresubflows.flag", "u8", "No more subflows to this address", "不再向此地址建立子流", mask=0x20),
    _mptcp("sha1.flag", "u8", "HMAC-SHA1", "HMAC-SHA1", mask=0x01),
    _mptcp("sha256.flag", "u8", "HMAC-SHA256", "HMAC-SHA256", mask=0x01),
    _mptcp("reserved.flag", "u8", "Reserved", "保留", display="hex", mask=0x3E),
    _mptcp("datafin.flag", "u8", "DATA_FIN", "DATA_FIN", mask=0x10),
    _mptcp("dseqn8.flag", "u8", "Data sequence number of 8 bytes", "数据序号为 8 字节", mask=0x08),
    _mptcp("dseqnpresent.flag", "u8", "Data sequence mapping present", "含数据序号映射", mask=0x04),
    _mptcp("dataack8.flag", "u8", "Data ACK of 8 bytes", "数据确认为 8 字节", mask=0x02),
    _mptcp("dataackpresent.flag", "u8", "Data ACK present", "含数据确认", mask=0x01),
    _mptcp("flag_U.flag", "bool", "Flag U", "标志 U", mask=0x8),
    _mptcp("flag_V.flag", "bool", "Flag V", "标志 V", mask=0x4),
    _mptcp("flag_W.flag", "bool", "Flag W", "标志 W", mask=0x2),
    _mptcp("flag_T.flag", "bool", "Transient", "暂时", mask=0x1),
    _mptcp("rst_reason", "u8", "Reset reason", "复位原因", display="hex"),
    _mptcp("addrid", "u8", "Address id", "地址编号"),
    _mptcp("sendkey", "u64", "Sender's key", "发送方密钥"),
    _mptcp("recvkey", "u64", "Receiver's key", "接收方密钥"),
    _mptcp("recvtok", "u32", "Receiver's token", "接收方令牌"),
    _mptcp("sendrand", "u32", "Sender's random number", "发送方随机数"),
    _mptcp("sendtrunchmac", "u64", "Sender's truncated HMAC", "发送方截短 HMAC"),
    _mptcp("sendhmac", "bytes", "Sender's HMAC", "发送方 HMAC"),
    _mptcp("addaddrtrunchmac", "u64", "Truncated HMAC", "截短 HMAC"),
    _mptcp("rawdataack", "u64", "Data ACK", "数据确认"),
    _mptcp("rawdataseqno", "u64", "Data sequence number", "数据序号"),
    _mptcp("subflowseqno", "u32", "Subflow sequence number", "子流序号"),
    _mptcp("datalvllen", "u16", "Data-level length", "数据层长度"),
    _mptcp("checksum", "u16", "Checksum", "校验和", display="hex"),
    _mptcp("ipver", "u8", "IP version", "IP 版本", mask=0x0F),
    _mptcp("echo", "u8", "Echo", "回显", mask=0x01),
    _mptcp("ipv4", "ipv4", "Advertised IPv4 address", "通告的 IPv4 地址"),
    _mptcp("ipv6", "ipv6", "Advertised IPv6 address", "通告的 IPv6 地址"),
    _mptcp("port", "u16", "Advertised port", "通告的端口"),
    _whole("unknown", "Unknown option", "未知选项"),
    _option(OPT + "unknown.payload", "bytes", "Payload", "内容"),
    _note("tcp.option.len.invalid", "note", "Invalid length for an option", "选项长度无效", "sequence"),
    _note(OPT + "wscale.shift.invalid", "warning", "Window scale shift exceeds 14", "窗口扩大移位超过 14"),
    _note(OPT + "mss.absent", "note", "The SYN has no MSS option", "SYN 没有最大报文段长度选项"),
    _note(OPT + "mss.present", "warning", "An MSS option outside a SYN", "SYN 之外出现最大报文段长度选项"),
    _note(OPT + "sack_perm.absent", "note", "The SYN does not permit SACK", "SYN 没有允许选择确认"),
    _note(OPT + "sack_perm.present", "warning", "SACK permitted outside a SYN", "SYN 之外出现允许选择确认"),
    _note("tcp.nop", "warning", "Four NOPs in a row: options may have been removed",
          "连续四个空操作：选项可能被移除"),
    _note("tcp.non_zero_bytes_after_eol", "error", "Bytes that are not zero after the end of the options",
          "选项表结束后有非零字节"),
    _note("tcp.suboption_malformed", "error", "A block goes past the end of its option", "选项内的块越界",
          "malformed"),
)  # fmt: skip
