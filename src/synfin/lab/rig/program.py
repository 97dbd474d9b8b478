"""A program at an end of the wire: plain blocking sockets that do what the steps say. Runs in a process of its own."""

from __future__ import annotations

import errno
import fcntl
import os
import signal
import socket
import struct
import termios
import time
from collections.abc import Callable, Sequence
from typing import Any

from synfin.lab.rig.diag import STATES, Diag
from synfin.lab.rig.ground import filter_packets
from synfin.lab.rig.line import Line
from synfin.lab.rig.steps import Step

#: no single step takes longer
STEP_LIMIT_S = 25.0
_POLL_S = 0.001
#: Linux; Python's socket module lacks some
_OPTIONS = {
    "TCP_NODELAY": 1, "TCP_MAXSEG": 2, "TCP_CORK": 3, "TCP_KEEPIDLE": 4, "TCP_KEEPINTVL": 5, "TCP_KEEPCNT": 6,
    "TCP_SYNCNT": 7, "TCP_LINGER2": 8, "TCP_DEFER_ACCEPT": 9, "TCP_WINDOW_CLAMP": 10, "TCP_QUICKACK": 12,
    "TCP_USER_TIMEOUT": 18, "TCP_REPAIR": 19, "TCP_FASTOPEN": 23,
}  # fmt: skip
_SOCKET_OPTIONS = {"SO_KEEPALIVE": 9, "SO_RCVBUF": 8, "SO_SNDBUF": 7, "SO_REUSEADDR": 2}
_MSG_FASTOPEN = 0x20000000


class Failed(Exception):
    """A step did not go as the scenario says."""


