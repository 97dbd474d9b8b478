"""The command line as a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import NamedTuple


class Done(NamedTuple):
    """What a command left."""

    status: int
    out: str
    err: str


def synfin(
    *arguments: str, stdin: bytes = b"", env: Mapping[str, str] | None = None, python: Sequence[str] = ()
) -> Done:
    """Run `synfin` with these arguments, in English, without a terminal."""
    done = subprocess.run(
        [sys.executable, *python, "-m", "synfin", *arguments],
        input=stdin,
        capture_output=True,
        timeout=120,
        env={**os.environ, "LC_ALL": "C.UTF-8", "LANG": "C.UTF-8", **(env or {})},
    )
    return Done(done.returncode, done.stdout.decode("utf-8"), done.stderr.decode("utf-8"))
