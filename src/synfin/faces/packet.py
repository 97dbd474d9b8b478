"""One packet as text: every layer and field with its bytes, the header drawn to its bits, the layer models."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from synfin.dissect import tree
from synfin.explain.escape import visible
from synfin.explain.header import Cell, header_cells, is_partial_checksum
from synfin.explain.models import Place, places, why_four
from synfin.explain.quantity import Language
from synfin.explain.words import has, text
from synfin.faces.terminal import Paint
from synfin.faces.width import clip, display_width, pad, wrap
from synfin.wire.frame import Frame

if TYPE_CHECKING:
    from synfin.dissect.context import Facts
    from synfin.watch.record import Step

_BYTES_SHOWN = 8
_BIT = 2  #: columns for one bit of the drawing, its right border included
_FIELD_COLUMN = 6 + _BYTES_SHOWN * 3 + 1


def render_packet(
    frame: Frame, lang: Language, *, colour: bool, width: int, facts: Facts | None = None, step: Step | None = None
) -> str:
    """Everything about one packet; `step` is its part in the story, when it has one."""
    paint, width = Paint(colour), max(width, 72)
    lines = [line for node in tree.build(frame, facts) for line in _node_lines(node, frame.data, lang, paint, width, 0)]
    if frame.tcp is not None and frame.segment is not None:
        lines += ["", *header_drawing(frame, lang, paint, step)]
    lines += ["", *model_table(frame, lang, paint, width)]
    return "\n".join(lines) + "\n"


def header_drawing(frame: Frame, lang: Language, paint: Paint, step: Step | None = None) -> Iterator[str]:
    """The TCP header as RFC 9293 draws it, 32 bits to a row, with this packet's values."""
    if frame.tcp is None or frame.segment is None:
        return
    start = frame.tcp.start
    header = frame.data[start : start + frame.tcp.header_len]
    partial = is_partial_checksum(frame.segment, header, frame.segment.hdr_len + frame.segment.length)
    cells = header_cells(header, lang, step, partial)
    yield paint(text("header.title", lang, bytes=len(header)), "bold")
    yield " " + " ".join(f"{bit // 10 if bit % 10 == 0 else ' '}" for bit in range(32)).rstrip()
    yield " " + " ".join(str(bit % 10) for bit in range(32))
    rows = [[cell for cell in cells if cell.row == row] for row in range(6)]
    above: Sequence[Cell] = ()
    for row in filter(None, rows):
        yield _rule(above, row)
        yield from _row_lines(row, lang, paint)
        above = row
    yield _rule(above, ())


def model_table(frame: Frame, lang: Language, paint: Paint, width: int) -> Iterator[str]:
    """The three layer models side by side, and what the packet has in each."""
    heads = [text(key, lang) for key in ("model.osi", "model.five", "model.four", "model.here")]
    rows = [([name, *_beside(place, at)], place) for place in places(frame, lang) for at, name in enumerate(place.osi)]
    sizes = [max(display_width(names[at]) for names in (heads, *(row for row, _ in rows))) for at in range(3)]
    yield paint("  ".join([*(pad(head, size) for head, size in zip(heads, sizes, strict=False)), heads[3]]), "bold")
    last = ""
    for (osi, five, four, here), place in rows:
        names = [osi, five, "" if four == last else four]
        last = four or last
        line = "  ".join(pad(name, size) for name, size in zip(names, sizes, strict=True)) + f"  {visible(here)}"
        yield line.rstrip() if place.present else paint(line.rstrip(), "dim")
    yield from wrap(why_four(frame, lang), width)


def _beside(place: Place, at: int) -> tuple[str, str, str]:
    return ("", "", "") if at else (place.five, place.four, place.here)


def _row_lines(row: Sequence[Cell], lang: Language, paint: Paint) -> Iterator[str]:
    flags = any(cell.bits == 1 for cell in row)
    columns = [_flag_column(cell) if cell.bits == 1 else _cell_column(cell, lang, 4 if flags else 0) for cell in row]
    for at in range(max(map(len, columns))):
        parts = []
        for cell, column in zip(row, columns, strict=True):
            content = column[at] if at < len(column) else " " * (cell.bits * _BIT - 1)
            parts.append(paint(content, "bold") if cell.on else content)
        yield "│" + "│".join(parts) + "│"


def _flag_column(cell: Cell) -> list[str]:
    """A flag's name from top to bottom, its value below."""
    return [*cell.name.rjust(3), cell.value]


def _cell_column(cell: Cell, lang: Language, height: int) -> list[str]:
    room = cell.bits * _BIT - 1
    title = text(f"header.{cell.name}", lang, bytes=cell.length)
    values = wrap(visible(cell.value), room) if cell.name == "options" else [clip(visible(cell.value), room)]
    lines = [pad(clip(line, room), room, "center") for line in (title, *values[:4])]
    return [*lines, *[" " * room] * (height - len(lines))]


def _rule(above: Sequence[Cell], below: Sequence[Cell]) -> str:
    """The line between two rows, with a joint wherever a border meets it."""
    up, down = ({cell.bit for cell in row} | {32} if row else set() for row in (above, below))
    joints = {(False, False): "─", (True, False): "┴", (False, True): "┬", (True, True): "┼"}
    ends = {(True, True): "├┤", (False, True): "┌┐", (True, False): "└┘"}[bool(above), bool(below)]
    line = ends[0]
    for bit in range(1, 33):
        line += "─" + (ends[1] if bit == 32 else joints[bit in up, bit in down])
    return line


def _node_lines(node: tree.Node, data: bytes, lang: Language, paint: Paint, width: int, depth: int) -> Iterator[str]:
    line = f"{'  ' * depth}{visible(node.text(lang))}"
    if depth == 0:
        yield paint(clip(line, width), "bold")
    else:
        yield from _field_lines(node, data, line, lang, paint, width, depth)
    for child in node.children:
        yield from _node_lines(child, data, lang, paint, width, depth + 1)


def _field_lines(
    node: tree.Node, data: bytes, line: str, lang: Language, paint: Paint, width: int, depth: int
) -> Iterator[str]:
    room = max(width - _FIELD_COLUMN, 30)
    wrapped = wrap(line, room, "  " * depth + "  ")
    meaning = text(node.key, lang) if has(node.key) else ""
    beside = f"  {meaning}" if meaning and display_width(wrapped[-1] + meaning) + 2 <= room else ""
    for at, part in enumerate(wrapped):
        place = _place(node, data) if at == 0 else " " * _FIELD_COLUMN
        yield paint(place, "dim") + part + (paint(beside, "dim") if at == len(wrapped) - 1 else "")
    if meaning and not beside:
        for part in wrap(meaning, room - 2 * depth - 2):
            yield " " * (_FIELD_COLUMN + 2 * depth + 2) + paint(part, "dim")


def _place(node: tree.Node, data: bytes) -> str:
    """Where the field's bytes are, and the first of them."""
    if node.start < 0 or node.length <= 0:
        return " " * _FIELD_COLUMN
    shown = data[node.start : node.start + min(node.length, _BYTES_SHOWN)].hex(" ")
    more = "…" if node.length > _BYTES_SHOWN else ""
    return f"{node.start:04x}  {shown}{more}".ljust(_FIELD_COLUMN)
