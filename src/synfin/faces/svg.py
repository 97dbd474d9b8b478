"""The ladder as SVG: alone as a picture that needs nothing else, or inside a page that styles it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from xml.sax.saxutils import escape as xml_escape

from synfin.explain import labels, narrative, opinions
from synfin.explain.escape import visible
from synfin.explain.header import segment_name
from synfin.explain.ladder import DEFAULT_MAX_SEGMENTS, Band, Ladder, Row, Span, layout
from synfin.explain.quantity import Language, duration
from synfin.explain.words import Value, text
from synfin.faces.theme import DARK, LIGHT, resolve

if TYPE_CHECKING:
    from synfin.tcp.state import State
    from synfin.watch.connections.record import Step, Story

Theme = Literal["auto", "light", "dark"]

_STYLE = Path(__file__).parent / "ladder.css"


@dataclass(frozen=True, slots=True)
class Plan:
    """Where things stand, in pixels."""

    width: int
    client: int  #: x of the client's lane
    server: int
    row: int  #: pixels for one unit of the ladder's height
    top: int = 74  #: y where the ladder's zero lies
    compact: bool = False  #: times and phases above the states, for narrow screens
    preview: int = 18  #: characters of data beside an arrow


#: by kind of text: its font's size, and the least width of a character in ems (0.6 in a monospaced font)
_SIZES = {
    "numbers": (11.5, 0.0), "time": (11, 0.6), "address": (11.5, 0.6), "state-name": (11, 0.6), "flags": (12.5, 0.0),
}  # fmt: skip
_WIDE_FROM = 0x2E7F

WIDE = Plan(width=760, client=232, server=560, row=66)
COMPACT = Plan(width=372, client=92, server=280, row=84, compact=True, preview=8)


def render_svg(
    story: Story,
    lang: Language,
    *,
    theme: Theme = "auto",
    max_segments: int | None = DEFAULT_MAX_SEGMENTS,
    plan: Plan = WIDE,
) -> str:
    """One self-contained SVG document; `auto` follows the reader's light or dark preference."""
    drawing = Drawing(story, layout(story, max_segments), (lang,), plan)
    return drawing.document('class="ladder"', f"<style>{xml_escape(_style(theme))}</style>")


def embedded_svg(story: Story, ladder: Ladder, languages: Sequence[Language], plan: Plan) -> str:
    """The drawing for a page that brings the style: every word in all `languages`, each marked with its own."""
    kind = "compact" if plan.compact else "wide"
    return Drawing(story, ladder, tuple(languages), plan, interactive=True).document(f'class="ladder {kind}"', "")


def ladder_rules() -> str:
    """The drawing's style, its colours as CSS variables."""
    return _STYLE.read_text(encoding="utf-8")


def _style(theme: Theme) -> str:
    light, dark = resolve(ladder_rules(), LIGHT), resolve(ladder_rules(), DARK)
    if theme == "auto":
        return f"{light}@media (prefers-color-scheme: dark) {{ {dark} }}"
    return dark if theme == "dark" else light


