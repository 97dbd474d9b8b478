"""Frames that the kernel `scan` leaves alone: the readable code takes them apart and fills their rows."""

from __future__ import annotations

import re
from collections.abc import Callable
from struct import Struct, calcsize
from typing import TYPE_CHECKING

from synfin._kernels import scan
from synfin.capture.packet import Packet

if TYPE_CHECKING:
    from synfin.wire.fragments import Reassembler
    from synfin.wire.frame import Frame
    from synfin.wire.layer import Layer
    from synfin.wire.tcp import Segment

_ROW = Struct(scan.ROW_FORMAT)


def _offset(name: str) -> int:
    """Where a field stands in a row, before which none is padding."""
    codes = re.findall(r"\d*[a-zA-Z]", scan.ROW_FORMAT)[: scan.ROW_FIELDS.index(name)]
    return calcsize("<" + "".join(codes))


_PLACES = [scan.ROW_FIELDS.index(name) for name in ("time_ns", "offset", "cap_len", "wire_len", "link_type")]
_KIND_AT = _offset("kind")


class SlowPath:
    """Completes rows in capture order: fragments are put together on the way. `sums`: and judges their checksums."""

    def __init__(self, seed: int, *, sums: bool = False) -> None:
        self._sums = sums
        self.last: Frame | None = None
        self._seed = seed
        self._fragments: Reassembler | None = None

    def complete(self, rows: bytearray, count: int, buffer: bytearray, base: int) -> None:
        """Fill the slow ones of `count` rows; buffer[0] is the byte at offset `base` of the input."""
        self.complete_from(rows, count, lambda offset, size: bytes(buffer[offset - base : offset - base + size]))

    def complete_from(self, rows: bytearray, count: int, fetch: Callable[[int, int], bytes]) -> None:
        """The same; `fetch` gets so many bytes at an offset of the input."""
        index = scan.next_slow(rows, 0, count)
        while index >= 0:
            values = _ROW.unpack_from(rows, index * _ROW.size)
            time_ns, offset, cap_len, wire_len, link_type = (values[place] for place in _PLACES)
            self.take(Packet(0, time_ns, link_type, fetch(offset, cap_len), wire_len), rows, index)
            index = scan.next_slow(rows, index + 1, count)

    def take(self, packet: Packet, rows: bytearray, index: int) -> None:
        """Fill the row of a packet that is in memory."""
        # most captures need none of it: it loads with the first packet that does
        from synfin.wire.fragments import Reassembler
        from synfin.wire.frame import REASONS, dissect, icmp_error

        if self._fragments is None:
            self._fragments = Reassembler()
        self.last = frame = dissect(packet, self._fragments)
        segment = frame.segment or frame.quoted
        header = b"" if segment is None else _header(frame, segment)
        known = segment is not None and segment.len_bytes is not None
        if segment is None or frame.tcp is None:
            scan.scan_segment(b"", 0, 0, 0, 0, rows, index, self._seed)
        else:
            length = frame.tcp.end - frame.tcp.start
            scan.scan_segment(header, len(segment.src) == 16, length, segment.ttl, segment.ip_id or 0, rows, index,
                              self._seed)  # fmt: skip
        at = 0 if frame.tcp is None else frame.tcp.start
        error = icmp_error(frame) if frame.quoted is not None else None
        quoted_by = -1 if error is None else error[1] << 8 | error[2]
        captured = 0 if segment is None else len(segment.payload)
        scan.mark(rows, index, at, REASONS.index(frame.reason), quoted_by, known, captured)
        if self._sums and frame.tcp is not None and frame.segment is not None:
            rows[index * _ROW.size + _KIND_AT] |= _wrong_sum(frame, frame.tcp)


def _wrong_sum(frame: Frame, layer: Layer) -> int:
    """The bit of a wrong checksum, 0 where it is right or cannot be judged."""
    from synfin._kernels import sums
    from synfin.dissect.checksum import Verdict, verdict

    return {Verdict.BAD: sums.BAD, Verdict.PARTIAL: sums.PARTIAL}.get(verdict(frame, layer), 0)


def _header(frame: Frame, segment: Segment) -> bytes:
    """Addresses and TCP header, as far as it was captured."""
    assert frame.tcp is not None
    at, size = frame.tcp.start, max(segment.hdr_len, 20)
    return segment.src + segment.dst + frame.data[at : min(at + size, frame.tcp.end)]
