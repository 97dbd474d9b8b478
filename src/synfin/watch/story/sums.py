"""Which of a connection's segments have no checksum that is known to be right."""

from __future__ import annotations

from synfin.dissect.checksum import Verdict, verdict
from synfin.wire.frame import Frame


def note_sum(found: dict[int, str], frame: Frame) -> None:
    """Note a frame by its number where its segment's checksum is `bad`, `partial`, or cannot be worked out."""
    if frame.tcp is not None:
        said = verdict(frame, frame.tcp)
        if said is not Verdict.GOOD:
            found[frame.packet.number] = said.value
