"""A connection as numbers, before it gets words: what both trackers yield, readable and compiled."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

#: what Zeek's `conn_state` can be; the kernel gives the index
CONN_STATES = (
    "OTH", "S0", "S1", "SF", "REJ", "S2", "S3", "RSTO", "RSTR", "RSTOS0", "RSTRH", "SH", "SHR",
)  # fmt: skip


class RawSide(NamedTuple):
    """One end."""

    address: bytes
    port: int
    packets: int
    payload_bytes: int
    wire_bytes: int
    retransmissions: int
    ttl: int  #: of its first packet
    vector: int  #: bits of `facts`


class RawConnection(NamedTuple):
    """One connection."""

    conn: int
    stream: int
    first_frame: int
    last_frame: int
    first_ns: int
    last_ns: int
    client: RawSide
    server: RawSide
    role_guessed: bool
    marks: int  #: bits of `verdict`
    completeness: int
    legs_ns: tuple[int, int]  #: -1 unknown
    history: bytes  #: Zeek's letters, capitals for the originator
    conn_state: int  #: index in CONN_STATES
    signs: int = 0  #: bits of `_kernels.signs`, where they were looked for

    @property
    def endpoints(self) -> frozenset[tuple[bytes, int]]:
        """Both ends, whoever called."""
        return frozenset(((self.client.address, self.client.port), (self.server.address, self.server.port)))


def earlier(chosen: RawConnection | None, connections: Iterable[RawConnection]) -> list[RawConnection]:
    """What the endpoints of `chosen` had before it."""
    if chosen is None:
        return []
    ends = chosen.endpoints
    return [one for one in connections if one.conn < chosen.conn and one.endpoints == ends]
