"""The pcap format, read and written: one link type, microseconds or nanoseconds, either byte order."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from synfin.capture.damage import Damage
from synfin.capture.limits import MAX_CAP_LEN, max_cap_len
from synfin.capture.packet import Interface, Packet
from synfin.capture.source import ByteSource
from synfin.errors import UsageError

HEADER_LEN = 24
RECORD_HEADER_LEN = 16
BILLION = 1_000_000_000

#: First four bytes → byte order (as `struct` writes it) and ticks per second.
MAGICS = {
    b"\xd4\xc3\xb2\xa1": ("<", 1_000_000),
    b"\xa1\xb2\xc3\xd4": (">", 1_000_000),
    b"\x4d\x3c\xb2\xa1": ("<", BILLION),
    b"\xa1\xb2\x3c\x4d": (">", BILLION),
}

_RESERVED_LINK_BITS = 0x03FF0000
_FCS_PRESENT = 0x04000000


class PcapHeader(NamedTuple):
    """A pcap file header."""

    byte_order: str  #: "<" or ">", as `struct` writes it
    ticks_per_second: int  #: of the fraction in each record
    link_type: int  #: LINKTYPE_ value, 16 bits
    snap_len: int
    version: tuple[int, int] = (2, 4)
    fcs_len: int | None = None  #: bytes of frame check sequence at the end of each frame, where the file tells
    #: Whether the captured length stands after the wire length; None: the smaller one is the captured length.
    lengths_swapped: bool | None = False

    def interface(self) -> Interface:
        return Interface(
            self.link_type, snap_len=self.snap_len, ticks_per_second=self.ticks_per_second, fcs_len=self.fcs_len
        )

    def lengths(self, first: int, second: int) -> tuple[int, int]:
        """Captured length and wire length from a record's third and fourth field."""
        swap = first > second if self.lengths_swapped is None else self.lengths_swapped
        return (second, first) if swap else (first, second)


def parse_header(data: bytes) -> PcapHeader:
    """The file header at the front of `data` (24 bytes); Damage when it is none, or one that cannot be relied on."""
    if data[:4] not in MAGICS:
        raise Damage(0, "no pcap file header")
    if len(data) < HEADER_LEN:
        raise Damage(len(data), f"the pcap file header is cut short: {len(data)} of {HEADER_LEN} bytes")
    order, ticks = MAGICS[data[:4]]
    major, minor, snap_len, link = struct.unpack_from(order + "4xHH8xII", data)
    if major < 2:
        raise Damage(4, f"pcap version {major}.{minor} is not supported")
    if link & _RESERVED_LINK_BITS:
        raise Damage(20, f"the pcap link type 0x{link:08x} has reserved bits set")
    return PcapHeader(
        order, ticks, link & 0xFFFF, snap_len, (major, minor), _fcs_len(link), _lengths_swapped(major, minor)
    )


def _fcs_len(link: int) -> int | None:
    """It is counted in words of 16 bits."""
    return 2 * (link >> 28) if link & _FCS_PRESENT else None


def _lengths_swapped(major: int, minor: int) -> bool | None:
    """Before version 2.3 the lengths stood the other way round, and writers of 2.3 did either."""
    if major != 2 or minor > 3:
        return False
    return None if minor == 3 else True


def read_packets(source: ByteSource, header: PcapHeader, first_number: int = 1) -> Iterator[Packet]:
    """The packets after the file header; Damage where the rest cannot be read."""
    unpack = struct.Struct(header.byte_order + "IIII").unpack
    nanoseconds_per_tick = BILLION // header.ticks_per_second
    link_type, largest = header.link_type, max_cap_len(header.link_type)
    number, offset = first_number, source.tell()
    while record := source.read(RECORD_HEADER_LEN):
        if len(record) < RECORD_HEADER_LEN:
            raise Damage(offset, f"cut short ({len(record)} of {RECORD_HEADER_LEN} bytes of a record header)")
        seconds, fraction, first, second = unpack(record)
        cap_len, wire_len = header.lengths(first, second)
        if cap_len > largest:
            raise Damage(offset, f"corrupt record: captured length {cap_len} (at most {largest} is possible)")
        data = source.read(cap_len)
        if len(data) < cap_len:
            raise Damage(offset, f"cut short ({len(data)} of {cap_len} bytes of a packet)")
        time_ns = seconds * BILLION + fraction * nanoseconds_per_tick
        offset += RECORD_HEADER_LEN
        yield Packet(
            number, time_ns, link_type, data, wire_len, offset, record=offset - RECORD_HEADER_LEN,
            fcs_len=header.fcs_len,
        )  # fmt: skip
        offset += cap_len
        number += 1


class PcapWriter:
    """Writes a pcap file of one link type, packet by packet; comments and interfaces have no place in it."""

    def __init__(
        self, file: BinaryIO, link_type: int, *, snap_len: int = MAX_CAP_LEN, nanoseconds: bool = True
    ) -> None:
        self._file = file
        self._link_type = link_type
        self._tick_ns = 1 if nanoseconds else 1000
        magic = 0xA1B23C4D if nanoseconds else 0xA1B2C3D4
        file.write(struct.pack("<IHHiIII", magic, 2, 4, 0, 0, snap_len, link_type))

    def write(self, packet: Packet) -> None:
        """Append `packet`; UsageError where pcap cannot hold it (another link type, a time outside 1970 to 2106)."""
        if packet.link_type != self._link_type:
            raise UsageError(
                f"packet {packet.number} has link type {packet.link_type}, the pcap file has {self._link_type}: "
                "write pcapng instead"
            )
        seconds, rest = divmod(packet.time_ns, BILLION)
        if not 0 <= seconds <= 0xFFFFFFFF:
            raise UsageError(
                f"packet {packet.number} has a time that pcap cannot hold ({seconds} s): write pcapng instead"
            )
        record = struct.pack("<IIII", seconds, rest // self._tick_ns, len(packet.data), packet.wire_len & 0xFFFFFFFF)
        self._file.write(record + packet.data)

    def flush(self) -> None:
        """Give what is written to the operating system."""
        self._file.flush()
