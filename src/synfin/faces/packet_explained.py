"""`synfin explain --packet N`: one packet on the terminal, as JSON, as a drawing of its header, as a page."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from synfin.dissect.summary import summarize
from synfin.errors import UsageError
from synfin.explain.quantity import Language
from synfin.faces import telling
from synfin.faces.packet import render_header, render_packet
from synfin.faces.packet_report import Report, Told, gather
from synfin.faces.terminal import wants_colour


def explain_packet(asked: argparse.Namespace, paths: Sequence[str], sources: Sequence[str], lang: Language) -> None:
    """Show the packet that --packet names; UsageError where there is none, or no header to draw."""
    page = bool(asked.output) and asked.output.endswith(".html")
    report = gather(sources, asked.packet, neighbours=page)
    told = report.asked
    if (asked.header or (asked.output and not page)) and told.frame.segment is None:
        raise UsageError(f"packet {told.number} has no TCP header to draw")
    if asked.output:
        content = _page(report, lang, os.path.basename(paths[0])) if page else _drawing(told, lang)
        Path(asked.output).write_text(content, encoding="utf-8", errors="backslashreplace")
    elif asked.form == "json":
        from synfin.faces.packet_document import packet_document

        telling.print_json(
            {"schema": 1, "file": paths[0] if len(paths) == 1 else list(paths)} | packet_document(report, lang)
        )
    else:
        sys.stdout.write(_text(report, lang, header_only=asked.header))


def _text(report: Report, lang: Language, *, header_only: bool) -> str:
    told, colour, width = report.asked, wants_colour(sys.stdout), telling.terminal_width()
    if header_only:
        return render_header(told.frame, lang, colour=colour, width=width, step=told.step)
    named = {number: told_info(one) for number, one in report.others.items()}
    return render_packet(
        told.frame, lang, colour=colour, width=width, facts=told.facts, step=told.step, named=named
    )  # fmt: skip


def told_info(one: Told) -> str:
    """What the list of packets tells of one."""
    return summarize(one.frame, one.facts).info


def _drawing(told: Told, lang: Language) -> str:
    from synfin.faces.header_svg import render_header_svg

    return render_header_svg(told.frame, lang, step=told.step, facts=told.facts)


def _page(report: Report, lang: Language, title: str) -> str:
    from synfin.faces.packet_page import render_packet_page

    return render_packet_page(report, lang, title=title)
