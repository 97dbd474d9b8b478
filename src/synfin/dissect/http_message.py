"""Where messages of HTTP/1 begin and end in a stream of bytes (RFC 9112), and how much of one is still missing.

The rules are those by which tshark 4.0 puts segments together: which message asks for how many bytes more, and what
counts as a message at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

METHODS = frozenset({
    b"GET", b"POST", b"HEAD", b"PUT", b"DELETE", b"OPTIONS", b"PATCH", b"CONNECT", b"TRACE", b"PROPFIND", b"PROPPATCH",
    b"MKCOL", b"COPY", b"MOVE", b"LOCK", b"UNLOCK", b"REPORT", b"SEARCH", b"SUBSCRIBE", b"UNSUBSCRIBE", b"NOTIFY",
    b"M-SEARCH", b"RPC_IN_DATA", b"RPC_OUT_DATA", b"RPC_CONNECT", b"SSTP_DUPLEX_POST", b"VERSION-CONTROL", b"CHECKOUT",
    b"CHECKIN", b"MERGE", b"MKACTIVITY", b"POLL", b"BCOPY", b"BMOVE", b"BDELETE", b"BPROPFIND", b"BPROPPATCH",
    b"UNCHECKOUT", b"MKWORKSPACE", b"BASELINE-CONTROL", b"LABEL", b"UPDATE", b"CCM_POST",
})  # fmt: skip
LONGEST_METHOD = max(map(len, METHODS))
MAX_LINES = 256  #: headers that are read; more is hostile
LONGEST_LINE = 16_384
LARGEST_CHUNK = 1 << 30
TUNNELS = frozenset({b"RPC_IN_DATA", b"RPC_OUT_DATA", b"SSTP_DUPLEX_POST"})  #: whose bodies are streams
ONE_MORE = -1  #: a segment, whatever it carries
UNTIL_FIN = -2
REQUEST, RESPONSE, OTHER = "request", "response", "other"
#: No part of a header's name (RFC 9110 section 5.6.2).
_NO_NAME = frozenset(b'()<>@,;\\"/[]?={} ')


class Ask(NamedTuple):
    """A message that begins at `at` needs `more` bytes, ONE_MORE segment, or all UNTIL_FIN."""

    at: int
    more: int


class Head(NamedTuple):
    """What the lines up to the empty one say of the message."""

    kind: str
    end: int  #: behind the last line that was read
    method: bytes = b""
    code: int = 0
    uri: str = ""  #: of a request, with the host where one is named
    path: str = ""  #: of a request, as it was sent
    length: int | None = None  #: Content-Length
    transfer: str = ""
    encoding: str = ""
    content_type: str | None = None
    upgrade: bool = False
    text: bool = True  #: whether it begins with something to read
    cut: bool = False  #: a header may begin where the captured bytes end


class Message(NamedTuple):
    """One message: its head and, up to `end`, its body as it was sent."""

    start: int
    head: Head
    end: int

    @property
    def chunked(self) -> bool:
        return "chunked" in self.head.transfer


@dataclass(slots=True)
class Talk:
    """What the messages before tell about those that follow, in both directions."""

    seen: bool = False  #: a request
    method: bytes = b""  #: of the last request
    uri: str = ""  #: with a host, of the last request that has one
    path: str = ""  #: of the last request
    left: bool = False  #: the connection has changed to another protocol

    @property
    def asked(self) -> str:
        """What the last request asked for."""
        return self.uri or self.path

    def note(self, message: Message) -> None:
        """Remember a message."""
        head = message.head
        if head.cut:
            return
        if head.kind == REQUEST:
            self.seen = True
            self.method, self.uri, self.path = head.method, head.uri or self.uri, head.path
        elif head.kind == RESPONSE:
            self.left = (head.code == 101 and head.upgrade) or (self.method == b"CONNECT" and head.code // 100 == 2)


def looks_like(data: bytes | bytearray, start: int, stop: int) -> bool:
    """Whether a segment of an unknown conversation begins with a line of HTTP/1."""
    end = data.find(b"\n", start, stop)
    if end < 0:
        return False
    line = bytes(data[start:end]).rstrip(b"\r")
    return len(line) not in (0, 8) and (line[-8:-1] == b"HTTP/1." or line[:7] == b"HTTP/1.")


def kind_of(line: bytes) -> str:
    """REQUEST, RESPONSE or OTHER, by a first line."""
    if line[:5] == b"HTTP/":
        return RESPONSE
    words = line[: LONGEST_METHOD + 1].split(None, 1)
    return REQUEST if words and words[0] in METHODS and line[:1] != b" " else OTHER


def read(data: bytes | bytearray, at: int, stop: int, talk: Talk, *, can_ask: bool, last: bool, resume: int = 0,
         seen: bool = False, cut: bool = False) -> Message | Ask | None:  # fmt: skip
    """The message that begins at `at`, or what it needs; None for bytes of which nothing is known.

    `last`: no bytes will follow. `resume` is where an earlier look at a chunked body ended; `seen` says that there is
    a request in the conversation, before these bytes or behind them; `cut`, that not all bytes were captured.
    """
    start = at + 2 if data[at : at + 2] == b"\r\n" and stop - at > 3 else at
    line = _line(data, start, stop)
    text = 32 <= data[start] < 127
    if line is None and can_ask and text:
        return Ask(at, ONE_MORE)
    first = bytes(data[start : stop if line is None else line]).rstrip(b"\r\n")
    kind = kind_of(first)
    if kind != OTHER and can_ask:
        more = _missing(data, start, stop, resume, body=not last and _has_body(kind, first, talk),
                        until_fin=kind == RESPONSE)  # fmt: skip
        if more is not None:
            return Ask(at, more)
    head = _head(data, start, stop, kind, first, line) if text else Head(OTHER, start, text=False)
    if kind == OTHER and head.end == start and not (seen or talk.seen):
        return None
    head = head._replace(cut=cut and head.cut)
    return Message(at, head, stop if head.cut else min(_end(data, stop, head), stop))


def _line(data: bytes | bytearray, at: int, stop: int) -> int | None:
    """Where the line that begins at `at` ends, behind its line feed; None where that is not here."""
    end = data.find(b"\n", at, stop)
    return None if end < 0 else end + 1


def _code(first: bytes) -> int:
    words = first.split(None, 2)
    return int(words[1]) if len(words) > 1 and words[1][:3].isdigit() and len(words[1]) == 3 else 0


def _has_body(kind: str, first: bytes, talk: Talk) -> bool:
    """Some responses never have one, whatever their headers say (RFC 9112 section 6.3)."""
    if kind != RESPONSE:
        return first.partition(b" ")[0] not in TUNNELS
    code = _code(first)
    if talk.method == b"HEAD" or (talk.method == b"CONNECT" and code // 100 == 2):
        return False
    return code // 100 != 1 and code not in (204, 304)


def _missing(data: bytes | bytearray, at: int, stop: int, resume: int, *, body: bool, until_fin: bool) -> int | None:
    """What a message lacks; None where all of it is here."""
    length, chunked = None, False
    for _ in range(MAX_LINES):
        end = _line(data, at, stop)
        if end is None:
            return ONE_MORE if stop - at <= LONGEST_LINE else None
        line, at = bytes(data[at : min(end, at + 256)]).rstrip(b"\r\n"), end
        if not line:
            break
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = _number(value, length)
        elif name.lower() == b"transfer-encoding":
            chunked = value.strip().lower().startswith(b"chunked")
    if not body:
        return None
    if chunked:
        return missing_chunks(data, max(at, resume), stop)[0]
    if length is not None:
        return length - (stop - at) if length > stop - at else None
    return UNTIL_FIN if until_fin else None


def _number(value: bytes, otherwise: int | None) -> int | None:
    digits = value.strip().split(None, 1)[:1]
    text = digits[0] if digits else b""
    return int(text) if text.isdigit() and len(text) < 19 else otherwise


def missing_chunks(data: bytes | bytearray, at: int, stop: int) -> tuple[int | None, int]:
    """What a chunked body lacks, and where to look on with more bytes."""
    while True:
        end = _line(data, at, stop)
        if end is None:
            return ONE_MORE, at
        size = chunk_size(bytes(data[at : min(end, at + 64)]))
        if size is None:
            return None, at
        if size == 0:
            return _missing_trailers(data, end, stop), at
        if stop - at <= size:
            return size + 1 - (stop - at), at
        if end + size + 2 > stop:
            return ONE_MORE, at
        at = end + size + 2


def _missing_trailers(data: bytes | bytearray, at: int, stop: int) -> int | None:
    """Lines behind the last chunk, up to an empty one or what is none of them."""
    for _ in range(MAX_LINES):
        end = _line(data, at, stop)
        if end is None:
            return ONE_MORE
        line, at = bytes(data[at : min(end, at + 256)]).rstrip(b"\r\n"), end
        if b":" not in line or kind_of(line) != OTHER:
            return None
    return None


def chunk_size(line: bytes) -> int | None:
    """The number that a chunk begins with, None where there is none that can be believed."""
    text = line.partition(b";")[0].strip()
    try:
        size = int(text[:16], 16) if text[:1] not in (b"-", b"+", b"") and b"_" not in text else -1
    except ValueError:
        return None
    return size if 0 <= size <= LARGEST_CHUNK else None


def _head(data: bytes | bytearray, at: int, stop: int, kind: str, first: bytes, line: int | None) -> Head:
    """The headers, up to the empty line or to what is none."""
    found = Head(kind, at)
    if kind != OTHER:
        found = found._replace(end=stop if line is None else line)
    host = ""
    for _ in range(MAX_LINES):
        end = _line(data, found.end, stop) or stop
        if end <= found.end:
            break
        text = bytes(data[found.end : end]).rstrip(b"\r\n")
        if not text:
            if found.end > at:
                found = found._replace(end=end)
            break
        name, _, raw = text.partition(b":")
        if len(name) == len(text):  # no header any more, or the beginning of one
            found = found._replace(cut=kind != OTHER and data[end - 1] != 10)
            break
        value = raw.strip().decode("latin-1")
        host = value if name.lower() == b"host" else host
        found = _noted(found, name.lower(), value)._replace(end=end)
    if kind == RESPONSE:
        return found._replace(code=_code(first))
    if kind == REQUEST:
        words = first.split(None, 2)
        uri = words[1].decode("utf-8", "replace") if len(words) > 1 else ""
        whole = uri if "://" in uri or words[0] == b"CONNECT" else f"http://{host}{uri}" if host else ""
        return found._replace(method=words[0], uri=whole, path=uri)
    return found


def is_bad_name(name: bytes) -> bool:
    """Whether a header's name has characters that none may have (RFC 9110 section 5.1)."""
    return any(octet in _NO_NAME or not 32 < octet < 127 for octet in name)


