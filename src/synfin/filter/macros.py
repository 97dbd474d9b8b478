"""Macros: `${name:argument;argument}` stands for a text in which `$1`, `$2` … are the arguments.

Wireshark 4.0 puts them in before it reads the filter, so within quotes too. They are kept as Wireshark keeps them, in a
file `dfilter_macros` with a line `"name","text"` each.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

from synfin.dissect.fields import find
from synfin.errors import FilterError, UsageError
from synfin.filter.lexer import MAX_LENGTH

MAX_ROUNDS = 16  #: macros within macros
MAX_FILE = 1 << 20  #: bytes of a file of macros
_USE = re.compile(
    r"\$\{(?P<name>[A-Za-z0-9_]+)(?:[:;](?P<braced>[^{}]*))?\}|\$(?P<call>[A-Za-z0-9_]+)\((?P<listed>[^()]*)\)"
)
#: within quotes: only as 4.0 writes it, and nothing else may begin so
_QUOTED_USE = re.compile(r"\$\{(?:(?P<name>[A-Za-z0-9_.-]*)(?:[:;](?P<braced>[^{}]*))?(?P<end>\}))?")
_PLACE = re.compile(r"\$(\d{1,3})")
_LINE = re.compile(r'\s*"((?:[^"\\]|\\.)*)"\s*,\s*"((?:[^"\\]|\\.)*)"\s*')
_ESCAPE = re.compile(r"\\(?:x([0-9A-Fa-f]{2})|(.))")
_NAME = re.compile(r"[A-Za-z0-9_]+")
_STRING = re.compile(r'[rR]?"(?:[^"\\]|\\.)*"')


def expand(text: str, macros: Mapping[str, str]) -> str:
    """The filter with its macros put in; `${field}` stays, and what is no macro. FilterError where they never end."""
    for _ in range(MAX_ROUNDS):
        found = _once(text, macros)
        if found == text:
            return text
        if len(found) > MAX_LENGTH:
            raise FilterError(f"with its macros the filter is longer than {MAX_LENGTH:,} characters", text[:80], 0)
        text = found
    raise FilterError(f"macros stand in each other more than {MAX_ROUNDS} levels deep", text[:200], 0)


def _once(text: str, macros: Mapping[str, str]) -> str:
    """Every macro put in once."""
    pieces: list[str] = []
    before = 0
    for string in _STRING.finditer(text):
        pieces += (_outside(text, before, string.start(), macros), _quoted(text, *string.span(), macros))
        before = string.end()
    pieces.append(_outside(text, before, len(text), macros))
    return "".join(pieces)


def _outside(text: str, start: int, stop: int, macros: Mapping[str, str]) -> str:
    def put(use: re.Match[str]) -> str:
        name, given = use["name"] or use["call"], use["braced"] if use["name"] else use["listed"]
        if name not in macros and use["name"] and given is None:
            return use.group()  # a field of the selected packet
        return _put(name, given, "[;,]" if use["call"] else ";", macros, text, start + use.start())

    return _USE.sub(put, text[start:stop])


def _quoted(text: str, start: int, stop: int, macros: Mapping[str, str]) -> str:
    """The same of a string; a field stays what it is written as."""

    def put(use: re.Match[str]) -> str:
        at = start + use.start()
        if not use["end"]:
            raise FilterError(r"${ begins a macro within quotes too, and this is none; write \x24{", text, at)
        if use["name"] not in macros and "." in use["name"] and find(use["name"]) is not None:
            return use.group()
        return _put(use["name"], use["braced"], ";", macros, text, at, r"; for the text ${ write \x24{")

    return _QUOTED_USE.sub(put, text[start:stop])


def _put(
    name: str, given: str | None, between: str, macros: Mapping[str, str], text: str, at: int, remedy: str = ""
) -> str:
    """The text of one macro with its arguments; FilterError, at its place, where that cannot be."""
    body = macros.get(name)
    if body is None:
        known = f"; there are {', '.join(sorted(macros)[:8])}" if macros else ", no macro is"
        raise FilterError(f"the macro {name!r} is not defined{known}{remedy}", text, at)
    arguments = [] if given is None else [part.strip() for part in re.split(between, given)]
    needed = max((int(place[1]) for place in _PLACE.finditer(body)), default=0)
    if needed != len(arguments) - (arguments == [""] and not needed):
        message = f"the macro {name!r} takes {needed} argument{'' if needed == 1 else 's'}, not {len(arguments)}"
        raise FilterError(message, text, at)
    return _PLACE.sub(lambda place: arguments[int(place[1]) - 1] if int(place[1]) else place.group(), body)


def read(path: str | os.PathLike[str]) -> dict[str, str]:
    """The macros of a file; UsageError names the line that is none."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            lines = file.read(MAX_FILE).splitlines()
    except OSError as error:
        raise UsageError(f"{os.fspath(path)}: macros cannot be read: {error.strerror or error}") from error
    found: dict[str, str] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        parts = _LINE.fullmatch(line)
        if parts is None or not _NAME.fullmatch(parts[1]):
            raise UsageError(f'{os.fspath(path)}:{number}: no macro; a line is "name","text"')
        found[parts[1]] = _ESCAPE.sub(lambda part: chr(int(part[1], 16)) if part[1] else part[2], parts[2])
    return found


def personal() -> dict[str, str]:
    """The macros of Wireshark's own profile, where there is one."""
    home = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    path = Path(home) / "wireshark" / "dfilter_macros"
    return read(path) if path.is_file() else {}
