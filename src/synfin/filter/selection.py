"""The packets that a filter chooses, block by block: planned tests, and the readable code where they ask."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from synfin._kernels import choose, follow
from synfin.filter.compiled import Filter, nobody
from synfin.filter.planned import Run, marked, plan, sieve
from synfin.watch.packets.blocks import Blocks
from synfin.watch.packets.column_fields import EVERYTHING, Needs, needs, spec
from synfin.watch.packets.foreseen import foreseen

if TYPE_CHECKING:
    from synfin.dissect.context import Facts
    from synfin.filter import typed
    from synfin.watch.connections.told_records import Records
    from synfin.watch.follow.messages import Messages
    from synfin.watch.packets.told import Told
    from synfin.watch.recall.memory import Memory
    from synfin.wire.frame import Frame


class Selection:
    """Reads captures as one input.

    `shown` names the fields that will be asked of the chosen packets, None all of them. With `passes` 2 a first pass
    is made where one of them, or of the filter's, can only be told with hindsight. `last` is the last frame's number.
    Without `messages` nothing will be asked of what stands above TCP, unless the filter does. `also` is done on the
    way, whatever is asked for.
    """

    def __init__(
        self, paths: Sequence[str], wanted: Filter | None, shown: Collection[str] | None, *, passes: int = 2,
        last: int | None = None, messages: bool = True, also: Needs = Needs.BYTES, warnings: list[str] | None = None,
    ) -> None:  # fmt: skip
        asked = EVERYTHING if shown is None else needs(shown)
        asked &= EVERYTHING if messages else ~Needs.MESSAGES
        filtering = Needs.BYTES if wanted is None else needs(wanted.fields)
        asked |= filtering | also
        self._wanted = wanted
        self._warnings = warnings
        until = last
        self.finished: follow.Tracker | None = None
        self._past: Memory | None = None
        findings = "conn.findings" in {*(shown or ()), *(wanted.fields if wanted else ())}
        first: ChosenStreams | None = None
        if passes == 2 and asked & Needs.MESSAGES and not filtering & Needs.MESSAGES and (wanted or last):
            first = chosen_streams(paths, wanted, asked, last=last, findings=findings, warnings=warnings)
            self.finished, self._past = first.finished, first.past
            last, warnings = (first.last, None) if last is None else (last, warnings)  # warned of to the end
        elif passes == 2 and asked & (Needs.HINDSIGHT | Needs.RECORD | Needs.MEMORY):
            self.finished, self._past = foreseen(paths, asked, findings=findings, last=last)
        self.blocks = Blocks(paths, asked, self.finished, warnings, last=last)
        self._record: Records | None = None
        if self.finished is not None and asked & Needs.RECORD:
            from synfin.watch.connections.told_records import records

            self._record = records(self.finished)
        self._run: Run | None = None
        self._datagrams, self._memory = bool(asked & Needs.DATAGRAMS), bool(asked & Needs.MEMORY)
        self._sifts = asked == Needs.BYTES and last is None
        self._marks = asked == Needs.MARKS and last is None
        self._messages = bool(asked & Needs.MESSAGES)
        self._heard: Messages | None = None
        self._streams = None if first is None else first.streams
        if self._messages and passes == 2:
            from synfin.watch.packets.spoken import heard

            self._heard = heard(paths, self._streams, self._warnings, last=until)
            if wanted is not None and plan(wanted.condition).spoken:
                self._streams = self._heard.streams  # no other one has a row that can be chosen

    @cached_property
    def told(self) -> Told:
        """Single rows for the readable code, which most runs need for few rows, if any."""
        from synfin.watch.packets.told import Told

        if not self._messages:
            return Told(self.blocks, self._record, self._past)
        from synfin.watch.packets.spoken import Spoken

        warnings = self._warnings if self._heard is None else None
        spoken = Spoken(self.blocks, self._heard, warnings, self._streams)
        return Told(self.blocks, self._record, self._past, spoken)

    def __iter__(self) -> Iterator[bytearray]:
        """For every block: 1 for the rows that are chosen, else 0. What is known of the rows is in `blocks`."""
        if self._wanted is not None:
            planned = plan(self._wanted.condition)
            found = sieve(planned) if self._sifts else None
            self.blocks.sieve = None if found is None else found[0]
            flags = marked(planned) if self._marks else None
            self.blocks.marked = None if flags is None else flags[0]
            self._run = planned.bind(self.blocks, self._connections)
        for block in self.blocks:
            if self._datagrams:
                self.told.see_datagrams()
            if self._memory:
                self.told.recalling.see()
            if self._messages:
                self.told.see_messages()
            yield self._verdicts(block.count)

    def numbers(self) -> Iterator[int]:
        """The numbers of the chosen frames."""
        for verdicts in self:
            index = verdicts.find(1)
            while index >= 0:
                yield self.blocks.number(index)
                index = verdicts.find(1, index + 1)

    def streams(self, last: int | None) -> tuple[bytes, int]:
        """A 1 for every stream with a chosen packet up to number `last`, by number, and the last such packet's."""
        where, tracker = spec("tcp.stream"), self.blocks.tracker
        assert where is not None and tracker is not None
        field, found, latest = self.blocks.field(where), bytearray(1024), 0
        for verdicts in self:
            if last is not None and self.blocks.frames > last:
                verdicts = bytearray(one and self.blocks.number(index) <= last for index, one in enumerate(verdicts))
            index = verdicts.rfind(1)
            if index < 0:
                continue
            latest = self.blocks.number(index)
            if len(found) < len(tracker):
                found.extend(bytes(len(tracker)))
            choose.connections(self.blocks.view, field, verdicts, found)
        return bytes(found), latest

    def connections(self) -> set[int]:
        """The numbers of the connections that have a chosen packet; `shown` has asked for `synfin.conn`."""
        number, tracker = spec("synfin.conn"), self.blocks.tracker
        assert number is not None and tracker is not None
        field, found = self.blocks.field(number), bytearray(1024)
        for verdicts in self:
            if len(found) < tracker.connection_count():
                found.extend(bytes(tracker.connection_count()))
            choose.connections(self.blocks.view, field, verdicts, found)
        return {conn for conn, seen in enumerate(found) if seen}

    @property
    def memory(self) -> Memory:
        """What was remembered of the frames on the way, where that was asked for."""
        return self.told.recalling.memory

    def rows(self) -> Iterator[tuple[Frame, Facts]]:
        """The chosen packets, with all their facts."""
        for verdicts in self:
            index = verdicts.find(1)
            while index >= 0:
                yield self.told.row(index)
                self.told.shown(index)
                index = verdicts.find(1, index + 1)

    def _verdicts(self, count: int) -> bytearray:
        wanted, run = self._wanted, self._run
        if wanted is None or run is None:
            return bytearray(b"\1") * count
        verdicts = run(count, bytearray(b"\1") * count)
        index = verdicts.find(choose.ASK)
        while index >= 0:
            frame, facts = self.told.row(index)
            facts.frame_time_delta_displayed_ns = None  # nobody knows it before the packet is chosen
            verdicts[index] = wanted.matches(frame, facts)
            index = verdicts.find(choose.ASK, index + 1)
        return verdicts

    def _connections(self, condition: typed.Condition) -> tuple[bytes, int]:
        """What the readable code says of each connection, and of a frame that belongs to none."""
        assert self.finished is not None and self._record is not None
        from synfin.dissect.context import Facts
        from synfin.filter.evaluate.plan import predicate
        from synfin.filter.evaluate.row import Row

        matches, frame = predicate(condition), nobody()
        found = bytearray()
        for number in range(self.finished.connection_count()):
            facts = Facts(conn=number, connection=self._record(number))
            found.append(matches(Row(frame, facts)))
        return bytes(found), int(matches(Row(frame, Facts())))


