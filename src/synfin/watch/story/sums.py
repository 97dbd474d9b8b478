"""Which of a connection's segments have a wrong checksum."""

from __future__ import annotations

from synfin.dissect.checksum import Verdict, verdict
from synfin.wire.frame import Frame


def note_sum(found: dict[int, str], frame: Frame) -> None:
    """Note a frame by its number where its segment's checksum is `bad` or `partial`."""
    if frame.tcp is not None:
        said = verdict(frame, frame.tcp)
        if said in (Verdict.BAD, Verdict.PARTIAL):
            found[frame.packet.number] = said.value
