"""MPLS: special labels in a stack (RFC 3032), associated channels of pseudo-wires and sections (RFC 4385, RFC 5586)."""

from __future__ import annotations

import struct

from wire_bytes import ethernet, ipv4

INNER = ipv4(b"data", 253)


def _stack(payload: bytes, *labels: int, last: int = 1) -> bytes:
    ends = [*(0 for _ in labels[1:]), last]
    words = (struct.pack(">I", label << 12 | end << 8 | 64) for label, end in zip(labels, ends, strict=True))
    return ethernet(0x8847, b"".join(words) + payload)


def stacks() -> list[bytes]:
    return [
        *(_stack(INNER, label) for label in (0, 1, 2, 3, 4, 7, 15, 16, 0xFFFFF)),
        *(_stack(INNER, label, 16) for label in (0, 1, 2, 3, 4, 7, 13, 14, 15)),
        *(_stack(INNER, 17, label, 16) for label in (0, 1, 2, 3, 7)),
        *(_stack(INNER, 17, label) for label in (0, 1, 2, 3, 7)),
        _stack(INNER, 16, 0, 0, 17, 2, 18),
        _stack(b"", 16),
        _stack(b"", 0, last=0),
        _stack(b"", 16, 3, last=0),
    ]


def channels() -> list[bytes]:
    def told(first: int, reserved: int, kind: int, payload: bytes, label: int = 16) -> bytes:
        return _stack(struct.pack(">BBH", first, reserved, kind) + payload, label)

    return [
        *(told(0x10, 0, kind, b"abcdefgh") for kind in (0, 2, 0x0A5A, 0x7FF8, 0x7FFF, 0xFFFF)),
        told(0x10, 0, 2, b""),
        *(told(0x10 | version, reserved, 0x7FF8, b"abcd") for version in (0, 1, 15) for reserved in (0, 1, 0xFF)),
        told(0x10, 0, 0x7FF8, b"abcd", label=13),
        *(told(0x10, 0, 1, payload) for payload in (b"\x12\x34abcd", b"\x12\x34", b"\x12", b"", b"\0\0\0")),
        told(0x11, 7, 1, b"\x12\x34abcd", label=13),
        _stack(b"\x10\0\0", 16),
        _stack(b"\x10", 16),
    ]
