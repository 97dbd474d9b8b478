"""`synfin check`: what is wrong in captures, the worst first."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from synfin.explain.narrative import finding_sentence
from synfin.explain.rulings import broken, dropped, illegal
from synfin.explain.words import Language, detect_language, rfc_section, text
from synfin.faces import inputs, telling
from synfin.faces.found import Found, document, line, print_groups
from synfin.faces.places import Places
from synfin.faces.rfc_statistics import print_statistics, statistics_document
from synfin.faces.terminal import Paint, wants_colour
from synfin.faces.weaknesses import weaknesses
from synfin.watch.connections.brief import Brief, of_record
from synfin.watch.connections.record import Connection, Finding, Story
from synfin.watch.engine.engine import GENEROUS, HASTY, KEEP_ALL, Limits
from synfin.watch.engine.engines import compiled
from synfin.watch.findings.fleet import Fleet
from synfin.watch.findings.known import SEVERITIES
from synfin.watch.findings.lacks import Lacks
from synfin.watch.findings.seen import Seen
from synfin.watch.findings.translated import Initial, going_on_elsewhere, initial
from synfin.watch.findings.weaken import goes_back, resting_on_absence_softened
from synfin.watch.story.stories import listen
from synfin.watch.verify import Statistic, Statistics, judge_segments, verify

if TYPE_CHECKING:
    from synfin.watch.story.selected import Selection
    from synfin.watch.story.survey import Survey

_MANY = 100_000  #: connections, with which none is forgotten, however long it is silent; 0.6 to 1.5 kB each
_VERY_MANY = 400_000  #: at once, with which each is remembered for longer than hosts do


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
    """Follow the captures and open what is worth it; all, where there are no kernels."""
    if compiled():
        return _opened(asked, paths, warnings, lang)
    heard = listen(paths, warnings=warnings)
    told, fleet, lacks = _Told(asked.rfc, lang), Fleet(), Lacks()
    for story in heard.stories():
        told.add(story)
        one = of_record(story.connection)
        fleet.note(one)
        lacks.note(one)
    return told.checked(fleet, lacks, heard.frames, heard.begins, warnings)


def _opened(asked: argparse.Namespace, paths: Sequence[str], warnings: list[str], lang: Language) -> _Checked:
    """The same by two passes: one over everything, one that takes out the segments of what is worth opening."""
    from synfin.watch.story.opened import opened
    from synfin.watch.story.selected import LONG, Selection

    least = asked.least if asked.fail_on == "never" else min(asked.least, asked.fail_on, key=SEVERITIES.index)
    chooses = partial(Selection, "ok" if asked.rfc else least, None if asked.rfc else asked.open)
    followed = None
    for limits, most in ((KEEP_ALL, _MANY), (GENEROUS, _VERY_MANY), (HASTY, None)):
        warnings.clear()
        followed = _followed(chooses(), paths, warnings, limits, most)
        if followed is not None:
            break
    assert followed is not None
    survey, selection = followed.survey, followed.survey.selection
    if followed.limits == HASTY:
        silent_s = {"closed": HASTY.closed_after_s or 0, "idle": HASTY.idle_after_s or 0}
        warnings.append(text("check.hasty", lang, n=f"{_VERY_MANY:,}", **silent_s))
    told = _Told(asked.rfc, lang)
    for story in opened(paths, selection.chosen, survey.earlier(), followed.end_ns, followed.limits):
        told.add(story)
    told.found += [_of_others("check.others", finding, lang) for finding in selection.others()]
    told.found += [_of_others("check.long", finding, lang, most=f"{LONG:,}") for finding in selection.long()]
    if selection.unsure:
        warnings.append(text("check.unsure", lang, n=selection.unsure))
    return told.checked(survey.fleet, survey.lacks, followed.frames, followed.begins, warnings)


class _Followed(NamedTuple):
    """What the first pass knows."""

    survey: Survey
    limits: Limits
    frames: int
    end_ns: int
    begins: list[int]


def _followed(
    selection: Selection, paths: Sequence[str], warnings: list[str], limits: Limits, most: int | None
) -> _Followed | None:
    """The first pass; None where memory would have to keep more than `most` connections at once."""
    from synfin.watch.engine.compiled import CompiledEngine, raws
    from synfin.watch.story.survey import Survey

    survey = Survey(selection)
    engine = CompiledEngine(records_only=True, findings=True, sums=True, limits=limits)
    begins: list[int] = []
    for path in paths:
        begins.append(engine.frames + 1)
        for _ in inputs.steps(engine, [path], warnings):
            if most is not None and len(engine.tracker) > most:
                return None
            survey.take(one for block in engine.drain() for one in raws(block))
    survey.take(one for block in engine.drain(everything=True) for one in raws(block))
    return _Followed(survey, limits, engine.frames, engine.tracker.latest_ns(), begins)


class _One(NamedTuple):
    """What is kept of a connection that was opened."""

    brief: Brief
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
        one = story.connection
        self.stories.append(_One(of_record(one), one, story.findings, initial(story.steps), turned))
        if self._rfc and story.known is not None:
            self.found += _by_the_book(story.known, story.connection, self._lang)
            self._counted.add(story.known)

    def checked(self, fleet: Fleet, lacks: Lacks, frames: int, begins: list[int], warnings: list[str]) -> _Checked:
        """Everything found: of each connection that was opened, and over all that were noted."""
        over_all = fleet.findings()
        if fleet.left_out:
            warnings.append(text("check.fleet", self._lang, n=fleet.left_out))
        half = any(finding.id == "capture.one_way" for finding in over_all)
        elsewhere = going_on_elsewhere((one.brief, one.numbers) for one in self.stories)
        for one in self.stories:
            weak = half or one.brief.conn in elsewhere
            said = resting_on_absence_softened(one.findings) if weak else one.findings
            self.found += [_of_catalogue(finding, one.connection, self._lang) for finding in said]
            lacks.look_into(one.brief, {finding.id for finding in one.findings})
        self.found += [_of_catalogue(finding, None, self._lang) for finding in over_all]
        limits = weaknesses(lacks, sum(one.turned for one in self.stories), self._lang)
        counted = self._counted.rows() if self._rfc else ()
        return _Checked(self.found, lacks.connections, frames, begins, limits, counted)


def _of_others(word: str, finding: Finding, lang: Language, **numbers: str) -> Found:
    """A kind of finding of connections that were not opened."""
    times = len(finding.connections) + finding.unnamed
    return Found(finding, None, text(word, lang, n=times, conn=finding.connections[0], **numbers), "", times)


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
        findings = [document(one, places) for one in shown]
        name = ", ".join(places.files)
        whole = {"schema": 1, "file": name, "findings": findings, "warnings": list(warnings)}
        if asked.rfc:
            whole["statistics"] = statistics_document(counted, lang)
        telling.print_json(whole)
    elif form == "lines":
        sys.stdout.writelines(f"{line(one, places)}\n" for one in shown)
    else:
        paint, width = Paint(wants_colour(sys.stdout)), telling.terminal_width()
        if shown:
            print_groups(shown, places, paint, width, lang)
        else:
            print(text("check.nothing", lang))
        print_statistics(counted, paint, width, lang)
