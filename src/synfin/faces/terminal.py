"""The ladder and the story as text. Nothing here loads more than the standard library; colour only where asked for."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TextIO

from synfin.explain import labels, narrative
from synfin.explain.escape import payload_preview, visible
from synfin.explain.header import segment_name
from synfin.explain.ladder import DEFAULT_MAX_SEGMENTS, Ladder, Row, layout
from synfin.explain.quantity import Language, milliseconds
from synfin.explain.words import text
from synfin.faces.width import clip, display_width, pad, wrap

if TYPE_CHECKING:
    from synfin.watch.record import Step, Story

_TIME, _STATE, _PHASE = 10, 12, 15
_LEAST_ARROW, _LEAST_WIDTH = 34, 78
_WITH_DERIVATIONS = 108
_FIRST_STATE = 21  #: LISTEN→SYN-RECEIVED
_CODES = {
    "open": "94",
    "data": "32",
    "close": "33",
    "reset": "91",
    "other": "36",
    "bold": "1",
    "dim": "2",
    "warn": "91",
    "ok": "92",
}
_SEVERITY_CODES = {"ok": "ok", "info": "open", "note": "open", "warn": "close", "error": "warn"}


@dataclass(frozen=True, slots=True)
class Paint:
    """Colours, or nothing."""

    on: bool

    def __call__(self, content: str, style: str) -> str:
        return f"\x1b[{_CODES[style]}m{content}\x1b[0m" if self.on and content else content


def wants_colour(stream: TextIO, environ: Mapping[str, str] | None = None) -> bool:
    """Colour is for a terminal whose owner has not set NO_COLOR."""
    environ = os.environ if environ is None else environ
    return not environ.get("NO_COLOR") and environ.get("TERM") != "dumb" and stream.isatty()


def render_ladder(
    story: Story, lang: Language, *, colour: bool, width: int, max_segments: int | None = DEFAULT_MAX_SEGMENTS
) -> str:
    """The ladder: time, both ends' states, the arrow between them, the phase, and given room the derivation."""
    return "\n".join(_Text(story, layout(story, max_segments), lang, Paint(colour), width).lines()) + "\n"


def render_story(
    story: Story, lang: Language, *, colour: bool, width: int, max_segments: int | None = DEFAULT_MAX_SEGMENTS
) -> str:
    """The story in words: verdict, findings, every phase and segment, what else is worth knowing."""
    paint, width = Paint(colour), max(width, 40)
    lines = [*_verdict_lines(story, lang, paint, width)]
    lines += _finding_lines(story, lang, paint, width)
    if reason := narrative.reset_reason(story, lang):
        lines += ["", paint(text("ui.reset", lang), "bold"), *wrap(visible(reason), width)]
    for chapter in narrative.chapters(story, lang, max_segments):
        lines += ["", paint(chapter.title, chapter.tone)]
        for line in chapter.lines:
            lines += _told(line, paint, width)
    if asides := narrative.asides(story, lang):
        lines += ["", paint(text("ui.asides", lang), "bold")]
        for aside in asides:
            lines += wrap(f"• {visible(aside)}", width, "  ")
    return "\n".join(lines) + "\n"


def render_verdict(story: Story, lang: Language, *, colour: bool, width: int) -> str:
    """The verdict alone: one sentence, the numbers, the two ids."""
    return "\n".join(_verdict_lines(story, lang, Paint(colour), max(width, 40))) + "\n"


def _verdict_lines(story: Story, lang: Language, paint: Paint, width: int) -> Iterator[str]:
    verdict, record = narrative.verdict(story, lang), story.connection
    for line in wrap(visible(verdict.headline), width):
        yield paint(line, "bold")
    yield from wrap(visible(verdict.detail), width)
    style = _SEVERITY_CODES[verdict.severity]
    yield paint(f"{record.open} · {record.close}", style)


def _finding_lines(story: Story, lang: Language, paint: Paint, width: int) -> Iterator[str]:
    for finding in story.findings:
        sentence, todo = narrative.finding_sentence(finding, lang)
        likely = f" ({text('ui.likely', lang)})" if finding.confidence == "likely" else ""
        yield ""
        yield paint(finding.id, _SEVERITY_CODES.get(finding.severity, "open")) + likely
        yield from ("  " + line for line in wrap(visible(sentence), width - 2))
        if finding.severity != "ok":
            yield from ("  " + line for line in wrap(f"{text('ui.todo', lang)}: {visible(todo)}", width - 2))


def _told(line: narrative.Line, paint: Paint, width: int) -> Iterator[str]:
    head = f"{line.head}  " if line.head else ""
    wrapped = wrap(f"  {head}{visible(line.text)}", width, "    ")
    first = wrapped[0]
    if line.step is None:
        yield from (paint(part, "dim") for part in wrapped)
        return
    yield first.replace(head, paint(line.head, "bold") + "  ", 1) if head in first else first
    yield from wrapped[1:]


