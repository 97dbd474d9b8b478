"""What an ICMP error says of a connection whose header it quotes."""

from __future__ import annotations

from ipaddress import ip_address
from typing import NamedTuple

from synfin.wire.frame import Frame, icmp_error

_ADDRESSES = {"ip": (12, 4), "ipv6": (8, 16)}  #: where the source stands, and its length


class Quote(NamedTuple):
    """An ICMP error about a connection."""

    frame: int
    time_ns: int
    router: str  #: who sent the error
    kind: int  #: ICMP's type
    code: int
    v6: bool
    mtu: int | None  #: that it announces; None where it is about something else
    src: tuple[bytes, int]  #: who sent the quoted segment
    seq: int  #: its number, raw

    @property
    def too_big(self) -> bool:
        """Fragmentation needed (RFC 1191), Packet Too Big (RFC 4443 section 3.2)."""
        return self.mtu is not None


def quote(frame: Frame) -> Quote | None:
    """The quotation in a frame, None where it holds none."""
    found, segment = icmp_error(frame), frame.quoted
    if found is None or segment is None:
        return None
    name, kind, code = found
    place = next(at for at in reversed(range(len(frame.layers))) if frame.layers[at].name == name)
    outer = next((layer for layer in reversed(frame.layers[:place]) if layer.name in _ADDRESSES), None)
    if outer is None:
        return None
    at, size = _ADDRESSES[outer.name]
    source = frame.data[outer.start + at : outer.start + at + size]
    start, v6 = frame.layers[place].start, name == "icmpv6"
    mtu = None
    if v6 and kind == 2:
        mtu = int.from_bytes(frame.data[start + 4 : start + 8], "big")
    elif not v6 and (kind, code) == (3, 4):
        mtu = int.from_bytes(frame.data[start + 6 : start + 8], "big")
    router = str(ip_address(source)) if len(source) == size else ""
    number, time_ns = frame.packet.number, frame.packet.time_ns
    return Quote(number, time_ns, router, kind, code, v6, mtu, (segment.src, segment.src_port), segment.seq)
