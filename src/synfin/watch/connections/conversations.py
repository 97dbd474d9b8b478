"""Who spoke with whom, and how much: pairs of addresses, or of addresses and ports, as `-z conv` counts them."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass
from itertools import takewhile
from typing import NamedTuple

from synfin.dissect.address import ip, mac
from synfin.dissect.context import Facts
from synfin.dissect.load import limit
from synfin.wire.frame import Frame
from synfin.wire.layer import Layer
from synfin.wire.tcp import MIN_HEADER_LEN


class Parties(NamedTuple):
    """The two ends that one header names, its sender first, and what else tells their conversation from others."""

    source: Hashable
    target: Hashable
    stream: int | None = None


@dataclass(slots=True)
class Conversation:
    """What two ends sent each other; the first of them sent the first packet."""

    first: Hashable
    second: Hashable
    epoch_ns: int  #: of the earliest packet, since the epoch
    start_ns: int  #: the same, since the first packet of the input
    end_ns: int  #: of the latest packet
    frames: tuple[int, int] = (0, 0)  #: sent by the first, by the second
    bytes: tuple[int, int] = (0, 0)  #: on the wire

    @property
    def total_frames(self) -> int:
        return sum(self.frames)


class Conversations:
    """Counts the conversations of one protocol."""

    def __init__(self, protocol: str) -> None:
        self._parties = READERS[protocol]
        self._found: dict[Parties, Conversation] = {}

    def see(self, frame: Frame, facts: Facts) -> None:
        """Count one packet, once for each header of the protocol."""
        for parties in self._parties(frame, facts):
            self._count(parties, frame, facts)

    def all(self) -> list[Conversation]:
        """The conversations, those with most frames first, else in order of their first packet."""
        return sorted(self._found.values(), key=lambda one: -one.total_frames)

    def _count(self, parties: Parties, frame: Frame, facts: Facts) -> None:
        epoch_ns, size = frame.packet.time_ns, frame.packet.wire_len
        time_ns = facts.frame_time_relative_ns or 0
        found, back = self._found.get(parties), False
        if found is None:
            found = self._found.get(Parties(parties.target, parties.source, parties.stream))
            back = found is not None
        if found is None:
            found = Conversation(parties.source, parties.target, epoch_ns, time_ns, time_ns)
            self._found[parties] = found
        there, here = found.frames
        sent, answered = found.bytes
        found.frames = (there, here + 1) if back else (there + 1, here)
        found.bytes = (sent, answered + size) if back else (sent + size, answered)
        found.epoch_ns = min(found.epoch_ns, epoch_ns)
        found.start_ns, found.end_ns = min(found.start_ns, time_ns), max(found.end_ns, time_ns)


def _of_tcp(frame: Frame, facts: Facts) -> Iterator[Parties]:
    segment = frame.segment
    if segment is None or facts.stream is None or segment.hdr_len < MIN_HEADER_LEN:
        return
    if len(segment.options) == segment.hdr_len - MIN_HEADER_LEN:  # else the header was not captured whole
        yield Parties((segment.src, segment.src_port), (segment.dst, segment.dst_port), facts.stream)


def _of_udp(frame: Frame, facts: Facts) -> Iterator[Parties]:
    addresses = None
    for layer in _own(frame):
        if layer.name in ("ip", "ipv6"):
            addresses = _addresses(frame, layer)
        elif layer.name == "udp" and addresses is not None and limit(frame, layer) >= layer.start + 8:
            ports = frame.data[layer.start : layer.start + 4]
            source, target = int.from_bytes(ports[:2], "big"), int.from_bytes(ports[2:], "big")
            yield Parties((addresses[0], source), (addresses[1], target))


def _of_layer(name: str) -> Callable[[Frame, Facts], Iterator[Parties]]:
    def parties(frame: Frame, facts: Facts) -> Iterator[Parties]:
        for layer in _own(frame):
            if layer.name == name and (found := _addresses(frame, layer)) is not None:
                yield Parties(*found)

    return parties


def _own(frame: Frame) -> Iterator[Layer]:
    """The headers of the packet itself: what an ICMP error quotes is another packet's."""
    return takewhile(lambda layer: layer.name not in ("icmp", "icmpv6"), frame.layers)


#: where a header has its addresses: offset of the sender's, of the receiver's, length
_PLACES = {"eth": (6, 0, 6), "ip": (12, 16, 4), "ipv6": (8, 24, 16)}


def _addresses(frame: Frame, layer: Layer) -> tuple[bytes, bytes] | None:
    source, target, size = _PLACES[layer.name]
    if limit(frame, layer) < layer.start + max(source, target) + size:
        return None
    data, at = frame.data, layer.start
    return data[at + source : at + source + size], data[at + target : at + target + size]


READERS: Mapping[str, Callable[[Frame, Facts], Iterator[Parties]]] = {
    "tcp": _of_tcp, "udp": _of_udp, "ip": _of_layer("ip"), "ipv6": _of_layer("ipv6"), "eth": _of_layer("eth"),
}  # fmt: skip


def end_text(end: Hashable) -> str:
    """One end as text: an address, with its port where it has one."""
    if isinstance(end, tuple):
        address, port = end
        return f"{ip(address)}:{port}"
    return mac(end) if isinstance(end, bytes) and len(end) == 6 else ip(end) if isinstance(end, bytes) else str(end)
