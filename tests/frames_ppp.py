"""PPP in every carrier with right and wrong check sequences (RFC 1662 appendix C.2), and its negotiation."""

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


def negotiation() -> list[bytes]:
    """Packets of control protocols (RFC 1661, RFC 1570, RFC 2153, RFC 1332 ...)."""

    def control(protocol: int, code: int, body: bytes, *, length: int | None = None) -> bytes:
        size = 4 + len(body) if length is None else length
        return struct.pack(">HHBBH", 0xFF03, protocol, code, 7, size) + body

    link, network, others = 0xC021, 0x8021, (0x8023, 0x8031, 0x8057, 0x8059, 0x80FD, 0x8207, 0x8281, 0xC029, 0xC02B)
    options = b"\1\4\5\xdc\2\6\0\0\0\0\3\4\xc0\x23\5\6\1\2\3\4\7\2\x08\2\x11\4\6\5"
    return [
        *(control(link, code, options) for code in (1, 2, 3, 4)),
        *(control(link, code, b"\1\2\3\4hello, peer") for code in (5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 99)),
        *(control(link, 1, body) for body in (b"", b"\1\4\5", b"\1\1", b"\1\0", b"\1", b"\1\3\5\7\2", b"\7\3\5\x08\2")),
        control(link, 1, b"\1\4\5\xdc\xee\7abcde"),
        control(link, 1, options, length=3),
        control(link, 0, b"\1\2\3\4\0\1\2\3data"),
        control(link, 0, b"\1\2\3\4\0\1\2\3"),
        control(link, 9, b"\1\2\3\4"),
        control(link, 12, b"\1\2\3\4"),
        control(link, 5, b"abc") + b"padding",
        control(network, 1, b"\3\6\x0a\0\0\1\x81\6\x08\x08\x08\x08"),
        control(network, 1, b"\3\5\x0a\0\0"),
        control(0x8057, 1, b"\1\x0a\1\2\3\4\5\6\7\x08"),
        control(0x8057, 1, b"\1\4\1\2"),
        *(control(protocol, 5, b"bye") for protocol in (network, *others[:-2])),
        *(control(protocol, 5, b"") for protocol in others),
        *(control(network, code, b"\1\2\3\4hello, peer") for code in (0, 7, 8, 9, 10, 11, 12, 13)),
    ]


def directed() -> list[bytes]:
    """With a byte in front that tells who sent."""
    return [bytes([sent]) + frame for sent in (0, 1, 2, 255) for frame in (PLAIN, PLAIN[2:], b"\xff\3\x12\x34abc")]
