"""`synfin check`: what is wrong in captures, the worst first."""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from synfin.explain.escape import visible
from synfin.explain.narrative import finding_sentence
from synfin.explain.rulings import broken, dropped, illegal
from synfin.explain.words import Language, detect_language, rfc_section, text
from synfin.faces import inputs, telling
from synfin.faces.places import Places
from synfin.faces.rfc_statistics import print_statistics, statistics_document
from synfin.faces.table import SEVERITIES
from synfin.faces.terminal import SEVERITY_STYLES, Paint, wants_colour
from synfin.faces.weaknesses import weaknesses
from synfin.faces.width import wrap
from synfin.watch.connections.record import Connection, Finding, Story
from synfin.watch.connections.records import record
from synfin.watch.engine.engines import compiled
from synfin.watch.findings.fleet import fleet
from synfin.watch.findings.seen import Seen
from synfin.watch.findings.translated import Initial, going_on_elsewhere, initial
from synfin.watch.findings.weaken import goes_back, resting_on_absence_softened
from synfin.watch.story.stories import listen
from synfin.watch.verify import Statistic, Statistics, judge_segments, verify

_SHOWN = 8  #: connections and frames named of each kind


class Found(NamedTuple):
    """A finding in words, and the connection that it is about; None for one over many."""

    finding: Finding
    connection: Connection | None
    sentence: str
    todo: str
    times: int = 1  #: how often; more than once where connections were not opened

    @property
    def rank(self) -> int:
        return SEVERITIES.index(self.finding.severity)

    @property
    def conns(self) -> tuple[int, ...]:
        return self.finding.connections if self.connection is None else (self.connection.conn,)

    @property
    def first_frame(self) -> int:
        """0 where no frame bears witness."""
        return self.finding.frames[0] if self.finding.frames else 0

    @property
    def order(self) -> tuple[int, bool, str, tuple[int, ...]]:
        """The worst first; among equals the capture's own faults, since they weaken the rest."""
        return -self.rank, not self.finding.id.startswith(("capture.", "path.asymmetric")), self.finding.id, self.conns


def run(asked: argparse.Namespace) -> int:
    """Print the findings of the captures; 1 where one is at least as bad as --fail-on."""
    paths = inputs.named(asked)
    lang: Language = asked.lang or detect_language()
    warnings: list[str] = []
    with inputs.rereadable(paths) as sources:
        checked = _checked(asked, sources, warnings, lang)
    found = checked.found
    if checked.limits and not asked.quiet:
        inputs.note(checked.limits)
    for warning in warnings:
        inputs.note(warning)
    warnings[:0] = [checked.limits] if checked.limits else []
    if not checked.connections and not asked.quiet:
        inputs.note_no_tcp(paths, checked.frames)
    least = SEVERITIES.index(asked.least)
    shown = sorted((one for one in found if one.rank >= least), key=lambda one: one.order)
    _print(asked, Places(paths, checked.begins), shown, checked.counted, warnings, lang)
    if asked.fail_on == "never":
        return 0
    return int(any(one.rank >= SEVERITIES.index(asked.fail_on) for one in found))


class _Checked(NamedTuple):
    """What the captures hold."""

    found: list[Found]
    connections: int
    frames: int
    begins: list[int]  #: the number of each capture's first frame
    limits: str  #: what about the captures weakens all that is said; empty where nothing does
    counted: Sequence[Statistic]  #: with --rfc: the requirements that are not ruled on


def _checked(asked: argparse.Namespace, paths: Sequence[str], warnings: list[str], lang: Language) -> _Checked:
    """Follow the captures and open what is worth it; all, where there are no kernels or frames cannot be picked."""
    if compiled():
        from synfin.watch.story.opened import CannotPick

        with contextlib.suppress(CannotPick):
            return _opened(asked, paths, warnings, lang)
        warnings.clear()
    heard = listen(paths, warnings=warnings)
    told = _Told(asked.rfc, lang)
    for story in heard.stories():
        told.add(story)
    return told.checked([one.connection for one in told.stories], heard.frames, heard.begins)


