"""Text in a terminal's columns: Chinese takes two, combining marks none. Needs the standard library only."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

#: never first in a line
_CLOSING = frozenset("，。、；：！？）】》”’%.,;:!?)]}…")
#: never last in a line
_OPENING = frozenset("（【《“‘([{")


def display_width(text: str) -> int:
    """Columns that `text` takes."""
    return len(text) if text.isascii() else sum(map(_columns, text))


def pad(text: str, width: int, align: str = "left") -> str:
    """`text` filled with spaces to `width` columns: left, right or center."""
    room = max(width - display_width(text), 0)
    before = {"left": 0, "right": room, "center": room // 2}[align]
    return " " * before + text + " " * (room - before)


def clip(text: str, width: int) -> str:
    """At most `width` columns of `text`, an ellipsis where it was cut."""
    if display_width(text) <= width:
        return text
    kept, used = [], 0
    for character in text:
        used += _columns(character)
        if used > width - 1:
            break
        kept.append(character)
    return "".join(kept) + "…" if width > 0 else ""


def wrap(text: str, width: int, indent: str = "") -> list[str]:
    """`text` in lines of at most `width` columns, all but the first behind `indent`; Chinese breaks anywhere."""
    lines: list[str] = []
    line = ""
    for piece in _pieces(text):
        start = indent if lines else ""
        if line and display_width(start + line + piece.rstrip()) > width:
            lines.append(start + line.rstrip())
            line = piece.lstrip()
        else:
            line += piece
    return [*lines, (indent if lines else "") + line.rstrip()]


def _pieces(text: str) -> Iterator[str]:
    """Words with the space behind them, wide characters one by one with the punctuation that clings to them."""
    piece = ""
    for character in text:
        wide = _columns(character) == 2
        if piece and character not in _CLOSING and piece[-1] not in _OPENING:
            after_space = piece[-1] == " " and character != " "
            if after_space or wide or (_columns(piece[-1]) == 2 and character != " "):
                yield piece
                piece = ""
        piece += character
    if piece:
        yield piece


def _columns(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
