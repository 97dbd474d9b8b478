"""Addresses as people write them."""

from __future__ import annotations

from typing import Any, NamedTuple


class Address(NamedTuple):
    """One end: `str()` gives `ip:port`, or `[v6]:port`."""

    ip: str
    port: int

    def __str__(self) -> str:
        return f"[{self.ip}]:{self.port}" if ":" in self.ip else f"{self.ip}:{self.port}"


def address_of(name: Any) -> Address:
    """From what getpeername() and getsockname() return (IPv6 has four members)."""
    return Address(str(name[0]), int(name[1])) if name else Address("", 0)
