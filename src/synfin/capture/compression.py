"""Gzip as a stream: member after member, in bounded memory, keeping what a damaged file still holds."""

from __future__ import annotations

import zlib
from typing import Any

from synfin.capture.compressed import CompressedFeed
from synfin.capture.source import GZIP_MAGIC, ByteSource

_GZIP_FORMAT = 31  # zlib: 15 bits of window, plus 16 for the gzip header and its checksum
_INPUT = 64 * 1024
_OUTPUT = 128 * 1024  # bytes at a time: they stay in the cache until they are read


def _library() -> Any:
    """zlib-ng takes half the time; zlib does the same wherever that has no wheel."""
    try:
        from zlib_ng import zlib_ng
    except ImportError:
        return zlib
    return zlib_ng


class GzipFeed(CompressedFeed):
    """What a gzip stream decompresses to (RFC 1952); never holds more than one piece of it."""

    def __init__(self, packed: ByteSource) -> None:
        super().__init__(packed)
        self._library = _library()
        self._inflate = self._library.decompressobj(_GZIP_FORMAT)

    def read_some(self, size: int) -> bytes:
        while not self._ended:
            if self._inflate.eof:
                self._next_member()
                continue
            data = self._step(size)
            if data or self._ended:
                return data
            if not self._input and not self._inflate.eof and not self._refill():
                self._end(f"the gzip data ends early, at offset {self._packed.tell()} of the compressed file")
        return b""

    def _step(self, size: int) -> bytes:
        before = self._inflate.copy()  # zlib drops what it made in the call that finds an error
        try:
            data: bytes = self._inflate.decompress(self._input, min(size, _OUTPUT))
        except self._library.error as error:
            self._end(f"the gzip data is damaged before offset {self._packed.tell()} of the compressed file: {error}")
            return self._salvage(before)
        self._input = self._inflate.unused_data if self._inflate.eof else self._inflate.unconsumed_tail
        return data

    def _salvage(self, before: Any) -> bytes:
        """What decompresses before the first bad byte; less than the piece asked for, since that call failed."""
        data = bytearray()
        try:
            for at in range(len(self._input)):
                data += before.decompress(self._input[at : at + 1])
        except self._library.error:
            pass
        return bytes(data)

    def _next_member(self) -> None:
        """After a member: another one, zero padding, or the end."""
        self._input = self._input.lstrip(b"\0")
        while len(self._input) < len(GZIP_MAGIC) and self._refill():
            self._input = self._input.lstrip(b"\0")
        if self._input.startswith(GZIP_MAGIC):
            self._inflate = self._library.decompressobj(_GZIP_FORMAT)
        elif self._input:
            at = self._packed.tell() - len(self._input)
            self._end(f"what follows the gzip data at offset {at} of the compressed file is not gzip")
        else:
            self._end(self._packed.problem)

    def _refill(self) -> bool:
        more = self._packed.read_some(_INPUT)
        self._input += more
        return bool(more)
