"""Checksums as tshark shows them when it is asked to verify them: a status, the right value, a note on a wrong one.

Beside that the packet tree has a verdict of its own (`checksum`), which knows about network cards.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, NamedTuple

from synfin.dissect.checksum import TCP, UDP, fold, pseudo_header
from synfin.dissect.load import Loader, Spot, byte, computed, limit, number
from synfin.dissect.preferences import Preferences, preferences

if TYPE_CHECKING:
    from synfin.dissect.context import Facts
    from synfin.wire.frame import Frame
    from synfin.wire.layer import Layer

BAD, GOOD, UNVERIFIED, ABSENT, ILLEGAL = 0, 1, 2, 3, 4
MAX_INFLATED = 1 << 20  #: bytes that compressed data may become
UDP_LITE, UDP_HEADER = 136, 8


class Found(NamedTuple):
    """A checksum, and what it ought to be; `right` is -1 where that cannot be told."""

    told: int
    right: int = -1

    @property
    def status(self) -> int:
        return UNVERIFIED if self.right < 0 else GOOD if self.told == self.right else BAD


def of_ip(frame: Frame, layer: Layer) -> Found:
    """Of an IPv4 header."""
    told, size = number(frame, layer, 10, 2), (byte(frame, layer, 0) & 15) * 4
    stop = layer.start + size
    if told < 0 or size < 20 or stop > limit(frame, layer):
        return Found(told)
    header = frame.data[layer.start : stop]
    return Found(told, _right(header[:10] + b"\0\0" + header[12:], 0, told))


def _right(blank: bytes, carry: int, told: int) -> int:
    """What a checksum ought to be; where both kinds of zero are right, the one that is there."""
    right = 0xFFFF - fold(blank, carry)
    return told if right == 0 and told == 0 else right


def _of_unit(frame: Frame, layer: Layer, place: int, protocol: int, covered: int | None = None) -> Found:
    """Over the pseudo-header and the unit, or as many bytes of it as are `covered`."""
    told = number(frame, layer, place, 2)
    if told < 0 or layer.end != limit(frame, layer) or _is_part(frame, layer):
        return Found(told)
    head = pseudo_header(frame, layer, protocol)
    if head is None:
        return Found(told)
    unit = frame.data[layer.start : layer.end]
    blank = unit[:place] + b"\0\0" + unit[place + 2 :]
    return Found(told, _right(blank[:covered], fold(head), told))


def _is_part(frame: Frame, layer: Layer) -> bool:
    """Whether it is a piece of a datagram that is not here as a whole."""
    if layer.start >= len(frame.packet.data):
        return False
    above = next((one for one in reversed(frame.layers[: frame.layers.index(layer)]) if one.name == "ip"), None)
    return above is not None and bool(number(frame, above, 6, 2) & 0x3FFF)


def of_tcp(frame: Frame, layer: Layer) -> Found:
    return _of_unit(frame, layer, 16, TCP)


def of_udp(frame: Frame, layer: Layer) -> Found:
    """A sum of zero is written as all ones (RFC 768); UDP-Lite says how many bytes it covers (RFC 3828)."""
    if layer.name == "udplite":
        covered = number(frame, layer, 4, 2)
        if covered and not UDP_HEADER <= covered <= layer.end - layer.start:
            return Found(number(frame, layer, 6, 2))
        found = _of_unit(frame, layer, 6, UDP_LITE, covered or None)
    else:
        found = _of_unit(frame, layer, 6, UDP)
    return found._replace(right=0xFFFF) if found.right == 0 else found


def of_gre(frame: Frame, layer: Layer) -> Found:
    """Over the header and all that it carries (RFC 2784 section 2.5)."""
    told = number(frame, layer, 4, 2)
    if told < 0 or not number(frame, layer, 0, 2) & 0x8000 or layer.end != limit(frame, layer):
        return Found(told)
    unit = frame.data[layer.start : layer.end]
    return Found(told, _right(unit[:4] + b"\0\0" + unit[6:], 0, told))


Asked = Callable[[Preferences, "Layer"], bool]
Check = Callable[["Frame", "Layer"], Found]


def status(check: Check, asked: Asked) -> Loader:
    """The status of a checksum that was captured."""

    def load(frame: Frame, layer: Layer, facts: Facts | None) -> Iterable[Spot]:
        return (Spot(check(frame, layer).status if asked(preferences(facts), layer) else UNVERIFIED),)

    return load


def calculated(check: Check, asked: Asked, place: int) -> Loader:
    """What the checksum ought to be, in its bytes."""

    def load(frame: Frame, layer: Layer, facts: Facts | None) -> Iterable[Spot]:
        right = check(frame, layer).right if asked(preferences(facts), layer) else -1
        return (Spot(right, layer.start + place, 2),) if right >= 0 else ()

    return load


def bad(check: Check, asked: Asked, *, ones: bool | None = None) -> Loader:
    """Whether it is wrong; `ones`: only where all ones stand for zero (RFC 1624), or only where they do not."""

    def wrong(frame: Frame, layer: Layer, facts: Facts | None) -> bool | None:
        if not asked(preferences(facts), layer):
            return None
        found = check(frame, layer)
        if found.status != BAD or (ones is not None and (found == Found(0xFFFF, 0)) != ones):
            return None
        return True

    return computed(wrong)


def frame_check_sequence(frame: Frame, start: int) -> Found:
    """Of an Ethernet frame, which stands low byte first at `start`."""
    data = frame.packet.data
    right = zlib.crc32(data[:start]).to_bytes(4, "little")
    return Found(int.from_bytes(data[start : start + 4], "big"), int.from_bytes(right, "big"))


def inflated(data: bytes) -> bytes:
    """What zlib or gzip data hold as far as they are there, nothing where they are none."""
    if data[:2] not in (b"\x1f\x8b",) and (len(data) < 2 or data[0] & 15 != 8 or int.from_bytes(data[:2], "big") % 31):
        return b""
    try:
        return zlib.decompressobj(47).decompress(data, MAX_INFLATED)
    except zlib.error:
        return b""
