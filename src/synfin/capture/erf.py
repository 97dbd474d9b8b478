"""Endace's extensible record format: no file header, one record after the other, time in 2**-32 seconds.

There is no magic number: an input is taken for ERF when its first records make sense as such.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from synfin.capture.damage import Damage
from synfin.capture.packet import Interface, Packet
from synfin.capture.source import ByteSource
from synfin.wire.monitor import ERF_LINKS

RECORD_LEN = 16
LINKTYPE_ERF, LINKTYPE_ETHERNET = 197, 1
_FCS_LEN = 4  # of Ethernet: the cards keep it

_RECORD = struct.Struct("<Q2s6s")
_LENGTHS = struct.Struct(">HHH")  # of the record, lost packets, on the wire
_PAD = 48
_LARGEST_TYPE = 33
_MORE_HEADERS = 0x80
_MAX_HEADERS = 32
_YEARS = (631_152_000, 4_102_444_800)  # 1990 to 2100, in seconds
_PLAUSIBLE_STEP = 30 * 86_400  # seconds between two records that stand together


def looks_like_erf(seen: bytes) -> bool:
    """Whether the records in `seen`, the input's first bytes, make sense: two, or one where there is no other."""
    at, before, count = 0, None, 0
    while at + RECORD_LEN <= len(seen) and count < 2:
        stamp, kind, lengths = _RECORD.unpack_from(seen, at)
        size, _, wire_len = _LENGTHS.unpack(lengths)
        seconds = stamp >> 32
        known = 1 <= kind[0] & 0x7F <= _LARGEST_TYPE or (kind[0] & 0x7F == _PAD and before is not None)
        if not known or size < RECORD_LEN or not _YEARS[0] < seconds < _YEARS[1] or not wire_len:
            return False
        if before is not None and abs(seconds - before) > _PLAUSIBLE_STEP:
            return False
        at, before, count = at + size, seconds, count + 1
    return count > 1 or (count == 1 and at <= len(seen))


def read_packets(source: ByteSource, interfaces: list[Interface], number: int) -> Iterator[Packet]:
    """The packets of the records; `interfaces` grows by each port that is met. Damage where the rest is unreadable."""
    ports: dict[tuple[int, int], int] = {}
    while True:
        at = source.tell()
        head = source.read(RECORD_LEN)
        if not head:
            return
        if len(head) < RECORD_LEN:
            raise Damage(at, f"cut short ({len(head)} of {RECORD_LEN} bytes of a record header)")
        stamp, kind, lengths = _RECORD.unpack(head)
        size, _, wire_len = _LENGTHS.unpack(lengths)
        if size < RECORD_LEN:
            raise Damage(at, f"corrupt record: a length of {size} bytes (at least {RECORD_LEN} are needed)")
        body = source.read(size - RECORD_LEN)
        if len(body) < size - RECORD_LEN:
            raise Damage(at, f"cut short ({len(body)} of {size - RECORD_LEN} bytes of a packet)")
        if kind[0] & 0x7F == _PAD:
            continue
        link_type, start, data = _content(head, kind[0], body, wire_len)
        which = ports.setdefault((link_type, kind[1] & 3), len(ports))
        if which == len(interfaces):
            port = kind[1] & 3
            name = f"Port {'ABCD'[port]} (ERF Interface {port})"  # as Wireshark calls it
            interfaces.append(Interface(link_type, ticks_per_second=1 << 32, name=name, description=name))
        yield Packet(
            number, time_ns(stamp), link_type, data, wire_len, at + start, which, record=at,
            fcs_len=_FCS_LEN if link_type == LINKTYPE_ETHERNET else None, erf=(head + body)[:start],
        )  # fmt: skip
        number += 1


def _content(head: bytes, kind: int, body: bytes, wire_len: int) -> tuple[int, int, bytes]:
    """Link type, offset in the record and bytes of the frame; of other record types the record itself."""
    start, more = 0, kind & _MORE_HEADERS
    for _ in range(_MAX_HEADERS):
        if not more or start + 8 > len(body):
            break
        more = body[start] & _MORE_HEADERS
        start += 8
    before, link_type = ERF_LINKS.get(kind & 0x7F, (0, LINKTYPE_ERF))
    if link_type == LINKTYPE_ERF:
        return link_type, 0, head + body
    start += before
    return link_type, RECORD_LEN + start, body[start : start + wire_len]


def time_ns(stamp: int) -> int:
    """Seconds with a binary fraction of 32 bits to nanoseconds, rounded."""
    return (stamp >> 32) * 1_000_000_000 + ((stamp & 0xFFFFFFFF) * 1_000_000_000 + 0x80000000 >> 32)
