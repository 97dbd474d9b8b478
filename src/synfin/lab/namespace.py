"""A private network of one's own: user and network namespaces, entered by a fresh, single-threaded process."""

from __future__ import annotations

import ctypes
import os
import socket
from collections.abc import Callable
from pathlib import Path

from synfin.capture.interfaces import bring_up
from synfin.errors import NotPermitted

_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000

#: from the most private to the least; `host` is the machine's own loopback
PLACES = ("user", "net", "host")


class PlaceRefused(NotPermitted):
    """A place where the lab may not run: the `operation` that was tried, and what the kernel answered."""

    def __init__(self, place: str, operation: str, reason: str) -> None:
        super().__init__(f"{place}: {operation}: {reason}")
        self.place = place
        self.operation = operation
        self.reason = reason


def enter(place: str) -> None:
    """Move this process into `place`, with a working loopback and the right to capture, or raise PlaceRefused.

    Needs a process without other threads (the kernel refuses a change of user namespace otherwise).
    """
    if place == "user":
        uid, gid = os.geteuid(), os.getegid()
        _try(place, "unshare(CLONE_NEWUSER | CLONE_NEWNET)", lambda: _unshare(_CLONE_NEWUSER | _CLONE_NEWNET))
        _try(place, "write /proc/self/uid_map", lambda: _become_root(uid, gid))
    elif place == "net":
        _try(place, "unshare(CLONE_NEWNET)", lambda: _unshare(_CLONE_NEWNET))
    if place != "host":
        _try(place, "switch the loopback interface on", lambda: bring_up("lo"))
    _try(place, "socket(AF_PACKET)", _open_packet_socket)


def _try(place: str, operation: str, action: Callable[[], None]) -> None:
    try:
        action()
    except OSError as error:
        raise PlaceRefused(place, operation, os.strerror(error.errno or 0)) from error
    except NotPermitted as error:
        raise PlaceRefused(place, operation, str(error)) from error


def _unshare(flags: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(flags) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def _become_root(uid: int, gid: int) -> None:
    """Map the caller's ids to root inside; without privilege groups must be given up first."""
    own = Path("/proc/self")
    (own / "setgroups").write_text("deny")
    (own / "uid_map").write_text(f"0 {uid} 1")
    (own / "gid_map").write_text(f"0 {gid} 1")


def _open_packet_socket() -> None:
    socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0).close()
