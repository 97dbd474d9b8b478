"""Scenarios: what server and client do, and what must be seen then; read from TOML files."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from synfin.errors import UsageError
from synfin.lab.keys import Bilingual, bilingual, only, table

DEFAULT = "textbook"
FOLDER = Path(__file__).parent / "scenarios"

SERVER_EVENTS = ("connect", "receive", "eof")
#: what a server's handler may do; those with True need a text
SERVER_ACTS = {
    "send": True,
    "reply": True,
    "acknowledge_now": False,
    "wait_acknowledged": False,
    "close": False,
    "reset": False,
}
#: what a client may do; `await` holds it until that event was handled by the server
CLIENT_ACTS = {
    "connect": False,
    "send": True,
    "wait_acknowledged": False,
    "await": True,
    "shutdown": False,
    "read_to_end": False,
    "close": False,
    "reset": False,
}
_KEYS = {"listens", "fin_within_ms", "title", "summary", "look", "server", "client", "outcome"}
_OUTCOME_KEYS = {"name", "open", "close", "closed_by", "segments", "why"}


@dataclass(frozen=True, slots=True)
class Act:
    """One thing that a side does: `do` says what, `text` with what."""

    do: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One of the ways in which a scenario may run: the connection's segments, and what they are called."""

    name: str
    segments: tuple[tuple[str, ...], ...]  #: lines as signature.signature() writes them; several together: in any order
    open: str  #: expected open.* id
    close: str  #: expected close.* id
    closed_by: str
    why: Bilingual = field(default_factory=dict)  #: what makes it run this way


@dataclass(frozen=True, slots=True)
class Scenario:
    """A scenario of the lab, checked."""

    name: str
    title: Bilingual
    summary: Bilingual  #: what happens
    look: Bilingual  #: what to look for; each outcome says why
    listens: bool  #: whether there is a server at all
    fin_within_ns: int | None  #: the second FIN must follow the first so soon, or the machine was too busy for this run
    server: Mapping[str, tuple[Act, ...]]  #: by event
    client: tuple[Act, ...]
    outcomes: tuple[Outcome, ...]
    data: Mapping[str, Any]  #: as in the file


@cache
def scenarios() -> Mapping[str, Scenario]:
    """Every scenario by name, the default one first."""
    names = sorted((path.stem for path in FOLDER.glob("*.toml")), key=lambda name: (name != DEFAULT, name))
    return {name: load(FOLDER / f"{name}.toml") for name in names}


def find(name: str) -> Scenario:
    """The scenario called `name`; a UsageError lists those that exist."""
    known = scenarios()
    if name not in known:
        raise UsageError(f"there is no scenario {name!r}; there are {', '.join(known)}")
    return known[name]


def load(path: Path) -> Scenario:
    """Read and check a scenario file; its name is the file's."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: {error}") from error
    return parse(path.stem, data)


def parse(name: str, data: Mapping[str, Any]) -> Scenario:
    """Check what a scenario file holds; a UsageError names the key that is wrong."""
    only(name, data, _KEYS)
    handlers = table(name, data, "server")
    only(f"{name}: server", handlers, set(SERVER_EVENTS))
    listens = data.get("listens", True)
    if not isinstance(listens, bool):
        raise UsageError(f"{name}: listens is true or false, not {listens!r}")
    within_ms = data.get("fin_within_ms")
    if within_ms is not None and (type(within_ms) is not int or within_ms <= 0):
        raise UsageError(f"{name}: fin_within_ms is a number of milliseconds, not {within_ms!r}")
    outcomes = data.get("outcome")
    if not isinstance(outcomes, list) or not outcomes:
        raise UsageError(f"{name}: at least one [[outcome]] is needed")
    return Scenario(
        name=name,
        title=bilingual(name, data, "title"),
        summary=bilingual(name, data, "summary"),
        look=bilingual(name, data, "look"),
        listens=listens,
        fin_within_ns=None if within_ms is None else within_ms * 1_000_000,
        server={event: _acts(f"{name}: server.{event}", handlers[event], SERVER_ACTS) for event in handlers},
        client=_acts(f"{name}: client.steps", table(name, data, "client").get("steps"), CLIENT_ACTS),
        outcomes=tuple(_outcome(f"{name}: outcome {number}", entry) for number, entry in enumerate(outcomes, 1)),
        data=data,
    )


def _outcome(where: str, entry: Any) -> Outcome:
    if not isinstance(entry, dict):
        raise UsageError(f"{where}: a table is needed")
    only(where, entry, _OUTCOME_KEYS)
    for key in ("name", "open", "close", "closed_by"):
        if not isinstance(entry.get(key), str):
            raise UsageError(f"{where}: {key} must be a text")
    entries = entry.get("segments")
    if not isinstance(entries, list) or not entries:
        raise UsageError(f"{where}: segments must be a list of lines")
    segments = [_group(where, line) for line in entries]
    why = bilingual(where, entry, "why") if "why" in entry else {}
    return Outcome(entry["name"], tuple(segments), entry["open"], entry["close"], entry["closed_by"], why)


def _group(where: str, entry: Any) -> tuple[str, ...]:
    """A line, or a list of lines that cross on the wire and so come in any order."""
    lines = entry if isinstance(entry, list) else [entry]
    if not lines or not all(isinstance(line, str) for line in lines):
        raise UsageError(f"{where}: {entry!r} is neither a line nor a list of lines")
    return tuple(lines)


def _acts(where: str, entries: Any, known: Mapping[str, bool]) -> tuple[Act, ...]:
    if not isinstance(entries, list):
        raise UsageError(f"{where}: a list of steps is needed")
    return tuple(_act(where, entry, known) for entry in entries)


def _act(where: str, entry: Any, known: Mapping[str, bool]) -> Act:
    """A step is a word, or a table of one word and its text."""
    do, text = entry, None
    if isinstance(entry, dict) and len(entry) == 1:
        do, text = next(iter(entry.items()))
    if not isinstance(do, str) or do not in known:
        raise UsageError(f"{where}: unknown step {entry!r}; there are {', '.join(known)}")
    if isinstance(text, str) != known[do]:
        raise UsageError(f"{where}: the step {do} {'needs a text' if known[do] else 'takes no text'}")
    return Act(do, text or "")
