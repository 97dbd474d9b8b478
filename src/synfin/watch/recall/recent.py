"""A bounded dictionary: what was put in longest ago leaves when it is full."""

from __future__ import annotations

from typing import Generic, TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")


class Recent(Generic[Key, Value]):
    """At most `limit` entries; putting one in again makes it the latest."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._entries: dict[Key, Value] = {}  # the oldest first
        self.forgot = False  #: whether one had to leave

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: Key) -> Value | None:
        return self._entries.get(key)

    def put(self, key: Key, value: Value) -> None:
        self._entries.pop(key, None)
        self._entries[key] = value
        if len(self._entries) > self._limit:
            del self._entries[next(iter(self._entries))]
            self.forgot = True

    def take(self, key: Key) -> Value | None:
        """The entry, which leaves."""
        return self._entries.pop(key, None)
