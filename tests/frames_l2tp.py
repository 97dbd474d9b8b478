"""Control messages of L2TP (RFC 2661 section 4.4): every attribute, whole, hidden and of lengths that cannot be."""

from __future__ import annotations

import struct

from frames_checked import udp
from wire_bytes import ethernet, ipv4

PRINTABLE = bytes(range(0x30, 0x4C))


def control() -> list[bytes]:
    def attribute(kind: int, value: bytes, flags: int = 0x8000, length: int | None = None) -> bytes:
        return struct.pack(">HHH", flags | (6 + len(value) if length is None else length), 0, kind) + value

    def message(*attributes: bytes) -> bytes:
        body = attribute(0, b"\0\1") + b"".join(attributes)
        head = struct.pack(">HHHHHH", 0xC802, 12 + len(body), 1, 2, 3, 4)
        return ethernet(0x0800, ipv4(udp(head + body, (1701, 1701)), 17))

    known = [kind for kind in range(1, 39) if kind not in (20, 26, 27, 28)] + [46]
    return [
        message(),
        *(message(attribute(kind, PRINTABLE[: 28 if kind != 13 else 16])) for kind in known),
        message(attribute(1, b"\0\1")),
        message(attribute(1, b"\0\1\0\2")),
        message(attribute(12, b"\0\1\2")),
        message(attribute(7, b"client"), attribute(9, b"\0\7", 0), attribute(3, bytes(4)), attribute(4, b"\0\0\0\3")),
        message(attribute(7, b"secret", 0xC000), attribute(9, b"\0\7")),
    ]