def _noted(head: Head, name: bytes, value: str) -> Head:
    if name == b"content-length":
        return head._replace(length=_number(value.encode("latin-1"), head.length))
    if name == b"transfer-encoding":
        return head._replace(transfer=value.lower())
    if name == b"content-encoding":
        return head._replace(encoding=value.lower())
    if name == b"content-type":
        return head._replace(content_type=value.partition(";")[0].strip().lower())
    return head._replace(upgrade=True) if name == b"upgrade" else head


def _end(data: bytes | bytearray, stop: int, head: Head) -> int:
    """Where the message ends, as far as that can be known from its head and the bytes at hand."""
    if head.transfer and head.transfer != "identity":
        return _behind_chunks(data, head.end, stop) if "chunked" in head.transfer else stop
    if head.length is not None:
        return head.end + head.length
    if head.kind == REQUEST:
        return head.end
    if head.kind == RESPONSE and (head.code // 100 == 1 or head.code in (204, 304)):
        return head.end
    return stop


def _behind_chunks(data: bytes | bytearray, at: int, stop: int) -> int:
    """Behind the last chunk and what trails it."""
    while at < stop:
        end = _line(data, at, stop)
        size = None if end is None else chunk_size(bytes(data[at : min(end, at + 64)]))
        if end is None or size is None:
            return stop
        if size:
            at = end + size + 2
            continue
        for _ in range(MAX_LINES):
            at, end = end, _line(data, end, stop)
            if end is None:
                return at
            line = bytes(data[at : min(end, at + 256)]).rstrip(b"\r\n")
            if not line:
                return end
            if b":" not in line or kind_of(line) != OTHER:
                return at
    return stop
