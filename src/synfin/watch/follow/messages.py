"""Messages of HTTP out of segments, as tshark 4.0 puts them together.

Segments are taken in the order of the capture. A message that is not whole asks for more; the segments that carry it
are held, and it is shown in the frame that completes it. What is known to be a retransmission is passed over.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from synfin.dissect.context import Above, Exchange, Facts, OfMessage
from synfin.dissect.http_body import content
from synfin.dissect.http_message import (
    REQUEST,
    RESPONSE,
    UNTIL_FIN,
    Ask,
    Message,
    Talk,
    looks_like,
    missing_chunks,
    read,
)  # fmt: skip
from synfin.watch.follow.held import Held, Holding
from synfin.wire import seq
from synfin.wire.frame import Frame
from synfin.wire.layer import Layer
from synfin.wire.tcp import FIN, MIN_HEADER_LEN, RST, SYN, Segment

PORTS = frozenset({80, 1900, 2710, 2869, 3128, 3132, 5985, 8080, 8088, 11371})  #: where tshark expects HTTP
MOST_STREAMS = 1 << 16  #: connections in memory; the oldest is forgotten
LARGEST_MESSAGE = 16 << 20  #: bytes of a message that are kept
MOST_HELD = 64 << 20  #: bytes that are kept of all messages
MOST_PAIRED = 1 << 20  #: frames with messages that are remembered for a second pass
MOST_MESSAGES = 4096  #: in one frame
_TOO_LARGE = (
    f"messages of HTTP larger than {LARGEST_MESSAGE >> 20} MiB, or beyond {MOST_HELD >> 20} MiB that are not whole, "
    "were not put together"
)
_RAW_DATA = frozenset({None, "", "application/octet-stream"})  #: types of content that are shown as plain data


@dataclass(slots=True)
class _Stream:
    """One connection."""

    first: tuple[bytes, int]  #: the end that sent the first segment
    http: bool
    talk: Talk = field(default_factory=Talk)
    holding: tuple[Holding, Holding] = field(default_factory=lambda: (Holding(), Holding()))
    base: list[int | None] = field(default_factory=lambda: [None, None])
    before: Exchange | None = None
    last: Exchange | None = None


class _Reading(NamedTuple):
    """What bytes turned out to be."""

    messages: tuple[Message, ...] = ()
    ask: Ask | None = None
    plain: bool = False  #: no protocol that is known


class _Unit(NamedTuple):
    """A segment on its way."""

    frame: Frame
    segment: Segment
    stream: _Stream
    side: int
    shown: _Shown
    passed_over: bool  #: nothing in it is read: it was sent before, or comes too late

    @property
    def number(self) -> int:
        return self.segment.frame


@dataclass(slots=True)
class _Shown:
    """What becomes of a frame."""

    above: Above = field(default_factory=Above)
    layers: list[Layer] = field(default_factory=list)
    rebuilt: bytearray = field(default_factory=bytearray)  #: behind the frame's own bytes
    exchange: Exchange | None = None


class Messages:
    """Follows the bytes of connections; `past` has followed the same input before, and knows how everything ends."""

    def __init__(self, past: Messages | None = None, warnings: list[str] | None = None) -> None:
        self._past = past
        self._warnings = warnings
        self._streams: dict[int, _Stream] = {}
        self._held = 0
        self._ends: dict[tuple[int, int, int], int] = {}  # of messages: stream, side, position -> last frame
        self._exchanges: dict[int, Exchange] = {}  # by frame
        self._spoke: set[int] = set()  # streams with a request

    def see(self, frame: Frame, facts: Facts) -> Frame:
        """The frame with the layers above TCP; `facts.above` tells of them."""
        segment = frame.segment
        if segment is None or facts.stream is None or segment.len_bytes is None or not frame.layers:
            return frame
        if segment.hdr_len < MIN_HEADER_LEN or not (segment.len_bytes or segment.flags & FIN) or frame.tcp is None:
            return frame
        if frame.layers[-1] != frame.tcp and (frame.layers[-1].name != "data" or frame.layers[-2:-1] != (frame.tcp,)):
            return frame  # there is something else above it
        return self._follow(frame, segment, frame.tcp, facts)

    @property
    def held_bytes(self) -> int:
        """Bytes in memory that wait for the rest of their messages."""
        return self._held

    @property
    def heard(self) -> bool:
        """Whether there was anything to follow."""
        return bool(self._streams)

    def _follow(self, frame: Frame, segment: Segment, tcp: Layer, facts: Facts) -> Frame:
        assert facts.stream is not None
        stream, side = self._stream(facts.stream, segment)
        start = tcp.start + segment.hdr_len
        stop = min(tcp.end, len(frame.data))
        marks = facts.analysis
        spurious = "spurious_retransmission" in marks
        again = "retransmission" in marks and "fast_retransmission" not in marks and not spurious
        shown = _Shown()
        unit = _Unit(frame, segment, stream, side, shown, again or "out_of_order" in marks)
        plain = False
        whole = stop - start == segment.len_bytes
        position = self._position(stream, side, segment)
        done = segment.flags & FIN and whole and self._finish(unit, facts.stream, position, start, stop)
        if not done and start < stop and not segment.flags & RST:
            if whole and not spurious:  # what was acknowledged before is not looked at
                plain = self._desegment(unit, facts.stream, position, start, stop, again=again)
            elif not whole:
                plain = self._show_now(unit, facts.stream, start, stop)
        facts.above = shown.above
        if shown.exchange is not None:
            self._pair(facts.stream, segment.frame, shown)
        if plain:
            return frame
        own = frame.layers[:-1] if frame.layers[-1].name == "data" else frame.layers  # data further out is of tunnels
        layers = (*own, *shown.layers)
        return replace(
            frame, layers=layers, rebuilt=frame.data + bytes(shown.rebuilt) if shown.rebuilt else frame.rebuilt
        )

    # --- connections ----------------------------------------------------------------------------------------------

    def _stream(self, number: int, segment: Segment) -> tuple[_Stream, int]:
        end = (segment.src, segment.src_port)
        found = self._streams.get(number)
        if found is None:
            known = segment.src_port in PORTS or segment.dst_port in PORTS
            found = self._streams[number] = _Stream(end, known)
            if len(self._streams) > MOST_STREAMS:
                self._forget(next(iter(self._streams)))
        return found, int(end != found.first)

    def _forget(self, number: int) -> None:
        for holding in self._streams.pop(number).holding:
            for held in holding.all():
                self._drop(held)

    def _position(self, stream: _Stream, side: int, segment: Segment) -> int:
        """The first byte's place in the direction, without the wrapping of sequence numbers."""
        number = seq.add(segment.seq, 1) if segment.flags & SYN else segment.seq
        base = stream.base[side]
        if base is None:
            base = stream.base[side] = number + (1 << 40)
        position = base + seq.diff(number, base & 0xFFFFFFFF)
        stream.base[side] = max(base, position)
        return position

    def _pair(self, number: int, frame: int, shown: _Shown) -> None:
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
            reading = self._read(unit, number, held.data, 0, len(held.data), can_ask=True, resume=held.resume)
            if reading.ask is None or reading.ask.at > len(held.data) - taken:
                return self._end(unit, number, held, reading, position, start, taken)
            self._ask(unit, held, reading.ask, position + taken)
            held.resume = _counted_chunks(held)
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
        data, shown = held.data, unit.shown
        size = len(data) if reading.ask is None else reading.ask.at
        held.end, held.done_in = held.start + size, unit.number
        if self._past is None and len(self._ends) < MOST_PAIRED:
            self._ends[number, unit.side, held.start] = unit.number
        at = len(unit.frame.data) + len(shown.rebuilt)
        shown.layers.append(Layer("tcp.segments", at, 0, at + size))
        shown.above.parts[at] = tuple(
            part._replace(size=min(part.size, size - part.at)) for part in held.parts if part.at <= size
        )
        shown.rebuilt += data[:size]
        self._show(unit, number, reading.messages, at)
        self._drop(held)

    def _show_now(self, unit: _Unit, number: int, start: int, stop: int) -> bool:
        """A segment that was not captured whole is shown as far as it goes."""
        reading = self._read(unit, number, unit.frame.data, start, stop, can_ask=False, cut=True)
        self._show(unit, number, reading.messages, 0)
        return reading.plain

    # --- messages -------------------------------------------------------------------------------------------------

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
        for message in messages:
            self._note(unit, number, message)
            talk, shown, head = unit.stream.talk, unit.shown, message.head
            talk.note(message)
            start = message.start + shift
            shown.layers.append(Layer("http", start, head.end - message.start, message.end + shift))
            shown.above.messages[start] = OfMessage(head, shown.exchange, talk.asked if head.kind == RESPONSE else "")
            if head.content_type in _RAW_DATA and head.end < message.end:
                shown.layers.extend(self._body(unit, message, shift))

    def _body(self, unit: _Unit, message: Message, shift: int) -> Iterator[Layer]:
        """The body as plain data; where it was encoded, what it stood for is put behind the frame's bytes."""
        shown = unit.shown
        start, stop = message.head.end + shift, message.end + shift
        if not message.chunked and message.head.encoding in ("", "identity"):
            yield Layer("data", start, 0, stop)
            return
        body = content(unit.frame.data + bytes(shown.rebuilt), start, stop, message.head)
        if body:
            at = len(unit.frame.data) + len(shown.rebuilt)
            shown.rebuilt += body
            yield Layer("data", at, 0, at + len(body))

    def _note(self, unit: _Unit, number: int, message: Message) -> None:
        """Which request a response answers: the last one, whatever was asked in between."""
        kind = message.head.kind
        if kind not in (REQUEST, RESPONSE) or message.head.cut:
            return
        stream, frame = unit.stream, unit.number
        if kind == REQUEST and len(self._spoke) < MOST_PAIRED:
            self._spoke.add(number)
        if kind == REQUEST or stream.last is None or stream.last.response_frame is not None:
            _next_exchange(stream)
        found, before = stream.last, stream.before
        assert found is not None
        if kind == REQUEST:
            found.request_frame, found.request_ns = frame, unit.segment.time_ns
        else:
            found.response_frame = frame
        if before is not None:
            before.next_request, before.next_response = found.request_frame, found.response_frame
        unit.shown.exchange = found

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
        if self._warnings is not None and _TOO_LARGE not in self._warnings:
            self._warnings.append(_TOO_LARGE)

    def _drop(self, held: Held) -> None:
        self._held -= held.size
        held.drop()


def _next_exchange(stream: _Stream) -> None:
    """A new one behind the last."""
    last = stream.last
    stream.before, stream.last = last, Exchange(1)
    if last is not None:
        stream.last.number = last.number + 1
        stream.last.request_before, stream.last.response_before = last.request_frame, last.response_frame


def _counted_chunks(held: Held) -> int:
    """Where the look for the end of a chunked body goes on: chunks that were counted are not counted again."""
    if held.resume:
        return missing_chunks(held.data, held.resume, len(held.data))[1]
    found = read(held.data, 0, len(held.data), Talk(seen=True), can_ask=False, last=False)
    if not isinstance(found, Message) or not found.chunked:
        return 0
    return missing_chunks(held.data, found.head.end, len(held.data))[1]
