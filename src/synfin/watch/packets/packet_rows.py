"""The columns of the packet table from packets that the readable core has taken apart: slower, and open to filters."""

from __future__ import annotations

import socket
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, cast

from synfin.capture.columns import Column
from synfin.capture.packet import Packet
from synfin.capture.table import Part
from synfin.dissect.context import Facts
from synfin.dissect.fields import lookup
from synfin.watch.connections.record import Connection
from synfin.watch.connections.records import text_address
from synfin.watch.follow.analysis import Analysis
from synfin.watch.packets.packet_table import COLUMNS
from synfin.wire.frame import Frame
from synfin.wire.tcp import MIN_HEADER_LEN, Segment

_BITS = {flag.name.lower(): flag.value for flag in Analysis if flag.name}


def parts(packets: Iterable[tuple[Frame, Facts]], rows: int) -> Iterator[Part]:
    """Parts of at most `rows` rows; the facts are a second pass's, records included."""
    values = (cells_of(frame, facts) for frame, facts in packets)
    while chunk := list(islice(values, rows)):
        yield Part(len(chunk), list(zip(*chunk, strict=True)))


def cells_of(frame: Frame, facts: Facts) -> tuple[Any, ...]:
    """The values of one packet, in the order of the columns."""
    own = _own(frame, facts)
    return tuple(own[column.name] if column.name in own else _last(column, frame, facts) for column in COLUMNS)


def octets_of(text: str | None) -> bytes | None:
    """The bytes of an address of `cells_of`."""
    return None if text is None else socket.inet_pton(socket.AF_INET6 if ":" in text else socket.AF_INET, text)


def _own(frame: Frame, facts: Facts) -> dict[str, Any]:
    """Columns that are no fields, and those of which a header that is quoted or too short has less than its field."""
    packet, segment = cast(Packet, frame.packet), frame.segment
    sound = segment is not None and segment.hdr_len >= MIN_HEADER_LEN
    return {
        "frame.number": packet.number,
        "frame.time": packet.time_ns if packet.timed else None,
        "synfin.time_ns": packet.time_ns if packet.timed else None,
        "synfin.offset": packet.offset,
        "frame.len": packet.wire_len,
        "frame.cap_len": len(packet.data),
        "synfin.conn": None if segment is None else facts.conn,
        "synfin.from_client": None if segment is None else _from_client(segment, facts.connection),
        "tcp.stream": facts.stream,
        "tcp.seq": None if segment is None else facts.seq,
        "tcp.ack": facts.ack if sound else None,
        "tcp.len": None if segment is None else segment.len_bytes,
        "tcp.flags": segment.flags if segment is not None and sound else None,
        "tcp.window_size_value": segment.window if segment is not None and sound else None,
        "tcp.window_size": facts.window_size if sound else None,
        "tcp.completeness": facts.completeness,
        "synfin.analysis": None if segment is None else sum(_BITS.get(name, 0) for name in facts.analysis),
    }


def _last(column: Column, frame: Frame, facts: Facts) -> Any:
    """The innermost value of a field; of TCP only what the frame itself sends."""
    if column.name.startswith("tcp.") and frame.segment is None:
        return None
    field = lookup(column.name)
    found = field.load(frame, facts)
    if not found:
        return None
    return field.show(found[-1]) if column.kind == "address" else found[-1]


def _from_client(segment: Segment, connection: Connection | None) -> bool | None:
    if connection is None:
        return None
    return (text_address(segment.src), segment.src_port) == (connection.client.ip, connection.client.port)
