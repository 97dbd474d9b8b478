"""The messages of Arrow's IPC formats: schema, dictionary, record batch, and the footer of a file."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from synfin.capture.columns import Column
from synfin.capture.flatbuffer import Scalar, Structs, Table, flatbuffer

PREFIX = struct.Struct("<II")  #: of a message: 0xFFFFFFFF, size of its metadata
END = PREFIX.pack(0xFFFFFFFF, 0)  #: of a stream
NAMES = 0  #: the number of the one dictionary

_VERSION = 4  # V5 of the metadata
_SCHEMA, _DICTIONARY, _RECORDS = 1, 2, 3  # headers of a message
_INT, _TEXT, _BOOL, _TIMESTAMP, _LIST = 2, 5, 6, 10, 12  # types
_NANOSECOND = 3
_BITS = {"u8": 8, "u16": 16, "u32": 32, "u64": 64, "i8": 8, "i16": 16, "i32": 32, "i64": 64}


class Block(NamedTuple):
    """Where a message lies in the file."""

    offset: int
    metadata_size: int  #: prefix included
    body_size: int


class Node(NamedTuple):
    """An array of a record batch: how long it is, and how many of its values are unknown."""

    length: int
    unknown: int


def schema(columns: Sequence[Column], *, dictionaries: bool) -> Table:
    """The columns; with `dictionaries` addresses are numbers of the dictionary NAMES."""
    fields = [_field(column.name, column.kind, dictionaries) for column in columns]
    return Table((Scalar("h", 0), fields))


def schema_message(of: Table) -> bytes:
    return _message(_SCHEMA, of, 0)


def batch_message(length: int, nodes: Iterable[Node], buffers: Sequence[tuple[int, int]], body_size: int) -> bytes:
    """Of a record batch: its arrays, and where each buffer lies in the body, and how long it is."""
    return _message(_RECORDS, _records(length, nodes, buffers), body_size)


def names_message(length: int, buffers: Sequence[tuple[int, int]], body_size: int) -> bytes:
    """Of the dictionary NAMES."""
    found = Table((Scalar("q", NAMES), _records(length, [Node(length, 0)], buffers), Scalar("B", 0)))
    return _message(_DICTIONARY, found, body_size)


def footer(of: Table, dictionaries: Sequence[Block], batches: Sequence[Block]) -> bytes:
    """The end of a file: what lies where, without what comes behind."""
    return flatbuffer(Table((Scalar("h", _VERSION), of, _blocks(dictionaries), _blocks(batches))))


def _blocks(blocks: Sequence[Block]) -> Structs:
    return Structs(b"".join(struct.pack("<qi4xq", *block) for block in blocks), len(blocks))


def _message(kind: int, header: Table, body_size: int) -> bytes:
    metadata = flatbuffer(Table((Scalar("h", _VERSION), Scalar("B", kind), header, Scalar("q", body_size))))
    return PREFIX.pack(0xFFFFFFFF, len(metadata)) + metadata


def _records(length: int, nodes: Iterable[Node], buffers: Sequence[tuple[int, int]]) -> Table:
    packed = [struct.pack("<qq", *node) for node in nodes]
    places = [struct.pack("<qq", *buffer) for buffer in buffers]
    return Table((Scalar("q", length), Structs(b"".join(packed), len(packed)), Structs(b"".join(places), len(places))))


def _field(name: str, kind: str, dictionaries: bool) -> Table:
    type_number, of_type, children = _type(kind)
    dictionary = None
    if kind == "address" and dictionaries:
        dictionary = Table((Scalar("q", NAMES), _int(32, signed=True), Scalar("B", 0)))
    return Table((name, Scalar("B", 1), Scalar("B", type_number), of_type, dictionary, children))


def _type(kind: str) -> tuple[int, Table, list[Table]]:
    """The number of a type, its table, and the fields inside."""
    if kind in _BITS:
        return _INT, _int(_BITS[kind], signed=kind[0] == "i"), []
    if kind == "bool":
        return _BOOL, Table(()), []
    if kind == "time":
        return _TIMESTAMP, Table((Scalar("h", _NANOSECOND), "UTC")), []
    if kind in ("numbers", "texts"):
        return _LIST, Table(()), [_field("item", "i64" if kind == "numbers" else "text", False)]
    return _TEXT, Table(()), []


def _int(bits: int, *, signed: bool) -> Table:
    return Table((Scalar("i", bits), Scalar("B", signed)))
