"""Processes of the lab do not outlive who started them, however that one ends."""

from __future__ import annotations

import ctypes
import signal

_PR_SET_PDEATHSIG = 1


def hold() -> None:
    """Have the kernel kill this process when its parent ends. A change of user namespace lets go: hold again."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
