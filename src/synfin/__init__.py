"""See TCP, explain TCP, speak TCP: from SYN to FIN."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from synfin.serve import Client, Connection, Server

__all__ = ["Client", "Connection", "Server"]


def __getattr__(name: str) -> Any:
    """Load the public names when they are first used: reading a capture must not pay for asyncio."""
    if name in __all__:
        from synfin import serve

        return getattr(serve, name)
    raise AttributeError(f"module 'synfin' has no attribute {name!r}")
