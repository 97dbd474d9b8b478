"""Capture files written fast: whole batches of (time_ns, frame) joined into one write."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import BinaryIO

Batch = Sequence[tuple[int, bytes]]

_ETHERNET = 1
_SNAPLEN = 262144


class PcapFile:
    """Classic pcap, little endian, microseconds."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out
        out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, _SNAPLEN, _ETHERNET))

    def write(self, batch: Batch) -> None:
        pack = struct.Struct("<IIII").pack
        parts: list[bytes] = []
        for time_ns, frame in batch:
            seconds, rest = divmod(time_ns, 1_000_000_000)
            parts.append(pack(seconds, rest // 1000, len(frame), len(frame)))
            parts.append(frame)
        self._out.write(b"".join(parts))


class PcapngFile:
    """pcapng, little endian, one section and interface, nanoseconds."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out
        out.write(struct.pack("<IIIHHqI", 0x0A0D0D0A, 28, 0x1A2B3C4D, 1, 0, -1, 28))
        resolution = struct.pack("<HHB3xHH", 9, 1, 9, 0, 0)  # if_tsresol 10**-9, end of options
        body = struct.pack("<HHI", _ETHERNET, 0, _SNAPLEN) + resolution
        out.write(struct.pack("<II", 1, 12 + len(body)) + body + struct.pack("<I", 12 + len(body)))

    def write(self, batch: Batch) -> None:
        head, tail = struct.Struct("<IIIIIII").pack, struct.Struct("<I").pack
        pads = (b"", b"\0\0\0", b"\0\0", b"\0")
        parts: list[bytes] = []
        for time_ns, frame in batch:
            size = len(frame)
            total = 32 + (size + 3 & ~3)
            parts.append(head(6, total, 0, time_ns >> 32, time_ns & 0xFFFFFFFF, size, size))
            parts.append(frame)
            parts.append(pads[size & 3] + tail(total))
        self._out.write(b"".join(parts))
