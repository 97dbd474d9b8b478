"""IPv4 options that are odd: pointers that point nowhere, tags that do not fit, bytes behind the end, rate requests."""

from __future__ import annotations

from wire_bytes import ethernet, ipv4

A, B = b"\x0a\0\0\x09", b"\x0a\0\0\x08"


def _with(option: bytes) -> bytes:
    return ethernet(0x0800, ipv4(b"data", 253, options=option + bytes(-len(option) % 4)))


def _cipso(*tags: bytes) -> bytes:
    body = b"\0\0\0\3" + b"".join(tags)
    return bytes([134, 2 + len(body)]) + body


def options() -> list[bytes]:
    found = [
        b"\x07\x0b\x03" + A + B, b"\x07\x0b\x05" + A + B, b"\x07\x0b\x0c" + A + B, b"\x83\x0b\x02" + A + B,
        b"\x89\x0b\x06" + A + B, b"\x83\x0a\x04" + A + b"\1\2\3", b"\x07\3\x04", b"\x83\2", b"\x07\2", b"\x07\7\0" + A,
        b"\x44\x0c\4\0" + bytes(8), b"\x44\x0b\5\0" + bytes(7), b"\x44\x0c\x0d\x13" + A + bytes(4),
        b"\x44\x0a\5\1" + bytes(6), b"\x44\4\5\0", b"\x44\3\5", b"\x44\x0c\3\0" + bytes(8),
        b"\x44\x14\x06\1" + A + bytes(4) + B + bytes(4), b"\x01\x00\x07\x04", b"\0\1\2\3", b"\0\0\0\0", b"\x01\0\0\1",
        b"\x19\x08\x05\x40\0\0\0\1", b"\x19\x08\x05\x3f\0\0\0\1", b"\x19\x08\x05\x41\0\0\0\1",
        b"\x19\x08\x85\x40\0\0\0\3", b"\x19\x08\x15\x40\0\0\0\3", b"\x19\x04\x05\x40",
        _cipso(b"\1\5\0\2\x80"), _cipso(b"\2\6\0\2\0\5"), _cipso(b"\5\x08\0\2\0\x09\0\5"), _cipso(b"\1\2"),
        _cipso(b"\1\x20\0\2"), _cipso(b"\1\1"), _cipso(b"\2\3\0"), _cipso(b"\5\5\0\1\0"), _cipso(b"\6\4ab"),
        _cipso(b"\x80\6abcd"), _cipso(), b"\x86\4\0\0", b"\x86\6\0\0\0\3", _cipso(b"\1\4\0\2", b"\2\4\0\1"),
        _cipso(b"\1"), _cipso(b"\5\6\0\1\0\7"), _cipso(b"\2\5\0\1\0"), _cipso(b"\7\0"), b"\x82\4\1\2", b"\x82\3\x5a",
        b"\x82\6\1\3\3\2", b"\x85\3\1", b"\x85\5\1ab", b"\x94\3\0", b"\x95\7" + A + b"\1", b"\x52\x0b\0\1\0\2\0\3abc",
    ]  # fmt: skip
    return [_with(option) for option in found]
