"""Which event loop runs a server."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from synfin.errors import UsageError

LOOPS = ("auto", "asyncio", "uvloop")


def loop_factory(loop: str = "auto") -> Callable[[], asyncio.AbstractEventLoop]:
    """A maker of event loops: "uvloop", "asyncio", or "auto" for uvloop where it is installed."""
    if loop not in LOOPS:
        raise UsageError(f"unknown event loop {loop!r}; choose one of {', '.join(LOOPS)}")
    if loop != "asyncio":
        try:
            import uvloop
        except ImportError:
            if loop == "uvloop":
                raise UsageError("uvloop is not installed: pip install uvloop, or use the loop 'asyncio'") from None
        else:
            return uvloop.new_event_loop
    return asyncio.new_event_loop
