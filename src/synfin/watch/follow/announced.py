"""What a segment's options tell the analysis: window scale, SACK blocks, Fast Open, Multipath TCP."""

from __future__ import annotations

from typing import NamedTuple

from synfin.wire.tcp import MIN_HEADER_LEN, Segment, options

MAX_SHIFT = 14  #: RFC 7323 section 2.3
MAX_BLOCKS = 3  #: SACK blocks that are remembered of a segment
LAST_OPERATION = 7  #: of the Multipath subtypes that count as an operation
FAST_OPEN_EXPERIMENT = b"\xf9\x89"  #: RFC 7413 appendix A
_WINDOW_SCALE, _SACK, _MULTIPATH, _FAST_OPEN, _EXPERIMENTS = 3, 5, 30, 34, (253, 254)


class Announced(NamedTuple):
    """The options of one segment as far as the analysis needs them."""

    shift: int | None = None  #: window scale, the last one counts
    blocks: tuple[tuple[int, int], ...] = ()  #: raw edges
    operations: int = 0  #: bit n: Multipath TCP subtype n
    cookie: bool = False  #: Fast Open with a cookie
    cut: bool = False  #: not all options were captured


NOTHING = Announced()


def announced(segment: Segment) -> Announced:
    """What the options say, as far as they were captured."""
    if segment.hdr_len <= MIN_HEADER_LEN:
        return NOTHING
    shift: int | None = None
    blocks: list[tuple[int, int]] = []
    operations, cookie, after = 0, False, 0
    for option in options(segment.options):
        after = option.offset + option.length
        if option.kind == _WINDOW_SCALE and option.length == 3:
            shift = min(option.data[0], MAX_SHIFT)
        elif option.kind == _SACK:
            blocks.extend(_blocks(option.data))
        elif option.kind == _MULTIPATH and option.length > 2:
            subtype = option.data[0] >> 4
            operations |= 1 << subtype if subtype <= LAST_OPERATION else 0
        elif option.kind == _FAST_OPEN:
            cookie = cookie or option.length > 2
        elif option.kind in _EXPERIMENTS:
            cookie = cookie or (option.length > 4 and option.data[:2] == FAST_OPEN_EXPERIMENT)
    cut = segment.hdr_len > MIN_HEADER_LEN + len(segment.options)
    rest = segment.options[after:]
    if cut and len(rest) > 1 and rest[0] == _SACK and after + rest[1] <= segment.hdr_len - MIN_HEADER_LEN:
        blocks.extend(_blocks(rest[2:]))  # those that were captured
    return Announced(shift, tuple(blocks[:MAX_BLOCKS]), operations, cookie, cut)


def _blocks(data: bytes) -> list[tuple[int, int]]:
    return [
        (int.from_bytes(data[at : at + 4], "big"), int.from_bytes(data[at + 4 : at + 8], "big"))
        for at in range(0, len(data) - 7, 8)
    ]
