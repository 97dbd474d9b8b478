"""Where the capture was made, as far as the handshake tells."""

from __future__ import annotations

VANTAGES = ("unknown", "client", "server", "both", "middle")

NEAR = 10  #: a leg below this part of the initial RTT ends at the capture's own host
LOOPBACK_RTT_NS = 100_000
LOOPBACK_TTL = 64
_LOOPBACK_V6 = bytes(15) + b"\x01"


def vantage(legs_ns: tuple[int | None, int | None], client: bytes, server: bytes, ttls: tuple[int, int]) -> str:
    """One of VANTAGES. The first leg is SYN to SYN,ACK: short near the server."""
    if client == server or (_is_loopback(client) and _is_loopback(server)):
        return "both"
    to_server, to_client = legs_ns
    if to_server is None or to_client is None:
        return "unknown"
    rtt = to_server + to_client
    if 0 <= rtt < LOOPBACK_RTT_NS and ttls == (LOOPBACK_TTL, LOOPBACK_TTL):
        return "both"
    if NEAR * to_client < rtt:
        return "client"
    if NEAR * to_server < rtt:
        return "server"
    return "middle"


def _is_loopback(address: bytes) -> bool:
    """RFC 1122 section 3.2.1.3, RFC 4291 section 2.5.3."""
    return address == _LOOPBACK_V6 or (len(address) == 4 and address[0] == 127)
