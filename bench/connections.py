"""The connections of a capture with all their segments: what the comparisons with peers read."""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path

from synfin.capture.reader import open_capture
from synfin.watch.engines import engine
from synfin.watch.measure import Measurements, measure
from synfin.watch.record import Connection
from synfin.watch.records import record
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
    def measurements(self) -> Measurements:
        client = self.record.client
        return measure(self.segments, (ip_address(client.ip).packed, client.port), capture_end_ns=self.capture_end_ns)


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
            segment = dissect(packet).segment
            if place is not None and place.conn is not None and segment is not None:
                segments.setdefault(place.conn, []).append(segment)
                lengths.setdefault(place.conn, {})[packet.number] = packet.wire_len
    return [
        Followed(record(raw), segments.get(raw.conn, []), lengths.get(raw.conn, {}), end_ns)
        for raw in following.connections()
    ]
