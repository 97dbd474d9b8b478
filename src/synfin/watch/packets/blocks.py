"""Captures as blocks of rows, with facts and values where they are asked for: what columns and filters work on.

A block is what the kernels have said of at most 1,024 frames, and the bytes that these stand in. It is valid until the
next one is asked for. `view` gives values of fields (`_kernels/cells.py`); for what it does not know `frame` and
`facts` build the objects of the readable core, equal to those of `synfin.watch.packets.annotate`.
"""

from __future__ import annotations

import contextlib
import os
from array import array
from collections.abc import Callable, Collection, Iterator, Sequence
from itertools import islice
from struct import Struct, unpack_from
from typing import TYPE_CHECKING

from synfin._kernels import cells, follow, scan
from synfin.capture.blocks import to_ns
from synfin.capture.cores import cores
from synfin.capture.reader import open_capture
from synfin.watch.engine.described import int64
from synfin.watch.engine.row_walk import RowWalk, row_walk, sifting_walk
from synfin.watch.engine.slow import SlowPath
from synfin.watch.packets.column_fields import Needs, Spec

if TYPE_CHECKING:
    from synfin._kernels.sift import Sieve
    from synfin.capture.packet import Packet
    from synfin.capture.reader import CaptureReader
    from synfin.wire.frame import Frame

CHUNK = 1 << 19  #: bytes in memory at a time
SLOWLY = 64  #: packets that the readable reader takes before the kernels try again
ROWS = 1024  #: of a block: small enough to stay in the cache
MANY = 4 * ROWS  #: rows of which few are left: what a block costs is worth more than the cache
_ENOUGH = 4096  #: frames, of which more than three in four pass: then a sieve costs more than it saves

_ROW = Struct(scan.ROW_FORMAT)
_TIME_OFFSET = Struct("<qQ")  # the first two members of a row
_NO_TIME_NS = -(1 << 63)  #: in rows for `view`, where the file tells no time: it leaves them to the readable code
BEFORE_DATA = 28  #: bytes of an Enhanced Packet Block before the packet's
#: of a capture, and a function that tells how many frames were read
Around = Callable[["CaptureReader", Callable[[], int]], contextlib.AbstractContextManager[object]]


