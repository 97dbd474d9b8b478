"""Messages above TCP over the blocks of the compiled engine: only what can belong to one is read in Python."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from struct import Struct
from typing import TYPE_CHECKING

from synfin._kernels import choose, follow
from synfin.dissect.context import Facts
from synfin.watch.follow.analysis import flag_names
from synfin.watch.follow.messages import PORTS, Messages
from synfin.watch.packets.blocks import Blocks
from synfin.watch.packets.column_fields import Needs, spec

if TYPE_CHECKING:
    from synfin.dissect.context import Above
    from synfin.watch.packets.told import Told
    from synfin.wire.frame import Frame

VERSION = b"HTTP/1."  #: no message is known outside of HTTP's ports without it
_RAREST = VERSION.index(b"/")
NEEDS = Needs.FOLLOWING
_FACT = Struct(follow.FACT_FORMAT)
_STREAM, _BITS = follow.FACT_FIELDS.index("stream"), follow.FACT_FIELDS.index("bits")
_ONLY_YES = bytes([choose.NO, choose.YES]) + bytes(254)
_ANY = array("q", [1, (1 << 63) - 1])
_SET = array("q", [1, 1])
_PORTS = array("q", [bound for port in sorted(PORTS) for bound in (port, port)])


class Spoken:
    """Follows the bytes of a capture's connections block by block; `past` has seen all of it before.

    `streams` has a 1 for each stream that is to be followed, by number; None follows all of them.
    """

    def __init__(self, blocks: Blocks, past: Messages | None = None, warnings: list[str] | None = None,
                 streams: bytes | None = None) -> None:  # fmt: skip
        self._blocks = blocks
        self._streams = streams
        self._messages = Messages(past, warnings)
        self._silent = past is not None and not past.heard  # nothing can be found
        self._marks = bytearray()  # of streams: 1 where its segments are to be read
        self._found: dict[int, tuple[Frame, Above | None]] = {}  # of the block's rows
        self._fields = {name: _field(blocks, name) for name in ("tcp.len", "tcp.port", "tcp.payload", "tcp.stream",
                                                                "tcp.flags.fin")}  # fmt: skip

    def see(self, told: Told) -> None:
        """Follow a whole block: to be called for every block, in order."""
        self._found = {}
        for index, frame, facts in self._segments(told):
            self._found[index] = self._messages.see(frame, facts), facts.above
        self._blocks.spoken = [index for index, (frame, _) in self._found.items() if _has_message(frame)]

    def hear(self, told: Told) -> None:
        """The same where nothing will be asked of the rows."""
        for _, frame, facts in self._segments(told):
            self._messages.hear(frame, facts)

    def _segments(self, told: Told) -> Iterator[tuple[int, Frame, Facts]]:
        if self._silent:
            return
        for index in self._rows():
            frame = told.frame(index)
            segment = frame.segment
            if segment is None:
                continue
            fact = self._fact(index)
            marks = () if segment.options_cut else flag_names(fact[_BITS])
            yield index, frame, Facts(stream=fact[_STREAM], analysis=marks)

    def row(self, index: int, frame: Frame, facts: Facts) -> Frame:
        """What a row of the block shows; `facts` are filled in."""
        found = self._found.get(index)
        if found is None:  # it belongs to no message, but may be passed over
            return Messages().see(frame, facts)
        facts.above = found[1]
        return found[0]

    @property
    def messages(self) -> Messages:
        """What was followed."""
        return self._messages

    def _fact(self, index: int) -> tuple[int, ...]:
        assert self._blocks.facts is not None
        return _FACT.unpack_from(self._blocks.facts, index * _FACT.size)

    def _rows(self) -> Iterator[int]:
        """The rows that may belong to messages: by port, by a version of HTTP, by their connection."""
        view, count = self._blocks.view, self._blocks.count
        unsure = {index for index in view.unsure() if self._follows(index)}
        followed = self._followed()
        if 1 not in followed and not unsure:
            return
        active, finished = self._chosen("tcp.len", _ANY, followed), self._chosen("tcp.flags.fin", _SET, followed)
        choose.either(active, finished, followed, count)
        chosen = self._chosen("tcp.port", _PORTS, active)
        with_version = bytearray(count)
        choose.contains(view, self._fields["tcp.payload"], VERSION, _RAREST, active, with_version)
        self._mark(with_version)
        known = bytearray(count)
        choose.of_connection(view, self._fields["tcp.stream"], bytes(self._marks) or b"\0", 0, active, known)
        for index in range(count):
            if chosen[index] or with_version[index] or known[index] == 1 or index in unsure:
                yield index

    def _followed(self) -> bytearray:
        """A 1 for the rows of the streams that are followed."""
        every = bytearray(b"\1") * self._blocks.count
        if self._streams is None:
            return every
        out = bytearray(self._blocks.count)
        choose.of_connection(self._blocks.view, self._fields["tcp.stream"], self._streams or b"\0", 0, every, out)
        return out.translate(_ONLY_YES)

    def _follows(self, index: int) -> bool:
        """Whether a row's stream is followed."""
        stream = self._fact(index)[_STREAM]
        return self._streams is None or (stream < len(self._streams) and self._streams[stream] == 1)

    def _chosen(self, name: str, ranges: array[int], active: bytearray) -> bytearray:
        out = bytearray(self._blocks.count)
        choose.numbers(self._blocks.view, self._fields[name], 0, ranges, False, active, out)
        return out

    def _mark(self, rows: bytearray) -> None:
        index = rows.find(1)
        while index >= 0:
            stream = self._fact(index)[_STREAM]
            if stream >= len(self._marks):
                self._marks.extend(bytes(stream + 1024 - len(self._marks)))
            self._marks[stream] = 1
            index = rows.find(1, index + 1)


def heard(
    paths: Sequence[str], streams: bytes | None = None, warnings: list[str] | None = None, *, last: int | None = None
) -> Messages:
    """What one pass over captures, read as one input, knows of the messages of these streams (None: of all).

    The input ends with frame number `last`.
    """
    from synfin.watch.packets.told import Told

    if streams is not None and 1 not in streams:
        return Messages()
    blocks = Blocks(paths, NEEDS, last=last)
    told, spoken = Told(blocks), Spoken(blocks, warnings=warnings, streams=streams)
    for _ in blocks:
        spoken.hear(told)
    return spoken.messages


def _has_message(frame: Frame) -> bool:
    return any(layer.name == "http" for layer in frame.layers)


def _field(blocks: Blocks, name: str) -> int:
    where = spec(name)
    assert where is not None
    return blocks.field(where)
