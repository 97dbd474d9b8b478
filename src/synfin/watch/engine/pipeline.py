"""Ranges of a file, read by whoever has time and then followed by every shard, each at its own pace.

Nobody waits for anybody as long as there is something to read or to follow: a thread that sleeps wakes late.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from threading import Condition

from synfin._kernels import follow, stretch
from synfin._kernels.deal import Passer
from synfin.watch.engine.ranges import BUFFER, Range, Span

AHEAD = 3  #: ranges in memory for each shard
TURN = 16  #: ranges between two moments at which all shards stand at the same frame
MISSES = 8  #: in succession, after which packets look like records: one walk is quicker

_Task = Callable[[], None]


class Pipeline:
    """Follows a file from `start`, where a record begins, as far as ranges yield any.

    Each shard has a thread that calls `work`, but for shard 0, whose thread calls `turn`. `complete` fills those of so
    many rows that the kernels left alone, in order, never twice at once; `hurries` says when a turn is to end early,
    and be the last.
    """

    def __init__(
        self,
        trackers: Sequence[follow.Tracker],
        descriptor: int,
        start: int,
        walk: stretch.Walk,
        span: Span,
        passer: Passer,
        complete: Callable[[bytearray, int], None],
        hurries: Callable[[], bool],
    ) -> None:
        self.at = start  #: offset behind the records that follow each other without a gap
        self.misses = 0  #: guesses in succession that were wrong
        self._trackers, self._descriptor, self._walk, self._span = trackers, descriptor, walk, span
        self._passer, self._complete, self._hurries = passer, complete, hurries
        self._changed = Condition()  # guards all that follows
        self._waiting = 0
        self._buffers = [bytearray() for _ in trackers]
        self._room = AHEAD * len(trackers)  # for so many more ranges
        self._spare: list[Range] = []
        self._ranges: deque[Range] = deque()  # given out and not yet followed by all, in order
        self._first = 0  # number of the first of them
        self._joined = 0  # those with lower numbers follow each other without a gap
        self._joining = False  # whether a thread is at it
        self._begun = [0] * len(trackers)  # how many ranges each shard has followed or is following
        self._done = [0] * len(trackers)  # how many it has followed
        self._limit = 0  # how many are to be followed in this turn
        self._next, self._known = start, True  # where the next range begins, and whether a record does
        self._size = os.fstat(descriptor).st_size
        self._exhausted = False  # nothing more is to be read
        self._stopped = False
        self._error: BaseException | None = None

    def turn(self) -> bool:
        """Work for shard 0 until all shards stand at the same frame; whether there is more."""
        with self._changed:
            self._limit += TURN
            self._tell()
        self.work(0)
        if self._error is not None:
            raise self._error
        return not self._stopped and not (self._is_all_joined() and self._limit >= self._joined)

    def stop(self) -> None:
        """End the work of all shards."""
        with self._changed:
            self._stopped = True
            self._tell()

    def work(self, shard: int) -> None:
        """Read and follow until there is nothing more to do."""
        try:
            while (task := self._task(shard)) is not None:
                task()
        except BaseException as error:
            with self._changed:
                self._error = self._error or error
                self._tell()

    def _task(self, shard: int) -> _Task | None:
        with self._changed:
            while not self._stopped and self._error is None:
                if shard == 0 and self._hurries():
                    self._limit, self._exhausted = max(self._begun), True
                number = self._begun[shard]
                if number < self._joined and number < self._limit:
                    self._begun[shard] += 1
                    return partial(self._follow, shard, self._ranges[number - self._first])
                if shard == 0 and self._is_turn_over():
                    break
                one = self._give_out()
                if one is not None:
                    return partial(self._read, shard, one)
                self._waiting += 1
                self._changed.wait()
                self._waiting -= 1
        return None

    def _tell(self) -> None:
        if self._waiting:
            self._changed.notify_all()

    def _is_turn_over(self) -> bool:
        least = min(self._done)
        return least >= self._limit or (least == self._joined and self._is_all_joined())

    def _is_all_joined(self) -> bool:
        """Whether nothing more will be there to be followed."""
        return self._joined == self._first + len(self._ranges) and (self._exhausted or not self._is_more())

    def _is_more(self) -> bool:
        if self._next >= self._size:
            self._size = os.fstat(self._descriptor).st_size  # it may grow
        return self._next < self._size

    def _give_out(self) -> Range | None:
        """The next range, to be read."""
        if self._exhausted or not (self._spare or self._room) or not self._is_more():
            return None
        if self._spare:
            one = self._spare.pop()
        else:
            one = Range(len(self._trackers))
            self._room -= 1
        stop = min(self._next + self._span.len_bytes, self._size)
        one.begin(self._next, stop, known=self._known)
        self._next, self._known = stop, False
        self._ranges.append(one)
        return one

    def _follow(self, shard: int, one: Range) -> None:
        self._trackers[shard].follow_dealt(one.rows, one.deal)
        with self._changed:
            self._done[shard] += 1
            while self._first < min(self._done):
                self._spare.append(self._ranges.popleft())
                self._first += 1
            self._tell()

    def _read(self, shard: int, one: Range) -> None:
        if not self._buffers[shard]:
            self._buffers[shard] = bytearray(BUFFER)
        one.read(self._walk, self._descriptor, self._buffers[shard])
        with self._changed:
            one.is_read = True
            if one.is_dropped:
                self._spare.append(one)
        self._join()

    def _join(self) -> None:
        """Let those ranges be followed that begin where others end."""
        while (one := self._joinable()) is not None:
            goes_on = one.first == self.at
            if goes_on:
                if one.deal.slow:
                    self._complete(one.rows, len(one.deal))
                    one.deal.deal(one.rows, len(one.deal))
                self._passer.pass_by(one.rows, one.deal)
            with self._changed:
                self._joining = False
                if goes_on:
                    self._accept(one)
                else:
                    self._miss()
                self._tell()

    def _joinable(self) -> Range | None:
        """The range that may begin where others end; nobody else joins until `_joining` is False."""
        with self._changed:
            place = self._joined - self._first
            if self._joining or place >= len(self._ranges) or not self._ranges[place].is_read:
                return None
            self._joining = True
            return self._ranges[place]

    def _accept(self, one: Range) -> None:
        self._span.learn(one.end - one.first, len(one.deal))
        self._joined += 1
        self.at = one.end
        if not one.known:
            self.misses = 0
        if one.why == stretch.STUCK:
            self._exhausted = True
        if one.why != stretch.WHOLE:
            self._read_again()

    def _miss(self) -> None:
        """What was guessed is wrong: read on from where the last record ended."""
        self.misses += 1
        self._exhausted = self._exhausted or self.misses >= MISSES
        self._read_again()

    def _read_again(self) -> None:
        """Drop what is not joined: the next range begins where the last record ended."""
        while self._first + len(self._ranges) > self._joined:
            one = self._ranges.pop()
            one.is_dropped = True
            if one.is_read:
                self._spare.append(one)
        self._next, self._known = self.at, True
