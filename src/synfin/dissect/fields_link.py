"""Fields of the link layers: Ethernet, LLC/SNAP, VLAN, MPLS, Linux cooked (v1, v2), BSD loopback; and plain data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from synfin.dissect import values
from synfin.dissect.address import mac
from synfin.dissect.context import Facts
from synfin.dissect.expert import note
from synfin.dissect.field import Field
from synfin.dissect.icmp_walk import STAMP_LEN, sent_at
from synfin.dissect.load import (
    LayerBytes,
    Loader,
    Spot,
    bits,
    both,
    byte,
    computed,
    constant,
    limit,
    lowest_bit,
    number,
    raw,
    when,
    whole,
)
from synfin.wire.frame import Frame
from synfin.wire.layer import Layer

ETH, VLAN, MPLS, SLL, NULL, DATA, LLC = (
    ("eth",), ("vlan",), ("mpls",), ("sll", "sll2"), ("null",), ("data",), ("llc",),
)  # fmt: skip
MIN_FRAME = 60  #: Ethernet's least length without the frame check sequence
LARGEST_LENGTH = 1500  #: greater numbers at offset 12 are an EtherType
INFORMATION, SUPERVISORY = (0x01, 0), (0x03, 1)  #: low bits of the control field (IEEE 802.2 section 5.4)
SUPERVISION = {0: "Receiver ready", 1: "Receiver not ready", 2: "Reject"}
ARPHRD_ETHERNET, ARPHRD_LOOPBACK = 1, 772


def _is_type(frame: Frame, layer: Layer) -> bool:
    return number(frame, layer, 12, 2) > LARGEST_LENGTH


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


def _text(loader: Loader) -> Loader:
    """MAC addresses as text: names are not looked up."""

    def load(frame: Frame, layer: Layer, facts: Facts | None) -> Iterator[Spot]:
        return (Spot(mac(spot.value), spot.start, spot.length) for spot in loader(frame, layer, facts))

    return load


def _behind(frame: Frame) -> int | None:
    """Where the bytes begin that no protocol claims, None when there are none or the frame was cut."""
    data, packet = frame.packet.data, frame.packet
    inner = next((layer for layer in frame.layers if layer.name in ("ip", "ipv6", "arp")), None)
    outer = frame.layers[0]
    if inner is not None and inner.name == "ip" and byte(frame, inner, 0) >> 4 != 4:
        return None
    end = inner.end if inner is not None else 0
    if outer.name == "eth" and _is_length(frame, outer):
        end = outer.start + outer.header_len + number(frame, outer, 12, 2)
    return end if 0 < end < len(data) == packet.wire_len else None


def _split(frame: Frame) -> tuple[tuple[int, int], tuple[int, int], tuple[int, int]]:
    """Padding, trailer and frame check sequence as (start, end) each, by the lengths that Ethernet allows."""
    none = (0, 0)
    end, at = len(frame.packet.data), _behind(frame)
    if at is None:
        return none, none, none
    padding = none
    if any(layer.name == "vlan" for layer in frame.layers):
        return none, none, none
    if at < MIN_FRAME <= end and not any(frame.packet.data[at:MIN_FRAME]):
        padding, at = (at, MIN_FRAME), MIN_FRAME
    check = none
    if end >= MIN_FRAME + 4 and end - at >= 4:
        check, end = (end - 4, end), end - 4
    return padding, (at, end), check


def _past_end(frame: Frame, layer: Layer) -> bool:
    return _is_length(frame, layer) and layer.start + layer.header_len + number(frame, layer, 12, 2) > layer.end


def _unpadded(frame: Frame, layer: Layer) -> bool:
    """Whether a short data unit is followed by something that is not the padding of zeros it should have."""
    if layer != frame.layers[0]:
        return False
    at, (padding, trailer, _) = _behind(frame), _split(frame)
    if layer.name != "eth":
        return at is not None and at < MIN_FRAME
    return at is not None and at < MIN_FRAME and padding == (0, 0) and trailer[0] < trailer[1]


def _part(which: int) -> Loader:
    def load(frame: Frame, layer: Layer, facts: Facts | None) -> Iterable[Spot]:
        if layer != frame.layers[0]:
            return ()  # what a tunnel carries ends with the tunnel
        start, end = _split(frame)[which]
        return (Spot(frame.packet.data[start:end], start, end - start),) if start < end else ()

    return load


def _trailer(frame: Frame, layer: Layer, facts: Facts | None) -> Iterable[Spot]:
    """All that no protocol claims, behind a link header that has no padding of its own."""
    start, end = _behind(frame), len(frame.packet.data)
    return () if start is None else (Spot(frame.packet.data[start:end], start, end - start),)


def _tag_trailer(frame: Frame, layer: Layer, facts: Facts | None) -> Iterable[Spot]:
    """Behind a tagged frame's data unit nothing tells padding and check sequence apart; the innermost tag has it."""
    start, end = _behind(frame), len(frame.packet.data)
    inner = [found for found in frame.layers if found.name == "vlan"][-1:]
    if start is None or inner != [layer]:
        return ()
    return (Spot(frame.packet.data[start:end], start, end - start),)


