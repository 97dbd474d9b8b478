"""What only the kernel knows of a TCP socket, and the few things that only it can be told."""

from __future__ import annotations

import errno
import socket
import struct
from typing import Any, Protocol

SIOCOUTQ = 0x5411  #: Linux: bytes sent and not yet acknowledged (a FIN counts as one)
TCP_STATE_CLOSE = 7  #: tcpi_state of a socket whose connection is gone
TCP_STATE_CLOSE_WAIT = 8  #: tcpi_state after the peer's FIN, before our own


class SocketLike(Protocol):
    """The part of a socket that asyncio's and uvloop's wrappers have as well."""

    def fileno(self) -> int: ...

    def getsockopt(self, level: int, optname: int, /) -> Any: ...

    def setsockopt(self, level: int, optname: int, value: Any, /) -> None: ...


def reset_on_close(sock: SocketLike) -> None:
    """Make the next close() send RST for certain (RFC 9293 section 3.10.5, ABORT): SO_LINGER with zero seconds."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def acknowledge_now(sock: SocketLike) -> None:
    """Send an acknowledgement that is being delayed at once (Linux; elsewhere nothing happens)."""
    quick_ack = getattr(socket, "TCP_QUICKACK", None)
    if quick_ack is not None:
        sock.setsockopt(socket.IPPROTO_TCP, quick_ack, 1)


def unacknowledged_bytes(sock: SocketLike) -> int:
    """Bytes that were sent and are not acknowledged yet."""
    import fcntl

    answer = fcntl.ioctl(sock.fileno(), SIOCOUTQ, struct.pack("i", 0))
    return int(struct.unpack("i", answer)[0])


def cause_of_death(sock: SocketLike) -> str | None:
    """How the connection under a socket that is still open has died: "reset", "timeout", or None while it lives.

    An event loop that has seen the peer's FIN no longer reads, so it does not notice a RST that follows.
    """
    try:
        error = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        state = _state(sock)
    except OSError:
        return None
    if error == errno.ETIMEDOUT:
        return "timeout"
    return "reset" if error in (errno.ECONNRESET, errno.EPIPE) or state == TCP_STATE_CLOSE else None


def peer_closed_first(sock: SocketLike) -> bool:
    """Whether the peer's FIN has come while ours has not left yet, read by the application or not."""
    try:
        return _state(sock) == TCP_STATE_CLOSE_WAIT
    except OSError:
        return False


def _state(sock: SocketLike) -> int | None:
    """tcpi_state, None where the system has no TCP_INFO."""
    info_option = getattr(socket, "TCP_INFO", None)
    if info_option is None:
        return None
    with socket.socket(fileno=sock.fileno()) as view:
        try:
            info = view.getsockopt(socket.IPPROTO_TCP, info_option, 8)
        finally:
            view.detach()
    return info[0]
