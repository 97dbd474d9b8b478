"""IPv6 packets and messages of ICMPv6 byte by byte, for captures of what real ones seldom hold."""

from __future__ import annotations

from synfin.dissect.checksum import fold
from wire_bytes import ethernet

H = bytes.fromhex
LINK, GLOBAL, OTHER = (
    H("fe80000000000000020001fffe020304"), H("20010db8000100020003000400050006"), H("20010db8000a000b000c000d000e000f"),
)  # fmt: skip
GROUP = H("ff0200000000000000000000000000fb")
SRC, DST = H("fe80000000000000000000000000000a"), H("ff020000000000000000000000000001")
EUI64, MAC = H("0011223344556677"), H("000102030405")
NO_NEXT = 59


def header(payload: bytes, following: int, *, src: bytes = SRC, dst: bytes = DST, length: int | None = None,
           version: int = 6) -> bytes:  # fmt: skip
    size = len(payload) if length is None else length
    first = (version << 28 | 0x12345).to_bytes(4, "big")
    return first + size.to_bytes(2, "big") + bytes([following, 255]) + src + dst + payload


def packet(payload: bytes, following: int = NO_NEXT, *, src: bytes = SRC, dst: bytes = DST, length: int | None = None,
           version: int = 6) -> bytes:  # fmt: skip
    """An Ethernet frame with one IPv6 packet."""
    return ethernet(0x86DD, header(payload, following, src=src, dst=dst, length=length, version=version))


def message(kind: int, code: int, *parts: bytes) -> bytes:
    """A frame with a message of ICMPv6, its checksum right."""
    whole = bytes([kind, code, 0, 0]) + b"".join(parts)
    total = fold(whole, fold(SRC + DST + len(whole).to_bytes(4, "big") + b"\0\0\0\x3a"))
    return packet(whole[:2] + (0xFFFF - total).to_bytes(2, "big") + whole[4:], 58)


def option(kind: int, content: bytes, words: int | None = None) -> bytes:
    """An option of neighbour discovery, padded to words of eight bytes."""
    size = -(-(2 + len(content)) // 8)
    return bytes([kind, size if words is None else words]) + content.ljust(8 * size - 2, b"\0")


def carried(kind: int, content: bytes) -> bytes:
    """An option of IPv6 or of RPL."""
    return bytes([kind, len(content)]) + content


def extension(*options: bytes, following: int = NO_NEXT) -> bytes:
    """A header of options, padded."""
    content = b"".join(options)
    pad = -(2 + len(content)) % 8
    content += b"" if not pad else b"\0" if pad == 1 else bytes([1, pad - 2]) + bytes(pad - 2)
    return bytes([following, (2 + len(content)) // 8 - 1]) + content


def hop(*options: bytes) -> bytes:
    """A frame with one Hop-by-Hop Options header."""
    return packet(extension(*options), 0)


def destination(*options: bytes) -> bytes:
    return packet(extension(*options), 60)


def routing(kind: int, left: int, content: bytes, *, dst: bytes = GLOBAL) -> bytes:
    """A frame with one Routing header."""
    return packet(bytes([NO_NEXT, (4 + len(content)) // 8 - 1, kind, left]) + content, 43, dst=dst)
