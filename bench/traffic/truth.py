"""What a generated connection really was, under the names of synfin's connection records."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field


@dataclass(slots=True)
class Truth:
    """One connection as generated; pairs are [client, server], the sender's side."""

    conn: int  #: 0-based, in order of first packet
    start_ns: int = 0
    client: str = ""
    server: str = ""
    open: str = "open.normal"
    close: str = "close.still_open"
    closed_by: str = "none"
    packets: list[int] = field(default_factory=lambda: [0, 0])
    payload_bytes: list[int] = field(default_factory=lambda: [0, 0])  #: sum of tcp.len, repeated bytes included
    wire_bytes: list[int] = field(default_factory=lambda: [0, 0])
    retransmitted: list[int] = field(default_factory=lambda: [0, 0])  #: sent again, both copies in the capture
    #: Sent again, the first copy lost before the capture: a gap that fills; unseen where no segment followed it.
    filled: list[int] = field(default_factory=lambda: [0, 0])
    reordered: list[int] = field(default_factory=lambda: [0, 0])  #: captured after a segment sent later
    lost: list[int] = field(default_factory=lambda: [0, 0])  #: copies that did not reach the receiver

    def as_dict(self) -> dict[str, object]:
        return asdict(self)


COUNTED = ("packets", "payload_bytes", "wire_bytes", "retransmitted", "filled", "reordered", "lost")
