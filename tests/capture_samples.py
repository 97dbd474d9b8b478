"""Capture files built byte by byte, apart from the writers, so that both are tested."""

from __future__ import annotations

import struct
from typing import NamedTuple

from hypothesis import strategies as st

from synfin.capture.packet import Packet

BILLION = 1_000_000_000


class Raw(NamedTuple):
    """A packet as a file stores it."""

    seconds: int
    fraction: int
    data: bytes
    wire_len: int


def pcap_bytes(packets: list[Raw], order: str = "<", magic: int = 0xA1B2C3D4, link: int = 1) -> bytes:
    head = struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, 65535, link)
    return head + b"".join(
        struct.pack(order + "IIII", packet.seconds, packet.fraction, len(packet.data), packet.wire_len) + packet.data
        for packet in packets
    )


def option(order: str, code: int, value: bytes) -> bytes:
    return struct.pack(order + "HH", code, len(value)) + padded(value)


def padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)


def block(order: str, kind: int, body: bytes) -> bytes:
    length = struct.pack(order + "I", len(body) + 12)
    return struct.pack(order + "I", kind) + length + body + length


def section(order: str, *options: bytes) -> bytes:
    return block(order, 0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1) + b"".join(options))


def interface(order: str, link: int, snap_len: int = 0, *options: bytes) -> bytes:
    return block(order, 1, struct.pack(order + "HHI", link, 0, snap_len) + b"".join(options))


def enhanced(order: str, which: int, ticks: int, data: bytes, wire_len: int, *options: bytes) -> bytes:
    head = struct.pack(order + "IIIII", which, ticks >> 32, ticks & 0xFFFFFFFF, len(data), wire_len)
    return block(order, 6, head + padded(data) + b"".join(options))


def old_packet(order: str, which: int, drops: int, ticks: int, data: bytes, wire_len: int) -> bytes:
    head = struct.pack(order + "HHIIII", which, drops, ticks >> 32, ticks & 0xFFFFFFFF, len(data), wire_len)
    return block(order, 2, head + padded(data))


def simple(order: str, data: bytes, wire_len: int) -> bytes:
    return block(order, 3, struct.pack(order + "I", wire_len) + padded(data))


def statistics(order: str, which: int, *options: bytes) -> bytes:
    return block(order, 5, struct.pack(order + "III", which, 0, 0) + b"".join(options))


#: A few packets of every length modulo 4.
FEW = [Raw(1_700_000_000 + n, n * 1000, bytes(range(n)), n + 3 * (n % 2)) for n in (0, 1, 2, 3, 4, 21)]


def small_pcap() -> bytes:
    return pcap_bytes(FEW)


def small_pcapng() -> bytes:
    """FEW with comments, a name resolution block between them and statistics at the end."""
    blocks = [section("<"), interface("<", 1, 0, option("<", 2, b"eth0"))]
    for packet in FEW:
        ticks = packet.seconds * 1_000_000 + packet.fraction
        comment = option("<", 1, b"packet of %d" % len(packet.data))
        blocks.append(enhanced("<", 0, ticks, packet.data, packet.wire_len, comment))
        blocks.append(block("<", 4, bytes(4)))
    return b"".join([*blocks, statistics("<", 0, option("<", 5, struct.pack("<Q", 2)))])


def packets(max_time_ns: int = 0xFFFFFFFF * BILLION) -> st.SearchStrategy[list[Packet]]:
    """Lists of packets of link type 1, numbered from 1."""
    one = st.tuples(st.integers(0, max_time_ns), st.binary(max_size=70), st.integers(0, 0xFFFFFFFF))
    return st.lists(one, max_size=8).map(
        lambda drawn: [Packet(n, time, 1, data, wire_len) for n, (time, data, wire_len) in enumerate(drawn, 1)]
    )
