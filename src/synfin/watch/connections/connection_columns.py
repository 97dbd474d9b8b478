"""Records of the compiled engine as columns, by strides and by key: no Python object is made of a connection."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from struct import Struct

from synfin._kernels import batch
from synfin.capture.columns import CODES, Lists, Plain, Texts, Words
from synfin.watch.connections.compiled_block import Piece, plain_writer, writer
from synfin.watch.connections.connection_fields import KINDS, PARTS
from synfin.watch.connections.judged import JUDGED

_INT = Struct("<i")


def columns(records: bytes) -> list[Plain | Texts | Words | Lists]:
    """Every field of KINDS as a column."""
    return [_column(records, name, kind) for name, kind in KINDS.items()]


def _column(records: bytes, name: str, kind: str) -> Plain | Texts | Words | Lists:
    if name in PARTS:
        return _pairs(records, PARTS[name])
    if name in JUDGED:
        return _judged(records, name, kind)
    if kind == "text":
        return Texts(*plain_writer(name).write_apart(records))
    field = "start_ns" if kind == "time" else name
    return Plain(*batch.numbers(records, field, array(CODES[kind]).itemsize))


def _pairs(records: bytes, parts: Sequence[str]) -> Lists:
    """Lists of two numbers each."""
    data, known, ends = batch.pairs(records, *parts)
    return Lists(ends, Plain(data, known), len(data) // 8)


def _judged(records: bytes, name: str, kind: str) -> Plain | Words | Lists:
    """What is judged: the kernel writes a flag, the place of a word, or a list's size and texts for each key."""
    if kind == "bool":
        return Plain(writer([Piece(b"", name)], lambda value: bytes([value])).write(records))
    if kind == "word":
        return Words(lambda: _places(records, name), lambda: Texts(*plain_writer(name).write_apart(records)))
    sizes = writer([Piece(b"", name)], lambda value: _INT.pack(len(value))).write(records)
    lengths = writer([Piece(b"", name)], lambda value: b"".join(_INT.pack(len(one)) for one in value)).write(records)
    data = writer([Piece(b"", name)], lambda value: "".join(value).encode()).write(records)
    texts = Texts(data, batch.ends_of(memoryview(lengths).cast("i")))
    return Lists(batch.ends_of(memoryview(sizes).cast("i")), texts, len(lengths) // _INT.size)


def _places(records: bytes, name: str) -> tuple[bytes, list[str]]:
    """For each record the place of its word (int32) in the list of those that occur."""
    words: dict[str, int] = {}
    places = writer([Piece(b"", name)], lambda value: _INT.pack(words.setdefault(value, len(words)))).write(records)
    return places, list(words)
