"""Several cores for one input: connections are divided by their hash, the bytes of a file by ranges.

The rows of every range are dealt to shards, each of which follows its own in order; what began in them is then numbered
in order of frames. The records are those of one core, to the last bit: nothing in a connection depends on another one.
"""

from __future__ import annotations

import os
import signal
from array import array
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, cast

from synfin._kernels import follow
from synfin._kernels.deal import Deal, Passer
from synfin.tcp.state import matrix
from synfin.watch.engine.compiled import BLOCK, CompiledEngine, thresholds
from synfin.watch.engine.engine import KEEP_ALL, Limits
from synfin.watch.engine.pipeline import MISSES, Pipeline
from synfin.watch.engine.ranges import Span, walk_of
from synfin.watch.engine.team import Team

if TYPE_CHECKING:
    from synfin.capture.reader import CaptureReader

MOST = 8  #: shards; what more bring was not measured
ENOUGH = 1 << 22  #: bytes of a file for which a second core is worth its start

_BREAKS = 64  # between ranges; what is left of an input with more is read by one


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
        self.passer = Passer()
        self._deal = Deal(count, BLOCK)
        self._streams = self._connections = 0
        # of every record in order, where they stay
        self._places = array("Q") if limits == KEEP_ALL else None

    def follow(self, rows: bytearray, n: int, facts: None = None, finished: None = None) -> None:
        self._deal.deal(rows, n)
        self.passer.pass_by(rows, self._deal)
        for tracker in self.trackers:
            tracker.follow_dealt(rows, self._deal)
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
        self._span = Span()

    def steps(self, reader: CaptureReader) -> Iterator[None]:
        descriptor = reader.source.descriptor()
        if descriptor is not None and self._is_large(descriptor, reader) and walk_of(reader, self._seed) is not None:
            with _Interrupts() as interrupts:
                for _ in range(_BREAKS):
                    if not (yield from self._follow_ranges(descriptor, reader, interrupts)):
                        break
                    # whatever ended the ranges (another block, damage, a very long record) the readable reader takes
                    if not self._is_large(descriptor, reader):
                        break
                    if not self._follow_slowly(reader, b""):
                        return
        yield from super().steps(reader)

    def _is_large(self, descriptor: int, reader: CaptureReader) -> bool:
        return os.fstat(descriptor).st_size - reader.source.tell() >= ENOUGH

    def _follow_ranges(
        self, descriptor: int, reader: CaptureReader, interrupts: _Interrupts
    ) -> Generator[None, None, bool]:
        """Follow records as long as ranges yield any; whether it is worth while to try again behind what ended them."""
        walk = walk_of(reader, self._seed)
        assert walk is not None
        trackers = self._shards.trackers
        pipeline = Pipeline(
            trackers, descriptor, reader.source.tell(), walk, self._span, self._shards.passer,
            self._completed(descriptor), lambda: interrupts.waiting,
        )  # fmt: skip
        with Team([partial(pipeline.work, shard) for shard in range(1, len(trackers))], pipeline.stop):
            more = True
            while more:
                with interrupts.turn():
                    more = pipeline.turn()
                    self._shards.number()
                    reader.source.seek(pipeline.at)
                yield
        return pipeline.misses < MISSES

    def _completed(self, descriptor: int) -> Callable[[bytearray, int], None]:
        """What completes rows that are slow."""

        def fetch(offset: int, size: int) -> bytes:
            return os.pread(descriptor, size, offset)

        return lambda rows, count: self._slow.complete_from(rows, count, fetch)


class _Interrupts:
    """Ctrl-C waits until all shards stand at the same frame: while inside, it comes between turns only."""

    def __init__(self) -> None:
        self._turning = False
        self.waiting = False  #: whether it came
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
        self.waiting = True

    @contextmanager
    def turn(self) -> Iterator[None]:
        """What must not be interrupted."""
        self._turning = True
        try:
            yield
        finally:
            self._turning = False
        if self.waiting:
            raise KeyboardInterrupt
