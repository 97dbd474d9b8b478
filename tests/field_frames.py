"""Frames that hold what captures seldom do: options of IP, messages of ICMP and ICMPv6, ARP, tunnels, heads of HTTP."""

from __future__ import annotations

import struct

from synfin.dissect.checksum import fold
from wire_bytes import ethernet, ipv4, ipv6, tcp

A6, B6 = bytes.fromhex("fe80000000000000020001fffe000001"), bytes.fromhex("ff0200000000000000000000000000fb")


def _padded(options: bytes) -> bytes:
    return options + bytes(-len(options) % 4)


def ip_options() -> list[bytes]:
    """One option each."""
    a, b = b"\x0a\0\0\x09", b"\x0a\0\0\x08"
    found = [
        b"\x94\x04\0\1", b"\x07\x0b\x08" + a + b, b"\x83\x0b\x04" + a + b, b"\x89\x0b\x08" + a + b,
        b"\x83\x0b\x0c" + a + b, b"\x44\x0c\x0d\x00" + bytes(8), b"\x44\x14\x0d\x01" + a + bytes(4) + b + bytes(4),
        b"\x88\x04\0\7", b"\x0b\x04\x05\xdc", b"\x0c\x04\x05\xdc", b"\x52\x0c\0\1\0\2\0\3" + a,
        b"\x19\x08\x05\x40\0\0\0\1", b"\x01\x01\x01\x00",
    ]  # fmt: skip
    return [ethernet(0x0800, ipv4(tcp(), options=_padded(option))) for option in found]


def _summed(message: bytes, head: bytes = b"") -> bytes:
    """A message with the checksum at its third byte."""
    total = 0xFFFF - fold(message, fold(head)) if head else 0xFFFF - fold(message)
    return message[:2] + total.to_bytes(2, "big") + message[4:]


def icmp() -> list[bytes]:
    quoted = ipv4(tcp())[:28]
    found = [
        b"\x08\0\0\0\0\7\0\1" + bytes(range(16)), b"\0\0\0\0\0\7\0\1" + b"abc", b"\x03\x04\0\0\0\0\x05\xdc" + quoted,
        b"\x03\x01\0\0\0\0\0\0" + quoted, b"\x0b\0\0\0\0\0\0\0" + quoted, b"\x0c\0\0\0\x14\0\0\0" + quoted,
        b"\x05\1\0\0\x0a\0\0\1" + quoted, b"\x0d\0\0\0\0\1\0\2" + struct.pack(">III", 5, 6, 7),
        b"\x11\0\0\0\0\1\0\2\xff\xff\xff\0", b"\x09\0\0\0\1\2\7\x08\x0a\0\0\1\0\0\0\5", b"\x0a\0\0\0\0\0\0\0",
    ]  # fmt: skip
    good = [ethernet(0x0800, ipv4(_summed(message), 1)) for message in found]
    return [*good, ethernet(0x0800, ipv4(found[1], 1))]


def icmpv6() -> list[bytes]:
    linkaddr = b"\1\1\0\1\2\3\4\5"
    prefix = b"\3\4\x40\xc0\0\0\x0e\x10\0\0\x07\x08\0\0\0\0" + A6
    found = [
        b"\x80\0\0\0\0\7\0\1abcd", b"\x87\0\0\0\0\0\0\0" + A6 + linkaddr,
        b"\x88\0\0\0\x60\0\0\0" + A6 + b"\2" + linkaddr[1:], b"\x85\0\0\0\0\0\0\0" + linkaddr,
        b"\x86\0\0\0\x40\xc8\x07\x08\0\0\0\1\0\0\0\2" + linkaddr + prefix + b"\5\1\0\0\0\0\x05\xdc"
        + b"\x19\3\0\0\0\0\0\x3c" + A6 + b"\x1f\3\0\0\0\0\0\x3c\4corp\7example\0\0\0",
        b"\x89\0\0\0\0\0\0\0" + A6 + B6, b"\x82\0\0\0\x03\xe8\0\0" + B6,
        b"\x82\0\0\0\x03\xe8\0\0" + B6 + b"\x0a\x7d\0\1" + A6, b"\x83\0\0\0\0\0\0\0" + B6,
        b"\x8f\0\0\0\0\0\0\1\4\0\0\1" + B6 + A6, b"\2\0\0\0\0\0\x05\0" + ipv6(tcp())[:60],
    ]  # fmt: skip
    return [ethernet(0x86DD, ipv6(_with_pseudo(message), 58)) for message in found]


