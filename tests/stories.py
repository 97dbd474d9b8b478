"""Stories for tests of what shows them: the tutorial's connection, resets, a long transfer, a hostile one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from synfin.capture.packet import Packet
from synfin.watch.connections.record import Connection, Side, Story
from synfin.watch.story.story import tell
from synfin.wire.frame import Frame, dissect
from synfin.wire.tcp import ACK, FIN, PSH, RST, SYN, Segment

HOST = bytes([127, 0, 0, 1])
PORTS = 57936, 9501
X, Y = 4266208251, 3352121683
START_NS = 1_767_323_045_123_456_789
PAYLOAD = b"Just a test.\r\n"
ANSWER = b"Server: " + PAYLOAD
SYN_OPTIONS = bytes.fromhex("0204ffd70402080a0d5630eae4ecdc080103030a")
TIMESTAMPS = bytes.fromhex("0101080a0d5630eae4ecdc08")

#: a payload that tries to leave wherever it is shown: markup, terminal escapes, bidi controls, line separators
HOSTILE = (
    b"</script><img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>"
    b"\x1b[2J\x1b]0;owned\x07\x00\x9b31m\r\n" + "\u202egnp.exe \u2028 \u2066 & 'quoted' \U000e0041".encode()
)


class Line(NamedTuple):
    """One segment of a script: when, who sends it, flags, relative numbers, data, what the analysis said."""

    time_us: float
    from_client: bool
    flags: int
    seq: int
    ack: int | None
    payload: bytes = b""
    analysis: tuple[str, ...] = ()


_OPENING = (
    Line(0, True, SYN, 0, None),
    Line(17.6, False, SYN | ACK, 0, 1),
    Line(38.1, True, ACK, 1, 1),
)


def textbook(payload: bytes = PAYLOAD) -> Story:
    """SYN 0; SYN,ACK 0/1; ACK 1/1; PSH,ACK 1/1; ACK 1/15; FIN,ACK 15/1; ACK 1/16; FIN,ACK 1/16; ACK 16/2."""
    end = 1 + len(payload)
    script = [
        *_OPENING,
        Line(2257, True, PSH | ACK, 1, 1, payload),
        Line(2276, False, ACK, 1, end),
        Line(2514, True, FIN | ACK, end, 1),
        Line(2608, False, ACK, 1, end + 1),
        Line(2767, False, FIN | ACK, 1, end + 1),
        Line(2782, True, ACK, end + 1, 2),
    ]
    return story(script, "open.normal", "close.fin_4seg", "client")


def unread() -> Story:
    """The tutorial's program as it stands: the answer arrives before close(), which then sends RST,ACK."""
    script = [
        *_OPENING,
        Line(2257, True, PSH | ACK, 1, 1, PAYLOAD),
        Line(2276, False, ACK, 1, 15),
        Line(2310, False, PSH | ACK, 1, 15, ANSWER),
        Line(2322, True, ACK, 15, 23),
        Line(2400, True, RST | ACK, 15, 23),
    ]
    return story(script, "open.normal", "close.abort", "client")


def late_answer() -> Story:
    """The same program, the other race: the answer comes after close() and is answered with a bare RST."""
    script = [
        *_OPENING,
        Line(2257, True, PSH | ACK, 1, 1, PAYLOAD),
        Line(2276, False, ACK, 1, 15),
        Line(2300, True, FIN | ACK, 15, 1),
        Line(2390, False, PSH | ACK, 1, 16, ANSWER),
        Line(2400, True, RST, 16, None),
    ]
    return story(script, "open.normal", "close.rst_after_own_fin", "client")


def refused() -> Story:
    """A SYN answered by RST,ACK: nobody listens."""
    script = [Line(0, True, SYN, 0, None), Line(9.5, False, RST | ACK, 0, 1)]
    return story(script, "open.refused", "close.never_opened", "none", legs=(None, None))


