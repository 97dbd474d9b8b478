"""Segments and datagrams that captures seldom hold: options of WAN optimisers, UDP-Lite, lengths of zero."""

from __future__ import annotations

import struct

from frames_checked import summed
from wire_bytes import V6, ethernet, ipv4, ipv6, tcp

A, B = b"\x0a\0\0\x09", b"\x0a\0\0\x08"


def optimisers() -> list[bytes]:
    """Riverbed's probe and transparency options (kinds 76 and 78)."""

    def probe(*body: bytes) -> bytes:
        octets = b"".join(body)
        return bytes([76, 2 + len(octets)]) + octets

    found = [
        *(probe(bytes([kind << 4 | 1, 0]), A, B, b"\x1e\x78") for kind in (0, 1, 2, 3, 4, 5, 6, 15)),
        *(probe(bytes([kind << 1]), b"\x15" + A) for kind in (0, 1, 5, 6, 7, 8, 9, 10, 127)),
        probe(b"\x0c\0"),
        probe(b"\x0e\xff"),
        bytes([78, 16]) + b"\x02\x07" + A + B + b"\x1e\x78\x1e\x79",
    ]
    return [ethernet(0x0800, ipv4(tcp(option, 2, ports=(port, 7800)))) for port, option in enumerate(found, 3000)]


def light(
    payload: bytes,
    coverage: int,
    *,
    told: int | None = None,
    addresses: bytes = b"\x0a\0\0\1\x0a\0\0\2",
    ports: tuple[int, int] = (40000, 40001),
) -> bytes:
    """UDP-Lite (RFC 3828)."""
    unit = struct.pack(">HHHH", *ports, coverage, 0) + payload
    return summed(unit, 6, 136, addresses=addresses, covered=coverage or None, told=told)


def datagrams() -> list[bytes]:
    six = b"".join(V6)
    plain = [light(b"abcdef", size) for size in (0, 8, 10, 14, 15, 7, 1, 500)]
    bad = [light(b"abcdef", size, told=0x1234) for size in (0, 8, 14)]
    return [
        *(
            ethernet(0x0800, ipv4(one, 136))
            for one in (*plain, *bad, light(b"abc", 8, told=0), light(b"", 8), light(b"", 0))
        ),
        ethernet(0x0800, ipv4(light(b"abcdef", 14)[:7], 136)),
        ethernet(0x0800, ipv4(light(b"abcdef", 14), 136, total=60)),
        ethernet(0x86DD, ipv6(light(b"abcdef", 8, addresses=six), 136)),
        ethernet(0x86DD, ipv6(light(b"abcdef", 8, told=0), 136)),
        ethernet(0x86DD, ipv6(light(b"abcdef", 0, addresses=six), 136)),
    ]


def zeros() -> list[bytes]:
    """Datagrams whose length field is zero or too small."""

    def head(length: int, payload: bytes) -> bytes:
        return struct.pack(">HHHH", 40000, 40001, length, 0) + payload

    units = [
        head(0, b"abc"),
        head(0, b""),
        head(7, b"abc"),
        head(8, b""),
        head(8, b"abc"),
        head(12, b"abc"),
        head(9, b"abc"),
    ]
    return [*(ethernet(0x0800, ipv4(one, 17)) for one in units), *(ethernet(0x86DD, ipv6(one, 17)) for one in units)]
