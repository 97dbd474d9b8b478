"""What judging many connections together reads of each: so little that very many of them can wait for it."""

from __future__ import annotations

from typing import NamedTuple

from synfin.watch.connections.record import Connection
from synfin.watch.connections.records import text_address
from synfin.watch.connections.verdict import decide
from synfin.watch.follow.raw import RawConnection


class Brief(NamedTuple):
    """One connection in short; the names are those of its record."""

    conn: int
    first_frame: int
    start_ns: int
    end_ns: int
    client: str  #: IP
    server: str  #: IP
    port: int  #: the server's
    open: str
    close: str
    closed_by: str
    both_spoke: bool  #: whether both ends sent packets
    payload: bool  #: whether either sent any


def of_record(one: Connection) -> Brief:
    """A record in short."""
    client, server = one.client, one.server
    return Brief(
        one.conn, one.frames[0], one.start_ns, one.start_ns + one.duration_ns, client.ip, server.ip, server.port,
        one.open, one.close, one.closed_by, bool(client.packets and server.packets),
        bool(client.payload_bytes or server.payload_bytes),
    )  # fmt: skip


def of_raw(raw: RawConnection) -> Brief:
    """The same of a connection that has no record yet."""
    client, server, verdict = raw.client, raw.server, decide(raw.marks)
    return Brief(
        raw.conn, raw.first_frame, raw.first_ns, raw.last_ns, text_address(client.address),
        text_address(server.address), server.port, verdict.open, verdict.close, verdict.closed_by,
        bool(client.packets and server.packets), bool(client.payload_bytes or server.payload_bytes),
    )  # fmt: skip
