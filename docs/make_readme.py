"""Fills the parts of both READMEs that the program itself prints. A test holds them current.

A part begins with `<!-- $ synfin … -->` and ends with `<!-- end -->`; the recorded run of the lab stands in for a fresh
one, whose times and ports differ each time.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
from pathlib import Path

from synfin.faces.cli import main

ROOT = Path(__file__).resolve().parent.parent
READMES = (ROOT / "README.md", ROOT / "README.zh.md")
WIDTH = "110"

_PART = re.compile(
    r"(<!-- \$ synfin (?P<command>[^|]*?)(?: \| head -(?P<lines>\d+))? -->\n).*?(<!-- end -->)", re.DOTALL
)


def filled(readme: str) -> str:
    """The text of a README with every part printed anew."""
    return _PART.sub(_fill, readme)


def _fill(part: re.Match[str]) -> str:
    command = part["command"]
    lines = _output(shlex.split(command))
    if part["lines"]:
        lines = lines[: int(part["lines"])]
    shown = "\n".join(line.rstrip() for line in lines).rstrip()
    return f"{part[1]}\n```\n$ synfin {command}\n{shown}\n```\n\n{part[4]}"


def _output(arguments: list[str]) -> list[str]:
    printed = io.StringIO()
    before = os.getcwd()
    os.environ.update(COLUMNS=WIDTH, LC_ALL="C.UTF-8")
    try:
        os.chdir(ROOT)
        with contextlib.redirect_stdout(printed):
            main(arguments)
    finally:
        os.chdir(before)
    return printed.getvalue().splitlines()


if __name__ == "__main__":
    for path in READMES:
        path.write_text(filled(path.read_text(encoding="utf-8")), encoding="utf-8")
