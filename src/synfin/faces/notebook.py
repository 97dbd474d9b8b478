"""`synfin.read`: a capture as objects and tables, for programs and notebooks."""

from __future__ import annotations

import contextlib
import os
import weakref
from collections.abc import Iterator
from dataclasses import fields
from typing import TYPE_CHECKING, BinaryIO, overload

from synfin.capture.reader import open_capture
from synfin.capture.unseen import unseen
from synfin.watch.connections.connection_table import connection_table
from synfin.watch.connections.record import Connection
from synfin.watch.connections.record_block import RecordBlock, record_blocks
from synfin.watch.connections.records import record
from synfin.watch.engine.engines import compiled, engine
from synfin.watch.follow.raw import RawConnection, earlier
from synfin.watch.packets.packet_table import packet_table

if TYPE_CHECKING:
    from synfin.capture.table import Table
    from synfin.explain.words import Language
    from synfin.watch.connections.record import Story
    from synfin.wire.tcp import Segment

Readable = str | os.PathLike[str] | BinaryIO
_SHOWN = 30  #: connections in the table of a notebook
_WIDTH = 110  #: columns of a printed connection


def read(capture: Readable, *more: Readable, lang: Language | None = None) -> Capture:
    """Read captures (pcap or pcapng, plain or compressed; `-` is standard input), several as one input in this order.

    `lang` is the language of stories, en or zh; by default the locale's. Raises UnreadableInput where something is no
    capture; one that is damaged or cut short gives what it holds, and a line in `warnings`.
    """
    return Capture([capture, *more], lang)


class CapturedConnection(Connection):
    """A connection record that knows its capture, and so its segments and its story."""

    __slots__ = ("_capture", "_known", "_told")

    def __init__(self, known: Connection, capture: Capture) -> None:
        for one in fields(known):
            setattr(self, one.name, getattr(known, one.name))
        self._known = known
        self._capture = capture
        self._told: Story | None = None

    def story(self) -> Story:
        """Every segment with both ends' states, phase, rules and derived numbers, and the findings."""
        if self._told is None:
            self._told = self._capture._retell(self._known)
        return self._told

    @property
    def segments(self) -> list[Segment]:
        """Its segments in capture order, as on the wire (the steps of `story()` have relative numbers)."""
        return [step.segment for step in self.story().steps]

    def __repr__(self) -> str:
        guessed = "?" if self.role_guessed else ""
        return (
            f"<connection {self.conn}: {self.client.endpoint}{guessed} → {self.server.endpoint}, "
            f"{self.open}, {self.close}, {self.client.payload_bytes} / {self.server.payload_bytes} bytes>"
        )

    def __str__(self) -> str:
        from synfin.faces.terminal import render_ladder, render_verdict

        story, lang = self.story(), self._capture.lang
        verdict = render_verdict(story, lang, colour=False, width=_WIDTH)
        return f"{verdict}\n{render_ladder(story, lang, colour=False, width=_WIDTH)}"

    def _repr_html_(self) -> str:
        from synfin.faces.card import story_card

        return story_card(self.story(), self._capture.lang)


class Capture:
    """Captures that were read: the connections, one by one or as a table, and the packets as a table.

    Records stay in memory (about 700 bytes each), packets do not: whoever asks for them reads the input again.
    """

    def __init__(self, captures: list[Readable], lang: Language | None = None) -> None:
        if lang not in (None, "en", "zh"):
            raise ValueError(f"lang is 'en' or 'zh', not {lang!r}")
        self.warnings: list[str] = []  #: what could not be read, a line each
        self._lang = lang
        stack = contextlib.ExitStack()
        weakref.finalize(self, stack.close)
        self._paths = [_again(capture, stack) for capture in captures]
        self._engine = engine(records_only=True)
        for path in self._paths:
            with open_capture(path, first_number=self._engine.frames + 1) as reader:
                self._engine.feed(reader)
                self.warnings.extend(reader.warnings)
                self.warnings.extend(unseen(reader))
        self.connections: Table = connection_table(self._blocks, self.__len__)  #: a row each, names under `conn.`
        #: a row each frame; null where there is no TCP
        self.packets: Table = packet_table(self._paths, self._engine, lambda: self._engine.frames)

    @property
    def lang(self) -> Language:
        """The language of stories."""
        from synfin.explain.words import detect_language

        return self._lang or detect_language()

    def __len__(self) -> int:
        return self._engine.connection_count

    def __iter__(self) -> Iterator[CapturedConnection]:
        return (CapturedConnection(known, self) for known in self._records())

    @overload
    def __getitem__(self, number: int) -> CapturedConnection: ...
    @overload
    def __getitem__(self, number: slice) -> list[CapturedConnection]: ...
    def __getitem__(self, number: int | slice) -> CapturedConnection | list[CapturedConnection]:
        """The connection with this `conn`, counted from the end where it is negative; or some of them."""
        count = len(self)
        if isinstance(number, slice):
            return [self[place] for place in range(*number.indices(count))]
        if not isinstance(number, int):
            raise TypeError(f"connections are numbered from 0 to {count - 1}; {number!r} is no number")
        found = self._raw(number + count if number < 0 else number)
        if found is None:
            raise IndexError(f"there is no connection {number}; there are {count}")
        return CapturedConnection(record(found), self)

    def _raw(self, number: int) -> RawConnection | None:
        return self._engine.connection(number) if 0 <= number < len(self) else None

    def _records(self) -> Iterator[Connection]:
        return map(record, self._engine.connections())

    def _blocks(self) -> Iterator[RecordBlock]:
        return record_blocks(self._engine)

    def _retell(self, chosen: Connection) -> Story:
        from synfin.watch.story.retell import retell

        return self._picked(chosen) or retell(self._paths, chosen, engine(), self._earlier(chosen)).story

    def _picked(self, chosen: Connection) -> Story | None:
        """The story by way of the kernels, where they can."""
        if not compiled():
            return None
        from synfin.watch.story.pick import pick_story

        return pick_story(self._paths, chosen, self._earlier(chosen))

    def _earlier(self, chosen: Connection) -> list[RawConnection]:
        return earlier(self._raw(chosen.conn), self._engine.connections())

    def __repr__(self) -> str:
        count = len(self.warnings)
        noted = f", {count} warning{'s' * (count > 1)}" if count else ""
        return f"<capture {self._title}{noted}>"

    @property
    def _title(self) -> str:
        names = ", ".join(os.path.basename(str(path)) for path in self._paths)
        return f"{names}: {_counted(len(self), 'connection')}, {_counted(len(self.packets), 'packet')}"

    def _repr_html_(self) -> str:
        from itertools import islice

        from synfin.faces.card import table_card

        shown = list(islice(self._records(), _SHOWN))
        return table_card(self._title, shown, len(self) - len(shown), self.warnings, self.lang)


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _again(capture: Readable, stack: contextlib.ExitStack) -> str:
    """A path that can be read again and again; what is none is copied to a file that goes when the capture goes."""
    from synfin.faces.inputs import rereadable, spooled

    if isinstance(capture, str | os.PathLike):
        return stack.enter_context(rereadable([os.fspath(capture)]))[0]
    return stack.enter_context(spooled(capture, str(getattr(capture, "name", "input"))))