def _opened(asked: argparse.Namespace, paths: Sequence[str], warnings: list[str], lang: Language) -> _Checked:
    """The same by two passes: one over everything, one that takes out the segments of what is worth opening."""
    from synfin.watch.engine.compiled import CompiledEngine
    from synfin.watch.story.opened import opened
    from synfin.watch.story.selected import select, with_earlier

    engine = CompiledEngine(records_only=True, findings=True, sums=True)
    begins: list[int] = []
    for path in paths:
        begins.append(engine.frames + 1)
        for _ in inputs.steps(engine, [path], warnings):
            pass
    raws = list(engine.connections())
    least = asked.least if asked.fail_on == "never" else min(asked.least, asked.fail_on, key=SEVERITIES.index)
    selection = select(raws, "ok" if asked.rfc else least, None if asked.rfc else asked.open)
    told = _Told(asked.rfc, lang)
    for story in opened(paths, selection.chosen, with_earlier(selection.chosen, raws), engine.tracker.latest_ns()):
        told.add(story)
    told.found += [_of_others(finding, lang) for finding in selection.findings()]
    if selection.unsure:
        warnings.append(text("check.unsure", lang, n=selection.unsure))
    return told.checked([record(raw) for raw in raws], engine.frames, begins)


class _One(NamedTuple):
    """What is kept of a connection that was opened."""

    connection: Connection
    findings: Sequence[Finding]
    numbers: Initial | None
    turned: bool  #: its clock goes back


class _Told:
    """The connections that were opened, until all are known: one may weaken what is said of another."""

    def __init__(self, rfc: bool, lang: Language) -> None:
        self.stories: list[_One] = []
        self.found: list[Found] = []
        self._rfc, self._lang = rfc, lang
        self._counted = Statistics()

    def add(self, story: Story) -> None:
        turned = goes_back([step.time_ns for step in story.steps])
        self.stories.append(_One(story.connection, story.findings, initial(story.steps), turned))
        if self._rfc and story.known is not None:
            self.found += _by_the_book(story.known, story.connection, self._lang)
            self._counted.add(story.known)

    def checked(self, connections: Sequence[Connection], frames: int, begins: list[int]) -> _Checked:
        """Everything found: of each connection that was opened, and over all `connections`."""
        over_all = fleet(connections)
        half = any(finding.id == "capture.one_way" for finding in over_all)
        elsewhere = going_on_elsewhere((one.connection, one.numbers) for one in self.stories)
        for one in self.stories:
            weak = half or one.connection.conn in elsewhere
            said = resting_on_absence_softened(one.findings) if weak else one.findings
            self.found += [_of_catalogue(finding, one.connection, self._lang) for finding in said]
        self.found += [_of_catalogue(finding, None, self._lang) for finding in over_all]
        opened = {one.connection.conn: one.findings for one in self.stories}
        limits = weaknesses(connections, opened, sum(one.turned for one in self.stories), self._lang)
        counted = self._counted.rows() if self._rfc else ()
        return _Checked(self.found, len(connections), frames, begins, limits, counted)


def _of_others(finding: Finding, lang: Language) -> Found:
    """A kind of finding of connections that were not opened."""
    times = len(finding.connections)
    return Found(finding, None, text("check.others", lang, n=times), "", times)


def _of_catalogue(finding: Finding, connection: Connection | None, lang: Language) -> Found:
    return Found(finding, connection, *finding_sentence(finding, lang))


def _by_the_book(known: Seen, connection: Connection, lang: Language) -> Iterator[Found]:
    """What a connection does that RFC 9293 does not allow, and what a Linux host would drop of it."""
    for ruling in verify(known):
        if not ruling.kept and ruling.level != "may":
            found = Finding(
                f"rfc.{ruling.rule}", ruling.severity, ruling.who, ruling.frames, dict(ruling.numbers), "certain",
                f"RFC 9293 §{rfc_section(ruling.rule)}",
            )  # fmt: skip
            yield Found(found, connection, broken(ruling, lang), "")
    for judged, move in zip(judge_segments(known.moves), known.moves, strict=True):
        if judged.illegal:
            who = "client" if move.step.from_client else "server"
            found = Finding(
                "rfc.illegal", "note", who, (judged.frame,), {"code": judged.illegal}, "likely", "RFC 9293 §3.10"
            )
            yield Found(found, connection, illegal(judged, who, lang), "")
        if judged.drop:
            who = "server" if move.step.from_client else "client"
            found = Finding("linux.drop", "info", who, (judged.frame,), {"code": judged.drop}, "likely", "Linux")
            yield Found(found, connection, dropped(judged, who, lang), "")


