"""Shells as a person has them: on a terminal, with a tab key."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import time
from collections.abc import Sequence


def typed(shell: Sequence[str], start: str, line: str, until: str, *, seconds: float = 30) -> str:
    """What a shell shows after `start` has run and `line` has been typed (tabs and all), until `until` is there."""
    master, slave = pty.openpty()
    environment = {**os.environ, "TERM": "dumb", "PS1": "$ ", "LC_ALL": "C.UTF-8", "COLUMNS": "200"}
    process = subprocess.Popen(shell, stdin=slave, stdout=slave, stderr=slave, env=environment, start_new_session=True)
    os.close(slave)
    try:
        os.write(master, f"{start}; echo re''ady\n".encode())
        _read(master, "ready", seconds)
        os.write(master, line.encode())
        return _read(master, until, seconds)
    finally:
        process.kill()
        process.wait()
        os.close(master)


def _read(master: int, until: str, seconds: float) -> str:
    shown, deadline = b"", time.monotonic() + seconds
    while until.encode() not in shown.replace(b"\a", b""):
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([master], [], [], left)[0]:
            break
        try:
            shown += os.read(master, 65536)
        except OSError:
            break
    return shown.replace(b"\a", b"").decode("utf-8", "replace")
