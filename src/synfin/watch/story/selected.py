"""Which connections of captures are worth opening: by what was noticed of all of them while they were followed."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from synfin.watch.connections.record import Finding
from synfin.watch.connections.verdict import decide
from synfin.watch.findings.bulk import found, severity, undecided
from synfin.watch.findings.known import KNOWN
from synfin.watch.follow.raw import RawConnection


@dataclass
class Selection:
    """The connections to open, and what the others have, as far as that is known without opening them."""

    chosen: dict[int, RawConnection] = field(default_factory=dict)  #: by `conn`
    others: dict[str, list[RawConnection]] = field(default_factory=lambda: defaultdict(list))  #: by finding
    unsure: int = 0  #: how many of the others may have more: only their segments would tell

    def findings(self) -> Iterator[Finding]:
        """What the others have, a finding for each kind."""
        for name, of in self.others.items():
            known = KNOWN[name]
            frames, conns = tuple(one.first_frame for one in of), tuple(one.conn for one in of)
            yield Finding(name, known.severity, "", frames, {}, "likely", known.reference, conns)


def select(connections: Iterable[RawConnection], least: str, most: int | None) -> Selection:
    """The connections that have, or may have, findings at least as bad as `least`; of each kind so many (None: all)."""
    selection = Selection()
    opened: Counter[str] = Counter()
    kinds: dict[int, tuple[tuple[str, ...], bool]] = {}  # by key: what it has, and whether there may be more
    for raw in connections:
        key = raw.signs << 64 | raw.marks
        if key not in kinds:
            kinds[key] = _has(key, severity(least))
        names, more = kinds[key]
        if not names and not more:
            continue
        asked = names or ("",)
        if most is None or any(opened[name] < most for name in asked):
            selection.chosen[raw.conn] = raw
            opened.update(asked)
        else:
            selection.unsure += more
            for name in names:
                selection.others[name].append(raw)
    return selection


def _has(key: int, least: int) -> tuple[tuple[str, ...], bool]:
    verdict = decide(key & 0xFFFF_FFFF_FFFF_FFFF)
    ids = (verdict.open, verdict.close, *found(key))
    return (
        tuple(name for name in ids if name in KNOWN and _worst(name) >= least),
        any(_worst(name) >= least for name in undecided(key) - set(ids)),
    )


def _worst(name: str) -> int:
    """How severe a finding can be."""
    return max(severity(KNOWN[name].severity), severity(_AT_WORST.get(name, "ok")))


#: those that rules make more severe than usual
_AT_WORST: Mapping[str, str] = {"close.close_wait_lag": "warn", "window.zero_stall": "error"}


def with_earlier(
    chosen: Mapping[int, RawConnection], connections: Iterable[RawConnection]
) -> dict[int, frozenset[int]]:
    """For those of the `chosen` whose endpoints had connections before: which."""
    ends = {raw.endpoints for raw in chosen.values()}
    by_ends: dict[frozenset[tuple[bytes, int]], list[int]] = defaultdict(list)
    for raw in connections:
        if raw.endpoints in ends:
            by_ends[raw.endpoints].append(raw.conn)
    return {
        raw.conn: frozenset(conn for conn in by_ends[raw.endpoints] if conn < raw.conn)
        for raw in chosen.values()
        if by_ends[raw.endpoints][0] < raw.conn
    }
