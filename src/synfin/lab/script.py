"""Scenarios of the bench as data: where they run, what programs and the wire do, what must be seen; from TOML files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from synfin.errors import UsageError
from synfin.lab.keys import Bilingual, bilingual, only, table
from synfin.lab.rig.rule import ENDS, Rule, parse_rule
from synfin.lab.rig.steps import Step, parse_steps, rules_of
from synfin.tcp.state import State

LESSON = ("happens", "why", "look")
_KEYS = {"title", *LESSON, "stage", "program", "wire", "expect", "kernel", "crowd"}
_STAGE: dict[str, type] = {
    "on": str, "delay_ms": int, "mtu": int, "sysctl": dict, "sysctl_client": dict, "sysctl_server": dict,
    "firewall_client": list, "firewall_server": list, "copies": bool, "until": str, "quiet_ms": int, "limit_s": int,
    "fin_within_ms": int, "mirror": str, "misses": int,
}  # fmt: skip
_EXPECT = {"at", "port", "incarnation", "open", "close", "closed_by", "findings", "may", "known_wrong"}
_KERNEL = {"client", "server", "reset", "silent", "hidden"}
VANTAGES = ("client", "server")
_CLOSERS = ("client", "server", "both", "middle", "timeout", "none")


@dataclass(frozen=True, slots=True)
class Stage:
    """Where a scenario runs."""

    on: str = "wire"  #: wire: two namespaces and a relay; loopback: one namespace
    delay_ms: int = 2  #: each way
    mtu: int = 1500
    sysctl: Mapping[str, int | str] = field(default_factory=dict)  #: net.ipv4.* of both ends
    sysctl_client: Mapping[str, int | str] = field(default_factory=dict)
    sysctl_server: Mapping[str, int | str] = field(default_factory=dict)
    firewall_client: tuple[str, ...] = ()  #: nftables: `input` or `output`, then the rule
    firewall_server: tuple[str, ...] = ()
    copies: bool = False  #: the capture holds every packet twice, as a mirror port gives it
    mirror: str = ""  #: both captures hold only what this end sent, as the mirror of one direction gives it
    misses: int = 0  #: both captures lack each nth packet with data (n is its value), as an overworked machine's would
    until: str = "settled"  #: settled: no socket has anything left to send; programs: when these are done
    quiet_ms: int = 60  #: that long without a packet ends the capture then
    limit_s: int = 30
    fin_within_ms: int = 0  #: the second FIN must follow so soon, or the machine was too busy for this run


@dataclass(frozen=True, slots=True)
class Part:
    """One program of a scenario."""

    name: str
    at: str  #: client or server
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Expect:
    """What must be said of one connection at one vantage point."""

    at: str  #: client, server, or both
    port: int  #: the client's port; 0 where there is one connection only
    incarnation: int  #: of that port, from 1
    open: str
    close: str
    closed_by: str  #: empty: not asked
    findings: frozenset[str]  #: beside open and close
    may: frozenset[str]  #: may be there or not
    known_wrong: tuple[str, ...] = ()  #: differences that synfin still makes; one that is gone is a difference, too


@dataclass(frozen=True, slots=True)
class Crowd:
    """What must be said of many connections together, and of each that no Expect names."""

    count: int
    verdicts: frozenset[str]  #: "open.x close.y" that may occur
    fleet: Mapping[str, frozenset[str]]  #: findings over all of them, by vantage point


@dataclass(frozen=True, slots=True)
class KernelSays:
    """What the kernel does, in RFC 9293's words; empty where the scenario does not say."""

    states: Mapping[str, tuple[str, ...]]  #: of each end
    reset: tuple[str, ...] = ()  #: reasons of the RSTs that the kernels send, in order
    silent: frozenset[str] = frozenset()  #: ends that change their state without a segment
    hidden: frozenset[str] = frozenset()  #: ends whose kernel drops what its capture holds


