"""Between the event loop and the handlers: order, back-pressure, and what happens when a handler fails."""

from __future__ import annotations

import asyncio
import inspect
import socket
import sys
import traceback
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, cast

from synfin.serve.connection import Connection

Handler = Callable[..., Any]

#: received bytes that may wait for a slow async handler before reading stops
MAX_WAITING_BYTES = 256 * 1024


class ConnectionProtocol(asyncio.Protocol):
    """Calls the handlers of one connection one after the other, in the order of what happened."""

    def __init__(self, number: int, handlers: Mapping[str, Handler], options: ConnectionOptions) -> None:
        self._number = number
        self._handlers = handlers
        self._options = options
        self._queue: deque[tuple[str, tuple[Any, ...]]] = deque()
        self._waiting_bytes = 0
        self._write_paused = False
        self._reading_paused = False
        self._task: asyncio.Task[None] | None = None
        self._calling = False

    # what the event loop calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self.connection = Connection(self._number, self._transport)
        if not self._options.nodelay:
            transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 0)
        self._options.opened(self)
        self._happened("connect")

    def data_received(self, data: bytes) -> None:
        self._waiting_bytes += len(data)
        self._happened("receive", bytes(data))

    def eof_received(self) -> bool:
        self.connection.eof_received = True
        self._happened("eof")
        return True  # the loop must not close by itself: handlers may still have something to send

    def connection_lost(self, exc: Exception | None) -> None:
        self.connection._end(exc)
        self._happened("close")

    def pause_writing(self) -> None:
        self._write_paused = True
        self.connection._pause()
        self._adjust_reading()

    def resume_writing(self) -> None:
        self._write_paused = False
        self.connection._resume()
        self._adjust_reading()

    # the queue

    def cancel(self) -> None:
        """Give up on an async handler that still runs (the server stops)."""
        if self._task is not None:
            self._task.cancel()

    def _happened(self, event: str, *details: Any) -> None:
        self._queue.append((event, details))
        if self._task is None and not self._calling:
            self._work()
        else:
            self._adjust_reading()

    def _work(self) -> None:
        """Call handlers until the queue is empty or an async handler takes over."""
        while self._queue:
            event, details = self._queue.popleft()
            self._calling = True
            try:
                pending = self._call(event, details)
            finally:
                self._calling = False
            if pending is not None:
                self._task = asyncio.get_running_loop().create_task(self._finish(event, details, pending))
                return
            self._done(event, details)

    def _call(self, event: str, details: tuple[Any, ...]) -> Awaitable[Any] | None:
        """Run the handler; what it returned if that must be awaited."""
        handler = self._handlers.get(event)
        if handler is None or (event in ("receive", "eof") and self.connection.closing):
            return None
        try:
            result = handler(self.connection, *details)
        except Exception:
            self._failed(event)
            return None
        return result if inspect.isawaitable(result) else None

    async def _finish(self, event: str, details: tuple[Any, ...], pending: Awaitable[Any]) -> None:
        try:
            await pending
        except Exception:
            self._failed(event)
        except asyncio.CancelledError:
            self.connection.reset()
            raise
        finally:
            self._task = None
            self._done(event, details)
            self._work()

    def _done(self, event: str, details: tuple[Any, ...]) -> None:
        if event == "receive":
            self._waiting_bytes -= len(details[0])
            self._adjust_reading()
        elif event == "eof" and not self._options.half_open:
            self.connection.close()
        elif event == "close":
            self._options.closed(self)

    def _adjust_reading(self) -> None:
        """Read on only while the peer takes our answers and the handlers keep up."""
        if self._transport.is_closing() or self.connection.eof_received:
            return
        pause = self._write_paused or self._waiting_bytes > MAX_WAITING_BYTES
        if pause and not self._reading_paused:
            self._transport.pause_reading()
        elif self._reading_paused and not pause:
            self._transport.resume_reading()
        self._reading_paused = pause

    def _failed(self, event: str) -> None:
        """Report the handler's exception and abort, so that the peer does not wait for an answer that never comes."""
        connection = self.connection
        fate = "" if event == "close" else "; the connection is reset"
        sys.stderr.write(f"synfin: the {event} handler failed for {connection.peer}{fate}\n{traceback.format_exc()}")
        sys.stderr.flush()
        if event != "close":
            connection.reset()


class ConnectionOptions:
    """What every connection of a server shares: settings, and whom to tell."""

    def __init__(
        self,
        *,
        nodelay: bool,
        half_open: bool,
        opened: Callable[[ConnectionProtocol], None],
        closed: Callable[[ConnectionProtocol], None],
    ) -> None:
        self.nodelay = nodelay
        self.half_open = half_open
        self.opened = opened
        self.closed = closed
