"""ICMP echo requests and their replies (RFC 792, RFC 4443 section 4)."""

from __future__ import annotations

from synfin.dissect.context import Echo
from synfin.watch.recall.recent import Recent
from synfin.wire.frame import Frame
from synfin.wire.layer import Layer

MAX_WAITING = 1 << 16  #: requests without a reply
MAX_PAIRS = 1 << 18  #: requests of which the reply is known

_TYPES = {"icmp": (8, 0), "icmpv6": (128, 129)}  # request, reply
_HEADER_LEN = 8
_ADDRESSES = {"ip": (12, 4), "ipv6": (8, 16)}

Key = tuple[bytes, bytes, bytes, int]


class Echoes:
    """Follows echoes in capture order; with `past`, which has seen the whole capture, knows the reply to come.

    A reply belongs to the last request between the same two addresses with its identifier, number and data (told by
    the checksum) that no other reply has answered.
    """

    def __init__(self, past: Echoes | None = None) -> None:
        self._past = past
        self._waiting: Recent[Key, tuple[int, int]] = Recent(MAX_WAITING)  # frame, time
        self._answers: Recent[int, int] = Recent(MAX_PAIRS)  # frame of the reply by that of the request

    def see(self, frame: Frame) -> dict[int, Echo]:
        """What the outermost ICMP message belongs to, by its offset; what an error quotes belongs to nothing."""
        layer = next((one for one in frame.layers if one.name in _TYPES), None)
        key = None if layer is None else _key(frame, layer)
        if layer is None or key is None:
            return {}
        request, _ = _TYPES[layer.name]
        asks = frame.data[layer.start] == request
        return {layer.start: self._ask(key, frame) if asks else self._answer(key, frame)}

    def _ask(self, key: Key, frame: Frame) -> Echo:
        number = frame.packet.number
        self._waiting.put(key, (number, frame.packet.time_ns))
        if self._past is None:
            return Echo()
        answer = self._past._answers.get(number)
        forgot = self._past._waiting.forgot or self._past._answers.forgot
        return Echo(answer=answer, unanswered=answer is None and not forgot)

    def _answer(self, key: Key, frame: Frame) -> Echo:
        asked = self._waiting.take(key)
        if asked is None:
            return Echo()
        number, time_ns = asked
        self._answers.put(number, frame.packet.number)
        return Echo(request=number, since_request_ns=frame.packet.time_ns - time_ns)


def _key(frame: Frame, layer: Layer) -> Key | None:
    """What a request and its reply have in common; None for other messages and what was cut."""
    data, at = frame.data, layer.start
    if layer.header_len < _HEADER_LEN or at + _HEADER_LEN > len(data) or data[at] not in _TYPES[layer.name]:
        return None
    above = [one for one in frame.layers[: frame.layers.index(layer)] if one.name in _ADDRESSES]
    if not above:
        return None
    offset, size = _ADDRESSES[above[-1].name]
    start = above[-1].start + offset
    first, second = sorted((data[start : start + size], data[start + size : start + 2 * size]))
    # the type is the only difference: without it the checksums are equal (RFC 1071 section 2)
    checksum = int.from_bytes(data[at + 2 : at + 4], "big")
    return first, second, data[at + 4 : at + 8], (0xFFFF - checksum - (data[at] << 8)) % 0xFFFF
