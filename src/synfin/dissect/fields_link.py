"""Fields of the link layers: Ethernet, LLC/SNAP, VLAN, MPLS, BSD loopback."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from synfin.dissect import trailer, values, verified
from synfin.dissect.address import mac
from synfin.dissect.context import Facts
from synfin.dissect.expert import note
from synfin.dissect.field import Field
from synfin.dissect.load import (
    Loader,
    Spot,
    bits,
    both,
    byte,
    computed,
    constant,
    lowest_bit,
    number,
    raw,
    when,
    whole,
)
from synfin.dissect.preferences import preferences
from synfin.wire.ethertype import LARGEST_LENGTH, LEAST_TYPE
from synfin.wire.link import LOOP

if TYPE_CHECKING:
    from synfin.dissect.context import Facts
    from synfin.wire.frame import Frame
    from synfin.wire.layer import Layer

ETH, VLAN, MPLS, NULL, LLC = ("eth",), ("vlan",), ("mpls",), ("null",), ("llc",)
HDLC_FRAMING = 0xFF03  #: PPP in HDLC-like framing (RFC 1662) begins so
OLDEST = 0  #: version of IEEE 802.1Q, of 1998
MAX_TAGS = 20  #: one more is worth a note
INFORMATION, SUPERVISORY = (0x01, 0), (0x03, 1)  #: low bits of the control field (IEEE 802.2 section 5.4)
#: Organizations whose numbers have names of their own.
ORGANIZATIONS = {
    0x000000: "llc.type", 0x0000F8: "llc.type", 0x00000C: "llc.cisco_pid", 0x080007: "llc.apple_atalk_pid",
    0x00E052: "llc.foundry_pid", 0x00E02B: "llc.extreme_pid", 0x000081: "llc.nortel_pid", 0x0001E8: "llc.force10_pid",
    0x00005E: "llc.iana_pid", 0x004096: "llc.wlccp_pid", 0x0017F2: "llc.apple_awdl_pid",
    0x001958: "llc.bluetooth_pid", 0x00805F: "llc.hpteam_pid", 0x001090: "llc.cimetrics_pid", 0x506F9A: "mausb.pid",
}  # fmt: skip
SUPERVISION = {0: "Receiver ready", 1: "Receiver not ready", 2: "Reject"}


def _is_type(frame: Frame, layer: Layer) -> bool:
    return number(frame, layer, 12, 2) >= LEAST_TYPE


def _is_neither(frame: Frame, layer: Layer) -> bool:
    return LARGEST_LENGTH < number(frame, layer, 12, 2) < LEAST_TYPE


def _is_length(frame: Frame, layer: Layer) -> bool:
    return 0 <= number(frame, layer, 12, 2) <= LARGEST_LENGTH


def _unnumbered(frame: Frame, layer: Layer) -> bool:
    """Whether the control field is one byte long (IEEE 802.2 section 5.4)."""
    return byte(frame, layer, 2) & 3 == 3 and byte(frame, layer, 2) >= 0


def _command(frame: Frame, layer: Layer) -> bool:
    return _unnumbered(frame, layer) and not byte(frame, layer, 1) & 1


def _response(frame: Frame, layer: Layer) -> bool:
    return _unnumbered(frame, layer) and bool(byte(frame, layer, 1) & 1)


def _snap(frame: Frame, layer: Layer) -> bool:
    return number(frame, layer, 0, 3) == 0xAAAA03


def _control(frame: Frame, layer: Layer, facts: Facts | None) -> Iterable[Spot]:
    return (bits(2, 1) if _unnumbered(frame, layer) else _numbered(0xFFFF))(frame, layer, facts)


def _numbered(mask: int, *, only: tuple[int, int] | None = None) -> Loader:
    """Part of the two bytes that frames with numbers have there, the low byte first.

    `only` are the bits (mask, value) that tell the frames which have it.
    """

    def load(frame: Frame, layer: Layer, facts: Facts | None) -> Iterable[Spot]:
        low, high = byte(frame, layer, 2), byte(frame, layer, 3)
        if high < 0 or _unnumbered(frame, layer) or (only is not None and low & only[0] != only[1]):
            return ()
        return (Spot(((high << 8 | low) & mask) >> lowest_bit(mask), layer.start + 2, 2),)

    return load


def _poll(*, response: bool) -> Loader:
    """The bit that asks for an answer in commands, and marks the answer in responses; shown where it is set."""

    def load(frame: Frame, layer: Layer, facts: Facts | None) -> Iterable[Spot]:
        informs = byte(frame, layer, 2) & INFORMATION[0] == INFORMATION[1]  # a command, whatever the address says
        if (byte(frame, layer, 1) & 1 == 1 and not informs) != response or byte(frame, layer, 2) < 0:
            return ()
        loader = bits(2, 1, 0x10) if _unnumbered(frame, layer) else _numbered(0x0100)
        return [spot for spot in loader(frame, layer, facts) if spot.value]

    return load


def _protocol(name: str) -> Loader:
    """The number behind an organization's code, which is of the organization's own kind."""

    def load(frame: Frame, layer: Layer, facts: Facts | None) -> Iterable[Spot]:
        known = _snap(frame, layer) and ORGANIZATIONS.get(number(frame, layer, 3, 3), "llc.pid") == name
        return bits(6, 2)(frame, layer, facts) if known else ()

    return load


def _text(loader: Loader) -> Loader:
    """MAC addresses as text: names are not looked up."""

    def load(frame: Frame, layer: Layer, facts: Facts | None) -> Iterator[Spot]:
        return (Spot(mac(spot.value), spot.start, spot.length) for spot in loader(frame, layer, facts))

    return load


def _tags_type(frame: Frame, layer: Layer) -> bool:
    return number(frame, layer, 2, 2) > LARGEST_LENGTH


def _tags_length(frame: Frame, layer: Layer) -> bool:
    return 0 <= number(frame, layer, 2, 2) <= LARGEST_LENGTH


def _too_many(frame: Frame, layer: Layer) -> bool:
    return [found.name for found in frame.layers[: frame.layers.index(layer)]].count("vlan") == MAX_TAGS


def _version(which: int | None, loader: Loader) -> Loader:
    """Where the preference is this version of IEEE 802.1Q, None any but the oldest."""

    def load(frame: Frame, layer: Layer, facts: Facts | None) -> Iterable[Spot]:
        oldest = preferences(facts).vlan_version == OLDEST
        return loader(frame, layer, facts) if oldest == (which == OLDEST) else ()

    return load


def _check_status(frame: Frame, layer: Layer, facts: Facts | None) -> Iterator[Spot]:
    for spot in trailer.CHECK(frame, layer, facts):
        checked = preferences(facts).eth_check_fcs
        yield Spot(verified.frame_check_sequence(frame, spot.start).status if checked else verified.UNVERIFIED)


def _wrongly_checked(frame: Frame, layer: Layer, facts: Facts | None) -> bool:
    return any(spot.value == verified.BAD for spot in _check_status(frame, layer, facts))


def _loopback(wanted: str) -> Loader:
    """The family of BSD's loopback, or the EtherType that some hosts write in its place.

    OpenBSD's is in network order; others write it in the order of the host that captured, in two bytes or in four.
    """

    def load(frame: Frame, layer: Layer, facts: Facts | None) -> Iterator[Spot]:
        value = number(frame, layer, 0, 4)
        found = ("family", value)
        if frame.packet.link_type != LOOP:
            found = _told_by_loopback(value)
        if value >= 0 and found[0] == wanted:
            yield Spot(found[1], layer.start, 4)

    return load


def _told_by_loopback(value: int) -> tuple[str, int]:
    if value >> 16 == HDLC_FRAMING:
        return "ppp", 0
    if value and not value & 0xFFFF:
        value = int.from_bytes((value >> 16).to_bytes(2, "big"), "little")
    low = value & 0xFFFF
    if low and low <= LARGEST_LENGTH and not low & 0xFF:
        return "family", low >> 8
    return ("family", value) if value <= LARGEST_LENGTH else ("type", low)


_DST, _SRC = raw(0, 6), raw(6, 6)
OUI = ("eth.dst.oui", "eth.src.oui")  #: what repeats an address stands behind its vendor

FIELDS = (
    Field("eth", "protocol", ETH, whole, "Ethernet II", "以太网 II"),
    Field("eth.dst", "ether", ETH, _DST, "Destination", "目的地址"),
    Field("eth.dst_resolved", "str", ETH, _text(_DST), "Destination (resolved)", "目的地址（名称）", hidden=True,
          parent="eth.dst"),
    Field("eth.dst.oui", "u24", ETH, bits(0, 3), "Destination OUI", "目的厂商代码", hidden=True, parent="eth.dst"),
    Field("eth.dst.lg", "bool", ETH, bits(0, 3, 0x020000), "LG bit", "本地/全局位", values=values.LOCAL,
          parent="eth.dst", mask=0x020000, mask_bits=24),
    Field("eth.dst.ig", "bool", ETH, bits(0, 3, 0x010000), "IG bit", "单播/组播位", values=values.GROUP,
          parent="eth.dst", mask=0x010000, mask_bits=24),
    Field("eth.src", "ether", ETH, _SRC, "Source", "源地址"),
    note("eth.src_not_group", when(lambda frame, layer: byte(frame, layer, 6) & 1 == 1
                                   and _is_type(frame, layer), constant(True)), "warning", "protocol",
         "The source is a group address (IEEE 802.3 section 3.2.3)", "源地址是组地址（IEEE 802.3 第 3.2.3 节）",
         parent="eth.src"),
    Field("eth.src_resolved", "str", ETH, _text(_SRC), "Source (resolved)", "源地址（名称）", hidden=True,
          parent="eth.src"),
    Field("eth.src.oui", "u24", ETH, bits(6, 3), "Source OUI", "源厂商代码", hidden=True, parent="eth.src"),
    Field("eth.src.lg", "bool", ETH, bits(6, 3, 0x020000), "LG bit", "本地/全局位", values=values.LOCAL,
          parent="eth.src", mask=0x020000, mask_bits=24),
    Field("eth.src.ig", "bool", ETH, bits(6, 3, 0x010000), "IG bit", "单播/组播位", values=values.GROUP,
          parent="eth.src", mask=0x010000, mask_bits=24),
    Field("eth.addr", "ether", ETH, both(_DST, _SRC), "Address", "地址", hidden=True, after=OUI),
    Field("eth.addr_resolved", "str", ETH, _text(both(_DST, _SRC)), "Address (resolved)", "地址（名称）", hidden=True,
          after=OUI),
    Field("eth.addr.oui", "u24", ETH, both(bits(0, 3), bits(6, 3)), "Address OUI", "厂商代码", hidden=True,
          after=OUI),
    Field("eth.lg", "bool", ETH, both(bits(0, 3, 0x020000), bits(6, 3, 0x020000)), "LG bit", "本地/全局位",
          values=values.LOCAL, hidden=True, after=("eth.dst.lg", "eth.src.lg")),
    Field("eth.ig", "bool", ETH, both(bits(0, 3, 0x010000), bits(6, 3, 0x010000)), "IG bit", "单播/组播位",
          values=values.GROUP, hidden=True, after=("eth.dst.ig", "eth.src.ig")),
    Field("eth.type", "u16", ETH, when(_is_type, bits(12, 2)), "Type", "类型", display="hex",
          values=values.ETHERTYPE),
    Field("eth.len", "u16", ETH, when(_is_length, bits(12, 2)), "Length", "长度"),
    Field("eth.invalid_lentype", "u16", ETH, when(_is_neither, bits(12, 2)), "Neither a length nor a type",
          "既非长度也非类型", display="hex"),
    note("eth.invalid_lentype.expert", when(_is_neither, constant(True)), "warning", "protocol",
         "The number is neither a length nor a type", "该数既非长度也非类型", parent="eth.invalid_lentype"),
    Field("eth.padding", "bytes", tuple(trailer.OWNERS), trailer.PADDING, "Padding", "填充"),
    Field("eth.trailer", "bytes", ETH, trailer.TRAILER, "Trailer", "尾部"),
    Field("eth.fcs", "u32", ETH, trailer.check_sequence, "Frame check sequence", "帧校验序列", display="hex"),
    Field("eth.fcs.status", "u8", ETH,
          _check_status, "FCS status",
          "帧校验状态", values=values.CHECKSUM_STATUS, generated=True),
    note("eth.fcs_bad", computed(lambda frame, layer, facts: True if _wrongly_checked(frame, layer, facts) else None),
         "error", "checksum", "Bad frame check sequence", "帧校验序列错误", parent="eth.fcs"),
    note("eth.len.past_end", when(trailer.past_end, constant(True)), "error", "malformed",
         "The length goes past the end of the frame", "长度超出帧尾", parent="eth.len"),
    note("eth.padding_bad", when(trailer.unpadded, constant(True)), "note", "protocol",
         "Bytes behind the data unit that are no zeros: padding or a trailer", "数据单元之后的非零字节：填充或尾部",
         parent="eth.trailer", layers=tuple(trailer.OWNERS)),
    Field("llc", "protocol", LLC, whole, "Logical-Link Control", "逻辑链路控制"),
    Field("llc.dsap", "u8", LLC, bits(0, 1), "DSAP", "目的服务访问点", display="hex"),
    Field("llc.dsap.sap", "u8", LLC, bits(0, 1, 0xFE), "SAP", "服务访问点", parent="llc.dsap", mask=0xFE, mask_bits=8,
          display="custom"),
    Field("llc.dsap.ig", "bool", LLC, bits(0, 1, 0x01), "IG bit", "单播/组播位", values={0: "Individual", 1: "Group"},
          parent="llc.dsap", mask=0x01, mask_bits=8),
    Field("llc.ssap", "u8", LLC, bits(1, 1), "SSAP", "源服务访问点", display="hex"),
    Field("llc.ssap.sap", "u8", LLC, bits(1, 1, 0xFE), "SAP", "服务访问点", parent="llc.ssap", mask=0xFE, mask_bits=8,
          display="custom"),
    Field("llc.ssap.cr", "bool", LLC, bits(1, 1, 0x01), "CR bit", "命令/响应位", values={0: "Command", 1: "Response"},
          parent="llc.ssap", mask=0x01, mask_bits=8),
    Field("llc.control", "u16", LLC, _control, "Control field", "控制字段", display="hex"),
    Field("llc.control.n_r", "u16", LLC, _numbered(0xFE00), "N(R)", "接收序号", parent="llc.control", mask=0xFE00,
          mask_bits=16),
    Field("llc.control.n_s", "u16", LLC, _numbered(0x00FE, only=INFORMATION), "N(S)", "发送序号", parent="llc.control",
          mask=0x00FE, mask_bits=16),
    Field("llc.control.p", "bool", LLC, _poll(response=False), "Poll", "轮询", parent="llc.control"),
    Field("llc.control.f", "bool", LLC, _poll(response=True), "Final", "最终", parent="llc.control"),
    Field("llc.control.u_modifier_cmd", "u8", LLC, when(_command, bits(2, 1, 0xEC)), "Command", "命令", display="hex",
          parent="llc.control", mask=0xEC, mask_bits=8),
    Field("llc.control.u_modifier_resp", "u8", LLC, when(_response, bits(2, 1, 0xEC)), "Response", "响应",
          display="hex", parent="llc.control", mask=0xEC, mask_bits=8),
    Field("llc.control.s_ftype", "u16", LLC, _numbered(0x000C, only=SUPERVISORY), "Supervisory frame type",
          "监控帧类型", display="hex", values=SUPERVISION, parent="llc.control", mask=0x000C, mask_bits=16),
    Field("llc.control.ftype", "u16", LLC,
          both(when(_unnumbered, bits(2, 1, 0x03)), _numbered(0x0001, only=INFORMATION),
               _numbered(0x0003, only=SUPERVISORY)), "Frame type", "帧类型", display="sized", parent="llc.control",
          mask=0x03, mask_bits=8),
    Field("llc.oui", "u24", LLC, when(_snap, bits(3, 3)), "Organization code", "组织代码"),
    Field("llc.type", "u16", LLC, _protocol("llc.type"), "Type", "类型", display="hex", values=values.ETHERTYPE),
    *(
        Field(name, "u16", LLC, _protocol(name), f"Protocol of {owner}", f"{owner} 协议", display="hex")
        for name, owner in (
            ("llc.pid", "the organization"), ("llc.cisco_pid", "Cisco"), ("llc.apple_atalk_pid", "AppleTalk"),
            ("llc.apple_awdl_pid", "Apple AWDL"), ("llc.foundry_pid", "Foundry"), ("llc.extreme_pid", "Extreme"),
            ("llc.nortel_pid", "Nortel"), ("llc.force10_pid", "Force10"), ("llc.iana_pid", "IANA"),
            ("llc.wlccp_pid", "Cisco WLCCP"), ("llc.bluetooth_pid", "Bluetooth"), ("llc.hpteam_pid", "HP Teaming"),
            ("llc.cimetrics_pid", "Cimetrics"),
        )
    ),
    Field("mausb.pid", "u16", LLC, _protocol("mausb.pid"), "Protocol of MA USB", "MA USB 协议", display="hex"),
    Field("vlan", "protocol", VLAN, whole, "802.1Q Virtual LAN", "802.1Q 虚拟局域网"),
    Field("vlan.priority", "u16", VLAN, bits(0, 2, 0xE000), "Priority", "优先级", mask=0xE000, mask_bits=16),
    Field("vlan.cfi", "bool", VLAN, _version(OLDEST, bits(0, 2, 0x1000)), "CFI", "规范格式指示",
          values={1: "Non-canonical", 0: "Canonical"}, mask=0x1000, mask_bits=16),
    Field("vlan.dei", "bool", VLAN, _version(None, bits(0, 2, 0x1000)), "DEI", "可丢弃指示",
          values={1: "Eligible", 0: "Ineligible"}, mask=0x1000, mask_bits=16),
    Field("vlan.id", "u16", VLAN, bits(0, 2, 0x0FFF), "VLAN id", "VLAN 编号", mask=0x0FFF, mask_bits=16),
    Field("vlan.etype", "u16", VLAN, when(_tags_type, bits(2, 2)), "Type", "类型", display="hex",
          values=values.ETHERTYPE),
    Field("vlan.len", "u16", VLAN, when(_tags_length, bits(2, 2)), "Length", "长度"),
    note("vlan.len.past_end", when(trailer.past_end, constant(True)), "error", "malformed",
         "The length goes past the end of the frame", "长度超出帧尾", parent="vlan.len"),
    note("vlan.too_many_tags", when(_too_many, constant(True)), "warning", "undecoded", "Too many tags",
         "标签过多"),
    Field("vlan.trailer", "bytes", VLAN, trailer.TRAILER, "Trailer", "尾部"),
    Field("mpls", "protocol", MPLS, whole, "MultiProtocol Label Switching Header", "多协议标签交换头"),
    Field("mpls.label", "u32", MPLS, bits(0, 4, 0xFFFFF000), "MPLS label", "标签", mask=0xFFFFF000, mask_bits=32),
    Field("mpls.exp", "u32", MPLS, bits(0, 4, 0x0E00), "MPLS experimental bits", "实验位", mask=0x0E00, mask_bits=32),
    Field("mpls.bottom", "u32", MPLS, bits(0, 4, 0x0100), "MPLS bottom of label stack", "栈底标志", mask=0x0100,
          mask_bits=32),
    Field("mpls.ttl", "u32", MPLS, bits(0, 4, 0x00FF), "MPLS TTL", "生存时间", mask=0x00FF, mask_bits=32),
    Field("null", "protocol", NULL, whole, "Null/Loopback", "BSD 环回"),
    Field("null.type", "u16", NULL, _loopback("type"), "Type", "类型", display="hex", values=values.ETHERTYPE),
    Field("null.family", "u32", NULL, _loopback("family"), "Family", "地址族", values=values.ADDRESS_FAMILY),
)  # fmt: skip
