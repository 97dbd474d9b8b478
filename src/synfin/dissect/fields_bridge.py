"""Fields of provider bridging: IEEE 802.1ad's service tags, and IEEE 802.1ah's header with the customer's addresses."""

from __future__ import annotations

from synfin.dissect import trailer, values
from synfin.dissect.address import mac
from synfin.dissect.context import Facts
from synfin.dissect.cursor import Cursor, over
from synfin.dissect.declare import Declare
from synfin.dissect.field import Field
from synfin.dissect.load import whole
from synfin.dissect.option import Found, Item, flatten
from synfin.wire.ethernet import BACKBONE_LEN, ONE_TAG, PROVIDER, TWO_TAGS
from synfin.wire.frame import Frame
from synfin.wire.layer import Layer

_SERVICE, _BACKBONE = "ieee8021ad.", "ieee8021ah."
PARTS = {
    "priority": 0xE0000000, "drop": 0x10000000, "nca": 0x08000000, "res1": 0x04000000, "res2": 0x03000000,
    "isid": 0x00FFFFFF,
}  # fmt: skip


def headers(frame: Frame, layer: Layer, facts: Facts | None) -> tuple[Item, ...]:
    """One tag of IEEE 802.1ad, two of them, one with IEEE 802.1ah's header behind it, or that header alone."""
    cursor = over(frame, layer)
    if cursor.room < ONE_TAG or (cursor.peek(2, 2) == PROVIDER and cursor.room < TWO_TAGS - 2):
        return ()
    if layer.name == "ieee8021ah":
        _backbone(cursor)
    elif layer.header_len <= ONE_TAG:
        _tag(cursor, "id")
        cursor.number(_BACKBONE + "etype", 2)
    elif layer.header_len <= TWO_TAGS:
        _tag(cursor, "svid")
        cursor.skip(2)
        _tag(cursor, "cvid")
        cursor.number(_BACKBONE + "etype", 2)
    else:
        start, inner = cursor.at, cursor.within(ONE_TAG)
        _tag(inner, "id")
        told = inner.items[-1].value if inner.items else 0
        cursor.note(Item(f"B-Tag, B-VID: {told}", None, start, ONE_TAG, tuple(inner.items)))
        _backbone(cursor)
    return tuple(cursor.items)


def _tag(cursor: Cursor, name: str) -> None:
    cursor.note(*cursor.parts(2, {_SERVICE + "priority": 0xE000, _SERVICE + "dei": 0x1000, _SERVICE + name: 0x0FFF}))
    cursor.skip(2)


def _backbone(cursor: Cursor) -> None:
    start, service = cursor.at, cursor.parts(4, {_BACKBONE + name: mask for name, mask in PARTS.items()})
    if service:
        cursor.note(Item(f"I-Tag, I-SID: {service[-1].value}", None, start, 4, service))
    cursor.skip(4)
    cursor.raw(_BACKBONE + "cdst", 6)
    cursor.raw(_BACKBONE + "csrc", 6)
    cursor.number(_BACKBONE + "etype", 2)


def titles(frame: Frame, layer: Layer, facts: Facts | None) -> list[str]:
    """The title of such a layer, and those of its parts that Wireshark counts as headers of their own."""
    found = {item.name: item.value for item in flatten(headers(frame, layer, facts))}
    parts = [name for name, value in found.items() if value is None]
    if not found:
        return [layer.name]
    if layer.header_len >= BACKBONE_LEN:
        told = [part.removeprefix("B-Tag, ").removeprefix("I-Tag, ") for part in parts]
        told += [f"{label}: {mac(found[_BACKBONE + name])}" for label, name in (("C-Src", "csrc"), ("C-Dst", "cdst"))
                 if _BACKBONE + name in found]  # fmt: skip
        return [", ".join(["IEEE 802.1ah", *told]), *parts]
    labels = {"id": "ID", "svid": "S-VID", "cvid": "C-VID"}
    told = [f"{label}: {found[_SERVICE + name]}" for name, label in labels.items() if _SERVICE + name in found]
    return [", ".join(["IEEE 802.1ad", *told])]


HEADERS = Found(headers)
_service = Declare(HEADERS, "ieee8021ad")
_backbone_field = Declare(HEADERS, "ieee8021ah", "ieee8021ad")

FIELDS = (
    Field("ieee8021ad", "protocol", ("ieee8021ad",), whole, "IEEE 802.1ad", "IEEE 802.1ad", below=HEADERS),
    _service("ieee8021ad.priority", "u16", "Priority", "优先级", mask=0xE000),
    _service("ieee8021ad.dei", "u16", "Drop eligible", "可丢弃", mask=0x1000),
    _service("ieee8021ad.id", "u16", "VLAN", "VLAN 编号", mask=0x0FFF),
    _service("ieee8021ad.svid", "u16", "VLAN of the service", "服务 VLAN 编号", mask=0x0FFF),
    _service("ieee8021ad.cvid", "u16", "VLAN of the customer", "客户 VLAN 编号", mask=0x0FFF),
    Field("ieee8021ah", "protocol", ("ieee8021ah",), whole, "IEEE 802.1ah", "IEEE 802.1ah", below=HEADERS),
    _backbone_field("ieee8021ah.priority", "u32", "Priority", "优先级", mask=0xE0000000),
    _backbone_field("ieee8021ah.drop", "u32", "Drop eligible", "可丢弃", mask=0x10000000),
    _backbone_field("ieee8021ah.nca", "u32", "No customer addresses", "无客户地址", mask=0x08000000),
    _backbone_field("ieee8021ah.res1", "u32", "Reserved", "保留", mask=0x04000000),
    _backbone_field("ieee8021ah.res2", "u32", "Reserved", "保留", mask=0x03000000),
    _backbone_field("ieee8021ah.isid", "u32", "Service", "服务编号", mask=0x00FFFFFF),
    _backbone_field("ieee8021ah.cdst", "ether", "Customer destination", "客户目的地址"),
    _backbone_field("ieee8021ah.csrc", "ether", "Customer source", "客户源地址"),
    _backbone_field("ieee8021ah.etype", "u16x", "Type", "类型", values=values.ETHERTYPE),
    Field("ieee8021ah.trailer", "bytes", ("ieee8021ah", "ieee8021ad"), trailer.TRAILER, "Trailer", "尾部"),
)  # fmt: skip
