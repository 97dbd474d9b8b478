"""What a capture may hold that nobody here looks into."""

from __future__ import annotations

from collections.abc import Iterator

from synfin.capture.reader import CaptureReader

_ETHERNET = 1


def unseen(reader: CaptureReader) -> Iterator[str]:
    """A warning for each link type of a capture that was read whose packets are not taken apart."""
    others = {interface.link_type for interface in reader.interfaces} - {_ETHERNET}
    if not others:
        return
    from synfin.wire.frame import SUPPORTED  # not needed to read Ethernet

    for link_type in sorted(others - SUPPORTED):
        yield f"{reader.name}: packets of link type {link_type} are not taken apart yet, TCP in them is not seen"
