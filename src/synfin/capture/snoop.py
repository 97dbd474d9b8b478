"""The snoop format (RFC 1761), as Solaris writes it: big-endian, microseconds."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from synfin.capture.damage import Damage
from synfin.capture.kinds import SNOOP_MAGIC
from synfin.capture.limits import MAX_CAP_LEN
from synfin.capture.packet import Interface, Packet
from synfin.capture.source import ByteSource

HEADER_LEN = 16

_RECORD = struct.Struct(">6I")  # original length, included length, record length, drops, seconds, microseconds
_VERSION = 2
_LINK_TYPES = {0: 1, 2: 6, 4: 1, 8: 10, 18: 100, 26: 242}  # RFC 1761's datalink types, and LINKTYPE_ of each


def read_header(source: ByteSource) -> Interface:
    """Consume the file header; Damage when it is cut short or of a kind that is not known."""
    header = source.read(HEADER_LEN)
    if len(header) < HEADER_LEN:
        raise Damage(len(header), f"the snoop file header is cut short: {len(header)} of {HEADER_LEN} bytes")
    version, data_link = struct.unpack_from(">II", header, len(SNOOP_MAGIC))
    if version != _VERSION:
        raise Damage(8, f"snoop version {version} is not supported")
    if data_link not in _LINK_TYPES:
        raise Damage(12, f"the snoop datalink type {data_link} is not supported")
    return Interface(_LINK_TYPES[data_link], fcs_len=0)


def read_packets(source: ByteSource, interface: Interface, number: int) -> Iterator[Packet]:
    """The packets after the header; Damage where the rest cannot be read."""
    while True:
        at = source.tell()
        head = source.read(_RECORD.size)
        if not head:
            return
        if len(head) < _RECORD.size:
            raise Damage(at, f"cut short ({len(head)} of {_RECORD.size} bytes of a record header)")
        wire_len, cap_len, size, _, seconds, micros = _RECORD.unpack(head)
        if cap_len > MAX_CAP_LEN or not _RECORD.size + cap_len <= size <= _RECORD.size + 2 * MAX_CAP_LEN:
            raise Damage(at, f"corrupt record: captured length {cap_len} in a record of {size} bytes")
        data = source.read(cap_len)
        if len(data) < cap_len:
            raise Damage(at, f"cut short ({len(data)} of {cap_len} bytes of a packet)")
        time_ns = seconds * 1_000_000_000 + micros * 1000
        yield Packet(number, time_ns, interface.link_type, data, wire_len, at + _RECORD.size, record=at, fcs_len=0)
        source.skip(size - _RECORD.size - cap_len)
        number += 1
