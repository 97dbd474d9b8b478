"""One accepted connection, as the handlers of a server see it."""

from __future__ import annotations

import asyncio
import errno
from typing import cast

from synfin.serve.address import Address, address_of
from synfin.serve.kernel import (
    SocketLike,
    acknowledge_now,
    cause_of_death,
    peer_closed_first,
    reset_on_close,
    unacknowledged_bytes,
)

_RESETS = frozenset({errno.ECONNRESET, errno.EPIPE, errno.ECONNABORTED})


class Connection:
    """What a handler may ask and do; `number` counts the connections of its server from 1."""

    def __init__(self, number: int, transport: asyncio.Transport) -> None:
        self.number = number
        self.peer: Address = address_of(transport.get_extra_info("peername"))
        self.local: Address = address_of(transport.get_extra_info("sockname"))
        self.eof_received = False  #: the peer has sent its FIN, and all before it was received
        self.closed_by: str | None = None  #: once ended: "client", "server", or None where nobody can tell
        self.ended_by: str | None = None  #: once ended: "fin", "reset", "timeout" or "error"
        self._transport = transport
        self._socket = cast(SocketLike, transport.get_extra_info("socket"))
        self._closing: str | None = None  # "fin" or "reset" once this side has decided
        self._writable = asyncio.Event()
        self._writable.set()

    def __repr__(self) -> str:
        return f"<Connection {self.number} from {self.peer}>"

    def send(self, data: bytes | str) -> bool:
        """Queue `data` (text goes as UTF-8); False, and nothing sent, when the connection is closing or gone."""
        if self.closing:
            return False
        self._transport.write(data.encode() if isinstance(data, str) else data)
        return True

    def close(self) -> None:
        """Close in order: what was sent leaves first, then the FIN."""
        if not self.closing:
            self._closing = "fin"
            self._transport.close()

    def reset(self) -> None:
        """Abort: RST at once, whatever was not yet sent is thrown away."""
        if self._closing != "reset" and self.ended_by is None:
            self._closing = "reset"
            reset_on_close(self._socket)
            self._transport.abort()

    async def drain(self) -> None:
        """Wait until the peer has taken enough for more to be sent (returns at once when it is gone)."""
        await self._writable.wait()

    def acknowledge_now(self) -> None:
        """Send a delayed acknowledgement at once; after `eof` this separates the ACK of the FIN from our own FIN."""
        if not self.closing:
            acknowledge_now(self._socket)

    @property
    def unacknowledged_bytes(self) -> int:
        """Bytes handed to the kernel that the peer has not acknowledged; 0 once the connection is gone."""
        return 0 if self.ended_by is not None else unacknowledged_bytes(self._socket)

    @property
    def closing(self) -> bool:
        """True once close or reset was called, or the connection is gone."""
        return self._closing is not None or self._transport.is_closing()

    def _pause(self) -> None:
        self._writable.clear()

    def _resume(self) -> None:
        self._writable.set()

    def _end(self, error: Exception | None) -> None:
        """Work out who ended it and how; the loop tells little, the socket (still open now) somewhat more."""
        self._writable.set()
        self.closed_by, self.ended_by = self._verdict(error)

    def _verdict(self, error: Exception | None) -> tuple[str | None, str]:
        if self._closing == "reset":
            return "server", "reset"
        death = _cause(error) or cause_of_death(self._socket)
        if death == "reset":
            return "client", "reset"
        if death is not None:
            return None, death
        client_first = self.eof_received or peer_closed_first(self._socket)
        return ("client" if client_first else "server"), "fin"


def _cause(error: Exception | None) -> str | None:
    if error is None:
        return None
    number = error.errno if isinstance(error, OSError) else None
    if number in _RESETS:
        return "reset"
    return "timeout" if number == errno.ETIMEDOUT else "error"
