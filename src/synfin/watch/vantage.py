"""Where the capture was made, as far as the handshake tells."""

from __future__ import annotations

import ipaddress
from functools import lru_cache

NEAR = 0.1  #: a leg below this share of the initial RTT ends at the capture's own host
LOOPBACK_RTT_NS = 100_000
LOOPBACK_TTL = 64


def vantage(legs_ns: tuple[int | None, int | None], client: bytes, server: bytes, ttls: tuple[int, int]) -> str:
    """client, server, both, middle or unknown. The first leg is SYN to SYN,ACK: short near the server."""
    if client == server or (_is_loopback(client) and _is_loopback(server)):
        return "both"
    to_server, to_client = legs_ns
    if to_server is None or to_client is None:
        return "unknown"
    rtt = to_server + to_client
    if 0 <= rtt < LOOPBACK_RTT_NS and ttls == (LOOPBACK_TTL, LOOPBACK_TTL):
        return "both"
    if to_client < NEAR * rtt:
        return "client"
    if to_server < NEAR * rtt:
        return "server"
    return "middle"


@lru_cache(maxsize=4096)
def _is_loopback(address: bytes) -> bool:
    return len(address) in (4, 16) and ipaddress.ip_address(address).is_loopback