def _print(
    asked: argparse.Namespace, places: Places, shown: Sequence[Found], counted: Sequence[Statistic],
    warnings: Sequence[str], lang: Language,
) -> None:  # fmt: skip
    form = asked.form or ("grouped" if sys.stdout.isatty() else "lines")
    if form == "json":
        findings = [_document(one, places) for one in shown]
        name = ", ".join(places.files)
        document = {"schema": 1, "file": name, "findings": findings, "warnings": list(warnings)}
        if asked.rfc:
            document["statistics"] = statistics_document(counted, lang)
        telling.print_json(document)
    elif form == "lines":
        sys.stdout.writelines(f"{_line(one, places)}\n" for one in shown)
    else:
        paint, width = Paint(wants_colour(sys.stdout)), telling.terminal_width()
        if shown:
            _print_groups(shown, places, paint, width, lang)
        else:
            print(text("check.nothing", lang))
        print_statistics(counted, paint, width, lang)


def _line(one: Found, places: Places) -> str:
    """`file:frame: severity: id: conn 3: sentence`, as compilers write, so that other tools can read it.

    The frame is counted in its file, as Wireshark shows it.
    """
    file, frame = places.of(one.first_frame)
    conns = f"{'conn' if one.connection is not None else 'conns'} {_some(one.conns, ',')}"
    return f"{file}:{frame}: {one.finding.severity}: {one.finding.id}: {conns}: {one.sentence}"


def _document(one: Found, places: Places) -> dict[str, Any]:
    finding, place = one.finding, places.of(one.first_frame)
    return {
        "id": finding.id,
        "severity": finding.severity,
        "confidence": finding.confidence,
        "who": finding.who,
        "connections": list(one.conns),
        "frames": list(finding.frames),
        "file": place.file,
        "frame_in_file": place.frame or None,
        "numbers": finding.numbers,
        "reference": finding.reference,
        "text": one.sentence,
        "next": one.todo,
    }


def _print_groups(shown: Sequence[Found], places: Places, paint: Paint, width: int, lang: Language) -> None:
    """Each kind once: how often, the first of them in words, where, and what to do."""
    groups: dict[str, list[Found]] = {}
    for one in shown:
        groups.setdefault(one.finding.id, []).append(one)
    for name, of in groups.items():
        finding, _, sentence, todo, _ = of[0]
        times = sum(one.times for one in of)
        print(paint(f"{finding.severity:<5} {name}", SEVERITY_STYLES[finding.severity]), f" × {times}")
        for line in (*wrap(sentence, width - 2), *wrap(_where(of, places, lang), width - 2)):
            print(f"  {line}")
        for line in wrap(f"→ {todo}", width - 2, "  ") if todo else ():
            print(paint(f"  {line}", "dim"))
        print()


def _where(of: Sequence[Found], places: Places, lang: Language) -> str:
    """The first one's connection, ends, file and frames; the numbers of the other connections."""
    first = of[0]
    conns = tuple(dict.fromkeys(conn for one in of for conn in one.conns))
    frames = _some(first.finding.frames, ", ")
    if first.connection is None:
        return text("check.where", lang, conns=_some(conns, ", "), frames=frames)
    ends = f"{first.connection.client.endpoint} → {first.connection.server.endpoint}"
    said = [text("check.where-one", lang, conn=str(first.connection.conn), ends=ends, frames=frames)]
    if len(places.files) > 1:
        file, frame = places.of(first.first_frame)
        said.append(text("check.where-file", lang, file=visible(file), frame=str(frame)))
    if len(conns) > 1:
        said.append(text("check.where-others", lang, conns=_some(conns[1:], ", ")))
    return "".join(said)


def _some(numbers: Sequence[int], between: str) -> str:
    return between.join(map(str, numbers[:_SHOWN])) + (" …" if len(numbers) > _SHOWN else "")
