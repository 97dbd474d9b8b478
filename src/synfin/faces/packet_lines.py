"""Packets as lines: tshark's columns, apart by spaces or tabs, and the bytes below where -x asks for them."""

from __future__ import annotations

from collections.abc import Iterator

from synfin.dissect.context import Facts
from synfin.dissect.summary import ARROW, summarize
from synfin.faces.packet_times import time_text
from synfin.wire.frame import Frame

_ROW = 16  #: bytes on a line of a dump


def line(frame: Frame, facts: Facts, times: str, separator: str = " ") -> str:
    """The columns of one packet."""
    row = summarize(frame, facts)
    columns = (
        f"{row.number:5d}", f"{time_text(times, frame, facts):>10}", f"{row.src:>12}", ARROW, f"{row.dst:<12}",
        row.protocol, str(row.length), row.info,
    )  # fmt: skip
    return separator.join(columns).rstrip()


def hex_dump(frame: Frame) -> Iterator[str]:
    """Every captured byte, and below what was put together of fragments, each with its name where there are both."""
    captured = frame.packet.data
    if not frame.rebuilt:
        yield from dump(captured)
        return
    yield f"Frame ({len(captured)} bytes):"
    yield from dump(captured)
    for title, together in _together(frame):
        yield f"{title} ({len(together)} bytes):"
        yield from dump(together)


def _together(frame: Frame) -> Iterator[tuple[str, bytes]]:
    """What stands behind the captured bytes, part by part, and what each is."""
    at, end = len(frame.packet.data), len(frame.rebuilt)
    if frame.segment is not None and frame.tcp is not None:
        end = min(frame.tcp.end, end) if frame.tcp.start >= at else at
    if at < end:
        version = "IPv6" if any(layer.name == "ipv6" for layer in frame.layers) else "IPv4"
        yield f"Reassembled {version}", frame.rebuilt[at:end]
    for layer in frame.layers:
        if layer.start >= end and layer.name in ("tcp.segments", "data"):
            title, end = "Reassembled TCP" if layer.name == "tcp.segments" else "Body", layer.end
            yield title, frame.rebuilt[layer.start : end]


def dump(data: bytes) -> Iterator[str]:
    """Lines of sixteen bytes: offset, hexadecimal, and as characters where they are printable ASCII."""
    digits = 4 if len(data) - 1 < 1 << 16 else 6 if len(data) - 1 < 1 << 24 else 8
    for start in range(0, len(data), _ROW):
        part = data[start : start + _ROW]
        characters = "".join(chr(byte) if 0x20 <= byte < 0x7F else "." for byte in part)
        yield f"{start:0{digits}x}  {part.hex(' '):<{_ROW * 3 - 1}}   {characters}"
