"""`synfin doctor`: what this machine allows, by trying."""

from __future__ import annotations

import argparse
import sys

from synfin.explain.words import Language, detect_language
from synfin.faces import telling
from synfin.faces.terminal import Paint, wants_colour
from synfin.faces.width import display_width, pad, wrap
from synfin.lab import examine


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
        for one in checks:
            mark = paint("✓", "green") if one.ok else paint("✗", "red" if one.required else "yellow")
            print(f"{mark} {pad(one.title(lang), column)}  {one.seen}")
            if remedy := one.remedy(lang):
                indent = " " * (column + 4)
                print("\n".join(wrap(indent + remedy, telling.terminal_width(), indent)))
    return 0 if all(one.ok or not one.required for one in checks) else 1
