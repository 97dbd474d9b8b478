"""An event-driven TCP server in the tutorial's shape: connect, receive, eof, close."""

from __future__ import annotations

import asyncio
import errno
import os
import signal
import socket
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any, TypeVar

from synfin.errors import NotPermitted, SynfinError, UsageError
from synfin.serve.address import Address, address_of
from synfin.serve.connection import Connection
from synfin.serve.loop import loop_factory
from synfin.serve.protocol import ConnectionOptions, ConnectionProtocol, Handler

EVENTS = ("connect", "receive", "eof", "close")
AnyHandler = TypeVar("AnyHandler", bound=Callable[..., Any])

_STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Server:
    """Listens on `host`:`port` (port 0: any free one) and calls plain or async handlers.

    connect(conn), receive(conn, data), eof(conn), close(conn); those of one connection never overlap.
    After `eof` the connection closes, once its handler is done and all was sent; with `half_open` only close() does.
    """

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = 9501,
        *,
        backlog: int = 512,
        nodelay: bool = True,
        reuse_port: bool = False,
        half_open: bool = False,
        loop: str = "auto",
        stop_after_s: float = 5.0,
    ) -> None:
        if not 0 <= port <= 65535:
            raise UsageError(f"port {port} is no TCP port; give 1 to 65535, or 0 for any free one")
        self.host = host
        self._port = port
        self._backlog = backlog
        self._reuse_port = reuse_port
        self._loop_factory = loop_factory(loop)
        self._stop_after_s = stop_after_s
        self._handlers: dict[str, Handler] = {}
        self._options = ConnectionOptions(
            nodelay=nodelay, half_open=half_open, opened=self._opened, closed=self._closed
        )
        self._protocols: dict[int, ConnectionProtocol] = {}
        self._count = 0
        self._listener: asyncio.Server | None = None
        self._stopping: asyncio.Event | None = None
        self._empty: asyncio.Event | None = None

    def on(self, event: str) -> Callable[[AnyHandler], AnyHandler]:
        """Decorator: the handler of "connect", "receive", "eof" or "close" (any case); the last one given counts."""
        name = event.lower()
        if name not in EVENTS:
            raise UsageError(f"unknown event {event!r}; there are {', '.join(EVENTS)}")

        def register(handler: AnyHandler) -> AnyHandler:
            self._handlers[name] = handler
            return handler

        return register

    def run(self, *, started: Callable[[], None] | None = None) -> None:
        """Serve until SIGINT or SIGTERM, or until stop() is called; `started` is called once clients can connect."""
        with asyncio.Runner(loop_factory=self._loop_factory) as runner:
            runner.run(self._run(started))

    async def start(self) -> None:
        """Listen; returns once clients can connect."""
        if self._listener is not None:
            raise UsageError("the server runs already")
        loop = asyncio.get_running_loop()
        self._stopping = asyncio.Event()
        self._empty = asyncio.Event()
        self._empty.set()
        try:
            self._listener = await loop.create_server(
                self._accepted,
                self.host,
                self._port,
                backlog=self._backlog,
                reuse_address=True,
                reuse_port=self._reuse_port or None,
            )
        except (OSError, UnicodeError) as error:
            raise _cannot_listen(error, Address(self.host, self._port)) from error

    def stop(self) -> None:
        """Ask the server to end; callable from a handler."""
        if self._stopping is not None:
            self._stopping.set()

    async def wait_stopped(self) -> None:
        """Return when stop() was called or a signal came (under run)."""
        if self._stopping is not None:
            await self._stopping.wait()

    async def close(self) -> None:
        """Stop listening and close every connection; those that do not end within `stop_after_s` are reset."""
        if self._listener is None:
            return
        listener, self._listener = self._listener, None
        listener.close()
        for protocol in list(self._protocols.values()):
            protocol.connection.close()
        if not await self._drained():
            for protocol in list(self._protocols.values()):
                protocol.cancel()
                protocol.connection.reset()
            await self._drained()
        await listener.wait_closed()

    @property
    def port(self) -> int:
        """The port it listens on: the real one, also when 0 was asked for."""
        sockets = self._listener.sockets if self._listener is not None else ()
        return address_of(sockets[0].getsockname()).port if sockets else self._port

    @property
    def connections(self) -> list[Connection]:
        """Those that are open now, oldest first."""
        return [protocol.connection for protocol in self._protocols.values()]

    async def __aenter__(self) -> Server:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        await self.close()

    async def _run(self, started: Callable[[], None] | None) -> None:
        async with self:
            if threading.current_thread() is threading.main_thread():  # elsewhere signals cannot be caught
                for number in _STOP_SIGNALS:
                    asyncio.get_running_loop().add_signal_handler(number, self.stop)
            if started is not None:
                started()
            await self.wait_stopped()

    def _accepted(self) -> ConnectionProtocol:
        self._count += 1
        return ConnectionProtocol(self._count, self._handlers, self._options)

    def _opened(self, protocol: ConnectionProtocol) -> None:
        self._protocols[id(protocol)] = protocol
        if self._empty is not None:
            self._empty.clear()

    def _closed(self, protocol: ConnectionProtocol) -> None:
        self._protocols.pop(id(protocol), None)
        if not self._protocols and self._empty is not None:
            self._empty.set()

    async def _drained(self) -> bool:
        """Wait for the last connection's close handler; False when that takes longer than allowed."""
        assert self._empty is not None
        try:
            await asyncio.wait_for(self._empty.wait(), self._stop_after_s)
        except TimeoutError:
            return False
        return True


def _cannot_listen(error: OSError | UnicodeError, address: Address) -> SynfinError:
    if isinstance(error, socket.gaierror | UnicodeError):
        return UsageError(f"cannot listen on {address}: the name {address.ip!r} has no address; check its spelling")
    number = error.errno
    if number == errno.EADDRINUSE:
        return UsageError(f"cannot listen on {address}: another program does; stop it or choose another port")
    if number == errno.EADDRNOTAVAIL:
        return UsageError(f"cannot listen on {address}: this machine does not have that address")
    if number in (errno.EACCES, errno.EPERM):
        return NotPermitted(f"cannot listen on {address}: ports below 1024 need privilege; choose a higher one")
    reason = os.strerror(number) if number else str(error)
    return UsageError(f"cannot listen on {address}: {reason}")
