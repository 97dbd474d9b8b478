"""The line between the bench and one of its programs: JSON objects over a pair of sockets."""

from __future__ import annotations

import json
import select
import socket
from typing import Any

Message = dict[str, Any]


class Line:
    """One end of the line."""

    def __init__(self, end: socket.socket) -> None:
        self._end = end
        self._rest = b""

    def fileno(self) -> int:
        return self._end.fileno()

    def say(self, **message: Any) -> None:
        """Send a message; silently nothing where nobody listens any more."""
        try:
            self._end.sendall(json.dumps(message).encode() + b"\n")
        except (BrokenPipeError, ConnectionResetError):
            return

    def hear(self, limit_s: float) -> Message | None:
        """The next message; None where none comes in time, or the other end has gone."""
        while True:
            line, found, rest = self._rest.partition(b"\n")
            if found:
                self._rest = rest
                return self._decode(line)
            if not select.select([self._end], [], [], limit_s)[0]:
                return None
            data = self._end.recv(1 << 16)
            if not data:
                return None
            self._rest += data

    def heard(self) -> tuple[list[Message], bool]:
        """What has come without waiting, and whether the other end has gone."""
        gone = False
        while select.select([self._end], [], [], 0)[0]:
            data = self._end.recv(1 << 16)
            if not data:
                gone = True
                break
            self._rest += data
        *lines, self._rest = self._rest.split(b"\n")
        return [self._decode(line) for line in lines], gone

    @staticmethod
    def _decode(line: bytes) -> Message:
        message = json.loads(line)
        if not isinstance(message, dict):
            raise ValueError(f"not an object: {line[:80]!r}")
        return message
