"""One connection told without taking every packet apart: the kernels say where its frames lie in the files.

For whoever asks for one connection after another of a large capture. What cannot be picked out (compressed files,
segments in IP fragments, captures with ICMP errors about connections) is left to `retell`.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Collection, Iterator, Sequence
from struct import Struct
from typing import NamedTuple

from synfin._kernels import follow, scan
from synfin.capture.packet import Packet
from synfin.capture.reader import open_capture
from synfin.watch.connections.record import Connection, Story
from synfin.watch.engine.compiled import CompiledEngine
from synfin.watch.follow.analysis import flag_names
from synfin.watch.follow.raw import RawConnection
from synfin.watch.story.retell import REMEMBERED
from synfin.watch.story.story import tell
from synfin.watch.story.sums import note_sum
from synfin.wire.frame import dissect
from synfin.wire.tcp import Segment

_ROW, _FACT = Struct(scan.ROW_FORMAT), Struct(follow.FACT_FORMAT)
_KIND_TCP, _KIND_QUOTED = 1, 4  # of _kernels/row.pxd


class _Place(NamedTuple):
    """A frame, and where its bytes are."""

    path: str
    packet: Packet  #: without its bytes
    size: int
    bits: int


class _Picker:
    """Notes the frames of one connection as blocks pass by."""

    def __init__(self, chosen: Connection, earlier: Sequence[RawConnection]) -> None:
        self.found: list[_Place] = []
        self.past: deque[_Place] = deque(maxlen=REMEMBERED)
        self.end_ns: int | None = None
        self.path = ""
        self._number = 1  # of the block's first frame
        self._first = min((one.first_frame for one in earlier), default=chosen.frames[0])
        self._last = chosen.frames[1]
        self._conn, self._earlier = chosen.conn, frozenset(one.conn for one in earlier)

    def take(self, rows: bytearray, facts: bytearray, count: int) -> None:
        size = scan.row_size()
        times = memoryview(rows)[: count * size].cast("q")[:: size // 8]  # the time stands first in a row
        end_ns = max(times)
        self.end_ns = end_ns if self.end_ns is None else max(self.end_ns, end_ns)
        for place in range(max(self._first - self._number, 0), min(self._last - self._number + 1, count)):
            self._note(rows, facts, place)
        self._number += count

    def _note(self, rows: bytearray, facts: bytearray, place: int) -> None:
        fact = dict(zip(follow.FACT_FIELDS, _FACT.unpack_from(facts, place * _FACT.size), strict=True))
        if fact["conn"] != self._conn and fact["conn"] not in self._earlier:
            return
        row = dict(zip(scan.ROW_FIELDS, _ROW.unpack_from(rows, place * _ROW.size), strict=True))
        if not row["kind"] & _KIND_TCP or row["kind"] & _KIND_QUOTED:
            return
        packet = Packet(
            self._number + place, row["time_ns"], row["link_type"], b"", row["wire_len"], row["offset"],
            row["interface"],
        )  # fmt: skip
        place_of = self.found if fact["conn"] == self._conn else self.past
        place_of.append(_Place(self.path, packet, row["cap_len"], fact["bits"]))


def pick_story(paths: Sequence[str], chosen: Connection, earlier: Sequence[RawConnection] = ()) -> Story | None:
    """The story of one connection; None where its frames cannot be picked out. `earlier` as for `retell`."""
    picker = _Picker(chosen, earlier)
    engine = CompiledEngine(sink=picker.take)
    for path in paths:
        picker.path = path
        with open_capture(path, first_number=engine.frames + 1) as reader:
            if reader.source.compression:
                return None
            engine.feed(reader)
    _, followed, own = engine.tracker.counts()
    if followed > own:
        return None  # ICMP errors quote headers, perhaps of this connection
    sums: dict[int, str] = {}
    segments = list(_segments(picker.found, sums))
    if len(segments) != len(picker.found) or not segments:
        return None
    flags = [flag_names(place.bits) for place in picker.found]
    return tell(
        segments, chosen, flags, capture_end_ns=picker.end_ns, past=tuple(_segments(picker.past, {})), sums=sums
    )


def _segments(found: Collection[_Place], sums: dict[int, str]) -> Iterator[Segment]:
    """The segments; wrong checksums are noted in `sums`."""
    for path in dict.fromkeys(place.path for place in found):
        with open(path, "rb") as stream:
            for place in found:
                if place.path == path:
                    data = os.pread(stream.fileno(), place.size, place.packet.offset)
                    frame = dissect(place.packet._replace(data=data))
                    if frame.segment is not None:
                        note_sum(sums, frame)
                        yield frame.segment
