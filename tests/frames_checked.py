"""Frames for preferences: checksums that hold, that do not, that are absent or only begun; hashes; SYN cookies."""

from __future__ import annotations

import struct
import zlib

from synfin.dissect.checksum import fold
from wire_bytes import V6, ethernet, ipv4, ipv6, tcp

SOURCE, TARGET = b"\x0a\0\0\1", b"\x0a\0\0\2"


def headed(packet: bytes, *, good: bool = True) -> bytes:
    """An IPv4 packet whose header checksum holds, or is off by one."""
    size = (packet[0] & 15) * 4
    total = (0xFFFF - fold(packet[:10] + b"\0\0" + packet[12:size]) + (not good)) & 0xFFFF
    return packet[:10] + total.to_bytes(2, "big") + packet[12:]


def summed(unit: bytes, place: int, protocol: int, *, addresses: bytes = SOURCE + TARGET, covered: int | None = None,
           told: int | None = None) -> bytes:  # fmt: skip
    """A unit with its checksum at `place` over the pseudo-header and its first `covered` bytes."""
    pseudo = addresses + (len(unit)).to_bytes(4, "big") + protocol.to_bytes(4, "big")
    blank = unit[:place] + b"\0\0" + unit[place + 2 :]
    right = 0xFFFF - fold(blank[:covered], fold(pseudo))
    return unit[:place] + (right if told is None else told).to_bytes(2, "big") + unit[place + 2 :]


def udp(payload: bytes, ports: tuple[int, int] = (40000, 40001), length: int | None = None) -> bytes:
    return struct.pack(">HHHH", *ports, 8 + len(payload) if length is None else length, 0) + payload


def partial(unit: bytes, place: int, protocol: int) -> bytes:
    """With the sum of the pseudo-header only, as a host hands it to its network card."""
    begun = fold(SOURCE + TARGET + len(unit).to_bytes(4, "big") + protocol.to_bytes(4, "big"))
    return unit[:place] + begun.to_bytes(2, "big") + unit[place + 2 :]


def becoming_ffff() -> bytes:
    """A segment whose right checksum is 0, which is written as 0xffff by mistake (RFC 1624)."""
    plain = tcp(b"", 0x18, b"\0\0")
    whole = summed(plain, 16, 6)
    return summed(tcp(b"", 0x18, whole[16:18]), 16, 6, told=0xFFFF)


def checksums() -> list[bytes]:
    six, v6 = b"".join(V6), 0x86DD
    segment, datagram = tcp(b"", 0x18, b"Just a test.\r\n"), udp(b"abc")
    segments = (tcp(b"", 0x18, b"Just a test.\r\n", ports=(port, 9501)) for port in range(2000, 2999))
    quoted = b"\3\1\0\0\0\0\0\0" + headed(ipv4(summed(segment, 16, 6)))
    return [
        *(ethernet(0x0800, headed(ipv4(unit, protocol), good=good)) for good in (True, False) for unit, protocol in (
            (summed(next(segments), 16, 6), 6), (next(segments), 6), (partial(next(segments), 16, 6), 6),
            (becoming_ffff(), 6),
            (summed(datagram, 6, 17), 17), (datagram, 17), (datagram[:6] + b"\1\2abc", 17),
            (partial(datagram, 6, 17), 17), (summed(datagram, 6, 17, told=0xFFFF), 17),
        )),
        ethernet(0x0800, ipv4(next(segments))),
        ethernet(0x0800, headed(ipv4(next(segments), options=b"\x94\4\0\0"))),
        ethernet(v6, ipv6(summed(next(segments), 16, 6, addresses=six))), ethernet(v6, ipv6(next(segments))),
        ethernet(v6, ipv6(summed(datagram, 6, 17, addresses=six), 17)), ethernet(v6, ipv6(datagram, 17)),
        ethernet(0x0800, headed(ipv4(quoted, 1))),
        ethernet(0x0800, headed(ipv4(summed(next(segments), 16, 6), fragment=0x2000))),
        ethernet(0x0800, headed(ipv4(summed(next(segments), 16, 6)[:30], total=60))),
        ethernet(0x0800, headed(ipv4(b"\0\1\2\3" * 3, 47))),
    ]  # fmt: skip


def _gre(*, good: bool) -> bytes:
    plain = b"\x80\0\x08\0\0\0\0\0" + headed(ipv4(tcp()))
    return plain[:4] + (0xFFFF - fold(plain) + (not good)).to_bytes(2, "big") + plain[6:]


def routed(*, good: bool = True) -> list[bytes]:
    """GRE whose checksum covers it all."""
    return [ethernet(0x0800, headed(ipv4(_gre(good=kind), 47))) for kind in (good, not good)]


def check_sequences() -> list[bytes]:
    """Ethernet frames with their check sequence, right and wrong."""
    plain = ethernet(0x0800, headed(ipv4(udp(bytes(40)), 17)))
    short = ethernet(0x0800, headed(ipv4(tcp()))) + bytes(6)
    right = [frame + zlib.crc32(frame).to_bytes(4, "little") for frame in (plain, short)]
    return [
        *right,
        plain + b"\1\2\3\4",
        short + b"\1\2\3\4",
        plain,
        short,
        ethernet(0x0800, ipv4(udp(b"a"), 17), b"xy"),
    ]


def cookies() -> list[bytes]:
    """What SYN cookies are read from."""
    stamp = bytes.fromhex("0101080a000004ff00000000")
    return [
        ethernet(0x0800, ipv4(tcp(stamp, flags, seq=0xA7123456, ack=0xC1ABCDEF))) for flags in (2, 0x12, 0x10)
    ]  # fmt: skip


def services() -> list[bytes]:
    """Bytes that RFC 791 reads as a type of service, and the flag of RFC 3514."""
    found = [ipv4(tcp()), ipv4(tcp(), fragment=0x8000), ipv4(tcp(), fragment=0xC000)]
    return [
        ethernet(0x0800, packet[:1] + bytes([kind]) + packet[2:]) for kind in (0, 0xB8, 0x1E, 0xE3) for packet in found
    ]


def contents() -> list[bytes]:
    """Bytes that no protocol claims: text, none, compressed."""
    packed = zlib.compress(b"Just a test. " * 9)
    return [ethernet(0x0800, headed(ipv4(udp(payload), 17))) for payload in (
        b"Just a test.\r\n", "你好\x00\x7f".encode(), b"\xff\xfe\1\2", packed, packed[:-3], b"")]  # fmt: skip
