"""What becomes of a frame whose bytes belong to messages: layers, and bytes that stand behind its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from synfin.dissect.context import Above, Exchange, OfMessage
from synfin.dissect.http_body import content
from synfin.dissect.http_message import RESPONSE, Message
from synfin.watch.follow.held import Held
from synfin.wire.frame import Frame
from synfin.wire.layer import Layer

_RAW_DATA = frozenset({None, "", "application/octet-stream"})  #: types of content that are shown as plain data


@dataclass(slots=True)
class Shown:
    """Collects them."""

    data: bytes  #: of the frame itself
    above: Above = field(default_factory=Above)
    layers: list[Layer] = field(default_factory=list)
    rebuilt: bytearray = field(default_factory=bytearray)  #: behind the frame's own bytes
    exchange: Exchange | None = None

    def whole(self, held: Held, size: int) -> int:
        """Add the bytes of a message that was put together; their offset."""
        at = len(self.data) + len(self.rebuilt)
        self.layers.append(Layer("tcp.segments", at, 0, at + size))
        self.above.parts[at] = tuple(
            part._replace(size=min(part.size, size - part.at)) for part in held.parts if part.at <= size
        )
        self.rebuilt += held.data[:size]
        return at

    def message(self, message: Message, shift: int, asked: str) -> None:
        """Add the layers of a message, whose offsets `shift` turns into those of the frame."""
        head, start = message.head, message.start + shift
        self.layers.append(Layer("http", start, head.end - message.start, message.end + shift))
        self.above.messages[start] = OfMessage(head, self.exchange, asked if head.kind == RESPONSE else "")
        if head.content_type in _RAW_DATA and head.end < message.end:
            self.layers.extend(self._body(message, shift))

    def frame(self, frame: Frame) -> Frame:
        """The frame with all of it."""
        own = frame.layers[:-1] if frame.layers[-1].name == "data" else frame.layers  # data further out is of tunnels
        layers = (*own, *self.layers)
        return replace(frame, layers=layers, rebuilt=self.data + bytes(self.rebuilt) if self.rebuilt else frame.rebuilt)

    def _body(self, message: Message, shift: int) -> Iterator[Layer]:
        """The body as plain data; where it was encoded, what it stood for is put behind the frame's bytes."""
        start, stop = message.head.end + shift, message.end + shift
        if not message.chunked and message.head.encoding in ("", "identity"):
            yield Layer("data", start, 0, stop)
            return
        body = content(self.data + bytes(self.rebuilt), start, stop, message.head)
        if body:
            at = len(self.data) + len(self.rebuilt)
            self.rebuilt += body
            yield Layer("data", at, 0, at + len(body))
