"""`synfin lab NAME` for the scenarios of the bench: the lesson, what both ends saw, and what the kernel says."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from synfin import lab
from synfin.capture.packet import Interface
from synfin.capture.pcapng import PcapngWriter
from synfin.errors import UsageError
from synfin.explain.escape import visible
from synfin.explain.quantity import milliseconds
from synfin.explain.words import Language, text
from synfin.faces import inputs, telling
from synfin.faces.terminal import Paint, render_verdict, wants_colour
from synfin.faces.width import display_width, pad, wrap
from synfin.lab.check import Told, stories
from synfin.lab.referee import EndRuling, Ruling
from synfin.lab.script import LESSON, Script
from synfin.lab.trial import step_sentence


def run(asked: argparse.Namespace, script: Script, lang: Language) -> int:
    """Run a scenario of the bench; 1 where what is found is not what it expects, or the kernel disagrees."""
    points = ("client", "server") if script.stage.on == "wire" else ("both",)
    if asked.place == "host":
        raise UsageError("the bench runs in a private network only; --place is user or net")
    files = _files(asked, points)
    report = lab.attempt(script, place=asked.place, observe=asked.kernel)
    trial = report.trial
    ruling = lab.judge(trial) if asked.kernel else None
    told = {at: stories(trial.capture(at)) for at in points}
    for at, file in files.items():
        _save(trial, at, file, told[at], lang)
    _draw(asked, script, told, lang)
    if asked.form == "json":
        telling.print_json(_document(trial, report, ruling, told))
    elif asked.write != "-":
        _print(asked, trial, report, ruling, told, lang)
    disagrees = ruling is not None and any(ruling.complaints(undisturbed=script.undisturbed))
    return 0 if report and not disagrees else 1


# --- files ---


def _files(asked: argparse.Namespace, points: Sequence[str]) -> dict[str, str]:
    """Where each capture goes: two ends need two files, or --at."""
    if not asked.write:
        return {}
    if len(points) == 1 or asked.at:
        names = {asked.at if len(points) > 1 else points[0]: asked.write}
    elif asked.write == "-":
        raise UsageError("-w -: standard output takes one capture; choose it with --at client or --at server")
    else:
        path = Path(asked.write)
        names = {at: str(path.with_name(f"{path.stem}.{at}{path.suffix}")) for at in points}
    for name in names.values():
        inputs.refuse_overwrite(name, force=asked.force)
    return names


def _save(trial: lab.Trial, at: str, file: str, told: Sequence[Told], lang: Language) -> None:
    packets = trial.capture(at)
    phases = {step.segment.frame: step.phase for one in told for step in one.story.steps}
    link = packets[0].link_type if packets else 101
    name = "lo" if at == "both" else at
    described = [Interface(link, 0, 1_000_000_000, name, trial.drops)]
    with sys.stdout.buffer if file == "-" else open(file, "wb") as output:
        writer = PcapngWriter(output, interfaces=described, application="synfin lab", comment=trial.script.name)
        for packet in lab.commented(packets, phases):
            writer.write(packet)
        writer.write_statistics(0, len(packets) + trial.drops, trial.drops)
        writer.flush()
    if file != "-":
        print(text("lab.saved", lang, file=visible(file), n=len(packets)), file=sys.stderr)


def _draw(asked: argparse.Namespace, script: Script, told: dict[str, list[Told]], lang: Language) -> None:
    if not asked.output:
        return
    chosen = next((one for at, found in told.items() if asked.at in (None, at) for one in found), None)
    if chosen is None:
        raise UsageError(f"{script.name}: nothing was captured there that could be drawn")
    limit = telling.max_segments(asked.max_segments, asked.full)
    title = f"synfin lab {script.name}"
    telling.write_story(asked.output, chosen.story, chosen.frames, lang, title=title, limit=limit)


# --- on a terminal ---


def _print(
    asked: argparse.Namespace,
    trial: lab.Trial,
    report: lab.Report,
    ruling: Ruling | None,
    told: dict[str, list[Told]],
    lang: Language,
) -> None:
    paint, width = Paint(wants_colour(sys.stdout)), telling.terminal_width()
    script = trial.script
    print(paint(f"{script.name}: {script.title[lang]}", "bold"))
    print(trial.place.sentence(lang))
    for part in LESSON:
        print("\n" + paint(text(f"lab.lesson.{part}", lang), "bold"))
        print("\n".join(f"  {line}" for line in wrap(script.lesson[part][lang], width - 2)))
    _print_events(trial, told, paint, lang)
    for at, found in told.items():
        _print_vantage(asked, at, found, paint, lang, laddered=asked.at in (None, at) and (asked.at or at != "server"))
    if ruling is not None:
        _print_ruling(ruling, paint, lang)
    print("\n" + text("lab.captured", lang, n=sum(map(len, trial.captures.values())), drops=trial.drops))
    _print_report(report, lang)


def _print_events(trial: lab.Trial, told: dict[str, list[Told]], paint: Paint, lang: Language) -> None:
    print("\n" + paint(text("lab.did", lang), "bold"))
    firsts = [packets[0].time_ns for packets in trial.captures.values() if packets]
    start_ns = min(firsts, default=trial.events[0].time_ns if trial.events else 0)
    colon = ": " if lang == "en" else "："
    for event in trial.events:
        if sentence := step_sentence(event, lang):
            print(f"  {milliseconds(event.time_ns - start_ns):>10} ms  {event.who}{colon}{visible(sentence)}")


def _print_vantage(
    asked: argparse.Namespace, at: str, found: Sequence[Told], paint: Paint, lang: Language, laddered: bool
) -> None:
    print("\n" + paint(f"── {text(f'lab.at.{at}', lang)} ──", "bold"))
    if not found:
        print(text("lab.nothing", lang))
    limit = telling.max_segments(asked.max_segments, asked.full)
    for one in found:
        if laddered:
            telling.print_story(one.story, lang, limit)
        else:
            width = telling.terminal_width()
            sys.stdout.write(render_verdict(one.story, lang, colour=wants_colour(sys.stdout), width=width))


def _print_ruling(ruling: Ruling, paint: Paint, lang: Language) -> None:
    """Two columns for each end: the kernel's states and ours."""
    print("\n" + paint(f"── {text('lab.kernel.title', lang)} ──", "bold"))
    if ruling.no_trace:
        print("\n".join(wrap(text("lab.kernel.notrace", lang, reason=ruling.no_trace), telling.terminal_width())))
    for end in ruling.ends:
        who = text(f"who.{end.end}", lang)
        print(text("lab.kernel.end", lang, end=who, port=end.port, source=end.source))
        _print_columns(end, paint, lang)
        if end.why:
            print("\n".join(f"    {line}" for line in wrap(text(f"lab.kernel.why.{end.why}", lang), 100)))
    for one in ruling.resets:
        allowed = ", ".join(sorted(one.allowed))
        who = text(f"who.{one.end}", lang)
        print(_mark(one.agrees, paint), text("lab.kernel.reset", lang, end=who, reason=one.kernel, allowed=allowed))
    outside = len(ruling.outside)
    print(_mark(not outside, paint), text("lab.kernel.samples", lang, n=ruling.compared, outside=outside))
    for line in ruling.outside:
        print(f"  {line}")


