"""Findings over many connections: what no single one of them shows. They read the records alone."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import replace
from operator import attrgetter
from typing import Any

from synfin.watch.connections.brief import Brief, of_record
from synfin.watch.connections.record import Connection, Finding, utc
from synfin.watch.findings import thresholds as limits
from synfin.watch.findings.known import Numbers, finding

_S = 1_000_000_000
_UNANSWERED = ("open.no_answer", "open.half_open", "open.pending")
_FAILED = ("open.refused", "open.rejected_by_client", "open.no_answer", "open.icmp_rejected")
_OPENED = ("open.normal", "open.tfo", "open.simultaneous")
_RESET = ("close.rst_reply", "close.abort")
_CLOSED = ("close.fin_4seg", "close.fin_3seg", "close.half_close_data", "close.simultaneous")

_EVER = -(1 << 63)
_by_start, _by_end = attrgetter("start_ns"), attrgetter("end_ns")

AT_ONCE = 100_000  #: connections judged together: far more than any window of a rule needs, some 25 MB
NAMED = 1_000  #: connections that a finding names; of others it tells how many
MOST = 200  #: findings of each kind


def fleet(connections: Iterable[Connection]) -> list[Finding]:
    """What the connections of a capture say together; each finding names those that it stands on."""
    together = Fleet()
    for one in connections:
        together.note(of_record(one))
    return together.findings()


class Fleet:
    """Notes connections one after another and judges them `AT_ONCE` at a time, so that memory is bounded.

    The later ones stay to be judged with those that follow: a finding counts when what came after it is known, too.
    Where it comes again of the same source or server, the one that stands on more connections counts.
    """

    def __init__(self) -> None:
        self.left_out = 0  #: findings beyond `MOST` of a kind
        self._known: list[Brief] = []
        self._since_ns = _EVER  # what happened before has been judged
        self._fresh = 0  # since this place in `_known` they were not counted
        self._ways = _Ways()
        self._found: list[dict[Hashable, Finding]] = [{} for _ in _RULES]

    def note(self, one: Brief) -> None:
        self._known.append(one)
        if len(self._known) >= AT_ONCE:
            starts, ends = sorted(map(_by_start, self._known)), sorted(map(_by_end, self._known))
            until_ns = max(starts[AT_ONCE // 2], ends[AT_ONCE // 4])
            self._judge(until_ns)
            self._known = [one for one in self._known if one.end_ns >= until_ns][-3 * AT_ONCE // 4 :]
            self._since_ns, self._fresh = until_ns, len(self._known)

    def findings(self) -> list[Finding]:
        """Of all that were noted; none can be noted afterwards."""
        self._judge(None)
        return [*self._ways.findings(), *(one for found in self._found for one in found.values())]

    def _judge(self, until_ns: int | None) -> None:
        """Judge what happened until then, None: all."""
        self._ways.take(sorted(self._known[self._fresh :], key=_by_start))
        known = sorted(self._known, key=_by_start)
        for (rule, when), found in zip(_RULES, self._found, strict=True):
            for whose, of, one in rule([one for one in known if when(one) >= self._since_ns]):
                if until_ns is not None and when(of[0]) >= until_ns:
                    continue
                if whose not in found and len(found) == MOST:
                    self.left_out += 1
                elif whose not in found or _weight(one) > _weight(found[whose]):
                    found[whose] = one


def _weight(one: Finding) -> int:
    return len(one.connections) + one.unnamed


def _over(name: str, who: str, of: Sequence[Brief], numbers: Numbers, *, likely: bool = False) -> Finding:
    found = finding(name, who, [one.first_frame for one in of[:NAMED]], numbers, likely=likely)
    named = tuple(one.conn for one in of[:NAMED])
    return replace(found, connections=named, unnamed=len(of) - len(named))


class _Ways:
    """Whether a capture holds one direction only: the one question that is asked of all connections at once."""

    def __init__(self) -> None:
        self._known = self._single = 0
        self._refused = self._acknowledged = False
        self._named: list[Brief] = []  # of the single ones

    def take(self, known: Sequence[Brief]) -> None:
        single = [one for one in known if not one.both_spoke]
        self._known += len(known)
        self._single += len(single)
        self._named += single[: NAMED - len(self._named)]
        self._refused = self._refused or any(one.open == "open.refused" for one in known)
        # an unanswered SYN alone may really be unanswered
        self._acknowledged = self._acknowledged or any(one.open not in _UNANSWERED for one in single)

    def findings(self) -> Iterator[Finding]:
        few = self._known < limits.ONE_WAY_FLOWS or self._single < limits.ONE_WAY_SHARE * self._known
        if self._acknowledged and not few and not self._refused:
            said = _over("capture.one_way", "", self._named, {"n": self._single, "all": self._known})
            yield replace(said, unnamed=self._single - len(self._named))


_Said = tuple[Hashable, Sequence[Brief], Finding]  # whose it is, what it stands on, and the finding
_Rule = Callable[[Sequence[Brief]], Iterator[_Said]]


def _scans(known: Sequence[Brief]) -> Iterator[_Said]:
    """One source that tries many ports or hosts, most of them in vain."""
    for source, tried in _by(known, lambda one: one.client).items():
        most = _densest(tried, limits.SCAN_NS)
        targets = {(one.server, one.port) for one in most}
        failed = [one for one in most if one.open in _FAILED or _probed(one)]
        if len(targets) >= limits.SCAN_TARGETS and len(failed) >= limits.SCAN_FAILED_SHARE * len(most):
            share = f"{100 * len(failed) / len(most):.0f} %"
            yield source, most, _over("fleet.scan", "client", most, {"src": source, "n": len(targets), "pct": share})


def _probed(one: Brief) -> bool:
    """Connected and reset without a word."""
    return one.close == "close.abort" and not one.payload


def _overwhelmed(known: Sequence[Brief]) -> Iterator[_Said]:
    """A listener that leaves many connection requests unanswered while it answers others."""
    for listener, tried in _by(known, _listener).items():
        most = _densest(tried, limits.FLEET_NS)
        lost = [one for one in most if one.open in _UNANSWERED]
        if len(lost) < limits.FLEET_UNANSWERED or len(lost) < limits.FLEET_UNANSWERED_SHARE * len(most):
            continue
        if not any(one.open in _OPENED for one in tried):
            continue
        sources = Counter(one.client for one in lost)
        few = sum(count for _, count in sources.most_common(limits.FEW_SOURCES)) >= limits.FEW_SOURCES_SHARE * len(lost)
        numbers: Numbers = {
            "port": listener[1], "lost": len(lost), "all": len(most), "case": "overflow" if few else "flood",
        }  # fmt: skip
        yield listener, lost, _over("fleet.syn_flood_or_overflow", "server", lost, numbers, likely=True)


def _restarted(known: Sequence[Brief]) -> Iterator[_Said]:
    """Several connections of one server that were reset by it at the same time."""
    lived = [one for one in known if one.open in (*_OPENED, "open.midstream")]
    reset = [one for one in lived if one.close in _RESET and one.closed_by == "server"]
    closed = _by((one for one in lived if one.close in _CLOSED and one.closed_by == "client"), _listener)
    for server, ended in _by(reset, lambda one: one.server).items():
        ended.sort(key=_by_end)
        most = _densest(ended, limits.RESTART_NS, _by_end)
        if len(most) >= limits.RESTART_CONNECTIONS and not _has_survivor(most, closed):
            clients = {one.client for one in most}
            numbers: Numbers = {"S": server, "t": utc(most[0].end_ns), "n": len(most)}
            yield server, most, _over("fleet.server_restarted", "server", most, numbers, likely=len(clients) == 1)


def _has_survivor(reset: Sequence[Brief], closed: dict[tuple[str, int], list[Brief]]) -> bool:
    """Whether a connection to the same services outlived the first reset: its client `closed` it, and was answered."""
    first_ns = reset[0].end_ns
    services = {_listener(one) for one in reset}
    return any(one.start_ns < first_ns < one.end_ns for service in services for one in closed.get(service, ()))


def _pressure(known: Sequence[Brief]) -> Iterator[_Said]:
    """A client that closes so many connections to one place that its ports run out in TIME-WAIT."""
    closed = [one for one in known if one.close in _CLOSED and one.closed_by in ("client", "both")]
    for ends, of in _by(closed, lambda one: (one.client, one.server, one.port)).items():
        most = _densest(of, limits.FLEET_NS)
        span_s = max((most[-1].start_ns - most[0].start_ns) / _S, 1.0)
        rate = len(most) / span_s
        if rate * limits.TIME_WAIT_S > limits.PORTS_SHARE * limits.EPHEMERAL_PORTS:
            numbers: Numbers = {"C": ends[0], "r": round(rate)}
            yield ends, most, _over("fleet.time_wait_pressure", "client", most, numbers, likely=True)


#: with the time that a rule goes by
_RULES: tuple[tuple[_Rule, Callable[[Brief], int]], ...] = (
    (_scans, _by_start), (_overwhelmed, _by_start), (_restarted, _by_end), (_pressure, _by_start),
)  # fmt: skip


def _listener(one: Brief) -> tuple[str, int]:
    return one.server, one.port


def _by(known: Iterable[Brief], key: Callable[[Brief], Any]) -> dict[Any, list[Brief]]:
    groups: dict[Any, list[Brief]] = defaultdict(list)
    for one in known:
        groups[key(one)].append(one)
    return groups


def _densest(known: Sequence[Brief], window_ns: int, when: Callable[[Brief], int] = _by_start) -> list[Brief]:
    """The most connections within one window, in order."""
    first, best = 0, (0, 0)
    for last, one in enumerate(known):
        while when(one) - when(known[first]) > window_ns:
            first += 1
        best = max(best, (first, last + 1), key=lambda bounds: bounds[1] - bounds[0])
    return list(known[slice(*best)])
