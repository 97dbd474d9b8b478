"""The connections of a capture with all their segments: what the comparisons with peers read."""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path

from synfin.capture.reader import open_capture
from synfin.errors import UnreadableInput
from synfin.watch.connections.record import Connection
from synfin.watch.connections.records import record
from synfin.watch.engine.engines import engine
from synfin.watch.measure.measure import Measurements, measure
from synfin.wire.frame import dissect
from synfin.wire.tcp import Segment


@dataclass(slots=True)
class Followed:
    """One connection."""

    record: Connection
    segments: list[Segment] = field(default_factory=list)
    wire_len: dict[int, int] = field(default_factory=dict)  #: frame number -> frame.len
    capture_end_ns: int = 0

    @property
    def ends(self) -> tuple[tuple[bytes, int], tuple[bytes, int]]:
        """(address, port) of client and server."""
        client, server = self.record.client, self.record.server
        return (ip_address(client.ip).packed, client.port), (ip_address(server.ip).packed, server.port)

    @property
    def measurements(self) -> Measurements:
        return measure(self.segments, self.ends[0], capture_end_ns=self.capture_end_ns)


def follow(path: Path) -> list[Followed]:
    """Every connection of a capture; raises UnreadableInput."""
    following = engine()
    segments: dict[int, list[Segment]] = {}
    lengths: dict[int, dict[int, int]] = {}
    end_ns = 0
    with open_capture(path) as reader:
        for packet in reader:
            place = following.see(packet)
            end_ns = packet.time_ns
            segment = (following.last or dissect(packet)).segment
            if place is not None and place.conn is not None and segment is not None:
                segments.setdefault(place.conn, []).append(segment)
                lengths.setdefault(place.conn, {})[packet.number] = packet.wire_len
    return [
        Followed(record(raw), segments.get(raw.conn, []), lengths.get(raw.conn, {}), end_ns)
        for raw in following.connections()
    ]


class Library:
    """The captures of a folder, each followed once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._known: dict[str, list[Followed]] = {}

    def connections(self, name: str) -> list[Followed]:
        """The connections of a capture; none where it cannot be read."""
        if name not in self._known:
            try:
                self._known[name] = follow(self.folder / name)
            except UnreadableInput:
                self._known[name] = []
        return self._known[name]

    def snap_len(self, name: str) -> int:
        """What the first interface says is captured of a packet at most; 0: nothing is said."""
        try:
            with open_capture(self.folder / name) as reader:
                next(iter(reader), None)
                return reader.interfaces[0].snap_len if reader.interfaces else 0
        except UnreadableInput:
            return 0

    def segments(self, name: str) -> list[Segment]:
        return [segment for one in self.connections(name) for segment in one.segments]
