"""`-z follow,tcp,…`: what both ends of a stream sent, as tshark prints it."""

from __future__ import annotations

import base64
import sys
from collections.abc import Callable, Iterator, Mapping

from synfin.dissect.address import ip
from synfin.dissect.context import Facts
from synfin.watch.follow.followed import Follower, Piece
from synfin.wire.frame import Frame

_RULE = "=" * 67
_ROW = 16  #: bytes on a line of the hexadecimal form
_BASE64_ROW = 57  #: bytes on a line of YAML


class FollowedStream:
    """One stream in one form, filled packet by packet."""

    def __init__(self, form: str, stream: int) -> None:
        self._form, self._stream = form, stream
        self._follower = Follower()

    def see(self, frame: Frame, facts: Facts) -> None:
        """Take a packet, if it belongs to the stream."""
        if frame.segment is not None and facts.stream == self._stream:
            self._follower.see(frame, frame.segment)

    def lines(self) -> Iterator[str]:
        """The ends and the data."""
        if self._form == "yaml":
            yield from _yaml(self._follower)
            return
        yield ""
        yield _RULE
        yield f"Follow: tcp,{self._form}"
        yield f"Filter: tcp.stream eq {self._stream}"
        for number, end in enumerate((self._follower.client, self._follower.server)):
            yield f"Node {number}: {_end(end)}"
        yield from FORMS[self._form](self._follower.pieces)
        yield _RULE


def _end(end: tuple[bytes, int] | None) -> str:
    if end is None:
        return ":0"
    address, port = ip(end[0]), end[1]
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def _ascii(pieces: list[Piece]) -> Iterator[str]:
    for piece in pieces:
        yield f"{_tab(piece)}{len(piece.data)}"
        yield _shown(piece.data.decode("latin-1"), lambda character: " " <= character < "\x7f")


def _utf8(pieces: list[Piece]) -> Iterator[str]:
    for piece in pieces:
        yield f"{_tab(piece)}{len(piece.data)}"
        yield _shown(piece.data.decode("utf-8", "replace"), str.isprintable)


def _shown(text: str, may: Callable[[str], bool]) -> str:
    """The text with dots for what may not be shown; ends of lines stay, carriage returns not on a terminal."""
    kept = "\n" if sys.stdout.isatty() else "\r\n"
    return "".join(one if may(one) or one in kept else "" if one == "\r" else "." for one in text)


def _hexadecimal(pieces: list[Piece]) -> Iterator[str]:
    offsets = [0, 0]
    for piece in pieces:
        at = offsets[piece.from_server]
        for start in range(0, len(piece.data), _ROW):
            part = piece.data[start : start + _ROW]
            halves = f"{part[:8].hex(' '):<23}  {part[8:].hex(' '):<23}"
            text = "".join(chr(byte) if 0x20 <= byte < 0x7F else "." for byte in part)
            row = f"{_tab(piece)}{at + start:08X}  {halves}  {text[:8]}{' ' if len(text) >= 8 else ''}{text[8:]}"
            yield row[:-1] if row[-1] == " " else row  # as tshark: the last character, where it is a space
        offsets[piece.from_server] += len(piece.data)


def _raw(pieces: list[Piece]) -> Iterator[str]:
    for piece in pieces:
        yield f"{_tab(piece)}{piece.data.hex()}"


def _tab(piece: Piece) -> str:
    return "\t" if piece.from_server else ""


def _yaml(follower: Follower) -> Iterator[str]:
    yield "peers:"
    for number, end in enumerate((follower.client, follower.server)):
        yield f"  - peer: {number}"
        yield f"    host: {'' if end is None else ip(end[0])}"
        yield f"    port: {0 if end is None else end[1]}"
    yield "packets:"
    for piece in follower.pieces:
        whole, rest = divmod(piece.time_ns, 1_000_000_000)
        yield f"  - packet: {piece.frame}"
        yield f"    peer: {int(piece.from_server)}"
        yield f"    timestamp: {whole + rest / 1e9:.9f}"
        yield "    data: !!binary |"
        for start in range(0, len(piece.data), _BASE64_ROW):
            yield f"      {base64.b64encode(piece.data[start : start + _BASE64_ROW]).decode()}"


FORMS: Mapping[str, Callable[[list[Piece]], Iterator[str]]] = {
    "ascii": _ascii, "hex": _hexadecimal, "raw": _raw, "utf-8": _utf8, "yaml": lambda pieces: iter(()),
}  # fmt: skip
