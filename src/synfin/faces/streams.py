"""Standard streams that take every character, and are always there."""

from __future__ import annotations

import codecs
import os
import sys
from io import TextIOWrapper


def prepare() -> None:
    """Make printing safe: no character that a packet, a file name or a text holds can fail any more.

    Files and pipes are UTF-8. A terminal keeps its own encoding, and shows escapes for what that lacks; but one that
    claims ASCII is taken for UTF-8, as Python itself does in the C locale (PEP 540).
    """
    sys.stdout = sys.stdout or open(os.devnull, "w", encoding="utf-8")
    sys.stderr = sys.stderr or open(os.devnull, "w", encoding="utf-8")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            keeps = stream.isatty() and codecs.lookup(stream.encoding).name != "ascii"
            stream.reconfigure(encoding=stream.encoding if keeps else "utf-8", errors="backslashreplace")


def silence() -> None:
    """Give up standard output: what is still buffered goes nowhere, and closing it cannot fail."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