class ChosenStreams(NamedTuple):
    """Which streams have a chosen packet, and what the pass that has found them out knows besides."""

    streams: bytes  #: by number: 1 where a packet is chosen
    last: int  #: number of the last frame that is chosen, 0 without any
    finished: follow.Tracker | None
    past: Memory | None


def chosen_streams(
    paths: Sequence[str], wanted: Filter | None, asked: Needs, *, last: int | None, findings: bool,
    warnings: list[str] | None,
) -> ChosenStreams:  # fmt: skip
    """Choose without showing anything, in the pass of `foreseen` where the filter does not ask for that itself."""
    filtering = Needs.BYTES if wanted is None else needs(wanted.fields)
    apart = findings or bool(filtering & (Needs.HINDSIGHT | Needs.RECORD | Needs.MEMORY))
    finished, past = foreseen(paths, asked, findings=findings, last=last) if apart else (None, None)
    also = Needs.BYTES if apart else Needs.FOLLOWING | asked & Needs.MEMORY
    selection = Selection(
        paths, wanted, ("tcp.stream",), passes=2 if apart else 1, messages=False, also=also, last=last,
        warnings=warnings if last is None else None,
    )  # fmt: skip
    streams, latest = selection.streams(last)
    if apart:
        return ChosenStreams(streams, latest, finished, past)
    return ChosenStreams(streams, latest, selection.blocks.tracker, selection.memory if also & Needs.MEMORY else None)


def can_be_compiled(names: Collection[str], wanted: Filter | None) -> bool:
    """Whether the compiled engine tells all of these fields, and the filter's."""
    return not needs([*names, *(wanted.fields if wanted else ())]) & Needs.STORY
