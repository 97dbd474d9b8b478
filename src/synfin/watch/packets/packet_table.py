"""Every frame as a row of a table: what the kernels know of it, column by column.

Values go from the kernels' blocks into the columns; no Python object is made of a packet that the kernels know.
Where nothing could be compiled, `packet_rows` fills the same columns from the readable core.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING

from synfin.capture.columns import Column
from synfin.capture.table import Part, Table

if TYPE_CHECKING:
    from synfin.dissect.context import Facts
    from synfin.watch.engine.engine import Engine
    from synfin.wire.frame import Frame

#: names of fields, but for those of `synfin`; the innermost header counts where a frame has several
COLUMNS = tuple(
    Column(name, kind)
    for name, kind in (
        ("frame.number", "u32"),
        ("frame.time", "time"),
        ("synfin.time_ns", "i64"),
        ("frame.time_relative", "i64"),
        ("frame.time_delta", "i64"),
        ("synfin.offset", "u64"),
        ("frame.len", "u32"),
        ("frame.cap_len", "u32"),
        ("ip.src", "address"),
        ("ip.dst", "address"),
        ("ipv6.src", "address"),
        ("ipv6.dst", "address"),
        ("ip.ttl", "u8"),
        ("ipv6.hlim", "u8"),
        ("ip.id", "u16"),
        ("synfin.conn", "u32"),
        ("synfin.from_client", "bool"),
        ("tcp.stream", "u32"),
        ("tcp.completeness", "u8"),
        ("tcp.srcport", "u16"),
        ("tcp.dstport", "u16"),
        ("tcp.seq", "u32"),
        ("tcp.seq_raw", "u32"),
        ("tcp.nxtseq", "u32"),
        ("tcp.ack", "u32"),
        ("tcp.ack_raw", "u32"),
        ("tcp.len", "u32"),
        ("tcp.hdr_len", "u8"),
        ("tcp.flags", "u16"),
        ("tcp.window_size_value", "u16"),
        ("tcp.window_size", "u32"),
        ("tcp.window_size_scalefactor", "i32"),
        ("tcp.checksum", "u16"),
        ("tcp.urgent_pointer", "u16"),
        ("tcp.options.mss_val", "u16"),
        ("tcp.options.wscale.shift", "u8"),
        ("tcp.options.timestamp.tsval", "u32"),
        ("tcp.options.timestamp.tsecr", "u32"),
        ("tcp.time_relative", "i64"),
        ("tcp.time_delta", "i64"),
        ("synfin.analysis", "u32"),
        ("tcp.analysis.acks_frame", "u32"),
        ("tcp.analysis.ack_rtt", "i64"),
        ("tcp.analysis.initial_rtt", "i64"),
        ("tcp.analysis.bytes_in_flight", "u32"),
        ("tcp.analysis.push_bytes_sent", "u32"),
        ("tcp.analysis.duplicate_ack_num", "u32"),
        ("tcp.analysis.duplicate_ack_frame", "u32"),
        ("tcp.analysis.rto", "i64"),
        ("tcp.analysis.rto_frame", "u32"),
    )
)


def packet_table(paths: Sequence[str], finished: Engine, length: Callable[[], int]) -> Table:
    """The table of the captures, read in the order given as one input.

    `finished` has followed all of them, so that every row shows final values.
    """
    from synfin.watch.engine.engines import compiled

    if compiled():
        from synfin.watch.engine.compiled import CompiledEngine
        from synfin.watch.packets.packet_blocks import parts

        if isinstance(finished, CompiledEngine):
            tracker = finished.tracker
            passing = partial(parts, paths, tracker, passing=True)
            return Table(COLUMNS, partial(parts, paths, tracker), length, passing=passing)
    return Table(COLUMNS, lambda rows: _readable_parts(paths, rows), length)


def chosen_packets(packets: Iterable[tuple[Frame, Facts]]) -> Table:
    """The table of packets that the readable core has taken apart, which can be read once."""
    from synfin.watch.packets.packet_rows import parts

    return Table(COLUMNS, lambda rows: parts(packets, rows), lambda: 0)


def _readable_parts(paths: Sequence[str], rows: int) -> Iterator[Part]:
    from synfin.watch.packets.annotate import annotated
    from synfin.watch.packets.packet_rows import parts

    return parts(annotated(paths, fields=("conn.conn",)), rows)
