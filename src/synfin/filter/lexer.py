"""Display filters as tokens. Words stay undecided here: whether one is a field or a literal depends on its place."""

from __future__ import annotations

import re
from typing import NamedTuple

from synfin.errors import FilterError

MAX_LENGTH = 200_000  #: characters of a filter, long sets of addresses included

#: Spelled operators and their symbols; `xor` and `bitand` are of Wireshark 4.4.
WORDS = {
    "eq": "==", "any_eq": "==", "all_eq": "===", "ne": "!=", "all_ne": "!=", "any_ne": "!==", "gt": ">", "ge": ">=",
    "lt": "<", "le": "<=", "and": "&&", "or": "||", "xor": "^^", "not": "!", "contains": "contains",
    "matches": "matches", "in": "in", "any": "any", "all": "all", "bitwise_and": "&", "bitand": "&",
}  # fmt: skip
_SYMBOLS = ("===", "!==", "==", "!=", "~=", ">=", "<=", "&&", "||", "^^", "..", ">", "<", "!", "~", "&", "+", "-", "*",
            "/", "%", "(", ")", "{", "}", ",", "#", "$", "@")  # fmt: skip
_SAME = {"~=": "!==", "~": "matches"}
#: In this order: a run of colons (addresses, bytes), IPv4 with a prefix length, a name or any other literal.
_WORD = re.compile(
    r"[0-9A-Fa-f]*:[0-9A-Fa-f:]*(?:(?:\.[0-9]+){3})?(?:/[0-9]+)?(?![0-9A-Za-z_])"
    r"|[0-9]+(?:\.[0-9]+){3}/[0-9]+(?![0-9A-Za-z_.])"
    r"|\.?[A-Za-z0-9_][A-Za-z0-9_-]*(?:\.[A-Za-z0-9_-]+)*"
)
_SPACE = re.compile(r"[ \t\r\n]+")
_SIMPLE = {"a": 7, "b": 8, "f": 12, "n": 10, "r": 13, "t": 9, "v": 11, '"': 34, "'": 39, "\\": 92}
_ESCAPE = re.compile(r"x[0-9A-Fa-f]{1,2}|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|[0-7]{1,3}|.", re.DOTALL)
#: Characters below U+00A0 that a universal character name may write; the others have shorter escapes.
_UNIVERSAL = frozenset("$@`")


class Token(NamedTuple):
    """`kind` is op, word, string, char, slice or end; `value` is the operator's symbol or the text as written."""

    kind: str
    value: str
    position: int
    data: bytes = b""  #: of strings and characters: what they stand for


def tokens(text: str) -> list[Token]:
    """All tokens of a filter, an `end` token last; FilterError at the first character that fits nothing."""
    if len(text) > MAX_LENGTH:
        raise FilterError(f"the filter is longer than {MAX_LENGTH:,} characters", text[:80], 0)
    found: list[Token] = []
    at = 0
    while at < len(text):
        space = _SPACE.match(text, at)
        if space:
            at = space.end()
            continue
        token, at = _next(text, at)
        found.append(token)
    found.append(Token("end", "", len(text)))
    return found


def _next(text: str, at: int) -> tuple[Token, int]:
    if text[at] == '"':
        return _string(text, at, at, raw=False)
    if text.startswith(('r"', 'R"'), at):
        return _string(text, at, at + 1, raw=True)
    if text[at] == "'":
        return _char(text, at)
    if text[at] == "[":
        return _slice(text, at)
    word = _WORD.match(text, at)
    if word:
        symbol = WORDS.get(word.group())
        return (Token("op", symbol, at) if symbol else Token("word", word.group(), at)), word.end()
    for symbol in _SYMBOLS:
        if text.startswith(symbol, at):
            return Token("op", _SAME.get(symbol, symbol), at), at + len(symbol)
    remedy = "; to compare, write ==" if text[at] == "=" else ""
    raise FilterError(f"{text[at]!r} does not belong in a filter{remedy}", text, at)


def _string(text: str, at: int, quote: int, *, raw: bool) -> tuple[Token, int]:
    """A quoted string from its opening quote; in raw ones only \\" is special, and keeps its backslash."""
    out = bytearray()
    here = quote + 1
    while here < len(text) and text[here] != '"':
        if text[here] != "\\":
            out += _encoded(text[here])
            here += 1
        elif raw:
            out += _encoded(text[here : here + 2])
            here += 2
        else:
            code, here = _escape(text, here)
            out += code
    if here >= len(text):
        raise FilterError("the string has no closing quote", text, at)
    return Token("string", text[at : here + 1], at, bytes(out)), here + 1


def _encoded(text: str) -> bytes:
    """UTF-8; bytes of the command line that are none come back as they were."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")


def _char(text: str, at: int) -> tuple[Token, int]:
    if text.startswith("'\\n'", at):
        raise FilterError("Wireshark refuses '\\n' as a character constant; write '\\x0a'", text, at)
    if text.startswith("\\", at + 1):
        code, end = _escape(text, at + 1)
    else:
        code, end = _encoded(text[at + 1 : at + 2]), at + 2
    if len(code) != 1 or not text.startswith("'", end) or text[at + 1] == "'":
        raise FilterError("a character constant is one byte between single quotes", text, at)
    return Token("char", text[at : end + 1], at, code), end + 1


def _escape(text: str, at: int) -> tuple[bytes, int]:
    """The bytes of the escape at the backslash `at`, and where it ends."""
    match = _ESCAPE.match(text, at + 1)
    body = match.group() if match else ""
    end = at + 1 + len(body)
    if body in _SIMPLE:
        return bytes([_SIMPLE[body]]), end
    if body[:1] == "x" and len(body) > 1:
        return bytes([int(body[1:], 16)]), end
    if body[:1] in ("u", "U") and len(body) > 1:
        return _universal(text, at, int(body[1:], 16)), end
    if body and body[0] in "01234567" and int(body, 8) <= 0xFF:
        return bytes([int(body, 8)]), end
    raise FilterError(f"\\{body} is no escape sequence", text, at)


def _universal(text: str, at: int, code: int) -> bytes:
    if code > 0x10FFFF or 0xD800 <= code < 0xE000 or (code < 0xA0 and chr(code) not in _UNIVERSAL):
        raise FilterError(f"U+{code:04X} cannot be written so; below U+00A0 use \\xhh", text, at)
    return chr(code).encode()


def _slice(text: str, at: int) -> tuple[Token, int]:
    end = text.find("]", at)
    if end < 0:
        raise FilterError("the slice has no closing bracket", text, at)
    return Token("slice", text[at + 1 : end], at), end + 1
