"""What tshark says, for tests that compare with it: fields, JSON, and many display filters in one run."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

_TAPS = """
local out = io.open(os.getenv("ANSWERS"), "w")
local count = 0
for line in io.lines(os.getenv("QUESTIONS")) do
  count = count + 1
  local mine = count
  local understood, tap = pcall(Listener.new, "frame", line)
  if understood then
    function tap.packet(pinfo) out:write(mine, "\\t", pinfo.number, "\\n") end
  else
    out:write(mine, "\\terror\\n")
  end
end
"""


def _run(home: Path, *arguments: str, **more: str) -> bytes:
    environment = {"PATH": os.environ["PATH"], "TZ": "UTC", "HOME": str(home), "XDG_CONFIG_HOME": str(home), **more}
    return subprocess.run(["tshark", "-n", "-2", *arguments], capture_output=True, env=environment, timeout=300).stdout


def rows(home: Path, capture: Path, fields: Sequence[str], *options: str) -> list[list[str]]:
    """`-T fields`, a list of cells a frame."""
    named = [word for name in fields for word in ("-e", name)]
    text = _run(home, "-r", str(capture), "-T", "fields", *options, *named).decode("utf-8", "replace")
    return [line.split("\t") for line in text.split("\n")[:-1]]


def lines(home: Path, capture: Path, *options: str) -> list[str]:
    """Plain output lines."""
    return _run(home, "-r", str(capture), *options).decode("utf-8", "replace").split("\n")[:-1]


def documents(home: Path, capture: Path) -> Any:
    """`-T json`, every object as a list of pairs, since names repeat."""
    return json.loads(_run(home, "-r", str(capture), "-T", "json"), object_pairs_hook=lambda pairs: pairs)


@cache
def value_names() -> dict[str, set[str]]:
    """What tshark calls values of each field, in small letters."""
    found: dict[str, set[str]] = {}
    done = subprocess.run(["tshark", "-G", "values"], capture_output=True, check=True)
    for line in done.stdout.decode("utf-8", "replace").splitlines():
        if line.startswith("V\t"):
            _, name, *_, text = line.split("\t")
            found.setdefault(name, set()).add(text.casefold())
    return found


def chosen(home: Path, capture: Path, filters: Sequence[str]) -> list[list[int] | None]:
    """The frames that each filter passes, None for a filter that tshark refuses; one run for all of them."""
    script, questions, answers = home / "taps.lua", home / "questions", home / "answers"
    script.write_text(_TAPS)
    questions.write_text("".join(f"{line}\n" for line in filters))
    _run(home, "-q", "-r", str(capture), "-X", f"lua_script:{script}", QUESTIONS=str(questions), ANSWERS=str(answers))
    found: list[list[int] | None] = [[] for _ in filters]
    for line in answers.read_text().splitlines():
        index, _, frame = line.partition("\t")
        if frame == "error":
            found[int(index) - 1] = None
        else:
            passed = found[int(index) - 1]
            assert passed is not None
            passed.append(int(frame))
    return found