def _check_sequence(frame: Frame, layer: Layer, facts: Facts | None) -> Iterator[Spot]:
    for spot in _part(2)(frame, layer, facts):
        yield spot._replace(value=int.from_bytes(spot.value, "big"))


def _cooked(version_1: Loader, version_2: Loader) -> Loader:
    def load(frame: Frame, layer: Layer, facts: Facts | None) -> Iterable[Spot]:
        return (version_1 if layer.name == "sll" else version_2)(frame, layer, facts)

    return load


def _cooked_mac(frame: Frame, layer: Layer) -> bool:
    at, size = (4, 2) if layer.name == "sll" else (11, 1)
    return number(frame, layer, at, size) == 6


def _nothing(frame: Frame, layer: Layer, facts: Facts | None) -> tuple[Spot, ...]:
    return ()


def _after_stamp(frame: Frame, layer: Layer) -> int:
    """Where plain data begins: the time that `ping` puts in front of its own is no part of them."""
    place = frame.layers.index(layer)
    above = frame.layers[place - 1] if place else layer
    stamped = above.name == "icmp" and sent_at(frame, above) is not None
    return layer.start + STAMP_LEN if stamped else layer.start


def _plain(frame: Frame, layer: Layer, facts: Facts | None) -> Iterator[Spot]:
    for spot in whole(frame, layer, facts):
        skipped = _after_stamp(frame, layer) - layer.start
        found = LayerBytes(spot.value[skipped:])
        found.header = len(found)
        yield Spot(found, spot.start + skipped, len(found))


def _octets(frame: Frame, layer: Layer, facts: Facts | None) -> Iterable[Spot]:
    start, stop = _after_stamp(frame, layer), limit(frame, layer)
    return (Spot(frame.data[start:stop], start, stop - start),) if start < stop else ()


def _size(frame: Frame, layer: Layer, facts: Facts | None) -> int | None:
    return max(limit(frame, layer) - _after_stamp(frame, layer), 0)


