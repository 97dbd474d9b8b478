"""`synfin doctor`: what this machine allows, by trying."""

from __future__ import annotations

import argparse
import sys

from synfin.explain.words import Language, detect_language
from synfin.faces import telling
from synfin.faces.terminal import Paint, wants_colour
from synfin.faces.width import display_width, pad, wrap
from synfin.lab import examine

_LEAST_BESIDE = 24  #: columns that what was seen needs to stand beside its title


def run(asked: argparse.Namespace) -> int:
    """Print what was tried; 1 where something is missing that synfin needs."""
    lang: Language = asked.lang or detect_language()
    checks = examine()
    if asked.form == "json":
        telling.print_json({
            "schema": 1,
            "checks": [
                {"name": one.name, "ok": one.ok, "required": one.required, "seen": one.seen, "remedy": one.remedy(lang)}
                for one in checks
            ],
        })  # fmt: skip
    else:
        paint = Paint(wants_colour(sys.stdout))
        column = max(display_width(one.title(lang)) for one in checks)
        width = telling.terminal_width()
        beside = width - column >= _LEAST_BESIDE
        for one in checks:
            mark = paint("✓", "data") if one.ok else paint("✗", "reset" if one.required else "close")
            indent = " " * (column + 4 if beside else 4)
            said = wrap(one.evidence(lang), width - len(indent))
            if remedy := one.remedy(lang):
                said += wrap(remedy, width - len(indent))
            title = f"{pad(one.title(lang), column)}  {said.pop(0)}" if beside else one.title(lang)
            print(f"{mark} {title}")
            print("".join(f"{indent}{line}\n" for line in said), end="")
    return 0 if all(one.ok or not one.required for one in checks) else 1
