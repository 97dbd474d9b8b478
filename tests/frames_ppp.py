"""PPP in every carrier with right and wrong check sequences (RFC 1662 appendix C.2)."""

from __future__ import annotations

import struct
import zlib

from frames_checked import udp
from wire_bytes import ethernet, ipv4

INNER = ipv4(b"data", 253)
PLAIN = b"\xff\3\0\x21" + INNER


def fcs_16(data: bytes) -> bytes:
    """Bit by bit, as the appendix describes it."""
    found = 0xFFFF
    for octet in data:
        found ^= octet
        for _ in range(8):
            found = found >> 1 ^ (0x8408 if found & 1 else 0)
    return (found ^ 0xFFFF).to_bytes(2, "little")


def framed() -> list[bytes]:
    """On a serial line."""
    unknown = b"\xff\3\x12\x34abcdef"
    return [
        PLAIN + fcs_16(PLAIN),
        PLAIN + fcs_16(PLAIN[:-1]),
        PLAIN + zlib.crc32(PLAIN).to_bytes(4, "little"),
        PLAIN,
        PLAIN[2:] + fcs_16(PLAIN[2:]),
        PLAIN[2:] + zlib.crc32(PLAIN[2:]).to_bytes(4, "little"),
        unknown + fcs_16(unknown),
        unknown + zlib.crc32(unknown).to_bytes(4, "little"),
        unknown[:6],
        unknown[:4],
        b"\x21" + INNER,
        b"\xff\3\x21" + INNER,
    ]


def carried() -> list[bytes]:
    """In GRE, L2TP and PPPoE, of which only the last has no framing of HDLC."""
    checked = PLAIN + fcs_16(PLAIN)
    l2tp = struct.pack(">HHH", 2, 1, 2)
    return [
        ethernet(0x0800, ipv4(struct.pack(">HH", 0, 0x880B) + checked, 47)),
        ethernet(0x0800, ipv4(struct.pack(">HHHHI", 0x3001, 0x880B, len(checked), 7, 1) + checked, 47)),
        ethernet(0x0800, ipv4(udp(l2tp + checked, (1701, 1701)), 17)),
        ethernet(0x0800, ipv4(udp(l2tp + PLAIN[2:] + b"\1\2", (1701, 1701)), 17)),
        ethernet(0x8864, struct.pack(">BBHH", 0x11, 0, 7, len(PLAIN)) + PLAIN[2:] + b"\1\2"),
    ]
