"""Several cores for one input: connections are divided by their hash, the bytes of a file by ranges.

Every shard is given all rows in order and follows those that are its own; what began in the same rows is then numbered
in order of frames. The records are those of one core, to the last bit: nothing in a connection depends on another one.
"""

from __future__ import annotations

import os
import signal
from array import array
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, cast

from synfin._kernels import follow
from synfin.tcp.state import matrix
from synfin.watch.engine.compiled import CompiledEngine, thresholds
from synfin.watch.engine.described import Described
from synfin.watch.engine.engine import KEEP_ALL, Limits
from synfin.watch.engine.ranges import ROWS, Between, PcapngWalk, PcapWalk, Range, Walk, joined
from synfin.watch.engine.team import Team

if TYPE_CHECKING:
    from synfin.capture.reader import CaptureReader

MOST = 8  #: shards; more would mostly skip what is not theirs
ENOUGH = 1 << 24  #: bytes of a file for which a second core is worth its start

_BREAKS = 64  # between ranges; what is left of an input with more is read by one
_MISSES = 8  # turns in succession in which no guess was right
_SHORTEST, _LONGEST = 1 << 16, 1 << 23  # bytes of a range


class Shards:
    """As a `follow.Tracker` that keeps no facts."""

    def __init__(self, count: int, limits: Limits, findings: bool = False) -> None:
        asked = thresholds() if findings else b""
        self.trackers = [
            follow.Tracker(
                matrix(), facts=False, closed_after_s=limits.closed_after_s or 0, idle_after_s=limits.idle_after_s or 0,
                shard=place, shards=count, limits=asked,
            )
            for place in range(count)
        ]  # fmt: skip
        self._streams = self._connections = 0
        # of every record in order, where they stay
        self._places = array("Q") if limits == KEEP_ALL else None

    def follow(self, rows: bytearray, n: int, facts: None = None, finished: None = None) -> None:
        for tracker in self.trackers:
            tracker.follow(rows, n)
        self.number()

    def number(self) -> None:
        """Number what began in the rows that all trackers have followed by now."""
        before = self._streams, self._connections
        self._streams, self._connections, places = follow.name_births(self.trackers, *before)
        if self._places is not None:
            self._places.frombytes(places)

    def counts(self) -> tuple[int, int, int]:
        each = [tracker.counts() for tracker in self.trackers]
        return each[0][0], sum(counts[1] for counts in each), sum(counts[2] for counts in each)

    def connection_count(self) -> int:
        return self._connections

    def __len__(self) -> int:
        return len(self._places) if self._places is not None else sum(map(len, self.trackers))

    def records(self, start: int, stop: int) -> bytes:
        if self._places is None:
            raise ValueError("where connections leave memory, `drain` has their records")
        return follow.records_at(self.trackers, self._places[start:stop])

    def drain(self, everything: bool = False, at_most: int = 4096) -> bytes:
        return follow.drain_all(self.trackers, everything, at_most)


