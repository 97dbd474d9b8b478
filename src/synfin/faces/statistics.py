"""`-z`: what is told about all packets together, after them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from synfin import filter as language
from synfin.dissect.context import Facts
from synfin.errors import UsageError
from synfin.filter import Filter
from synfin.wire.frame import Frame

Rows = Iterator[tuple[Frame, Facts]]
_PROTOCOLS = ("eth", "ip", "ipv6", "tcp", "udp")
_FOLLOWED = ("tcp", "udp")
_SEVERITIES = ("error", "warn", "note", "chat", "comment")
KNOWN = (
    "conv,eth|ip|ipv6|tcp|udp[,FILTER], endpoints,eth|ip|ipv6|tcp|udp[,FILTER], "
    "follow,tcp|udp,ascii|ebcdic|hex|raw|utf-8|yaml,STREAM|ADDRESS:PORT,ADDRESS:PORT[,FROM[-TO]], io,phs[,FILTER], "
    "io,stat,SECONDS[,FILTER]… or expert[,error|warn|note|chat|comment][,FILTER]"
)


class Statistic(Protocol):
    """What looks at every packet and has lines to print in the end."""

    def see(self, frame: Frame, facts: Facts) -> None: ...

    def lines(self) -> Iterator[str]: ...


class Tap:
    """One -z: a statistic, and the filter that chooses its packets."""

    def __init__(self, statistic: Statistic, wanted: Filter | None = None, fields: Sequence[str] = ()) -> None:
        self._statistic, self._wanted = statistic, wanted
        self.fields = (*fields, *(wanted.fields if wanted else ()))  #: that must be known of every packet

    def see(self, frame: Frame, facts: Facts) -> None:
        """Count a packet, where it is meant."""
        if self._wanted is None or self._wanted.matches(frame, facts):
            self._statistic.see(frame, facts)

    def lines(self) -> Iterator[str]:
        """What it came to."""
        return self._statistic.lines()


def statistics(asked: Sequence[str], times: str) -> list[Tap]:
    """The statistics of several -z; UsageError where one is not known."""
    return [_tap(one, times) for one in asked]


def watched(rows: Rows, taps: Sequence[Tap]) -> Rows:
    """The same packets, each shown to the statistics first."""
    for frame, facts in rows:
        for one in taps:
            one.see(frame, facts)
        yield frame, facts


def _tap(asked: str, times: str) -> Tap:
    kind, _, rest = asked.partition(",")
    first, comma, more = rest.partition(",")
    if kind in ("conv", "endpoints") and first in _PROTOCOLS:
        return _pairs(kind, first, times, more if comma else None)
    if kind == "follow" and first in _FOLLOWED:
        return _follow(first, more, asked)
    if kind == "io" and first == "phs":
        from synfin.faces.protocol_hierarchy import ProtocolHierarchy

        return Tap(ProtocolHierarchy(more), _filter(more))
    if kind == "io" and first == "stat" and more:
        from synfin.faces.io_statistics import io_statistics

        statistic = io_statistics(more, times)
        return Tap(statistic, None, statistic.fields)
    if kind == "expert":
        return _expert(rest)
    raise UsageError(f"-z {asked} is not known; use {KNOWN}")


def _filter(text: str) -> Filter | None:
    return language.compile(text) if text else None


def _pairs(kind: str, protocol: str, times: str, text: str | None) -> Tap:
    if kind == "conv":
        from synfin.faces.conversation_table import ConversationTable

        return Tap(ConversationTable(protocol, times, text), _filter(text or ""))
    from synfin.faces.endpoint_table import EndpointTable

    return Tap(EndpointTable(protocol, text), _filter(text or ""))


def _follow(protocol: str, more: str, asked: str) -> Tap:
    from synfin.faces.followed_choice import chosen_stream
    from synfin.faces.followed_stream import FORMS, FollowedStream

    form, *words = more.split(",")
    chosen = chosen_stream(protocol, words) if form in FORMS else None
    if chosen is None:
        raise UsageError(f"-z {asked} is not known; use {KNOWN}")
    return Tap(FollowedStream(protocol, form, chosen), language.compile(chosen.filter))


def _expert(rest: str) -> Tap:
    from synfin.faces.expert_table import ExpertTable

    least, _, text = rest.partition(",")
    if least not in _SEVERITIES:
        least, text = _SEVERITIES[-1], rest
    return Tap(ExpertTable(_SEVERITIES[: _SEVERITIES.index(least) + 1]), _filter(text))
