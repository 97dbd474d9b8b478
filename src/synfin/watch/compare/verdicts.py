"""What two captures decide together, and neither alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from synfin.watch.compare.clocks import Clocks
from synfin.watch.compare.differences import Change, Way
from synfin.watch.compare.match import Matched
from synfin.wire.tcp import ACK, FIN, RST, SYN, Segment


@dataclass(frozen=True, slots=True)
class Decision:
    """One of the questions that a single capture leaves open, answered."""

    id: str  #: compare.syn-lost ...
    numbers: dict[str, int | str]
    frames_first: tuple[int, ...]
    frames_second: tuple[int, ...]


def decide(matched: Matched, both_ways: tuple[Way, Way], clocks: Clocks) -> Iterator[Decision]:
    """What is certain now about a connection."""
    if clocks.first_is_nearer is None:
        return
    for way in both_ways:
        yield from _lost(way)
        if forged := [one for one in way.injected if one.flags & RST]:
            yield Decision(
                "compare.reset-injected", {"B": way.sender, "n": len(forged)}, *_frames(way, forged, behind=True)
            )
        others = [one for one in way.injected if not one.flags & RST]
        if others:
            yield Decision("compare.injected", {"B": way.sender, "n": len(others)}, *_frames(way, others, behind=True))
        yield from _rewritten(way)
    if matched.translated:
        first, second = matched.first.connection, matched.second.connection
        numbers: dict[str, int | str] = {
            "first": f"{first.client.endpoint} → {first.server.endpoint}",
            "second": f"{second.client.endpoint} → {second.server.endpoint}",
        }
        yield Decision("compare.translated", numbers, (first.frames[0],), (second.frames[0],))


def _frames(way: Way, segments: list[Segment], *, behind: bool) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Frame numbers under the capture that they belong to."""
    numbers = tuple(one.frame for one in segments)
    in_second = (way.forward is True) is behind
    return ((), numbers) if in_second else (numbers, ())


def _kind(segment: Segment) -> str:
    if segment.flags & SYN:
        return "syn-ack-lost" if segment.flags & ACK else "syn-lost"
    if segment.flags & RST:
        return "reset-lost"
    if segment.flags & FIN:
        return "fin-lost"
    return "data-lost" if segment.length else "ack-lost"


def _lost(way: Way) -> Iterator[Decision]:
    kinds: dict[str, list[Segment]] = {}
    for segment in way.lost:
        kinds.setdefault(_kind(segment), []).append(segment)
    for kind, segments in kinds.items():
        numbers: dict[str, int | str] = {"A": way.sender, "n": len(segments)}
        yield Decision(f"compare.{kind}", numbers, *_frames(way, segments, behind=False))


def _rewritten(way: Way) -> Iterator[Decision]:
    """Fields that were rewritten on the way; each name once, with its first example."""
    names: dict[str, list[Change]] = {}
    for change in way.changes:
        names.setdefault(change.name, []).append(change)
    for name, changes in names.items():
        one = changes[0]
        before, after = (one.first, one.second) if way.forward is not False else (one.second, one.first)
        numbers: dict[str, int | str] = {
            "A": way.sender, "field": name, "before": before, "after": after, "n": len(changes),
        }  # fmt: skip
        stripped = name == "tcp.options.wscale.shift" and after == "–"
        key = "compare.scale-stripped" if stripped else "compare.changed"
        yield Decision(key, numbers, tuple(c.frames[0] for c in changes), tuple(c.frames[1] for c in changes))
