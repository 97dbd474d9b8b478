"""Zstandard as a stream (RFC 8878): frame after frame, in bounded memory, keeping what a damaged file still holds."""

from __future__ import annotations

from typing import Any

from synfin.capture.compressed import CompressedFeed
from synfin.capture.source import ZSTD_MAGIC, ByteSource
from synfin.errors import UnreadableInput

MAX_WINDOW = 1 << 27  #: bytes that a frame may make its reader remember (`zstd --long=27`)

_INPUT = 1024  # bytes at a time: a block of 4 bytes may stand for 128 KiB


class ZstdFeed(CompressedFeed):
    """What a zstd stream decompresses to; needs the package `zstandard`, UnreadableInput without."""

    def __init__(self, packed: ByteSource) -> None:
        try:
            import zstandard
        except ImportError:
            remedy = f"install the package zstandard, or: zstd -dc {packed.name} | synfin … -"
            raise UnreadableInput(
                f"{packed.name}: the input is compressed with zstd (offset 0: {ZSTD_MAGIC.hex(' ')}); {remedy}"
            ) from None
        super().__init__(packed)
        self._error = zstandard.ZstdError
        self._decompressor = zstandard.ZstdDecompressor(max_window_size=MAX_WINDOW)
        self._frame: Any = self._decompressor.decompressobj()
        self._ready = b""  # decompressed bytes that are not taken yet
        self._started = False  # whether the current frame has begun

    def read_some(self, size: int) -> bytes:
        while not self._ready and not self._ended:
            self._step()
        data, self._ready = self._ready[:size], self._ready[size:]
        return data

    def _step(self) -> None:
        if not self._input:
            self._input = self._packed.read_some(_INPUT)
        if not self._input:
            at = self._packed.tell()
            self._end(f"the zstd data ends early, at offset {at} of the compressed file" if self._started else None)
            return
        try:
            self._ready = self._frame.decompress(self._input)
        except self._error as error:
            at = self._packed.tell()
            self._end(f"the zstd data is damaged before offset {at} of the compressed file: {error}")
            return
        self._started, self._input = True, b""
        if self._frame.eof:
            self._input, self._started = self._frame.unused_data, False
            self._frame = self._decompressor.decompressobj()

    def _end(self, problem: str | None) -> None:
        super()._end(problem or self._packed.problem)
