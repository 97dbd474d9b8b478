"""HTTP/1 in one segment (RFC 9112): the request or status line and the headers, where a segment begins with them.

Nothing is put together from several segments: what continues is shown where it stands.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from synfin.dissect.cursor import Cursor
from synfin.dissect.load import limit
from synfin.dissect.option import Found, Item

if TYPE_CHECKING:
    from synfin.dissect.context import Facts
    from synfin.wire.frame import Frame
    from synfin.wire.layer import Layer

METHODS = (
    b"GET", b"POST", b"HEAD", b"PUT", b"DELETE", b"OPTIONS", b"PATCH", b"CONNECT", b"TRACE", b"PROPFIND", b"PROPPATCH",
    b"MKCOL", b"COPY", b"MOVE", b"LOCK", b"UNLOCK", b"REPORT", b"SEARCH", b"SUBSCRIBE", b"UNSUBSCRIBE", b"NOTIFY",
    b"M-SEARCH", b"RPC_IN_DATA", b"RPC_OUT_DATA", b"RPC_CONNECT", b"SSTP_DUPLEX_POST", b"VERSION-CONTROL", b"CHECKOUT",
    b"CHECKIN", b"MERGE", b"MKACTIVITY", b"POLL", b"BCOPY", b"BMOVE", b"BDELETE", b"BPROPFIND", b"BPROPPATCH",
)  # fmt: skip
BEGINNINGS = frozenset(name[:3] for name in (*METHODS, b"HTTP"))
MAX_LINES = 256  #: headers that are read; more is hostile
LONGEST_LINE = 16_384

#: Headers with a field of their own.
HEADERS = {
    name.replace("_", "-"): f"http.{name}"
    for name in (
        "authorization", "proxy_authenticate", "proxy_authorization", "www_authenticate", "content_type",
        "content_encoding", "transfer_encoding", "upgrade", "user_agent", "host", "connection", "cookie", "accept",
        "referer", "accept_language", "accept_encoding", "date", "cache_control", "server", "location",
        "sec_websocket_accept", "sec_websocket_extensions", "sec_websocket_key", "sec_websocket_protocol",
        "sec_websocket_version", "set_cookie", "last_modified", "x_forwarded_for",
    )
} | {"content-length": "http.content_length_header"}  # fmt: skip


def begins(frame: Frame, layer: Layer) -> bool:
    """Whether plain data right behind a TCP header begin with HTTP."""
    if frame.data[layer.start : layer.start + 3] not in BEGINNINGS or layer.name != "data":
        return False
    place = frame.layers.index(layer)
    return place > 0 and frame.layers[place - 1].name == "tcp" and _first_line(frame, layer) is not None


def _first_line(frame: Frame, layer: Layer) -> tuple[bytes, bytes, bytes] | None:
    """The three words of a request or status line."""
    stop = min(limit(frame, layer), layer.start + LONGEST_LINE)
    end = frame.data.find(b"\n", layer.start, stop)
    if end < 0 and len(frame.packet.data) < frame.packet.wire_len:
        end = stop  # the capture cut the line
    words = frame.data[layer.start : end].rstrip(b"\r").split(b" ", 2) if end > 0 else []
    if len(words) == 2 and words[0][:5] == b"HTTP/":
        words.append(b"")
    if len(words) != 3:
        return None
    first, second, third = words
    request = first in METHODS and third.rpartition(b" ")[2][:5] == b"HTTP/"
    status = first[:5] == b"HTTP/" and len(second) == 3 and second.isdigit()
    return (first, second, third) if request or status else None


def walk(frame: Frame, layer: Layer, facts: Facts | None) -> tuple[Item, ...]:
    """The lines up to the empty one, as many as the segment holds."""
    words = _first_line(frame, layer) if begins(frame, layer) else None
    if words is None:
        return ()
    cursor = Cursor(frame.data, layer.start, limit(frame, layer))
    response = words[0][:5] == b"HTTP/"
    cut = len(frame.packet.data) < frame.packet.wire_len
    line = _take(cursor, cut=cut)
    start = layer.start
    first = _status(words, start) if response else _request(words, start)
    cursor.note(Item(_shown(line), None, start, len(line), (Item("http.chat", True), *first)))
    host = ""
    for _ in range(MAX_LINES):
        at, line = cursor.at, _take(cursor, cut=cut)
        if not line or not line.strip(b"\r\n"):
            if line:
                cursor.note(Item(_shown(line), None, at, len(line)))
            break
        if b":" not in line:
            cursor.at = at
            if line[-1:] != b"\n":
                return tuple(cursor.items)  # the capture ends in it
            break  # no header any more
        name, value = _header(cursor, line, at)
        host = value if name == "host" else host
        cursor.note(Item("http.response.line" if response else "http.request.line", _text(line), at, len(line)))
    if response:
        cursor.note(Item("http.response", 1))
        return tuple(cursor.items)
    uri = _text(words[1])
    if host or "://" in uri:
        cursor.note(Item("http.request.full_uri", uri if "://" in uri else f"http://{host}{uri}"))
    cursor.note(Item("http.request", 1))
    return tuple(cursor.items)


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")


def _shown(line: bytes) -> str:
    return _text(line).replace("\r", "\\r").replace("\n", "\\n")


def _take(cursor: Cursor, *, cut: bool) -> bytes:
    """The next line with its end; empty where it does not end here, unless the capture `cut` it."""
    end = cursor.data.find(b"\n", cursor.at, min(cursor.stop, cursor.at + LONGEST_LINE))
    if end < 0 and cut:
        end = cursor.stop - 1
    if end < 0:
        return b""
    line = cursor.data[cursor.at : end + 1]
    cursor.at = end + 1
    return line


def _request(words: tuple[bytes, bytes, bytes], at: int) -> tuple[Item, ...]:
    method, uri, version = words
    start = at + len(method) + 1
    path, asked, query = uri.partition(b"?")
    below: list[Item] = []
    if asked:
        below.append(Item("http.request.uri.path", _text(path), start, len(path)))
        parts = tuple(
            Item("http.request.uri.query.parameter", _text(part), start + len(path) + 1, len(query))
            for part in query.split(b"&", MAX_LINES)
        )
        below.append(Item("http.request.uri.query", _text(query), start + len(path) + 1, len(query), parts))
    return (
        Item("http.request.method", _text(method), at, len(method)),
        Item("http.request.uri", _text(uri), start, len(uri), tuple(below)),
        Item("http.request.version", _text(version), start + len(uri) + 1, len(version)),
    )


def _status(words: tuple[bytes, bytes, bytes], at: int) -> tuple[Item, ...]:
    from http import HTTPStatus

    version, code, phrase = words
    number, start = int(code), at + len(version) + 1
    found = [Item("http.response.version", _text(version), at, len(version)),
             Item("http.response.code", number, start, 3)]  # fmt: skip
    meaning = next((status.phrase for status in HTTPStatus if status.value == number), f"Unknown ({number})")
    found.append(Item("http.response.code.desc", meaning))
    if phrase:
        found.append(Item("http.response.phrase", _text(phrase), start + 4, len(phrase)))
    return tuple(found)


def _header(cursor: Cursor, line: bytes, at: int) -> tuple[str, str]:
    """A header's own field, where it has one."""
    name, _, rest = line.partition(b":")
    value = _text(rest.strip() if line[-1:] == b"\n" else rest.lstrip())
    known = HEADERS.get(name.decode("latin-1").lower())
    if known is None:
        return "", value
    below: tuple[Item, ...] = ()
    if known == "http.content_length_header" and value.isascii() and value.isdigit() and len(value) < 20:
        below = (Item("http.content_length", int(value), at, len(line)),)
    elif known == "http.cookie":
        pairs = value.split(";", MAX_LINES)
        below = tuple(Item("http.cookie_pair", pair.strip(), at, len(line)) for pair in pairs if pair.strip())
    elif known in ("http.authorization", "http.proxy_authorization"):
        below = _credentials(value, at, len(line))
    cursor.note(Item(known, value, at, len(line), below))
    return known.removeprefix("http."), value


def _credentials(value: str, at: int, size: int) -> tuple[Item, ...]:
    """Name and password of the Basic scheme (RFC 7617)."""
    from base64 import b64decode

    scheme, _, code = value.partition(" ")
    if scheme.lower() != "basic":
        return ()
    try:
        return (Item("http.authbasic", _text(b64decode(code.strip(), validate=True)), at, size),)
    except ValueError:
        return ()


MESSAGE = Found(walk)
