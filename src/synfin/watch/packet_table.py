"""Every frame as a row of a table: what the kernels know of it, column by column.

Rows and facts go from the kernels into the columns by strides, a block at a time; no Python object is made of a packet.
Where nothing could be compiled, `packet_rows` fills the same columns from the readable core.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from synfin.capture.arrow import Column
from synfin.capture.table import Part, Table

if TYPE_CHECKING:
    from synfin.dissect.context import Facts
    from synfin.watch.engine import Engine
    from synfin.wire.frame import Frame


class Source(NamedTuple):
    """Where a column's values come from."""

    name: str
    kind: str
    origin: str  #: row (of `scan`), fact (of `follow`), made (here)
    field: str
    known: str = ""  #: in which rows: every one, tcp (quoted headers too), own (a segment), header (20 bytes), length


SOURCES = (
    Source("frame.number", "u32", "made", "number"),
    Source("frame.time", "time", "row", "time_ns"),
    Source("synfin.time_ns", "i64", "row", "time_ns"),
    Source("synfin.offset", "u64", "row", "offset"),
    Source("frame.len", "u32", "row", "wire_len"),
    Source("frame.cap_len", "u32", "row", "cap_len"),
    Source("synfin.conn", "u32", "fact", "conn", "own"),
    Source("synfin.from_client", "bool", "made", "from_client", "own"),
    Source("tcp.stream", "u32", "fact", "stream", "tcp"),
    Source("tcp.seq", "u32", "fact", "seq", "own"),
    Source("tcp.ack", "u32", "fact", "ack", "header"),
    Source("tcp.len", "u32", "row", "len_bytes", "length"),
    Source("tcp.flags", "u16", "row", "flags", "header"),
    Source("tcp.window_size_value", "u16", "row", "window", "header"),
    Source("tcp.window_size", "u32", "fact", "window_size", "header"),
    Source("tcp.completeness", "u8", "fact", "completeness", "tcp"),
    Source("synfin.analysis", "u32", "made", "analysis", "own"),
)
COLUMNS = tuple(Column(source.name, source.kind) for source in SOURCES)


def packet_table(paths: Sequence[str], finished: Engine, length: Callable[[], int]) -> Table:
    """The table of the captures, read in the order given as one input.

    `finished` has followed all of them, so that every row shows final values.
    """
    from synfin.watch.engines import compiled

    if compiled():
        from synfin.watch.compiled import CompiledEngine
        from synfin.watch.packet_blocks import parts

        if isinstance(finished, CompiledEngine):
            first = finished
            return Table(COLUMNS, lambda rows: parts(paths, first, rows), length)
    return Table(COLUMNS, lambda rows: _readable_parts(paths, rows), length)


def chosen_packets(packets: Iterable[tuple[Frame, Facts]]) -> Table:
    """The table of packets that the readable core has taken apart, which can be read once."""
    from synfin.watch.packet_rows import parts

    return Table(COLUMNS, lambda rows: parts(packets, rows), lambda: 0)


def _readable_parts(paths: Sequence[str], rows: int) -> Iterator[Part]:
    from synfin.watch.annotate import annotated
    from synfin.watch.packet_rows import parts

    return parts(annotated(paths, fields=("conn.conn",)), rows)