@dataclass(frozen=True, slots=True)
class Script:
    """A scenario of the bench, checked."""

    name: str
    title: Bilingual
    lesson: Mapping[str, Bilingual]  #: happens, why, look
    stage: Stage
    parts: tuple[Part, ...]
    rules: tuple[Rule, ...]
    expects: tuple[Expect, ...]
    kernel: KernelSays
    crowd: Crowd | None
    data: Mapping[str, Any]  #: as in the file

    @property
    def undisturbed(self) -> bool:
        """Nothing is lost, held up, forged or hidden: likely states must equal the kernel's."""
        stage = self.stage
        hindered = stage.firewall_client or stage.firewall_server or stage.copies or self.kernel.silent or self.partial
        force = {"firewall", "vanish"} & {step.do for part in self.parts for step in part.steps}
        return not hindered and not force and all(rule.do == "note" for rule in self.rules)

    @property
    def partial(self) -> bool:
        """The captures lack segments that went by."""
        return bool(self.stage.mirror or self.stage.misses)

    def expected(self, at: str) -> list[Expect]:
        """What must be said at a vantage point, by connection; a table for one point goes before one for both."""
        chosen: dict[tuple[int, int], Expect] = {}
        for expect in sorted(self.expects, key=lambda one: one.at != "both"):
            if expect.at in (at, "both"):
                chosen[expect.port, expect.incarnation] = expect
        return list(chosen.values())


def parse_script(name: str, data: Mapping[str, Any]) -> Script:
    """Check what a scenario file holds; a UsageError names the key that is wrong."""
    only(name, data, _KEYS)
    stage = _stage(name, table(name, data, "stage"))
    parts = tuple(_part(f"{name}: program {number}", one) for number, one in _numbered(name, data, "program"))
    rules = tuple(parse_rule(f"{name}: wire {number}", one) for number, one in _numbered(name, data, "wire"))
    expects = tuple(_expect(f"{name}: expect {number}", one) for number, one in _numbered(name, data, "expect"))
    crowd = _crowd(name, table(name, data, "crowd")) if "crowd" in data else None
    if not parts or not (expects or crowd):
        raise UsageError(f"{name}: at least one [[program]] and one [[expect]], or a [crowd], are needed")
    _check_names(name, stage, parts, rules)
    return Script(
        name=name,
        title=bilingual(name, data, "title"),
        lesson={key: bilingual(name, data, key) for key in LESSON},
        stage=stage,
        parts=parts,
        rules=rules,
        expects=expects,
        kernel=_kernel(name, table(name, data, "kernel")),
        crowd=crowd,
        data=data,
    )


def _check_names(name: str, stage: Stage, parts: tuple[Part, ...], rules: tuple[Rule, ...]) -> None:
    known = {rule.name for rule in rules}
    if len(known) != len(rules):
        raise UsageError(f"{name}: two rules of the wire have the same name")
    if rules and stage.on != "wire":
        raise UsageError(f"{name}: rules of the wire need on = 'wire'")
    asked = set().union(*(rules_of(part.steps) for part in parts))
    for rule in rules:
        asked |= {rule.match[key] for key in ("after", "before") if key in rule.match}
        asked |= {rule.until} if rule.until else set()
    if asked - known:
        raise UsageError(f"{name}: there is no rule of the wire called {min(asked - known)!r}")
    if len({part.name for part in parts}) != len(parts):
        raise UsageError(f"{name}: two programs have the same name")


def _stage(name: str, table: Mapping[str, Any]) -> Stage:
    only(f"{name}: stage", table, set(_STAGE))
    for key, value in table.items():
        if not isinstance(value, _STAGE[key]) or (type(value) is int and value < 0):
            raise UsageError(f"{name}: stage.{key} cannot be {value!r}")
    values: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in table.items()}
    stage = Stage(**values)
    if stage.mirror not in ("", *ENDS) or ((stage.mirror or stage.misses) and stage.on != "wire"):
        raise UsageError(f"{name}: stage: mirror is client or server; mirror and misses need on = 'wire'")
    if stage.on not in ("wire", "loopback") or stage.until not in ("settled", "programs"):
        raise UsageError(f"{name}: stage: on is wire or loopback, until is settled or programs")
    return stage


