"""The pcapng format, read and written: several sections and interfaces, comments, drop counts."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from typing import BinaryIO

from synfin.capture import blocks
from synfin.capture.blocks import BILLION, Section, parse_interface, parse_section, section_order, to_ns
from synfin.capture.damage import Damage
from synfin.capture.kinds import PCAPNG_MAGIC
from synfin.capture.limits import max_cap_len
from synfin.capture.packet import Interface, Packet
from synfin.capture.source import ByteSource
from synfin.errors import UsageError

__all__ = ["PcapngReader", "PcapngWriter", "Section", "parse_interface", "parse_section", "to_ns"]

_MICROSECOND = 1_000
MAX_INTERFACES = 65536  #: of a whole input; a file that describes more is out for our memory


class PcapngReader:
    """Walks the blocks of a source; `interfaces` grows as they are met and learns their drop counts."""

    def __init__(self, source: ByteSource) -> None:
        self.interfaces: list[Interface] = []
        self._source = source
        self._number = 1
        self.byte_order = ""  #: of the current section; empty before the first
        self.first_interface = 0  #: index of the current section's first interface
        self._sections = 0
        self.timeless = 0  #: packets so far of which the file tells no time
        self._epb_drops: dict[int, int] = {}  # by interface index, summed over packets

    def read_header(self) -> None:
        """Read the first Section Header Block; Damage when the input does not begin with one."""
        self._next_block()

    def packets(self, number: int = 1) -> Iterator[Packet]:
        """The packets from here on, the next with this number; Damage where the rest cannot be read."""
        self._number = number
        while (block := self._next_block()) is not None:
            kind, body, offset = block
            try:
                if kind in blocks.PACKETS:
                    yield self._packet(kind, body, offset + 8)
                elif kind == blocks.INTERFACE:
                    self._add_interface(parse_interface(body, self.byte_order))
                elif kind == blocks.INTERFACE_STATISTICS:
                    self._note_statistics(body)
            except Damage as damage:
                raise Damage(offset, damage.what) from None

    def _next_block(self) -> tuple[int, bytes, int] | None:
        """Type, body and offset of the next block; the body is empty where nobody needs it, None is the end."""
        offset = self._source.tell()
        head = self._source.read(8)
        if not head:
            return None
        if len(head) < 8:
            raise Damage(offset, f"cut short ({len(head)} of 8 bytes of a block header)")
        if head[:4] == PCAPNG_MAGIC:
            self._begin_section(offset)
        elif not self.byte_order:
            raise Damage(offset, "no section header")
        kind, length = struct.unpack(self.byte_order + "II", head)
        if not blocks.MIN_BLOCK_LEN <= length <= blocks.MAX_BLOCK_LEN or length % 4:
            raise Damage(offset, f"corrupt block: its length is {length}")
        body = self._read_body(kind, length - blocks.MIN_BLOCK_LEN, offset)
        if kind == blocks.SECTION:
            self._check_section(body, offset)
        return kind, body, offset

    def _read_body(self, kind: int, length: int, offset: int) -> bytes:
        wanted = kind in blocks.WANTED
        body = self._source.read(length) if wanted else b""
        got = len(body) if wanted else self._source.skip(length)
        trailer = self._source.read(4)
        if got < length or len(trailer) < 4:
            raise Damage(offset, f"cut short ({8 + got + len(trailer)} of {length + 12} bytes of a block)")
        (again,) = struct.unpack(self.byte_order + "I", trailer)
        if again != length + blocks.MIN_BLOCK_LEN:
            raise Damage(offset, f"corrupt block: it begins with length {length + 12} and ends with {again}")
        return body

    def _begin_section(self, offset: int) -> None:
        """A section's byte order is needed before its length can be read."""
        magic = self._source.peek(4)
        order = section_order(magic)
        if order is None:
            short = "cut short" if len(magic) < 4 else "corrupt"
            raise Damage(offset, f"{short} section header: byte-order magic {magic.hex(' ') or 'missing'}")
        self.byte_order = order

    def _check_section(self, body: bytes, offset: int) -> None:
        try:
            parse_section(body)
        except Damage as damage:
            raise Damage(offset, damage.what) from None
        self.first_interface = len(self.interfaces)
        self._sections += 1

    def _add_interface(self, interface: Interface) -> None:
        if len(self.interfaces) >= MAX_INTERFACES:
            raise Damage(0, f"more than {MAX_INTERFACES} interfaces")
        self.interfaces.append(interface._replace(section=self._sections, first=self.first_interface))

    def _index(self, in_section: int) -> int:
        index = self.first_interface + in_section
        if index >= len(self.interfaces):
            known = len(self.interfaces) - self.first_interface
            raise Damage(0, f"corrupt block: interface {in_section} of a section that describes {known}")
        return index

    def _packet(self, kind: int, body: bytes, body_offset: int) -> Packet:
        order = self.byte_order
        if kind == blocks.ENHANCED_PACKET:
            header = blocks.parse_enhanced(body, order)
        elif kind == blocks.OLD_PACKET:
            header = blocks.parse_old(body, order)
        else:
            header = blocks.parse_simple(body, order, self.interfaces[self._index(0)].snap_len)
        index = self._index(header.interface)
        interface = self.interfaces[index]
        largest = max_cap_len(interface.link_type)
        if header.cap_len > largest:
            raise Damage(0, f"corrupt block: captured length {header.cap_len} (at most {largest} is possible)")
        told = blocks.PacketOptions()
        if kind != blocks.SIMPLE_PACKET:
            told = blocks.packet_options(body, header, order)
            if told.drops:
                self._note_drops(index, told.drops)
        self.timeless += header.ticks is None
        number = self._number
        self._number += 1
        end = header.start + header.cap_len
        return Packet(
            number,
            0 if header.ticks is None else to_ns(header.ticks, interface),
            interface.link_type,
            body[header.start : end],
            header.wire_len,
            body_offset + header.start,
            index,
            told.comments,
            told.flags,
            told.drops,
            body_offset - 8,
            told.noted,
            interface.fcs_len if told.fcs_len is None else told.fcs_len,
            timed=header.ticks is not None,
        )

    def _note_drops(self, index: int, drops: int) -> None:
        total = self._epb_drops[index] = self._epb_drops.get(index, 0) + drops
        self._set_drops(index, total)

    def _note_statistics(self, body: bytes) -> None:
        in_section, drops = blocks.parse_statistics(body, self.byte_order)
        if drops is not None:
            self._set_drops(self._index(in_section), drops)

    def _set_drops(self, index: int, drops: int) -> None:
        """Packets tell what was lost since the last one, statistics the total so far: the larger knows more."""
        interface = self.interfaces[index]
        if interface.drops is None or drops > interface.drops:
            self.interfaces[index] = interface._replace(drops=drops)


