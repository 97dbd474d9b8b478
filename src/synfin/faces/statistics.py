"""`-z`: what is told about all packets together, after them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from synfin.dissect.context import Facts
from synfin.errors import UsageError
from synfin.watch.connections.conversations import READERS
from synfin.wire.frame import Frame

KNOWN = "conv,eth|ip|ipv6|tcp|udp or follow,tcp,ascii|hex|raw|utf-8|yaml,STREAM"


class Statistic(Protocol):
    """What looks at every packet and has lines to print in the end."""

    def see(self, frame: Frame, facts: Facts) -> None: ...

    def lines(self) -> Iterator[str]: ...


def statistics(asked: Sequence[str], times: str) -> list[Statistic]:
    """The statistics of several -z; UsageError where one is not known."""
    return [_statistic(one, times) for one in asked]


def watched(rows: Iterator[tuple[Frame, Facts]], taps: Sequence[Statistic]) -> Iterator[tuple[Frame, Facts]]:
    """The same packets, each shown to the statistics first."""
    for frame, facts in rows:
        for one in taps:
            one.see(frame, facts)
        yield frame, facts


def _statistic(asked: str, times: str) -> Statistic:
    kind, *rest = asked.split(",")
    if kind == "conv" and len(rest) == 1 and rest[0] in READERS:
        from synfin.faces.conversation_table import ConversationTable

        return ConversationTable(rest[0], times)
    if kind == "follow" and len(rest) == 3 and rest[0] == "tcp":
        from synfin.faces.followed_stream import FORMS, FollowedStream

        if rest[1] in FORMS and rest[2].isascii() and rest[2].isdigit():
            return FollowedStream(rest[1], int(rest[2]))
    raise UsageError(f"-z {asked} is not known; use {KNOWN}")
