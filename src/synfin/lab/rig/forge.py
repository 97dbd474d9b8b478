"""IPv4 and TCP bytes for the wire: read what a rule asks for, change a header, make a segment, quote one in ICMP."""

from __future__ import annotations

import struct
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from synfin.wire.tcp import ACK, FIN, SYN

FLAGS = {"FIN": 1, "SYN": 2, "RST": 4, "PSH": 8, "ACK": 16, "URG": 32, "ECE": 64, "CWR": 128}
_TCP, _ICMP = 6, 1
OPTION_KINDS = {"mss": 2, "window_scale": 3, "sack_permitted": 4, "timestamps": 8}
_NOP, _END = 1, 0


@dataclass(frozen=True, slots=True)
class Header:
    """What the wire reads of a packet; `data` is the whole of it."""

    data: bytes
    src: bytes
    dst: bytes
    src_port: int
    dst_port: int
    seq: int
    ack: int
    flags: int
    window: int
    ip_len: int  #: bytes of the IP header
    tcp_len: int  #: bytes of the TCP header
    tsval: int | None

    @property
    def payload(self) -> bytes:
        return self.data[self.ip_len + self.tcp_len :]

    @property
    def end(self) -> int:
        """The sequence number after this segment."""
        control = bool(self.flags & SYN) + bool(self.flags & FIN)
        return (self.seq + len(self.payload) + control) & 0xFFFFFFFF


def read(data: bytes) -> Header | None:
    """The headers of an IPv4 packet with TCP; None for anything else."""
    if len(data) < 40 or data[0] >> 4 != 4 or data[9] != _TCP:
        return None
    ip_len = (data[0] & 15) * 4
    total = min(int.from_bytes(data[2:4], "big"), len(data))
    if ip_len < 20 or total < ip_len + 20:
        return None
    src_port, dst_port, seq, ack, offset_flags, window = struct.unpack_from("!HHIIHH", data, ip_len)
    tcp_len = (offset_flags >> 12) * 4
    if tcp_len < 20 or ip_len + tcp_len > total:
        return None
    stamps = find_option(data[ip_len + 20 : ip_len + tcp_len], OPTION_KINDS["timestamps"])
    tsval = None if stamps is None or len(stamps) != 8 else int.from_bytes(stamps[:4], "big")
    return Header(
        data[:total], data[12:16], data[16:20], src_port, dst_port, seq, ack, offset_flags & 0xFF, window,
        ip_len, tcp_len, tsval,
    )  # fmt: skip


def find_option(options: bytes, kind: int) -> bytes | None:
    """The value of the first option of this kind."""
    for at, found, length in _walk(options):
        if found == kind:
            return options[at + 2 : at + length]
    return None


def _walk(options: bytes) -> list[tuple[int, int, int]]:
    """(offset, kind, length) of each option; stops at what makes no sense."""
    at, found = 0, []
    while at < len(options) and options[at] != _END:
        if options[at] == _NOP:
            at += 1
            continue
        length = options[at + 1] if at + 1 < len(options) else 0
        if length < 2 or at + length > len(options):
            break
        found.append((at, options[at], length))
        at += length
    return found


def checksum(data: bytes) -> int:
    """The Internet checksum (RFC 1071)."""
    padded = data + b"\0" if len(data) % 2 else data
    return -int.from_bytes(padded, "big") % 0xFFFF


def sealed(ip: bytes, tcp: bytes) -> bytes:
    """A packet of these headers and payload, lengths and checksums set; the checksum fields need not be zero."""
    head = bytearray(ip)
    struct.pack_into("!H", head, 2, len(ip) + len(tcp))
    head[10:12] = b"\0\0"
    struct.pack_into("!H", head, 10, checksum(bytes(head)))
    body = bytearray(tcp)
    body[16:18] = b"\0\0"
    pseudo = bytes(head[12:20]) + struct.pack("!BBH", 0, _TCP, len(body))
    struct.pack_into("!H", body, 16, checksum(pseudo + bytes(body)))
    return bytes(head + body)


def rewritten(header: Header, values: Mapping[str, int], strip: Collection[str] = ()) -> bytes:
    """The packet with `ttl`, `window`, `seq` or `ack` set to other values, and options overwritten by NOP."""
    ip, tcp = bytearray(header.data[: header.ip_len]), bytearray(header.data[header.ip_len :])
    if "ttl" in values:
        ip[8] = values["ttl"] & 0xFF
    for name, place, form in (("seq", 4, "!I"), ("ack", 8, "!I"), ("window", 14, "!H")):
        if name in values:
            struct.pack_into(form, tcp, place, values[name] % (1 << (8 * struct.calcsize(form))))
    kinds = {OPTION_KINDS[name] for name in strip}
    for at, kind, length in _walk(bytes(tcp[20 : header.tcp_len])):
        if kind in kinds:
            tcp[20 + at : 20 + at + length] = bytes([_NOP]) * length
    return sealed(bytes(ip), bytes(tcp))


def segment(
    src: tuple[bytes, int],
    dst: tuple[bytes, int],
    *,
    seq: int,
    ack: int,
    flags: int,
    window: int,
    ttl: int = 64,
    payload: bytes = b"",
    options: bytes = b"",
    ip_id: int = 0,
) -> bytes:
    """A segment of our own making; `options` is padded to four bytes."""
    options += b"\0" * (-len(options) % 4)
    ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 0, ip_id, 0x4000, ttl, _TCP, 0, src[0], dst[0])
    offset = (20 + len(options)) // 4 << 12
    shown_ack = ack & 0xFFFFFFFF if flags & ACK else 0
    tcp = struct.pack("!HHIIHHHH", src[1], dst[1], seq & 0xFFFFFFFF, shown_ack, offset | flags, window, 0, 0)
    return sealed(ip, tcp + options + payload)


def mss_option(mss: int) -> bytes:
    return struct.pack("!BBH", OPTION_KINDS["mss"], 4, mss)


def timestamps_option(tsval: int, tsecr: int) -> bytes:
    return bytes([_NOP, _NOP]) + struct.pack("!BBII", OPTION_KINDS["timestamps"], 10, tsval % 2**32, tsecr % 2**32)


def icmp_error(header: Header, sender: bytes, kind: int, code: int, mtu: int = 0) -> bytes:
    """An ICMP error to the packet's sender, quoting its headers (RFC 792; `mtu` as in RFC 1191)."""
    quoted = header.data[: header.ip_len + min(header.tcp_len, 20)]
    body = struct.pack("!BBHHH", kind, code, 0, 0, mtu) + quoted
    body = body[:2] + struct.pack("!H", checksum(body)) + body[4:]
    ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(body), 0, 0, 64, _ICMP, 0, sender, header.src)
    return ip[:10] + struct.pack("!H", checksum(ip)) + ip[12:] + body
