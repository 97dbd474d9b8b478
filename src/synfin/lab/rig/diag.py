"""The kernel's own list of TCP sockets (NETLINK_SOCK_DIAG): snapshots, and word of each socket that dies. No root."""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass

_NETLINK_SOCK_DIAG = 4
_SOCK_DIAG_BY_FAMILY, _SOCK_DESTROY = 20, 21
_REQUEST, _DUMP, _ACK = 1, 0x300, 4
_NLMSG_ERROR, _NLMSG_DONE = 2, 3
_TCP_DESTROY_GROUP = 1
_ALL_STATES = 0xFFFFFFFF
_HEADER = struct.Struct("=IHHII")
#: inet_diag_req_v2: family, protocol, ext, pad, states, then the socket's id
_REQUEST_HEAD = struct.Struct("=BBBxI")
_ID = struct.Struct("!HH16s16s")
_ID_TAIL = struct.Struct("=I8s")
#: inet_diag_msg: family, state, timer, retrans; id; expires, rqueue, wqueue, uid, inode
_MESSAGE = struct.Struct("=BBBB")
_QUEUES = struct.Struct("=IIIII")
_MESSAGE_LEN = 4 + 48 + 20

#: the kernel's numbers (include/net/tcp_states.h)
STATES = (
    "?", "ESTABLISHED", "SYN_SENT", "SYN_RECV", "FIN_WAIT1", "FIN_WAIT2", "TIME_WAIT", "CLOSE", "CLOSE_WAIT",
    "LAST_ACK", "LISTEN", "CLOSING", "SYN_RECV",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sock:
    """One socket as the kernel lists it."""

    state: str
    local: tuple[str, int]
    remote: tuple[str, int]
    unread_bytes: int
    unacked_bytes: int
    identity: bytes  #: as the kernel wants it back


class Diag:
    """A netlink socket of the network namespace that it was made in."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, _NETLINK_SOCK_DIAG)
        self._socket.settimeout(5)

    def sockets(self) -> list[Sock]:
        """Every IPv4 TCP socket now, TIME-WAIT and half-open ones too."""
        head = _REQUEST_HEAD.pack(socket.AF_INET, socket.IPPROTO_TCP, 0, _ALL_STATES)
        self._ask(_SOCK_DIAG_BY_FAMILY, _REQUEST | _DUMP, head + bytes(48))
        found: list[Sock] = []
        while True:
            for kind, body in _messages(self._socket.recv(1 << 16)):
                if kind in (_NLMSG_DONE, _NLMSG_ERROR):
                    return found
                if len(body) >= _MESSAGE_LEN:
                    found.append(_sock(body))

    def destroy(self, sock: Sock) -> None:
        """What `ss -K` does: the kernel aborts the socket. OSError where it may not."""
        head = _REQUEST_HEAD.pack(socket.AF_INET, socket.IPPROTO_TCP, 0, _ALL_STATES)
        self._ask(_SOCK_DESTROY, _REQUEST | _ACK, head + sock.identity)
        for kind, body in _messages(self._socket.recv(1 << 16)):
            error = struct.unpack_from("=i", body)[0] if kind == _NLMSG_ERROR else 0
            if error:
                raise OSError(-error, os.strerror(-error))

    def _ask(self, kind: int, flags: int, body: bytes) -> None:
        self._socket.send(_HEADER.pack(_HEADER.size + len(body), kind, flags, 1, 0) + body)


class Obituaries:
    """Tells of each TCP socket of its namespace that dies (multicast; not blocking)."""

    def __init__(self) -> None:
        kind = socket.SOCK_RAW | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK
        self._socket = socket.socket(socket.AF_NETLINK, kind, _NETLINK_SOCK_DIAG)
        self._socket.bind((0, 1 << (_TCP_DESTROY_GROUP - 1)))

    def fileno(self) -> int:
        return self._socket.fileno()

    def read(self) -> list[Sock]:
        """Those that died since the last call."""
        found: list[Sock] = []
        while True:
            try:
                data = self._socket.recv(1 << 16)
            except BlockingIOError:
                return found
            except OSError:
                continue  # ENOBUFS: some were lost; the snapshots still tell
            found += [_sock(body) for _, body in _messages(data) if len(body) >= _MESSAGE_LEN]


def _messages(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at + _HEADER.size <= len(data):
        length, kind, *_ = _HEADER.unpack_from(data, at)
        if length < _HEADER.size:
            return
        yield kind, data[at + _HEADER.size : at + length]
        at += (length + 3) & ~3


def _sock(body: bytes) -> Sock:
    _, state, _, _ = _MESSAGE.unpack_from(body)
    local_port, remote_port, local, remote = _ID.unpack_from(body, 4)
    _, unread, unacked, _, _ = _QUEUES.unpack_from(body, 52)
    return Sock(
        state=STATES[state] if state < len(STATES) else "?",
        local=(socket.inet_ntoa(local[:4]), local_port),
        remote=(socket.inet_ntoa(remote[:4]), remote_port),
        unread_bytes=unread,
        unacked_bytes=unacked,
        identity=body[4:52],
    )
