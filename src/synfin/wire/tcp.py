"""TCP segments as values: the header's fields and the options (RFC 9293 section 3.1)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from synfin.wire.control import (
    ACK as ACK,
)
from synfin.wire.control import (
    AE as AE,
)
from synfin.wire.control import (
    CWR as CWR,
)
from synfin.wire.control import (
    ECE as ECE,
)
from synfin.wire.control import (
    FIN as FIN,
)
from synfin.wire.control import (
    MIN_CAPTURED as MIN_CAPTURED,
)
from synfin.wire.control import (
    MIN_HEADER_LEN as MIN_HEADER_LEN,
)
from synfin.wire.control import (
    MIN_SHOWN as MIN_SHOWN,
)
from synfin.wire.control import (
    PSH as PSH,
)
from synfin.wire.control import (
    RST as RST,
)
from synfin.wire.control import (
    SYN as SYN,
)
from synfin.wire.control import (
    URG as URG,
)


@dataclass(frozen=True, slots=True)
class Segment:
    """One TCP segment of a capture, read but not judged."""

    frame: int  #: frame.number
    time_ns: int  #: since the epoch
    src: bytes  #: IP address, 4 or 16 bytes, of the innermost IP header
    dst: bytes
    src_port: int
    dst_port: int
    seq: int  #: raw
    ack: int  #: the raw field, meaningful only with the ACK flag
    flags: int  #: 12 bits, reserved bits included
    window: int  #: raw, unscaled
    hdr_len: int  #: bytes, from the data offset; below 20 is malformed
    len_bytes: int | None  #: payload length by the IP header (never by what was captured); None where unknown
    options: bytes = b""  #: the captured option bytes
    payload: bytes = b""  #: the captured payload bytes, at most len_bytes of them
    ttl: int = 0
    ip_id: int | None = None
    cut: bool = False  #: not even the 20 fixed bytes of the header were captured
    urgent: int = 0  #: the urgent pointer
    checksum: int | None = None  #: None where it was not captured
    traffic_class: int | None = None  #: DSCP and ECN of the IP header

    @property
    def length(self) -> int:
        """Payload bytes, 0 where unknown."""
        return self.len_bytes or 0

    @property
    def end(self) -> int:
        """Sequence number after this segment, unwrapped by nothing: seq + payload + SYN + FIN."""
        return self.seq + self.length + (self.flags & FIN) + (self.flags >> 1 & 1)

    @property
    def whole(self) -> bool:
        """Whether the header makes sense: what is not whole is shown, but moves no numbers and no states."""
        return self.len_bytes is not None and self.hdr_len >= MIN_HEADER_LEN

    @property
    def to_itself(self) -> bool:
        """Whether it goes to the very end that sent it: one socket that is connected to itself."""
        return self.src_port == self.dst_port and self.src == self.dst

    @property
    def options_cut(self) -> bool:
        """Whether not all of the header was captured."""
        return self.cut or len(self.options) < self.hdr_len - MIN_HEADER_LEN

    def has(self, flag: int) -> bool:
        return bool(self.flags & flag)


class Option(NamedTuple):
    """One TCP option: `offset` counts from the first option byte, `data` excludes kind and length."""

    kind: int
    offset: int
    length: int
    data: bytes


def options(raw: bytes) -> Iterator[Option]:
    """The options in `raw` in order; stops at End of Option List and at the first that does not fit (RFC 9293 3.1)."""
    at = 0
    while at < len(raw):
        kind = raw[at]
        if kind <= 1:
            yield Option(kind, at, 1, b"")
            if kind == 0:
                return
            at += 1
            continue
        if at + 1 >= len(raw) or raw[at + 1] < 2 or at + raw[at + 1] > len(raw):
            return
        length = raw[at + 1]
        yield Option(kind, at, length, raw[at + 2 : at + length])
        at += length
