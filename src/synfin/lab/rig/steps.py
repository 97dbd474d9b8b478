"""What a scenario's programs may do: the verbs of their steps, and the options that each takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from synfin.errors import UsageError

#: of each verb: the type of its value (None: a bare word) and the names of its options
VERBS: dict[str, tuple[type | tuple[type, ...] | None, frozenset[str]]] = {
    "listen": (int, frozenset({"options", "port"})),
    "accept": (None, frozenset({"from", "options"})),
    "connect": (None, frozenset({"options", "from_port", "to", "port", "background"})),
    "connect_many": (int, frozenset({"background"})),  # so many, each closed at once; in the background: kept
    "accept_many": (int, frozenset()),  # so many, each closed at once
    "connected": (None, frozenset()),  # wait for a connect that went on in the background
    "connect_sending": (str, frozenset({"options", "from_port"})),
    "send": ((str, int), frozenset()),  # a text, or so many bytes
    "read": (int, frozenset()),
    "read_to_end": (None, frozenset()),
    "shutdown": (None, frozenset()),
    "close": (None, frozenset()),
    "reset": (None, frozenset()),
    "vanish": (None, frozenset()),  # the kernel forgets the socket without a word
    "set": (dict, frozenset()),
    "sleep_ms": (int, frozenset()),
    "tell": (str, frozenset()),
    "await": (str, frozenset()),
    "await_acknowledged": (None, frozenset()),
    "await_state": (str, frozenset()),
    "await_unread": (int, frozenset()),
    "await_rule": (str, frozenset({"times"})),
    "wire": (str, frozenset()),  # a rule of the wire acts from now on; one that injects does so once
    "firewall": (list, frozenset()),
    "destroy": (None, frozenset()),  # as `ss -K`
    "kill": (None, frozenset()),
    "stay": (None, frozenset()),  # keep the sockets until the experiment is over
    "repeat": (int, frozenset({"steps"})),
}
#: options that every verb takes: which socket, and the error that is expected
_COMMON = frozenset({"on", "fails"})


@dataclass(frozen=True, slots=True)
class Step:
    """One step: `on` names the socket (the program's only one without it)."""

    do: str
    value: Any = None
    on: str = "socket"
    fails: str = ""  #: the errno that must come, such as EPIPE
    options: Mapping[str, Any] = field(default_factory=dict)
    steps: tuple[Step, ...] = ()


def parse_steps(where: str, entries: Any) -> tuple[Step, ...]:
    """Check a list of steps; a UsageError names the one that is wrong."""
    if not isinstance(entries, list) or not entries:
        raise UsageError(f"{where}: a list of steps is needed")
    return tuple(_step(f"{where}, step {number}", entry) for number, entry in enumerate(entries, 1))


def _step(where: str, entry: Any) -> Step:
    table = {entry: None} if isinstance(entry, str) else entry
    if not isinstance(table, dict):
        raise UsageError(f"{where}: {entry!r} is neither a word nor a table")
    verbs = [key for key in table if key in VERBS]
    if len(verbs) != 1:
        raise UsageError(f"{where}: exactly one of these is needed in {entry!r}: {', '.join(VERBS)}")
    do = verbs[0]
    kind, known = VERBS[do]
    value = table[do]
    given = set(table) - {do}
    if unknown := given - known - _COMMON:
        raise UsageError(f"{where}: {do} knows no {min(unknown)!r}")
    if kind is None:
        if value not in (None, True):
            raise UsageError(f"{where}: {do} takes no value but true")
    elif not isinstance(value, kind) or isinstance(value, bool):
        raise UsageError(f"{where}: {do} needs a value of another type than {value!r}")
    inner = parse_steps(where, table["steps"]) if do == "repeat" else ()
    rest = {key: table[key] for key in given & known if key != "steps"}
    return Step(do, value, str(table.get("on", "socket")), str(table.get("fails", "")), rest, inner)


def started_by(steps: Sequence[Step]) -> set[str]:
    """Names of the rules that lie idle until a step sets them to work."""
    found = {str(step.value) for step in steps if step.do == "wire"}
    return found.union(*(started_by(step.steps) for step in steps))


def rules_of(steps: Sequence[Step]) -> set[str]:
    """Names of the wire's rules that steps speak of."""
    found = {str(step.value) for step in steps if step.do in ("await_rule", "wire")}
    return found.union(*(rules_of(step.steps) for step in steps))
