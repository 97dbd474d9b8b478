"""The connection table as text for programs: TSV, CSV, NDJSON and JSON, block by block as connections come.

Records of the kernels are written by the kernel `render`, whose layouts stand in `connection_layout`; the readable
writers here say what the text is, and write where nothing could be compiled.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from synfin.watch.connections.record_block import ReadableBlock, RecordBlock

if TYPE_CHECKING:
    from synfin.watch.connections.record import Connection

FORMS = ("tsv", "csv", "ndjson", "json")

#: columns of the plain forms, unless others are asked for
COLUMNS = (
    "conn", "client", "server", "start", "duration_ns", "client.payload_bytes", "server.payload_bytes",
    "handshake_rtt_ns", "client.retransmissions", "server.retransmissions", "open", "close", "closed_by",
    "client.state", "server.state",
)  # fmt: skip

SEPARATORS = {"tsv": "\t", "csv": ","}
JSON_INDENT = {"json": 1, "ndjson": None}  #: as json.dumps takes it
JSON_SEPARATORS = {"json": (",", ": "), "ndjson": (",", ":")}
JSON_DEPTH = 2  #: of a record in the document
#: what stands in front of and behind every record; the first one of a document has no comma
AROUND = {"tsv": ("", "\n"), "csv": ("", "\n"), "ndjson": ("", "\n"), "json": (",\n  ", "")}


def print_text(
    form: str, blocks: Iterable[RecordBlock], columns: Sequence[str], paths: Sequence[str], warnings: Sequence[str],
    helpers: int = 0,
) -> None:  # fmt: skip
    """Print the blocks; `warnings` is complete once they are read. CSV needs no quotes: no value holds a comma.

    Texts of several blocks are made at once by so many `helpers` and the caller.
    """
    if form in SEPARATORS:
        sys.stdout.write(SEPARATORS[form].join(columns) + "\n")
    elif form == "json":
        sys.stdout.write(_json_head(paths))
    written = Written(form)
    for block, text in _texts(blocks, lambda: _maker(form, columns), helpers):
        written.write(block, text)
    if form == "json":
        sys.stdout.write(_json_tail(warnings, empty=written.empty))


def _texts(
    blocks: Iterable[RecordBlock], maker: Callable[[], Callable[[RecordBlock], str | bytes]], helpers: int
) -> Iterator[tuple[RecordBlock, str | bytes]]:
    if helpers:
        from synfin.faces.beside import made_of

        yield from made_of(blocks, maker, helpers)
        return
    make = maker()
    for block in blocks:
        yield block, make(block)


def _maker(form: str, columns: Sequence[str]) -> Callable[[RecordBlock], str | bytes]:
    """What makes text of blocks of either engine, for one thread."""
    compiled: Callable[[bytes], bytes] | None = None

    def make(block: RecordBlock) -> str | bytes:
        nonlocal compiled
        if isinstance(block, ReadableBlock):
            return readable(form, block.connections(), columns)
        if compiled is None:
            from synfin.faces.connection_layout import compiled_writer

            compiled = compiled_writer(form, columns)
        return compiled(block.records)  # type: ignore[attr-defined]

    return make


class Written:
    """Writes the texts of blocks to standard output."""

    def __init__(self, form: str) -> None:
        self.empty = True
        self._form = form

    def write(self, block: RecordBlock, text: str | bytes) -> None:
        """Write the text of a block."""
        if self.empty and self._form == "json":
            text = text[1:]  # no comma in front of the first record
        self.empty = self.empty and not len(block)
        binary = getattr(sys.stdout, "buffer", None)
        if isinstance(text, str):
            sys.stdout.write(text)
        elif binary is None:  # a stream of text only, in a notebook
            sys.stdout.write(text.decode("ascii"))
        else:
            sys.stdout.flush()
            binary.write(text)


def readable(form: str, connections: Iterable[Connection], columns: Sequence[str]) -> str:
    """The connections as text, by plain Python."""
    before, behind = AROUND[form]
    one_line = _plain_line(SEPARATORS[form], columns) if form in SEPARATORS else _json_record(form)
    return "".join(f"{before}{one_line(one)}{behind}" for one in connections)


def _plain_line(separator: str, columns: Sequence[str]) -> Callable[[Connection], str]:
    from synfin.watch.connections.connection_fields import getter, plain

    getters = [getter(name) for name in columns]
    return lambda one: separator.join(plain(get(one)) for get in getters)


def _json_record(form: str) -> Callable[[Connection], str]:
    import json

    def record(one: Connection) -> str:
        text = json.dumps(one.to_dict(), ensure_ascii=False, indent=JSON_INDENT[form], separators=JSON_SEPARATORS[form])
        return text.replace("\n", "\n" + " " * JSON_DEPTH)

    return record


def _json_head(paths: Sequence[str]) -> str:
    import json

    file = json.dumps(paths[0] if len(paths) == 1 else list(paths), ensure_ascii=False, indent=1)
    indented = file.replace("\n", "\n ")
    return f'{{\n "schema": 1,\n "file": {indented},\n "connections": ['


def _json_tail(warnings: Sequence[str], *, empty: bool) -> str:
    import json

    listed = json.dumps(list(warnings), ensure_ascii=False, indent=1).replace("\n", "\n ")
    end = "" if empty else "\n "
    return f'{end}],\n "warnings": {listed}\n}}\n'
