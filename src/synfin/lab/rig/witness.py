"""The kernel's trace while a scenario runs: an instance of tracefs of our own, filtered to the lab's port. Needs root.

The witness is a process of its own that keeps root's rights when the bench gives them up, and that takes its instance
away when the bench has gone, however that one ended.
"""

from __future__ import annotations

import ctypes
import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path

from synfin.lab.rig.line import Line

TRACEFS = Path("/sys/kernel/tracing")
_CLONE_NEWNS, _MS_REC, _MS_PRIVATE = 0x20000, 0x4000, 1 << 18
_BUFFER_KB = 512
_PREFIX = "synfin-lab-"
_LONGEST_S = 120.0
#: with a port to filter by, and without
EVENTS = {
    "sock/inet_sock_set_state": True,
    "tcp/tcp_receive_reset": True,
    "tcp/tcp_retransmit_skb": True,
    "tcp/tcp_send_reset": False,
}


class NoTrace(Exception):
    """The kernel's trace cannot be had; the message tells what was refused."""


def start(port: int) -> tuple[Line, int]:
    """Fork the witness and wait until it watches; raises NoTrace. The line takes `stop` and gives the trace back."""
    ours, theirs = socket.socketpair()
    child = os.fork()
    if child == 0:
        ours.close()
        _live(Line(theirs), port)
    theirs.close()
    line = Line(ours)
    answer = line.hear(20) or {"failed": "it did not answer"}
    if "failed" in answer:
        os.waitpid(child, 0)
        raise NoTrace(str(answer["failed"]))
    return line, child


def stop(line: Line, child: int) -> list[str]:
    """The lines of the trace; the witness has ended and its instance is gone."""
    line.say(stop=True)
    answer = line.hear(20) or {}
    os.waitpid(child, 0)
    return [str(one) for one in answer.get("trace", [])]


def available() -> str:
    """Try it: empty when the trace can be had, else what was refused."""
    try:
        line, child = start(1)
    except NoTrace as refused:
        return str(refused)
    stop(line, child)
    return ""


def _live(line: Line, port: int) -> None:
    code = 0
    try:
        folder = _instance()
        try:
            _watch(folder, port)
            line.say(ready=True)
            line.hear(_LONGEST_S)
            (folder / "tracing_on").write_text("0")
            text = (folder / "trace").read_text(errors="replace")
        finally:
            folder.rmdir()
        line.say(trace=[one for one in text.splitlines() if not one.startswith("#")])
    except OSError as error:
        line.say(failed=f"{error.filename or TRACEFS}: {error.strerror}")
        code = 1
    finally:
        os._exit(code)


def _instance() -> Path:
    """A fresh instance; tracefs is mounted for this process alone where nobody mounted it."""
    if not (TRACEFS / "instances").is_dir():
        libc = ctypes.CDLL(None, use_errno=True)
        _call(libc.unshare(_CLONE_NEWNS), "unshare(CLONE_NEWNS)")
        _call(libc.mount(b"none", b"/", None, _MS_REC | _MS_PRIVATE, None), "mount --make-rprivate /")
        _call(libc.mount(b"tracefs", bytes(TRACEFS), b"tracefs", 0, None), f"mount -t tracefs {TRACEFS}")
    for left in _abandoned(TRACEFS / "instances"):
        left.rmdir()
    folder = TRACEFS / "instances" / f"{_PREFIX}{os.getpid()}"
    folder.mkdir()
    return folder


def _abandoned(folder: Path) -> Iterator[Path]:
    """Instances of witnesses that live no more."""
    for path in folder.glob(f"{_PREFIX}*"):
        number = path.name.removeprefix(_PREFIX)
        if number.isdigit() and not Path(f"/proc/{number}").exists():
            yield path


def _call(answer: int, what: str) -> None:
    if answer:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), what)


def _watch(folder: Path, port: int) -> None:
    (folder / "buffer_size_kb").write_text(str(_BUFFER_KB))
    (folder / "trace_clock").write_text("tai")
    for event, has_port in EVENTS.items():
        place = folder / "events" / event
        if not place.is_dir():
            continue  # an older kernel: tcp_send_reset tells its reason since 6.10
        if has_port:
            (place / "filter").write_text(f"sport=={port}||dport=={port}")
        (place / "enable").write_text("1")


def tai_offset_ns() -> int:
    """What the trace's clock is ahead of the packets'."""
    return round((time.clock_gettime(time.CLOCK_TAI) - time.time()) / 1e9 * 1e9) * 1_000_000_000
