"""Every connection of captures told, one after another: for those who want to know what is wrong with any of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from synfin.capture.packet import Packet
from synfin.capture.reader import CaptureReader, open_capture
from synfin.watch.analysis import flag_names
from synfin.watch.profile import TSHARK_4_0, Profile
from synfin.watch.raw import RawConnection
from synfin.watch.record import Story
from synfin.watch.records import record
from synfin.watch.retell import REMEMBERED
from synfin.watch.story import tell
from synfin.watch.tracker import Tracker
from synfin.wire.fragments import Reassembler
from synfin.wire.frame import dissect
from synfin.wire.tcp import Segment


@dataclass(slots=True)
class Heard:
    """What one pass over captures leaves: the tracker, and each connection's segments where they were asked for."""

    tracker: Tracker
    segments: dict[int, list[tuple[Segment, int]]] = field(default_factory=dict)  #: by `conn`, with analysis bits
    connections: dict[int, RawConnection] = field(default_factory=dict)  #: by `conn`
    end_ns: int | None = None  #: the latest time
    frames: int = 0

    def stories(self) -> Iterator[Story]:
        """The story of each connection, in order of `conn`."""
        before: dict[frozenset[tuple[bytes, int]], list[Segment]] = {}  # by endpoints: what they exchanged so far
        for conn, parts in sorted(self.segments.items()):
            past = before.setdefault(self.connections[conn].endpoints, [])
            segments = [segment for segment, _ in parts]
            flags = [flag_names(bits) for _, bits in parts]
            known = record(self.connections[conn])
            yield tell(segments, known, flags, capture_end_ns=self.end_ns, past=past[-REMEMBERED:])
            past += segments


def listen(
    paths: Sequence[str],
    *,
    profile: Profile = TSHARK_4_0,
    segments: bool = True,
    warnings: list[str] | None = None,
) -> Heard:
    """Follow captures from their beginning to their end; `segments` keeps those for `Heard.stories`."""
    heard, fragments = Heard(Tracker(profile)), Reassembler()
    for packet, _ in packets(paths, warnings):
        heard.frames += 1
        heard.end_ns = packet.time_ns if heard.end_ns is None else max(heard.end_ns, packet.time_ns)
        found = heard.tracker.follow(dissect(packet, fragments))
        if segments and found is not None and not found[0].quoted:
            row, tracked = found
            heard.segments.setdefault(tracked.number, []).append((row.segment, row.bits))
    heard.connections = {raw.conn: raw for raw in heard.tracker.connections()}
    return heard


def packets(paths: Sequence[str], warnings: list[str] | None) -> Iterator[tuple[Packet, CaptureReader]]:
    """The packets of captures, read in the order given as one input; the readers' warnings are appended."""
    number = 0
    for path in paths:
        with open_capture(path, first_number=number + 1) as reader:
            for packet in reader:
                number = packet.number
                yield packet, reader
            if warnings is not None:
                warnings.extend(reader.warnings)
