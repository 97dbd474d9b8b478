"""pcapng's blocks (draft-ietf-opsawg-pcapng), one function each way; all take bytes and a byte order, none reads."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

from synfin.capture.damage import Damage
from synfin.capture.packet import NOTHING_NOTED, Interface, Noted

SECTION, INTERFACE, OLD_PACKET, SIMPLE_PACKET = 0x0A0D0D0A, 1, 2, 3
INTERFACE_STATISTICS, ENHANCED_PACKET = 5, 6
PACKETS = frozenset((OLD_PACKET, SIMPLE_PACKET, ENHANCED_PACKET))
WANTED = PACKETS | {SECTION, INTERFACE, INTERFACE_STATISTICS}  #: every other block is skipped

BYTE_ORDER_MAGIC = 0x1A2B3C4D
MIN_BLOCK_LEN = 12
MAX_BLOCK_LEN = 16 * 1024 * 1024
MAX_NAME_LEN = 255
BILLION = 1_000_000_000

_END_OF_OPTIONS, _COMMENT = 0, 1
_SHB_HARDWARE, _SHB_OS, _SHB_APPLICATION = 2, 3, 4
_IF_NAME, _IF_DESCRIPTION, _IF_TSRESOL, _IF_FCSLEN, _IF_TSOFFSET = 2, 3, 9, 13, 14
_EPB_FLAGS, _EPB_DROPCOUNT, _EPB_PACKETID, _EPB_QUEUE, _EPB_VERDICT = 2, 4, 5, 6, 7
_ISB_IFRECV, _ISB_IFDROP, _ISB_OSDROP = 4, 5, 7
_UNKNOWN_DROPS = 0xFFFF
_FCS_SHIFT = 5  # four bits of a packet's flags
_UNKNOWN_SECTION_LEN = -1


class Section(NamedTuple):
    """What a Section Header Block says."""

    byte_order: str  #: "<" or ">", as `struct` writes it
    version: tuple[int, int]


class PacketHeader(NamedTuple):
    """What stands in a packet block around the packet; `start` is where its bytes begin in the block's body."""

    interface: int  #: index in its section
    ticks: int | None  #: time in units of the interface, None where the block has none
    cap_len: int
    wire_len: int
    start: int
    drops: int | None = None  #: lost since the interface's previous packet


def section_order(magic: bytes) -> str | None:
    """The byte order that a section's byte-order magic (4 bytes) stands for, None when it is none."""
    return {b"\x4d\x3c\x2b\x1a": "<", b"\x1a\x2b\x3c\x4d": ">"}.get(magic)


def parse_section(body: bytes) -> Section:
    """A Section Header Block's body (what stands between its two lengths); Damage when it is none."""
    order = section_order(body[:4])
    if order is None:
        raise Damage(0, f"no byte-order magic in the section header ({body[:4].hex(' ') or 'nothing'})")
    if len(body) < 16:
        raise Damage(0, f"the section header has only {len(body)} bytes")
    major, minor = struct.unpack_from(order + "HH", body, 4)
    if major != 1 or minor not in (0, 2):
        raise Damage(0, f"pcapng version {major}.{minor} is not supported")
    return Section(order, (major, minor))


def parse_interface(body: bytes, order: str) -> Interface:
    """An Interface Description Block's body; Damage when it is too short."""
    if len(body) < 8:
        raise Damage(0, f"the interface description has only {len(body)} bytes")
    link_type, snap_len = struct.unpack_from(order + "H2xI", body)
    name, description, ticks, offset_s, fcs_len = "", "", 1_000_000, 0, None
    for code, value in options(body, 8, order):
        if code == _IF_NAME:
            name = _text(value)[:MAX_NAME_LEN]
        elif code == _IF_DESCRIPTION:
            description = _text(value)[:MAX_NAME_LEN]
        elif code == _IF_TSRESOL and len(value) == 1:
            ticks = 1 << (value[0] & 0x7F) if value[0] & 0x80 else 10 ** value[0]
        elif code == _IF_FCSLEN and len(value) == 1:
            fcs_len = value[0]
        elif code == _IF_TSOFFSET and len(value) == 8:
            (offset_s,) = struct.unpack(order + "q", value)
    return Interface(link_type, snap_len, ticks, name, ts_offset_s=offset_s, description=description, fcs_len=fcs_len)


