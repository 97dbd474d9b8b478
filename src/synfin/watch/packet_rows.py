"""The columns of the packet table from packets that the readable core has taken apart: slower, and open to filters."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, cast

from synfin.capture.packet import Packet
from synfin.capture.table import Part
from synfin.dissect.context import Facts
from synfin.watch.analysis import Analysis
from synfin.watch.record import Connection
from synfin.watch.records import text_address
from synfin.wire.frame import Frame
from synfin.wire.tcp import MIN_HEADER_LEN, Segment

_BITS = {flag.name.lower(): flag.value for flag in Analysis if flag.name}


def parts(packets: Iterable[tuple[Frame, Facts]], rows: int) -> Iterator[Part]:
    """Parts of at most `rows` rows; the facts are a second pass's, records included."""
    values = (_row(frame, facts) for frame, facts in packets)
    while chunk := list(islice(values, rows)):
        yield Part(len(chunk), list(zip(*chunk, strict=True)))


def _row(frame: Frame, facts: Facts) -> tuple[Any, ...]:
    packet, segment = cast(Packet, frame.packet), frame.segment
    sound = segment is not None and segment.hdr_len >= MIN_HEADER_LEN
    return (
        packet.number, packet.time_ns, packet.time_ns, packet.offset, packet.wire_len, len(packet.data),
        None if segment is None else facts.conn,
        None if segment is None else _from_client(segment, facts.connection),
        facts.stream,
        None if segment is None else facts.seq,
        facts.ack if sound else None,
        None if segment is None else segment.len_bytes,
        segment.flags if segment is not None and sound else None,
        segment.window if segment is not None and sound else None,
        facts.window_size if sound else None,
        facts.completeness,
        None if segment is None else sum(_BITS.get(name, 0) for name in facts.analysis),
    )  # fmt: skip


def _from_client(segment: Segment, connection: Connection | None) -> bool | None:
    if connection is None:
        return None
    return (text_address(segment.src), segment.src_port) == (connection.client.ip, connection.client.port)
