"""What came from a packet, made safe to show: nothing invisible, nothing that steers a terminal or turns text."""

from __future__ import annotations

import codecs
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
    for piece in _pieces(payload[: 4 * limit], whole=len(payload) <= 4 * limit):
        if used + len(piece) > limit:
            return "".join(shown) + "…"
        shown.append(piece)
        used += len(piece)
    return "".join(shown) + ("…" if len(payload) > 4 * limit else "")


def _pieces(payload: bytes, *, whole: bool) -> Iterator[str]:
    if text := _as_text(payload, whole=whole):
        yield from map(_shown, text)
    else:
        yield from (_shown(chr(byte)) if byte < 0x80 else f"\\x{byte:02x}" for byte in payload)


def _as_text(payload: bytes, *, whole: bool) -> str:
    """The payload as UTF-8, or nothing: in binary data letters beyond ASCII are accidents and may run leftward.

    Where it is not the `whole` payload, its last character may be cut.
    """
    text = codecs.getincrementaldecoder("utf-8")("surrogateescape").decode(payload, whole)
    binary = any(unicodedata.category(one) in {"Cc", "Cs"} and one not in "\t\n\r" for one in text)
    return "" if binary else text


def _shown(character: str) -> str:
    if character in _NAMED:
        return _NAMED[character]
    category = unicodedata.category(character)
    if category[0] != "C" and category not in _BREAKING:
        return character
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
