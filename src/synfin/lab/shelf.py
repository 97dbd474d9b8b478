"""Every scenario by name: the tutorial's own, those of the wire, those of loopback, and any file that is named."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

from synfin.errors import UsageError
from synfin.lab import scenario
from synfin.lab.scenario import Scenario
from synfin.lab.script import Script, parse_script

#: folders of the bench's scenarios, in the order in which they are listed
GROUPS = ("wire", "loopback")


@cache
def names(group: str) -> tuple[str, ...]:
    """The scenarios of a group: tutorial, wire or loopback."""
    if group == "tutorial":
        return tuple(scenario.scenarios())
    return tuple(sorted(path.stem for path in (scenario.FOLDER / group).glob("*.toml")))


def scripts() -> list[Script]:
    """Every scenario of the bench."""
    return [load_script(scenario.FOLDER / group / f"{name}.toml") for group in GROUPS for name in names(group)]


def take(name: str) -> Scenario | Script:
    """The scenario called `name`, or the one in the file NAME.toml; a UsageError lists those that exist."""
    if name.endswith(".toml"):
        return load_script(Path(name))
    for group in GROUPS:
        if name in names(group):
            return load_script(scenario.FOLDER / group / f"{name}.toml")
    if name in names("tutorial"):
        return scenario.find(name)
    near = [one for group in ("tutorial", *GROUPS) for one in names(group) if name and name.lower() in one]
    hint = f"did you mean {', '.join(near)}" if near else "synfin lab --list shows all"
    raise UsageError(f"there is no scenario {name!r}; {hint}")


def load_script(path: Path) -> Script:
    """Read and check a scenario file of the bench; its name is the file's."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: {error}") from error
    return parse_script(path.stem, data)
