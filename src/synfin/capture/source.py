"""Bytes in, one after the other: files, standard input and pipes alike, decompressed where needed; never seeks."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator
from typing import BinaryIO, Protocol

from synfin.errors import UnreadableInput

CHUNK = 256 * 1024
GZIP_MAGIC = b"\x1f\x8b\x08"
ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"

#: A writable buffer of bytes, as a compiled engine has it.
Buffer = bytearray | memoryview


class Feed(Protocol):
    """Where a ByteSource gets its bytes; empty means the end, and `problem` says whether that end is a bad one."""

    @property
    def problem(self) -> str | None: ...

    @property
    def taken(self) -> int:
        """Bytes of the file, as it stands there, that are read."""

    def seekable(self) -> int | None:
        """The descriptor of a regular file whose offsets are those of the bytes that come from here, None without."""

    def read_some(self, size: int) -> bytes: ...

    def readinto_some(self, buffer: Buffer) -> int: ...

    def seek(self, offset: int) -> None: ...

    def close(self) -> None: ...


class FileFeed:
    """A file, pipe or stream of the caller; reads return as soon as anything is there."""

    def __init__(self, stream: BinaryIO, *, owned: bool) -> None:
        self.problem: str | None = None
        self._stream = stream
        self._owned = owned
        self._ended = False
        self._taken = 0
        self._read = getattr(stream, "read1", stream.read)
        self._readinto = getattr(stream, "readinto1", getattr(stream, "readinto", None))

    def read_some(self, size: int) -> bytes:
        if self._ended:
            return b""
        try:
            data: bytes = self._read(size) or b""
        except OSError as error:
            data = b""
            self.problem = f"reading failed: {error.strerror or error}"
        self._ended = not data  # a terminal would otherwise be asked again after its end of file
        self._taken += len(data)
        return data

    def readinto_some(self, buffer: Buffer) -> int:
        if self._readinto is None:
            data = self.read_some(len(buffer))
            buffer[: len(data)] = data
            return len(data)
        if self._ended:
            return 0
        try:
            count: int = self._readinto(buffer) or 0
        except OSError as error:
            count = 0
            self.problem = f"reading failed: {error.strerror or error}"
        self._ended = not count
        self._taken += count
        return count

    @property
    def taken(self) -> int:
        return self._taken

    def seekable(self) -> int | None:
        if not self._owned or self._ended:
            return None
        descriptor = self._stream.fileno()
        return descriptor if stat.S_ISREG(os.fstat(descriptor).st_mode) else None

    def seek(self, offset: int) -> None:
        """Go on at `offset` of a seekable file."""
        self._stream.seek(offset)
        self._taken = offset

    def close(self) -> None:
        if self._owned:
            self._stream.close()


class ByteSource:
    """The bytes of the (decompressed) input in order, with a look ahead."""

    def __init__(self, feed: Feed, name: str, compression: str = "", packed: ByteSource | None = None) -> None:
        self.name = name  #: for messages: the path, or "standard input"
        self.compression = compression  #: "", "gzip" or "zstd"
        self._feed = feed
        self._packed = packed  # what is decompressed
        self._buffer = b""
        self._at = 0
        self._base = 0  # offset in the input of _buffer[0]

    @property
    def problem(self) -> str | None:
        """Why the bytes ended before they should have (compression, input error), once the end was reached."""
        return self._feed.problem

    @property
    def taken(self) -> int:
        """Bytes of the file that are read, compressed as they stand there: what is behind, of its whole size."""
        return self._feed.taken

    def descriptor(self) -> int | None:
        """The descriptor of a regular file that is read as it is; None for pipes, streams and compressed files."""
        return self._feed.seekable()

    def read_ahead(self) -> None:
        """Decompress on another core from now on, where the input is a compressed file and large.

        Nothing else changes: not what comes, and not where it ends or why.
        """
        if self._packed is not None and self._packed.descriptor() is not None:
            from synfin.capture.ahead import AheadFeed

            self._feed = AheadFeed(self._feed)

    def seek(self, offset: int) -> None:
        """Go on at `offset`: somebody else has read up to there, by the descriptor."""
        self._feed.seek(offset)
        self._buffer, self._at, self._base = b"", 0, offset

    def tell(self) -> int:
        """Offset of the next byte in the decompressed input."""
        return self._base + self._at

    def peek(self, size: int) -> bytes:
        """The next `size` bytes without consuming them; fewer only at the end of the input."""
        while len(self._buffer) - self._at < size:
            more = self._feed.read_some(CHUNK)
            if not more:
                break
            self._base += self._at
            self._buffer = self._buffer[self._at :] + more
            self._at = 0
        return self._buffer[self._at : self._at + size]

    def read(self, size: int) -> bytes:
        """The next `size` bytes; fewer only at the end of the input."""
        end = self._at + size
        if end <= len(self._buffer):
            data = self._buffer[self._at : end]
            self._at = end
            return data
        return self._read_on(size)

    def _read_on(self, size: int) -> bytes:
        parts = [self._buffer[self._at :]]
        missing = size - len(parts[0])
        self._base += len(self._buffer)
        self._buffer, self._at = b"", 0
        while missing:
            more = self._feed.read_some(CHUNK)
            if not more:
                break
            if len(more) > missing:
                self._buffer, self._at = more, missing
                more = more[:missing]
            else:
                self._base += len(more)
            parts.append(more)
            missing -= len(more)
        return b"".join(parts)

    def skip(self, size: int) -> int:
        """Consume `size` bytes in bounded memory; how many there were (fewer only at the end)."""
        skipped = 0
        while skipped < size:
            count = len(self.read(min(CHUNK, size - skipped)))
            if not count:
                break
            skipped += count
        return skipped

    def read_some(self, size: int = CHUNK) -> bytes:
        """Between 1 and `size` bytes as soon as they are there; empty only at the end."""
        if self._at < len(self._buffer):
            data = self._buffer[self._at : self._at + size]
            self._at += len(data)
            return data
        data = self._feed.read_some(size) if size else b""
        self._base += len(self._buffer) + len(data)
        self._buffer, self._at = b"", 0
        return data

    def readinto(self, buffer: Buffer) -> int:
        """Fill the front of `buffer` with at least one byte as soon as any is there; 0 only at the end."""
        if self._at < len(self._buffer):
            data = self.read_some(len(buffer))
            buffer[: len(data)] = data
            return len(data)
        count = self._feed.readinto_some(buffer) if len(buffer) else 0
        self._base += len(self._buffer) + count
        self._buffer, self._at = b"", 0
        return count

    def unread(self, data: bytes) -> None:
        """Put back the last bytes that were read: they come again."""
        self._buffer = data + self._buffer[self._at :]
        self._base += self._at - len(data)
        self._at = 0

    def chunks(self, size: int = CHUNK) -> Iterator[bytes]:
        """Everything that is left, in pieces of at most `size` bytes."""
        while piece := self.read_some(size):
            yield piece

    def close(self) -> None:
        self._feed.close()


def open_source(source: str | os.PathLike[str] | BinaryIO) -> ByteSource:
    """A ByteSource over a path, `-` (standard input) or a binary stream, decompressed if it begins as gzip or zstd.

    Raises UnreadableInput when the file cannot be opened. A stream that was handed in stays open.
    """
    plain = _open_plain(source)
    start = plain.peek(len(ZSTD_MAGIC))
    if start.startswith(GZIP_MAGIC):
        from synfin.capture.compression import GzipFeed

        return ByteSource(GzipFeed(plain), plain.name, "gzip", plain)
    if start == ZSTD_MAGIC:
        from synfin.capture.zstd import ZstdFeed

        return ByteSource(ZstdFeed(plain), plain.name, "zstd", plain)
    return plain


def standard_input() -> BinaryIO:
    """Standard input as bytes; UnreadableInput where the caller closed it."""
    if sys.stdin is None:
        raise UnreadableInput("standard input: cannot be read: it is closed")
    return sys.stdin.buffer


def _open_plain(source: str | os.PathLike[str] | BinaryIO) -> ByteSource:
    if not isinstance(source, str | os.PathLike):
        return ByteSource(FileFeed(source, owned=False), str(getattr(source, "name", "input")))
    if source == "-":
        return ByteSource(FileFeed(standard_input(), owned=False), "standard input")
    name = str(source)
    try:
        stream = open(source, "rb", buffering=0)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        reason = getattr(error, "strerror", None) or error
        raise UnreadableInput(f"{name}: cannot be opened: {reason}") from error
    return ByteSource(FileFeed(stream, owned=True), name)
