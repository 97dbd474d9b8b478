"""Some packets of captures into a new one: what pcapng tells besides packets is copied as it stands, block by block."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Sequence
from typing import BinaryIO

from synfin.capture import blocks
from synfin.capture.kinds import PCAPNG_MAGIC
from synfin.capture.packet import Packet
from synfin.capture.pcap import PcapWriter
from synfin.capture.pcapng import PcapngWriter
from synfin.capture.reader import CaptureReader, open_capture
from synfin.capture.source import ByteSource, open_source

_NO_COPY = 0x40000BAD  #: a custom block whose maker forbids copying it
_HEAD = 8
_SECTION_LEN_AT = 8  #: where a Section Header Block's body has the section's length
_UNKNOWN_LEN = b"\xff" * 8
_MICROSECONDS = 1_000_000
_PCAP_SNAP_LEN = 262144


def keep_pcapng(paths: Sequence[str], numbers: Iterable[int], output: BinaryIO) -> int:
    """Write the frames with these (ascending) numbers as pcapng, a section or more for each capture; how many.

    Sections, interfaces, names, statistics, options and times of a pcapng capture stay what they are, byte for byte.
    """
    wanted, last, kept = _Numbers(numbers), 0, 0
    for path in paths:
        source = open_source(path)
        try:
            if source.peek(len(PCAPNG_MAGIC)) == PCAPNG_MAGIC:
                count, last = _copy_blocks(source, wanted, output, last)
            else:
                count, last = _convert(path, wanted, output, last)
        finally:
            source.close()
        kept += count
    return kept


def keep_pcap(
    paths: Sequence[str], numbers: Iterable[int], output: BinaryIO, *, nanoseconds: bool | None = None
) -> tuple[int, int]:
    """Write the frames with these (ascending) numbers as pcap; how many, and how many of their comments were lost.

    None: nanoseconds where the first frame's capture has them. UsageError where the frames have several link types.
    """
    writer, kept, lost = None, 0, 0
    for packet, reader in _chosen(paths, _Numbers(numbers)):
        interface = reader.interfaces[packet.interface]
        if writer is None:
            fine = interface.ticks_per_second > _MICROSECONDS if nanoseconds is None else nanoseconds
            snap_len = interface.snap_len or _PCAP_SNAP_LEN
            writer = PcapWriter(output, packet.link_type, snap_len=snap_len, nanoseconds=fine)
        writer.write(packet)
        kept, lost = kept + 1, lost + len(packet.comments)
    if writer is None:
        PcapWriter(output, _first_link_type(paths), snap_len=_PCAP_SNAP_LEN, nanoseconds=bool(nanoseconds))
    return kept, lost


class _Numbers:
    """Ascending numbers, one looked at ahead."""

    def __init__(self, numbers: Iterable[int]) -> None:
        self._numbers = iter(numbers)
        self._next = next(self._numbers, None)

    @property
    def left(self) -> bool:
        return self._next is not None

    def has(self, number: int) -> bool:
        """Whether `number`, not less than any asked for before, is one of them."""
        while self._next is not None and self._next < number:
            self._next = next(self._numbers, None)
        return self._next == number


def _chosen(paths: Sequence[str], wanted: _Numbers) -> Iterator[tuple[Packet, CaptureReader]]:
    last = 0
    for path in paths:
        with open_capture(path, first_number=last + 1) as reader:
            for packet in reader:
                last = packet.number
                if wanted.has(last):
                    yield packet, reader
                if not wanted.left:
                    return


def _first_link_type(paths: Sequence[str]) -> int:
    with open_capture(paths[0]) as reader:
        next(iter(reader), None)
        return reader.interfaces[0].link_type if reader.interfaces else 1


def _convert(path: str, wanted: _Numbers, output: BinaryIO, last: int) -> tuple[int, int]:
    """Packets of another format as one section; (how many, the last frame's number)."""
    kept = 0
    with open_capture(path, first_number=last + 1) as reader:
        writer = PcapngWriter(output, interfaces=reader.interfaces, application="synfin", keep_ticks=True)
        for packet in reader:
            last = packet.number
            if wanted.has(last):
                writer.write(packet)
                kept += 1
    return kept, last


def _copy_blocks(source: ByteSource, wanted: _Numbers, output: BinaryIO, last: int) -> tuple[int, int]:
    """The blocks of a pcapng capture without the packets that are not wanted; (how many are, the last number)."""
    kept = 0
    for kind, block in _blocks(source):
        if kind in blocks.PACKETS:
            last += 1
            if not wanted.has(last):
                continue
            kept += 1
        if kind != _NO_COPY:
            output.write(block)
    return kept, last


def _blocks(source: ByteSource) -> Iterator[tuple[int, bytes]]:
    """Type and bytes of each block, up to the first that is damaged; sections lose their length, which changes."""
    order = ""
    while len(head := source.read(_HEAD)) == _HEAD:
        if head[:4] == PCAPNG_MAGIC:
            order = blocks.section_order(source.peek(4)) or ""
        if not order:
            return
        kind, length = struct.unpack(order + "II", head)
        if not blocks.MIN_BLOCK_LEN <= length <= blocks.MAX_BLOCK_LEN or length % 4:
            return
        rest = source.read(length - _HEAD)
        if len(rest) < length - _HEAD or rest[-4:] != head[4:]:
            return
        if kind == blocks.SECTION:
            rest = rest[:_SECTION_LEN_AT] + _UNKNOWN_LEN + rest[_SECTION_LEN_AT + len(_UNKNOWN_LEN) :]
        yield kind, head + rest