class Drawing:
    """Draws one ladder; every text passes through `_text`, which escapes it."""

    def __init__(
        self, story: Story, ladder: Ladder, languages: tuple[Language, ...], plan: Plan, *, interactive: bool = False
    ) -> None:
        self.story, self.ladder, self.languages, self.plan = story, ladder, languages, plan
        self.interactive = interactive
        self.tones = {row: band.tone for band in ladder.bands for row in range(band.first, band.last + 1)}

    def document(self, attributes: str, style: str) -> str:
        plan = self.plan
        height = round(plan.top + self.ladder.height * plan.row + 18)
        record = self.story.connection
        ends = {
            "client": _endpoint(record.client.ip, record.client.port),
            "server": _endpoint(record.server.ip, record.server.port),
        }
        label = _escape(text("ladder.aria", self.languages[0], client=ends["client"], server=ends["server"]))
        role = "group" if self.interactive else "img"
        body = [*self._background(), *self._heads(ends), *self._bands(), *self._lanes(), *self._rows()]
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {plan.width} {height}" width="{plan.width}" '
            f'height="{height}" {attributes} role="{role}" aria-label="{label}">{style}{"".join(body)}</svg>'
        )

    # --- parts ---

    def _background(self) -> Iterator[str]:
        if not self.interactive:
            yield '<rect class="paper" width="100%" height="100%"/>'

    def _heads(self, ends: dict[str, str]) -> Iterator[str]:
        plan = self.plan
        for name, x in (("client", plan.client), ("server", plan.server)):
            yield self._words(x, 24, "end", f"name.{name}", anchor="middle")
            yield _text(x, 42, "address", ends[name], anchor="middle", fit=2 * min(x, plan.width - x) - 8)

    def _bands(self) -> Iterator[str]:
        for band in self.ladder.bands:
            top, bottom = self._y(band.top), self._y(band.bottom) - 4
            left, width = (2, self.plan.width - 4) if self.plan.compact else (10, self.plan.width - 20)
            yield (
                f'<g class="band tone-{band.tone}"><rect class="tint" x="{left}" y="{top:g}" width="{width}" '
                f'height="{bottom - top:g}" rx="10"/><rect class="edge" x="{left}" y="{top:g}" width="4" '
                f'height="{bottom - top:g}" rx="2"/>{self._band_title(band, top)}</g>'
            )

    def _band_title(self, band: Band, top: float) -> str:
        if self.plan.compact:
            middle = (self.plan.client + self.plan.server) / 2
            return self._words(middle, top + 13, "band-title", f"band.{band.kind}", anchor="middle")
        return self._words(24, top + 18, "band-title", f"band.{band.kind}")

    def _lanes(self) -> Iterator[str]:
        for spans, x, outside in (
            (self.ladder.client, self.plan.client, -1),
            (self.ladder.server, self.plan.server, 1),
        ):
            for span in spans:
                yield self._span(span, x, outside)

    def _span(self, span: Span, x: int, outside: int) -> str:
        top, bottom = self._y(span.top), self._y(span.bottom)
        label = span.state.label
        meaning = " / ".join(text(f"state.{label}", lang) for lang in self.languages)
        anchor = "end" if outside < 0 else "start"
        near = 9 if self.plan.compact else 13
        return (
            f'<g class="state {_state_class(span.state)}"><title>{_escape(f"{label}: {meaning}")}</title>'
            f'<rect class="lane" x="{x - 5}" y="{top:g}" width="10" height="{max(bottom - top, 0):g}"/>'
            + _text(x + outside * near, top + 12, "state-name", label, anchor=anchor)
            + "</g>"
        )

    def _rows(self) -> Iterator[str]:
        for index, row in enumerate(self.ladder.rows):
            if row.kind == "segment":
                yield self._segment(row, self.tones[index])
            elif row.kind == "wait":
                yield self._wait(row)
            else:
                yield self._run(row, self.tones[index])

    # --- rows ---

    def _segment(self, row: Row, tone: str) -> str:
        step = self.story.steps[row.first]
        plan = self.plan
        sent, arrived = (plan.client + 6, plan.server - 7) if step.from_client else (plan.server - 6, plan.client + 7)
        y1, y2 = self._y(row.departs), self._y(row.arrives)
        name = segment_name(step.segment.flags)
        middle = (plan.client + plan.server) / 2
        marked = " flagged" if step.flags else ""
        parts = [
            self._target(row),
            f'<line class="arrow" x1="{sent}" y1="{y1:g}" x2="{arrived}" y2="{y2:g}"/>{_head(sent, y1, arrived, y2)}',
            *self._flags(step, middle, y1 + (3 if plan.compact else -1)),
            *self._numbers(row, middle, y2 + (16 if plan.compact else 12)),
            self._time(row, step.time_ns),
            *self._phase(row, step.phase),
        ]
        spoken = _escape(f"{row.first + 1}: {name}")
        attributes = (
            f' data-step="{row.first}" tabindex="0" role="button" aria-label="{spoken}"' if self.interactive else ""
        )
        return f'<g class="segment tone-{tone}{marked}"{attributes}>{"".join(parts)}</g>'

    def _target(self, row: Row) -> str:
        """What is clicked, and what shows the selection."""
        plan, top = self.plan, self._y(row.top)
        height = row.height * plan.row
        between, lead = plan.server - plan.client - 20, 18 if plan.compact else 4  # the band's title stays free
        inner = (
            f'<rect class="choice" x="{plan.client + 10}" y="{top + lead:g}" width="{between}" '
            f'height="{height - lead - 6:g}" rx="8"/>'
        )
        whole = f'<rect class="target" x="4" y="{top:g}" width="{plan.width - 8}" height="{height - 4:g}"/>'
        return (whole if self.interactive else "") + (inner if self.interactive else "")

    def _flags(self, step: Step, x: float, y: float) -> Iterator[str]:
        """The segment's name, and what the analysis and the second opinion say of it."""
        name, room = segment_name(step.segment.flags), self.plan.server - self.plan.client - 24
        notes = {lang: _flag_note(step.flags, opinions.second(step, lang)) for lang in self.languages}
        if len(set(notes.values())) == 1:
            yield _text(x, y, "flags", name, anchor="middle", fit=room, note=notes[self.languages[0]])
            return
        for lang, note in notes.items():
            yield _text(x, y, "flags", name, anchor="middle", fit=room, note=note, lang=lang)

    def _numbers(self, row: Row, x: float, y: float) -> Iterator[str]:
        step = self.story.steps[row.first]
        room = self.plan.server - self.plan.client - 16
        shown = {lang: self._fitting_numbers(step, lang, room) for lang in self.languages}
        yield from self._each_language(x, y, "numbers", shown, anchor="middle", fit=room)

    def _fitting_numbers(self, step: Step, lang: Language, room: float) -> str:
        """With as much of the data as there is room for."""
        shown = (labels.numbers(step, lang, preview) for preview in range(self.plan.preview, -1, -2))
        fitting = (words for words in shown if _pixels(words, "numbers") <= room)
        return next(fitting, labels.numbers(step, lang, 0))

    def _time(self, row: Row, time_ns: int) -> str:
        if self.plan.compact:
            return _text(10, self._y(row.top) + 14, "time", duration(time_ns))
        return _text(24, self._y(row.departs) + 13, "time", duration(time_ns))

    def _phase(self, row: Row, phase: str) -> Iterator[str]:
        short = narrative.phase_step(phase)
        if short:
            y = self._y(row.top) + 14 if self.plan.compact else self._y(row.departs) + 13
            yield _text(self.plan.width - (10 if self.plan.compact else 26), y, "phase", short, anchor="end")

    def _wait(self, row: Row) -> str:
        y = self._y(row.top) + 0.5 * row.height * self.plan.row
        shown = {lang: f"⋮ {text('ladder.wait', lang, dt=row.wait_ns)}" for lang in self.languages}
        x, anchor = ((self.plan.client + self.plan.server) / 2, "middle") if self.plan.compact else (24, "start")
        cuts = "".join(
            f'<path class="cut" d="M{x - 8} {y + 3:g}l16 -6M{x - 8} {y + 8:g}l16 -6"/>'
            for x in (self.plan.client, self.plan.server)
        )
        return f'<g class="wait">{cuts}{"".join(self._each_language(x, y + 4, "pause", shown, anchor=anchor))}</g>'

    def _run(self, row: Row, tone: str) -> str:
        plan, top = self.plan, self._y(row.top)
        middle = (plan.client + plan.server) / 2
        numbers: dict[str, Value] = {
            "segments": row.segments,
            "dt": row.wait_ns,
            "client_bytes": row.client_bytes,
            "server_bytes": row.server_bytes,
        }
        first = {lang: text("ladder.run", lang, **numbers) for lang in self.languages}
        second = {lang: text("ladder.run-bytes", lang, **numbers) for lang in self.languages}
        room = plan.server - plan.client - 30
        box = (
            f'<rect class="pile" x="{plan.client + 12}" y="{top + 6:g}" width="{plan.server - plan.client - 24}" '
            f'height="{row.height * plan.row - 14:g}" rx="8"/>'
        )
        attributes = f' data-run="{row.first}" tabindex="0" role="button"' if self.interactive else ""
        start = self.story.steps[row.first].time_ns
        return (
            f'<g class="run tone-{tone}"{attributes}>{self._target(row)}{box}'
            + "".join(self._each_language(middle, top + 27, "flags", first, anchor="middle", fit=room))
            + "".join(self._each_language(middle, top + 44, "numbers", second, anchor="middle", fit=room))
            + self._time(row, start)
            + "</g>"
        )

    # --- words ---

    def _words(self, x: float, y: float, kind: str, key: str, *, anchor: str = "start") -> str:
        return "".join(
            self._each_language(x, y, kind, {lang: text(key, lang) for lang in self.languages}, anchor=anchor)
        )

    def _each_language(
        self, x: float, y: float, kind: str, shown: dict[Language, str], *, anchor: str = "start", fit: float = 0
    ) -> Iterator[str]:
        """The text once, or once for each language where they differ (the page shows one of them)."""
        if len(set(shown.values())) == 1:
            yield _text(x, y, kind, next(iter(shown.values())), anchor=anchor, fit=fit)
            return
        for lang, words in shown.items():
            yield _text(x, y, kind, words, anchor=anchor, fit=fit, lang=lang)

    def _y(self, units: float) -> float:
        return round(self.plan.top + units * self.plan.row, 1)


