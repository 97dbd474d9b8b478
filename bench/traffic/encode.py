"""Ethernet frames of one TCP direction, checksums right, from headers prepared once per connection."""

from __future__ import annotations

import struct
from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address

FIN, SYN, RST, PSH, ACK = 0x01, 0x02, 0x04, 0x08, 0x10

PATTERN = bytes(32 + (7 * i) % 95 for i in range(2048))  #: every payload is a beginning of this

_V4 = struct.Struct(">14s2sHHHBBH8sHHIIHHHH")
_V6 = struct.Struct(">14s4sHBB32sHHIIHHHH")
_TIMESTAMPS = struct.Struct(">BBBBII")
_SYN_OPTIONS = bytes.fromhex("020405b401030307")  # MSS 1460, window scale 7; no SACK, so plain duplicate ACKs are right
_WINDOW = 502

Encoder = Callable[[int, int, int, int, int], bytes]
"""(seq, ack, flags, payload length, timestamp in ms) -> the frame's bytes."""


def _ones_sum(data: bytes) -> int:
    """The 16-bit words of `data` added up, not folded; an odd byte counts as the high half of a word."""
    if len(data) % 2:
        data += b"\0"
    return sum(struct.unpack(f">{len(data) // 2}H", data))


_PAYLOAD_SUMS = [0]
for _length in range(1, len(PATTERN) + 1):
    _PAYLOAD_SUMS.append(_PAYLOAD_SUMS[-1] + (PATTERN[_length - 1] << 8 if _length % 2 else PATTERN[_length - 1]))


def _fold(total: int) -> int:
    total = (total & 0xFFFF) + (total >> 16)
    return ~((total & 0xFFFF) + (total >> 16)) & 0xFFFF


_SYN_SUM = _ones_sum(_SYN_OPTIONS)


def _mac(number: int) -> bytes:
    return b"\x02\x00" + number.to_bytes(4, "big")


Endpoint = tuple[IPv4Address | IPv6Address, int]
_Options = Callable[[int, int], tuple[bytes, int]]


def encoders(client: Endpoint, server: Endpoint, *, timestamps: bool) -> tuple[Encoder, Encoder]:
    """The encoders of both directions, client's first; with `timestamps` segments carry that option (RFC 7323)."""
    clocks = [0, 0]  # what each side said last, for the other to echo
    return (
        _encoder(client, server, _options_of(clocks, 0) if timestamps else _no_timestamps),
        _encoder(server, client, _options_of(clocks, 1) if timestamps else _no_timestamps),
    )


def _encoder(source: Endpoint, destination: Endpoint, options: _Options) -> Encoder:
    link = _mac(int(destination[0]) & 0xFFFF) + _mac(int(source[0]) & 0xFFFF)
    build = _encoder_v4 if source[0].version == 4 else _encoder_v6
    return build(link, source[0].packed + destination[0].packed, source[1], destination[1], options)


def _encoder_v4(link: bytes, addresses: bytes, sport: int, dport: int, options_of: _Options) -> Encoder:
    link += b"\x08\x00"
    address_sum = _ones_sum(addresses)
    ip_sum = 0x4500 + 0x4000 + 0x4006 + address_sum
    fixed_sum = address_sum + 6 + sport + dport + _WINDOW
    pack, sums, pattern = _V4.pack, _PAYLOAD_SUMS, PATTERN
    identification = sport

    def encode(seq: int, ack: int, flags: int, length: int, clock_ms: int) -> bytes:
        nonlocal identification
        identification = (identification + 1) & 0xFFFF
        options, option_sum = options_of(flags, clock_ms)
        tcp_len = 20 + len(options) + length
        head = (20 + len(options)) << 10 | flags
        total = fixed_sum + tcp_len + head + (seq >> 16) + (seq & 0xFFFF) + (ack >> 16) + (ack & 0xFFFF)
        checksum = _fold(total + option_sum + sums[length])
        ip_checksum = _fold(ip_sum + 20 + tcp_len + identification)
        header = pack(
            link, b"\x45\0", 20 + tcp_len, identification, 0x4000, 64, 6, ip_checksum,
            addresses, sport, dport, seq, ack, head, _WINDOW, checksum, 0,
        )  # fmt: skip
        return header + options + pattern[:length]

    return encode


def _encoder_v6(link: bytes, addresses: bytes, sport: int, dport: int, options_of: _Options) -> Encoder:
    link += b"\x86\xdd"
    fixed_sum = _ones_sum(addresses) + 6 + sport + dport + _WINDOW
    pack, sums, pattern = _V6.pack, _PAYLOAD_SUMS, PATTERN

    def encode(seq: int, ack: int, flags: int, length: int, clock_ms: int) -> bytes:
        options, option_sum = options_of(flags, clock_ms)
        tcp_len = 20 + len(options) + length
        head = (20 + len(options)) << 10 | flags
        total = fixed_sum + tcp_len + head + (seq >> 16) + (seq & 0xFFFF) + (ack >> 16) + (ack & 0xFFFF)
        checksum = _fold(total + option_sum + sums[length])
        header = pack(
            link, b"\x60\0\0\0", tcp_len, 6, 64,
            addresses, sport, dport, seq, ack, head, _WINDOW, checksum, 0,
        )  # fmt: skip
        return header + options + pattern[:length]

    return encode


def _no_timestamps(flags: int, _clock_ms: int) -> tuple[bytes, int]:
    return (_SYN_OPTIONS, _SYN_SUM) if flags & SYN else (b"", 0)


def _options_of(clocks: list[int], side: int) -> _Options:
    """(flags, clock) -> the option bytes of a segment of `side`, which echo the other side's clock, and their sum."""
    pack = _TIMESTAMPS.pack

    def options_of(flags: int, clock_ms: int) -> tuple[bytes, int]:
        clocks[side] = clock_ms
        echo = clocks[1 - side] if flags & ACK else 0
        total = 0x090B + (clock_ms >> 16) + (clock_ms & 0xFFFF) + (echo >> 16) + (echo & 0xFFFF)
        if flags & SYN:
            return _SYN_OPTIONS + pack(1, 1, 8, 10, clock_ms, echo), total + _SYN_SUM
        return pack(1, 1, 8, 10, clock_ms, echo), total

    return options_of
