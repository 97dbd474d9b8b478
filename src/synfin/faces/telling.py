"""Showing one story in whatever form was asked for: terminal, drawing, page, JSON."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from synfin.errors import UsageError
from synfin.explain.ladder import DEFAULT_MAX_SEGMENTS
from synfin.explain.words import Language
from synfin.faces.terminal import render_ladder, render_story, render_verdict, wants_colour
from synfin.watch.connections.record import Step, Story
from synfin.wire.frame import Frame

PLAIN_WIDTH = 132  #: columns where no terminal sets them


def terminal_width() -> int:
    return shutil.get_terminal_size((PLAIN_WIDTH, 24)).columns


def max_segments(limit: int | None, full: bool) -> int | None:
    """What --max-segments and --full ask for; None collapses nothing."""
    return None if full else limit or DEFAULT_MAX_SEGMENTS


def print_story(story: Story, lang: Language, limit: int | None) -> None:
    """Verdict, ladder and the story in words, on standard output."""
    colour, width = wants_colour(sys.stdout), terminal_width()
    sys.stdout.write(render_verdict(story, lang, colour=colour, width=width))
    sys.stdout.write("\n" + render_ladder(story, lang, colour=colour, width=width, max_segments=limit))
    sys.stdout.write(render_story(story, lang, colour=colour, width=width, max_segments=limit, verdict=False))


def check_output(output: str) -> None:
    """UsageError where the suffix is none that can be written."""
    if Path(output).suffix not in (".svg", ".html"):
        raise UsageError(f"-o {output}: the suffix tells the form; use .svg or .html")


def write_story(
    output: str, story: Story, packets: Mapping[int, Frame], lang: Language, *, title: str, limit: int | None
) -> None:
    """Write a drawing or a page, by the suffix of `output`."""
    if output.endswith(".svg"):
        from synfin.faces.svg import render_svg

        content = render_svg(story, lang, max_segments=limit)
    else:
        from synfin.faces.html import render_html

        content = render_html(story, packets, lang, title=title, max_segments=limit)
    Path(output).write_text(content, encoding="utf-8", errors="backslashreplace")


def story_document(story: Story) -> dict[str, Any]:
    """A story as JSON shows it."""
    return {
        "schema": 1,
        "connection": story.connection.to_dict(),
        "steps": [_step(step) for step in story.steps],
        "findings": [
            {
                "id": finding.id,
                "severity": finding.severity,
                "who": finding.who,
                "frames": list(finding.frames),
                "numbers": finding.numbers,
                "confidence": finding.confidence,
                "reference": finding.reference,
            }
            for finding in story.findings
        ],
    }


def print_json(document: dict[str, Any]) -> None:
    print(json.dumps(document, ensure_ascii=False, indent=1))


def _step(step: Step) -> dict[str, Any]:
    segment = step.segment
    return {
        "frame": segment.frame,
        "time_ns": step.time_ns,
        "from": "client" if step.from_client else "server",
        "flags": segment.flags,
        "seq": step.seq,
        "ack": step.ack,
        "len": segment.len_bytes,
        "phase": step.phase,
        "client_state": [step.client_before.label, step.client_after.label],
        "server_state": [step.server_before.label, step.server_after.label],
        "client_claim": _claim(step, 0),
        "server_claim": _claim(step, 1),
        "rules": list(step.rules),
        "derivations": [
            {"formula": one.formula, "value": one.value, "raw": one.raw, "section": one.section, "holds": one.holds}
            for one in step.derivations
        ],
        "analysis": list(step.flags),
        "opinion": _opinion(step),
    }


def _claim(step: Step, side: int) -> dict[str, Any] | None:
    """What the capture allows of an end after the segment, and what is possible at all."""
    if step.claims is None:
        return None
    one = step.claims[side]
    return {
        "seen": [state.label for state in sorted(one.seen)],
        "could": [state.label for state in sorted(one.could)],
        "certain": one.certain,
        "hidden": one.hidden,
    }


def _opinion(step: Step) -> dict[str, Any] | None:
    one = step.opinion
    if one is None:
        return None
    return {
        "kind": one.kind,
        "cause": one.cause,
        "reason": one.reason,
        "certain": one.certain,
        "hole": one.hole,
        "hole_reason": one.hole_reason,
        "hole_certain": one.hole_certain,
        "frames": list(one.frames),
    }
