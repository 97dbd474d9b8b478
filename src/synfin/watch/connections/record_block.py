"""Some connections of an engine, as it gives them: records of the kernels, or the readable tracker's objects."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from synfin.watch.connections.record import Connection
    from synfin.watch.engine.engine import Engine

_AT_ONCE = 1024  #: connections of a block


class RecordBlock(Protocol):
    """Some connections, in order."""

    @classmethod
    def joined(cls, blocks: Sequence[Any]) -> RecordBlock:
        """Blocks of this class as one."""

    def __len__(self) -> int: ...

    def between(self, since_ns: int, until_ns: int) -> RecordBlock:
        """Those that lived in a range of time: neither over before it nor begun after it."""

    def take(self, places: Sequence[int]) -> RecordBlock:
        """Those at these places, in this order."""

    def values(self, name: str) -> Sequence[Any]:
        """A field of each: integers and None, or the text that the plain forms show."""

    def connections(self) -> Iterator[Connection]:
        """Each as an object."""


class ReadableBlock:
    """See `RecordBlock`."""

    def __init__(self, connections: Sequence[Connection]) -> None:
        self._connections = connections

    @classmethod
    def joined(cls, blocks: Sequence[ReadableBlock]) -> ReadableBlock:
        return cls([one for block in blocks for one in block._connections])

    def __len__(self) -> int:
        return len(self._connections)

    def between(self, since_ns: int, until_ns: int) -> ReadableBlock:
        return ReadableBlock([
            one for one in self._connections
            if one.start_ns + one.duration_ns >= since_ns and one.start_ns <= until_ns
        ])  # fmt: skip

    def take(self, places: Sequence[int]) -> ReadableBlock:
        return ReadableBlock([self._connections[place] for place in places])

    def values(self, name: str) -> Sequence[Any]:
        from synfin.watch.connections.connection_fields import getter, plain

        found = list(map(getter(name), self._connections))
        return found if all(value is None or type(value) is int for value in found) else list(map(plain, found))

    def connections(self) -> Iterator[Connection]:
        return iter(self._connections)


def record_blocks(engine: Engine) -> Iterator[RecordBlock]:
    """Every connection that an engine still has, by `conn`."""
    blocks = getattr(engine, "record_blocks", None)
    if blocks is not None:
        from synfin.watch.connections.compiled_block import in_order

        yield from in_order(blocks())
        return
    from synfin.watch.connections.records import record

    yield from readable_blocks(map(record, engine.connections()))


def left(engine: Engine, everything: bool = False) -> Iterator[RecordBlock]:
    """The connections that have left an engine's memory since; with `everything` the others leave, too.

    In the order of leaving, ties by `conn`.
    """
    drain = getattr(engine, "drain", None)
    if drain is not None:
        from synfin.watch.connections.compiled_block import CompiledBlock

        yield from map(CompiledBlock, drain(everything))
    elif everything:
        yield from record_blocks(engine)


def readable_blocks(connections: Iterable[Connection]) -> Iterator[ReadableBlock]:
    """Objects as blocks."""
    rest = iter(connections)
    while some := list(islice(rest, _AT_ONCE)):
        yield ReadableBlock(some)