def _family(frame: Frame, layer: Layer, facts: Facts | None) -> Iterable[Spot]:
    """The host that captured wrote it in its own byte order."""
    for spot in bits(0, 4)(frame, layer, facts):
        swapped = int.from_bytes(spot.value.to_bytes(4, "big"), "little")
        yield spot._replace(value=min(spot.value, swapped))


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
                                   and number(frame, layer, 6, 6) >= 0, constant(True)), "warning", "protocol",
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
    Field("eth.padding", "bytes", ETH, _part(0), "Padding", "填充"),
    Field("eth.trailer", "bytes", ETH, _part(1), "Trailer", "尾部"),
    Field("eth.fcs", "u32", ETH, _check_sequence, "Frame check sequence", "帧校验序列", display="hex"),
    Field("eth.fcs.status", "u8", ETH,
          computed(lambda frame, layer, facts: 2 if any(_part(2)(frame, layer, facts)) else None), "FCS status",
          "帧校验状态", values=values.CHECKSUM_STATUS, generated=True),
    note("eth.len.past_end", when(_past_end, constant(True)), "error", "malformed",
         "The length goes past the end of the frame", "长度超出帧尾", parent="eth.len"),
    note("eth.padding_bad", when(_unpadded, constant(True)), "note", "protocol",
         "Bytes behind the data unit that are no zeros: padding or a trailer", "数据单元之后的非零字节：填充或尾部",
         parent="eth.trailer", layers=("eth", "sll", "sll2")),
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
    Field("llc.control.u_modifier_cmd", "u8", LLC, when(_command, bits(2, 1, 0xEC)), "Command", "命令", display="hex",
          parent="llc.control", mask=0xEC, mask_bits=8),
    Field("llc.control.u_modifier_resp", "u8", LLC, when(_response, bits(2, 1, 0xEC)), "Response", "响应",
          display="hex", parent="llc.control", mask=0xEC, mask_bits=8),
    Field("llc.control.n_r", "u16", LLC, _numbered(0xFE00), "N(R)", "接收序号", parent="llc.control", mask=0xFE00,
          mask_bits=16),
    Field("llc.control.n_s", "u16", LLC, _numbered(0x00FE, only=INFORMATION), "N(S)", "发送序号", parent="llc.control",
          mask=0x00FE, mask_bits=16),
    Field("llc.control.s_ftype", "u16", LLC, _numbered(0x000C, only=SUPERVISORY), "Supervisory frame type",
          "监控帧类型", display="hex", values=SUPERVISION, parent="llc.control", mask=0x000C, mask_bits=16),
    Field("llc.control.ftype", "u8", LLC,
          both(when(_unnumbered, bits(2, 1, 0x03)), _numbered(0x0001, only=INFORMATION),
               _numbered(0x0003, only=SUPERVISORY)), "Frame type", "帧类型", display="hex", parent="llc.control",
          mask=0x03, mask_bits=8),
    Field("llc.oui", "u24", LLC, when(_snap, bits(3, 3)), "Organization code", "组织代码"),
    Field("llc.type", "u16", LLC, when(_snap, bits(6, 2)), "Type", "类型", display="hex", values=values.ETHERTYPE),
    Field("vlan", "protocol", VLAN, whole, "802.1Q Virtual LAN", "802.1Q 虚拟局域网"),
    Field("vlan.priority", "u16", VLAN, bits(0, 2, 0xE000), "Priority", "优先级", mask=0xE000, mask_bits=16),
    Field("vlan.dei", "bool", VLAN, bits(0, 2, 0x1000), "DEI", "可丢弃指示",
          values={1: "Eligible", 0: "Ineligible"}, mask=0x1000, mask_bits=16),
    Field("vlan.id", "u16", VLAN, bits(0, 2, 0x0FFF), "VLAN id", "VLAN 编号", mask=0x0FFF, mask_bits=16),
    Field("vlan.etype", "u16", VLAN, bits(2, 2), "Type", "类型", display="hex", values=values.ETHERTYPE),
    Field("vlan.trailer", "bytes", VLAN, _tag_trailer, "Trailer", "尾部"),
    Field("mpls", "protocol", MPLS, whole, "MultiProtocol Label Switching Header", "多协议标签交换头"),
    Field("mpls.label", "u32", MPLS, bits(0, 4, 0xFFFFF000), "MPLS label", "标签", mask=0xFFFFF000, mask_bits=32),
    Field("mpls.exp", "u32", MPLS, bits(0, 4, 0x0E00), "MPLS experimental bits", "实验位", mask=0x0E00, mask_bits=32),
    Field("mpls.bottom", "u32", MPLS, bits(0, 4, 0x0100), "MPLS bottom of label stack", "栈底标志", mask=0x0100,
          mask_bits=32),
    Field("mpls.ttl", "u32", MPLS, bits(0, 4, 0x00FF), "MPLS TTL", "生存时间", mask=0x00FF, mask_bits=32),
    Field("sll", "protocol", SLL, whole, "Linux cooked capture", "Linux 加工捕获"),
    Field("sll.etype", "u16", SLL, _cooked(bits(14, 2), bits(0, 2)), "Protocol", "协议", display="hex",
          values=values.ETHERTYPE),
    Field("sll.ifindex", "u32", SLL, _cooked(_nothing, bits(4, 4)), "Interface index", "接口索引"),
    Field("sll.pkttype", "u16", SLL, _cooked(bits(0, 2), bits(10, 1)), "Packet type", "报文类型",
          values=values.COOKED_PACKET),
    Field("sll.hatype", "u16", SLL, _cooked(bits(2, 2), bits(8, 2)), "Link-layer address type", "链路地址类型",
          values=values.HARDWARE),
    Field("sll.halen", "u16", SLL, _cooked(bits(4, 2), bits(11, 1)), "Link-layer address length", "链路地址长度"),
    Field("sll.src.eth", "ether", SLL, when(_cooked_mac, _cooked(raw(6, 6), raw(12, 6))), "Source", "源地址"),
    Field("sll.unused", "bytes", SLL, _cooked(when(_cooked_mac, raw(12, 2)), when(_cooked_mac, raw(18, 2))),
          "Unused", "未用"),
    Field("sll.trailer", "bytes", SLL, _trailer, "Trailer", "尾部"),
    Field("null", "protocol", NULL, whole, "Null/Loopback", "BSD 环回"),
    Field("null.family", "u32", NULL, _family, "Family", "地址族", values=values.ADDRESS_FAMILY),
    Field("data", "protocol", DATA, _plain, "Data", "数据"),
    Field("data.data", "bytes", DATA, _octets, "Data", "数据"),
    Field("data.len", "i32", DATA, computed(_size), "Length", "长度", generated=True),
)  # fmt: skip