def parse_enhanced(body: bytes, order: str) -> PacketHeader:
    """An Enhanced Packet Block's body; Damage when its packet does not fit into it."""
    _need(body, 20)
    interface, high, low, cap_len, wire_len = struct.unpack_from(order + "IIIII", body)
    _need(body, 20 + cap_len)
    return PacketHeader(interface, high << 32 | low, cap_len, wire_len, 20)


def parse_old(body: bytes, order: str) -> PacketHeader:
    """The body of the obsolete Packet Block; Damage when its packet does not fit into it."""
    _need(body, 20)
    interface, drops, high, low, cap_len, wire_len = struct.unpack_from(order + "HHIIII", body)
    _need(body, 20 + cap_len)
    known = None if drops == _UNKNOWN_DROPS else drops
    return PacketHeader(interface, high << 32 | low, cap_len, wire_len, 20, known)


def parse_simple(body: bytes, order: str, snap_len: int) -> PacketHeader:
    """A Simple Packet Block's body: the section's first interface, cut at its `snap_len`, without a time."""
    _need(body, 4)
    (wire_len,) = struct.unpack_from(order + "I", body)
    cap_len = min(wire_len, snap_len) if snap_len else wire_len
    _need(body, 4 + cap_len)
    return PacketHeader(0, None, cap_len, wire_len, 4)


class PacketOptions(NamedTuple):
    """What the options of a packet's block tell of it."""

    comments: tuple[str, ...] = ()
    drops: int | None = None  #: packets lost before it
    flags: int | None = None
    noted: Noted = NOTHING_NOTED

    @property
    def fcs_len(self) -> int | None:
        """Bytes of frame check sequence, where the flags tell."""
        return (self.flags or 0) >> _FCS_SHIFT & 0xF or None


def packet_options(body: bytes, header: PacketHeader, order: str) -> PacketOptions:
    """The options of an Enhanced (or old) Packet Block."""
    comments: list[str] = []
    verdicts: list[bytes] = []
    drops, flags, noted = header.drops, None, NOTHING_NOTED
    for code, value in options(body, header.start + header.cap_len + (-header.cap_len & 3), order):
        if code == _COMMENT:
            comments.append(_text(value))
        elif code == _EPB_DROPCOUNT and len(value) == 8:
            (drops,) = struct.unpack(order + "Q", value)
        elif code == _EPB_FLAGS and len(value) == 4:
            (flags,) = struct.unpack(order + "I", value)
        elif code == _EPB_PACKETID and len(value) == 8:
            noted = noted._replace(packet_id=struct.unpack(order + "Q", value)[0])
        elif code == _EPB_QUEUE and len(value) == 4:
            noted = noted._replace(queue=struct.unpack(order + "I", value)[0])
        elif code == _EPB_VERDICT and value:
            verdicts.append(_in_network_order(value, order))
    if verdicts:
        noted = noted._replace(verdicts=tuple(verdicts))
    return PacketOptions(tuple(comments), drops, flags, noted)


def _in_network_order(verdict: bytes, order: str) -> bytes:
    """A verdict of hardware is bytes, one of eBPF a number of 64 bits."""
    kind, rest = verdict[:1], verdict[1:]
    return kind + rest[::-1] if order == "<" and kind in (b"\1", b"\2") else verdict


def parse_statistics(body: bytes, order: str) -> tuple[int, int | None]:
    """An Interface Statistics Block's body: the interface's index in its section, and the packets lost so far."""
    _need(body, 12)
    (interface,) = struct.unpack_from(order + "I", body)
    lost = [
        struct.unpack(order + "Q", value)[0]
        for code, value in options(body, 12, order)
        if code in (_ISB_IFDROP, _ISB_OSDROP) and len(value) == 8
    ]
    return interface, sum(lost) if lost else None


