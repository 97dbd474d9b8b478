"""Frames whose headers nest at random, each well formed: what mutations begin with."""

from __future__ import annotations

import random
import struct
import zlib
from collections.abc import Callable

import wire_bytes

Wrap = Callable[[random.Random, bytes], tuple[int, bytes]]


def frame(dice: random.Random) -> tuple[int, bytes]:
    """Link type and bytes of a frame that holds TCP somewhere."""
    kind, packet = _network(dice, 6, _tcp(dice))
    for _ in range(dice.choice((0, 1, 1, 2, 3, 6))):
        kind, packet = _network(dice, *dice.choice(TUNNELS)(dice, kind, packet))
    return dice.choice(LINKS)(dice, kind, packet)


def _tcp(dice: random.Random) -> bytes:
    options = b"".join(dice.choice(wire_bytes.TCP_OPTIONS) for _ in range(dice.randrange(4)))[:40]
    flags, ports = dice.choice((2, 0x12, 0x10, 0x18, 0x11, 4, 0x14)), dice.choice(((1234, 80), (80, 1234)))
    seq, ack = 1000 + dice.randrange(3), 2000 + dice.randrange(3)
    return wire_bytes.tcp(options[: len(options) & ~3], flags, bytes(dice.choice((0, 1, 30))), seq=seq, ack=ack,
                          ports=ports)  # fmt: skip


def _network(dice: random.Random, protocol: int, payload: bytes) -> tuple[int, bytes]:
    """EtherType and packet; now and then a fragment, or an ICMP error that quotes the packet."""
    what = dice.random()
    if what < 0.4:
        for _ in range(dice.choice((0, 0, 1, 3))):
            following = dice.choice((0, 43, 44, 60))
            payload = bytes((protocol, 0, 0, 0)) + bytes(4) + payload
            protocol = following
        return 0x86DD, wire_bytes.ipv6(payload, protocol)
    if what < 0.5:
        about = wire_bytes.ipv4(payload, protocol)
        return 0x0800, wire_bytes.ipv4(bytes((dice.choice((3, 11)), 3)) + bytes(6) + about, 1)
    fragment = dice.choice((0x4000, 0x4000, 0, 0x2000, 1, 3))
    options = dice.choice((b"", b"", b"\x01\x01\x01\x00", b"\x07\x07\x04\x00\x00\x00\x00\x00"))
    return 0x0800, wire_bytes.ipv4(payload, protocol, options=options, fragment=fragment)


def _plain(dice: random.Random, kind: int, packet: bytes) -> tuple[int, bytes]:
    return (4 if kind == 0x0800 else 41), packet


def _gre(dice: random.Random, kind: int, packet: bytes) -> tuple[int, bytes]:
    flags = dice.choice((0, 0, 0x8000, 0x2000, 0x1000, 0xB000))
    fields = bytes(4 * (flags & 0xB000).bit_count())
    if dice.random() < 0.4:
        return 47, struct.pack(">HH", flags, 0x6558) + fields + wire_bytes.ethernet(kind, packet)
    return 47, struct.pack(">HH", flags, kind) + fields + packet


def _erspan(dice: random.Random, kind: int, packet: bytes) -> tuple[int, bytes]:
    return 47, struct.pack(">HHII", 0x1000, 0x88BE, 1, 0x10000000) + bytes(4) + wire_bytes.ethernet(kind, packet)


def _erspan_3(dice: random.Random, kind: int, packet: bytes) -> tuple[int, bytes]:
    more = dice.choice((0, 1))
    header = struct.pack(">II", 0x20000000, 7) + bytes(3) + bytes((more,)) + bytes(8 * more)
    return 47, struct.pack(">HHI", 0x1000, 0x22EB, 1) + header + wire_bytes.ethernet(kind, packet)