def long_transfer(segments: int = 300) -> Story:
    """Many data segments with a retransmission and a pause in the middle."""
    script = list(_OPENING)
    moment, seq = 100.0, 1
    for index in range(segments):
        moment += 2_000_000 if index == segments // 2 else 25
        again = index == segments // 3
        at = seq - 1000 if again else seq
        script.append(Line(moment, True, ACK, at, 1, b"x" * 1000, ("retransmission",) if again else ()))
        seq = at + 1000
        script.append(Line(moment + 9, False, ACK, 1, seq))
    script += [
        Line(moment + 50, True, FIN | ACK, seq, 1),
        Line(moment + 90, False, FIN | ACK, 1, seq + 1),
        Line(moment + 99, True, ACK, seq + 1, 2),
    ]
    return story(script, "open.normal", "close.fin_3seg", "client")


def story(
    script: Sequence[Line],
    opened: str,
    closed: str,
    by: str,
    legs: tuple[int | None, int | None] = (17_600, 20_500),
) -> Story:
    """The story that a script tells."""
    duration_ns = int(script[-1].time_us * 1000)
    record = Connection(
        0,
        0,
        START_NS,
        duration_ns,
        (1, len(script)),
        _side(script, True),
        _side(script, False),
        False,
        opened,
        closed,
        by,
    )
    record.handshake_legs_ns = legs
    segments = [segment(number, line) for number, line in enumerate(script, 1)]
    return tell(segments, record, [line.analysis for line in script])


def segment(number: int, line: Line) -> Segment:
    """The raw segment of a script's line."""
    mine, other = (X, Y) if line.from_client else (Y, X)
    source, destination = PORTS if line.from_client else PORTS[::-1]
    bare = line.flags & RST
    if bare and line.ack is not None and not line.from_client:
        mine = 0  # a refusal numbers nothing: Seq is 0
    options = SYN_OPTIONS if line.flags & SYN else b"" if bare else TIMESTAMPS
    return Segment(
        frame=number,
        time_ns=START_NS + int(line.time_us * 1000),
        src=HOST,
        dst=HOST,
        src_port=source,
        dst_port=destination,
        seq=(mine + line.seq) % 2**32,
        ack=0 if line.ack is None else (other + line.ack) % 2**32,
        flags=line.flags,
        window=0 if line.flags == RST or mine == 0 else 65495 if line.flags & SYN else 64,
        hdr_len=20 + len(options),
        len_bytes=len(line.payload),
        options=options,
        payload=line.payload,
        ttl=64,
        ip_id=number,
    )


def frames(told: Story) -> dict[int, Frame]:
    """Each segment as an Ethernet frame, taken apart again."""
    return {step.segment.frame: dissect(_packet(step.segment)) for step in told.steps}


def _packet(of: Segment) -> Packet:
    header = (
        of.src_port.to_bytes(2, "big") + of.dst_port.to_bytes(2, "big")
        + of.seq.to_bytes(4, "big") + of.ack.to_bytes(4, "big")
        + (of.hdr_len // 4 << 12 | of.flags).to_bytes(2, "big") + of.window.to_bytes(2, "big") + b"\xfe\x30\0\0"
    )  # fmt: skip
    tcp = header + of.options + of.payload
    sizes = (20 + len(tcp)).to_bytes(2, "big") + of.frame.to_bytes(2, "big")
    ip = b"\x45\0" + sizes + b"\x40\0\x40\x06\0\0" + of.src + of.dst
    data = bytes(12) + b"\x08\x00" + ip + tcp
    return Packet(of.frame, of.time_ns, 1, data, len(data))


def _side(script: Sequence[Line], client: bool) -> Side:
    mine = [line for line in script if line.from_client == client]
    return Side(
        "127.0.0.1",
        PORTS[0] if client else PORTS[1],
        packets=len(mine),
        payload_bytes=sum(len(line.payload) for line in mine),
        retransmissions=sum("retransmission" in line.analysis for line in mine),
    )