def _print_columns(end: EndRuling, paint: Paint, lang: Language) -> None:
    heads = text("lab.kernel.kernel", lang), text("lab.kernel.inferred", lang)
    width = max(display_width(heads[0]), 14) + 2
    print(f"    {pad(heads[0], width)}{heads[1]}")
    for kernel, inferred, alike in _beside(end.kernel, end.inferred):
        mark = _mark(alike, paint) if alike else " "
        print(f"  {mark} {pad(kernel, width)}{inferred}".rstrip())


def _beside(kernel: Sequence[str], inferred: Sequence[str]) -> list[tuple[str, str, bool]]:
    """Both sequences, what is equal on one line."""
    lines: list[tuple[str, str, bool]] = []
    at = 0
    for state in kernel:
        if state in inferred[at:]:
            there = inferred.index(state, at)
            lines += [("", other, False) for other in inferred[at:there]]
            lines.append((state, state, True))
            at = there + 1
        else:
            lines.append((state, "", False))
    return lines + [("", other, False) for other in inferred[at:]]


def _mark(good: bool, paint: Paint) -> str:
    return paint("✓", "data") if good else paint("✗", "reset")


def _print_report(report: lab.Report, lang: Language) -> None:
    for row in report.rows:
        at = text(f"lab.at.{row.at}", lang)
        for difference in row.differences:
            print(text("lab.wrong", lang, at=at, difference=difference), file=sys.stderr)
        if row.over:
            print(
                text(
                    "lab.crowd",
                    lang,
                    n=report.script.crowd.count if report.script.crowd else 0,
                    names=", ".join(row.over),
                )
            )
        if row.awaited:
            print(text("lab.awaited", lang, at=at, names=", ".join(row.awaited)))
    if report:
        print(text("lab.right", lang))


# --- as JSON ---


def _document(
    trial: lab.Trial, report: lab.Report, ruling: Ruling | None, told: dict[str, list[Told]]
) -> dict[str, Any]:
    document: dict[str, Any] = {
        "schema": 1,
        "scenario": trial.script.name,
        "place": trial.place.name,
        "drops": trial.drops,
        "repeated": trial.repeated,
        "as_expected": bool(report),
        "events": [{"time_ns": one.time_ns, "who": one.who, "name": one.name, **one.detail} for one in trial.events],
        "wire": dict(trial.fired),
        "expected": [row_document(row) for row in report.rows],
        "captures": {at: [telling.story_document(one.story) for one in found] for at, found in told.items()},
    }
    if ruling is not None:
        document["kernel"] = ruling_document(ruling)
    return document


def row_document(row: lab.Row) -> dict[str, Any]:
    connection = row.told.story.connection if row.told else None
    return {
        "at": row.at,
        "client_port": connection.client.port if connection else None,
        "open": row.expect.open if row.expect else None,
        "close": row.expect.close if row.expect else None,
        "findings": sorted(row.expect.findings) if row.expect else [],
        "found": [connection.open, connection.close, *connection.findings] if connection else [],
        "differences": list(row.differences),
        "awaited": list(row.awaited),
        "fleet": list(row.over),
    }


def ruling_document(ruling: Ruling) -> dict[str, Any]:
    return {
        "ends": [
            {
                "end": one.end,
                "client_port": one.port,
                "source": one.source,
                "kernel": list(one.kernel),
                "inferred": list(one.inferred),
                "agrees": one.agrees,
                "why": one.why or None,
                "died": one.died,
            }
            for one in ruling.ends
        ],
        "resets": [
            {"end": one.end, "time_ns": one.time_ns, "reason": one.kernel, "allowed": sorted(one.allowed)}
            for one in ruling.resets
        ],
        "compared": ruling.compared,
        "outside": list(ruling.outside),
        "no_trace": ruling.no_trace,
    }
