"""Tables as Arrow files (`.arrow`, the format with a footer) and streams (`.arrows`).

nanoarrow writes the stream; a file is the same stream between two magic words, with a footer that says where each
record batch lies. The footer is a flatbuffer that holds the stream's own schema: offsets in flatbuffers are relative,
so its bytes are taken over as they are.
"""

from __future__ import annotations

import struct
from typing import BinaryIO, NamedTuple

from synfin.capture.arrow import lazy_stream
from synfin.capture.table import Table

_MAGIC = b"ARROW1"
_PREFIX = struct.Struct("<II")  # of a message: 0xFFFFFFFF, size of its metadata
_VERSION = 4  # V5 of the metadata
_HEADER_FIELD = 2  # of the table Message


class _Block(NamedTuple):
    """Where a record batch lies in the file."""

    offset: int
    metadata_size: int
    body_size: int


class _Counting:
    """What is written, with the position and the start of the message that is under way."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out
        self.position = 0
        self.message = bytearray()  # as much of it as was asked to be kept
        self._keep = 0

    def begin(self, keep: int) -> int:
        self.message, self._keep = bytearray(), keep
        return self.position

    def write(self, data: bytes) -> int:
        data = bytes(data)
        self._out.write(data)
        self.position += len(data)
        self.message += data[: max(self._keep - len(self.message), 0)]
        return len(data)


def write_arrow(table: Table, out: BinaryIO, *, footer: bool = True) -> None:
    """Write a table, a batch in memory at a time; texts of few different ones are plain texts here.

    `footer`: the file format, else the stream format.
    """
    from nanoarrow.ipc import StreamWriter

    counting = _Counting(out)
    if footer:
        counting.write(_MAGIC.ljust(8, b"\0"))
    blocks = []
    with StreamWriter.from_writable(counting) as writer:
        counting.begin(1 << 20)
        writer.write_stream(lazy_stream(table.columns, iter(()), dictionaries=False))
        schema = bytes(counting.message[_PREFIX.size :])
        for batch in table.record_batches(dictionaries=False):
            offset = counting.begin(_PREFIX.size)
            writer.write_array(batch)
            metadata_size = _PREFIX.size + _PREFIX.unpack(counting.message)[1]
            blocks.append(_Block(offset, metadata_size, counting.position - offset - metadata_size))
    if footer:
        end = _footer(schema, blocks)
        counting.write(end + struct.pack("<I", len(end)) + _MAGIC)


def _footer(schema: bytes, blocks: list[_Block]) -> bytes:
    """The flatbuffer `Footer`: version, schema, no dictionaries, record batches."""
    table, empty, batches = 16, 36, 44  # positions: the table, the vector of dictionaries, that of batches
    copied = batches + 4 + 24 * len(blocks)
    fields = {"schema": table + 4, "dictionaries": table + 8, "batches": table + 12, "version": table + 16}
    vtable = struct.pack(
        "<6H", 12, 20, *(fields[name] - table for name in ("version", "schema", "dictionaries", "batches"))
    )
    body = struct.pack(
        "<iIIIHH", table - 4, copied + _schema_position(schema) - fields["schema"], empty - fields["dictionaries"],
        batches - fields["batches"], _VERSION, 0,
    )  # fmt: skip
    vectors = struct.pack("<III", 0, 0, len(blocks))  # of dictionaries, padding, of batches
    entries = b"".join(struct.pack("<qi4xq", *block) for block in blocks)
    return struct.pack("<I", table) + vtable + body + vectors + entries + schema


def _schema_position(message: bytes) -> int:
    """Where the table Schema begins in the flatbuffer of a schema message."""
    (root,) = struct.unpack_from("<I", message)
    (back,) = struct.unpack_from("<i", message, root)
    (at,) = struct.unpack_from("<H", message, root - back + 4 + 2 * _HEADER_FIELD)
    (forward,) = struct.unpack_from("<I", message, root + at)
    return int(root + at + forward)
