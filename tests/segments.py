"""Connections written down like the protocol reads.

    C SYN seq=0
    S SYN,ACK seq=0 ack=1
    C ACK seq=1 ack=1
    C PSH,ACK seq=1 ack=1 len=14
    +0.5
    S RST seq=1 bare

C is the client, S the server; numbers are relative to each side's initial number (`#7` is a raw one). A line with only
a number advances the clock by so many seconds; every segment takes a millisecond. `bare` is a header without options
and with window 0, as a host without the connection sends it; `win=` sets the window, `data=` the payload's text, `ttl=`
the TTL, `mss=`, `scale=` and `sack=5-9` (relative to the peer) add options.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from synfin.watch.connections.record import Connection, Side, Story
from synfin.watch.connections.verdict import Verdict, decide
from synfin.watch.follow import collect
from synfin.watch.follow.marks import marks
from synfin.watch.story.story import tell
from synfin.wire.tcp import ACK, CWR, ECE, FIN, PSH, RST, SYN, URG, Segment

FLAGS = {"FIN": FIN, "SYN": SYN, "RST": RST, "PSH": PSH, "ACK": ACK, "URG": URG, "ECE": ECE, "CWR": CWR, "NONE": 0}
ISN = {"C": 4_266_208_251, "S": 3_352_121_683}
ADDRESS = {"C": (b"\x7f\x00\x00\x01", 57936), "S": (b"\x7f\x00\x00\x01", 9501)}
START_NS = 1_600_000_000_000_000_000
STEP_NS = 1_000_000


@dataclass(frozen=True)
class Exchange:
    """What `exchange` read: the segments in order and the clock after the last line."""

    segments: tuple[Segment, ...]
    end_ns: int


def exchange(text: str) -> Exchange:
    """The segments of a connection from its notation."""
    found: list[Segment] = []
    now = START_NS
    for line in text.strip().splitlines():
        words = line.split("//")[0].split()
        if not words:
            continue
        if words[0].startswith("+"):
            now += round(float(words[0]) * 1e9)
            continue
        found.append(_segment(len(found) + 1, now, words))
        now += STEP_NS
    return Exchange(tuple(found), now)


def _segment(frame: int, time_ns: int, words: list[str]) -> Segment:
    who, flags_text, *rest = words
    peer = "S" if who == "C" else "C"
    flags = sum(FLAGS[name] for name in flags_text.split(","))
    bare = "bare" in rest
    values = dict(word.split("=", 1) for word in rest if "=" in word)
    payload = values.get("data", "").encode()
    length = int(values.get("len", len(payload)))
    options = b"" if bare else _options(values, ISN[peer])
    return Segment(
        frame=frame,
        time_ns=time_ns,
        src=ADDRESS[who][0],
        dst=ADDRESS[peer][0],
        src_port=ADDRESS[who][1],
        dst_port=ADDRESS[peer][1],
        seq=_number(values.get("seq", "0"), ISN[who]),
        ack=_number(values["ack"], ISN[peer]) if "ack" in values else 0,
        flags=flags,
        window=int(values.get("win", 0 if bare else 512)),
        hdr_len=20 + len(options),
        len_bytes=length,
        options=options,
        payload=payload or bytes(length),
        ttl=int(values.get("ttl", 64)),
    )


def _options(values: dict[str, str], peer_isn: int) -> bytes:
    """A timestamp that stands still, and what else the line asks for, to a multiple of four bytes."""
    found = b"\x01\x01\x08\x0a" + bytes(8)
    if "mss" in values:
        found += b"\x02\x04" + int(values["mss"]).to_bytes(2, "big")
    if "scale" in values:
        found += b"\x01\x03\x03" + bytes([int(values["scale"])])
    if "sack" in values:
        edges = b"".join(_number(edge, peer_isn).to_bytes(4, "big") for edge in values["sack"].split("-"))
        found += b"\x01\x01\x05\x0a" + edges
    return found


def _number(text: str, isn: int) -> int:
    return int(text[1:]) if text.startswith("#") else (isn + int(text)) & 0xFFFFFFFF


def collected(segments: tuple[Segment, ...]) -> collect.ConnectionFacts:
    """The collector's facts; side 0 is who sent the first segment."""
    conn = collect.ConnectionFacts()
    for segment in segments:
        side = int((segment.src, segment.src_port) != (segments[0].src, segments[0].src_port))
        collect.add(
            conn, side, segment.flags, segment.seq, segment.ack, segment.length, segment.window, segment.hdr_len,
            segment.time_ns,
        )  # fmt: skip
    return conn


def client_of(segments: tuple[Segment, ...]) -> int:
    """Which side (0: the first segment's sender) the notation calls C."""
    return 0 if (segments[0].src, segments[0].src_port) == ADDRESS["C"] else 1


def verdict_of(text: str) -> Verdict:
    """The verdict on a written connection, the capture ending where the notation's clock ends."""
    read = exchange(text)
    conn = collected(read.segments)
    return decide(marks(conn, client_of(read.segments), read.end_ns))


HANDSHAKE = """
C SYN seq=0
S SYN,ACK seq=0 ack=1
C ACK seq=1 ack=1
"""

REQUEST = (
    HANDSHAKE
    + """
C PSH,ACK seq=1 ack=1 len=14
S ACK seq=1 ack=15
"""
)

TEXTBOOK = (
    REQUEST
    + """
C FIN,ACK seq=15 ack=1
S ACK seq=1 ack=16
S FIN,ACK seq=1 ack=16
C ACK seq=16 ack=2
"""
)


def record_of(read: Exchange) -> Connection:
    """The record of a written connection, as far as a story needs it."""
    conn = collected(read.segments)
    verdict = decide(marks(conn, client_of(read.segments), read.end_ns))
    start, end = read.segments[0].time_ns, read.segments[-1].time_ns
    return Connection(
        conn=0,
        stream=0,
        start_ns=start,
        duration_ns=end - start,
        frames=(1, len(read.segments)),
        client=Side("127.0.0.1", ADDRESS["C"][1]),
        server=Side("127.0.0.1", ADDRESS["S"][1]),
        role_guessed=False,
        open=verdict.open,
        close=verdict.close,
        closed_by=verdict.closed_by,
        handshake_legs_ns=(STEP_NS, STEP_NS),
    )


def told(text: str, flags: Sequence[tuple[str, ...]] = ()) -> Story:
    """The story of a written connection."""
    read = exchange(text)
    return tell(read.segments, record_of(read), flags, capture_end_ns=read.end_ns)
