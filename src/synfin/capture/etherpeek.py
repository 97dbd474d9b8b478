"""EtherPeek's classic format, versions 5 to 7: big-endian, times counted as a Macintosh does, from 1904."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from synfin.capture.damage import Damage
from synfin.capture.packet import Interface, Packet
from synfin.capture.source import ByteSource

HEADER_LEN = 50
BILLION = 1_000_000_000

_SINCE_1904 = 2_082_844_800  # seconds from 1904 to 1970
_OLD = struct.Struct(">HHBBI6x8x2x")  # length, captured, flags, status, milliseconds since the file's time
_NEW = struct.Struct(">2xHHBBQ")  # protocol, length, captured, flags, status, microseconds since 1904
_MEDIA = {0: 1, 1: 6}  # Ethernet, token ring
_FCS_LEN = {5: 0, 6: 0, 7: 4}  # by version


def read_header(source: ByteSource) -> tuple[int, int, Interface]:
    """Consume the file header: (version, time of the file in seconds since 1970, the interface)."""
    header = source.read(HEADER_LEN)
    (time,) = struct.unpack_from(">I", header, 10)
    medium, physical = struct.unpack_from(">II", header, 22)
    if medium not in _MEDIA or physical:
        raise Damage(22, f"the EtherPeek medium {medium}.{physical} is not supported")
    return header[0], time - _SINCE_1904, Interface(_MEDIA[medium], fcs_len=_FCS_LEN[header[0]])


def read_packets(source: ByteSource, version: int, since: int, interface: Interface, number: int) -> Iterator[Packet]:
    """The packets after the header; Damage where the rest cannot be read."""
    record = _NEW if version == 7 else _OLD
    while True:
        at = source.tell()
        head = source.read(record.size)
        if not head:
            return
        if len(head) < record.size:
            raise Damage(at, f"cut short ({len(head)} of {record.size} bytes of a record header)")
        wire_len, cap_len, _, _, ticks = record.unpack(head)
        cap_len = cap_len or wire_len
        data = source.read(cap_len)
        if len(data) < cap_len:
            raise Damage(at, f"cut short ({len(data)} of {cap_len} bytes of a packet)")
        time_ns = ticks * 1000 - _SINCE_1904 * BILLION if version == 7 else since * BILLION + ticks * 1_000_000
        yield Packet(
            number, time_ns, interface.link_type, data, wire_len, at + record.size, flags=0, record=at,
            fcs_len=interface.fcs_len,
        )  # fmt: skip
        if version == 7:
            source.skip(cap_len & 1)  # each packet begins at an even place
        number += 1
