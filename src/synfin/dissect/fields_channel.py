"""Fields of associated channels behind MPLS (RFC 4385, RFC 5586, RFC 5718), and what is wrong with a label."""

from __future__ import annotations

from synfin.dissect import channel_walk as walks
from synfin.dissect.declare import Declare
from synfin.dissect.field import Field
from synfin.dissect.fields_ppp import PPP_PROTOCOL
from synfin.dissect.load import whole

CHANNEL = {
    0x0001: "Management communication channel", 0x0002: "Signaling communication channel",
    0x0007: "BFD control without IP", 0x0021: "IPv4", 0x0022: "BFD with CV", 0x0057: "IPv6", 0x0058: "Fault OAM",
}  # fmt: skip
_mpls, _pwach, _mcc = Declare(walks.MISPLACED, "mpls"), Declare(walks.PWACH, "pwach"), Declare(walks.MCC, "mcc")

FIELDS = (
    _mpls.note("mpls.invalid_label", "warning", "protocol", "The label may only be the last one", "该标签只能位于栈底"),
    Field("pwach", "protocol", ("pwach",), whole, "PW Associated Channel Header", "伪线关联通道首部",
          below=walks.PWACH),
    _pwach("pwach.ver", "u8", "Version", "版本", mask=0x0F),
    _pwach("pwach.res", "u8x", "Reserved", "保留"),
    _pwach("pwach.channel_type", "u16x", "Kind of channel", "通道类型", values=CHANNEL),
    _pwach.note("pwach.res.not_zero", "warning", "protocol", "The reserved byte is not 0", "保留字节不为 0"),
    _pwach.note("pwach.error_processing_message", "error", "malformed", "The header is cut", "首部不完整"),
    Field("mcc", "protocol", ("mcc",), whole, "Management Communication Channel", "管理通信通道", below=walks.MCC),
    _mcc("mcc.proto", "u16x", "Protocol", "协议", values=PPP_PROTOCOL),
)  # fmt: skip
