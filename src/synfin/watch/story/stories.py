"""Every connection of captures told, one after another: for those who want to know what is wrong with any of them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from synfin.capture.packet import Packet
from synfin.capture.reader import CaptureReader, open_capture
from synfin.capture.unseen import unseen
from synfin.dissect.context import Facts
from synfin.watch.connections.record import Story
from synfin.watch.connections.records import record
from synfin.watch.follow.analysis import flag_names
from synfin.watch.follow.messages import Messages
from synfin.watch.follow.profile import TSHARK_4_0, Profile
from synfin.watch.follow.quote import Quote, quote
from synfin.watch.follow.raw import RawConnection
from synfin.watch.follow.tracker import Tracker
from synfin.watch.story.retell import REMEMBERED
from synfin.watch.story.story import tell
from synfin.watch.story.sums import note_sum
from synfin.wire.fragments import Reassembler
from synfin.wire.frame import Frame, dissect
from synfin.wire.tcp import Segment


@dataclass
class Heard:
    """What one pass over captures leaves: the tracker, and each connection's segments where they were asked for."""

    tracker: Tracker
    segments: dict[int, list[tuple[Segment, int]]] = field(default_factory=dict)  #: by `conn`, with analysis bits
    quotes: dict[int, list[Quote]] = field(default_factory=dict)  #: by `conn`: ICMP errors about it
    sums: dict[int, dict[int, str]] = field(default_factory=dict)  #: by `conn`: wrong checksums by frame
    end_ns: int | None = None  #: the latest time
    frames: int = 0
    begins: list[int] = field(default_factory=list)  #: the number of each capture's first frame
    messages: Messages | None = None  #: where bytes are to be followed in order
    also: Callable[[Frame, int | None], object] | None = None
    _fragments: Reassembler = field(default_factory=Reassembler)

    def take(self, packet: Packet, *, keep: bool = True) -> tuple[Frame, int | None]:
        """Follow a packet; the frame, and the `conn` of its segment. `keep` keeps that for `stories`."""
        frame = dissect(packet, self._fragments)
        self.frames += 1
        self.end_ns = packet.time_ns if self.end_ns is None else max(self.end_ns, packet.time_ns)
        found = self.tracker.follow(frame)
        if self.also is not None:
            self.also(frame, None if found is None else found[0].stream.number)
        if found is None:
            return frame, None
        row, tracked = found
        if row.quoted:
            said = quote(frame) if keep else None
            if said is not None:
                self.quotes.setdefault(tracked.number, []).append(said)
            return frame, None
        if self.messages is not None:
            self.messages.see(frame, Facts(stream=row.stream.number, analysis=flag_names(row.bits)))
        if keep:
            self.segments.setdefault(tracked.number, []).append((row.segment, row.bits))
            note_sum(self.sums.setdefault(tracked.number, {}), frame)
        return frame, tracked.number

    @cached_property
    def connections(self) -> dict[int, RawConnection]:
        """By `conn`; to be asked when everything was taken."""
        return {raw.conn: raw for raw in self.tracker.connections()}

    def stories(self, wanted: Collection[int] | None = None) -> Iterator[Story]:
        """The story of each connection, or of those that are wanted, in order of `conn`."""
        before: dict[frozenset[tuple[bytes, int]], list[Segment]] = {}  # by endpoints: what they exchanged so far
        for conn, parts in sorted(self.segments.items()):
            past = before.setdefault(self.connections[conn].endpoints, [])
            segments = [segment for segment, _ in parts]
            if wanted is not None and conn not in wanted:
                past += segments
                continue
            flags = [flag_names(bits) for _, bits in parts]
            known = record(self.connections[conn])
            yield tell(
                segments, known, flags, capture_end_ns=self.end_ns, past=past[-REMEMBERED:],
                quotes=self.quotes.get(conn, ()), sums=self.sums.get(conn),
            )  # fmt: skip
            past += segments


def listen(
    paths: Sequence[str],
    *,
    profile: Profile = TSHARK_4_0,
    segments: bool = True,
    messages: Messages | None = None,
    warnings: list[str] | None = None,
    also: Callable[[Frame, int | None], object] | None = None,
    last: int | None = None,
) -> Heard:
    """Follow captures to their end, or to frame number `last`; `segments` keeps those for `Heard.stories`.

    Each frame is shown to `also`, with the stream of its segment; with `messages` bytes are followed.
    """
    heard = Heard(Tracker(profile), messages=messages, also=also)
    for packet, _ in packets(paths, warnings, heard.begins, last):
        heard.take(packet, keep=segments)
    return heard


def packets(
    paths: Sequence[str], warnings: list[str] | None, begins: list[int] | None = None, last: int | None = None
) -> Iterator[tuple[Packet, CaptureReader]]:
    """The packets of captures, read in the order given as one input; the readers' warnings are appended.

    So is to `begins`, before it is read, the number that each capture's first frame will have. Nothing is read behind
    frame number `last`.
    """
    number = 0
    for path in paths:
        if begins is not None:
            begins.append(number + 1)
        with open_capture(path, first_number=number + 1) as reader:
            for packet in reader:
                number = packet.number
                yield packet, reader
                if number == last:
                    return
            if warnings is not None:
                warnings.extend(reader.warnings)
                warnings.extend(unseen(reader))
