"""`-T fields` for the fields that the kernels know: lines written by compiled code, the others by the readable one."""

from __future__ import annotations

import sys
from array import array
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from synfin._kernels import lines
from synfin.dissect.show import HEX_DIGITS
from synfin.watch.packets.column_fields import spec

if TYPE_CHECKING:
    from synfin.dissect.field import Field
    from synfin.dissect.format import Layout
    from synfin.filter.selection import Selection

_ROOM = 1 << 18  #: bytes of text that are written at once
_OCCURRENCES = {"a": lines.ALL, "f": lines.FIRST, "l": lines.LAST}
_WRITTEN = {
    "bool": lines.FLAG, "none": lines.MARK, "reltime": lines.SECONDS, "ipv4": lines.IPV4, "ipv6": lines.IPV6,
    "ether": lines.ETHER, "bytes": lines.OCTETS, "framenum": lines.DECIMAL,
    **dict.fromkeys(("i8", "i16", "i32", "i64"), lines.SIGNED), **dict.fromkeys(HEX_DIGITS, lines.DECIMAL),
}  # fmt: skip


def can_write(chosen: Sequence[Field], style: Layout) -> bool:
    """Whether every column can be written by compiled code."""
    marks = (style.separator, style.aggregator)
    plain = all(len(mark) == 1 and mark.isascii() for mark in marks) and style.quote in ("", '"', "'")
    return plain and style.occurrence in _OCCURRENCES and all(_form(field) is not None for field in chosen)


def _form(field: Field) -> tuple[int, int] | None:
    """How a field is written, and with how many digits."""
    if spec(field.name) is None or field.kind not in _WRITTEN:
        return None
    if field.display == "hex" and field.kind in HEX_DIGITS:
        return lines.HEX, HEX_DIGITS[field.kind]
    return _WRITTEN[field.kind], 0


def write_lines(selection: Selection, chosen: Sequence[Field], style: Layout, readable: Callable[[int], str]) -> None:
    """Print a line for every chosen packet; `readable` gives the line of a row that the kernels do not know."""
    columns = array("i")
    for field in chosen:
        where, form = spec(field.name), _form(field)
        assert where is not None and form is not None
        columns.extend((selection.blocks.field(where), *form))
    marks = (ord(style.separator), ord(style.aggregator), ord(style.quote or "\0"), _OCCURRENCES[style.occurrence])
    out, at, view = bytearray(_ROOM), 0, selection.blocks.view
    try:
        for verdicts in selection:
            row = 0
            while True:
                row, at, why = lines.write(view, columns, *marks, verdicts, row, out, at)
                if why == lines.DONE:
                    break
                if why == lines.ASK or at == 0:  # a line that is longer than the room is the readable code's
                    _print(out, at)
                    at = 0
                    sys.stdout.write(readable(row))
                    selection.told.shown(row)
                    row += 1
                else:
                    _print(out, at)
                    at = 0
    finally:
        _print(out, at)


def _print(out: bytearray, size: int) -> None:
    """ASCII, so that any encoding will do."""
    buffer = getattr(sys.stdout, "buffer", None)
    if buffer is None:
        sys.stdout.write(out[:size].decode("ascii"))
    elif size:
        sys.stdout.flush()
        buffer.write(memoryview(out)[:size])
