"""The connection record and its steps: what the watch says, and what every face shows (names pinned for all faces)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from synfin.tcp.state import State
    from synfin.watch.connections.claims import Claim
    from synfin.watch.findings.seen import Seen
    from synfin.watch.opinion.record import Opinion
    from synfin.wire.tcp import Segment


def utc(time_ns: int) -> str:
    """A time as people read it: ISO 8601 in UTC with nine decimals (years 1 to 9999; else seconds as they are)."""
    seconds, fraction = divmod(time_ns, 1_000_000_000)
    second = _second(seconds)
    return f"{second}.{fraction:09d}Z" if second else f"{seconds}.{fraction:09d}"


@lru_cache(maxsize=4096)
def _second(seconds: int) -> str:
    try:
        return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}"
    except (ValueError, OverflowError, OSError):
        return ""


@dataclass(slots=True)
class Side:
    """One end of a connection."""

    ip: str
    port: int
    packets: int = 0
    payload_bytes: int = 0  #: sum of tcp.len
    wire_bytes: int = 0  #: sum of frame.len
    retransmissions: int = 0  #: tshark's family: retransmission, fast, spurious
    state: str | None = None  #: likely state at the end, RFC 9293's spelling (TIME-WAIT)
    states_seen: tuple[str, ...] = ()  #: every state that the capture allows at its end

    @property
    def endpoint(self) -> str:
        """`ip:port`, `[v6]:port`."""
        return f"[{self.ip}]:{self.port}" if ":" in self.ip else f"{self.ip}:{self.port}"

    def to_dict(self) -> dict[str, Any]:
        return {
            "ip": self.ip,
            "port": self.port,
            "packets": self.packets,
            "payload_bytes": self.payload_bytes,
            "wire_bytes": self.wire_bytes,
            "retransmissions": self.retransmissions,
            "state": self.state,
            "states_seen": list(self.states_seen),
        }


@dataclass(slots=True)
class Connection:
    """One connection: exactly one `open.*` and one `close.*` id; unknown is None, never 0 or -1."""

    conn: int
    stream: int
    start_ns: int
    duration_ns: int
    frames: tuple[int, int]
    client: Side
    server: Side
    role_guessed: bool
    open: str
    close: str
    closed_by: str  #: client, server, both, middle, timeout or none
    handshake_legs_ns: tuple[int | None, int | None] = (None, None)  #: SYN to SYN,ACK; SYN,ACK to ACK
    completeness: int = 0
    conn_state: str | None = None  #: Zeek's
    history: str | None = None  #: Zeek's
    vantage: str = "unknown"
    findings: tuple[str, ...] = ()

    @property
    def handshake_rtt_ns(self) -> int | None:
        first, second = self.handshake_legs_ns
        return None if first is None or second is None else first + second

    def to_dict(self) -> dict[str, Any]:
        """The record as JSON shows it (schema 1)."""
        return {
            "conn": self.conn,
            "stream": self.stream,
            "start": utc(self.start_ns),
            "start_ns": self.start_ns,
            "duration_ns": self.duration_ns,
            "frames": list(self.frames),
            "client": self.client.to_dict(),
            "server": self.server.to_dict(),
            "role_guessed": self.role_guessed,
            "open": self.open,
            "close": self.close,
            "closed_by": self.closed_by,
            "handshake_rtt_ns": self.handshake_rtt_ns,
            "handshake_legs_ns": list(self.handshake_legs_ns),
            "completeness": self.completeness,
            "conn_state": self.conn_state,
            "history": self.history,
            "vantage": self.vantage,
            "findings": list(self.findings),
        }


@dataclass(frozen=True, slots=True)
class Derivation:
    """Why a number of a segment is what it is, in the tutorial's letters."""

    formula: str  #: "Ack = X + 1"
    value: int  #: relative: what the formula gives
    raw: int  #: as on the wire
    word: str  #: id of the sentence in the catalogue, e.g. "derive.ack-of-syn"
    section: str  #: RFC 9293 section
    numbers: dict[str, int | str] = field(default_factory=dict)  #: placeholders of the sentence
    holds: bool = True  #: whether the segment's number really is that value


@dataclass(frozen=True, slots=True)
class Step:
    """One segment of an explained connection."""

    segment: Segment
    from_client: bool
    time_ns: int  #: since the connection's first segment
    seq: int  #: relative
    ack: int | None  #: relative; None without the ACK flag
    client_before: State
    client_after: State
    server_before: State
    server_after: State
    rules: tuple[str, ...]  #: ids of the table rows that fired, the sender's first
    phase: str  #: pinned id: handshake-1/3, data, close-2/4 ...
    derivations: tuple[Derivation, ...] = ()
    flags: tuple[str, ...] = ()  #: tcp.analysis.* names without the prefix
    opinion: Opinion | None = None  #: the second opinion beside them
    claims: tuple[Claim, Claim] | None = None  #: what else client and server can be after this segment


@dataclass(frozen=True, slots=True)
class Finding:
    """A judgement with its evidence (reference: the catalogue of findings)."""

    id: str
    severity: str  #: ok, info, note, warn, error
    who: str  #: client, server, both, middle or ""
    frames: tuple[int, ...]
    numbers: dict[str, int | float | str]
    confidence: str = "certain"
    reference: str = ""
    connections: tuple[int, ...] = ()  #: of a finding over many: the connections that it stands on
    unnamed: int = 0  #: and how many more, which are not named


@dataclass(slots=True)
class Story:
    """An explained connection: the record, every step, the findings (open and close first)."""

    connection: Connection
    steps: list[Step]
    findings: list[Finding] = field(default_factory=list)
    known: Seen | None = field(default=None, repr=False, compare=False)  #: for whoever asks for more: `verify`
