"""Messages and options of RPL, one of every kind."""

from __future__ import annotations

from craft6 import GLOBAL, LINK, H, carried, message

GRAPH = b"\x1e\xf0\x01\x00\x88\xf0\0\0" + GLOBAL
LIFETIME = H("00000e10")
AUTHENTIC = bytes(range(1, 10))  #: where a key comes from, and its index


def inform(*options: bytes) -> bytes:
    return message(155, 1, GRAPH, *options)


def metric(kind: int, body: bytes, flags: bytes = b"\x07\xff") -> bytes:
    return bytes([kind]) + flags + bytes([len(body)]) + body


def secured(told: int, code: int, *parts: bytes) -> bytes:
    return message(155, 0x80 | code, b"\x80\1", bytes([told]), b"\0\0\0\0\7", *parts)


def rpl() -> list[bytes]:
    """Keys are told as RFC 6550 and tshark agree on: it takes the level for the mode."""
    route, target = b"\x40\x18" + LIFETIME, b"\0\x40"
    objects = [
        metric(1, b"\0\3") + metric(1, b"\xab\xff\1\2\7\x08"), metric(2, b"\5\x64\xfb\x10") + metric(3, b"\x1f\5"),
        metric(4, H("0000ffff00001234")) + metric(5, H("0000006400000065")), metric(6, b"\0\x45\xe3"),
        metric(7, b"\0\x80\1\0") + metric(8, b"\0\xff\xff"), metric(8, b"\0\x12\x34", b"\0\x80"),
        metric(8, b"\0\x12\x34\x56\x78", b"\2\0"), metric(8, b"\0\x12\x34", b"\0\0"), metric(9, b"\1\2"), b"",
    ]  # fmt: skip
    transit = b"\x85\x80\7\xff"
    return [
        message(155, 0, b"\7\0", b"\0", carried(1, b"\0\0"), carried(1, b""),
                carried(7, b"\x1e\xe5" + GLOBAL + b"\xf0")),
        inform(carried(4, b"\x0f\x14\x0a\x0a" + H("070001000001001e003c")), carried(2, objects[0])),
        *(inform(carried(2, one)) for one in objects[1:]),
        inform(carried(3, route + GLOBAL[:8]), carried(3, route + GLOBAL), carried(3, route)),
        inform(carried(3, route + b"ab"), carried(3, route + GLOBAL + b"ab"), carried(5, target + GLOBAL + b"ab")),
        inform(carried(8, b"\x40\xe5" + LIFETIME + LIFETIME + bytes(4) + GLOBAL), carried(20, b"abcd")),
        inform(carried(10, b"\xd0\x85" + LINK), carried(10, b"\x40\x85" + LINK + GLOBAL + LINK)),
        inform(carried(10, b"\xb0\x45" + LINK)), inform(carried(9, b"\1\2\3\4\5\6"), b"\4\x0e\1"),
        message(155, 2, b"\x1e\xc5\0\7", GLOBAL, carried(5, target + GLOBAL), carried(9, b"\1\2\3\4"),
                carried(6, transit + LINK)),
        message(155, 2, b"\x1e\x85\0\7", carried(5, target + GLOBAL[:8]), carried(5, target), carried(6, transit)),
        message(155, 3, b"\x1e\x80\7\0", GLOBAL, b"\0\0"), message(155, 3, b"\x1e\5\7\x81"),
        message(155, 4, b"\x1e\x80\xf0\5", GLOBAL, carried(10, b"\x80\x85" + LINK), carried(10, b"\x70\5" + LINK)),
        message(155, 4, b"\x1e\0\xc0\0", GLOBAL), message(155, 5, b"\x1e\2\x80\5", GLOBAL),
        secured(0x00, 0, b"\x09\7\0"), secured(0x41, 1, GRAPH), secured(0x82, 2, AUTHENTIC, b"\x1e\x80\0\7"),
        secured(0xC3, 3, AUTHENTIC, b"\x1e\5\7\x81"), secured(0x7D, 4, b"\x1e\0\xc0\0", GLOBAL),
        secured(0x41, 5, b"\x1e\2\x80\5", GLOBAL), secured(0x41, 10, b"\x1e\x85\x12\x34", GLOBAL, b"\0\0\0\x09"),
        secured(0x41, 11, b"abcd"), message(155, 9, b"abcdef"), message(155, 10, b"abcdef"),
    ]  # fmt: skip
