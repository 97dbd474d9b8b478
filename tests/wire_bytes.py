"""Frames made byte by byte, for tests of what each byte means; and a plain pcap file of them for other tools."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path

from synfin.capture.packet import Packet

ETHERNET, RAW = 1, 101
MACS = bytes.fromhex("000102030405060708090a0b")
V6 = (bytes(15) + b"\1", bytes(15) + b"\2")
START = 1_700_000_000

TCP_OPTIONS: tuple[bytes, ...] = tuple(
    bytes.fromhex(text)
    for text in (
        "020405b4 030307 030314 0402 050a0000083400000898 05120000076c0000079e00000898000008fc 060601020304 "
        "070601020304 "
        "080a0000006f000000de 0902 0a03c0 0b0600000005 0c0600000005 0d0600000005 0e0301 0f040102 "
        "1312000102030405060708090a0b0c0d0e0f 1404a509 1602 1702 1802 190309 1b08123401020304 1c048005 1c040078 "
        "1d100102000102030405060708090a0b 2202 220a0001020304050607 fe04f989 fe0cf9890001020304050607 fd0601020304 "
        "fd08acce00000102 fd0aacc0000102030405 fd0aacc1000102030405 ac0b000102030405060708 ae0b000102030405060708 "
        "ac08000102030405 ae05010203 ac02 4e0305 fd0500ac85 fe0400ac fe0600ac8540 fd02 4c0e15010a0000091e7801020304 "
        "4c0e01010a000001000005060708 4e10000102030405060708090a0b0c0d 4c08000102030405 1e0c00810001020304050607 "
        "1e040181 1e140181000102030405060708090a0b0c0d0e0f 1e180181000102030405060708090a0b0c0d0e0f10111213 "
        "1e0c11020001020304050607 1e101002000102030405060708090a0b 1e181000000102030405060708090a0b0c0d0e0f10111213 "
        "1e08200100010203 1e0c20030001020304050607 1e122004000102030405060708090a0b0c0d "
        "1e1a201f000102030405060708090a0b0c0d0e0f101112131415 1e0834050a000007 1e0a34050a0000070102 "
        "1e1030050a0000070001020304050607 1e1230050a00000709090001020304050607 "
        "1e143605000102030405060708090a0b0c0d0e0f 1e1c3005000102030405060708090a0b0c0d0e0f1011121314151617 1e044005 "
        "1e0640050607 1e0351 1e045103 1e0c60000001020304050607 1e0c70000001020304050607 1e048902 1e04f000 63040102 "
        "01010101 00010203 02010000 02090000 080600000001 020300 100300 500300 040300 03040700 220301 "
        "130a0000000000000000 "
        "1d0301 1b0300 1c0300"
    ).split()
)


def tcp(
    options: bytes = b"", flags: int = 0x10, payload: bytes = b"", *, seq: int = 1000, ack: int = 2000,
    window: int = 500, ports: tuple[int, int] = (1234, 9501), urgent: int = 0, offset: int | None = None,
) -> bytes:  # fmt: skip
    """A TCP segment; options are padded with End of Option List."""
    options += bytes(-len(options) % 4)
    words = 5 + len(options) // 4 if offset is None else offset
    head = struct.pack(">HHIIHHHH", *ports, seq, ack, words << 12 | flags, window, 0, urgent)
    return head + options + payload


def ipv4(payload: bytes, protocol: int = 6, *, options: bytes = b"", fragment: int = 0x4000, total: int | None = None,
         src: bytes = b"\x0a\0\0\1", dst: bytes = b"\x0a\0\0\2") -> bytes:  # fmt: skip
    length = 20 + len(options) + len(payload) if total is None else total
    head = struct.pack(">BBHHHBBH", 0x45 + len(options) // 4, 0, length, 1, fragment, 64, protocol, 0)
    return head + src + dst + options + payload


def ipv6(payload: bytes, following: int = 6) -> bytes:
    return struct.pack(">IHBB", 0x60212345, len(payload), following, 64) + V6[0] + V6[1] + payload


def ethernet(kind: int, payload: bytes, trailer: bytes = b"") -> bytes:
    return MACS + struct.pack(">H", kind) + payload + trailer


def assortment() -> list[bytes]:
    """Ethernet frames of every kind that the field table knows."""
    plain = tcp()
    udp = struct.pack(">HHHH", 40000, 40001, 12, 0xABCD) + b"data"
    echo = struct.pack(">BBHHH", 8, 0, 0x1234, 7, 9) + b"abcdefgh"
    arp = struct.pack(">HHBBH", 1, 0x800, 6, 4, 1) + MACS[:6] + b"\x0a\0\0\1" + bytes(6) + b"\x0a\0\0\2"
    reply = arp[:7] + b"\2" + arp[8:]
    hop = bytes.fromhex("2b00010400000000") + bytes.fromhex("3c00000000000000") + bytes.fromhex("0600010400000000")
    routed = bytes.fromhex("94040000") + bytes.fromhex("0707040a00000101")
    return [
        ethernet(0x0800, ipv4(tcp(bytes.fromhex("020405b40402080a000000010000000001030307"), 0x02, seq=999, ack=0))),
        ethernet(0x0800, ipv4(plain), bytes(6)),
        ethernet(0x0800, ipv4(plain), b"\1\2\3\4\5\6"),
        ethernet(0x0800, ipv4(plain), bytes(6) + b"\1\2\3\4"),
        ethernet(0x0800, ipv4(tcp(payload=b"x" * 30)), b"\1\2\3\4\5\6"),
        ethernet(0x0800, ipv4(tcp(b"", 0x18, b"Just a test.\r\n"))),
        ethernet(0x0800, ipv4(tcp(b"", 0x04, b"go away", ack=0))),
        ethernet(0x0800, ipv4(tcp(b"", 0x30, urgent=5, window=0))),
        ethernet(0x0800, ipv4(tcp(b"", 0x11, ports=(9501, 1234), seq=2000, ack=1000))),
        ethernet(0x0800, ipv4(tcp(bytes.fromhex("0101050a0000083400000898"), 0x1D0))),
        ethernet(0x0800, ipv4(echo, 1)),
        ethernet(0x0800, ipv4(udp, 17)),
        ethernet(0x0806, arp),
        ethernet(0x0806, reply, bytes(18)),
        ethernet(0x0800, ipv4(plain, options=routed)),
        ethernet(0x86DD, ipv6(hop + plain, 0)),
        ethernet(0x86DD, ipv6(bytes.fromhex("0600000000000005") + plain, 44)),
        ethernet(0x86DD, ipv6(echo.replace(b"\x08", b"\x80", 1), 58)),
        ethernet(0x8100, b"\x60\x07\x08\x00" + ipv4(plain)),
        ethernet(0x8100, b"\x60\x07\x81\x00\x10\x08\x08\x00" + ipv4(plain)),
        ethernet(0x8847, b"\x00\x01\x00\x40\x00\x02\x01\x40" + ipv4(plain)),
        ethernet(0x0800, ipv4(bytes(8), 99)),
        ethernet(0x0800, ipv4(bytes(16), 6, fragment=0x2003)),
        ethernet(0x1234, b"hello"),
    ]


def packets(frames: Sequence[bytes], link_type: int = ETHERNET) -> list[Packet]:
    """The frames as captured packets, a second apart."""
    return [
        Packet(number, (START + number) * 1_000_000_000 + 123_456_000, link_type, data, len(data))
        for number, data in enumerate(frames, 1)
    ]


def write_pcap(path: Path, frames: Sequence[bytes], link_type: int = ETHERNET) -> Path:
    """A little-endian pcap file with microseconds, with the times of `packets`."""
    with path.open("wb") as out:
        out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, link_type))
        for number, data in enumerate(frames, 1):
            out.write(struct.pack("<IIII", START + number, 123_456, len(data), len(data)) + data)
    return path
