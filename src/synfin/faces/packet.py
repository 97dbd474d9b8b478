"""One packet as text: every layer and field with its bytes, the header drawn to its bits, the layer models."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from synfin.dissect import tree
from synfin.explain.checksum import checksums
from synfin.explain.escape import visible
from synfin.explain.header import FLAGS, Cell, header_cells, is_partial_checksum
from synfin.explain.models import Place, places, why_four
from synfin.explain.packet_words import (
    CHECKSUM_SEVERITIES,
    checksum_of,
    checksum_text,
    meaning_key,
    named_frame,
    repeats,
    severity,
)
from synfin.explain.quantity import Language
from synfin.explain.words import text
from synfin.faces.terminal import SEVERITY_STYLES, Paint
from synfin.faces.width import clip, display_width, pad, wrap
from synfin.wire.frame import Frame

if TYPE_CHECKING:
    from synfin.dissect.context import Facts
    from synfin.watch.connections.record import Step

_BYTES_SHOWN = 8
_BIT = 2  #: columns for one bit of the drawing, its right border included
_FIELD_COLUMN = 6 + _BYTES_SHOWN * 3 + 1


def render_packet(
    frame: Frame,
    lang: Language,
    *,
    colour: bool,
    width: int,
    facts: Facts | None = None,
    step: Step | None = None,
    named: Mapping[int, str] | None = None,
) -> str:
    """Everything about one packet; `step` is its part in the story, `named` tells of packets that its fields name."""
    paint, width = Paint(colour), max(width, 72)
    tree_text = _Tree(frame, lang, paint, width, dict(named or {}))
    lines = [line for node in tree.build(frame, facts) for line in tree_text.node_lines(node, 0)]
    if frame.tcp is not None and frame.segment is not None:
        lines += ["", *header_drawing(frame, lang, paint, step), *control_bits(frame, lang, paint, width)]
    lines += ["", *model_table(frame, lang, paint, width)]
    return "\n".join(lines) + "\n"


def render_header(frame: Frame, lang: Language, *, colour: bool, width: int, step: Step | None = None) -> str:
    """The drawing of the TCP header alone, and every control bit in words; empty where there is none."""
    paint = Paint(colour)
    lines = [*header_drawing(frame, lang, paint, step), *control_bits(frame, lang, paint, max(width, 72))]
    return "\n".join(lines) + "\n" if lines else ""


def control_bits(frame: Frame, lang: Language, paint: Paint, width: int) -> Iterator[str]:
    """Every control bit with its value and what it means, those that are set in full light."""
    if frame.segment is None:
        return
    yield paint(text("header.bits", lang), "bold")
    for name, mask in FLAGS:
        on = bool(frame.segment.flags & mask)
        head = f"  {name:>3} = {int(on)}  "
        for at, said in enumerate(wrap(text(f"flag.{name}", lang), width - len(head))):
            line = (head if at == 0 else " " * len(head)) + said
            yield paint(line, "bold") if on and at == 0 else line if on else paint(line, "dim")


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


@dataclass(frozen=True, slots=True)
class _Tree:
    """The tree of one packet as lines, the bytes beside."""

    frame: Frame
    lang: Language
    paint: Paint
    width: int
    named: dict[int, str]

    def node_lines(self, node: tree.Node, depth: int) -> Iterator[str]:
        """A node and everything below it."""
        line = f"{'  ' * depth}{visible(self._text(node))}"
        if depth == 0:
            yield self.paint(clip(line, self.width), "bold")
        else:
            yield from self._field_lines(node, line, depth)
        for child in node.children:
            if not repeats(child):
                yield from self.node_lines(child, depth + 1)

    def _text(self, node: tree.Node) -> str:
        said = severity(node)
        if said is None:
            return node.text(self.lang)
        title = node.title_zh if self.lang == "zh" else node.title_en
        colon = "：" if self.lang == "zh" else ": "
        return f"[{text(f'severity.{said}', self.lang)}{colon}{title}]"

    def _field_lines(self, node: tree.Node, line: str, depth: int) -> Iterator[str]:
        room = max(self.width - _FIELD_COLUMN, 30)
        wrapped = wrap(line, room, "  " * depth + "  ")
        key = meaning_key(node)
        meaning = text(key, self.lang) if key else ""
        beside = f"  {meaning}" if meaning and display_width(wrapped[-1] + meaning) + 2 <= room else ""
        style = SEVERITY_STYLES[severity(node) or "info"] if severity(node) else ""
        for at, part in enumerate(wrapped):
            place = _place(node, self.frame.data) if at == 0 else " " * _FIELD_COLUMN
            shown = self.paint(part, style) if style else part
            yield self.paint(place, "dim") + shown + (self.paint(beside, "dim") if at == len(wrapped) - 1 else "")
        if meaning and not beside:
            yield from self._below(meaning, depth, "dim")
        yield from self._told(node, depth)

    def _told(self, node: tree.Node, depth: int) -> Iterator[str]:
        """Whether a checksum is right, and which packet a field names."""
        checksum = checksum_of(node, checksums(self.frame))
        if checksum is not None:
            style = SEVERITY_STYLES[CHECKSUM_SEVERITIES[checksum.verdict]]
            yield from self._below(f"→ {checksum_text(checksum, self.lang)}", depth, style)
        number = named_frame(node)
        if number in self.named:
            said = f"→ {text('packet.names', self.lang, n=number)} {visible(self.named[number])}"
            yield from self._below(said, depth, "open")

    def _below(self, said: str, depth: int, style: str) -> Iterator[str]:
        room = max(self.width - _FIELD_COLUMN, 30)
        for part in wrap(said, room - 2 * depth - 2):
            yield " " * (_FIELD_COLUMN + 2 * depth + 2) + self.paint(part, style)


def _place(node: tree.Node, data: bytes) -> str:
    """Where the field's bytes are, and the first of them."""
    if node.start < 0 or node.length <= 0:
        return " " * _FIELD_COLUMN
    shown = data[node.start : node.start + min(node.length, _BYTES_SHOWN)].hex(" ")
    more = "…" if node.length > _BYTES_SHOWN else ""
    return f"{node.start:04x}  {shown}{more}".ljust(_FIELD_COLUMN)
