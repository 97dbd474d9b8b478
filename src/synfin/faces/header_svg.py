"""The TCP header of one packet as SVG: 32 bits to a row, values at their bits, every control bit explained below."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape as xml_escape
from xml.sax.saxutils import quoteattr

from synfin.dissect.summary import summarize
from synfin.explain.escape import visible
from synfin.explain.header import FLAGS, Cell, header_cells, is_partial_checksum, option_cells
from synfin.explain.quantity import Language
from synfin.explain.words import text
from synfin.faces.theme import DARK, LIGHT, resolve
from synfin.faces.width import clip
from synfin.wire.frame import Frame

if TYPE_CHECKING:
    from synfin.dissect.context import Facts
    from synfin.watch.connections.record import Step

_BIT, _LEFT, _RIGHT = 24, 44, 16  #: pixels: one bit, margins
_TOP, _ROW, _FLAG_ROW, _OPTION_ROW, _LINE = 92, 50, 78, 36, 22
_WIDTH = _LEFT + 32 * _BIT + _RIGHT
_CHARACTER, _SMALL = 7.6, 6.1  #: pixels that a character takes, at most
_FLAGS_IN_ROW = 3  #: the row of the control bits
_KINDS = {
    "srcport": "address", "dstport": "address", "seq": "number", "ack": "number", "option": "option",
    "padding": "padding", "reserved": "padding",
}  # fmt: skip
_STYLE = Path(__file__).parent / "header.css"


def render_header_svg(frame: Frame, lang: Language, *, step: Step | None = None, facts: Facts | None = None) -> str:
    """One self-contained SVG document, light or dark as the reader prefers; ValueError without a TCP header."""
    return "\n".join(_drawing(frame, lang, step, facts).document()) + "\n"


def embedded_header_svg(frame: Frame, lang: Language, *, step: Step | None = None, facts: Facts | None = None) -> str:
    """The drawing for a page that brings its style; every cell tells the bytes of the frame that it shows."""
    return "".join(_drawing(frame, lang, step, facts).embedded())


def header_rules() -> str:
    """The style of an embedded drawing, its colours as CSS variables."""
    return re.sub(r"^(?=\S)", ".tcp-header ", _STYLE.read_text(encoding="utf-8"), flags=re.MULTILINE)


def _drawing(frame: Frame, lang: Language, step: Step | None, facts: Facts | None) -> _Drawing:
    if frame.tcp is None or frame.segment is None:
        raise ValueError("there is no TCP header in this frame")
    start = frame.tcp.start
    header = frame.data[start : start + frame.tcp.header_len]
    partial = is_partial_checksum(frame.segment, header, frame.segment.hdr_len + frame.segment.length)
    fixed = [cell for cell in header_cells(header, lang, step, partial) if cell.name != "options"]
    return _Drawing(frame, facts, lang, [*fixed, *option_cells(header, lang)], start, len(header))


class _Drawing:
    """Draws one header; every text passes through `_text`, which escapes it."""

    def __init__(
        self, frame: Frame, facts: Facts | None, lang: Language, cells: list[Cell], start: int, size: int
    ) -> None:
        self._frame, self._facts, self._lang, self._cells = frame, facts, lang, cells
        self._start, self._size = start, size
        rows = max(cell.row for cell in cells) + 1
        heights = [_FLAG_ROW if row == _FLAGS_IN_ROW else _OPTION_ROW if row > 4 else _ROW for row in range(rows)]
        self._tops = [_TOP + sum(heights[:row]) for row in range(rows + 1)]
        self._height = self._tops[-1] + 44 + _LINE * len(FLAGS) + 14

    def document(self) -> Iterator[str]:
        """The drawing with its own style, background and title."""
        title = text("header.title", self._lang, bytes=self._size)
        light, dark = (resolve(_STYLE.read_text(encoding="utf-8"), colours) for colours in (LIGHT, DARK))
        style = f"{light}@media (prefers-color-scheme: dark) {{ {dark} }}"
        yield self._head(title, f'width="{_WIDTH}" height="{self._height}"')
        yield f"<title>{xml_escape(title)}</title><style>{xml_escape(style)}</style>"
        yield f'<rect class="paper" width="{_WIDTH}" height="{self._height}"/>'
        yield from self._content(title)
        yield "</svg>"

    def embedded(self) -> Iterator[str]:
        """The drawing alone."""
        title = text("header.title", self._lang, bytes=self._size)
        yield self._head(title, 'class="tcp-header"')
        yield from self._content(title)
        yield "</svg>"

    def _head(self, title: str, attributes: str) -> str:
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" {attributes} viewBox="0 0 {_WIDTH} {self._height}" role="img" '
            f"aria-label={quoteattr(title)}>"
        )

    def _content(self, title: str) -> Iterator[str]:
        yield self._text(_LEFT, 30, title, "title")
        number = text("packet.here", self._lang, n=str(self._frame.packet.number))
        about = f"{number} · {summarize(self._frame, self._facts).info}"
        yield self._text(_LEFT, 50, clip(visible(about), int(32 * _BIT / 6.4)), "under")
        yield from self._ruler()
        for cell in self._cells:
            yield f'<g data-at="{self._start + cell.offset}" data-size="{cell.length}">'
            yield from self._flag(cell) if cell.bits == 1 else self._cell(cell)
            yield "</g>"
        yield from self._offsets()
        yield from self._bits()

    def _ruler(self) -> Iterator[str]:
        for bit in range(32):
            x = _LEFT + bit * _BIT + _BIT / 2
            yield self._text(x, _TOP - 10, str(bit), "bit ten" if bit % 8 == 0 else "bit")
            edge = _LEFT + bit * _BIT
            yield f'<line class="tick" x1="{edge}" x2="{edge}" y1="{_TOP - 6}" y2="{_TOP}"/>'

    def _offsets(self) -> Iterator[str]:
        for row, top in enumerate(self._tops[:-1]):
            yield self._text(_LEFT - 16, top + 20, str(row * 4), "bit")

    def _cell(self, cell: Cell) -> Iterator[str]:
        x, y, width, height = self._place(cell)
        yield self._box(cell, _KINDS.get(cell.name, ""))
        middle = x + width / 2
        if cell.name in ("option", "padding"):
            yield self._fitted(middle, y + height / 2 + 4, cell.value, width, "value small", _SMALL)
            return
        yield self._fitted(middle, y + 19, text(f"header.{cell.name}", self._lang), width, "name", _SMALL)
        yield self._fitted(middle, y + 38, visible(cell.value), width, "value", _CHARACTER)

    def _flag(self, cell: Cell) -> Iterator[str]:
        x, y, width, height = self._place(cell)
        on = " on" if cell.on else ""
        yield self._box(cell, "on" if cell.on else "")
        for at, letter in enumerate(cell.name.rjust(3)):
            yield self._text(x + width / 2, y + 17 + at * 14, letter.strip(), f"flag{on}")
        yield self._text(x + width / 2, y + height - 9, cell.value, f"digit{on}")

    def _box(self, cell: Cell, kind: str) -> str:
        x, y, width, height = self._place(cell)
        return f'<rect class="box {kind}" x="{x}" y="{y}" width="{width}" height="{height}"/>'

    def _place(self, cell: Cell) -> tuple[int, int, int, int]:
        top = self._tops[cell.row]
        return _LEFT + cell.bit * _BIT, top, cell.bits * _BIT, self._tops[cell.row + 1] - top

    def _bits(self) -> Iterator[str]:
        """Every control bit in words."""
        top = self._tops[-1] + 30
        yield self._text(_LEFT, top, text("header.bits", self._lang), "title small-title")
        flags = self._frame.segment.flags if self._frame.segment is not None else 0
        for at, (name, mask) in enumerate(FLAGS):
            y = top + 22 + at * _LINE
            on = " on" if flags & mask else ""
            yield f'<rect class="chip{on}" x="{_LEFT}" y="{y - 13}" width="58" height="18" rx="4"/>'
            yield self._text(_LEFT + 29, y, f"{name} = {int(bool(on))}", f"flag{on}")
            yield self._text(_LEFT + 68, y, text(f"flag.{name}", self._lang), "told" if on else "told off")

    def _fitted(self, x: float, y: float, content: str, width: int, kind: str, character: float) -> str:
        return self._text(x, y, clip(content, max(int((width - 4) / character), 1)), kind)

    def _text(self, x: float, y: float, content: str, kind: str) -> str:
        return f'<text x="{x:g}" y="{y:g}" class="{kind}">{xml_escape(visible(content))}</text>'
