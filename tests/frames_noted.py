"""A pcapng file whose packets carry what few tools write: queue, id, verdicts of hardware and of eBPF."""

from __future__ import annotations

import struct

from wire_bytes import ethernet, ipv4


def _block(kind: int, body: bytes, order: str) -> bytes:
    size = 12 + len(body)
    return struct.pack(order + "II", kind, size) + body + struct.pack(order + "I", size)


def _options(found: list[tuple[int, bytes]], order: str) -> bytes:
    whole = b"".join(
        struct.pack(order + "HH", code, len(value)) + value + bytes(-len(value) % 4) for code, value in found
    )
    return whole + bytes(4) if found else b""


def packets(order: str = "<") -> bytes:
    """A section in one byte order."""
    frame = ethernet(0x0800, ipv4(b"data", 253))
    number = struct.Struct(order + "Q")
    found: list[list[tuple[int, bytes]]] = [
        [(5, number.pack(0x0102030405060708))], [(6, struct.pack(order + "I", 3))], [(7, b"\0\1\2\3")],
        [(7, b"\1" + number.pack(7))], [(7, b"\2" + number.pack(2))], [(7, b"\x09abc")],
        [(7, b"\0\1"),
         (7, b"\2" + number.pack(1)), (6, struct.pack(order + "I", 9)), (5, number.pack(1)), (1, b"hello")],
        [], [(7, b"\1" + number.pack(1 << 63))],
    ]  # fmt: skip
    section = _block(0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1), order)
    interface = _block(1, struct.pack(order + "HHI", 1, 0, 0), order)
    written = (
        struct.pack(order + "IIIII", 0, 0x00060000, place, len(frame), len(frame))
        + frame + bytes(-len(frame) % 4) + _options(options, order)
        for place, options in enumerate(found)
    )  # fmt: skip
    return section + interface + b"".join(_block(6, body, order) for body in written)


def whole_file() -> bytes:
    return packets("<") + packets(">")
