"""HTTP exchanges written as a handshake, pieces of bytes in the order in which they were captured, and an end."""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import craft
from synfin.wire.tcp import ACK, FIN, PSH, SYN, Segment

CLIENT, SERVER = b"\x0a\x00\x00\x01", b"\x0a\x00\x00\x02"
START_NS, STEP_NS = 1_600_000_000_000_000_000, 1_000_000
ISN = {"C": 1000, "S": 7000}


class Piece(NamedTuple):
    """A segment: bytes of one side's stream from `at` on; `flags` are added to PSH and ACK."""

    side: str
    at: int
    data: bytes
    flags: int = 0


def stream(pieces: Sequence[Piece], *, port: int = 80, client_port: int = 40000, first: int = 1) -> list[Segment]:
    """The segments of a connection; each side has acknowledged what was sent before."""
    sent = {"C": 1, "S": 1}
    made = [
        _segment("C", SYN, ISN["C"], 0, b"", port, client_port),
        _segment("S", SYN | ACK, ISN["S"], ISN["C"] + 1, b"", port, client_port),
        _segment("C", ACK, ISN["C"] + 1, ISN["S"] + 1, b"", port, client_port),
    ]
    for side, at, data, flags in pieces:
        other = "S" if side == "C" else "C"
        push = PSH if data else 0
        ack = ISN[other] + sent[other]
        made.append(_segment(side, ACK | push | flags, ISN[side] + 1 + at, ack, data, port, client_port))
        sent[side] = max(sent[side], 1 + at + len(data) + bool(flags & FIN))
    return [
        replace(one, frame=first + place, time_ns=START_NS + (first + place) * STEP_NS)
        for place, one in enumerate(made)
    ]


def in_order(*messages: tuple[str, bytes], size: int = 1 << 16, close: str = "") -> list[Piece]:
    """Messages one after the other, each cut into segments of `size` bytes; `close` names sides that send a FIN."""
    at, pieces = {"C": 0, "S": 0}, []
    for side, data in messages:
        for start in range(0, len(data), size):
            part = data[start : start + size]
            pieces.append(Piece(side, at[side], part))
            at[side] += len(part)
    return [*pieces, *(Piece(side, at[side], b"", FIN) for side in close)]


def _segment(side: str, flags: int, seq: int, ack: int, data: bytes, port: int, client_port: int) -> Segment:
    mine, theirs = (CLIENT, client_port), (SERVER, port)
    if side == "S":
        mine, theirs = theirs, mine
    return Segment(0, 0, mine[0], theirs[0], mine[1], theirs[1], seq, ack, flags, 64240, 20, len(data), b"", data)


def get(path: str = "a") -> bytes:
    return f"GET /{path} HTTP/1.1\r\nHost: example.org\r\nAccept: */*\r\n\r\n".encode()


def post(body: bytes = b"0123456789") -> bytes:
    return b"POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)


def response(body: bytes, *headers: bytes, status: bytes = b"200 OK") -> bytes:
    return b"HTTP/1.1 " + status + b"\r\n" + b"".join(line + b"\r\n" for line in headers) + b"\r\n" + body


SHORT = response(b"abc", b"Content-Length: 3")
CHUNKED = response(b"5\r\nhello\r\n6;ext=1\r\n world\r\n0\r\n\r\n", b"Transfer-Encoding: chunked")
TRAILED = response(b"5\r\nhello\r\n0\r\nX-Trailer: yes\r\n\r\n", b"Transfer-Encoding: chunked")
PACKED = gzip.compress(b"hello gzip world" * 5, mtime=0)
GZIPPED = response(PACKED, b"Content-Encoding: gzip", b"Content-Length: %d" % len(PACKED))
TO_THE_END = response(b"until the end " * 10)


def exchanges() -> list[list[Piece]]:
    """Connections, each of which shows a rule."""
    one, two = post(), get()
    return [
        in_order(("C", get()), ("S", CHUNKED), ("C", get("b")), ("S", TRAILED), ("C", get("c")), ("S", GZIPPED),
                 size=1000, close="SC"),
        in_order(("C", get()), ("S", CHUNKED), ("C", get("b")), ("S", GZIPPED), ("C", get("d")), ("S", TO_THE_END),
                 size=30, close="SC"),
        in_order(("C", two.replace(b"GET", b"HEAD")), ("S", response(b"", b"Content-Length: 5")), ("C", two),
                 ("S", SHORT), size=50, close="SC"),
        in_order(("C", two * 3), ("S", SHORT * 3), size=70, close="SC"),
        in_order(("C", two), ("S", response(b"", status=b"100 Continue") + response(b"", status=b"304 Not Modified")
                              + TO_THE_END), close="SC"),
        in_order(("C", b"\r\n" + two), ("S", b"HTTP/1.0 200 OK\r\nA: b\r\nbroken header\r\n\r\nxyz"), close="SC"),
        in_order(("C", one + two), ("S", GZIPPED + SHORT), size=45, close="SC"),
        [Piece("C", 0, one[:50]), Piece("C", 50, one[50:] + one + one[:20]), Piece("C", 20 + 2 * len(one), one[20:])],
        [Piece("C", 0, one[:30]), Piece("C", 40, one[40:]), Piece("C", 30, one[30:40])],
        [Piece("C", 0, one[:50]), Piece("C", 0, one[:50]), Piece("C", 50, one[50:]), Piece("C", 50, one[50:])],
        [Piece("C", 0, one[:50]), Piece("C", 45, one[45:55]), Piece("C", 55, one[55:])],
        [Piece("C", 0, one[:50]), Piece("C", 52, one[52:]), Piece("C", len(one), one)],
        [Piece("C", 0, one[:50], FIN)],
        in_order(("C", two), ("S", SHORT), ("S", b"<html>\n"), ("S", b"\xff\xfe\xff"), ("S", b"a: b\r\n\r\nrest")),
        in_order(("S", b"<html>not http</html>\nx"), ("S", SHORT)),
        in_order(("S", b"no line"), ("S", b" end\n")),
    ]  # fmt: skip


def write(path: Path, connections: Sequence[Sequence[Piece]], ports: Sequence[int] = (80,)) -> Path:
    """A capture of connections one after the other."""
    made: list[Segment] = []
    for number, pieces in enumerate(connections):
        port = ports[number % len(ports)]
        made += stream(pieces, port=port, client_port=40000 + number, first=len(made) + 1)
    return craft.write_segments(path, made)
