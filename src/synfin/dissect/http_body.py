"""Bodies of HTTP/1: chunks taken together (RFC 9112 section 7.1), compression taken off, both within bounds."""

from __future__ import annotations

import zlib
from typing import NamedTuple

from synfin.dissect.http_message import MAX_LINES, Head, chunk_size

LARGEST_BODY = 16 << 20  #: bytes that are uncompressed; a small body can claim any amount
MAX_CHUNKS = 1 << 16
_COMPRESSED = {"gzip": 47, "x-gzip": 47, "deflate": 47}  #: to zlib's window bits: either header


class Chunk(NamedTuple):
    """One chunk: its line, its data, and the line end behind them."""

    start: int
    line_end: int
    size: int
    data_end: int
    end: int


class Chunks(NamedTuple):
    """A chunked body: its chunks, the last of size 0, and the lines behind that."""

    found: tuple[Chunk, ...]
    trailers: tuple[tuple[int, int], ...]
    end: int  #: the empty line, where there is one, begins there


def chunks(data: bytes, at: int, stop: int) -> Chunks:
    """The chunks from `at` on; what cannot be one ends them."""
    found: list[Chunk] = []
    trailers: list[tuple[int, int]] = []
    while at < stop and len(found) < MAX_CHUNKS:
        line = data.find(b"\n", at, stop) + 1
        size = chunk_size(data[at : min(line, at + 64)]) if line else None
        if size is None:
            break
        data_end = min(line + size, stop)
        end = min(data_end + (2 if size else 0), stop)
        found.append(Chunk(at, line, size, data_end, end))
        at = end
        if size == 0:
            break
    for _ in range(MAX_LINES if found and not found[-1].size else 0):
        line = data.find(b"\n", at, stop) + 1
        if not line or not data[at:line].strip(b"\r\n"):
            break
        trailers.append((at, line))
        at = line
    return Chunks(tuple(found), tuple(trailers), at)


def joined(data: bytes, parts: Chunks) -> bytes:
    """What the chunks carry."""
    return b"".join(data[part.line_end : part.data_end] for part in parts.found)


def uncompressed(body: bytes, encoding: str) -> bytes | None:
    """The body without its compression, None where that is unknown or the bytes are not what it says."""
    bits = _COMPRESSED.get(encoding)
    if bits is None:
        return None
    for window in (bits, -15):  # some servers send "deflate" without its header
        try:
            found = zlib.decompressobj(window).decompress(body, LARGEST_BODY)
        except zlib.error:
            continue
        return found
    return None


def content(data: bytes, start: int, stop: int, head: Head) -> bytes:
    """What a body stands for: chunks taken together, compression taken off."""
    body = joined(data, chunks(data, start, stop)) if "chunked" in head.transfer else data[start:stop]
    if not head.encoding or not body:
        return body
    found = uncompressed(body, head.encoding)
    return body if found is None else found
