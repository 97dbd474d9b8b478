"""Which streams have agreed on accurate ECN (RFC 9768 section 3.1): there AE, CWR and ECE are one counter."""

from __future__ import annotations

from synfin.wire.tcp import ACK, SYN, Segment

ASKED, AGREED = 1, 2
ALL_THREE = 7
ACCEPTED = frozenset({2, 3, 4, 6})  #: what a SYN,ACK may have there, by the codepoint on which the SYN came


class AccurateEcn:
    """Follows the handshakes of a capture."""

    def __init__(self) -> None:
        self._streams: dict[int, int] = {}  # those that asked or agreed

    def see(self, stream: int, segment: Segment) -> bool:
        """Whether the three flags of this segment are a counter."""
        known = self._streams.get(stream, 0)
        if not segment.flags & SYN:
            return known == AGREED
        bits = segment.flags >> 6 & 7
        if not segment.flags & ACK:
            self._note(stream, ASKED if bits == ALL_THREE else 0)
        elif known:
            self._note(stream, AGREED if bits in ACCEPTED else 0)
        return False

    def _note(self, stream: int, state: int) -> None:
        if state:
            self._streams[stream] = state
        else:
            self._streams.pop(stream, None)
