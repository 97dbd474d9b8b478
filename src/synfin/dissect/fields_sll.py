"""Fields of Linux cooked captures, versions 1 and 2."""

from __future__ import annotations

from synfin.dissect import trailer, values
from synfin.dissect.context import Facts
from synfin.dissect.cursor import Cursor, over
from synfin.dissect.declare import Declare
from synfin.dissect.field import Field
from synfin.dissect.load import number, whole
from synfin.dissect.option import Found, Item
from synfin.wire.frame import Frame
from synfin.wire.layer import Layer

LAYERS = ("sll", "sll2")
GRE_TUNNEL = 778  #: hardware type of an interface whose protocols are numbers of GRE
LARGEST_LINUX_TYPE = 0x05FF  #: greater numbers are EtherTypes
ADDRESS_LEN = 8


def type_name(frame: Frame, layer: Layer) -> str:
    """The field that the protocol's number is."""
    newer = layer.name == "sll2"
    kind, hardware = number(frame, layer, 0 if newer else 14, 2), number(frame, layer, 8 if newer else 2, 2)
    if hardware == GRE_TUNNEL:
        return "sll.gretype"
    return "sll.ltype" if kind <= LARGEST_LINUX_TYPE else "sll.etype"


def walk(frame: Frame, layer: Layer, facts: Facts | None) -> tuple[Item, ...]:
    cursor = over(frame, layer)
    if layer.name == "sll2":
        cursor.number(type_name(frame, layer), 2)
        cursor.skip(2)
        cursor.number("sll.ifindex", 4)
        cursor.number("sll.hatype", 2)
        cursor.number("sll.pkttype", 1)
        _address(cursor, cursor.number("sll.halen", 1))
        return tuple(cursor.items)
    cursor.number("sll.pkttype", 2)
    cursor.number("sll.hatype", 2)
    _address(cursor, cursor.number("sll.halen", 2))
    cursor.number(type_name(frame, layer), 2)
    return tuple(cursor.items)


def _address(cursor: Cursor, size: int) -> None:
    """Eight bytes, of which the address takes as many as it is long."""
    told = min(max(size, 0), ADDRESS_LEN)
    cursor.raw({4: "sll.src.ipv4", 6: "sll.src.eth"}.get(told, "sll.src.other"), told)
    cursor.raw("sll.unused", ADDRESS_LEN - told)


HEADER = Found(walk)
_sll = Declare(HEADER, *LAYERS)

FIELDS = (
    Field("sll", "protocol", LAYERS, whole, "Linux cooked capture", "Linux 加工捕获", below=HEADER),
    _sll("sll.etype", "u16x", "Protocol", "协议", values=values.ETHERTYPE),
    _sll("sll.gretype", "u16x", "Protocol", "协议", values=values.GRE_PROTOCOL),
    _sll("sll.ltype", "u16x", "Protocol", "协议", values={1: "Novell 802.3 frame without LLC", 3: "Ethernet",
         4: "802.2 LLC", 12: "CAN", 13: "CAN FD"}),
    _sll("sll.ifindex", "u32", "Interface index", "接口索引"),
    _sll("sll.pkttype", "u16", "Packet type", "报文类型", values=values.COOKED_PACKET),
    _sll("sll.hatype", "u16", "Link-layer address type", "链路地址类型", values=values.HARDWARE),
    _sll("sll.halen", "u16", "Link-layer address length", "链路地址长度"),
    _sll("sll.src.eth", "ether", "Source", "源地址"),
    _sll("sll.src.ipv4", "ipv4", "Source", "源地址"),
    _sll("sll.src.other", "bytes", "Source", "源地址"),
    _sll("sll.unused", "bytes", "Unused", "未用"),
    Field("sll.trailer", "bytes", LAYERS, trailer.TRAILER, "Trailer", "尾部"),
)  # fmt: skip