def _part(where: str, entry: Any) -> Part:
    if not isinstance(entry, dict):
        raise UsageError(f"{where}: a table is needed")
    only(where, entry, {"name", "at", "steps"})
    name = entry.get("name")
    at = entry.get("at", name)
    if not isinstance(name, str) or at not in ENDS:
        raise UsageError(f"{where}: a program needs a name, and at = client or server")
    return Part(name, at, parse_steps(f"{where} ({name})", entry.get("steps")))


def _expect(where: str, entry: Any) -> Expect:
    if not isinstance(entry, dict):
        raise UsageError(f"{where}: a table is needed")
    only(where, entry, _EXPECT)
    at, port, closed_by = entry.get("at", "both"), entry.get("port", 0), entry.get("closed_by", "")
    incarnation = entry.get("incarnation", 1)
    if at not in (*VANTAGES, "both") or {type(port), type(incarnation)} != {int} or closed_by not in ("", *_CLOSERS):
        raise UsageError(f"{where}: at is client, server or both; port a number; closed_by one of {_CLOSERS}")
    for key, kind in (("open", "open."), ("close", "close.")):
        if not isinstance(entry.get(key), str) or not entry[key].startswith(kind):
            raise UsageError(f"{where}: {key} must be an id that begins with {kind!r}")
    return Expect(
        at,
        port,
        incarnation,
        entry["open"],
        entry["close"],
        closed_by,
        _names(where, entry, "findings"),
        _names(where, entry, "may"),
        tuple(sorted(_names(where, entry, "known_wrong"))),
    )


def _crowd(name: str, table: Mapping[str, Any]) -> Crowd:
    where = f"{name}: crowd"
    only(where, table, {"count", "verdicts", "findings", *VANTAGES})
    verdicts, both = _names(where, table, "verdicts"), _names(where, table, "findings")
    wrong = [one for one in verdicts if [word.partition(".")[0] for word in one.split()] != ["open", "close"]]
    count = table.get("count")
    if type(count) is not int or wrong:
        raise UsageError(
            f"{where}: count is a number, verdicts a list of texts such as 'open.refused close.never_opened'"
        )
    return Crowd(count, verdicts, {at: both | _names(where, table, at) for at in VANTAGES})


def _kernel(name: str, table: Mapping[str, Any]) -> KernelSays:
    only(f"{name}: kernel", table, _KERNEL)
    known = {state.label for state in State}
    states = {}
    for end in ENDS:
        words = tuple(str(table.get(end, "")).split())
        if set(words) - known:
            raise UsageError(f"{name}: kernel.{end}: there is no state {min(set(words) - known)!r}")
        states[end] = words
    silent, hidden = (_names(f"{name}: kernel", table, key) for key in ("silent", "hidden"))
    reset = table.get("reset", [])
    if not isinstance(reset, list) or (silent | hidden) - set(ENDS):
        raise UsageError(f"{name}: kernel: reset is a list of reasons, silent and hidden are lists of ends")
    return KernelSays(states, tuple(map(str, reset)), silent, hidden)


def _names(where: str, entry: Mapping[str, Any], key: str) -> frozenset[str]:
    value = entry.get(key, [])
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise UsageError(f"{where}: {key} is a list of names")
    return frozenset(value)


def _numbered(name: str, data: Mapping[str, Any], key: str) -> list[tuple[int, Any]]:
    value = data.get(key, [])
    if not isinstance(value, list):
        raise UsageError(f"{name}: {key} is written [[{key}]]")
    return list(enumerate(value, 1))
