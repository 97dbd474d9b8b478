"""What a header tells besides its numbers: timestamps, SACK blocks, the window's scale."""

from __future__ import annotations

from typing import NamedTuple

from synfin.wire import seq
from synfin.wire.tcp import Segment, options

_WINDOW_SCALE, _SACK_PERMITTED, _SACK, _TIMESTAMPS = 3, 4, 5, 8
MAX_SHIFT = 14  #: RFC 7323 section 2.3


class Evidence(NamedTuple):
    """The options that count as evidence; None where absent."""

    tsval: int | None = None
    tsecr: int | None = None
    sacks: tuple[tuple[int, int], ...] = ()  #: raw edges, in the order of the option
    sack_permitted: bool = False
    scale: int | None = None


_NOTHING = Evidence()


def read(segment: Segment) -> Evidence:
    """The evidence in a segment's options."""
    if not segment.options:
        return _NOTHING
    tsval = tsecr = scale = None
    sacks: list[tuple[int, int]] = []
    permitted = False
    for option in options(segment.options):
        data = option.data
        if option.kind == _TIMESTAMPS and len(data) == 8:
            tsval, tsecr = int.from_bytes(data[:4], "big"), int.from_bytes(data[4:], "big")
        elif option.kind == _SACK:
            for at in range(0, len(data) - 7, 8):
                sacks.append((int.from_bytes(data[at : at + 4], "big"), int.from_bytes(data[at + 4 : at + 8], "big")))
        elif option.kind == _SACK_PERMITTED:
            permitted = True
        elif option.kind == _WINDOW_SCALE and len(data) == 1:
            scale = min(data[0], MAX_SHIFT)
    return Evidence(tsval, tsecr, tuple(sacks), permitted, scale)


def later(a: int | None, b: int | None) -> int:
    """Which of two timestamps was made later: 1 the first, -1 the second, 0 the same or unknown (RFC 7323 5.2)."""
    if a is None or b is None or a == b:
        return 0
    return 1 if seq.gt(a, b) else -1


def id_distance(a: int | None, b: int | None) -> int:
    """Signed distance from IP ID `b` to `a` modulo 2**16; 0 where one is unknown (absent, or 0 as hosts may send)."""
    if not a or not b:
        return 0
    return (a - b + 0x8000 & 0xFFFF) - 0x8000
