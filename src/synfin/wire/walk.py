"""A frame while it is taken apart: what was found so far, and where its next header stands.

Every reader takes one header: it appends its layer and says what follows. Readers do not call each other, so nesting
is a loop with a bound and not a recursion.
"""

from __future__ import annotations

from collections.abc import Callable, Container
from dataclasses import dataclass, field
from typing import NamedTuple

from synfin.wire.fragments import Part, Reassembler
from synfin.wire.ip import Datagram
from synfin.wire.layer import Layer

MAX_REBUILT = 8  #: datagrams put together or inflated within one frame; more is hostile


class Next(NamedTuple):
    """The next header: the number that tells what it is, the register of that number, and where it lies."""

    register: str  #: link, ethertype, llc, ip (protocol), udp (port), ppp, wlan ...; "data" for plain bytes
    number: int
    at: int
    end: int  #: of what it may claim: the end of the data unit that carries it


class Assembled(NamedTuple):
    """A datagram that was put together in a frame."""

    at: int  #: offset of the header of the fragment that completed it
    payload_at: int  #: offset of what was put together
    size: int  #: of that
    parts: tuple[Part, ...]


@dataclass(slots=True)
class Walk:
    """What readers share. `data` grows when a datagram is rebuilt: offsets of layers count in it."""

    data: bytes
    time_ns: int = 0
    frame: int = 0  #: its number
    fragments: Reassembler | None = None
    layers: list[Layer] = field(default_factory=list)
    datagram: Datagram | None = None  #: the innermost IP header
    reason: str = ""  #: why the walk cannot go on
    quoting: bool = False  #: inside the packet that an ICMP error quotes
    lengthless: bool = False  #: the first part of a datagram whose other parts are not waited for
    rebuilt: int = 0
    assembled: list[Assembled] = field(default_factory=list)
    tcp: Layer | None = None  #: the innermost TCP header
    quoted: bool = False  #: whether that one stands in a quoted packet
    ports: Container[int] = ()  #: of UDP that carry tunnels

    def room(self, at: int) -> int:
        """Readable bytes from `at` on."""
        return max(len(self.data) - at, 0)

    def number(self, at: int, size: int) -> int:
        """The big-endian number at `at`; -1 where it was not captured."""
        return int.from_bytes(self.data[at : at + size], "big") if at + size <= len(self.data) else -1

    def layer(self, name: str, at: int, header_len: int, end: int) -> bool:
        """Note a layer; whether all of its header is there."""
        known = len(self.data)
        start = min(at, known)
        self.layers.append(Layer(name, start, max(min(header_len, known - start), 0), max(end, start)))
        return at + header_len <= known

    def rebuild(self, payload: bytes) -> int | None:
        """Go on in `payload`, which stands in no single place of the frame; its offset, None where it is too much."""
        if self.rebuilt >= MAX_REBUILT:
            return None
        self.rebuilt += 1
        at = len(self.data)
        self.data += payload
        return at


Reader = Callable[[Walk, int, int], Next | None]


def by_version(data: bytes, at: int) -> int:
    """The EtherType that the first nibble of an IP header implies, 0 for neither."""
    version = data[at] >> 4 if at < len(data) else 0
    return {4: 0x0800, 6: 0x86DD}.get(version, 0)


def plain(at: int, end: int) -> Next:
    """Bytes that no reader knows."""
    return Next("data", 0, at, end)
