"""ICMP that captures seldom hold: extensions of errors, Mobile IP, extended echo."""

from __future__ import annotations

import struct

from synfin.dissect.checksum import fold
from wire_bytes import V6, ethernet, ipv4, tcp

MPLS, INTERFACE, IDENTIFIED = 1, 2, 3  #: classes of objects


def _summed(message: bytes) -> bytes:
    return message[:2] + (0xFFFF - fold(message)).to_bytes(2, "big") + message[4:]


def _carried(message: bytes) -> bytes:
    return ethernet(0x0800, ipv4(_summed(message), 1))


def extension(*objects: bytes, version: int = 2, good: bool = True, reserved: int = 0) -> bytes:
    plain = struct.pack(">HH", version << 12 | reserved, 0) + b"".join(objects)
    total = (0xFFFF - fold(plain) + (not good)) & 0xFFFF
    return plain[:2] + total.to_bytes(2, "big") + plain[4:]


def thing(kind: int, subtype: int, payload: bytes, length: int | None = None) -> bytes:
    return struct.pack(">HBB", 4 + len(payload) if length is None else length, kind, subtype) + payload


def error(kind: int, tail: bytes, *, words: int = 32, quoted: int = 128, code: int = 0, inner: int = 40) -> bytes:
    """An error that quotes a packet, filled up to `quoted` bytes, and an extension behind it."""
    packet = ipv4(tcp(b"", 0x10, bytes(inner - 40)))[:quoted]
    return bytes([kind, code, 0, 0, 0, words, 0, 0]) + packet + bytes(quoted - len(packet)) + tail


def interface(role: int, *, index: int | None = None, address: bytes = b"", family: int = 1, name: bytes = b"",
              mtu: int | None = None) -> bytes:  # fmt: skip
    """Interface information (RFC 5837)."""
    bits = (index is not None) << 3 | bool(address) << 2 | bool(name) << 1 | (mtu is not None)
    body = b"" if index is None else struct.pack(">I", index)
    body += struct.pack(">HH", family, 0) + address if address else b""
    body += name + (b"" if mtu is None else struct.pack(">I", mtu))
    return thing(INTERFACE, role << 6 | bits, body)


def extensions() -> list[bytes]:
    label, last = struct.pack(">I", 0x00010AFF), struct.pack(">I", 16 << 12 | 3 << 9 | 1 << 8 | 1)
    stack = thing(MPLS, 1, label + last)
    name = b"\x0ceth0/0/1\0\0\0"
    objects = [
        (stack,), (thing(MPLS, 1, label),), (thing(MPLS, 2, b"abcd"),), (thing(MPLS, 1, label + b"xy"),),
        (interface(0, index=7),), (interface(1, index=7, address=b"\x0a\0\0\1"),),
        (interface(2, address=V6[0], family=2, name=name, mtu=1500),), (interface(3, name=name),),
        (interface(0, address=b"abcdefgh", family=9),), (interface(0, index=1, mtu=9000),),
        (thing(9, 1, b"abcdefgh"),), (thing(9, 1, b""),), (stack, interface(0, index=5), thing(200, 3, b"0123")),
        (thing(MPLS, 1, label, 100),), (thing(MPLS, 1, label, 2),), (b"\0\1",), (),
        (thing(INTERFACE, 0x0F, b"\0\0"),), (thing(INTERFACE, 0x02, b"\xffab\0"),), (thing(IDENTIFIED, 1, b"eth0"),),
    ]  # fmt: skip
    return [
        *(_carried(error(11, extension(*each))) for each in objects),
        *(_carried(error(kind, extension(stack))) for kind in (3, 4, 5, 12)),
        _carried(error(3, extension(stack), code=4)), _carried(error(11, extension(stack), words=0)),
        _carried(error(11, extension(stack), words=0, inner=200)), _carried(error(11, extension(stack), inner=200)),
        _carried(error(11, extension(stack), words=17, quoted=68)), _carried(error(11, extension(stack, good=False))),
        _carried(error(11, extension(stack, version=1))), _carried(error(11, extension(stack, version=0, reserved=5))),
        _carried(error(11, extension(stack)[:-2])), _carried(error(11, b"")), _carried(error(11, b"\x20\0\0")),
        _carried(error(11, b"", words=200)),
    ]  # fmt: skip


def agents() -> list[bytes]:
    """Router advertisements with Mobile IP's extensions (RFC 5944 section 2.1)."""
    head = b"\x09\0\0\0\1\2\x07\x08\x0a\0\0\1\0\0\0\5"
    agent = b"\x10\x0a\0\7\x0e\x10\xff\xff\x0a\0\0\2"
    found = [
        agent, b"\x10\x06\0\7\x0e\x10\x90\0", b"\x10\x0e\0\7\x0e\x10\x10\x40\x0a\0\0\2\x0a\0\0\3", b"\x13\1\x18",
        b"\x13\2\x18\x10", agent + b"\x13\1\x18\0" + b"\x18\4abcd" + b"\0\0", b"\x84\3xyz", b"\x10\x0a\0\7",
        b"\x10\0", b"\x18\0", b"\x13", b"\0\0\0", agent + agent,
    ]  # fmt: skip
    return [
        *(_carried(head + each) for each in found), _carried(b"\x09\x10" + head[2:] + agent),
        _carried(b"\x0a\0\0\0\1\2\3\4"), _carried(b"\x09\0\0\0\1\3\7\x08" + bytes(12)),
        _carried(b"\x09\0\0\0\2\2\7\x08" + bytes(9)),
    ]  # fmt: skip


def probes() -> list[bytes]:
    """Extended echo (RFC 8335), and types that are only named."""
    v4, v6 = struct.pack(">HBB", 1, 4, 0) + b"\x0a\0\0\1", struct.pack(">HBB", 2, 16, 0) + V6[1]
    mac = struct.pack(">HBB", 16389, 6, 0) + b"\0\1\2\3\4\5\0\0"
    asked = [
        thing(IDENTIFIED, 1, b"eth0"), thing(IDENTIFIED, 2, b"\0\0\0\7"), thing(IDENTIFIED, 3, v4),
        thing(IDENTIFIED, 3, v6), thing(IDENTIFIED, 3, mac), thing(IDENTIFIED, 9, b"abcd"), thing(IDENTIFIED, 2, b"\0"),
        thing(IDENTIFIED, 3, v4, 200), thing(IDENTIFIED, 3, v4[:5]), thing(IDENTIFIED, 1, b""), thing(4, 1, b"abcd"),
    ]  # fmt: skip
    return [
        *(_carried(b"\x2a\0\0\0\1\2\3\1" + extension(each)) for each in asked),
        _carried(b"\x2a\0\0\0\1\2\3\xff" + extension(asked[0], good=False) + b"tail"), _carried(b"\x2a\0\0\0\1\2\3\0"),
        *(_carried(b"\x2b" + bytes([code]) + b"\0\0\1\2\3" + bytes([state])) for code, state in (
            (0, 0x47), (1, 0x20), (2, 0), (3, 0xFF), (4, 0), (5, 0x18))),
        _carried(b"\x2b\0\0\0\1\2\3\4data"), *(_carried(bytes([kind, 0]) + bytes(10)) for kind in (
            1, 2, 6, 7, 15, 16, 19, 29, 30, 31, 32, 33, 36, 37, 38, 39, 40, 41, 44, 253)),
    ]  # fmt: skip
