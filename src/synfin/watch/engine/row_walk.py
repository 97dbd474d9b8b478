"""Bytes of a capture to rows, by the kernel for its format."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from synfin._kernels import scan
from synfin.watch.engine.described import Described

if TYPE_CHECKING:
    from array import array

    from synfin._kernels.sift import Sieve
    from synfin.capture.reader import CaptureReader

#: buffer, where to begin, where it ends, offset of its first byte in the input: how many rows, where they end, and why
RowWalk = Callable[[bytearray, int, int, int], tuple[int, int, int]]
Sifted = tuple[int, int, int, int, int]  #: the same, and number and time of the last frame that was passed
Sifting = Callable[[bytearray, int, int, int, int, int], Sifted]  #: also given those of the last frame before
_NS = 1_000_000_000


def row_walk(reader: CaptureReader, rows: bytearray, seed: int) -> RowWalk | None:
    """What fills `rows` from where a reader stands; None for formats that are left to the reader."""
    header, section = reader.pcap_header, reader.pcapng
    if header is not None:
        if header.lengths_swapped is not False:
            return None
        big, tick, link_type = int(header.byte_order == ">"), _NS // header.ticks_per_second, header.link_type

        def walk_pcap(buffer: bytearray, at: int, end: int, base: int) -> tuple[int, int, int]:
            return scan.scan_pcap(buffer, at, end, base, big, tick, link_type, rows, seed)

        return walk_pcap
    if section is None:
        return None
    described = Described(reader.interfaces)

    def walk_pcapng(buffer: bytearray, at: int, end: int, base: int) -> tuple[int, int, int]:
        big, interfaces = int(section.byte_order == ">"), described.since(section.first_interface)
        return scan.scan_pcapng(buffer, at, end, base, big, interfaces, rows, seed)

    return walk_pcapng


def sifting_walk(
    reader: CaptureReader, rows: bytearray, seed: int, sieve: Sieve, numbers: array[int], befores_ns: array[int]
) -> Sifting | None:
    """The walk that leaves out what falls through a sieve; None where there is none for the format."""
    header = reader.pcap_header
    if header is None or header.lengths_swapped is not False:
        return None
    from synfin._kernels import sift

    big, tick, link_type = int(header.byte_order == ">"), _NS // header.ticks_per_second, header.link_type

    def walk(buffer: bytearray, at: int, end: int, base: int, number: int, last_ns: int) -> Sifted:
        return sift.sift_pcap(
            sieve, buffer, at, end, base, big, tick, link_type, rows, seed, numbers, befores_ns, number, last_ns
        )

    return walk
