"""What one message of HTTP/1 says (RFC 9112): its first line, its headers, the body, and which message it answers.

Where it begins and ends is found by `synfin.watch.follow.messages`, which follows the bytes of its connection.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from synfin.dissect.cursor import Cursor
from synfin.dissect.http_body import chunks, content
from synfin.dissect.http_message import OTHER, REQUEST, RESPONSE, Head, is_bad_name
from synfin.dissect.load import limit
from synfin.dissect.option import Found, Item

if TYPE_CHECKING:
    from synfin.dissect.context import Facts, OfMessage
    from synfin.wire.frame import Frame
    from synfin.wire.layer import Layer

MAX_LINES = 256  #: headers that are read; more is hostile
LONGEST_LINE = 16_384
CHUNKS_SHOWN = 4096
LINES = {REQUEST: "http.request.line", RESPONSE: "http.response.line"}

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


def walk(frame: Frame, layer: Layer, facts: Facts | None) -> tuple[Item, ...]:
    """The lines of the head, what is known of the exchange, and what the body stands for."""
    told = None if facts is None or facts.above is None else facts.above.messages.get(layer.start)
    if told is None:
        return ()
    cursor = Cursor(frame.data, layer.start, min(layer.start + layer.header_len, limit(frame, layer)))
    kind = told.head.kind
    if frame.data[cursor.at : cursor.at + 2] == b"\r\n" and told.head.text:
        cursor.add("http.leading_crlf", True)
        cursor.at += 2
    if kind != OTHER:
        start = cursor.at
        line = _take(cursor)
        words = _words(line)
        first = _status(words, start) if kind == RESPONSE else _request(words, start)
        cursor.note(Item(_shown(line), None, start, len(line), (Item("http.chat", True), *first)))
    _headers(cursor, LINES.get(kind, ""))
    if told.head.cut:
        return tuple(cursor.items)
    if kind == REQUEST:
        cursor.note(*_of_request(told))
    elif kind == RESPONSE:
        cursor.note(*_of_response(told, frame.packet.time_ns))
    cursor.note(*_body(frame, layer, told.head, cursor.at))
    return tuple(cursor.items)


def _headers(cursor: Cursor, line_name: str) -> None:
    for _ in range(MAX_LINES):
        at, line = cursor.at, _take(cursor)
        if not line:
            return
        if not line.strip(b"\r\n"):
            cursor.note(Item(_shown(line), None, at, len(line)))
            return
        _header(cursor, line, at)
        below = (Item("http.bad_header_name", True),) if is_bad_name(line.partition(b":")[0]) else ()
        shown = Item(line_name, _text(line), at, len(line), below)
        cursor.note(shown if line_name else Item(_shown(line), None, at, len(line), below))


def _of_request(told: OfMessage) -> tuple[Item, ...]:
    found = [Item("http.request.full_uri", told.head.uri)] if told.head.uri else []
    found.append(Item("http.request", 1))
    if told.exchange is not None:
        exchange = told.exchange
        found.append(Item("http.request_number", exchange.number))
        found += _frames(("http.prev_request_in", exchange.request_before),
                         ("http.response_in", exchange.response_frame),
                         ("http.next_request_in", exchange.next_request))  # fmt: skip
    return tuple(found)


def _of_response(told: OfMessage, time_ns: int) -> tuple[Item, ...]:
    found = [Item("http.response", 1)]
    if told.exchange is not None:
        exchange = told.exchange
        found.append(Item("http.response_number", exchange.number))
        if exchange.request_frame is not None:
            found.append(Item("http.time", time_ns - exchange.request_ns))
        found += _frames(("http.prev_request_in", exchange.request_before),
                         ("http.prev_response_in", exchange.response_before),
                         ("http.request_in", exchange.request_frame),
                         ("http.next_request_in", exchange.next_request),
                         ("http.next_response_in", exchange.next_response))  # fmt: skip
    if told.uri:
        found.append(Item("http.response_for.uri", told.uri))
    return tuple(found)


def _frames(*named: tuple[str, int | None]) -> list[Item]:
    return [Item(name, frame) for name, frame in named if frame is not None]


def _body(frame: Frame, layer: Layer, head: Head, start: int) -> Iterator[Item]:
    """The chunks, what was compressed, and the bytes that the body stands for, as text."""
    stop = limit(frame, layer)
    if start >= stop:
        return
    if "chunked" in head.transfer:
        yield Item("HTTP chunked response", None, start, stop - start, tuple(_chunks(frame.data, start, stop)))
    body = content(frame.data, start, stop, head)
    if head.encoding not in ("", "identity") and body:
        sent = content(frame.data, start, stop, head._replace(encoding=""))
        if sent != body:
            told = f"Content-encoded entity body ({head.encoding}): {len(sent)} bytes -> {len(body)} bytes"
            yield Item(told, None, start, stop - start)
    if body and head.text:
        text = body.partition(b"\0")[0].decode("ascii", "replace")
        yield Item("http.file_data", text, start, stop - start)


def _chunks(data: bytes, start: int, stop: int) -> Iterator[Item]:
    found = chunks(data, start, stop)
    for part in found.found[:CHUNKS_SHOWN]:
        size = Item("http.chunk_size", part.size, part.start, part.line_end - part.start)
        if not part.size:
            yield Item("End of chunked encoding", None, part.start, part.end - part.start, (size,))
            continue
        below = [size, Item("http.chunk_data", data[part.line_end : part.data_end], part.line_end,
                            part.data_end - part.line_end)]  # fmt: skip
        if part.data_end < part.end:
            below.append(Item("http.chunk_boundary", data[part.data_end : part.end], part.data_end,
                              part.end - part.data_end))  # fmt: skip
        yield Item(f"Data chunk ({part.size} octets)", None, part.start, part.end - part.start, tuple(below))
    for first, behind in found.trailers:
        yield Item("http.chunked_trailer_part", _text(data[first:behind]), first, behind - first)
    if found.end < stop and found.found and not found.found[-1].size:
        yield Item(_shown(data[found.end : found.end + 2]), None, found.end, min(2, stop - found.end))


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")


def _shown(line: bytes) -> str:
    return _text(line).replace("\r", "\\r").replace("\n", "\\n")


def _take(cursor: Cursor) -> bytes:
    """The next line with its end, or what there is of it."""
    end = cursor.data.find(b"\n", cursor.at, min(cursor.stop, cursor.at + LONGEST_LINE))
    stop = min(cursor.stop, cursor.at + LONGEST_LINE) if end < 0 else end + 1
    line = cursor.data[cursor.at : stop]
    cursor.at = stop
    return line


def _words(line: bytes) -> tuple[bytes, bytes, bytes]:
    """The three words of a request or status line, as far as there are any."""
    words = [*line.rstrip(b"\r\n").split(b" ", 2), b"", b""]
    return words[0], words[1], words[2]


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
    number, start = int(code) if code.isdigit() and len(code) == 3 else 0, at + len(version) + 1
    found = [Item("http.response.version", _text(version), at, len(version)),
             Item("http.response.code", number, start, 3)]  # fmt: skip
    meaning = next((status.phrase for status in HTTPStatus if status.value == number), f"Unknown ({number})")
    found.append(Item("http.response.code.desc", meaning))
    if phrase:
        found.append(Item("http.response.phrase", _text(phrase), start + 4, len(phrase)))
    return tuple(found)


def _header(cursor: Cursor, line: bytes, at: int) -> None:
    """A header's own field, where it has one."""
    name, _, rest = line.partition(b":")
    value = _text(rest.strip() if line[-1:] == b"\n" else rest.lstrip())
    known = HEADERS.get(name.decode("latin-1").lower())
    if known is None:
        return
    below: tuple[Item, ...] = ()
    if known == "http.content_length_header" and value.isascii() and value.isdigit() and len(value) < 20:
        below = (Item("http.content_length", int(value), at, len(line)),)
    elif known == "http.cookie":
        pairs = value.split(";", MAX_LINES)
        below = tuple(Item("http.cookie_pair", pair.strip(), at, len(line)) for pair in pairs if pair.strip())
    elif known in ("http.authorization", "http.proxy_authorization"):
        below = _credentials(value, at, len(line))
    cursor.note(Item(known, value, at, len(line), below))


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
