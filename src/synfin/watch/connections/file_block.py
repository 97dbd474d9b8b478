"""Connections of several files that are each an input of their own: from which one each is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain, groupby
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from synfin.watch.connections.record import Connection
    from synfin.watch.connections.record_block import RecordBlock

FILE = "file"  #: how the field is called, beside those of the record


class FileBlock:
    """Some connections in order, and the name of the file of each; see `record_block.RecordBlock`."""

    def __init__(self, block: RecordBlock, files: Sequence[str]) -> None:
        self.block = block
        self.files = files

    @classmethod
    def joined(cls, blocks: Sequence[FileBlock]) -> FileBlock:
        whole = type(blocks[0].block).joined([block.block for block in blocks])
        return cls(whole, list(chain.from_iterable(block.files for block in blocks)))

    def __len__(self) -> int:
        return len(self.files)

    def between(self, since_ns: int, until_ns: int) -> FileBlock:
        lives = zip(self.values("start_ns"), self.values("duration_ns"), strict=True)
        return self.take([
            place for place, (start_ns, duration_ns) in enumerate(lives)
            if start_ns + duration_ns >= since_ns and start_ns <= until_ns
        ])  # fmt: skip

    def take(self, places: Sequence[int]) -> FileBlock:
        return FileBlock(self.block.take(places), [self.files[place] for place in places])

    def values(self, name: str) -> Sequence[Any]:
        return self.files if name == FILE else self.block.values(name)

    def connections(self) -> Iterator[Connection]:
        return self.block.connections()

    def runs(self) -> Iterator[tuple[str, RecordBlock]]:
        """Those of one file that follow one another, as a block, and the file."""
        start = 0
        for file, run in groupby(self.files):
            stop = start + sum(1 for _ in run)
            whole = stop - start == len(self)
            yield file, self.block if whole else self.block.take(range(start, stop))
            start = stop
