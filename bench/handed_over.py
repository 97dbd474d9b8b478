"""How many connections the compiled states hand over to the ledgers, and after how many of their segments.

    python bench/handed_over.py CAPTURE…

The kernel `step` takes both ends through the table as long as "captured means delivered" cannot mislead; loss,
repetition, resets and a start in midstream end that, for the connection and for good.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from struct import Struct
from typing import NamedTuple

from synfin._kernels import follow, scan
from synfin.capture.reader import open_capture
from synfin.watch.engine.compiled import CompiledEngine

_TCP, _QUOTED, _NO_STATE = 1, 4, 255  #: of _kernels/row.pxd and _kernels/fact.pxd


class Share(NamedTuple):
    """What one capture shows."""

    connections: int
    handed_over: int
    from_the_start: int  #: of them, those whose first segment was handed over: no plain SYN
    segments: int
    stepped: int  #: segments after which the compiled states still held


def share(path: str) -> Share:
    """Follow a capture and count."""
    alive: dict[int, int] = {}  # by conn: segments told, -1 - that many once handed over
    segments = 0
    kinds, facts = Struct(scan.ROW_FORMAT), Struct(follow.FACT_FORMAT)
    kind_at, conn_at = scan.ROW_FIELDS.index("kind"), follow.FACT_FIELDS.index("conn")
    state_at = follow.FACT_FIELDS.index("state_low")

    def take(rows: bytearray, told: bytearray, count: int) -> None:
        nonlocal segments
        for row, fact in _pairs(kinds, rows, facts, told, count):
            if row[kind_at] & (_TCP | _QUOTED) != _TCP:
                continue
            segments += 1
            conn, before = fact[conn_at], alive.get(fact[conn_at], 0)
            if before >= 0:
                alive[conn] = before + 1 if fact[state_at] != _NO_STATE else -1 - before

    engine = CompiledEngine(sink=take)
    with open_capture(path) as reader:
        engine.feed(reader)
    gone = [-1 - count for count in alive.values() if count < 0]
    stepped = sum(count if count >= 0 else -1 - count for count in alive.values())
    return Share(len(alive), len(gone), gone.count(0), segments, stepped)


def _pairs(
    row: Struct, rows: bytearray, fact: Struct, facts: bytearray, count: int
) -> Iterator[tuple[tuple[int, ...], tuple[int, ...]]]:
    for place in range(count):
        yield row.unpack_from(rows, place * row.size), fact.unpack_from(facts, place * fact.size)


def main() -> int:
    print("| capture | connections | handed over | at the first segment | segments | told by the compiled states |")
    print("|---|---:|---:|---:|---:|---:|")
    for path in sys.argv[1:]:
        one = share(path)
        print(
            f"| {Path(path).name} | {one.connections:,} | {_part(one.handed_over, one.connections)} "
            f"| {one.from_the_start:,} | {one.segments:,} | {_part(one.stepped, one.segments)} |",
            flush=True,
        )
    return 0


def _part(some: int, whole: int) -> str:
    return f"{some:,} ({some / max(whole, 1):.1%})"


if __name__ == "__main__":
    sys.exit(main())
