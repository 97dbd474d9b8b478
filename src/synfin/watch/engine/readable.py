"""The engine without compiled kernels: the readable tracker, frame by frame."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from synfin.watch.engine.engine import Place
from synfin.watch.follow.tracker import Tracker
from synfin.wire.fragments import Reassembler
from synfin.wire.frame import Frame, dissect

if TYPE_CHECKING:
    from synfin.capture.packet import Packet
    from synfin.capture.reader import CaptureReader
    from synfin.watch.follow.raw import RawConnection


class ReadableEngine:
    """See `Engine`."""

    def __init__(self) -> None:
        self.frames = 0
        self.segments = 0
        self.last: Frame | None = None
        self._tracker = Tracker()
        self._fragments = Reassembler()

    def feed(self, reader: CaptureReader) -> None:
        for _ in self.steps(reader):
            pass

    def steps(self, reader: CaptureReader) -> Iterator[None]:
        for packet in reader:
            self.see(packet)
            yield

    def see(self, packet: Packet) -> Place | None:
        self.frames += 1
        self.last = dissect(packet, self._fragments)
        found = self._tracker.follow(self.last)
        if found is None:
            return None
        row, tracked = found
        if row.quoted:
            return Place(None, row.stream.number, row.bits)
        self.segments += 1
        return Place(tracked.number, row.stream.number, row.bits)

    def connections(self) -> Iterator[RawConnection]:
        return iter(self._tracker.connections())

    @property
    def connection_count(self) -> int:
        return sum(1 for _ in self.connections())

    def connection(self, number: int) -> RawConnection | None:
        return next((raw for raw in self.connections() if raw.conn == number), None)