class _Keeping(SlowPath):
    """Keeps the frames that it has taken apart, as long as their block lasts."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self.frames: dict[int, Frame] = {}

    def take(self, packet: Packet, rows: bytearray, index: int) -> None:
        super().take(packet, rows, index)
        if self.last is not None:
            self.frames[index] = self.last


class Blocks:
    """The blocks of captures read in the order given as one input.

    `needs` says what is to be done on the way, `finished` has followed the whole input before (HINDSIGHT). Each capture
    is read inside of what `around` gives for it. `last` is the last frame; a sieve or marks do not go with it.
    """

    def __init__(
        self, paths: Sequence[str], needs: Needs, finished: follow.Tracker | None = None,
        warnings: list[str] | None = None, around: Around | None = None, findings: bool = False,
        last: int | None = None,
    ) -> None:  # fmt: skip
        detailed, factual = bool(needs & Needs.VALUES), bool(needs & (Needs.FOLLOWING | Needs.VALUES))
        self.tracker = _tracker(detailed, factual, findings) if factual or needs & Needs.MARKS else None
        self.finished = finished
        self.view = cells.Block()
        self.rows = bytearray(ROWS * scan.row_size())
        self.facts = bytearray(ROWS * follow.fact_size()) if factual else None
        self.values = bytearray(ROWS * follow.value_size()) if detailed else None
        #: analysis flags of the rows, where nothing else is needed of what was followed
        self.marks = array("H", bytes(2 * ROWS)) if self.tracker is not None and not factual else None
        self.streams = array("I", bytes(4 * ROWS)) if self.marks is not None else None  #: of the rows, too
        #: rows may be left out without one of these flags (0: any), and a stream in these ranges; None: no row may
        self.marked: tuple[int, array[int]] | None = None
        self._scanned: bytearray | None = None  # where so many rows stand before some are left out
        self._scanned_marks, self._scanned_streams = array("H"), array("I")
        self.count = 0  #: rows of the block
        self.recalled: Collection[int] = ()  #: rows that other frames can be told of, where somebody looks for them
        self.spoken: Collection[int] = ()  #: rows that show a message, where connections are followed
        self.first = 1  #: number of its first frame
        self.frames = 0  #: frames up to the end of the block
        self.sieve: Sieve | None = None  #: what no row is made of; only where nothing but bytes is needed
        self._sparse = False  # whether the rows of the block leave out frames
        self._numbers, self._befores_ns = array("I", bytes(4 * ROWS)), array("q", bytes(8 * ROWS))
        self._behind = 0, 0  # number and time of the last frame that a sieve has seen
        self.buffer: bytes | bytearray = b""
        self.base = 0  #: offset in the input of buffer[0]
        self.packet: Packet | None = None  #: of a block of one, which the readable reader has read
        self.reader: CaptureReader | None = None
        self._paths = paths
        self._warnings = warnings
        self._last = last
        self._around = around or _nothing_around
        self._seed = int.from_bytes(os.urandom(8), "little")  # nobody can know which endpoints collide
        self._slow = _Keeping(self._seed)
        self._none = bytes(ROWS)
        self.first_ns = 0  #: exact time of the input's first frame
        self.before_ns = 0  #: of the frame before the block
        self._last_ns = 0
        self._fields: dict[Spec, int] = {}

    @property
    def taken_apart(self) -> dict[int, Frame]:
        """Frames of the block, by row, that had to be taken apart with what was known before them."""
        return self._slow.frames

    def number(self, index: int) -> int:
        """The number of a row's frame."""
        return self._numbers[index] if self._sparse else self.first + index

    def before_row_ns(self, index: int) -> int:
        """The time of the frame before a row's; its own for the first frame."""
        if self._sparse and self._befores_ns[index] >= 0:
            return self._befores_ns[index]
        return self.time_ns(index - 1) if index else self.before_ns

    def field(self, where: Spec) -> int:
        """The number of a field in `view`."""
        if where not in self._fields:
            self._fields[where] = self.view.field(*where[:6])
        return self._fields[where]

    def __iter__(self) -> Iterator[Blocks]:
        for path in self._paths:
            with open_capture(path, first_number=self.frames + 1) as reader:
                if cores() > 1:
                    reader.source.read_ahead()
                self.reader = reader
                try:
                    with self._around(reader, lambda: self.frames):
                        yield from self._blocks(reader)
                finally:
                    if self._warnings is not None:
                        self._warnings.extend(reader.warnings)
            if self._ended():
                return

    def time_ns(self, index: int) -> int:
        """The time of a row, also one that 64 bits do not hold: they hold it modulo 2**64."""
        if self.packet is not None:
            return self.packet.time_ns
        time_ns, offset = _TIME_OFFSET.unpack_from(self.rows, index * _ROW.size)
        if time_ns >= 0 or self.reader is None or self.reader.pcapng is None:
            return int(time_ns)
        order, at = self.reader.pcapng.byte_order, offset - self.base - BEFORE_DATA
        in_section, high, low = unpack_from(order + "III", self.buffer, at + 8)
        interface = self.reader.interfaces[self.reader.pcapng.first_interface + in_section]
        return to_ns(high << 32 | low, interface)

    def _blocks(self, reader: CaptureReader) -> Iterator[Blocks]:
        if self.marked:
            self._scanned = bytearray(MANY * scan.row_size())
            self._scanned_marks, self._scanned_streams = array("H", bytes(2 * MANY)), array("I", bytes(4 * MANY))
        walk = self._sifting(reader) or row_walk(reader, self._scanned or self.rows, self._seed)
        if walk is None:
            for packet in reader:
                self._single(packet)
                yield self
                if self._ended():
                    return
            return
        buffer, filled = bytearray(CHUNK), 0
        while True:
            with memoryview(buffer) as view:
                got = reader.source.readinto(view[filled:])
            filled += got
            base, at, why = reader.source.tell() - filled, 0, scan.FULL
            while filled and why == scan.FULL:
                count, at, why = walk(buffer, at, filled, base)
                if self._last is not None:
                    count = min(count, self._last - self.frames)
                if count and self._scanned is not None:
                    yield from self._marked(self._scanned, count, buffer, base)
                elif count:
                    self._many(count, buffer, base)
                    yield self
                if self._ended():
                    return
            if got and why in (scan.DONE, scan.FULL) and (at or filled < len(buffer)):
                if at:
                    buffer[: filled - at] = buffer[at:filled]
                    filled -= at
                continue
            reader.source.unread(bytes(buffer[at:filled]))
            reader.resume(self.frames)
            filled = read = 0
            for packet in islice(reader, SLOWLY):
                read += 1
                self._single(packet)
                yield self
                if self._ended():
                    return
            if read < SLOWLY:
                return

    def _ended(self) -> bool:
        """Whether the last frame was read that is to be."""
        return self._last is not None and self.frames >= self._last

    def _sifting(self, reader: CaptureReader) -> RowWalk | None:
        """The walk through the sieve, as long as that is worth while."""
        plainly = row_walk(reader, self.rows, self._seed)
        if self.sieve is None or plainly is None:
            return None
        sifted = sifting_walk(reader, self.rows, self._seed, self.sieve, self._numbers, self._befores_ns)
        if sifted is None:
            return None
        seen = kept = 0

        def walk(buffer: bytearray, at: int, end: int, base: int) -> tuple[int, int, int]:
            nonlocal seen, kept
            self._sparse = seen < _ENOUGH or 4 * kept < 3 * seen
            if not self._sparse:
                return plainly(buffer, at, end, base)
            count, at, why, number, last_ns = sifted(buffer, at, end, base, self.frames, int64(self._last_ns))
            seen, kept = seen + number - self.frames, kept + count
            self._behind = number, last_ns
            if number > self.frames and not count:
                self._pass_by()
            return count, at, why

        return walk

    def _pass_by(self) -> None:
        """Frames went by of which none has a row."""
        self.frames, self._last_ns = self._behind
        self.view.passed(self._last_ns)

    def _single(self, packet: Packet) -> None:
        """The block of one packet that the readable reader has read."""
        time_ns = int64(packet.time_ns)
        scan.scan_frame(
            packet.data, time_ns, packet.wire_len, packet.link_type, packet.offset, packet.interface,
            self.rows, 0, self._seed,
        )  # fmt: skip
        self._sparse = False
        self._slow.frames.clear()
        if scan.next_slow(self.rows, 0, 1) == 0:
            self._slow.take(packet._replace(time_ns=time_ns), self.rows, 0)
        self._follow(1, packet.data, packet.offset, packet)
        self._attach()

    def _many(self, count: int, buffer: bytearray, base: int) -> None:
        """The block of these rows."""
        self._slow.frames.clear()
        self._slow.complete(self.rows, count, buffer, base)
        self._follow(count, buffer, base, None)
        self._attach()

    def _marked(self, rows: bytearray, count: int, buffer: bytearray, base: int) -> Iterator[Blocks]:
        """Blocks of those rows that have a flag; of all, where the readable code had to do with one."""
        from synfin._kernels import sift

        assert self.tracker is not None and self.marks is not None and self.streams is not None and self.marked
        self._slow.frames.clear()
        self._slow.complete(rows, count, buffer, base)
        self.tracker.mark(rows, count, self._scanned_marks, self._scanned_streams)
        self.buffer, self.base, self.packet, at = buffer, base, None, 0
        while at < count and not self._slow.frames:
            kept, behind, last_ns = sift.keep_marked(
                rows, at, count, self._scanned_marks, self._scanned_streams, *self.marked, self.frames,
                int64(self._last_ns), self.rows, self.marks, self.streams, self._numbers, self._befores_ns,
            )  # fmt: skip
            if kept < 0:
                break
            self._sparse, self.first, self.count, self.frames = True, self.frames + 1, kept, self.frames + behind - at
            at, self._last_ns = behind, last_ns
            if self.first == 1:
                self.first_ns = self.time_ns(0)
            if kept:
                self._attach()
                yield self
            else:
                self.view.passed(last_ns)
        yield from self._unmarked(rows, at, count, dict(self._slow.frames))

    def _unmarked(self, rows: bytearray, at: int, count: int, slow: dict[int, Frame]) -> Iterator[Blocks]:
        """The rows from `at` on, which were followed already, in blocks."""
        assert self.marks is not None and self.streams is not None
        while at < count:
            size = min(count - at, ROWS)
            self.rows[: size * _ROW.size] = rows[at * _ROW.size : (at + size) * _ROW.size]
            self.marks[:size] = self._scanned_marks[at : at + size]
            self.streams[:size] = self._scanned_streams[at : at + size]
            self._slow.frames.clear()
            self._slow.frames.update((index - at, one) for index, one in slow.items() if at <= index < at + size)
            self._sparse = False
            self._number(size)
            self._attach()
            yield self
            at += size

    def _number(self, count: int) -> None:
        """The next rows of so many frames, and their times."""
        self.first, self.count = self.frames + 1, count
        self.frames = self._behind[0] if self._sparse else self.frames + count
        if self.first == 1:
            self.first_ns = self._last_ns = self.time_ns(0)
        self.before_ns, self._last_ns = self._last_ns, self.time_ns(count - 1)
        if self._sparse and self._behind[1] >= 0:  # an odd time is that of a row
            self._last_ns = self._behind[1]

    def _follow(self, count: int, buffer: bytes | bytearray, base: int, packet: Packet | None) -> None:
        """Number the rows, and tell of each what is needed beyond its bytes."""
        self.buffer, self.base, self.packet = buffer, base, packet
        self._number(count)
        if self.tracker is None:
            return
        if self.marks is not None and self.streams is not None:
            self.tracker.mark(self.rows, count, self.marks, self.streams)
        elif self.values is None:
            self.tracker.follow(self.rows, count, self.facts, self.finished)
        else:
            self.tracker.follow(self.rows, count, self.facts, self.finished, self.values)

    def _attach(self) -> None:
        if self.packet is not None and not self.packet.timed:
            _TIME_OFFSET.pack_into(self.rows, 0, _NO_TIME_NS, self.packet.offset)
        slow = self._none
        if self._slow.frames:
            slow = bytes(index in self._slow.frames for index in range(self.count))
        self.view.attach(
            self.rows, self.count, self.first, self.buffer, self.base, slow,
            self.facts, follow.fact_size(), self.values, follow.value_size(),
            self._numbers if self._sparse else None, self._befores_ns if self._sparse else None, self.marks,
            self.streams,
        )  # fmt: skip
        if self._sparse:
            self.view.passed(int64(self._last_ns))


def _tracker(detailed: bool, factual: bool, findings: bool) -> follow.Tracker:
    if not factual:
        return follow.Tracker(bytes([follow.NO_STATE]) * 384, facts=False)  # it looks at no state
    from synfin.tcp.state import matrix

    if not findings:
        return follow.Tracker(matrix(), detailed)
    from synfin.watch.engine.compiled import thresholds

    return follow.Tracker(matrix(), detailed, limits=thresholds())


def _nothing_around(reader: CaptureReader, frames: Callable[[], int]) -> contextlib.AbstractContextManager[object]:
    return contextlib.nullcontext()
