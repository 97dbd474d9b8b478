"""Records of the compiled engine, many at once: chosen, put in order and made columns without an object for each."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from synfin._kernels import batch, field, render
from synfin.watch.connections.connection_fields import plain
from synfin.watch.connections.judged import JUDGED

if TYPE_CHECKING:
    from synfin.capture.columns import Lists, Plain, Texts, Words
    from synfin.watch.connections.record import Connection


class Piece(NamedTuple):
    """Literal text, then a field: one of the kernel's numbers and texts, or one of JUDGED; none: ""."""

    literal: bytes
    field: str = ""
    unknown: bytes = b""


def writer(pieces: Sequence[Piece], text: Callable[[Any], bytes]) -> render.Writer:
    """What writes records as these pieces; `text` gives what is judged as it is to be shown.

    Judged fields beside one another that depend on the same key become one text.
    """
    runs: list[list[Piece]] = []
    for piece in pieces:
        before = runs[-1][-1].field if runs else ""
        if piece.field in JUDGED and before in JUDGED and JUDGED[piece.field].key == JUDGED[before].key:
            runs[-1].append(piece)
        else:
            runs.append([piece])

    def judge(place: int, key: int) -> bytes:
        first, *rest = runs[place]
        shown = text(JUDGED[first.field].judge(key))
        return shown + b"".join(piece.literal + text(JUDGED[piece.field].judge(key)) for piece in rest)

    layout = [
        (first.literal, JUDGED[first.field].key if first.field in JUDGED else first.field, first.unknown)
        for first, *_ in runs
    ]
    return render.Writer(layout, judge)


class CompiledBlock:
    """Some records, in order; see `record_block.RecordBlock`."""

    def __init__(self, records: bytes) -> None:
        self.records = records

    @classmethod
    def joined(cls, blocks: Sequence[CompiledBlock]) -> CompiledBlock:
        return cls(b"".join(block.records for block in blocks))

    def __len__(self) -> int:
        return len(self.records) // batch.record_size()

    def between(self, since_ns: int, until_ns: int) -> CompiledBlock:
        low, high = -(1 << 63), (1 << 63) - 1
        if since_ns > high or until_ns < low:
            return CompiledBlock(b"")
        return CompiledBlock(batch.between(self.records, max(since_ns, low), min(until_ns, high)))

    def take(self, places: Sequence[int]) -> CompiledBlock:
        return CompiledBlock(batch.take(self.records, array("I", places)))

    def connections(self) -> Iterator[Connection]:
        from synfin.watch.connections.records import record
        from synfin.watch.engine.compiled import raws

        return map(record, raws(self.records))

    def columns(self) -> list[Plain | Texts | Words | Lists]:
        """Every field of KINDS as a column."""
        from synfin.watch.connections.connection_columns import columns

        return columns(self.records)

    def values(self, name: str) -> Sequence[Any]:
        if name in field.NUMBERS and name not in _WIDE:
            data, valid = batch.numbers(self.records, name, 8)
            found: Sequence[Any] = array("q" if name in _SIGNED else "Q", data)
            return found if valid is None else [one if known else None for one, known in zip(found, valid, strict=True)]
        text, ends = plain_writer(name).write_apart(self.records)
        shown = text.decode("ascii")
        at = array("i", ends)
        cells = [shown[at[place] : at[place + 1]] for place in range(len(self))]
        return [int(cell) if cell else None for cell in cells] if name in _WIDE else cells


_SIGNED = ("start_ns", "leg_0", "leg_1")
_WIDE = ("duration_ns", "handshake_rtt_ns")  # a broken clock may need more than 64 bits


@lru_cache(maxsize=64)
def plain_writer(name: str) -> render.Writer:
    """One field as plain text."""
    return writer([Piece(b"", name)], lambda value: plain(value).encode())


def in_order(blocks: Iterable[bytes]) -> Iterator[CompiledBlock]:
    """Blocks of records, whose `conn` count from 0, by `conn`.

    A header that was quoted before its connection has made a record before that connection's number was due.
    """
    expected = 0
    early = b""
    for block in blocks:
        records = CompiledBlock(early + block)
        conns = records.values("conn")
        count = len(conns)
        early = b""
        if conns != array("Q", range(expected, expected + count)):
            places = sorted(range(count), key=conns.__getitem__)
            count = next((n for n, place in enumerate(places) if conns[place] != expected + n), count)
            early = records.take(places[count:]).records
            records = records.take(places[:count])
        expected += count
        if count:
            yield records
