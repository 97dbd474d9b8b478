"""The connection table as text for programs: TSV, CSV, NDJSON and JSON, block by block as connections come.

Records of the kernels are written by the kernel `render`, whose layouts stand in `connection_layout`; the readable
writers here say what the text is, and write where nothing could be compiled.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from synfin.watch.connections.file_block import FILE, FileBlock
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
    """Print the blocks; `warnings` is complete once they are read.

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
    compiled: dict[str | None, Callable[[bytes], bytes]] = {}

    def make(block: RecordBlock, file: str | None = None) -> str | bytes:
        if isinstance(block, FileBlock):
            return b"".join(_encoded(make(run, name)) for name, run in block.runs())
        if isinstance(block, ReadableBlock):
            return readable(form, block.connections(), columns, file)
        if file not in compiled:
            from synfin.faces.connection_layout import compiled_writer

            compiled[file] = compiled_writer(form, columns, file)
        return compiled[file](block.records)  # type: ignore[attr-defined]

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
            sys.stdout.write(text.decode("utf-8"))
        else:
            sys.stdout.flush()
            binary.write(text)


def _encoded(text: str | bytes) -> bytes:
    return text.encode("utf-8", "backslashreplace") if isinstance(text, str) else text


def file_text(form: str, file: str) -> str:
    """The name of a file as a form shows it; every other value needs no quotes in CSV: none holds a comma."""
    if form not in SEPARATORS:
        import json

        return json.dumps(file, ensure_ascii=False)
    from synfin.explain.escape import visible

    shown = visible(file)
    quoted = form == "csv" and ("," in shown or '"' in shown)
    return '"' + shown.replace('"', '""') + '"' if quoted else shown


def readable(form: str, connections: Iterable[Connection], columns: Sequence[str], file: str | None = None) -> str:
    """The connections as text, by plain Python; `file`: the one that all are from, where it is told."""
    before, behind = AROUND[form]
    one_line = _plain_line(form, columns, file) if form in SEPARATORS else _json_record(form, file)
    return "".join(f"{before}{one_line(one)}{behind}" for one in connections)


def _plain_line(form: str, columns: Sequence[str], file: str | None) -> Callable[[Connection], str]:
    from synfin.watch.connections.connection_fields import getter, plain

    separator = SEPARATORS[form]
    of_all = None if file is None else file_text(form, file)
    getters = [(lambda one: of_all) if name == FILE else getter(name) for name in columns]
    return lambda one: separator.join(plain(get(one)) for get in getters)


def _json_record(form: str, file: str | None) -> Callable[[Connection], str]:
    import json

    of_all = {} if file is None else {FILE: file}

    def record(one: Connection) -> str:
        text = json.dumps(
            of_all | one.to_dict(), ensure_ascii=False, indent=JSON_INDENT[form], separators=JSON_SEPARATORS[form]
        )
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
