"""The ladder and the story as text. Nothing here loads more than the standard library; colour only where asked for."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TextIO

from synfin.explain import labels, narrative, opinions
from synfin.explain.escape import payload_preview, visible
from synfin.explain.header import segment_name
from synfin.explain.ladder import DEFAULT_MAX_SEGMENTS, Ladder, Row, layout
from synfin.explain.quantity import Language, milliseconds
from synfin.explain.words import text
from synfin.faces.width import clip, display_width, pad, wrap

if TYPE_CHECKING:
    from synfin.watch.connections.record import Step, Story

_STATE, _SHORT_PHASE = 12, 3
_BETWEEN = 1 + 1 + 2 + 1 + 1  #: columns that nothing is written in: spaces and lanes
_LEAST_TIME, _MOST_TIME = 8, 10
_LEAST_ARROW, _MOST_ARROW, _LEAST_WIDTH = 34, 56, 78
_BESIDE_LABEL = 7  #: columns of an arrow's head and strokes, and the spaces between
_WITH_DERIVATIONS, _WITH_FIRST_STATE = 120, 140
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
#: how a severity looks
SEVERITY_STYLES = {"ok": "ok", "info": "open", "note": "open", "warn": "close", "error": "warn"}


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
    story: Story,
    lang: Language,
    *,
    colour: bool,
    width: int,
    max_segments: int | None = DEFAULT_MAX_SEGMENTS,
    verdict: bool = True,
) -> str:
    """The story in words: verdict (unless it was shown already), findings, every phase and segment, and asides."""
    paint, width = Paint(colour), max(width, 40)
    lines = list(_verdict_lines(story, lang, paint, width)) if verdict else []
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
    style = SEVERITY_STYLES[verdict.severity]
    yield paint(f"{record.open} · {record.close}", style)
    yield from (paint(line, "dim") for line in wrap(narrative.identity(record, lang), width))


def _finding_lines(story: Story, lang: Language, paint: Paint, width: int) -> Iterator[str]:
    for finding in narrative.findings(story):
        if finding.severity == "ok":
            continue  # the verdict says as much
        sentence, todo = narrative.finding_sentence(finding, lang)
        likely = f" ({text('ui.likely', lang)})" if finding.confidence == "likely" else ""
        yield ""
        yield paint(finding.id, SEVERITY_STYLES.get(finding.severity, "open")) + likely
        yield from ("  " + line for line in wrap(visible(sentence), width - 2))
        yield from ("  " + line for line in wrap(text("ui.todo", lang, advice=visible(todo)), width - 2))


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
        self.right, self.phase = _STATE, _SHORT_PHASE
        if self.derivations:
            names = {narrative.phase_name(step.phase, lang) for step in story.steps}
            self.phase = max(map(display_width, names), default=0) + 2
            self.right = _FIRST_STATE if self.width >= _WITH_FIRST_STATE else _STATE
        self.shown = {True: "", False: ""}  #: the state last written for the client (True) and the server
        self._divide([story.steps[row.first] for row in ladder.rows if row.kind != "wait"])

    def _divide(self, steps: Sequence[Step]) -> None:
        """What each column may take: the arrow as much as its labels need, notes what is left of the line."""
        times = max((display_width(milliseconds(step.time_ns)) for step in steps), default=0)
        self.time = min(max(times, _LEAST_TIME), _MOST_TIME)
        self.number = max([display_width(text("ladder.frame", self.lang)), *(len(_frame(step)) for step in steps)])
        room = self.width - self.time - _STATE - _BETWEEN - self.right - self.phase
        if room - self.number - 1 < _LEAST_ARROW:
            self.number = 0  # a narrow terminal
        room -= self.number + 1 if self.number else 0
        label = max((display_width(self._label(step, short=True)) for step in steps), default=0)
        least = max(min(label + _BESIDE_LABEL, _MOST_ARROW), _LEAST_ARROW)
        self.notes = 0
        if self.derivations:
            self.notes = max(room - least, 0)
            self.notes = min(self.notes, max((display_width(self._note(step)) for step in steps), default=0))
        self.arrow = min(max(room - self.notes, _LEAST_ARROW), _MOST_ARROW)
        self.left = self.time + 1 + _STATE + (self.number + 1 if self.number else 0)  #: columns left of the lanes

    def lines(self) -> Iterator[str]:
        yield self._heads()
        bands = {band.first: band for band in self.ladder.bands}
        tone = "other"
        for index, row in enumerate(self.ladder.rows):
            if index in bands:
                tone = bands[index].tone
                if not self.derivations:
                    yield self._between(text(f"band.{bands[index].kind}", self.lang), tone)
            yield from self._row(row, tone)

    def _row(self, row: Row, tone: str) -> Iterator[str]:
        if row.kind == "wait":
            yield self._wait(row)
        elif row.kind == "run":
            yield from self._run(row, tone)
        else:
            step = self.story.steps[row.first]
            yield self._segment(step, tone)
            if step.flags and not self.derivations:
                yield self._between(f"[{step.flags[0].replace('_', ' ')}]", "warn")
            if not self.derivations and (second := opinions.second(step, self.lang)):
                yield self._between(f"[{second}]", "warn")

    def _between(self, content: str, style: str) -> str:
        """A line of its own between the lanes."""
        inside = pad(clip(content, self.arrow), self.arrow, "center")
        return f"{' ' * self.left} ┊{self.paint(inside, style)}┊"

    def _heads(self) -> str:
        record, lang = self.story.connection, self.lang
        number = f"{pad(text('ladder.frame', lang), self.number, 'right')} " if self.number else ""
        time = pad(text("ladder.time", lang), self.time, "right")
        client = f"{text('name.client', lang)} :{record.client.port}"
        server = f"{text('name.server', lang)} :{record.server.port}"
        space = _STATE + self.arrow + 5 - display_width(client)
        return self.paint(f"{number}{time} {client}{' ' * max(space, 1)}{server}".rstrip(), "bold")

    def _segment(self, step: Step, tone: str) -> str:
        client, server = self._state(step, client=True), self._state(step, client=False)
        parts = [
            self._when(step),
            " ", self.paint(pad(client, _STATE, "right"), "bold"), " ",
            self._arrow(step, tone),
            " ", self.paint(pad(server, self.right), "bold"), " ",
        ]  # fmt: skip
        if self.derivations:
            parts.append(self.paint(pad(narrative.phase_name(step.phase, self.lang), self.phase), tone))
            parts.append(self._note(step, self.paint))
        else:
            parts.append(self.paint(narrative.phase_step(step.phase), tone))
        return "".join(parts).rstrip()

    def _when(self, step: Step) -> str:
        """Frame and time."""
        number = f"{pad(_frame(step), self.number, 'right')} " if self.number else ""
        time = pad(clip(milliseconds(step.time_ns), self.time), self.time, "right")
        return self.paint(number + time, "dim")

    def _state(self, step: Step, *, client: bool) -> str:
        """The state where it is news, the first one with what it came from."""
        before, after = (step.client_before, step.client_after) if client else (step.server_before, step.server_after)
        if self.shown[client] == after.label:
            return ""
        first, self.shown[client] = not self.shown[client], after.label
        if first and not client and self.right == _FIRST_STATE and before != after:
            return f"{before.label}→{after.label}"
        return after.label

    def _arrow(self, step: Step, tone: str) -> str:
        stroke = "╌" if step.flags else "─"
        label = self._label(step)
        if display_width(label) > self.arrow - 4:
            label = clip(self._label(step, short=True), self.arrow - 4)
        rest = stroke * (self.arrow - 3 - display_width(label))
        drawn = f"{stroke * 2}{label}{rest}▶" if step.from_client else f"◀{rest}{label}{stroke * 2}"
        return f"│{self.paint(drawn, tone)}│"

    def _label(self, step: Step, *, short: bool = False) -> str:
        name = segment_name(step.segment.flags).replace(", ", ",")
        return f" {name} {labels.brief(step, short=short)} "

    def _note(self, step: Step, paint: Paint | None = None) -> str:
        """What the numbers come from, a look at the data, and what the analysis flagged."""
        parts = [labels.short(derivation) for derivation in step.derivations]
        if step.segment.payload:
            parts.append(f'"{payload_preview(step.segment.payload, 18)}"')
        marks = [", ".join(flag.replace("_", " ") for flag in step.flags), opinions.second(step, self.lang)]
        flagged = f"[{' → '.join(mark for mark in marks if mark)}]" if any(marks) else ""
        flagged = clip(flagged, self.notes)
        room = self.notes - (display_width(flagged) + 2 if flagged else 0)
        said = clip(", ".join(parts), room) if room >= 8 else ""
        return "  ".join(part for part in (said, paint(flagged, "warn") if paint else flagged) if part)

    def _wait(self, row: Row) -> str:
        said = clip(f"⋮ {text('ladder.wait', self.lang, dt=row.wait_ns)}", self.left)
        line = f"{pad(said, self.left, 'right')} ┊{' ' * self.arrow}┊"
        return self.paint(line, "dim")

    def _run(self, row: Row, tone: str) -> Iterator[str]:
        lang = self.lang
        run = text("ladder.run", lang, segments=row.segments, dt=row.wait_ns)
        sent = text("ladder.run-bytes", lang, client_bytes=row.client_bytes, server_bytes=row.server_bytes)
        when = self._when(self.story.steps[row.first])
        inside = pad(clip(f"⋯ {run} ⋯", self.arrow), self.arrow, "center")
        line = f"{when} {' ' * _STATE} ┊{self.paint(inside, tone)}┊"
        if self.derivations:
            yield f"{line} {self.paint(sent, tone)}"
        else:
            yield line
            yield self._between(sent, tone)


def _frame(step: Step) -> str:
    return str(step.segment.frame)
