"""UDP conversations numbered as they appear, and the times within each: what `udp.stream` shows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from synfin.dissect.context import Datagram
from synfin.dissect.fields_udp import sound
from synfin.wire.frame import Frame
from synfin.wire.layer import Layer

MAX_CONVERSATIONS = 1 << 20  #: more than these are numbered, but not remembered

NAMES = frozenset({"udp", "udplite"})  #: layers that have conversations of this kind
_WITH_PORTS = NAMES | {"tcp"}
_ADDRESSES = {"ip": (12, 4), "ipv6": (8, 16)}


class Datagrams:
    """Follows the datagrams of a capture, in its order."""

    def __init__(self) -> None:
        self._known: dict[frozenset[bytes], list[int]] = {}  # stream, first time, last time
        self._next = 0

    def see(self, frame: Frame) -> Mapping[int, Datagram]:
        """What is known of every UDP header of a frame, by its offset; that of a quoted one has no times."""
        found = {}
        for layer, source, target, quoted in headers(frame):
            found[layer.start] = self._follow(frozenset((source, target)), frame.packet.time_ns, quoted)
        return found

    def _follow(self, key: frozenset[bytes], time_ns: int, quoted: bool) -> Datagram:
        known = self._known.get(key)
        if known is None:
            known = [self._next, time_ns, time_ns]
            self._next += 1
            if len(self._known) < MAX_CONVERSATIONS:
                self._known[key] = known
        stream, first, last = known
        if quoted:
            return Datagram(stream)
        known[2] = time_ns
        return Datagram(stream, time_ns - first, time_ns - last)


def innermost_ends(frame: Frame) -> tuple[bytes, bytes]:
    """Sender and receiver, address and port, by the innermost headers that tell them, those of quotes left out."""
    addresses, ports = (b"", b""), (b"\0\0", b"\0\0")
    for layer in frame.layers:
        if layer.name in ("icmp", "icmpv6"):
            break
        if layer.name in _ADDRESSES:
            at, size = _ADDRESSES[layer.name]
            start = layer.start + at
            addresses = frame.data[start : start + size], frame.data[start + size : start + 2 * size]
        elif layer.name in _WITH_PORTS and layer.header_len >= 4:
            ports = frame.data[layer.start : layer.start + 2], frame.data[layer.start + 2 : layer.start + 4]
    return addresses[0] + ports[0], addresses[1] + ports[1]


def headers(frame: Frame) -> Iterator[tuple[Layer, bytes, bytes, bool]]:
    """Believable UDP headers with their ends, address and port, sender first, and whether an ICMP error quotes them."""
    above, quoted = None, False
    for layer in frame.layers:
        if layer.name in _ADDRESSES:
            above = layer
        elif layer.name in ("icmp", "icmpv6"):
            quoted = True
        elif layer.name in NAMES and above is not None and layer.header_len >= 4 and sound(frame, layer):
            at, size = _ADDRESSES[above.name]
            start = above.start + at
            source, target = frame.data[start : start + size], frame.data[start + size : start + 2 * size]
            ports = frame.data[layer.start : layer.start + 4]
            yield layer, source + ports[:2], target + ports[2:], quoted
