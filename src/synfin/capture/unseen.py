"""What a capture may hold that nobody here looks into, and what it may lack."""

from __future__ import annotations

from collections.abc import Iterator

from synfin.capture.reader import CaptureReader

_ETHERNET = 1


def unseen(reader: CaptureReader) -> Iterator[str]:
    """Warnings about a capture that was read: link types whose packets are not taken apart, packets without a time."""
    if reader.pcapng is not None and reader.pcapng.timeless:
        count = reader.pcapng.timeless
        told = f"{count} packets have no time (Simple Packet Blocks)" if count > 1 else "a packet has no time"
        yield f"{reader.name}: {told}; connections count it as 1970-01-01T00:00:00Z"
    others = {interface.link_type for interface in reader.interfaces} - {_ETHERNET}
    if not others:
        return
    from synfin.wire.frame import SUPPORTED  # not needed to read Ethernet

    for link_type in sorted(others - SUPPORTED):
        yield f"{reader.name}: packets of link type {link_type} are not taken apart yet, TCP in them is not seen"
