"""The pipe between the bench and its processes: one JSON object a line."""

from __future__ import annotations

import json
import os
import sys
from typing import Any

Message = dict[str, Any]


def say(**message: Any) -> None:
    """Tell the bench something: one line on standard output, written at once. Ends the process when nobody listens."""
    try:
        sys.stdout.buffer.write(encode(message))
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        os._exit(1)  # the experiment was given up; there is nobody to complain to either


def hear() -> Message:
    """The next line from the bench; an empty message when it has gone."""
    line = sys.stdin.buffer.readline()
    return decode(line) if line else {}


def encode(message: Message) -> bytes:
    return json.dumps(message, ensure_ascii=True, separators=(",", ":")).encode() + b"\n"


def decode(line: bytes) -> Message:
    message = json.loads(line)
    if not isinstance(message, dict):
        raise ValueError(f"not an object: {line[:80]!r}")
    return message