def _rare(dice: random.Random, kind: int, packet: bytes) -> tuple[int, bytes]:
    """Ethernet in IP, the PIM register message, a compressed datagram, GTP with extension headers."""
    inner = _plain(dice, kind, packet)[0]
    deflate = zlib.compressobj(1, zlib.DEFLATED, -15)
    gtp = struct.pack(">BBHI", 0x34, 255, len(packet) + 8, 9) + b"\0\0\0\x85\x01\0\0\0" + packet
    return dice.choice((
        (97, b"\x30\0" + wire_bytes.ethernet(kind, packet)), (103, b"\x21" + bytes(7) + packet),
        (108, bytes((inner, 0, 0, 2)) + deflate.compress(packet) + deflate.flush()),
        (17, struct.pack(">HHHH", 5000, 2152, len(gtp) + 8, 0) + gtp),
    ))  # fmt: skip


def _ah(dice: random.Random, kind: int, packet: bytes) -> tuple[int, bytes]:
    return 51, bytes((_plain(dice, kind, packet)[0], 4)) + bytes(22) + packet


def _udp(dice: random.Random, kind: int, packet: bytes) -> tuple[int, bytes]:
    port = dice.choice((4789, 6081, 2152, 1701, 3544, 4790, 6635, 4754))
    ether = wire_bytes.ethernet(kind, packet)
    ppp = struct.pack(">H", 0x21 if kind == 0x0800 else 0x57) + packet
    options = dice.choice((0, 0, 1, 3))
    inner = {
        4789: b"\x08" + bytes(7) + ether,
        6081: struct.pack(">BBHI", options, 0, 0x6558, 7 << 8) + bytes(4 * options) + ether,
        2152: struct.pack(">BBHI", 0x30, 255, len(packet), 9) + packet,
        1701: struct.pack(">HHH", 0x0002, 1, 2) + b"\xff\x03" + ppp,
        3544: packet,
        4790: b"\x0c\0\0" + bytes((1 if kind == 0x0800 else 2,)) + bytes(4) + packet,
        6635: b"\0\0\x11\x40" + packet,
        4754: struct.pack(">HH", 0, kind) + packet,
    }[port]
    return 17, struct.pack(">HHHH", 5000, port, len(inner) + 8, 0) + inner


TUNNELS = (_plain, _gre, _erspan, _erspan_3, _ah, _rare, _udp, _udp, _udp)


def _ethernet(dice: random.Random, kind: int, packet: bytes) -> tuple[int, bytes]:
    count = dice.choice((1, 1, 2, 20))
    tagged = b"".join(dice.choice((b"\x81\x00", b"\x88\xa8")) + b"\x00\x07" for _ in range(count))
    labels = b"".join(bytes((0, 1, at == count - 1, 9)) for at in range(count))
    ppp = struct.pack(">H", 0x21 if kind == 0x0800 else 0x57) + packet
    ethertype = struct.pack(">H", kind)
    between = dice.choice((
        ethertype + packet, tagged + ethertype + packet, b"\x88\x47" + labels + packet,
        b"\x88\x64" + struct.pack(">BBHH", 0x11, 0, 1, len(ppp)) + ppp,
        struct.pack(">H", len(packet) + 8) + b"\xaa\xaa\x03\0\0\0" + ethertype + packet,
    ))  # fmt: skip
    return 1, wire_bytes.MACS + between


def _other(dice: random.Random, kind: int, packet: bytes) -> tuple[int, bytes]:
    ethertype, snap = struct.pack(">H", kind), b"\xaa\xaa\x03\0\0\0" + struct.pack(">H", kind)
    radio = b"\0\0\x08" + bytes(5)
    data = b"\x08\0" + bytes(22) + snap
    return dice.choice((
        (101, packet), (113, bytes(14) + ethertype + packet), (276, ethertype + bytes(18) + packet),
        (0, struct.pack("<I", 2 if kind == 0x0800 else 24) + packet), (105, data + packet),
        (127, radio + data + packet), (9, b"\xff\x03" + struct.pack(">H", 0x21) + packet),
        (104, b"\x0f\0" + ethertype + packet), (100, snap + packet), (10, bytes(13) + snap + packet),
    ))  # fmt: skip


LINKS = (_ethernet, _ethernet, _other)
