"""A capture file read in ranges of bytes, several at once: each finds for itself where its first record begins.

Such a beginning is a guess. It counts only where the records before it, walked from a known one, end exactly there;
where they do not, the range is read again from where they do end. So ranges give the rows that one walk gives.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from synfin._kernels import scan, stretch
from synfin._kernels.deal import Deal
from synfin.watch.engine.described import Described

if TYPE_CHECKING:
    from synfin.capture.reader import CaptureReader

ROWS = 4096  #: of a range
SHORTEST, LONGEST = 1 << 16, 1 << 23  #: bytes of a range
BUFFER = stretch.PIECE_LEN + (1 << 18)  #: bytes to read with; longer records are left to the walk from the beginning


def walk_of(reader: CaptureReader, seed: int) -> stretch.Walk | None:
    """How records of a capture follow each other from where its reader stands; None where ranges cannot be read."""
    header, section = reader.pcap_header, reader.pcapng
    if header is not None:
        if header.lengths_swapped is not False:
            return None
        return stretch.Walk(int(header.byte_order == ">"), header.ticks_per_second, header.link_type, seed)
    if section is None:
        return None
    described = Described(reader.interfaces).since(section.first_interface)
    return stretch.Walk(int(section.byte_order == ">"), 1, 0, seed, described)


class Range:
    """The rows of a range of bytes, dealt to shards. Memory is used again from range to range."""

    def __init__(self, shards: int) -> None:
        self.rows = bytearray()  # its memory is asked for by the thread that reads
        self.deal = Deal(shards, ROWS)
        self.known = False  #: whether a record begins where it begins
        self.first = 0  #: offset of the first record, -1 where none was found
        self.end = 0  #: offset behind the last one
        self.why = stretch.WHOLE  #: what ended it
        self.is_read = False
        self.is_dropped = False
        self._start = self._stop = 0

    def begin(self, start: int, stop: int, *, known: bool) -> None:
        """To be read next: the records that begin in the bytes from `start` to `stop`."""
        self._start, self._stop, self.known = start, stop, known
        self.is_read = self.is_dropped = False

    def read(self, walk: stretch.Walk, descriptor: int, buffer: bytearray) -> None:
        """Read them; `buffer` has BUFFER bytes."""
        if not self.rows:
            self.rows = bytearray(ROWS * scan.row_size())
        self.first, self.end, self.why = stretch.read(
            walk, descriptor, self._start, self._stop, self.known, buffer, self.rows, self.deal
        )


class Span:
    """How many bytes a range should have for its rows to fit."""

    def __init__(self) -> None:
        self.len_bytes = SHORTEST

    def learn(self, size: int, count: int) -> None:
        """So many rows were in `size` bytes."""
        if count:
            self.len_bytes = max(SHORTEST, min(size // count * ROWS * 3 // 4, LONGEST)) & ~3
