"""Captures that both programs have written: packets as tshark reads them, everything else as capinfos tells it."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path

from outputs.compare import Difference

_PACKETS = (
    "frame.time_epoch", "frame.len", "frame.cap_len", "frame.encap_type", "frame.interface_id", "frame.interface_name",
    "frame.interface_description", "frame.comment", "frame.packet_flags", "frame.packet_id",
)  # fmt: skip
#: of the file itself, or made of its bytes, or of times alone that packets already tell
_OF_THE_FILE = re.compile(r"(?:File name|File size|SHA256|RIPEMD160|SHA1|Capture application|Capture oper-sys)\b")


def compare(theirs: Path, ours: Path, environment: dict[str, str]) -> Iterator[Difference]:
    """What differs between two files."""
    words = [word for name in _PACKETS for word in ("-e", name)]
    for what, *command in (
        ("packet", "tshark", "-n", "-T", "fields", *words, "-r"), ("bytes", "tshark", "-n", "-x", "-r"),
        ("capinfos", "capinfos", "-M"),
    ):  # fmt: skip
        left, right = (_lines([*command, str(path)], environment) for path in (theirs, ours))
        for one, other in zip_longest(left, right, fillvalue=""):
            if one != other:
                name = (one or other).split(":")[0].split("=")[0].strip() if what == "capinfos" else what
                yield Difference(name, f"tshark {one[:90]!r}, here {other[:90]!r}")


def _lines(command: list[str], environment: dict[str, str]) -> list[str]:
    done = subprocess.run(command, capture_output=True, env=environment, check=False)
    text = done.stdout.decode("utf-8", "replace")
    return [line for line in text.split("\n") if not _OF_THE_FILE.match(line)]
