"""Rules of the wire: which packets they mean, and what happens to these; read from a scenario's [[wire]] tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from synfin.errors import UsageError
from synfin.lab.rig.forge import FLAGS, OPTION_KINDS, Header

ENDS = ("client", "server")
#: what a rule may do, and the keys that belong to it
ACTIONS: dict[str, frozenset[str]] = {
    "drop": frozenset(),
    "note": frozenset(),
    "delay": frozenset({"ms"}),
    "stall": frozenset({"ms"}),
    "hold": frozenset({"until", "packets"}),
    "copy": frozenset({"times"}),
    "rewrite": frozenset({"set", "strip"}),
    "icmp": frozenset({"code", "mtu"}),
    "inject": frozenset({"segment"}),
}
#: which packets: every key that is given must fit
_MATCH = frozenset(
    {"from", "has", "lacks", "port", "min_len", "max_len", "min_size", "payload", "nth", "after", "before", "idle_ms"}
)
_OTHERS = frozenset({"name", "do", "latch"})
_SEGMENT = frozenset({"as", "seq", "ack", "flags", "ttl", "window", "payload", "age", "options", "via", "port"})
_NUMBERS = ("port", "min_len", "max_len", "min_size", "idle_ms", "ms", "packets", "times", "code", "mtu")


@dataclass(frozen=True, slots=True)
class Forged:
    """A segment that the wire makes; numbers are expressions such as `server.nxt + 100`."""

    sender: str  #: in whose name: client or server
    flags: int
    seq: str
    ack: str = "0"
    ttl: int = 64
    window: int = 0
    payload: str = ""
    age: int = 0  #: how much older its timestamp is than the newest one of that end, in the stamp's own unit
    options: str = "none"  #: none, timestamps or syn
    via: str = "wire"  #: `host`: leaves from the end's own machine, so that it stands in that capture too
    port: int = 0  #: the client's port; 0: of the packet that fired it, or of the newest connection


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule, checked. `match` holds the keys of `_MATCH` that were given."""

    name: str
    do: str
    match: Mapping[str, Any]
    latch: bool = False  #: from its first match on it means every packet
    ms: int = 0
    until: str = ""
    packets: int = 0
    times: int = 2
    values: Mapping[str, int] = field(default_factory=dict)
    strip: tuple[str, ...] = ()
    code: int = 13
    mtu: int = 0
    forged: tuple[Forged, ...] = ()

    def fits(self, header: Header, sender: str, client_port: int, idle_ns: int) -> bool:
        """Whether the packet is meant, as far as it tells itself (`nth`, `after`, `before` are the wire's)."""
        match, length = self.match, len(header.payload)
        has, lacks = _bits(match.get("has", ())), _bits(match.get("lacks", ()))
        return (
            match.get("from", sender) == sender
            and header.flags & has == has
            and not header.flags & lacks
            and match.get("port", client_port) == client_port
            and match.get("min_len", 0) <= length <= match.get("max_len", length)
            and match.get("min_size", 0) <= len(header.data)
            and match.get("payload", "").encode() in header.payload
            and idle_ns >= match.get("idle_ms", 0) * 1_000_000
        )

    def counts(self, number: int) -> bool:
        """Whether the `number`-th packet that fits is meant: `nth` is a number, a list of them, or [from, "on"]."""
        nth = self.match.get("nth")
        if nth is None:
            return True
        if isinstance(nth, int):
            return number == nth
        return number >= nth[0] if nth[-1] == "on" else number in nth


def _bits(names: Any) -> int:
    return sum(FLAGS[name] for name in names)


def parse_rule(where: str, entry: Any) -> Rule:
    """Check one [[wire]] table; a UsageError names the key that is wrong."""
    if not isinstance(entry, dict):
        raise UsageError(f"{where}: a table is needed")
    name, do = entry.get("name"), entry.get("do")
    if not isinstance(name, str) or not name:
        raise UsageError(f"{where}: a rule needs a name")
    where = f"{where} ({name})"
    if not isinstance(do, str) or do not in ACTIONS:
        raise UsageError(f"{where}: do is one of {', '.join(ACTIONS)}, not {do!r}")
    unknown = set(entry) - _MATCH - _OTHERS - ACTIONS[do]
    if unknown:
        raise UsageError(f"{where}: {do} knows no {min(unknown)!r}")
    for key in _NUMBERS:
        if key in entry and (type(entry[key]) is not int or entry[key] < 0):
            raise UsageError(f"{where}: {key} is a number, not {entry[key]!r}")
    _check_match(where, entry)
    return Rule(
        name=name,
        do=do,
        match={key: entry[key] for key in _MATCH if key in entry},
        latch=bool(entry.get("latch", False)),
        ms=entry.get("ms", 0),
        until=entry.get("until", ""),
        packets=entry.get("packets", 0),
        times=entry.get("times", 2),
        values=entry.get("set", {}),
        strip=tuple(_known(where, "strip", entry.get("strip", ()), OPTION_KINDS)),
        code=entry.get("code", 13),
        mtu=entry.get("mtu", 0),
        forged=tuple(_forged(where, one) for one in _list(where, "segment", entry.get("segment", []))),
    )


def _check_match(where: str, entry: Mapping[str, Any]) -> None:
    if entry.get("from", "client") not in ENDS:
        raise UsageError(f"{where}: from is client or server, not {entry['from']!r}")
    for key in ("has", "lacks"):
        _known(where, key, entry.get(key, ()), FLAGS)
    nth = entry.get("nth", 1)
    numbers = nth if isinstance(nth, list) else [nth]
    if not numbers or not all(type(one) is int or (one == "on" and len(numbers) == 2) for one in numbers):
        raise UsageError(f'{where}: nth is a number, a list of numbers, or [number, "on"], not {nth!r}')


def _known(where: str, key: str, names: Any, known: Mapping[str, int]) -> list[str]:
    found = _list(where, key, names)
    for name in found:
        if name not in known:
            raise UsageError(f"{where}: {key}: there is no {name!r}; there are {', '.join(known)}")
    return found


def _list(where: str, key: str, value: Any) -> list[Any]:
    if not isinstance(value, list | tuple):
        raise UsageError(f"{where}: {key} is a list, not {value!r}")
    return list(value)


def _forged(where: str, entry: Any) -> Forged:
    if not isinstance(entry, dict) or set(entry) - _SEGMENT or entry.get("as") not in ENDS:
        raise UsageError(f"{where}: a segment needs as = client or server, and knows {', '.join(sorted(_SEGMENT))}")
    flags = _bits(_known(where, "flags", entry.get("flags", ()), FLAGS))
    rest = {key: value for key, value in entry.items() if key not in ("as", "flags", "seq")}
    return Forged(sender=entry["as"], flags=flags, seq=str(entry.get("seq", "0")), **rest)
