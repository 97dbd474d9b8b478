"""Bytes that a thread makes before they are asked for: decompression on a core of its own."""

from __future__ import annotations

from collections import deque
from threading import Condition, Thread

from synfin.capture.source import CHUNK, Buffer, Feed

ROOM = 4 << 20  #: bytes that wait at most, but for a piece

_BEGIN = 1 << 20  # bytes that are read without a thread: less is not worth one
_ENOUGH = 1 << 19  # bytes for which who waits is woken: a thread that sleeps wakes late


class AheadFeed:
    """What another feed gives, whose reads never wait for somebody else (a regular file, decompressed)."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self._given = 0
        self._thread: Thread | None = None
        self._changed = Condition()  # guards all that follows
        self._pieces: deque[bytes] = deque()
        self._at = 0  # in the first of them
        self._held = 0  # bytes in all of them
        self._ended = False  # nothing follows the pieces
        self._closed = False
        self._error: BaseException | None = None

    @property
    def problem(self) -> str | None:
        return self._feed.problem if self._thread is None or (self._ended and not self._held) else None

    @property
    def taken(self) -> int:
        return self._feed.taken

    def seekable(self) -> int | None:
        return None

    def seek(self, offset: int) -> None:
        self._feed.seek(offset)

    def read_some(self, size: int) -> bytes:
        if not self._is_ahead():
            data = self._feed.read_some(size)
            self._given += len(data)
            return data
        self._wait()
        return bytes(self._take(size))

    def readinto_some(self, buffer: Buffer) -> int:
        if not self._is_ahead():
            count = self._feed.readinto_some(buffer)
            self._given += count
            return count
        self._wait()
        count = 0
        while count < len(buffer) and (data := self._take(len(buffer) - count)):
            buffer[count : count + len(data)] = data
            count += len(data)
        return count

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join()
        self._feed.close()

    def _is_ahead(self) -> bool:
        """Whether the thread reads; it begins when the input turns out to be large."""
        if self._thread is None and self._given >= _BEGIN:
            self._thread = Thread(target=self._read_on, daemon=True)
            self._thread.start()
        return self._thread is not None

    def _wait(self) -> None:
        """Until some bytes are there, or the end."""
        with self._changed:
            while self._held < _ENOUGH and not self._ended:
                self._changed.wait()
            if self._error is not None and not self._held:
                raise self._error

    def _take(self, size: int) -> memoryview:
        """So many bytes at most of the first piece."""
        with self._changed:
            if not self._pieces:
                return memoryview(b"")
            piece = self._pieces[0]
            data = memoryview(piece)[self._at : self._at + size]
            self._at += len(data)
            if self._at == len(piece):
                self._pieces.popleft()
                self._at = 0
            before, self._held = self._held, self._held - len(data)
            if before >= ROOM > self._held:
                self._changed.notify_all()
        return data

    def _read_on(self) -> None:
        """What the thread does."""
        data = b"-"
        try:
            while data:
                data = self._feed.read_some(CHUNK)
                with self._changed:
                    before, self._held = self._held, self._held + len(data)
                    if data:
                        self._pieces.append(data)
                    if before < _ENOUGH <= self._held:
                        self._changed.notify_all()
                    while self._held >= ROOM and not self._closed:
                        self._changed.wait()
                    if self._closed:
                        break
        except BaseException as error:
            self._error = error
        with self._changed:
            self._ended = True
            self._changed.notify_all()
