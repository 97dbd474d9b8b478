"""Headers of tunnels that captures seldom hold: routes, platform headers, options, metadata."""

from __future__ import annotations

import struct

from frames_checked import udp
from wire_bytes import ethernet, ipv4

INNER = ipv4(b"data", 253)
FRAME = ethernet(0x0800, INNER)


def _gre(header: bytes, payload: bytes = INNER) -> bytes:
    return ethernet(0x0800, ipv4(header + payload, 47))


def routes() -> list[bytes]:
    """Source routes of GRE (RFC 1701), redirection (WCCP), attributes of 3GPP2."""
    v4 = struct.pack(">HBB", 2, 4, 8) + b"\x0a\0\0\1\x0a\0\0\2"
    return [
        _gre(b"\x40\0\x08\0\0\0\0\0" + v4 + bytes(4)),
        _gre(b"\x48\0\x08\0\0\0\0\4" + v4 + v4 + bytes(4)),
        _gre(b"\x40\0\x08\0\0\0\0\0" + bytes(4)),
        _gre(b"\x40\0\x08\0\0\0\0\0" + struct.pack(">HBB", 9, 1, 3) + b"abc" + bytes(4)),
        _gre(b"\x60\0\x08\0\0\0\0\0\0\0\0\7" + v4 + bytes(4)),
        _gre(b"\x40\0\x08\0\0\0\0\0" + v4[:6], b""),
        _gre(b"\0\0\x88\x3e", b"\1\7\2\3" + INNER),
        _gre(b"\0\0\x88\x3e", b"\x06\7\2\3" + INNER),
        _gre(b"\0\0\x88\x3e"),
        _gre(b"\0\0\x88\x3e", b"\xff\xff\xff\xff" + INNER),
        *(
            _gre(b"\x20\0\x88\x81\0\0\0\7", one)
            for one in (
                b"\x81\2\x80\0" + b"\x7e\xff\x7d",
                b"\1\2\xc0\0\x82\2\xc0\0" + b"abc",
                b"\x83\3\1\2\3abc",
                b"\x84\2\x80\0abc",
                b"\x85\1\0abc",
                b"\x04\2\x40\0\x81\2\0\0abc",
                b"\xff\0abc",
            )
        ),
    ]


def mirrors() -> list[bytes]:
    """ERSPAN type III with every platform header; versions that are none."""

    def third(platform: int, rest: bytes, *, more: int = 1) -> bytes:
        head = struct.pack(">HHIHH", 0x2007, 0x1005, 0x01020304, 9, 0x8000 | more)
        word = struct.pack(">I", platform << 26 | int.from_bytes(rest[:4], "big") & 0x3FFFFFF)
        return _gre(b"\x10\0\x22\xeb\0\0\0\1", head + (word + rest[4:8] if more else b"") + FRAME)

    rest = b"\x01\x23\x45\x67\x89\xab\xcd\xef"
    return [
        *(third(platform, rest) for platform in (0, 1, 2, 3, 4, 5, 6, 7, 63)),
        third(1, rest, more=0),
        *(_gre(b"\x10\0\x88\xbe\0\0\0\1", bytes([version << 4]) + bytes(7) + FRAME) for version in (0, 1, 2, 3)),
    ]


def virtual() -> list[bytes]:
    """Geneve: options of Cisco's and others, lengths and versions that cannot be."""

    def packet(options: bytes, *, words: int | None = None, version: int = 0, flags: int = 0) -> bytes:
        count = len(options) // 4 if words is None else words
        head = bytes([version << 6 | count, flags]) + b"\x65\x58\0\0\7\0"
        return ethernet(0x0800, ipv4(udp(head + options + FRAME, (40000, 6081)), 17))

    def option(group: int, kind: int, value: bytes, words: int | None = None, reserved: int = 0) -> bytes:
        return struct.pack(">HBB", group, kind, reserved << 5 | (len(value) // 4 if words is None else words)) + value

    return (
        [
            packet(option(0x0132, kind, value))
            for kind, value in (
                (0, bytes(8)),
                (1, b"\0\0\0\7\x80\0\0\1"),
                (1, b"\x0f\0\1\2\3\4\5\6"),
                (1, bytes(12)),
                (2, b"abcd"),
            )
        ]
        + [
            packet(option(0x0132, kind, value))
            for kind in range(3, 9)
            for value in (b"\1\2\3\4", b"\1\2\3\4\5\6\7\x08")
        ]
        + [
            packet(option(0x0108, 1, b"abcd")),
            packet(option(0x0100, 0x81, b"", reserved=7)),
            packet(b"", version=1),
            packet(option(1, 1, b"abcd", words=9)),
            packet(option(1, 1, b"abcd")[:4]),
            packet(b"", words=5),
            packet(b"", flags=0xFF),
            packet(option(0x0108, 0x80, b"abcdefgh") + option(0x0132, 1, b"\x02\0\1\2\3\4\5\6")),
        ]
    )


def services() -> list[bytes]:
    """NSH of both kinds of metadata (RFC 8300), lengths that cannot be, EtherIP."""

    def packet(words: int, kind: int, metadata: bytes, *, version: int = 0, following: int = 3) -> bytes:
        head = struct.pack(">HBBI", version << 14 | 63 << 6 | words, kind, following, 0x00000705)
        return ethernet(0x894F, head + metadata + FRAME)

    def item(size: int, value: bytes, bit: int = 0) -> bytes:
        return struct.pack(">HBB", 0x0101, 7, bit << 7 | size) + value

    return [
        packet(6, 1, bytes(range(16))),
        packet(2, 2, b""),
        packet(4, 2, item(4, b"abcd")),
        packet(4, 2, item(3, b"abc\0", 1)),
        packet(5, 2, item(0, b"") + item(4, b"abcd")),
        packet(3, 2, item(0, b"")),
        packet(4, 2, item(40, b"abcd")),
        packet(5, 1, bytes(12)),
        packet(7, 1, bytes(20)),
        packet(1, 2, b""),
        packet(0, 2, b""),
        packet(6, 3, bytes(16)),
        packet(2, 2, b"", version=1),
        packet(2, 2, b"", following=1),
        packet(63, 2, bytes(8)),
        packet(2, 15, b""),
        *(ethernet(0x0800, ipv4(head + FRAME, 97)) for head in (b"\x30\0", b"\x20\0", b"\x30\1", b"\x4f\xff")),
    ]
