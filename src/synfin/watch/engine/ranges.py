"""A capture file read in ranges of bytes, several at once: each finds for itself where its first record begins.

Such a beginning is a guess. It counts only where the records before it, walked from a known one, end exactly there;
where they do not, the range is read again from where they do end. So ranges give the rows that one walk gives.
"""

from __future__ import annotations

import os
from array import array
from collections.abc import Iterable
from typing import TYPE_CHECKING, Protocol

from synfin._kernels import boundary, scan

if TYPE_CHECKING:
    from synfin.capture.pcap import PcapHeader

PIECE = 1 << 19  #: bytes of a range that are in memory at a time: they stay in the cache until they are scanned
ROWS = 8192  #: of a range
_LONGEST = 1 << 18  # of a record; longer ones are left to the walk from the beginning
_BETWEEN = 64  # records between two ranges: one, unless a guess left some out
_ROW_LEN = scan.row_size()
_NS = 1_000_000_000

Buffer = bytearray | memoryview


class Walk(Protocol):
    """How records of a file follow each other."""

    def rows(self, data: Buffer, at: int, end: int, base: int, rows: Buffer) -> tuple[int, int, int]:
        """As `scan.scan_pcap`: (rows written, position of the rest, why it stopped)."""

    def guess(self, data: Buffer, end: int) -> int:
        """Where a record probably begins, -1 for nowhere."""


class PcapWalk:
    def __init__(self, header: PcapHeader, seed: int) -> None:
        self._big, self._ticks = int(header.byte_order == ">"), header.ticks_per_second
        self._link_type, self._seed = header.link_type, seed

    def rows(self, data: Buffer, at: int, end: int, base: int, rows: Buffer) -> tuple[int, int, int]:
        tick = _NS // self._ticks
        return scan.scan_pcap(data, at, end, base, self._big, tick, self._link_type, rows, self._seed)

    def guess(self, data: Buffer, end: int) -> int:
        return boundary.guess_pcap(data, end, self._big, self._ticks)


class PcapngWalk:
    """Of one section; `interfaces` as `scan.scan_pcapng` takes them."""

    def __init__(self, byte_order: str, interfaces: array[int], seed: int) -> None:
        self._big, self._interfaces, self._seed = int(byte_order == ">"), interfaces, seed

    def rows(self, data: Buffer, at: int, end: int, base: int, rows: Buffer) -> tuple[int, int, int]:
        return scan.scan_pcapng(data, at, end, base, self._big, self._interfaces, rows, self._seed)

    def guess(self, data: Buffer, end: int) -> int:
        return boundary.guess_pcapng(data, end, self._big)


class Range:
    """The rows of a range of bytes. Memory is used again from range to range."""

    def __init__(self) -> None:
        self.rows = bytearray()  # its memory is asked for by the thread that reads
        self.count = 0
        self.slow = False  #: whether rows are left to the readable code
        self.first = 0  #: offset of the first record, -1 where none was found
        self.end = 0  #: offset behind the last whole record
        self.whole = False  #: whether everything up to the end of the range was read
        self.stuck = False  #: whether a record could not be read, or the file ended
        self._buffer = bytearray()
        self._head, self._tail = b"", b""

    def read(self, descriptor: int, start: int, stop: int, *, walk: Walk, known: bool) -> None:
        """Scan the records that lie in the bytes from `start` to `stop`; `known`: one begins at `start`."""
        self.count, self.first, self.end, self.whole = 0, start if known else -1, start, False
        self._head, self._tail, self.stuck = b"", b"", False
        if not self.rows:
            self.rows, self._buffer = bytearray(ROWS * _ROW_LEN), bytearray(PIECE + _LONGEST)
        self._scan(descriptor, start, stop, walk)
        self.slow = scan.next_slow(self.rows, 0, self.count) >= 0

    def _scan(self, descriptor: int, start: int, stop: int, walk: Walk) -> None:
        filled, offset = 0, start
        with memoryview(self._buffer) as buffer, memoryview(self.rows) as rows:
            while offset < stop:
                size = min(PIECE, stop - offset, len(buffer) - filled)
                got = _read(descriptor, buffer[filled : filled + size], offset)
                if not got:
                    self.stuck = True
                    return
                filled, offset = filled + got, offset + got
                at = 0
                if self.first < 0:
                    at = walk.guess(buffer, filled)
                    if at < 0:
                        return
                    self._head, self.first = bytes(buffer[:at]), start + at
                count, at, why = walk.rows(buffer, at, filled, offset - filled, rows[self.count * _ROW_LEN :])
                self.count += count
                self.end = offset - filled + at
                if why != scan.DONE:
                    self.stuck = why != scan.FULL
                    return
                buffer[: filled - at] = buffer[at:filled]
                filled -= at
            self._tail, self.whole = bytes(buffer[:filled]), True

    def between(self, following: Range, walk: Walk) -> Between | None:
        """The records that begin in this range and end in the following one; None where its guess is refuted."""
        if not self.whole or following.first < 0:
            return None
        data = bytearray(self._tail + following._head)
        found = Between()
        found.count, at, _ = walk.rows(data, 0, len(data), self.end, found.rows)
        found.slow = scan.next_slow(found.rows, 0, found.count) >= 0
        return found if at == len(data) else None


def _read(descriptor: int, into: memoryview, offset: int) -> int:
    """How many bytes were there; 0 where reading fails, too: whoever reads on from there will be told."""
    try:
        return os.preadv(descriptor, [into], offset) if into else 0
    except OSError:
        return 0


class Between:
    """The rows of the few records between two ranges."""

    def __init__(self) -> None:
        self.rows = bytearray(_BETWEEN * _ROW_LEN)
        self.count = 0
        self.slow = False


def joined(ranges: Iterable[Range], walk: Walk) -> tuple[list[Range | Between], int, bool]:
    """The rows of ranges that follow each other, the first of which begins at a known record, as far as guesses hold;
    the offset behind them; and whether more may follow there."""
    parts: list[Range | Between] = []
    last: Range | None = None
    for one in ranges:
        if last is not None:
            between = last.between(one, walk)
            if between is None:
                break
            parts.append(between)
        parts.append(one)
        last = one
    assert last is not None
    return parts, last.end, not last.stuck
