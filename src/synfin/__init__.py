"""See TCP, explain TCP, speak TCP: from SYN to FIN."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from synfin.faces.notebook import Capture, CapturedConnection, read
    from synfin.serve import Client, Connection, Server
    from synfin.watch.follow.analysis import Analysis

__all__ = ["Analysis", "Capture", "CapturedConnection", "Client", "Connection", "Server", "read"]

_HOMES = {
    "Analysis": "synfin.watch.follow.analysis",
    "Capture": "synfin.faces.notebook",
    "CapturedConnection": "synfin.faces.notebook",
    "Client": "synfin.serve",
    "Connection": "synfin.serve",
    "Server": "synfin.serve",
    "read": "synfin.faces.notebook",
}


def __getattr__(name: str) -> Any:
    """Load the public names when they are first used: reading a capture must not pay for asyncio."""
    if name in _HOMES:
        from importlib import import_module

        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'synfin' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
