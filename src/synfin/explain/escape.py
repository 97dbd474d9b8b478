"""What came from a packet, made safe to show: nothing invisible, nothing that steers a terminal or turns text."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

_NAMED = {"\n": "\\n", "\r": "\\r", "\t": "\\t", "\\": "\\\\"}
#: separators that break lines; besides them all of category C is escaped (controls, bidi, surrogates, unassigned)
_BREAKING = frozenset({"Zl", "Zp"})


def printable(text: str) -> str:
    """`text` with every control, format, bidi, private or unassigned character as a backslash escape."""
    return text if text.isascii() and text.isprintable() and "\\" not in text else "".join(map(_shown, text))


def visible(text: str) -> str:
    """`text` as it is when all of it can be shown; for texts that hold escapes already."""
    return text if text.isprintable() else printable(text)


def payload_preview(payload: bytes, limit: int = 24) -> str:
    """The beginning of a payload as one line of at most `limit` characters, an ellipsis where it goes on."""
    shown: list[str] = []
    used = 0
    for piece in _pieces(payload[: 4 * limit]):
        if used + len(piece) > limit:
            return "".join(shown) + "…"
        shown.append(piece)
        used += len(piece)
    return "".join(shown) + ("…" if len(payload) > 4 * limit else "")


def _pieces(payload: bytes) -> Iterator[str]:
    # surrogateescape keeps bytes that are no UTF-8 apart from characters that look like an escape
    for character in payload.decode("utf-8", "surrogateescape"):
        code = ord(character)
        yield f"\\x{code - 0xDC00:02x}" if 0xDC80 <= code <= 0xDCFF else _shown(character)


def _shown(character: str) -> str:
    if character in _NAMED:
        return _NAMED[character]
    category = unicodedata.category(character)
    if category[0] != "C" and category not in _BREAKING:
        return character
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