def _with_pseudo(message: bytes) -> bytes:
    addresses = ipv6(b"")[8:40]
    return _summed(message, addresses + len(message).to_bytes(4, "big") + b"\0\0\0\x3a")


def ipv6_options() -> list[bytes]:
    """One Hop-by-Hop option each, padded to eight bytes."""
    found = [b"\5\2\0\0", b"\xc2\4\0\1\0\0", b"\4\1\4", b"\x63\4\x80\1\0\2", b"\x26\6\x05\x40\0\0\0\5", b"\x1e\2\1\2",
             b"\x30\4\x05\0\x05\1", b"\x0f\x0a\1\2\0\3\0\4\0\5\0\6", b"\xc9\x10" + A6, b"\x0b\2\1\2"]  # fmt: skip
    frames = []
    for option in found:
        pad = -(2 + len(option)) % 8
        padding = b"" if not pad else b"\0" if pad == 1 else bytes([1, pad - 2]) + bytes(pad - 2)
        body = option + padding
        head = bytes([6, (2 + len(body)) // 8 - 1]) + body
        frames.append(ethernet(0x86DD, ipv6(head + tcp(), 0)))
    routed = b"\6\2\4\1\0\0\0\1" + A6
    return [*frames, ethernet(0x86DD, ipv6(routed + tcp(), 43))]


def arp() -> list[bytes]:
    mac, other = b"\0\1\2\3\4\5", bytes(6)
    a, b, none = b"\x0a\0\0\1", b"\x0a\0\0\2", bytes(4)
    head = b"\0\1\x08\0\6\4\0"
    found = [
        head + b"\1" + mac + a + other + a, head + b"\1" + mac + none + other + b,
        head + b"\2" + mac + a + mac + a, head + b"\1" + mac + a + other + b,
    ]  # fmt: skip
    return [ethernet(0x0806, packet) for packet in found]


def udp(port: int, payload: bytes) -> bytes:
    return struct.pack(">HHHH", 40000, port, 8 + len(payload), 0) + payload


def tunnels() -> list[bytes]:
    inner = ethernet(0x0800, ipv4(tcp()))
    vxlan = b"\x08\0\0\0\0\0\7\0"
    geneve = b"\2\x40\x65\x58\0\0\7\0\1\2\x83\1abcd"
    gre = b"\xb0\0\x08\0\0\0\0\0\0\0\0\5\0\0\0\6"
    gtp = b"\x34\xff" + struct.pack(">HI", 8 + len(ipv4(tcp())), 9) + b"\0\0\0\x85\1\x10\x09\0" + ipv4(tcp())
    l2tp = b"\x48\2" + struct.pack(">HHHHH", 16 + len(ipv4(tcp())), 1, 2, 3, 4) + b"\xff\3\0\x21" + ipv4(tcp())
    pppoe = b"\x11\0\0\7" + (2 + len(ipv4(tcp()))).to_bytes(2, "big") + b"\0\x21" + ipv4(tcp())
    return [
        ethernet(0x0800, ipv4(udp(4789, vxlan + inner), 17)), ethernet(0x0800, ipv4(udp(6081, geneve + inner), 17)),
        ethernet(0x0800, ipv4(gre + ipv4(tcp()), 47)), ethernet(0x0800, ipv4(udp(2152, gtp), 17)),
        ethernet(0x0800, ipv4(udp(1701, l2tp), 17)), ethernet(0x8864, pppoe),
    ]  # fmt: skip


def http() -> list[bytes]:
    """Whole messages, each in one segment and on the port of HTTP."""
    get = (
        b"GET /a/b.html?x=1&y=two HTTP/1.1\r\nHost: example.org\r\nUser-Agent: synfin\r\nAccept: */*\r\n"
        b"Cookie: a=1; b=2\r\nAuthorization: Basic dXNlcjpwYXNz\r\nX-Own: 1\r\n\r\n"
    )
    found = b"HTTP/1.1 404 Not Here\r\nContent-Type: text/plain\r\nContent-Length: 0\r\nServer: x\r\n\r\n"
    return [
        ethernet(0x0800, ipv4(_to_http(get, 40000, 80, 1))), ethernet(0x0800, ipv4(_to_http(found, 80, 40000, 1))),
    ]  # fmt: skip


def _to_http(payload: bytes, source: int, target: int, seq: int) -> bytes:
    segment = tcp(b"", 0x18, payload, seq=seq, ack=1)
    return struct.pack(">HH", source, target) + segment[4:]


def everything() -> list[bytes]:
    return [*ip_options(), *icmp(), *icmpv6(), *ipv6_options(), *arp(), *tunnels(), *http()]
