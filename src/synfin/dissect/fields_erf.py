"""Fields of the header of an ERF record, which stands in the file in front of the frame and is no part of it."""

from __future__ import annotations

from collections.abc import Iterable

from synfin.dissect.context import Facts
from synfin.dissect.field import Field
from synfin.dissect.load import LayerBytes, Loader, Spot, lowest_bit
from synfin.wire.frame import Frame
from synfin.wire.layer import Layer

ERF = ("erf",)
HEADER_LEN = 16
#: Record types, as Endace's specification names them.
TYPES = {
    0: "LEGACY", 1: "HDLC POS", 2: "ETH", 3: "ATM", 4: "AAL5", 5: "MC HDLC", 6: "MC RAW", 7: "MC ATM",
    8: "MC RAW CHANNEL", 9: "MC AAL5", 10: "COLOR HDLC POS", 11: "COLOR ETH", 12: "MC AAL2", 13: "IP COUNTER",
    14: "TCP FLOW COUNTER", 15: "DSM COLOR HDLC POS", 16: "DSM COLOR ETH", 17: "COLOR MC HDLC POS", 18: "AAL2",
    19: "COLOR HASH POS", 20: "COLOR HASH ETH", 21: "INFINIBAND", 22: "IPV4", 23: "IPV6", 24: "RAW LINK",
    25: "INFINIBAND LINK", 27: "META", 28: "OPA SNC", 29: "OPA 9B", 48: "PAD",
}  # fmt: skip
_ETHERNET = frozenset({2, 11, 16, 20})


def _number(offset: int, size: int, mask: int = 0, *, little: bool = False, ethernet: bool = False) -> Loader:
    """A number of the header, or (`ethernet`) one of the two bytes in front of an Ethernet frame."""

    def load(frame: Frame, layer: Layer, facts: Facts | None) -> Iterable[Spot]:
        record = frame.packet.erf
        if not record or (ethernet and record[8] & 0x7F not in _ETHERNET):
            return ()
        start = len(record) - 2 + offset if ethernet else offset
        value = int.from_bytes(record[start : start + size], "little" if little else "big")
        return (Spot((value & mask) >> lowest_bit(mask) if mask else value),)

    return load


def _header(frame: Frame, layer: Layer, facts: Facts | None) -> Iterable[Spot]:
    if not frame.packet.erf:
        return ()
    found = LayerBytes(frame.packet.erf)
    found.header = HEADER_LEN
    return (Spot(found),)


def _pad(frame: Frame, layer: Layer, facts: Facts | None) -> Iterable[Spot]:
    return [Spot(True) for _ in _number(0, 1, ethernet=True)(frame, layer, facts)]


def _flag(name: str, mask: int, kind: str, en: str, zh: str, display: str = "dec") -> Field:
    return Field(f"erf.flags.{name}", kind, ERF, _number(9, 1, mask), en, zh, display=display, parent="erf.flags",
                 mask=mask, mask_bits=8)  # fmt: skip


FIELDS = (
    Field("erf", "protocol", ERF, _header, "Extensible Record Format", "可扩展记录格式"),
    Field("erf.ts", "u64", ERF, _number(0, 8, little=True), "Timestamp", "时间戳", display="hex"),
    Field("erf.types", "u8", ERF, _number(8, 1), "Record type", "记录类型", display="hex"),
    Field("erf.types.type", "u8", ERF, _number(8, 1, 0x7F), "Type", "类型", values=TYPES, parent="erf.types",
          mask=0x7F, mask_bits=8),
    Field("erf.types.ext_header", "u8", ERF, _number(8, 1, 0x80), "Extension headers follow", "后有扩展首部",
          parent="erf.types", mask=0x80, mask_bits=8),
    Field("erf.flags", "u8", ERF, _number(9, 1), "Flags", "标志", display="hex"),
    _flag("cap", 0x03, "u8", "Capture interface", "捕获接口"),
    _flag("vlen", 0x04, "u8", "Records of varying length", "记录长度可变"),
    _flag("trunc", 0x08, "u8", "Truncated", "被截断"),
    _flag("rxe", 0x10, "u8", "Reception error", "接收错误"),
    _flag("dse", 0x20, "u8", "Data stream error", "数据流错误"),
    _flag("res", 0xC0, "u8", "Reserved", "保留", "hex"),
    Field("erf.rlen", "u16", ERF, _number(10, 2), "Record length", "记录长度", unit="bytes"),
    Field("erf.lctr", "u16", ERF, _number(12, 2), "Lost packets", "丢失的报文数"),
    Field("erf.wlen", "u16", ERF, _number(14, 2), "Wire length", "线路长度", unit="bytes"),
    Field("erf.eth", "none", ERF, _pad, "Ethernet pad", "以太网填充"),
    Field("erf.eth.off", "u8", ERF, _number(0, 1, ethernet=True), "Offset", "偏移", parent="erf.eth"),
    Field("erf.eth.pad", "u8", ERF, _number(1, 1, ethernet=True), "Padding", "填充", display="hex", parent="erf.eth"),
)  # fmt: skip
