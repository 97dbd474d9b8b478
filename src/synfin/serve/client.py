"""A synchronous TCP client in the tutorial's shape: connect, send, receive, close."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType

from synfin.errors import ConnectError, ConnectionReset, Refused, TimedOut, UsageError
from synfin.serve.address import Address, address_of
from synfin.serve.kernel import reset_on_close, unacknowledged_bytes


class Client:
    """One connection to a server; given an address it connects at once. `timeout_s` bounds every wait."""

    def __init__(self, host: str | None = None, port: int = 9501, *, timeout_s: float = 10.0) -> None:
        if timeout_s <= 0:
            raise UsageError(f"timeout_s must be more than 0, not {timeout_s}")
        self.timeout_s = timeout_s
        self._socket: socket.socket | None = None
        self._target = Address("", 0)
        if host is not None:
            self.connect(host, port)

    def __repr__(self) -> str:
        return f"<Client {'of' if self._socket else 'closed,'} {self._target}>"

    def connect(self, host: str = "127.0.0.1", port: int = 9501) -> Client:
        """Do the three-way handshake; raises Refused, TimedOut or another ConnectError."""
        if self._socket is not None:
            raise UsageError(f"already connected to {self._target}; close() first")
        self._target = target = Address(host, port)
        try:
            self._socket = socket.create_connection((host, port), self.timeout_s)
        except ConnectionRefusedError as error:
            raise Refused(
                f"{target} refused the connection: its host answered the SYN with RST, so nobody listens there; "
                "start the server, or check address and port"
            ) from error
        except TimeoutError as error:
            raise TimedOut(
                f"no answer from {target} to the SYN within {self.timeout_s:g} s; "
                "the host is down, or a firewall drops the packets"
            ) from error
        except (socket.gaierror, UnicodeError) as error:
            raise ConnectError(f"the name {host!r} has no address; check its spelling") from error
        except (OSError, OverflowError) as error:
            raise ConnectError(f"cannot connect to {target}: {error}") from error
        return self

    def send(self, data: bytes | str) -> None:
        """Send all of `data` (text goes as UTF-8)."""
        with self._told("send") as sock:
            sock.sendall(data.encode() if isinstance(data, str) else data)

    def recv(self, max_bytes: int = 65536) -> bytes:
        """The next bytes, at least one; b"" once the server has closed its side."""
        with self._told("receive") as sock:
            return sock.recv(max_bytes)

    def recv_to_end(self) -> bytes:
        """Everything until the server closes its side."""
        pieces = []
        while piece := self.recv():
            pieces.append(piece)
        return b"".join(pieces)

    def shutdown(self) -> None:
        """Send FIN: nothing more will be sent; receiving goes on (half-close, RFC 9293 section 3.6)."""
        with self._told("shut down") as sock:
            sock.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        """Close; harmless when closed already. Bytes received and not read make the kernel send RST instead of FIN."""
        sock, self._socket = self._socket, None
        if sock is not None:
            sock.close()

    def reset(self) -> None:
        """Abort: RST at once, whatever was not yet sent is thrown away."""
        if self._socket is not None:
            reset_on_close(self._socket)
            self.close()

    @property
    def local(self) -> Address:
        """This end's address."""
        return address_of(self._open().getsockname())

    @property
    def peer(self) -> Address:
        """The server's address."""
        return address_of(self._open().getpeername())

    @property
    def unacknowledged_bytes(self) -> int:
        """Bytes sent that the server's kernel has not acknowledged yet."""
        return unacknowledged_bytes(self._open())

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _open(self) -> socket.socket:
        if self._socket is None:
            raise UsageError("the client is not connected; call connect() first")
        return self._socket

    @contextmanager
    def _told(self, action: str) -> Iterator[socket.socket]:
        """The socket, with the kernel's errors turned into ours."""
        try:
            yield self._open()
        except TimeoutError as error:
            raise TimedOut(
                f"could not {action} within {self.timeout_s:g} s: {self._target} is silent; "
                "it may be busy, or waiting for more from this side"
            ) from error
        except (ConnectionResetError, BrokenPipeError, ConnectionAbortedError) as error:
            raise ConnectionReset(
                f"could not {action}: {self._target} aborted the connection with RST; "
                "connect again, and look at its log for why it did"
            ) from error
        except OSError as error:
            raise ConnectError(f"could not {action} to or from {self._target}: {error}") from error
