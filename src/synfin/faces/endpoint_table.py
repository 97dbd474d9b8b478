"""`-z endpoints,…`: the table of ends, as tshark prints it."""

from __future__ import annotations

from collections.abc import Iterator

from synfin.dissect.address import ip
from synfin.dissect.context import Facts
from synfin.faces.conversation_table import RULE, TITLES, filter_line
from synfin.watch.connections.conversations import end_text
from synfin.watch.connections.endpoints import Endpoint, Endpoints
from synfin.wire.frame import Frame

_COUNTS = "|  Packets  | |  Bytes  | | Tx Packets | | Tx Bytes | | Rx Packets | | Rx Bytes |"


class EndpointTable:
    """One table, filled packet by packet."""

    def __init__(self, protocol: str, filter: str | None = None) -> None:
        self._protocol, self._filter = protocol, filter
        self._counted = Endpoints(protocol)

    def see(self, frame: Frame, facts: Facts) -> None:
        """Count a packet."""
        self._counted.see(frame, facts)

    def lines(self) -> Iterator[str]:
        """The table."""
        yield RULE
        yield f"{TITLES[self._protocol]} Endpoints"
        yield filter_line(self._filter)
        ports = "|  Port  |" if self._protocol in ("tcp", "udp") else ""
        yield f"{'':23}{ports}{_COUNTS}"
        for one in self._counted.all():
            yield _row(one)
        yield RULE


def _row(one: Endpoint) -> str:
    if isinstance(one.end, tuple):
        name = f"{ip(one.end[0]):<20}      {one.end[1]:5d}"
    else:
        name = f"{end_text(one.end):<20} "
    return (
        f"{name}     {one.frames:6d}     {one.sent_bytes + one.received_bytes:9d}     {one.sent_frames:6d}       "
        f"{one.sent_bytes:9d}      {one.received_frames:6d}       {one.received_bytes:9d}   "
    )
