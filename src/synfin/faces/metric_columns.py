"""Columns of `conns` that no record has: metrics, for which the connections that are shown are told one by one.

They cost a readable pass over the captures, and only whoever names one pays.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from synfin.watch.connections.record import Connection
    from synfin.watch.connections.record_block import RecordBlock

PREFIX = "metrics."


@cache
def names() -> tuple[str, ...]:
    """Every such column: the names of the metrics in `explain --json`, dotted."""
    from synfin.watch.measure.metrics import nothing

    return tuple(_flat(nothing().to_dict()))


def asked_for(columns: Sequence[str]) -> bool:
    return any(name.startswith(PREFIX) for name in columns)


def print_rows(blocks: Iterable[RecordBlock], columns: Sequence[str], paths: Sequence[str], separator: str) -> None:
    """The connections as lines; `paths` are read again."""
    from synfin.watch.connections.connection_fields import plain
    from synfin.watch.measure.metrics import metrics_of
    from synfin.watch.story.stories import listen

    sys.stdout.write(separator.join(columns) + "\n")
    shown = [one for block in blocks for one in block.connections()]
    if not shown:
        return
    wanted = {one.conn for one in shown}
    told: dict[int, Mapping[str, Any]] = {}
    for story in listen(paths).stories(wanted):
        found = metrics_of(story)
        if found is not None:
            told[story.connection.conn] = _flat(found.to_dict())
    getters = [_getter(name) for name in columns]
    for one in shown:
        row = told.get(one.conn, {})
        sys.stdout.write(separator.join(plain(get(one, row)) for get in getters) + "\n")


def _getter(name: str) -> Callable[[Connection, Mapping[str, Any]], Any]:
    if name.startswith(PREFIX):
        return lambda one, row: row.get(name)
    from synfin.watch.connections.connection_fields import getter

    get = getter(name)
    return lambda one, row: get(one)


def _flat(values: Mapping[str, Any], before: str = PREFIX) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in values.items():
        found |= _flat(value, f"{before}{name}.") if isinstance(value, Mapping) else {f"{before}{name}": value}
    return found