class PcapngWriter:
    """Writes pcapng packet by packet, with comments; times are nanoseconds.

    `keep_ticks`: where an interface counts microseconds, its times stay that; none is finer then.

    `interfaces` is read again whenever a packet names an interface that is not written yet: a reader's own list, which
    grows as it reads, may be given.
    """

    def __init__(
        self,
        file: BinaryIO,
        interfaces: Sequence[Interface] = (),
        *,
        application: str = "synfin",
        operating_system: str = "",
        hardware: str = "",
        comment: str = "",
        keep_ticks: bool = False,
    ) -> None:
        self._file = file
        self._keep_ticks = keep_ticks
        self._interfaces = interfaces
        self._described = 0  # interfaces that are written
        self._last_ns = 0
        section = blocks.section_block(
            application=application, operating_system=operating_system, hardware=hardware, comment=comment
        )
        file.write(section)
        self._describe_interfaces()

    def write(self, packet: Packet) -> None:
        """Append `packet`; UsageError where its interface is unknown or differs, or its time needs over 64 bits."""
        if not self._knows(packet.interface):
            raise UsageError(f"packet {packet.number} names interface {packet.interface}, which nothing describes")
        link_type = self._interfaces[packet.interface].link_type
        if packet.link_type != link_type:
            raise UsageError(f"packet {packet.number} has link type {packet.link_type}, its interface {link_type}")
        if not 0 <= packet.time_ns < 1 << 64:
            raise UsageError(f"packet {packet.number} has a time that 64 bits of ns cannot hold: {packet.time_ns}")
        self._last_ns = packet.time_ns
        ticks = packet.time_ns // self._ns_per_tick(self._interfaces[packet.interface])
        self._file.write(blocks.enhanced_block(packet.interface, ticks, packet.data, packet.wire_len, packet.comments))

    def write_statistics(self, interface: int, received: int, dropped: int, *, time_ns: int | None = None) -> None:
        """Append what the capture counted at `interface` until `time_ns` (None: the last packet's time)."""
        if not self._knows(interface):
            raise UsageError(f"statistics for interface {interface}, which nothing describes")
        at = self._last_ns if time_ns is None else time_ns
        ticks = at // self._ns_per_tick(self._interfaces[interface])
        self._file.write(blocks.statistics_block(interface, ticks, received, dropped))

    def flush(self) -> None:
        """Give what is written to the operating system."""
        self._file.flush()

    def _knows(self, interface: int) -> bool:
        if interface >= self._described:
            self._describe_interfaces()
        return 0 <= interface < self._described

    def _describe_interfaces(self) -> None:
        for interface in self._interfaces[self._described :]:
            self._file.write(blocks.interface_block(interface, self._ns_per_tick(interface)))
            self._described += 1

    def _ns_per_tick(self, interface: Interface) -> int:
        return _MICROSECOND if self._keep_ticks and interface.ticks_per_second == BILLION // _MICROSECOND else 1
