"""The pipe between the bench and its processes: one JSON object a line."""

from __future__ import annotations

import json
import sys
from typing import Any

Message = dict[str, Any]


def say(**message: Any) -> None:
    """Tell the bench something: one line on standard output, written at once."""
    sys.stdout.buffer.write(encode(message))
    sys.stdout.buffer.flush()


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
