"""Fields of PPP."""

from __future__ import annotations

from synfin.dissect import ppp_walk as walks
from synfin.dissect import values
from synfin.dissect.declare import Declare
from synfin.dissect.field import Field
from synfin.dissect.load import whole

PPP_PROTOCOL = {0x0021: "IPv4", 0x0057: "IPv6", 0x0031: "Bridged frames", 0x003D: "Multilink", 0x0281: "MPLS unicast",
                0x8021: "IP control", 0x8057: "IPv6 control", 0xC021: "Link control", 0xC023: "Password authentication",
                0xC223: "Challenge authentication"}  # fmt: skip
_ppp = Declare(walks.PPP, "ppp")

FIELDS = (
    Field("ppp", "protocol", ("ppp",), whole, "Point-to-Point Protocol", "点对点协议", below=walks.PPP),
    _ppp("ppp.address", "u8x", "Address", "地址"),
    _ppp("ppp.control", "u8x", "Control", "控制"),
    _ppp("ppp.fcs_16", "u16x", "Frame check sequence, 16 bits", "帧校验序列（16 位）"),
    _ppp("ppp.fcs_32", "u32x", "Frame check sequence, 32 bits", "帧校验序列（32 位）"),
    _ppp("ppp.fcs.status", "u8", "Status of the check sequence", "校验序列状态", values=values.CHECKSUM_STATUS,
         generated=True),
    _ppp.note("ppp.bad_checksum", "error", "checksum", "Bad check sequence", "校验序列错误"),
    _ppp("ppp.protocol", "u16x", "Protocol", "协议", values=PPP_PROTOCOL),
)  # fmt: skip
