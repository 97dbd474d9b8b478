"""What the engine knows of one packet beyond its own bytes: numbers that need the packets before (or after) it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol

from synfin.dissect.preferences import DEFAULT, Preferences


class Named(Protocol):
    """What a field needs to know of a capture interface."""

    @property
    def name(self) -> str: ...
    @property
    def description(self) -> str: ...
    @property
    def section(self) -> int: ...
    @property
    def first(self) -> int: ...


class Judged(Protocol):
    """What fields show of the second opinion on a segment."""

    @property
    def kind(self) -> str: ...
    @property
    def reason(self) -> str: ...
    @property
    def certain(self) -> bool: ...
    @property
    def cause(self) -> str: ...
    @property
    def hole(self) -> str | None: ...
    @property
    def incarnation(self) -> int: ...
    @property
    def began(self) -> str: ...


class Datagram(NamedTuple):
    """What a UDP header's conversation is, by the packets before it."""

    stream: int  #: udp.stream
    time_relative_ns: int | None = None  #: since its first datagram; None of a quoted header
    time_delta_ns: int | None = None


class Part(NamedTuple):
    """A piece of a message that stands in several segments."""

    at: int  #: its first byte's place in the message
    size: int  #: bytes
    frame: int
    overlaps: bool = False  #: other segments have some of its bytes too


@dataclass(slots=True, eq=False)
class Exchange:
    """A request and its response, as far as they are known, and the frames of those beside them."""

    number: int
    request_frame: int | None = None
    request_ns: int = 0
    response_frame: int | None = None
    request_before: int | None = None
    response_before: int | None = None
    next_request: int | None = None
    next_response: int | None = None


class OfMessage(NamedTuple):
    """What is known of one message of an application."""

    head: Any  #: its head as it was read
    exchange: Exchange | None = None
    uri: str = ""  #: of a response: what the request before it has asked for


@dataclass(slots=True, eq=False)
class Above:
    """What stands above a TCP segment's header, by the segments before it (and behind it, where those are known)."""

    #: in order: bytes that belong to a message of several segments (from, to), or the frame where that ends
    pieces: list[tuple[int, int] | int] = field(default_factory=list)
    fin_retransmission: int = 0  #: the frame with the FIN that this one repeats
    parts: dict[int, tuple[Part, ...]] = field(default_factory=dict)  #: of what was put together, by its offset
    messages: dict[int, OfMessage] = field(default_factory=dict)  #: by their offset


class Piece(NamedTuple):
    """A fragment of a datagram that was put together."""

    frame: int  #: that brought it
    offset: int  #: in the datagram
    size: int
    overlap: bool = False  #: begins before the end of those in front of it
    conflict: bool = False  #: and has other bytes there
    tail: bool = False  #: one of several that say that they are the last, of another end than the first such one
    too_long: bool = False  #: reaches beyond the datagram's end


class Assembly(NamedTuple):
    """A datagram that was put together in this frame."""

    at: int  #: offset of its bytes in the frame's data
    size: int
    pieces: tuple[Piece, ...]  #: by offset, then by arrival


class Echo(NamedTuple):
    """What an ICMP echo belongs to."""

    answer: int | None = None  #: of a request: the frame of its reply
    request: int | None = None  #: of a reply: the frame of its request
    since_request_ns: int | None = None
    unanswered: bool = False  #: of a request: the whole capture has no reply


class Duplicate(NamedTuple):
    """An address in an ARP packet that another hardware address has claimed before."""

    target: bool  #: the target's address, not the sender's
    other: bytes  #: the other hardware address
    frame: int  #: where that was seen last
    seconds: int  #: since then


class Subflow(NamedTuple):
    """The Multipath TCP connection that a TCP header belongs to."""

    stream: int  #: mptcp.stream
    master: bool  #: whether this is the subflow that opened it
    subflows: tuple[int, ...]  #: tcp.stream of each subflow, the latest first
    base: int | None  #: first data sequence number of the sender; None where its key is not known
    ack_base: int | None  #: and of the receiver
    receiver_key: int | None  #: that this one was derived from


_NONE: Mapping[int, Any] = MappingProxyType({})


class Recalled(NamedTuple):
    """What frames before and after it tell of a frame; keys are offsets of headers in the frame."""

    assemblies: Mapping[int, Assembly] = _NONE  #: of IPv4 and IPv6 fragment headers
    assembled_in: Mapping[int, int] = _NONE  #: of the same: the frame that completed it
    echoes: Mapping[int, Echo] = _NONE  #: of ICMP headers
    duplicates: Mapping[int, tuple[Duplicate, ...]] = _NONE  #: of ARP headers
    subflow: Subflow | None = None  #: of the innermost TCP header


NOTHING_RECALLED = Recalled()


@dataclass(slots=True, eq=False)
class Facts:
    """Per-packet facts for the innermost TCP header (or a quoted one: then only stream and completeness).

    Unknown is None. Relative numbers are relative to the stream's base as tshark computes it.
    """

    stream: int | None = None  #: tcp.stream
    conn: int | None = None  #: our own connection number
    seq: int | None = None  #: relative
    ack: int | None = None  #: relative with the ACK flag, else the raw field
    nxtseq: int | None = None
    window_size: int | None = None  #: scaled
    scalefactor: int | None = None  #: 1 << shift, -1 unknown, -2 not in use; None on SYN
    completeness: int | None = None
    accurate_ecn: bool = False  #: both ends have agreed that three flags are a counter (RFC 9768 section 3.1)
    stream_packet: int | None = None  #: number of the packet in its stream; only where the profile knows such fields
    analysis: tuple[str, ...] = ()  #: tcp.analysis.* flags, without the prefix
    analysed: bool = False  #: an analysis record exists, perhaps without any flag (tcp.analysis)
    duplicate_ack_num: int | None = None
    duplicate_ack_frame: int | None = None
    acks_frame: int | None = None
    ack_rtt_ns: int | None = None
    initial_rtt_ns: int | None = None
    rto_ns: int | None = None
    rto_frame: int | None = None
    bytes_in_flight: int | None = None
    push_bytes_sent: int | None = None
    closer: str | None = None  #: of a FIN: "active" or "passive"
    time_relative_ns: int | None = None  #: since the stream's first packet
    time_delta_ns: int | None = None  #: since the stream's previous packet
    base_seq_sender: int | None = None
    base_seq_receiver: int | None = None  #: SACK edges are relative to it
    phase: str | None = None  #: pinned id: handshake-1/3, data, close-2/4 ...
    client_state: str | None = None  #: likely state after this packet, RFC 9293's spelling
    server_state: str | None = None
    opinion: Judged | None = None  #: the second opinion beside tshark's flags
    frame_time_relative_ns: int | None = None  #: since the first frame of the input
    frame_time_delta_ns: int | None = None  #: since the previous frame
    frame_time_delta_displayed_ns: int | None = None  #: since the previous frame that was shown
    time_decimals: int = 6  #: of a second, as fine as the capture's timestamps
    interface: Named | None = None  #: set where the file format names interfaces (pcapng)
    datagrams: Mapping[int, Datagram] = field(default_factory=dict)  #: of UDP headers, by their offset in the frame
    above: Above | None = None  #: where the bytes of the connection were followed in order
    recalled: Recalled = NOTHING_RECALLED  #: where fields were asked for that need other frames
    connection: Any = None  #: the connection record, for the conn.* fields
    preferences: Preferences = DEFAULT
