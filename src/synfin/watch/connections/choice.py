"""Which connections, and in which order: sorted, the first ones."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from synfin.dissect.address import parse_ip
from synfin.watch.connections.record_block import RecordBlock

_AT_ONCE = 1024
_KEPT = 1 << 16  #: connections that are kept beyond those that are wanted, between two sorts

#: fields that are sorted by another one
_SORTED_BY = {"start": "start_ns", "frames": "first_frame", "handshake_legs_ns": "leg_0"}


def first(blocks: Iterable[RecordBlock], count: int) -> Iterator[RecordBlock]:
    """The first of them; no more is asked for than is needed."""
    for block in blocks:
        if len(block) >= count:
            yield block.take(range(count)) if len(block) > count else block
            return
        count -= len(block)
        yield block


def in_order_of(
    blocks: Iterable[RecordBlock], field: str, *, descending: bool = False, limit: int | None = None
) -> Iterator[RecordBlock]:
    """Sorted by a field, equal ones as they came, unknown values last; of `limit` only the first ones are kept."""
    kept: RecordBlock | None = None
    more: list[RecordBlock] = []
    for block in blocks:
        more.append(block)
        if limit is not None and sum(map(len, more)) > limit + _KEPT:
            kept = _sorted(more, field, descending, limit)
            more = [kept]
    if more:
        kept = _sorted(more, field, descending, limit)
        for start in range(0, len(kept), _AT_ONCE):
            yield kept.take(range(start, min(start + _AT_ONCE, len(kept))))


def _sorted(blocks: Sequence[RecordBlock], field: str, descending: bool, limit: int | None) -> RecordBlock:
    whole = type(blocks[0]).joined(blocks)
    values = whole.values(_SORTED_BY.get(field, field))
    keys = list(map(_ADDRESSES[field], values)) if field in _ADDRESSES else values
    known = [place for place, value in enumerate(values) if value is not None and value != ""]
    known.sort(key=keys.__getitem__, reverse=descending)
    unknown = (place for place, value in enumerate(values) if value is None or value == "")
    return whole.take([*known, *unknown][:limit])


def _address(text: str) -> tuple[int, bytes]:
    """Addresses by number, IPv4 before IPv6."""
    packed = parse_ip(text) or b""
    return len(packed), packed


def _endpoint(text: str) -> tuple[tuple[int, bytes], int]:
    ip, _, port = text.rpartition(":")
    return _address(ip.strip("[]")), int(port)


_ADDRESSES: Mapping[str, Callable[[str], Any]] = {
    "client": _endpoint, "server": _endpoint, "client.ip": _address, "server.ip": _address,
}  # fmt: skip
