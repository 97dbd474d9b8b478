"""A captured frame taken apart: its layers, and the TCP segment inside it, if any."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from synfin.wire import ethernet, link, monitor, ppp, transport, tunnel, wlan
from synfin.wire.fragments import Reassembler
from synfin.wire.layer import Layer
from synfin.wire.tcp import MIN_CAPTURED, MIN_HEADER_LEN, Segment
from synfin.wire.walk import Assembled, Next, Reader, Walk

MAX_FRAME_LEN = 0x7FFFFFFF  #: a header that claims more is not believed

ETHERNET = 1  #: the LINKTYPE_ whose frames may end with a check sequence
MAX_HEADERS = 64  #: one inside the other; more is hostile

LINKS: Mapping[int, Reader] = {**link.LINKS, **ethernet.LINKS, **ppp.LINKS, **wlan.LINKS, **monitor.LINKS}
ETHERTYPES: Mapping[int, Reader] = {**transport.ETHERTYPES, **ethernet.ETHERTYPES, **ppp.ETHERTYPES}
PROTOCOLS: Mapping[int, Reader] = {**transport.PROTOCOLS, **tunnel.PROTOCOLS, **ppp.PROTOCOLS}
PORTS: Mapping[int, Reader] = {**tunnel.PORTS, **ppp.PORTS}
SUPPORTED = frozenset(LINKS)  #: LINKTYPE_ values that can be taken apart

#: Which number means what, by the name that `Next` gives to its register.
REGISTERS: Mapping[str, Mapping[int, Reader]] = {
    "link": LINKS, "ethertype": ETHERTYPES, "llc": ethernet.LLC, "ip": PROTOCOLS, "udp": PORTS, "ppp-bare": ppp.BARE,
    "ppp": {**transport.PPP, **ppp.NUMBERS},
    "gre": {kind: ETHERTYPES[kind] for kind in (0x0800, 0x86DD, 0x6558, 0x8847, 0x8848, 0x880B, 0x894F)},
    "wlan": wlan.WLAN, "data": {},
}  # fmt: skip

#: codes of ICMP "destination unreachable" that end an attempt: network, host, port, and the prohibitions
UNREACHABLE_CODES = frozenset({0, 1, 3, 9, 10, 13})


class Noted(Protocol):
    """What the capture's format tells of a packet beside its bytes."""

    @property
    def queue(self) -> int | None: ...
    @property
    def packet_id(self) -> int | None: ...
    @property
    def verdicts(self) -> tuple[bytes, ...]: ...


class Captured(Protocol):
    """What a frame needs to know of a captured packet."""

    @property
    def number(self) -> int: ...
    @property
    def time_ns(self) -> int: ...
    @property
    def timed(self) -> bool: ...
    @property
    def link_type(self) -> int: ...
    @property
    def data(self) -> bytes: ...
    @property
    def wire_len(self) -> int: ...
    @property
    def interface(self) -> int: ...
    @property
    def comments(self) -> tuple[str, ...]: ...
    @property
    def flags(self) -> int | None: ...
    @property
    def drops(self) -> int | None: ...
    @property
    def record(self) -> int | None: ...
    @property
    def noted(self) -> Noted: ...
    @property
    def fcs_len(self) -> int | None: ...
    @property
    def erf(self) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Frame:
    """A packet and what was found in it."""

    packet: Captured
    layers: tuple[Layer, ...]  #: outermost first
    segment: Segment | None = None  #: of the innermost TCP header
    tcp: Layer | None = None  #: that header, quoted or not, however little of it was captured
    quoted: Segment | None = None  #: a TCP header quoted by an ICMP error: no segment of its own
    reason: str = ""  #: why the innermost layer could not be read: see REASONS
    rebuilt: bytes = b""  #: the captured bytes and behind them what was put together; empty where nothing was
    #: the datagrams that this frame's fragments completed; frames have their numbers where the packets have
    assembled: tuple[Assembled, ...] = field(default=(), compare=False)

    @property
    def data(self) -> bytes:
        """The bytes that offsets of layers count in."""
        return self.rebuilt or self.packet.data


#: truncated: cut by the capture; malformed: lengths that cannot be; fragment: of a datagram that is not whole (yet);
#: unsupported: a link type that is not known; nested: more headers than MAX_HEADERS
REASONS = ("", "unsupported", "truncated", "malformed", "fragment", "nested")


