"""How the kernel `render` writes a connection: literal text and fields, the same as the readable writers give."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from synfin.faces.connection_text import (
    AROUND,
    JSON_DEPTH,
    JSON_INDENT,
    JSON_SEPARATORS,
    SEPARATORS,
    file_text,
)
from synfin.watch.connections.compiled_block import Piece, writer
from synfin.watch.connections.connection_fields import KINDS, PARTS, plain
from synfin.watch.connections.file_block import FILE

_QUOTED = ("text", "time")  #: kinds that JSON puts in quotes; judged words come with theirs


def compiled_writer(form: str, columns: Sequence[str], file: str | None = None) -> Callable[[bytes], bytes]:
    """From records of the kernel `follow` to their text; `file`: the one that all are from, where it is told."""
    name = None if file is None else file_text(form, file).encode("utf-8", "backslashreplace")
    if form in SEPARATORS:
        return writer(_joined(list(_plain_pieces(form, columns, name))), lambda value: plain(value).encode()).write
    return writer(_joined(list(_json_pieces(form, name))), _json_text(form)).write


def _joined(pieces: Sequence[Piece | bytes]) -> list[Piece]:
    """Literal text becomes part of the field that follows it."""
    found: list[Piece] = []
    literal = b""
    for piece in pieces:
        if isinstance(piece, bytes):
            literal += piece
        else:
            found.append(piece._replace(literal=literal + piece.literal))
            literal = b""
    return [*found, Piece(literal)] if literal else found


def _plain_pieces(form: str, columns: Sequence[str], file: bytes | None) -> Iterator[Piece | bytes]:
    before, behind = AROUND[form]
    yield before.encode()
    for place, name in enumerate(columns):
        if place:
            yield SEPARATORS[form].encode()
        if name == FILE:
            yield file or b""
            continue
        for number, part in enumerate(PARTS.get(name, (name,))):
            yield b";" if number else b""
            yield Piece(b"", part)
    yield behind.encode()


def _json_pieces(form: str, file: bytes | None) -> Iterator[Piece | bytes]:
    comma, colon = JSON_SEPARATORS[form]
    before, behind = AROUND[form]

    def line(depth: int) -> str:
        return "" if JSON_INDENT[form] is None else "\n" + " " * (JSON_DEPTH + depth)

    yield before.encode() + b"{"
    group, separator = "", ""
    if file is not None:
        yield f'{line(1)}"{FILE}"{colon}'.encode() + file
        separator = comma
    for name, kind in KINDS.items():
        side, _, leaf = name.rpartition(".")
        if side != group:
            yield (line(1) + "}" if group else "").encode()
            if side:
                yield f'{separator}{line(1)}"{side}"{colon}{{'.encode()
                separator = ""
            group = side
        depth = 2 if side else 1
        yield f'{separator}{line(depth)}"{leaf}"{colon}'.encode()
        yield from _json_value(name, kind, (line(depth), line(depth + 1)), comma)
        separator = comma
    yield f"{line(0)}}}{behind}".encode()


def _json_value(name: str, kind: str, lines: tuple[str, str], comma: str) -> Iterator[Piece | bytes]:
    """The value of a field; `lines` begin a line as deep as the field, and one step deeper."""
    if name in PARTS:
        for place, part in enumerate(PARTS[name]):
            yield f"{comma if place else '['}{lines[1]}".encode()
            yield Piece(b"", part, b"null")
        yield f"{lines[0]}]".encode()
    elif kind in _QUOTED:
        yield Piece(b'"', name)
        yield b'"'
    else:
        yield Piece(b"", name, b"null")


def _json_text(form: str) -> Callable[[Any], bytes]:
    """What is judged, as JSON shows it; a list stands inside a record's end, ids of findings in the record itself."""
    import json

    from synfin.watch.connections.judged import Ids

    def text(value: object) -> bytes:
        shown = json.dumps(
            list(value) if isinstance(value, tuple) else value, ensure_ascii=False, indent=JSON_INDENT[form],
            separators=JSON_SEPARATORS[form],
        )  # fmt: skip
        depth = JSON_DEPTH + (1 if isinstance(value, Ids) else 2)
        return shown.replace("\n", "\n" + " " * depth).encode()

    return text
