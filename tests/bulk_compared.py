"""Findings without segments beside those that the segments give: the readable rules are the oracle."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from synfin.capture.packet import Packet
from synfin.capture.reader import open_capture
from synfin.watch.engine.compiled import CompiledEngine
from synfin.watch.findings.bulk import found, undecided
from synfin.watch.follow.raw import RawConnection
from synfin.watch.follow.tracker import Tracker
from synfin.watch.story.stories import Heard, listen


class Difference(NamedTuple):
    conn: int
    missing: tuple[str, ...]  #: only the segments give them, and nothing said that they might
    invented: tuple[str, ...]  #: the segments do not give them, and nothing said that they might not
    open: tuple[str, ...]  #: what nothing but the segments could decide


def key_of(raw: RawConnection) -> int:
    return raw.signs << 64 | raw.marks


def of_file(path: Path) -> Iterator[Difference]:
    engine = CompiledEngine(records_only=True, findings=True, sums=True)
    with open_capture(str(path)) as reader:
        engine.feed(reader)
    return differences(engine, listen([str(path)]))


def of_packets(packets: Sequence[Packet]) -> Iterator[Difference]:
    engine = CompiledEngine(records_only=True, findings=True)
    heard = Heard(Tracker())
    for packet in packets:
        engine._follow_packet(packet)
        heard.take(packet)
    return differences(engine, heard)


def differences(engine: CompiledEngine, heard: Heard) -> Iterator[Difference]:
    """One for each connection, whether there is any or not."""
    raws = {raw.conn: raw for raw in engine.connections()}
    for story in heard.stories():
        key = key_of(raws[story.connection.conn])
        readable, bulk, unsure = set(story.connection.findings), set(found(key)), undecided(key)
        yield Difference(
            story.connection.conn, tuple(sorted(readable - bulk - unsure)), tuple(sorted(bulk - readable - unsure)),
            tuple(sorted((readable ^ bulk) & unsure)),
        )  # fmt: skip


def keys(packets: Sequence[Packet]) -> list[int]:
    """Signs above marks of each connection."""
    engine = CompiledEngine(records_only=True, findings=True)
    for packet in packets:
        engine._follow_packet(packet)
    return [key_of(raw) for raw in engine.connections()]


def found_or_open(packets: Sequence[Packet]) -> set[str]:
    """The findings of all connections, and what only their segments can tell."""
    return {name for key in keys(packets) for name in (*found(key), *undecided(key))}
