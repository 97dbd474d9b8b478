"""From a connection's numbers to the record that every face shows."""

from __future__ import annotations

from functools import lru_cache

from synfin.dissect import address
from synfin.watch.connections import judged
from synfin.watch.connections.record import Connection, Side
from synfin.watch.connections.vantage import vantage
from synfin.watch.connections.verdict import decide
from synfin.watch.follow.raw import CONN_STATES, RawConnection, RawSide


def record(raw: RawConnection) -> Connection:
    """The record of one connection; its findings are the ids that stand in it."""
    verdict = decide(raw.marks)
    legs = (_known(raw.legs_ns[0]), _known(raw.legs_ns[1]))
    return Connection(
        conn=raw.conn,
        stream=raw.stream,
        start_ns=raw.first_ns,
        duration_ns=raw.last_ns - raw.first_ns,
        frames=(raw.first_frame, raw.last_frame),
        client=_side(raw.client),
        server=_side(raw.server),
        role_guessed=raw.role_guessed,
        open=verdict.open,
        close=verdict.close,
        closed_by=verdict.closed_by,
        handshake_legs_ns=legs,
        completeness=raw.completeness,
        conn_state=CONN_STATES[raw.conn_state],
        history=raw.history.decode("ascii"),
        vantage=vantage(legs, raw.client.address, raw.server.address, (raw.client.ttl, raw.server.ttl)),
        findings=tuple(judged.findings(raw.signs << 64 | raw.marks)),
    )


def _known(value: int) -> int | None:
    return None if value < 0 else value


def _side(raw: RawSide) -> Side:
    return Side(
        ip=text_address(raw.address),
        port=raw.port,
        packets=raw.packets,
        payload_bytes=raw.payload_bytes,
        wire_bytes=raw.wire_bytes,
        retransmissions=raw.retransmissions,
        state=judged.state(raw.vector),
        states_seen=judged.states_seen(raw.vector),
    )


@lru_cache(maxsize=65536)
def text_address(packed: bytes) -> str:
    """An IPv4 or IPv6 address as text."""
    return address.ip(packed)
