"""Messages of HTTP out of segments, as tshark 4.0 puts them together.

Segments are taken in the order of the capture. A message that is not whole asks for more; the segments that carry it
are held, and it is shown in the frame that completes it. What is known to be a retransmission is passed over.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from synfin.dissect.context import Exchange, Facts
from synfin.dissect.http_message import (
    ONE_MORE,
    REQUEST,
    UNTIL_FIN,
    Ask,
    Message,
    Talk,
    looks_like,
    missing_chunks,
    read,
)  # fmt: skip
from synfin.watch.follow.conversation import Conversation
from synfin.watch.follow.held import Held
from synfin.watch.follow.shown import Shown
from synfin.wire.frame import Frame
from synfin.wire.layer import Layer
from synfin.wire.tcp import FIN, MIN_HEADER_LEN, RST, Segment

PORTS = frozenset({80, 1900, 2710, 2869, 3128, 3132, 5985, 8080, 8088, 11371})  #: where tshark expects HTTP
MOST_STREAMS = 1 << 16  #: connections in memory; the one that was silent the longest is forgotten
LARGEST_MESSAGE = 16 << 20  #: bytes of a message that are kept
MOST_HELD = 64 << 20  #: bytes that are kept of all messages
MOST_PAIRED = 1 << 20  #: frames with messages that are remembered for a second pass
MOST_MESSAGES = 4096  #: in one frame
_TOO_LARGE = (
    f"messages of HTTP larger than {LARGEST_MESSAGE >> 20} MiB, or beyond {MOST_HELD >> 20} MiB that are not whole, "
    "were not put together"
)
_TOO_MANY = (
    f"more than {MOST_STREAMS:,} connections with messages of HTTP at a time: those that were silent the longest were "
    "forgotten, and what they had begun was not put together"
)


class _Reading(NamedTuple):
    """What bytes turned out to be."""

    messages: tuple[Message, ...] = ()
    ask: Ask | None = None
    plain: bool = False  #: no protocol that is known


class _Unit(NamedTuple):
    """A segment on its way."""

    frame: Frame
    segment: Segment
    stream: Conversation
    side: int
    shown: Shown
    passed_over: bool  #: nothing in it is read: it was sent before, or comes too late

    @property
    def number(self) -> int:
        return self.segment.frame


class Messages:
    """Follows the bytes of connections; `past` has followed the same input before, and knows how everything ends."""

    def __init__(self, past: Messages | None = None, warnings: list[str] | None = None) -> None:
        self._past = past
        self._warnings = warnings
        self._streams: dict[int, Conversation] = {}
        self._held = 0
        self._ends: dict[tuple[int, int, int], int] = {}  # of messages: stream, side, position -> last frame
        self._exchanges: dict[int, Exchange] = {}  # by frame
        self._spoke: set[int] = set()  # streams with a request
        self._with_message = bytearray()  # by number of stream

    def see(self, frame: Frame, facts: Facts) -> Frame:
        """The frame with the layers above TCP; `facts.above` tells of them."""
        shown = self.hear(frame, facts)
        return frame if shown is None else shown.frame(frame)

    def hear(self, frame: Frame, facts: Facts) -> Shown | None:
        """The same for who does not want the frame: what would be added to it."""
        segment = frame.segment
        if segment is None or facts.stream is None or segment.len_bytes is None or not frame.layers:
            return None
        if segment.hdr_len < MIN_HEADER_LEN or not (segment.len_bytes or segment.flags & FIN) or frame.tcp is None:
            return None
        if frame.layers[-1] != frame.tcp and (frame.layers[-1].name != "data" or frame.layers[-2:-1] != (frame.tcp,)):
            return None  # there is something else above it
        return self._follow(frame, segment, frame.tcp, facts)

    @property
    def held_bytes(self) -> int:
        """Bytes in memory that wait for the rest of their messages."""
        return self._held

    @property
    def streams(self) -> bytes:
        """A 1 for every stream that has shown a message, by number."""
        return bytes(self._with_message)

    @property
    def heard(self) -> bool:
        """Whether there was anything to follow."""
        return bool(self._streams)

    def _follow(self, frame: Frame, segment: Segment, tcp: Layer, facts: Facts) -> Shown | None:
        assert facts.stream is not None
        stream, side = self._stream(facts.stream, segment)
        start = tcp.start + segment.hdr_len
        stop = min(tcp.end, len(frame.data))
        marks = facts.analysis
        spurious = "spurious_retransmission" in marks
        again = "retransmission" in marks and "fast_retransmission" not in marks and not spurious
        shown = Shown(frame.data)
        unit = _Unit(frame, segment, stream, side, shown, again or "out_of_order" in marks)
        plain = False
        whole = stop - start == segment.len_bytes
        position = stream.position(side, segment)
        done = segment.flags & FIN and whole and self._finish(unit, facts.stream, position, start, stop)
        if not done and start < stop and not segment.flags & RST:
            if whole and not spurious:  # what was acknowledged before is not looked at
                plain = self._desegment(unit, facts.stream, position, start, stop, again=again)
            elif not whole:
                plain = self._show_now(unit, facts.stream, start, stop)
        facts.above = shown.above
        if shown.exchange is not None:
            self._pair(facts.stream, segment.frame, shown)
        return None if plain else shown

    # --- connections ----------------------------------------------------------------------------------------------

    def _stream(self, number: int, segment: Segment) -> tuple[Conversation, int]:
        end = (segment.src, segment.src_port)
        found = self._streams.get(number)
        if found is None:
            known = segment.src_port in PORTS or segment.dst_port in PORTS
            found = self._streams[number] = Conversation(end, known)
            if len(self._streams) > MOST_STREAMS:
                self._forget(next(iter(self._streams)))
        else:
            self._streams[number] = self._streams.pop(number)  # the last one to be forgotten
        return found, int(end != found.first)

    def _forget(self, number: int) -> None:
        for holding in self._streams.pop(number).holding:
            for held in holding.all():
                if held.size:
                    self._warn(_TOO_MANY)
                self._drop(held)

    def _pair(self, number: int, frame: int, shown: Shown) -> None:
        """Remember for a second pass, or take from the first, which request and response belong together."""
        exchange = shown.exchange
        if self._past is not None:
            exchange = self._past._exchanges.get(frame, exchange)
        elif exchange is not None:
            if len(self._exchanges) < MOST_PAIRED:
                self._exchanges[frame] = exchange
            exchange = replace(exchange)  # as it is known here
        messages = shown.above.messages
        for at in messages:
            messages[at] = messages[at]._replace(exchange=exchange)

    # --- segments -------------------------------------------------------------------------------------------------

    def _finish(self, unit: _Unit, number: int, position: int, start: int, stop: int) -> bool:
        """A FIN completes what ends with the connection; whether that is shown in this frame."""
        holding = unit.stream.holding[unit.side]
        if not holding.until_fin:
            return False
        if holding.fin_frame not in (0, unit.number):
            unit.shown.above.fin_retransmission = holding.fin_frame
            return False
        holding.fin_frame = unit.number
        held = holding.before(position)
        if held is None:
            return False
        self._add(held, position, unit.frame.data[start:stop], unit.number, ends=True)
        if not held.whole:
            return False
        self._complete(unit, number, held, self._read(unit, number, held.data, 0, len(held.data), can_ask=False))
        return True

    def _desegment(self, unit: _Unit, number: int, position: int, start: int, stop: int, *, again: bool) -> bool:
        """Show a segment, or hold it; True where it is plain data of no protocol that is known."""
        while start < stop:
            holding, size = unit.stream.holding[unit.side], stop - start
            held = holding.at(position)
            known = held is not None and position + size <= held.end and unit.number not in (
                held.first_frame, held.last_frame)  # fmt: skip
            if known or again:
                unit.shown.above.pieces.append((start, stop))
                return False
            held = held or holding.before(position)
            if held is None or not held.start <= position < held.end:
                return self._begin(unit, number, position, start, stop)
            taken = self._continue(unit, number, held, position, start, stop)
            start, position = start + taken, position + taken
        return False

    def _begin(self, unit: _Unit, number: int, position: int, start: int, stop: int) -> bool:
        """Bytes that continue nothing; True where they are plain data."""
        reading = self._read(unit, number, unit.frame.data, start, stop, can_ask=True)
        self._show(unit, number, reading.messages, 0)
        if reading.ask is not None:
            at = reading.ask.at
            self._hold(unit, number, position + at - start, reading.ask, at, stop)
        return reading.plain

    def _hold(self, unit: _Unit, number: int, position: int, ask: Ask, start: int, stop: int) -> None:
        """A message begins that is not whole."""
        held, holding = Held(position, position, unit.number), unit.stream.holding[unit.side]
        gone = holding.begin(held)
        if gone is not None:
            self._drop(gone)
        self._ask(unit, held, ask, position + stop - start)
        self._add(held, position, unit.frame.data[start:stop], unit.number, ends=False)
        self._name_end(unit, number, held)
        unit.shown.above.pieces.append((start, stop))

    def _ask(self, unit: _Unit, held: Held, ask: Ask, have: int) -> None:
        if ask.more == UNTIL_FIN:
            unit.stream.holding[unit.side].until_fin = True
        held.ask(ask.more, have)

    def _continue(self, unit: _Unit, number: int, held: Held, position: int, start: int, stop: int) -> int:
        """Bytes of a message that has begun before; how many of them were used."""
        held.last_frame = unit.number
        taken = 0
        while start + taken < stop:
            taken += self._take(unit, held, position + taken, start + taken, stop)
            if not held.whole:
                break
            reading = self._read_on(unit, number, held)
            if reading.ask is None or reading.ask.at > len(held.data) - taken:
                return self._end(unit, number, held, reading, position, start, taken)
            self._ask(unit, held, reading.ask, position + taken)
            held.resume = _counted_chunks(held) if held.has_line() else 0
        self._name_end(unit, number, held)
        unit.shown.above.pieces.append((start, stop))
        return taken

    def _take(self, unit: _Unit, held: Held, position: int, start: int, stop: int) -> int:
        """Add a segment's bytes as far as they are asked for; how many."""
        after = position + stop - start
        ends = after >= held.end
        if held.entire:
            held.entire, held.end = False, after
        size = min(after, held.end) - position
        self._add(held, position, unit.frame.data[start : start + size], unit.number, ends=ends)
        return size

    def _end(self, unit: _Unit, number: int, held: Held, reading: _Reading, position: int, start: int,
             taken: int) -> int:  # fmt: skip
        """A message is whole; what of the segment stands behind it waits for more, where it asks for it."""
        behind = 0 if reading.ask is None else len(held.data) - reading.ask.at
        mine = taken - behind
        unit.shown.above.pieces.append((start, start + mine))
        self._complete(unit, number, held, reading)
        if reading.ask is not None:
            self._hold(unit, number, position + mine, reading.ask, start + mine, start + taken)
        return taken

    def _complete(self, unit: _Unit, number: int, held: Held, reading: _Reading) -> None:
        """Show what was put together."""
        size = len(held.data) if reading.ask is None else reading.ask.at
        held.end, held.done_in = held.start + size, unit.number
        if self._past is None and len(self._ends) < MOST_PAIRED:
            self._ends[number, unit.side, held.start] = unit.number
        self._show(unit, number, reading.messages, unit.shown.whole(held, size))
        self._drop(held)

    def _show_now(self, unit: _Unit, number: int, start: int, stop: int) -> bool:
        """A segment that was not captured whole is shown as far as it goes."""
        reading = self._read(unit, number, unit.frame.data, start, stop, can_ask=False, cut=True)
        self._show(unit, number, reading.messages, 0)
        return reading.plain

    # --- messages -------------------------------------------------------------------------------------------------

    def _read_on(self, unit: _Unit, number: int, held: Held) -> _Reading:
        """Read a message again that has got more bytes; nothing is read as long as its first line has no end."""
        if not (unit.passed_over or unit.stream.talk.left or held.has_line()):
            return _Reading(ask=Ask(0, ONE_MORE))
        return self._read(unit, number, held.data, 0, len(held.data), can_ask=True, resume=held.resume)

    def _read(self, unit: _Unit, number: int, data: bytes | bytearray, start: int, stop: int, *, can_ask: bool,
              resume: int = 0, cut: bool = False) -> _Reading:  # fmt: skip
        """The messages in some bytes."""
        stream = unit.stream
        if unit.passed_over:
            return _Reading()
        if stream.talk.left or not (stream.http or looks_like(data, start, stop)):
            return _Reading(plain=True)
        stream.http = True
        seen = self._past is not None and number in self._past._spoke
        found: list[Message] = []
        talk, last = replace(stream.talk), bool(unit.segment.flags & FIN)
        while start < stop and len(found) < MOST_MESSAGES and not talk.left:
            one = read(data, start, stop, talk, can_ask=can_ask, last=last, resume=resume, seen=seen,
                       cut=cut)  # fmt: skip
            if one is None or isinstance(one, Ask):
                return _Reading(tuple(found), one)
            talk.note(one)
            found.append(one)
            start, resume = max(one.end, start + 1), 0
        return _Reading(tuple(found))

    def _show(self, unit: _Unit, number: int, messages: tuple[Message, ...], shift: int) -> None:
        """Add the layers of messages, whose offsets `shift` turns into those of the frame."""
        stream, shown = unit.stream, unit.shown
        for message in messages:
            exchange = stream.exchange(message, unit.segment)
            if exchange is not None:
                shown.exchange = exchange
                if message.head.kind == REQUEST and len(self._spoke) < MOST_PAIRED:
                    self._spoke.add(number)
            stream.talk.note(message)
            shown.message(message, shift, stream.talk.asked)
        if messages:
            self._with_message.extend(bytes(max(number + 1 - len(self._with_message), 0)))
            self._with_message[number] = 1

    # --- ends and bounds ------------------------------------------------------------------------------------------

    def _name_end(self, unit: _Unit, number: int, held: Held) -> None:
        """Name the frame where a message will be whole, where a pass before has found that out."""
        known = held.done_in
        if self._past is not None:
            known = self._past._ends.get((number, unit.side, held.start), 0)
        if known:
            unit.shown.above.pieces.append(known)

    def _add(self, held: Held, position: int, data: bytes, frame: int, *, ends: bool) -> None:
        """Keep bytes of a message, unless there are too many of them."""
        before = held.size
        held.add(position - held.start, data, frame, ends=ends)
        self._held += held.size - before
        if held.size <= LARGEST_MESSAGE and self._held <= MOST_HELD:
            return
        self._drop(held)
        held.lost = True
        self._warn(_TOO_LARGE)

    def _warn(self, text: str) -> None:
        if self._warnings is not None and text not in self._warnings:
            self._warnings.append(text)

    def _drop(self, held: Held) -> None:
        self._held -= held.size
        held.drop()


def _counted_chunks(held: Held) -> int:
    """Where the look for the end of a chunked body goes on: chunks that were counted are not counted again."""
    if held.resume:
        return missing_chunks(held.data, held.resume, len(held.data))[1]
    found = read(held.data, 0, len(held.data), Talk(seen=True), can_ask=False, last=False)
    if not isinstance(found, Message) or not found.chunked:
        return 0
    return missing_chunks(held.data, found.head.end, len(held.data))[1]
