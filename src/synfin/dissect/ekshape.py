"""`-T ek`: packets for Elasticsearch's bulk interface in tshark's shape, two lines of JSON a packet.

It is what `-T json` shows, told otherwise: names carry their protocol and have underscores for dots, values that stand
at one place under one name are one list, and what stands below a field follows it, flat.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from synfin.dissect.fields import find
from synfin.dissect.json_choice import LeftOut
from synfin.dissect.jsonshape import Pairs, document
from synfin.dissect.show import SECOND, relative_time

if TYPE_CHECKING:
    from synfin.dissect.context import Facts
    from synfin.wire.frame import Frame

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TREE = "_tree"
_EXPERT = "_ws.expert"
#: protocols that stand inside another one as an object of their own
_NESTED = frozenset({_EXPERT, "mptcp", "data", "ipv6.hopopts", "ipv6.dstopts", "ipv6.routing", "ipv6.fraghdr"})
#: options that Wireshark counts as protocols, by the prefix of their names: these carry no second prefix
_OPTIONS: Mapping[str, frozenset[str]] = {
    "tcp.options.": frozenset({
        "acc_ecn", "ao", "cc", "ccecho", "ccnew", "echo", "echoreply", "eol", "experimental", "md5", "mss", "nop", "qs",
        "rvbd.probe", "rvbd.trpy", "sack", "sack_perm", "scps", "scpscor", "scpsrec", "snack", "tfo", "timestamp",
        "unknown", "user_to", "wscale",
    }),
    "ip.options.": frozenset({
        "cipso", "eol", "ext_security", "mtu_probe", "mtu_reply", "nop", "qs", "record_route", "route", "routeralert",
        "sdb", "security", "sid", "source_route", "timestamp", "traceroute",
    }),
}  # fmt: skip
_FIELD = re.compile(r"[a-z][a-z0-9_]*(\.[a-z0-9_-]+)+")


@dataclass(slots=True)
class _Group:
    """What stands at one place under one name."""

    key: str
    values: list[Any] = field(default_factory=list)
    below: list[tuple[str, Any]] = field(default_factory=list)


def lines(frame: Frame, facts: Facts | None = None) -> str:
    """One packet: the line that says where it goes, and the packet."""
    return record(frame, flattened(document(frame, facts)["_source"]["layers"], frame))


def flattened(layers: Mapping[str, Any], frame: Frame) -> Pairs:
    """The layers of one packet as `-T json` has them, in this shape."""
    found: dict[str, list[Pairs]] = {}
    for name, inside in layers.items():
        if isinstance(inside, LeftOut):
            one: Pairs = inside
        else:
            one = Pairs()
            _add(one, inside.items(), frame, name)
        found.setdefault(_underscored(name), []).append(one)
    shown = Pairs()
    for name, objects in found.items():
        shown.add(name, objects if len(objects) > 1 else objects[0])
    return shown


def record(frame: Frame, layers: Mapping[str, Any]) -> str:
    """The two lines of a packet that shows these layers."""
    time_ns = frame.packet.time_ns
    day = time.strftime("%Y-%m-%d", time.localtime(time_ns // SECOND))
    index = {"index": {"_index": f"packets-{day}", "_type": "doc"}}
    return f"{_json(index)}\n{_json({'timestamp': _milliseconds(time_ns), 'layers': layers})}\n"


def _milliseconds(time_ns: int) -> str:
    whole, rest = divmod(time_ns, SECOND)
    return f"{whole}{rest // 1_000_000:03d}"  # three digits behind a second zero too


def _json(shown: Any) -> str:
    return json.dumps(shown, ensure_ascii=False, separators=(",", ":"))


def _add(found: Pairs, pairs: Iterable[tuple[str, Any]], frame: Frame, layer: str) -> None:
    """Add what one level holds: each name once, and behind each what stands below it."""
    for group in _grouped(pairs, frame, layer):
        found.add(group.key, group.values if len(group.values) > 1 else group.values[0])
        _add(found, group.below, frame, layer)


def _grouped(pairs: Iterable[tuple[str, Any]], frame: Frame, layer: str) -> Iterable[_Group]:
    groups: dict[str, _Group] = {}
    for name, value in pairs:
        if name.endswith(_TREE) and isinstance(value, dict):
            groups[name.removesuffix(_TREE)].below += value.items()
            continue
        heading = _is_heading(name, value)
        group = groups.setdefault("text" if heading else name, _Group("text" if heading else _key(name, layer)))
        if isinstance(value, LeftOut):
            group.values.append(value)
        elif heading:
            group.values.append(name)
            group.below += value.items()
        elif isinstance(value, dict) and not _is_nested(name):
            group.values.append(None)
            group.below += value.items()
        else:
            group.values.append(_value(name, value, frame, layer))
    return groups.values()


def _is_heading(name: str, value: Any) -> bool:
    if isinstance(value, LeftOut):
        return value.name == "text"
    return isinstance(value, dict) and find(name) is None and not _is_nested(name) and not _FIELD.fullmatch(name)


def _value(name: str, value: Any, frame: Frame, layer: str) -> Any:
    if isinstance(value, dict):
        inside = Pairs()
        _add(inside, value.items(), frame, layer if name == _EXPERT else name)
        return inside
    known = find(name)
    kind = "" if known is None else known.kind
    if kind == "bool":
        return value == "1"
    if kind == "abstime" and known is not None:
        return next(map(_iso, known.load(frame)), value)
    return None if value == "" and kind in ("none", "") else value


def _key(name: str, layer: str) -> str:
    """`tcp.srcport` stands under `tcp_tcp_srcport`, a protocol under its own name."""
    if name.startswith(f"{_EXPERT}."):
        return f"_ws_expert_{_underscored(name)}"
    if name in _NESTED or _is_protocol(name):
        return _underscored(name)
    # an IPv6 header has its version twice, once under IPv4's name
    inside = name.startswith(f"{layer}.") or name == "ip.version"
    home = layer if inside else name.partition(".")[0]
    return f"{_underscored(home)}_{_underscored(name)}"


def _is_nested(name: str) -> bool:
    """Whether an object of that name is a protocol inside another: an ICMP error holds the headers it quotes."""
    known = find(name)
    return name in _NESTED or (known is not None and known.kind == "protocol")


def _is_protocol(name: str) -> bool:
    if any(name.startswith(prefix) and name.removeprefix(prefix) in options for prefix, options in _OPTIONS.items()):
        return True
    known = find(name)
    return known is not None and known.kind == "protocol"


def _underscored(name: str) -> str:
    return name.replace(".", "_")


def _iso(ns: int) -> str:
    whole, part = divmod(ns, SECOND)
    try:
        return f"{_EPOCH + timedelta(seconds=whole):%Y-%m-%dT%H:%M:%S}.{part:09d}Z"
    except OverflowError:
        return relative_time(ns)
