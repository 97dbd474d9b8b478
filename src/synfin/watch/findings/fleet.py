"""Findings over many connections: what no single one of them shows. They read the records alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from synfin.watch.connections.record import Connection, Finding, utc
from synfin.watch.findings import thresholds as limits
from synfin.watch.findings.known import Numbers, finding

_S = 1_000_000_000
_UNANSWERED = ("open.no_answer", "open.half_open", "open.pending")
_FAILED = ("open.refused", "open.rejected_by_client", "open.no_answer", "open.icmp_rejected")
_OPENED = ("open.normal", "open.tfo", "open.simultaneous")
_RESET = ("close.rst_reply", "close.abort")
_CLOSED = ("close.fin_4seg", "close.fin_3seg", "close.half_close_data", "close.simultaneous")


def fleet(connections: Iterable[Connection]) -> list[Finding]:
    """What the connections of a capture say together; each finding names those that it stands on."""
    known = sorted(connections, key=lambda one: one.start_ns)
    return [*_one_way(known), *_scans(known), *_overwhelmed(known), *_restarted(known), *_pressure(known)]


def _over(name: str, who: str, of: Sequence[Connection], numbers: Numbers, *, likely: bool = False) -> Finding:
    found = finding(name, who, [one.frames[0] for one in of], numbers, likely=likely)
    return replace(found, connections=tuple(one.conn for one in of))


def _one_way(known: Sequence[Connection]) -> Iterator[Finding]:
    single = [one for one in known if not (one.client.packets and one.server.packets)]
    answered = any(one.open == "open.refused" for one in known)
    if len(known) >= limits.ONE_WAY_FLOWS and len(single) >= limits.ONE_WAY_SHARE * len(known) and not answered:
        acks = [one for one in single if one.open not in _UNANSWERED]
        if acks:  # an unanswered SYN alone may really be unanswered
            yield _over("capture.one_way", "", single, {"n": len(single), "all": len(known)})


def _scans(known: Sequence[Connection]) -> Iterator[Finding]:
    """One source that tries many ports or hosts, most of them in vain."""
    for source, tried in _by(known, lambda one: one.client.ip).items():
        most = _densest(tried, limits.SCAN_NS)
        targets = {(one.server.ip, one.server.port) for one in most}
        failed = [one for one in most if one.open in _FAILED or _probed(one)]
        if len(targets) >= limits.SCAN_TARGETS and len(failed) >= limits.SCAN_FAILED_SHARE * len(most):
            share = f"{100 * len(failed) / len(most):.0f} %"
            yield _over("fleet.scan", "client", most, {"src": source, "n": len(targets), "pct": share})


def _probed(one: Connection) -> bool:
    """Connected and reset without a word."""
    return one.close == "close.abort" and not one.client.payload_bytes and not one.server.payload_bytes


def _overwhelmed(known: Sequence[Connection]) -> Iterator[Finding]:
    """A listener that leaves many connection requests unanswered while it answers others."""
    for (_, port), tried in _by(known, lambda one: (one.server.ip, one.server.port)).items():
        most = _densest(tried, limits.FLEET_NS)
        lost = [one for one in most if one.open in _UNANSWERED]
        if len(lost) < limits.FLEET_UNANSWERED or len(lost) < limits.FLEET_UNANSWERED_SHARE * len(most):
            continue
        if not any(one.open in _OPENED for one in tried):
            continue
        sources = Counter(one.client.ip for one in lost)
        few = sum(count for _, count in sources.most_common(limits.FEW_SOURCES)) >= limits.FEW_SOURCES_SHARE * len(lost)
        numbers: Numbers = {
            "port": port, "lost": len(lost), "all": len(most), "case": "overflow" if few else "flood",
        }  # fmt: skip
        yield _over("fleet.syn_flood_or_overflow", "server", lost, numbers, likely=True)


def _restarted(known: Sequence[Connection]) -> Iterator[Finding]:
    """Several connections of one server that were reset by it at the same time."""
    lived = [one for one in known if one.open in (*_OPENED, "open.midstream")]
    reset = [one for one in lived if one.close in _RESET and one.closed_by == "server"]
    for server, ended in _by(reset, lambda one: one.server.ip).items():
        ended.sort(key=_end_ns)
        most = _densest(ended, limits.RESTART_NS, _end_ns)
        if len(most) >= limits.RESTART_CONNECTIONS and not _survivors(most, lived):
            clients = {one.client.ip for one in most}
            numbers: Numbers = {"S": server, "t": utc(_end_ns(most[0])), "n": len(most)}
            yield _over("fleet.server_restarted", "server", most, numbers, likely=len(clients) == 1)


def _survivors(reset: Sequence[Connection], lived: Iterable[Connection]) -> list[Connection]:
    """Connections to the same services that outlived the first reset: their clients closed them, and were answered."""
    services = {(one.server.ip, one.server.port) for one in reset}
    first_ns = _end_ns(reset[0])
    return [
        one
        for one in lived
        if (one.server.ip, one.server.port) in services
        and one.start_ns < first_ns < _end_ns(one)
        and one.close in _CLOSED
        and one.closed_by == "client"
    ]


def _pressure(known: Sequence[Connection]) -> Iterator[Finding]:
    """A client that closes so many connections to one place that its ports run out in TIME-WAIT."""
    closed = [one for one in known if one.close in _CLOSED and one.closed_by in ("client", "both")]
    for ends, of in _by(closed, lambda one: (one.client.ip, one.server.ip, one.server.port)).items():
        most = _densest(of, limits.FLEET_NS)
        span_s = max((most[-1].start_ns - most[0].start_ns) / _S, 1.0)
        rate = len(most) / span_s
        if rate * limits.TIME_WAIT_S > limits.PORTS_SHARE * limits.EPHEMERAL_PORTS:
            yield _over("fleet.time_wait_pressure", "client", most, {"C": ends[0], "r": round(rate)}, likely=True)


def _end_ns(one: Connection) -> int:
    return one.start_ns + one.duration_ns


def _by(known: Iterable[Connection], key: Callable[[Connection], Any]) -> dict[Any, list[Connection]]:
    groups: dict[Any, list[Connection]] = {}
    for one in known:
        groups.setdefault(key(one), []).append(one)
    return groups


def _densest(
    known: Sequence[Connection], window_ns: int, when: Callable[[Connection], int] = lambda one: one.start_ns
) -> list[Connection]:
    """The most connections within one window, in order."""
    first, best = 0, (0, 0)
    for last, one in enumerate(known):
        while when(one) - when(known[first]) > window_ns:
            first += 1
        best = max(best, (first, last + 1), key=lambda bounds: bounds[1] - bounds[0])
    return list(known[slice(*best)])
