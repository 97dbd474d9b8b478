"""Fields of PPP and of the control protocols that set it up."""

from __future__ import annotations

from synfin.dissect import ppp_walk as walks
from synfin.dissect import values
from synfin.dissect.declare import Declare
from synfin.dissect.field import Field
from synfin.dissect.load import whole
from synfin.dissect.ppp_control import CONTROL
from synfin.wire.ppp import CONTROLS

PPP_PROTOCOL = {0x0021: "IPv4", 0x0057: "IPv6", 0x0031: "Bridged frames", 0x003D: "Multilink", 0x0281: "MPLS unicast",
                0x8021: "IP control", 0x8057: "IPv6 control", 0xC021: "Link control", 0xC023: "Password authentication",
                0xC223: "Challenge authentication"}  # fmt: skip
CODE = {0: "Vendor specific", 1: "Configuration request", 2: "Configuration ack", 3: "Configuration nak",
        4: "Configuration reject", 5: "Termination request", 6: "Termination ack", 7: "Code reject",
        8: "Protocol reject", 9: "Echo request", 10: "Echo reply", 11: "Discard request", 12: "Identification",
        13: "Time remaining", 14: "Reset request", 15: "Reset ack"}  # fmt: skip
#: Of each control protocol, in English and Chinese.
NAMES = {
    "lcp": ("PPP Link Control Protocol", "PPP 链路控制协议"),
    "ipcp": ("PPP IP Control Protocol", "PPP IP 控制协议"),
    "osinlcp": ("PPP OSI Network Layer Control Protocol", "PPP OSI 网络层控制协议"),
    "bcp_ncp": ("PPP Bridging Control Protocol", "PPP 桥接控制协议"),
    "ipv6cp": ("PPP IPv6 Control Protocol", "PPP IPv6 控制协议"),
    "pppmuxcp": ("PPPMux Control Protocol", "PPP 复用控制协议"),
    "ccp": ("PPP Compression Control Protocol", "PPP 压缩控制协议"),
    "cdpcp": ("PPP CDP Control Protocol", "PPP CDP 控制协议"),
    "mplscp": ("PPP MPLS Control Protocol", "PPP MPLS 控制协议"),
    "cbcp": ("PPP Callback Control Protocol", "PPP 回拨控制协议"),
    "bacp": ("PPP Bandwidth Allocation Control Protocol", "PPP 带宽分配控制协议"),
}
_ppp, _control = Declare(walks.PPP, "ppp"), Declare(CONTROL, *CONTROLS.values())

FIELDS = (
    Field("ppp", "protocol", ("ppp",), whole, "Point-to-Point Protocol", "点对点协议", below=walks.PPP),
    _ppp("ppp.direction", "u8", "Direction", "方向", values={0: "Sent", 1: "Received"}, generated=True),
    _ppp("ppp.address", "u8x", "Address", "地址"),
    _ppp("ppp.control", "u8x", "Control", "控制"),
    _ppp("ppp.fcs_16", "u16x", "Frame check sequence, 16 bits", "帧校验序列（16 位）"),
    _ppp("ppp.fcs_32", "u32x", "Frame check sequence, 32 bits", "帧校验序列（32 位）"),
    _ppp("ppp.fcs.status", "u8", "Status of the check sequence", "校验序列状态", values=values.CHECKSUM_STATUS,
         generated=True),
    _ppp.note("ppp.bad_checksum", "error", "checksum", "Bad check sequence", "校验序列错误"),
    _ppp("ppp.protocol", "u16x", "Protocol", "协议", values=PPP_PROTOCOL),
    *(Field(name, "protocol", (name,), whole, *NAMES[name], below=CONTROL) for name in CONTROLS.values()),
    _control("ppp.code", "u8", "Code", "代码", values=CODE),
    _control("ppp.identifier", "u8", "Identifier", "标识"),
    _control("ppp.length", "u16", "Length", "长度", unit="bytes"),
    _control("ppp.magic_number", "u32x", "Magic number", "魔术字"),
    _control("ppp.oui", "u24", "Organization", "组织标识"),
    _control("ppp.kind", "u8", "Kind", "种类"),
    _control("ppp.data", "bytes", "Data", "数据"),
    _control.note("ppp.opt.len.invalid", "warning", "protocol", "Invalid length for an option", "选项长度无效"),
    _control("lcp.magic_number", "u32x", "Magic number", "魔术字"),
    _control("lcp.data", "bytes", "Data", "数据"),
    _control("lcp.message", "str", "Message", "消息"),
    _control("lcp.secs_remaining", "u32", "Time remaining", "剩余时间", unit="seconds"),
    _control("lcp.rej_proto", "u16x", "Rejected protocol", "被拒绝的协议", values=PPP_PROTOCOL),
)  # fmt: skip
