"""What the streams of every compression have in common: they are read forward only, from packed bytes."""

from __future__ import annotations

from synfin.capture.source import Buffer, ByteSource


class CompressedFeed:
    """Decompressed bytes of a source; `problem` tells afterwards why they ended before it did."""

    def __init__(self, packed: ByteSource) -> None:
        self.problem: str | None = None
        self._packed = packed
        self._input = b""  #: compressed bytes that are read but not consumed
        self._ended = False

    def read_some(self, size: int) -> bytes:
        """At most `size` bytes, none at the end."""
        raise NotImplementedError

    def readinto_some(self, buffer: Buffer) -> int:
        data = self.read_some(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    @property
    def taken(self) -> int:
        return self._packed.taken

    def seekable(self) -> int | None:
        return None

    def seek(self, offset: int) -> None:
        raise OSError("a compressed file cannot be sought")

    def close(self) -> None:
        self._packed.close()

    def _end(self, problem: str | None) -> None:
        self._ended = True
        self.problem = problem
