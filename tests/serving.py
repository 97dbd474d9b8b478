"""A synfin.Server for the length of a test, on an event loop in a thread of its own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from synfin import Server

LOOPS = ("asyncio", "uvloop")


@contextmanager
def running(server: Server) -> Iterator[int]:
    """The port on which it listens; at the exit it has stopped, its handlers done."""
    started = threading.Event()
    loop: list[asyncio.AbstractEventLoop] = []

    def tell() -> None:
        loop.append(asyncio.get_running_loop())
        started.set()

    thread = threading.Thread(target=lambda: server.run(started=tell))
    thread.start()
    assert started.wait(30)
    try:
        yield server.port
    finally:
        loop[0].call_soon_threadsafe(server.stop)
        thread.join(30)
        assert not thread.is_alive()
