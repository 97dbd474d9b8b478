"""What is judged of a connection, by the few bits that it depends on: equal bits are judged once.

Light to import: whoever prints records of the kernels needs no more than this.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import NamedTuple

from synfin.watch.connections import paths
from synfin.watch.connections.vantage import VANTAGES
from synfin.watch.connections.verdict import decide
from synfin.watch.follow.raw import CONN_STATES


class Judged(NamedTuple):
    """How a field of the record comes from a key."""

    key: str  #: the key's name, as the kernel `render` has it
    judge: Callable[[int], str | bool | tuple[str, ...]]


@lru_cache(maxsize=4096)
def state(vector: int) -> str:
    """The likely state of an end at the end, RFC 9293's spelling."""
    return paths.likely(vector).label


class Ids(tuple[str, ...]):
    """Ids of findings: a list in the record itself."""

    __slots__ = ()


def findings(key: int) -> tuple[str, ...]:
    """The ids beside the two, by signs and marks; without signs there are none."""
    if key >> 64 == 0:
        return Ids()
    from synfin.watch.findings.bulk import found

    return Ids(found(key))


@lru_cache(maxsize=4096)
def states_seen(vector: int) -> tuple[str, ...]:
    """Every state that the capture allows at its end."""
    return tuple(state.label for state in sorted(paths.seen(vector)))


#: by name in the record
JUDGED: Mapping[str, Judged] = {
    "client.state": Judged("client.vector", state),
    "client.states_seen": Judged("client.vector", states_seen),
    "server.state": Judged("server.vector", state),
    "server.states_seen": Judged("server.vector", states_seen),
    "role_guessed": Judged("role_guessed", bool),
    "open": Judged("marks", lambda marks: decide(marks).open),
    "close": Judged("marks", lambda marks: decide(marks).close),
    "closed_by": Judged("marks", lambda marks: decide(marks).closed_by),
    "conn_state": Judged("conn_state", CONN_STATES.__getitem__),
    "vantage": Judged("vantage", VANTAGES.__getitem__),
    "findings": Judged("signs", findings),
}
