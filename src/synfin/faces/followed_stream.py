"""`-z follow,tcp|udp,…`: what both ends of a stream sent, as tshark prints it."""

from __future__ import annotations

import base64
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping

from synfin.dissect.address import ip
from synfin.dissect.context import Facts
from synfin.faces.followed_choice import Chosen
from synfin.watch.follow.followed import DatagramFollower, Follower, Piece
from synfin.wire.frame import Frame

_RULE = "=" * 67
_ROW = 16  #: bytes on a line of the hexadecimal form
_BASE64_ROW = 57  #: bytes on a line of YAML
End = tuple[bytes, int] | None
Pieces = Iterable[tuple[Piece, int]]


class FollowedStream:
    """One stream in one form, filled with its packets one by one."""

    def __init__(self, protocol: str, form: str, chosen: Chosen) -> None:
        self._protocol, self._form, self._chosen = protocol, form, chosen
        self._follower: Follower | DatagramFollower = Follower() if protocol == "tcp" else DatagramFollower()

    def see(self, frame: Frame, facts: Facts) -> None:
        """Take a packet."""
        self._follower.see(frame)

    def lines(self) -> Iterator[str]:
        """The ends and the data."""
        if self._form == "yaml":
            yield from _yaml(self._follower.client, self._follower.server, self._shown())
            return
        yield ""
        yield _RULE
        yield f"Follow: {self._protocol},{self._form}"
        yield f"Filter: {self._chosen.filter}"
        for number, end in enumerate((self._follower.client, self._follower.server)):
            yield f"Node {number}: {_end(end)}"
        yield from FORMS[self._form](self._shown())
        yield _RULE

    def _shown(self) -> Iterator[tuple[Piece, int]]:
        """The pieces that were chosen, each with its offset in its direction."""
        offsets = [0, 0]
        for number, piece in enumerate(self._follower.pieces, 1):
            if number in self._chosen.pieces:
                yield piece, offsets[piece.from_server]
            offsets[piece.from_server] += len(piece.data)


def _end(end: End) -> str:
    if end is None:
        return ":0"
    address, port = ip(end[0]), end[1]
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def _ascii(pieces: Pieces) -> Iterator[str]:
    for piece, _ in pieces:
        yield f"{_tab(piece)}{len(piece.data)}"
        yield _shown(piece.data.decode("latin-1"), lambda character: " " <= character < "\x7f")


def _ebcdic(pieces: Pieces) -> Iterator[str]:
    for piece, _ in pieces:
        yield f"{_tab(piece)}{len(piece.data)}"
        yield _shown(piece.data.decode("cp037"), lambda character: " " <= character < "\x7f")


def _utf8(pieces: Pieces) -> Iterator[str]:
    for piece, _ in pieces:
        yield f"{_tab(piece)}{len(piece.data)}"
        yield _shown(piece.data.decode("utf-8", "replace"), str.isprintable)


def _shown(text: str, may: Callable[[str], bool]) -> str:
    """The text with dots for what may not be shown; ends of lines stay, carriage returns not on a terminal."""
    kept = "\n" if sys.stdout.isatty() else "\r\n"
    return "".join(one if may(one) or one in kept else "" if one == "\r" else "." for one in text)


def _hexadecimal(pieces: Pieces) -> Iterator[str]:
    for piece, at in pieces:
        for start in range(0, len(piece.data), _ROW):
            part = piece.data[start : start + _ROW]
            halves = f"{part[:8].hex(' '):<23}  {part[8:].hex(' '):<23}"
            text = "".join(chr(byte) if 0x20 <= byte < 0x7F else "." for byte in part)
            row = f"{_tab(piece)}{at + start:08X}  {halves}  {text[:8]}{' ' if len(text) >= 8 else ''}{text[8:]}"
            yield row[:-1] if row[-1] == " " else row  # as tshark: the last character, where it is a space


def _raw(pieces: Pieces) -> Iterator[str]:
    for piece, _ in pieces:
        yield f"{_tab(piece)}{piece.data.hex()}"


def _tab(piece: Piece) -> str:
    return "\t" if piece.from_server else ""


def _yaml(client: End, server: End, pieces: Pieces) -> Iterator[str]:
    yield "peers:"
    for number, end in enumerate((client, server)):
        yield f"  - peer: {number}"
        yield f"    host: {'' if end is None else ip(end[0])}"
        yield f"    port: {0 if end is None else end[1]}"
    yield "packets:"
    for piece, _ in pieces:
        whole, rest = divmod(piece.time_ns, 1_000_000_000)
        yield f"  - packet: {piece.frame}"
        yield f"    peer: {int(piece.from_server)}"
        yield f"    timestamp: {whole + rest / 1e9:.9f}"
        yield "    data: !!binary |"
        for start in range(0, len(piece.data), _BASE64_ROW):
            yield f"      {base64.b64encode(piece.data[start : start + _BASE64_ROW]).decode()}"


FORMS: Mapping[str, Callable[[Pieces], Iterator[str]]] = {
    "ascii": _ascii, "ebcdic": _ebcdic, "hex": _hexadecimal, "raw": _raw, "utf-8": _utf8,
    "yaml": lambda pieces: iter(()),
}  # fmt: skip