class _Text:
    """One ladder as lines."""

    def __init__(self, story: Story, ladder: Ladder, lang: Language, paint: Paint, width: int) -> None:
        self.story, self.ladder, self.lang, self.paint = story, ladder, lang, paint
        self.width = max(width, _LEAST_WIDTH)
        self.derivations = self.width >= _WITH_DERIVATIONS
        self.right = _FIRST_STATE if self.derivations else _STATE
        notes = (
            min(max((display_width(self._note(step)) for step in story.steps[:200]), default=0), 44)
            if self.derivations
            else 0
        )
        fixed = _TIME + 1 + _STATE + 3 + 1 + self.right + 1 + _PHASE + notes
        self.arrow = min(max(self.width - fixed, _LEAST_ARROW), 56)
        self.shown = {True: "", False: ""}  #: the state last written for the client (True) and the server

    def lines(self) -> Iterator[str]:
        yield self._heads()
        tones = {row: band.tone for band in self.ladder.bands for row in range(band.first, band.last + 1)}
        for index, row in enumerate(self.ladder.rows):
            if row.kind == "segment":
                yield self._segment(self.story.steps[row.first], tones[index])
            elif row.kind == "wait":
                yield self._wait(row)
            else:
                yield self._run(row, tones[index])

    def _heads(self) -> str:
        record, lang = self.story.connection, self.lang
        time = pad(text("ladder.time", lang), _TIME, "right")
        client = f"{text('name.client', lang)} :{record.client.port}"
        server = f"{text('name.server', lang)} :{record.server.port}"
        space = _STATE + self.arrow + 5 - display_width(client)
        return self.paint(f"{time} {client}{' ' * max(space, 1)}{server}".rstrip(), "bold")

    def _segment(self, step: Step, tone: str) -> str:
        client, server = self._state(step, client=True), self._state(step, client=False)
        parts = [
            self.paint(pad(milliseconds(step.time_ns), _TIME, "right"), "dim"),
            " ", self.paint(pad(client, _STATE, "right"), "bold"), " ",
            self._arrow(step, tone),
            " ", self.paint(pad(server, self.right), "bold"), " ",
            self.paint(pad(narrative.phase_name(step.phase, self.lang), _PHASE), tone),
        ]  # fmt: skip
        if self.derivations:
            parts.append(self._note(step, self.paint))
        elif step.flags:
            parts.append(self.paint(f"[{step.flags[0].replace('_', ' ')}]", "warn"))
        return "".join(parts).rstrip()

    def _state(self, step: Step, *, client: bool) -> str:
        """The state where it is news, the first one with what it came from."""
        before, after = (step.client_before, step.client_after) if client else (step.server_before, step.server_after)
        if self.shown[client] == after.label:
            return ""
        first, self.shown[client] = not self.shown[client], after.label
        if first and not client and self.derivations and before != after:
            return f"{before.label}→{after.label}"
        return after.label

    def _arrow(self, step: Step, tone: str) -> str:
        stroke = "╌" if step.flags else "─"
        name = segment_name(step.segment.flags).replace(", ", ",")
        label = clip(f" {name} {labels.brief(step)} ", self.arrow - 4)
        rest = stroke * (self.arrow - 3 - display_width(label))
        drawn = f"{stroke * 2}{label}{rest}▶" if step.from_client else f"◀{rest}{label}{stroke * 2}"
        return f"│{self.paint(drawn, tone)}│"

    def _note(self, step: Step, paint: Paint | None = None) -> str:
        """What the numbers come from, a look at the data, and what the analysis flagged."""
        parts = [labels.short(derivation) for derivation in step.derivations]
        if step.segment.payload:
            parts.append(f'"{payload_preview(step.segment.payload, 18)}"')
        flagged = f"[{', '.join(flag.replace('_', ' ') for flag in step.flags)}]" if step.flags else ""
        if paint is not None:
            flagged = paint(flagged, "warn")
        return "  ".join(part for part in (", ".join(parts), flagged) if part)

    def _wait(self, row: Row) -> str:
        said = clip(f"⋮ {text('ladder.wait', self.lang, dt=row.wait_ns)}", _TIME + _STATE)
        line = f"{pad(said, _TIME + 1 + _STATE, 'right')} ┊{' ' * self.arrow}┊"
        return self.paint(line, "dim")

    def _run(self, row: Row, tone: str) -> str:
        lang = self.lang
        run = text("ladder.run", lang, segments=row.segments, dt=row.wait_ns)
        sent = text("ladder.run-bytes", lang, client_bytes=row.client_bytes, server_bytes=row.server_bytes)
        time = milliseconds(self.story.steps[row.first].time_ns)
        inside = pad(clip(f"⋯ {run} ⋯", self.arrow), self.arrow, "center")
        return (
            self.paint(pad(time, _TIME, "right"), "dim")
            + f" {' ' * _STATE} ┊{self.paint(inside, tone)}┊ {self.paint(sent, tone)}"
        )
