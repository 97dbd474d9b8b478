"""Input that lies or ends early: one clear line with file and offset, and what was read up to there is kept."""

from __future__ import annotations

import os
import re
import struct
from pathlib import Path

import pytest

from command import synfin
from nested_frames import ETH
from synfin.capture.reader import open_capture
from synfin.errors import UnreadableInput

NOBODY = 65534

HEADER = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)
SECTION = struct.pack("<IIIHHqI", 0x0A0D0D0A, 28, 0x1A2B3C4D, 1, 0, -1, 28)


def record(frame: bytes = ETH, *, cap_len: int | None = None, seconds: int = 1) -> bytes:
    size = len(frame) if cap_len is None else cap_len
    return struct.pack("<IIII", seconds, 0, size, len(frame)) + frame


BAD = {
    "an empty file": (b"", "the input is empty (offset 0: nothing)", 3, 0),
    "half a file": (HEADER + record() + record()[:-9], "(49 of 58 bytes of a packet) at offset 98, in packet 2", 0, 1),
    "half a header": (HEADER[:10], "cut short: 10 of 24 bytes (offset 10", 3, 0),
    "a record of 4 GB": (HEADER + record() + record(cap_len=2**32 - 1), "captured length 4294967295", 0, 1),
    "a block length that lies": (
        SECTION + struct.pack("<II", 6, 0xFFFFFFFC) + bytes(40), "at offset 28, in packet 1", 0, 0,
    ),
    "an undeclared interface": (
        SECTION + struct.pack("<IIIIIIIII", 6, 36, 5, 0, 0, 4, 4, 0, 36),
        "interface 5 of a section that describes 0 at offset 28, in packet 1", 0, 0,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_a_line_with_file_and_offset(name: str, tmp_path: Path) -> None:
    data, words, status, connections = BAD[name]
    path = tmp_path / "bad.pcap"
    path.write_bytes(data)
    done = synfin("conns", str(path))
    assert done.status == status
    assert [words in line for line in done.err.splitlines() if line.startswith(f"synfin: {path}: ")].count(True) == 1
    assert len(done.out.splitlines()) == (0 if status else 1 + connections)


def test_what_cannot_be_opened(tmp_path: Path) -> None:
    for path, reason in ((tmp_path, "Is a directory"), (tmp_path / "none", "No such file")):
        done = synfin("conns", str(path))
        assert (done.status, done.out) == (3, "") and done.err.startswith(f"synfin: {path}: cannot be opened: {reason}")


def test_a_file_without_permission(tmp_path: Path) -> None:
    closed = tmp_path / "closed.pcap"
    closed.write_bytes(HEADER)
    closed.chmod(0)
    privileged = os.geteuid() == 0
    if privileged:
        os.seteuid(NOBODY)  # root may read everything
    try:
        with pytest.raises(UnreadableInput, match=re.escape(f"{closed}: cannot be opened: Permission denied")):
            open_capture(closed)
    finally:
        if privileged:
            os.seteuid(0)


def test_times_that_go_back_are_no_damage(tmp_path: Path) -> None:
    path = tmp_path / "back.pcap"
    path.write_bytes(HEADER + record(seconds=9) + record(seconds=3))
    done = synfin("conns", str(path), "--ndjson")
    assert (done.status, done.err) == (0, "") and '"packets":2' in done.out.replace(" ", "")