def _head(x1: float, y1: float, x2: float, y2: float) -> str:
    """An arrow head at the second point."""
    length = ((x2 - x1) ** 2 + (y2 - y1) ** 2) ** 0.5 or 1.0
    along, down = (x2 - x1) / length, (y2 - y1) / length
    left = x2 - 11 * along + 4.5 * down, y2 - 11 * down - 4.5 * along
    right = x2 - 11 * along - 4.5 * down, y2 - 11 * down + 4.5 * along
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in ((x2, y2), left, right))
    return f'<polygon class="head" points="{points}"/>'


def _flag_note(flags: Sequence[str], second: str) -> str:
    """tshark's first flag, and what the second opinion says where it differs."""
    marks = [flags[0].replace("_", " ") if flags else "", second]
    return f" · {' → '.join(mark for mark in marks if mark)}" if any(marks) else ""


def _text(
    x: float, y: float, kind: str, content: str, *, anchor: str = "start", fit: float = 0,
    lang: Language | None = None, note: str = "",
) -> str:  # fmt: skip
    """A text element, a warning note behind it; one that would be wider than `fit` is squeezed to it."""
    wide = _pixels(content + note, kind)
    squeeze = f' textLength="{fit:g}" lengthAdjust="spacingAndGlyphs"' if fit and wide > fit else ""
    language = f' lang="{"zh-CN" if lang == "zh" else lang}"' if lang else ""
    remark = f'<tspan class="note">{_escape(note)}</tspan>' if note else ""
    side = "" if anchor == "start" else f' text-anchor="{anchor}"'
    return f'<text x="{x:g}" y="{y:g}" class="{kind}"{side}{squeeze}{language}>{_escape(content)}{remark}</text>'


def _pixels(content: str, kind: str) -> float:
    """About how wide a text is: what a proportional font's digits, capitals and other characters take."""
    size, least = _SIZES.get(kind, (12, 0.0))
    return size * sum(max(_ems(character), least) for character in content)


def _ems(character: str) -> float:
    if ord(character) > _WIDE_FROM:
        return 1.0
    return 0.72 if character.isupper() else 0.3 if character in " .,:'|il" else 0.58


def _escape(content: str) -> str:
    return xml_escape(visible(content), {'"': "&quot;"})


def _state_class(state: State) -> str:
    return f"state-{state.label.lower()}"


def _endpoint(ip: str, port: int) -> str:
    return f"[{ip}]:{port}" if ":" in ip else f"{ip}:{port}"
