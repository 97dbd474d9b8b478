"""What stands behind the data unit of a link header: padding, a trailer, a frame check sequence.

A link header owns what the data unit right behind it leaves over. Only IP, IPv6 and ARP tell where they end (MPLS hands
it on), and a length at a type's place; of anything else all bytes up to the frame's end are data.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from synfin.dissect.context import Facts
from synfin.dissect.load import Loader, Spot, number
from synfin.wire.ethertype import LARGEST_LENGTH
from synfin.wire.frame import Frame
from synfin.wire.layer import Layer

MIN_FRAME = 60  #: Ethernet's least length without the frame check sequence
FCS_LEN = 4
#: Layers that own such bytes, and where those with an EtherType have it; others never have a length in its place.
OWNERS = {"eth": 12, "vlan": 2, "ieee8021ad": -1, "ieee8021ah": -1, "sll": -1, "sll2": -1}
_TELL_THEIR_END = frozenset({"ip", "ipv6", "arp"})


class Tail(NamedTuple):
    """Parts of a frame as (start, end); an empty part is not there."""

    padding: tuple[int, int] = (0, 0)
    trailer: tuple[int, int] = (0, 0)
    check: tuple[int, int] = (0, 0)
    unpadded: bool = False  #: what stands where zeros should fill up the frame are no zeros


def tail(frame: Frame, layer: Layer) -> Tail:
    """What a link header owns behind its data unit."""
    packet, outer = frame.packet, layer == frame.layers[0] and layer.name == "eth"
    fcs_len = packet.fcs_len if outer else 0
    end = packet.wire_len if outer else layer.end
    at = _behind(frame, layer)
    if fcs_len:
        at = min(at, end - fcs_len) if at is not None and at > 0 else end - fcs_len
    known = min(end, len(packet.data))
    if at is None or not layer.start < at < known:
        return Tail()
    padding, unpadded = _padding(frame, at, end)
    start = at + padding
    if at + padding > known:
        return Tail()
    check = 0
    if fcs_len == FCS_LEN or (fcs_len != 0 and end >= MIN_FRAME + FCS_LEN and end - start >= FCS_LEN):
        check = FCS_LEN
    stop = min(end - check, known)
    whole = check and end <= known
    return Tail(
        (at, start), (start, max(stop, start)), (end - check, end) if whole else (0, 0), unpadded and start < stop
    )


def _behind(frame: Frame, layer: Layer) -> int | None:
    """Where the data unit behind a header ends by its own word, None where it does not tell."""
    place = OWNERS[layer.name]
    length = number(frame, layer, place, 2) if place >= 0 else -1
    if 0 <= length <= LARGEST_LENGTH:
        return layer.start + layer.header_len + length
    following = iter(frame.layers[frame.layers.index(layer) + 1 :])
    found = next((one for one in following if one.name != "mpls"), None)
    if found is None or found.name not in _TELL_THEIR_END or not found.header_len:
        return None
    if found.name == "ip" and frame.data[found.start] >> 4 != 4:
        return None
    return found.end


def _padding(frame: Frame, at: int, end: int) -> tuple[int, bool]:
    """How many of the bytes from `at` on fill up a short frame, and whether those that should are no zeros."""
    packet = frame.packet
    missing = MIN_FRAME - (packet.wire_len - (end - at))
    if packet.wire_len < MIN_FRAME or missing <= 0:
        return 0, False
    return (0, True) if any(packet.data[at : at + missing]) else (missing, False)


def part(which: int) -> Loader:
    """One of the parts of a Tail."""

    def load(frame: Frame, layer: Layer, facts: Facts | None) -> Iterable[Spot]:
        start, end = tail(frame, layer)[which]  # type: ignore[misc]
        return (Spot(frame.packet.data[start:end], start, end - start),) if start < end else ()

    return load


PADDING, TRAILER, CHECK = part(0), part(1), part(2)


def check_sequence(frame: Frame, layer: Layer, facts: Facts | None) -> Iterator[Spot]:
    for spot in CHECK(frame, layer, facts):
        yield spot._replace(value=int.from_bytes(spot.value, "big"))


def unpadded(frame: Frame, layer: Layer) -> bool:
    """Whether a short data unit is followed by something that is not the padding of zeros it should have."""
    return tail(frame, layer).unpadded


def past_end(frame: Frame, layer: Layer) -> bool:
    """Whether a length in the type's place goes past the end of the frame."""
    length = number(frame, layer, OWNERS[layer.name], 2)
    return 0 <= length <= LARGEST_LENGTH and layer.start + layer.header_len + length > layer.end