def options(body: bytes, at: int, order: str) -> Iterator[tuple[int, bytes]]:
    """Code and value of each option from `at` on, up to the end mark or the first that does not fit."""
    head = struct.Struct(order + "HH")
    while at + 4 <= len(body):
        code, length = head.unpack_from(body, at)
        end = at + 4 + length
        if code == _END_OF_OPTIONS or end > len(body):
            return
        yield code, body[at + 4 : end]
        at = end + (-length & 3)


def to_ns(ticks: int, interface: Interface) -> int:
    """A block's timestamp in nanoseconds since the epoch, rounded down, exact in whole numbers."""
    return ticks * BILLION // interface.ticks_per_second + interface.ts_offset_s * BILLION


def section_block(*, application: str, operating_system: str, hardware: str, comment: str) -> bytes:
    """A Section Header Block of unknown length, little endian; empty texts are left out."""
    texts = ((_COMMENT, comment), (_SHB_HARDWARE, hardware), (_SHB_OS, operating_system))
    body = struct.pack("<IHHq", BYTE_ORDER_MAGIC, 1, 0, _UNKNOWN_SECTION_LEN)
    return _block(SECTION, body, _text_options(*texts, (_SHB_APPLICATION, application)))


def interface_block(interface: Interface, ns_per_tick: int = 1) -> bytes:
    """An Interface Description Block whose timestamps are nanoseconds, or, where a tick is 1,000, microseconds."""
    resolution = _option(_IF_TSRESOL, b"\x09") if ns_per_tick == 1 else b""  # without it they are microseconds
    body = struct.pack("<HHI", interface.link_type & 0xFFFF, 0, interface.snap_len & 0xFFFFFFFF)
    return _block(INTERFACE, body, _text_options((_IF_NAME, interface.name)) + resolution)


def enhanced_block(interface: int, ticks: int, data: bytes, wire_len: int, comments: tuple[str, ...]) -> bytes:
    """An Enhanced Packet Block; `ticks`, in its interface's unit, must fit 64 bits."""
    high, low = ticks >> 32, ticks & 0xFFFFFFFF
    body = struct.pack("<IIIII", interface, high, low, len(data), wire_len & 0xFFFFFFFF) + data
    comment_options = _text_options(*((_COMMENT, comment) for comment in comments))
    return _block(ENHANCED_PACKET, body + bytes(-len(data) & 3), comment_options)


def statistics_block(interface: int, ticks: int, received: int, dropped: int) -> bytes:
    """An Interface Statistics Block: what the capture got and lost until `ticks`."""
    body = struct.pack("<III", interface, ticks >> 32, ticks & 0xFFFFFFFF)
    counts = _option(_ISB_IFRECV, struct.pack("<Q", received)) + _option(_ISB_IFDROP, struct.pack("<Q", dropped))
    return _block(INTERFACE_STATISTICS, body, counts)


def _block(kind: int, body: bytes, option_bytes: bytes = b"") -> bytes:
    if option_bytes:
        body += option_bytes + bytes(4)  # the end mark
    length = len(body) + MIN_BLOCK_LEN
    return struct.pack("<II", kind, length) + body + struct.pack("<I", length)


def _option(code: int, value: bytes) -> bytes:
    return struct.pack("<HH", code, len(value)) + value + bytes(-len(value) & 3)


def _text_options(*texts: tuple[int, str]) -> bytes:
    return b"".join(_option(code, _encoded(text)) for code, text in texts if text)


def _encoded(text: str) -> bytes:
    """UTF-8 of at most 65535 bytes, cut between characters."""
    return text.encode("utf-8", "replace")[:0xFFFF].decode("utf-8", "ignore").encode()


def _text(value: bytes) -> str:
    return value.partition(b"\0")[0].decode("utf-8", "replace")


def _need(body: bytes, length: int) -> None:
    if len(body) < length:
        raise Damage(0, f"corrupt block: its contents need {length} bytes, it has room for {len(body)}")
