"""PPPoE: discovery with tags of every kind (RFC 2516, RFC 5578, TR-101), sessions whose length is wrong."""

from __future__ import annotations

import struct

from wire_bytes import ethernet, ipv4

DATA = b"\0\x21" + ipv4(b"data" * 10, 253)
CODES = (7, 9, 0x0A, 0x0B, 0x0C, 0x19, 0x65, 0xA7, 0xD3)
KINDS = (*range(0x0101, 0x010B), 0x0110, 0x0111, 0x0112, 0x0120, 0x0121, 0x0201, 0x0202, 0x0203, 0x4141)


def _tag(kind: int, value: bytes = b"", length: int | None = None) -> bytes:
    return struct.pack(">HH", kind, len(value) if length is None else length) + value


def _packet(
    code: int, body: bytes, *, length: int | None = None, session: int = 0, kind: int = 0x8863, pad: int = 0
) -> bytes:
    size = len(body) if length is None else length
    return ethernet(kind, struct.pack(">BBHH", 0x11, code, session, size) + body + bytes(pad))


def _forum(*tags: tuple[int, bytes]) -> bytes:
    return _tag(0x0105, b"\0\0\x0d\xe9" + b"".join(bytes([kind, len(value)]) + value for kind, value in tags))


def discovery() -> list[bytes]:
    rates = range(0x81, 0x90)
    return [
        *(_packet(9, _tag(kind, value), pad=40) for kind in KINDS for value in (b"", b"ab", b"abcd", b"abcdefgh")),
        *(_packet(code, _tag(0x0101) + _tag(0x0103, b"xy") + _tag(0) + _tag(0x0102, b"z")) for code in CODES),
        _packet(9, _tag(0x0107, bytes(range(0xF0, 0xFA)))),
        _packet(9, _tag(0x0108, b"\0\7") + _tag(0x0109, b"\0\x08") + _tag(0x0106, b"\0\5\0\7")),
        _packet(9, _tag(0x0108, b"\7") + _tag(0x0109, b"\0\7")),
        _packet(9, _tag(0x0111, b"hurl") + _tag(0x0112, b"motm") + _tag(0x0121, b"route")),
        _packet(9, _forum(*((kind, b"\0\0\0\7") for kind in rates))),
        _packet(9, _forum(*((kind, b"\0\7") for kind in rates))),
        _packet(9, _forum((0x90, b"\1\2\3"), (0x91, b"abcd"), (5, b"xy"), (6, b""))),
        _packet(9, _forum((1, b"circuit"), (2, b"port")) + _tag(0x0103, b"uniq")),
        _packet(9, _forum((1, b""), (2, b""))),
        _packet(9, _forum()),
        _packet(9, _forum() + _tag(0x0102, b"name")),
        _packet(9, _tag(0x0105, b"\0\0\0\7") + _tag(0x0103, b"z")),
        _packet(9, _tag(0x0105, b"\0\0\0\7abc") + _tag(0x0103, b"z")),
        _packet(9, _tag(0x0105, b"\0\0")),
        _packet(9, _tag(0x0102, b"abc", 200)),
        _packet(9, _tag(0x0102, b"abc") + b"\1\1\0"),
        _packet(9, _tag(0x0102, b"abc"), length=20, pad=40),
        _packet(9, _tag(0x0102, b"abc"), length=20),
        _packet(9, _tag(0x0102, b"abcd") + _tag(0x0104, b"xyz"), length=8),
        _packet(9, _tag(0x0102, b"caf\xc3\xa9\xff\0x")),
        _packet(7, b""),
        _packet(9, b"")[:17],
    ]


def sessions() -> list[bytes]:
    def held(protocol: int, size: int, told: int, pad: int) -> bytes:
        body = protocol.to_bytes(2, "big") + b"\1\7" + (size - 2).to_bytes(2, "big") + bytes(size - 6)
        return _packet(0, body, length=told, session=7, kind=0x8864, pad=pad)

    return [
        *(_packet(0, DATA, session=7, kind=0x8864, length=len(DATA) + more, pad=pad)
          for more in (-2, 0, 2, 200) for pad in (0, 2, 4)),
        *(held(protocol, 30, 34, pad) for protocol in (0x21, 0x1234, 0xC025, 0x80FF) for pad in range(8, 14)),
        *(held(protocol, 44, 42, pad) for protocol in (0xC021, 0x8021, 0x8057) for pad in (0, 4, 20)),
        _packet(5, DATA, session=7, kind=0x8864, pad=3),
    ]  # fmt: skip