def dissect(packet: Captured, fragments: Reassembler | None = None) -> Frame:
    """Take a frame apart; anything unreadable ends the walk and is named in `reason`, never raised.

    With `fragments`, and frames in capture order, the frame that completes a datagram holds all of it.
    """
    if packet.link_type not in LINKS:
        return Frame(packet, (), reason="unsupported")
    end = min(max(packet.wire_len, len(packet.data)), MAX_FRAME_LEN)
    if packet.fcs_len and packet.link_type == ETHERNET:
        end = max(end - packet.fcs_len, 0)
    walk = Walk(packet.data, packet.time_ns, packet.number, fragments, ports=PORTS)
    _walk(walk, Next("link", packet.link_type, 0, end))
    return _frame(packet, walk)


def _walk(walk: Walk, step: Next) -> None:
    """Header after header, until one says that nothing follows or nobody knows what does."""
    for _ in range(MAX_HEADERS):
        reader = REGISTERS[step.register].get(step.number)
        if reader is None:
            _append_data(walk, step)
            return
        following = reader(walk, min(step.at, len(walk.data)), step.end)
        if following is None:
            return
        step = following
    walk.reason = "nested"


def _frame(packet: Captured, walk: Walk) -> Frame:
    layers, at = tuple(walk.layers), walk.tcp
    rebuilt = walk.data if walk.rebuilt else b""
    segment = None if at is None else _segment(packet, walk, at)
    if walk.quoted:
        return Frame(packet, layers, None, at, segment, walk.reason, rebuilt, tuple(walk.assembled))
    return Frame(packet, layers, segment, at, None, walk.reason, rebuilt, tuple(walk.assembled))


def _append_data(walk: Walk, step: Next) -> None:
    if step.at < min(len(walk.data), step.end):
        walk.layers.append(Layer("data", step.at, 0, step.end))


def icmp_error(frame: Frame) -> tuple[str, int, int] | None:
    """Layer name, type and code of the ICMP message that quotes a TCP header."""
    at = next((layer for layer in reversed(frame.layers) if layer.name in ("icmp", "icmpv6")), None)
    if at is None or at.header_len < 2:
        return None
    return at.name, frame.data[at.start], frame.data[at.start + 1]


def rejects(frame: Frame) -> bool:
    """Whether a frame is an ICMP error that rejects a connection (RFC 1122 section 4.2.3.9, RFC 4443 section 3.1)."""
    found = icmp_error(frame)
    if found is None:
        return False
    name, kind, code = found
    return kind == 1 if name == "icmpv6" else kind == 3 and code in UNREACHABLE_CODES


def _segment(packet: Captured, walk: Walk, tcp: Layer) -> Segment | None:
    """The TCP header of a walk, None where too little of it was captured."""
    data, at, found = walk.data, tcp.start, walk.datagram
    stop = min(len(data), tcp.end)
    if found is None or stop - at < MIN_CAPTURED:
        return None
    hdr_len = (data[at + 12] >> 4) * 4
    length = tcp.end - at
    known = hdr_len <= length and not walk.lengthless
    body = at + max(hdr_len, MIN_HEADER_LEN)
    return Segment(
        frame=packet.number,
        time_ns=packet.time_ns,
        src=found.src,
        dst=found.dst,
        src_port=int.from_bytes(data[at : at + 2], "big"),
        dst_port=int.from_bytes(data[at + 2 : at + 4], "big"),
        seq=int.from_bytes(data[at + 4 : at + 8], "big"),
        ack=int.from_bytes(data[at + 8 : at + 12], "big"),
        flags=int.from_bytes(data[at + 12 : at + 14], "big") & 0x0FFF,
        window=int.from_bytes(data[at + 14 : at + 16], "big"),
        hdr_len=hdr_len,
        len_bytes=length - hdr_len if known else None,
        options=data[at + MIN_HEADER_LEN : min(body, stop)],
        payload=data[body:stop] if known and hdr_len >= MIN_HEADER_LEN else b"",
        ttl=found.ttl,
        ip_id=found.ip_id,
        cut=stop - at < MIN_HEADER_LEN,
        urgent=int.from_bytes(data[at + 18 : at + 20], "big"),
        checksum=int.from_bytes(data[at + 16 : at + 18], "big") if stop - at >= MIN_HEADER_LEN else None,
        traffic_class=found.traffic_class,
    )
