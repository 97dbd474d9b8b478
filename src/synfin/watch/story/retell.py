"""One connection of captures that can be read again: its segments, frames and story."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

from synfin.capture.reader import open_capture
from synfin.watch.connections.record import Connection, Story
from synfin.watch.engine.engine import Engine
from synfin.watch.follow.analysis import flag_names
from synfin.watch.follow.quote import Quote, quote
from synfin.watch.follow.raw import RawConnection
from synfin.watch.story.story import tell
from synfin.watch.story.sums import note_sum
from synfin.wire.frame import Frame, dissect
from synfin.wire.tcp import Segment

REMEMBERED = 4096  #: segments of earlier connections, the last ones


class Told(NamedTuple):
    """A connection told."""

    story: Story
    frames: dict[int, Frame]  #: its frames by number
    end_ns: int | None  #: the latest time of the captures


def retell(paths: Sequence[str], chosen: Connection, engine: Engine, earlier: Sequence[RawConnection] = ()) -> Told:
    """The story of one connection: the captures are read once more, by a fresh `engine`.

    `earlier` is what the same endpoints had before: its late segments are recognised.
    """
    frames: dict[int, Frame] = {}
    segments, flags = [], []
    before = frozenset(one.conn for one in earlier)
    quotes: list[Quote | None] = []
    sums: dict[int, str] = {}
    past: deque[Segment] = deque(maxlen=REMEMBERED)
    end_ns = None
    number = 0
    for path in paths:
        with open_capture(path, first_number=number + 1) as reader:
            for packet in reader:
                number = packet.number
                end_ns = packet.time_ns if end_ns is None else max(end_ns, packet.time_ns)
                place = engine.see(packet)
                if place is None:
                    continue
                if place.conn is None:
                    if place.stream == chosen.stream:
                        quotes.append(quote(engine.last or dissect(packet)))
                    continue
                if place.conn == chosen.conn or place.conn in before:
                    frame = engine.last or dissect(packet)
                    if frame.segment is None:
                        continue
                    if place.conn in before:
                        past.append(frame.segment)
                    else:
                        frames[number] = frame
                        segments.append(frame.segment)
                        flags.append(flag_names(place.bits))
                        note_sum(sums, frame)
    said = [one for one in quotes if one is not None]
    story = tell(segments, chosen, flags, capture_end_ns=end_ns, past=tuple(past), quotes=said, sums=sums)
    return Told(story, frames, end_ns)
