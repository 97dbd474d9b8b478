"""Which connections of captures are worth opening: by what was noticed of all of them while they were followed."""

from __future__ import annotations

from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

from synfin.watch.connections.record import Finding
from synfin.watch.connections.verdict import decide
from synfin.watch.findings.bulk import found, severity, undecided
from synfin.watch.findings.known import KNOWN
from synfin.watch.follow.raw import RawConnection

LONG = 20_000  #: segments of a connection that is not opened unless all are: told, each takes some 2.5 kB
_ROOM_BYTES = 192 << 20  # for the segments of all that are opened
_SEGMENT_BYTES = 600  # of a segment in memory, beside its payload
_NAMED = 1_000  # of each kind


class Passed:
    """Connections that were not opened, as far as they are named."""

    def __init__(self) -> None:
        self.count = 0
        self._conns, self._frames = array("I"), array("I")

    def add(self, raw: RawConnection) -> None:
        self.count += 1
        if self.count <= _NAMED:
            self._conns.append(raw.conn)
            self._frames.append(raw.first_frame)

    def finding(self, name: str) -> Finding:
        """What they have, as one finding."""
        known, conns = KNOWN[name], tuple(self._conns)
        return Finding(
            name, known.severity, "", tuple(self._frames), {}, "likely", known.reference, conns,
            self.count - len(conns),
        )  # fmt: skip


class Selection:
    """The connections to open, and what the others have, as far as that is known without opening them.

    Opened are those that have, or may have, findings at least as bad as `least`: of each kind the first `most` that
    are not too long and that memory has room for; without `most` all.
    """

    def __init__(self, least: str, most: int | None) -> None:
        self.chosen: dict[int, RawConnection] = {}  #: by `conn`
        self.unsure = 0  #: how many of the others may have more: only their segments would tell
        self._others: dict[str, Passed] = defaultdict(Passed)  # by finding
        self._long: dict[str, Passed] = defaultdict(Passed)  # the same, of those that are too long
        self._least, self._most = severity(least), most
        self._opened: Counter[str] = Counter()
        self._room_bytes = _ROOM_BYTES

    def consider(self, raw: RawConnection) -> None:
        """Whether to open a connection."""
        names, more = _has(raw.signs << 64 | raw.marks, self._least)
        if not names and not more:
            return
        asked = names or ("",)
        if self._most is None:
            self.chosen[raw.conn] = raw
            return
        long = raw.client.packets + raw.server.packets > LONG
        if not long and any(self._opened[name] < self._most for name in asked) and self._fits(raw):
            self.chosen[raw.conn] = raw
            self._opened.update(asked)
            return
        self.unsure += more
        for name in names:
            (self._long if long else self._others)[name].add(raw)

    def _fits(self, raw: RawConnection) -> bool:
        client, server = raw.client, raw.server
        size = (client.packets + server.packets) * _SEGMENT_BYTES + client.wire_bytes + server.wire_bytes
        if size > self._room_bytes:
            return False
        self._room_bytes -= size
        return True

    def others(self) -> Iterator[Finding]:
        """What those have that are like one that was opened, a finding for each kind."""
        return (passed.finding(name) for name, passed in self._others.items())

    def long(self) -> Iterator[Finding]:
        """What those have that were too long to be opened."""
        return (passed.finding(name) for name, passed in self._long.items())


def select(connections: Iterable[RawConnection], least: str, most: int | None) -> Selection:
    """What of these connections is worth opening."""
    selection = Selection(least, most)
    for raw in connections:
        selection.consider(raw)
    return selection


@lru_cache(maxsize=4096)
def _has(key: int, least: int) -> tuple[tuple[str, ...], bool]:
    """The findings of a key that are as bad, and whether there may be more of them."""
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
