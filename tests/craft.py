"""Captures written segment by segment: what `segments.exchange` reads, as a pcap file for other tools."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from synfin.capture.packet import Packet
from synfin.capture.pcap import PcapWriter
from synfin.wire.tcp import Segment

RAW_IP = 101


def ip_packet(of: Segment, ip_id: int | None = None, ttl: int | None = None) -> bytes:
    """The segment in an IPv4 packet; without an IP ID of its own it has its frame number."""
    tcp = (
        of.src_port.to_bytes(2, "big") + of.dst_port.to_bytes(2, "big") + of.seq.to_bytes(4, "big")
        + of.ack.to_bytes(4, "big") + (of.hdr_len // 4 << 12 | of.flags).to_bytes(2, "big")
        + of.window.to_bytes(2, "big") + bytes(4) + of.options.ljust(of.hdr_len - 20, b"\0") + of.payload
    )  # fmt: skip
    number = of.frame if ip_id is None else ip_id
    head = b"\x45\0" + (20 + len(tcp)).to_bytes(2, "big") + number.to_bytes(2, "big") + b"\x40\0"
    return head + bytes([ttl or of.ttl, 6]) + bytes(2) + of.src + of.dst + tcp


def icmp_unreachable(code: int, about: bytes, source: bytes, destination: bytes) -> bytes:
    """An ICMP "destination unreachable" that quotes the packet `about`."""
    message = bytes([3, code]) + bytes(6) + about
    head = b"\x45\0" + (20 + len(message)).to_bytes(2, "big") + bytes(4) + b"\x40\x01\0\0"
    return head + source + destination + message


def write(path: Path, packets: Sequence[tuple[int, bytes]]) -> Path:
    """A pcap file of (time in ns, IP packet)."""
    with path.open("wb") as file:
        writer = PcapWriter(file, RAW_IP)
        for number, (time_ns, data) in enumerate(packets, 1):
            writer.write(Packet(number, time_ns, RAW_IP, data, len(data)))
    return path


def write_segments(path: Path, segments: Sequence[Segment]) -> Path:
    """A pcap file of segments."""
    return write(path, [(segment.time_ns, ip_packet(segment)) for segment in segments])
