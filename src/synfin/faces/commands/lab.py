"""`synfin lab`: the tutorial's experiment for real, and what it shows."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from typing import Any

from synfin import lab
from synfin.errors import SynfinError, UsageError
from synfin.explain.escape import visible
from synfin.explain.quantity import milliseconds
from synfin.explain.words import Language, detect_language, text
from synfin.faces import inputs, telling
from synfin.faces.commands import lab_all, lab_bench
from synfin.faces.width import wrap
from synfin.lab import shelf
from synfin.watch.connections.record import Story
from synfin.watch.connections.records import record
from synfin.watch.follow.analysis import flag_names
from synfin.watch.story.story import tell
from synfin.wire.frame import Frame, dissect

_ONE_PLACE = (
    "the tutorial's scenarios run on loopback without the referee: --kernel and --at are for the others; "
    "quickack_after_eof_read is the textbook's close, close_4seg and lo_close_3seg are its relatives"
)


def run(asked: argparse.Namespace) -> int:
    """Run a scenario; 1 where the packets are not what it expects, or the capture lost some."""
    lang: Language = asked.lang or detect_language()
    if asked.list_scenarios:
        return lab_all.print_list(lang)
    if asked.output:
        telling.check_output(asked.output)
    if asked.write:
        inputs.refuse_overwrite(asked.write, force=asked.force)
    try:
        if asked.all:
            return lab_all.run_all(asked, lang)
        chosen = shelf.take(asked.scenario or lab.DEFAULT)
        if isinstance(chosen, lab.Script):
            return lab_bench.run(asked, chosen, lang)
        if asked.kernel or asked.at:
            raise UsageError(_ONE_PLACE)
        done = lab.run(chosen, place=asked.place)
    except lab.LabForbidden as refused:
        for sentence in refused.sentences(lang):
            inputs.note(sentence)
        return refused.exit_code
    story, frames = _story(done)
    match = done.check()
    _save(asked, done, story, frames, lang)
    if asked.form == "json":
        telling.print_json(_document(done, story, match))
    elif asked.write != "-":
        _print(done, story, match, lang, telling.max_segments(asked.max_segments, asked.full))
    return 0 if match and not done.drops else 1


def _story(done: lab.LabRun) -> tuple[Story, dict[int, Frame]]:
    """The run's one connection as a story, and its frames by number."""
    engine = inputs.fresh_engine()
    frames: dict[int, Frame] = {}
    segments, flags = [], []
    for packet in done.packets:
        place, frame = engine.see(packet), dissect(packet)
        if place is not None and frame.segment is not None:
            frames[packet.number] = frame
            segments.append(frame.segment)
            flags.append(flag_names(place.bits))
    connections = [record(raw) for raw in engine.connections()]
    if len(connections) != 1:
        raise SynfinError(f"the lab captured {len(connections)} connections where there should be one; run it again")
    return tell(segments, connections[0], flags, capture_end_ns=done.packets[-1].time_ns), frames


def _save(
    asked: argparse.Namespace, done: lab.LabRun, story: Story, frames: Mapping[int, Frame], lang: Language
) -> None:
    if asked.write == "-":
        lab.save(done, sys.stdout.buffer, _phases(story))
    elif asked.write:
        with open(asked.write, "wb") as output:
            lab.save(done, output, _phases(story))
    if asked.output:
        limit = telling.max_segments(asked.max_segments, asked.full)
        telling.write_story(asked.output, story, frames, lang, title=f"synfin lab {done.scenario.name}", limit=limit)


def _phases(story: Story) -> dict[int, str]:
    return {step.segment.frame: step.phase for step in story.steps}


def _print(done: lab.LabRun, story: Story, match: lab.Match, lang: Language, limit: int | None) -> None:
    print(f"{done.scenario.name}: {done.scenario.title[lang]}")
    print(done.place.sentence(lang))
    _print_lesson("happens", done.scenario.summary[lang], lang)
    print(f"\n{text('lab.saw', lang)}")
    colon = ": " if lang == "en" else "："
    start_ns = done.packets[0].time_ns if done.packets else 0
    for event in done.events:
        who = text(f"who.{event.who}", lang)
        print(f"  {milliseconds(event.time_ns - start_ns):>9} ms  {who}{colon}{visible(event.sentence(lang))}")
    print()
    telling.print_story(story, lang, limit)
    print(f"\n{text('lab.captured', lang, n=len(done.packets), drops=done.drops)}")
    if done.repeated:
        print(text("lab.repeated", lang, n=done.repeated))
    if match.outcome is None:
        print(text("lab.unexpected", lang, scenario=done.scenario.name), file=sys.stderr)
        print(match.difference, file=sys.stderr)
    else:
        print(text("lab.expected", lang, scenario=done.scenario.name, outcome=match.outcome.name))
        _print_lesson("why", match.outcome.why[lang], lang)
        _print_lesson("look", done.scenario.look[lang], lang)


def _print_lesson(part: str, told: str, lang: Language) -> None:
    print(f"\n{text(f'lab.lesson.{part}', lang)}")
    print("\n".join(f"  {line}" for line in wrap(told, telling.terminal_width() - 2)))


def _document(done: lab.LabRun, story: Story, match: lab.Match) -> dict[str, Any]:
    return {
        "scenario": done.scenario.name,
        "place": done.place.name,
        "drops": done.drops,
        "repeated": done.repeated,
        "outcome": None if match.outcome is None else match.outcome.name,
        "signature": list(done.signature()),
        "events": [
            {"time_ns": event.time_ns, "who": event.who, "name": event.name, **event.detail} for event in done.events
        ],
        **telling.story_document(story),
    }
