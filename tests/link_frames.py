"""Frames with tags of bridges, and with bytes behind the data unit: padding, trailers, a frame check sequence."""

from __future__ import annotations

import struct
from pathlib import Path

from wire_bytes import MACS, START, ethernet, ipv4, ipv6, tcp

hexed = bytes.fromhex
LONG, SHORT, TINY = ipv4(tcp(payload=b"x" * 30)), ipv4(tcp()), ipv4(b"hello", 99)
ARP = struct.pack(">HHBBH", 1, 0x800, 6, 4, 1) + MACS[:6] + b"\x0a\0\0\1" + bytes(6) + b"\x0a\0\0\2"
LLC = hexed("aaaa030000000800")
BACKBONE = hexed("60123456") + MACS + hexed("0800")
TAILS = (
    b"", b"\1\2\3", bytes(3), b"\1\2\3\4", bytes(4), bytes(6), bytes(2) + b"\1\2\3\4", bytes(18),
    bytes(14) + b"\1\2\3\4", b"\1" * 24,
)  # fmt: skip


def tagged() -> list[bytes]:
    """IEEE 802.1Q, 802.1ad with one and two tags, 802.1ah alone and behind either, each in front of IPv4."""
    heads = (
        (0x88A8, "60078100a0080800"), (0x88A8, "600788a8b0080800"), (0x88A8, "f0070800"),
        (0x88A8, "600788a8b008810000090800"), (0x88A8, "600788a8b00888a8d0090800"), (0x8100, "600788a8a0080800"),
        (0x9100, "60078100a0080800"),
    )  # fmt: skip
    frames = [ethernet(kind, hexed(head) + LONG) for kind, head in heads]
    frames += [ethernet(0x88A8, hexed("f00788e7") + BACKBONE + LONG), ethernet(0x88E7, BACKBONE + LONG)]
    frames += [ethernet(0x88A8, hexed("600788a8b00888e7") + BACKBONE + LONG)]
    return [*frames, ethernet(0x88A8, hexed("600788a8b008")), ethernet(0x88A8, hexed("60071234") + b"hello world")]


def tailed() -> list[bytes]:
    """Every link header that owns what stands behind its data unit, with every tail."""
    frames = []
    for tail in TAILS:
        frames += [ethernet(0x800, unit, tail) for unit in (LONG, SHORT, TINY)]
        frames += [ethernet(0x806, ARP, tail), ethernet(0x86DD, ipv6(b"abc", 59), tail)]
        frames += [ethernet(0x8100, hexed("00070800") + unit, tail) for unit in (LONG, SHORT)]
        frames += [ethernet(0x88A8, hexed(tags) + TINY, tail) for tags in ("0007810000080800", "000788a800080800")]
        frames += [ethernet(0x88E7, BACKBONE + TINY, tail), ethernet(0x8847, hexed("00010140") + SHORT, tail)]
        frames += [ethernet(0x1234, b"h" * 60, tail)]
        frames += [MACS + struct.pack(">H", len(LLC + unit)) + LLC + unit + tail for unit in (LONG, TINY)]
        frames += [ethernet(0x800, ipv4(hexed("00006558") + ethernet(0x800, TINY, bytes(6)), 47), tail)]
    return frames


def write_cut(path: Path, frames: list[bytes], link_word: int, cut: int = 0) -> Path:
    """A pcap file with any word in the link type's place, of whose frames the last bytes were not captured."""
    with path.open("wb") as out:
        out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, link_word))
        for number, data in enumerate(frames, 1):
            kept = data[: len(data) - cut]
            out.write(struct.pack("<IIII", START + number, 123_456, len(kept), len(data)) + kept)
    return path