class Program:
    """One program: its sockets by name, and the line to the bench."""

    def __init__(self, line: Line, addresses: dict[str, str], port: int) -> None:
        self.line = line
        self._addresses, self._port = addresses, port
        self._sockets: dict[str, socket.socket] = {}
        self._crowd: list[socket.socket] = []

    def run(self, steps: Sequence[Step]) -> None:
        """Do all steps; raises Failed at the first that does not go as it should."""
        for step in steps:
            if step.do == "repeat":
                for _ in range(step.value):
                    self.run(step.steps)
                continue
            self._one(step)

    def _one(self, step: Step) -> None:
        began_ns = time.time_ns()
        try:
            detail = getattr(self, f"_do_{step.do}")(step)
        except OSError as error:
            name = errno.errorcode.get(error.errno or 0, type(error).__name__)
            if isinstance(error, TimeoutError) and error.errno is None:
                name = "nothing came"
            self._tell(step, began_ns, {"error": name})
            if name != step.fails:
                raise Failed(f"{step.do}: {name} ({error}), expected {step.fails or 'success'}") from error
            return
        self._tell(step, began_ns, detail or {})
        if step.fails:
            raise Failed(f"{step.do}: expected {step.fails}, but it succeeded")

    def _tell(self, step: Step, began_ns: int, detail: dict[str, Any]) -> None:
        self.line.say(event={"time_ns": began_ns, "end_ns": time.time_ns(), "name": step.do, "detail": detail})

    # --- sockets ---

    def _socket(self, step: Step) -> socket.socket:
        if step.on not in self._sockets:
            raise Failed(f"{step.do}: no socket {step.on!r}")
        return self._sockets[step.on]

    def _fresh(self, step: Step) -> socket.socket:
        sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        sock.settimeout(STEP_LIMIT_S)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        _set_options(sock, step.options.get("options", {}))
        self._sockets[step.on] = sock
        return sock

    def _bind(self, sock: socket.socket, port: int) -> None:
        sock.bind((self._addresses["own"], port))

    def _do_listen(self, step: Step) -> None:
        sock = self._fresh(step)
        self._bind(sock, step.options.get("port", self._port))
        sock.listen(step.value)
        self.line.say(listening=True)

    def _do_accept(self, step: Step) -> dict[str, Any]:
        listener = self._sockets.get(step.options.get("from", "listener"))
        if listener is None:
            raise Failed("accept: there is no socket called 'listener' (or as `from` says)")
        sock, peer = listener.accept()
        sock.settimeout(STEP_LIMIT_S)
        _set_options(sock, step.options.get("options", {}))
        self._sockets[step.on] = sock
        return {"peer": f"{peer[0]}:{peer[1]}"}

    def _do_connect(self, step: Step) -> dict[str, Any]:
        sock = self._fresh(step)
        if "from_port" in step.options:
            self._bind(sock, step.options["from_port"])
        target = (self._addresses[step.options.get("to", "peer")], step.options.get("port", self._port))
        if step.options.get("background"):
            sock.setblocking(False)
            code = sock.connect_ex(target)
            if code not in (0, errno.EINPROGRESS):
                raise OSError(code, os.strerror(code))
        else:
            sock.connect(target)
        return {"peer": f"{target[0]}:{target[1]}"}

    def _do_connect_many(self, step: Step) -> dict[str, Any]:
        target = (self._addresses["peer"], self._port)
        for _ in range(step.value):
            sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            if step.options.get("background"):
                sock.setblocking(False)
                sock.connect_ex(target)
                self._crowd.append(sock)
                continue
            sock.settimeout(STEP_LIMIT_S)
            sock.connect(target)
            sock.close()
        return {"n": step.value}

    def _do_accept_many(self, step: Step) -> dict[str, Any]:
        listener = self._sockets["listener"]
        for _ in range(step.value):
            sock, _ = listener.accept()
            sock.settimeout(STEP_LIMIT_S)
            while sock.recv(1 << 16):
                pass
            sock.close()
        return {"n": step.value}

    def _do_connected(self, step: Step) -> None:
        sock = self._socket(step)
        self._until(lambda: _state(sock) != "SYN_SENT" and _state(sock) != "SYN_RECV", "the connection")
        sock.settimeout(STEP_LIMIT_S)
        code = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if code:
            raise OSError(code, os.strerror(code))

    def _do_connect_sending(self, step: Step) -> dict[str, Any]:
        sock = self._fresh(step)
        if "from_port" in step.options:
            self._bind(sock, step.options["from_port"])
        sock.settimeout(None)  # with a time limit Python would not wait for the handshake
        sent = sock.sendto(step.value.encode(), _MSG_FASTOPEN, (self._addresses["peer"], self._port))
        sock.settimeout(STEP_LIMIT_S)
        return {"bytes": sent}

    def _do_send(self, step: Step) -> dict[str, Any]:
        data = step.value.encode() if isinstance(step.value, str) else _filling(step.value)
        self._socket(step).sendall(data)
        return {"bytes": len(data)}

    def _do_read(self, step: Step) -> dict[str, Any]:
        sock, got = self._socket(step), 0
        while got < step.value:
            data = sock.recv(min(step.value - got, 1 << 16))
            if not data:
                break
            got += len(data)
        return {"bytes": got, "end": got < step.value}

    def _do_read_to_end(self, step: Step) -> dict[str, Any]:
        sock, got = self._socket(step), 0
        while data := sock.recv(1 << 16):
            got += len(data)
        return {"bytes": got, "end": True}

    def _do_shutdown(self, step: Step) -> None:
        self._socket(step).shutdown(socket.SHUT_WR)

    def _do_close(self, step: Step) -> None:
        self._socket(step)
        self._sockets.pop(step.on).close()

    def _do_reset(self, step: Step) -> None:
        sock = self._socket(step)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._sockets.pop(step.on).close()

    def _do_vanish(self, step: Step) -> None:
        """A socket under repair is closed without a segment: as if the machine had lost its memory."""
        sock = self._socket(step)
        sock.setsockopt(socket.IPPROTO_TCP, _OPTIONS["TCP_REPAIR"], 1)
        self._sockets.pop(step.on).close()

    def _do_set(self, step: Step) -> dict[str, Any]:
        _set_options(self._socket(step), step.value)
        return {"options": ", ".join(f"{name} = {value}" for name, value in step.value.items())}

    # --- waiting and the bench ---

    def _do_sleep_ms(self, step: Step) -> dict[str, Any]:
        time.sleep(min(step.value / 1000, STEP_LIMIT_S))
        return {"ms": step.value}

    def _do_tell(self, step: Step) -> None:
        self.line.say(tell=step.value)

    def _do_await(self, step: Step) -> None:
        self._ask({"await": step.value}, step)

    def _do_await_rule(self, step: Step) -> None:
        self._ask({"await_rule": step.value, "times": step.options.get("times", 1)}, step)

    def _do_wire(self, step: Step) -> dict[str, Any]:
        self._ask({"wire": step.value}, step)
        return {"rule": step.value}

    def _ask(self, message: dict[str, Any], step: Step) -> None:
        self.line.say(**message)
        if not self.line.hear(STEP_LIMIT_S):
            raise Failed(f"{step.do} {step.value}: it did not happen within {STEP_LIMIT_S:g} s")

    def _do_await_acknowledged(self, step: Step) -> None:
        sock = self._socket(step)
        self._until(lambda: _unacknowledged(sock) == 0, "acknowledgements")

    def _do_await_state(self, step: Step) -> None:
        sock = self._socket(step)
        self._until(lambda: _state(sock) == step.value, f"the state {step.value}")

    def _do_await_unread(self, step: Step) -> None:
        sock = self._socket(step)
        self._until(lambda: _unread(sock) >= step.value, f"{step.value} unread bytes")

    def _until(self, condition: Callable[[], bool], what: str) -> None:
        limit = time.monotonic() + STEP_LIMIT_S
        while not condition():
            if time.monotonic() > limit:
                raise Failed(f"waited {STEP_LIMIT_S:g} s for {what}")
            time.sleep(_POLL_S)  # the kernel has no event for it

    # --- force ---

    def _do_firewall(self, step: Step) -> None:
        filter_packets(step.value)

    def _do_destroy(self, step: Step) -> None:
        own, peer = self._socket(step).getsockname(), self._socket(step).getpeername()
        diag = Diag()
        for sock in diag.sockets():
            if sock.local == own and sock.remote == peer:
                diag.destroy(sock)
                return
        raise Failed("destroy: the kernel does not list the socket")

    def _do_kill(self, _: Step) -> None:
        self.line.say(event={"time_ns": time.time_ns(), "end_ns": time.time_ns(), "name": "kill", "detail": {}})
        os.kill(os.getpid(), signal.SIGKILL)

    def _do_stay(self, _: Step) -> None:
        self.line.say(stays=True)
        self.line.hear(120.0)


def _set_options(sock: socket.socket, options: dict[str, int]) -> None:
    for name, value in options.items():
        if name in _OPTIONS:
            sock.setsockopt(socket.IPPROTO_TCP, _OPTIONS[name], value)
        elif name in _SOCKET_OPTIONS:
            sock.setsockopt(socket.SOL_SOCKET, _SOCKET_OPTIONS[name], value)
        else:
            raise Failed(f"there is no socket option {name!r}")


def _filling(count: int) -> bytes:
    """So many bytes that a person recognises."""
    return (b"0123456789abcdef" * (count // 16 + 1))[:count]


def _state(sock: socket.socket) -> str:
    return STATES[sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 8)[0]]


def _unacknowledged(sock: socket.socket) -> int:
    return int(struct.unpack("i", fcntl.ioctl(sock, termios.TIOCOUTQ, b"\0" * 4))[0])


def _unread(sock: socket.socket) -> int:
    return int(struct.unpack("i", fcntl.ioctl(sock, termios.FIONREAD, b"\0" * 4))[0])