class ShardedEngine(CompiledEngine):
    """A compiled engine for records alone, on several cores wherever the input is a large file that is no archive."""

    def __init__(self, jobs: int, limits: Limits = KEEP_ALL, findings: bool = False) -> None:
        super().__init__(records_only=True, limits=limits)
        self._shards = Shards(min(jobs, MOST), limits, findings)
        self._tracker = cast("follow.Tracker", self._shards)  # it answers as one
        self._span = _SHORTEST
        self._misses = 0

    def steps(self, reader: CaptureReader) -> Iterator[None]:
        descriptor = reader.source.descriptor()
        if descriptor is not None and self._is_large(descriptor, reader) and self._walk(reader) is not None:
            with Team(len(self._shards.trackers)) as team, _Interrupts() as interrupts:
                for _ in range(_BREAKS):
                    yield from self._follow_ranges(descriptor, reader, team, interrupts)
                    if self._misses >= _MISSES:
                        break  # packets look like records: one walk is quicker
                    # whatever ended the ranges (another block, damage, a very long record) the readable reader takes
                    if not self._is_large(descriptor, reader):
                        break
                    if not self._follow_slowly(reader, b""):
                        return
        yield from super().steps(reader)

    def _is_large(self, descriptor: int, reader: CaptureReader) -> bool:
        return os.fstat(descriptor).st_size - reader.source.tell() >= ENOUGH

    def _walk(self, reader: CaptureReader) -> Walk | None:
        if reader.pcap_header is not None:
            return PcapWalk(reader.pcap_header, self._seed) if reader.pcap_header.lengths_swapped is False else None
        if reader.pcapng is None:
            return None
        section = reader.pcapng
        described = Described(reader.interfaces).since(section.first_interface)
        return PcapngWalk(section.byte_order, described, self._seed)

    def _follow_ranges(
        self, descriptor: int, reader: CaptureReader, team: Team, interrupts: _Interrupts
    ) -> Iterator[None]:
        """Follow records as long as ranges yield any. The next ranges are read while rows are followed."""
        walk = self._walk(reader)
        assert walk is not None
        fetch = partial(_read_at, descriptor)
        now, later = ([Range() for _ in self._shards.trackers] for _ in range(2))
        parts: Sequence[Range | Between] = ()
        at, more = reader.source.tell(), True
        while more or parts:
            end = os.fstat(descriptor).st_size if more else at
            with interrupts.turn():
                team.run(self._turns(parts, now, at, end, partial(Range.read, descriptor=descriptor, walk=walk)))
                self._shards.number()
                reader.source.seek(at)
            yield
            before = at
            parts, at, more = joined(now, walk) if more else ((), at, False)
            self._misses = self._misses + 1 if len(parts) == 1 else 0
            more = more and at > before and self._misses < _MISSES
            for part in parts:
                if part.slow:
                    self._slow.complete_from(part.rows, part.count, fetch)
            self._learn(at - before, sum(part.count for part in parts))
            now, later = later, now

    def _turns(
        self, parts: Sequence[Range | Between], ranges: Sequence[Range], at: int, end: int, read: Callable[..., None]
    ) -> Iterator[Callable[[], None]]:
        """What each shard does: follow `parts`, then read its range of the bytes from `at` on."""
        for place, (tracker, one) in enumerate(zip(self._shards.trackers, ranges, strict=True)):
            start = min(at + place * self._span, end)
            stop = min(start + self._span, end)
            yield partial(_one_turn, tracker, parts, partial(read, one, start=start, stop=stop, known=not place))

    def _learn(self, size: int, count: int) -> None:
        """How long a range should be, for its rows to fit."""
        if count:
            span = size // count * ROWS * 3 // 4
            self._span = max(_SHORTEST, min(span, _LONGEST)) & ~3


def _one_turn(tracker: follow.Tracker, parts: Sequence[Range | Between], read: Callable[[], None]) -> None:
    for part in parts:
        tracker.follow(part.rows, part.count)
    read()


def _read_at(descriptor: int, offset: int, size: int) -> bytes:
    return os.pread(descriptor, size, offset)


class _Interrupts:
    """Ctrl-C waits until all shards stand at the same frame: while inside, it comes between turns only."""

    def __init__(self) -> None:
        self._turning = False
        self._waiting = False
        self._before: object = None

    def __enter__(self) -> _Interrupts:
        try:
            self._before = signal.getsignal(signal.SIGINT)
            if self._before is signal.default_int_handler:
                signal.signal(signal.SIGINT, self._handle)
        except ValueError:  # not the main thread: nobody interrupts it
            self._before = None
        return self

    def __exit__(self, *_: object) -> None:
        if self._before is signal.default_int_handler:
            signal.signal(signal.SIGINT, signal.default_int_handler)

    def _handle(self, number: int, _: object) -> None:
        if not self._turning:
            raise KeyboardInterrupt
        self._waiting = True

    @contextmanager
    def turn(self) -> Iterator[None]:
        """What must not be interrupted."""
        self._turning = True
        try:
            yield
        finally:
            self._turning = False
        if self._waiting:
            raise KeyboardInterrupt
