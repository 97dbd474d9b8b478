"""Who sent and received how much: addresses, or addresses and ports, as `-z endpoints` counts them."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

from synfin.dissect.context import Facts
from synfin.watch.connections.conversations import READERS
from synfin.wire.frame import Frame


@dataclass(slots=True)
class Endpoint:
    """What one end sent and received; bytes are those on the wire."""

    end: Hashable
    sent_frames: int = 0
    sent_bytes: int = 0
    received_frames: int = 0
    received_bytes: int = 0

    @property
    def frames(self) -> int:
        return self.sent_frames + self.received_frames


class Endpoints:
    """Counts the ends of one protocol."""

    def __init__(self, protocol: str) -> None:
        self._parties = READERS[protocol]
        self._found: dict[Hashable, Endpoint] = {}

    def see(self, frame: Frame, facts: Facts) -> None:
        """Count one packet for its two ends, once for each header of the protocol."""
        size = frame.packet.wire_len
        for parties in self._parties(frame, facts):
            sender, receiver = self._end(parties.source), self._end(parties.target)
            sender.sent_frames += 1
            sender.sent_bytes += size
            receiver.received_frames += 1
            receiver.received_bytes += size

    def all(self) -> list[Endpoint]:
        """The ends, those with most frames first, else in order of their first packet."""
        return sorted(self._found.values(), key=lambda one: -one.frames)

    def _end(self, end: Hashable) -> Endpoint:
        found = self._found.get(end)
        if found is None:
            found = self._found[end] = Endpoint(end)
        return found
