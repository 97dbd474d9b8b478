"""Captures as blocks of rows, with facts and values where they are asked for: what columns and filters work on.

A block is what the kernels have said of at most 1,024 frames, and the bytes that these stand in. It is valid until the
next one is asked for. `view` gives values of fields (`_kernels/cells.py`); for what it does not know `frame` and
`facts` build the objects of the readable core, equal to those of `synfin.watch.packets.annotate`.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from struct import Struct, unpack_from
from typing import TYPE_CHECKING

from synfin._kernels import cells, follow, scan
from synfin.capture.blocks import to_ns
from synfin.capture.cores import cores
from synfin.capture.reader import open_capture
from synfin.tcp.state import matrix
from synfin.watch.engine.compiled import thresholds
from synfin.watch.engine.described import int64
from synfin.watch.engine.row_walk import row_walk
from synfin.watch.engine.slow import SlowPath
from synfin.watch.packets.column_fields import Needs, Spec

if TYPE_CHECKING:
    from synfin.capture.packet import Packet
    from synfin.capture.reader import CaptureReader
    from synfin.wire.frame import Frame

CHUNK = 1 << 19  #: bytes in memory at a time
SLOWLY = 64  #: packets that the readable reader takes before the kernels try again
ROWS = 1024  #: of a block: small enough to stay in the cache

_ROW = Struct(scan.ROW_FORMAT)
_TIME_OFFSET = Struct("<qQ")  # the first two members of a row
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
    is read inside of what `around` gives for it.
    """

    def __init__(
        self, paths: Sequence[str], needs: Needs, finished: follow.Tracker | None = None,
        warnings: list[str] | None = None, around: Around | None = None, findings: bool = False,
    ) -> None:  # fmt: skip
        detailed = bool(needs & Needs.VALUES)
        limits = thresholds() if findings else b""
        following = needs & (Needs.FOLLOWING | Needs.VALUES)
        self.tracker = follow.Tracker(matrix(), detailed, limits=limits) if following else None
        self.finished = finished
        self.view = cells.Block()
        self.rows = bytearray(ROWS * scan.row_size())
        self.facts = bytearray(ROWS * follow.fact_size()) if self.tracker is not None else None
        self.values = bytearray(ROWS * follow.value_size()) if detailed else None
        self.count = 0  #: rows of the block
        self.first = 1  #: number of its first frame
        self.buffer: bytes | bytearray = b""
        self.base = 0  #: offset in the input of buffer[0]
        self.packet: Packet | None = None  #: of a block of one, which the readable reader has read
        self.reader: CaptureReader | None = None
        self._paths = paths
        self._warnings = warnings
        self._around = around or _nothing_around
        self._seed = int.from_bytes(os.urandom(8), "little")  # nobody can know which endpoints collide
        self._slow = _Keeping(self._seed)
        self._none = bytes(ROWS)
        self.first_ns = 0  #: exact time of the input's first frame
        self.before_ns = 0  #: of the frame before the block
        self._last_ns = 0
        self._fields: dict[Spec, int] = {}

    @property
    def frames(self) -> int:
        """Frames up to the end of the block."""
        return self.first - 1 + self.count

    @property
    def taken_apart(self) -> dict[int, Frame]:
        """Frames of the block, by row, that had to be taken apart with what was known before them."""
        return self._slow.frames

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
        walk = row_walk(reader, self.rows, self._seed)
        if walk is None:
            for packet in reader:
                yield self._single(packet)
            return
        buffer, filled = bytearray(CHUNK), 0
        while True:
            with memoryview(buffer) as view:
                got = reader.source.readinto(view[filled:])
            filled += got
            base, at, why = reader.source.tell() - filled, 0, scan.FULL
            while filled and why == scan.FULL:
                count, at, why = walk(buffer, at, filled, base)
                if count:
                    yield self._many(count, buffer, base)
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
                yield self._single(packet)
            if read < SLOWLY:
                return

    def _single(self, packet: Packet) -> Blocks:
        """The block of one packet that the readable reader has read."""
        time_ns = int64(packet.time_ns)
        scan.scan_frame(
            packet.data, time_ns, packet.wire_len, packet.link_type, packet.offset, packet.interface,
            self.rows, 0, self._seed,
        )  # fmt: skip
        self._slow.frames.clear()
        if scan.next_slow(self.rows, 0, 1) == 0:
            self._slow.take(packet._replace(time_ns=time_ns), self.rows, 0)
        return self._attach(1, packet.data, packet.offset, packet)

    def _many(self, count: int, buffer: bytearray, base: int) -> Blocks:
        self._slow.frames.clear()
        self._slow.complete(self.rows, count, buffer, base)
        return self._attach(count, buffer, base, None)

    def _attach(self, count: int, buffer: bytes | bytearray, base: int, packet: Packet | None) -> Blocks:
        self.first, self.count = self.frames + 1, count
        self.buffer, self.base, self.packet = buffer, base, packet
        if self.first == 1:
            self.first_ns = self._last_ns = self.time_ns(0)
        self.before_ns, self._last_ns = self._last_ns, self.time_ns(count - 1)
        if self.tracker is not None and self.facts is not None:
            if self.values is None:
                self.tracker.follow(self.rows, count, self.facts, self.finished)
            else:
                self.tracker.follow(self.rows, count, self.facts, self.finished, self.values)
        slow = self._none
        if self._slow.frames:
            slow = bytes(index in self._slow.frames for index in range(count))
        self.view.attach(
            self.rows, count, self.first, buffer, base, slow,
            self.facts, follow.fact_size(), self.values, follow.value_size(),
        )  # fmt: skip
        return self


def _nothing_around(reader: CaptureReader, frames: Callable[[], int]) -> contextlib.AbstractContextManager[object]:
    return contextlib.nullcontext()


def followed(paths: Sequence[str], *, findings: bool = False) -> follow.Tracker:
    """A tracker that has followed the whole input; with `findings` it has noticed what was unusual."""
    blocks = Blocks(paths, Needs.FOLLOWING, findings=findings)
    for _ in blocks:
        pass
    assert blocks.tracker is not None
    return blocks.tracker
