"""Opening a capture of any kind: what it is shows in its first bytes."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import TYPE_CHECKING, BinaryIO

from synfin.capture import kinds, pcap
from synfin.capture.damage import Damage, damage_warning, source_warning, unreadable
from synfin.capture.kinds import PCAPNG_MAGIC
from synfin.capture.packet import Interface, Packet
from synfin.capture.source import ByteSource, open_source
from synfin.errors import UnreadableInput

if TYPE_CHECKING:
    from synfin.capture.pcapng import PcapngReader


_ENOUGH_FOR_ERF = 1 << 17  #: bytes in which two records stand, whatever their length


class CaptureReader:
    """The packets of one capture, once, in order. What cannot be read ends it with one warning, never an error."""

    def __init__(self, source: ByteSource, format_name: str, interfaces: list[Interface], number: int = 1) -> None:
        self.source = source
        self.format = format_name  #: "pcap-le-us", "pcap-be-ns", "pcapng" …; "gzip:" before it when compressed
        self.interfaces = interfaces  #: grows while a pcapng file is read
        self.warnings: list[str] = []  #: complete once the packets are read
        self.pcap_header: pcap.PcapHeader | None = None  #: of a pcap file; `source` stands behind it
        self.pcapng: PcapngReader | None = None  #: of a pcapng file; `source` stands behind its first section header
        self._last_number = number - 1
        self._packets: Iterator[Packet] = iter(())
        self._rest: Callable[[int], Iterator[Packet]] = lambda number: iter(())

    @property
    def name(self) -> str:
        """The path, or "standard input"."""
        return self.source.name

    def __iter__(self) -> Iterator[Packet]:
        return self._packets

    def __enter__(self) -> CaptureReader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file, unless it was handed in open."""
        self.source.close()

    def start(self, rest: Callable[[int], Iterator[Packet]]) -> None:
        """Take the packets from `rest`, which is told the next frame's number and raises Damage at an early end."""
        self._rest = rest
        self.resume(self._last_number)

    def resume(self, last_number: int) -> None:
        """Go on after frame `last_number`, where the source stands: somebody else has read the frames up to there."""
        self._last_number = last_number
        self._packets = self._guarded(self._rest(last_number + 1))

    def _guarded(self, packets: Iterator[Packet]) -> Iterator[Packet]:
        try:
            for packet in packets:
                self._last_number = packet.number
                yield packet
        except Damage as damage:
            number = self._last_number + 1
            self.warnings.append(damage_warning(self.name, damage, number, problem=self.source.problem))
        else:
            if self.source.problem:
                self.warnings.append(source_warning(self.name, self.source.problem, self._last_number))


def open_capture(source: str | os.PathLike[str] | BinaryIO, *, first_number: int = 1) -> CaptureReader:
    """Open a path, `-` (standard input) or a binary stream, plain or compressed; nothing is sought.

    Formats: pcap, pcapng, snoop, ERF, EtherPeek (classic); compression: gzip, zstd.

    Raises UnreadableInput, with offset and remedy, when it is no such capture. `first_number` is the number of the
    first frame, for captures that continue others.
    """
    opened = open_source(source)
    try:
        return _reader(opened, first_number)
    except BaseException:
        opened.close()
        raise


def _reader(source: ByteSource, first_number: int) -> CaptureReader:
    start = source.peek(pcap.HEADER_LEN)  # no more: a live capture may begin with its header alone
    try:
        if start[:4] in pcap.MAGICS:
            return _pcap_reader(source, first_number)
        if start[:4] == PCAPNG_MAGIC:
            return _pcapng_reader(source, first_number)
        if start.startswith(kinds.SNOOP_MAGIC):
            return _snoop_reader(source, first_number)
        if start[:1] in kinds.ETHERPEEK_VERSIONS and kinds.is_etherpeek(source.peek(kinds.LONGEST)):
            return _etherpeek_reader(source, first_number)
    except Damage as damage:
        advice = "its beginning is needed: copy or capture it again"
        raise _unreadable(source, damage.offset, damage.what, start[damage.offset :], advice) from None
    seen = source.peek(kinds.LONGEST)
    if not kinds.is_known(seen):
        from synfin.capture import erf

        if erf.looks_like_erf(source.peek(_ENOUGH_FOR_ERF)):
            return _erf_reader(source, first_number)
    what, advice = kinds.recognise(seen)
    raise _unreadable(source, 0, what, seen, advice)


def _pcap_reader(source: ByteSource, first_number: int) -> CaptureReader:
    header = pcap.parse_header(source.peek(pcap.HEADER_LEN))
    source.skip(pcap.HEADER_LEN)
    order = "le" if header.byte_order == "<" else "be"
    unit = "us" if header.ticks_per_second == 1_000_000 else "ns"
    reader = CaptureReader(source, _named(source, f"pcap-{order}-{unit}"), [header.interface()], first_number)
    reader.pcap_header = header
    reader.start(lambda number: pcap.read_packets(source, header, number))
    return reader


def _pcapng_reader(source: ByteSource, first_number: int) -> CaptureReader:
    from synfin.capture.pcapng import PcapngReader

    walker = PcapngReader(source)
    walker.read_header()
    reader = CaptureReader(source, _named(source, "pcapng"), walker.interfaces, first_number)
    reader.pcapng = walker
    reader.start(walker.packets)
    return reader


def _snoop_reader(source: ByteSource, first_number: int) -> CaptureReader:
    from synfin.capture import snoop

    interface = snoop.read_header(source)
    reader = CaptureReader(source, _named(source, "snoop"), [interface], first_number)
    reader.start(lambda number: snoop.read_packets(source, interface, number))
    return reader


def _etherpeek_reader(source: ByteSource, first_number: int) -> CaptureReader:
    from synfin.capture import etherpeek

    version, since, interface = etherpeek.read_header(source)
    name = "peekclassic7" if version == 7 else "peekclassic56"
    reader = CaptureReader(source, _named(source, name), [interface], first_number)
    reader.start(lambda number: etherpeek.read_packets(source, version, since, interface, number))
    return reader


def _erf_reader(source: ByteSource, first_number: int) -> CaptureReader:
    from synfin.capture import erf

    reader = CaptureReader(source, _named(source, "erf"), [], first_number)
    reader.start(lambda number: erf.read_packets(source, reader.interfaces, number))
    return reader


def _named(source: ByteSource, kind: str) -> str:
    return f"{source.compression}:{kind}" if source.compression else kind


def _unreadable(source: ByteSource, offset: int, what: str, seen: bytes, advice: str) -> UnreadableInput:
    if source.problem:
        what = f"{what}; {source.problem}"
    return unreadable(source.name, offset, what, seen, advice)
