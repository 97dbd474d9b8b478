"""Conversations as real ones are: in order for the most part, with any disturbance now and then."""

from __future__ import annotations

import random
import struct
from collections.abc import Iterator, Sequence

from synfin.capture.packet import Packet

FIN, SYN, RST, PSH, ACK, URG, ECE = 1, 2, 4, 8, 16, 32, 64
STARTS = (0, 1, 5000, 0xFFFFFFFF, 0xFFFFFF00, 0x7FFFFFF0, 0xBFFFFFF0)
ALL = tuple(range(14))  #: kinds of disturbances
LOST_OR_AGAIN = (0, 2, 2)
JUMPS = (1, 100, 1 << 29, (1 << 30) - 5, 1 << 30, (1 << 31) - 3, 1 << 31)


class End:
    """One end: where its numbers stand, and what it has acknowledged."""

    def __init__(self, host: bytes, port: int, seq: int) -> None:
        self.host, self.port, self.seq = host, port, seq
        self.acked = 0
        self.window = 500


class Dialogue:
    """One connection's frames, each asked for in turn."""

    def __init__(
        self, dice: random.Random, number: int, *, v6: bool = False, disturbances: Sequence[int] = ALL
    ) -> None:
        self._dice, self._v6, self._disturbances = dice, v6, disturbances
        hosts = (b"\xfd" + bytes(14) + b"\x01", b"\xfd" + bytes(14) + b"\x02") if v6 else (b"\x0a\0\0\1", b"\x0a\0\0\2")
        ports = dice.choice(((40000 + number, 80), (9, 30000 + number)))
        self.ends = tuple(End(host, port, dice.choice(STARTS)) for host, port in zip(hosts, ports, strict=True))
        self._opening = list(dice.choice(((SYN, SYN | ACK, ACK), (SYN, SYN | ACK, ACK), (SYN, ACK), ())))
        self._closing: list[tuple[int, int]] = []
        self._turn = 0
        if not self._opening:
            self.ends[0].acked, self.ends[1].acked = self.ends[1].seq, self.ends[0].seq

    def frame(self) -> bytes:
        dice = self._dice
        if self._opening:
            flags = self._opening.pop(0)
            own, peer = self.ends[self._turn % 2], self.ends[1 - self._turn % 2]
            self._turn += 1
            option = b"\x03\x03\x07\x01" if flags & SYN and dice.random() < 0.8 else b""
            own.acked = peer.seq if flags & ACK else 0
            made = self._segment(own, peer, flags, own.seq, own.acked, 0, option)
            own.seq = (own.seq + (flags >> 1 & 1)) % 2**32
            return made
        if dice.random() < 0.02:  # a close in good order
            first = dice.randrange(2)
            whole = [(first, FIN | ACK), (1 - first, FIN | ACK), (first, ACK)]
            self._closing = whole if dice.random() < 0.5 else [whole[0], (1 - first, ACK), *whole[1:]]
        if self._closing:
            side, flags = self._closing.pop(0)
            own, peer = self.ends[side], self.ends[1 - side]
            own.acked = peer.seq
            made = self._segment(own, peer, flags, own.seq, own.acked, 0)
            own.seq = (own.seq + (flags & FIN)) % 2**32
            return made
        side = dice.randrange(2)
        return self._next(self.ends[side], self.ends[1 - side])

    def _next(self, own: End, peer: End) -> bytes:
        dice = self._dice
        kind = dice.random()
        if kind < 0.12:
            return self._disturbed(own, peer)
        if dice.random() < 0.8:
            own.acked = peer.seq
        length = 0 if kind < 0.4 else dice.choice((1, 10, 100, 1000))
        flags = ACK | dice.choice((0, 0, PSH, URG, ECE))
        if dice.random() < 0.1:
            own.window = dice.choice((500, 500, 400, 65535, 1))
        made = self._segment(own, peer, flags, own.seq, own.acked, length)
        own.seq = (own.seq + length) % 2**32
        return made

    def _disturbed(self, own: End, peer: End) -> bytes:
        dice = self._dice
        what = dice.choice(self._disturbances)
        seq, ack, length, flags, option = own.seq, peer.seq, dice.choice((0, 1, 10)), ACK, b""
        if what <= 1:  # what was sent before
            seq = (seq - dice.choice((1, 10, 100, 1000))) % 2**32
            length = dice.choice((10, 100, 1000))
        elif what == 2:  # something was lost
            own.seq = seq = (seq + dice.choice(JUMPS)) % 2**32
        elif what == 3:
            ack = own.acked
            length = 0
        elif what == 4:
            own.window = 0
        elif what == 5:  # a probe
            seq, length = (seq - 1) % 2**32, dice.randrange(2)
        elif what == 6:
            ack = (ack + dice.choice((*JUMPS, -1, -1000))) % 2**32
        elif what == 7:
            option = dice.choice((b"\x03\x03\x05\x01", b"\x1e\x04\x20\x01", b"\x08\x0a" + bytes(8) + b"\1\1"))
        elif what == 8:
            flags = dice.choice((FIN | ACK, FIN | ACK, FIN))
        elif what == 9:
            flags = dice.choice((RST, RST | ACK, SYN, SYN | ACK)) if dice.random() < 0.5 else ACK
        elif what == 10:
            flags = dice.choice((0, PSH, SYN | FIN))
        elif what == 11:  # not all of it was captured
            length = 100
            return self._moved(own, seq, flags, length, self._segment(own, peer, flags, seq, ack, length)[:-40])
        elif what == 12:
            header = bytearray(self._segment(own, peer, flags, seq, ack, length))
            header[14 + (40 if self._v6 else 20) + 12] = dice.choice((0x40, 0xF0))
            return bytes(header)
        elif what == 13 and not self._v6:
            return self._quoted(own, peer, seq, ack)
        return self._moved(own, seq, flags, length, self._segment(own, peer, flags, seq, ack, length, option))

    def _moved(self, own: End, seq: int, flags: int, length: int, made: bytes) -> bytes:
        end = (seq + length + (flags >> 1 & 1) + (flags & 1)) % 2**32
        if not flags & RST and (end - own.seq) % 2**32 < 1 << 31:
            own.seq = end
        return made

    def _quoted(self, own: End, peer: End, seq: int, ack: int) -> bytes:
        about = self._segment(own, peer, SYN, seq, ack, 0)[14:54]
        message = struct.pack(">BBHI", 3, self._dice.choice((1, 4)), 0, 0) + about
        network = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(message), 0, 0, 64, 1, 0) + peer.host + own.host
        return bytes(12) + b"\x08\x00" + network + message

    def _segment(self, own: End, peer: End, flags: int, seq: int, ack: int, length: int, option: bytes = b"") -> bytes:
        header = struct.pack(
            ">HHIIHHHH", own.port, peer.port, seq, ack, (5 + len(option) // 4) << 12 | flags, own.window, 0, 0
        )
        segment = header + option + bytes(length)
        if self._v6:
            network = struct.pack(">IHBB", 6 << 28, len(segment), 6, 64) + own.host + peer.host
        else:
            network = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(segment), 7, 0, 64, 6, 0) + own.host + peer.host
        return bytes(12) + (b"\x86\xdd" if self._v6 else b"\x08\x00") + network + segment


def dialogues(dice: random.Random, size: int, at_once: int = 3, disturbances: Sequence[int] = ALL) -> Iterator[Packet]:
    """`size` packets of a few connections beside one another, their times as good as always in order."""
    talks = [Dialogue(dice, number, v6=dice.random() < 0.3, disturbances=disturbances) for number in range(at_once)]
    time_ns = dice.choice((10**18, 0))
    for number in range(1, size + 1):
        time_ns += dice.choice((1000, 100_000, 2_000_000, 25_000_000, 300_000_000, -1000 if time_ns else 0))
        data = dice.choice(talks).frame()
        # what was cut off was on the wire
        network = data[14:]
        total = int.from_bytes(network[2:4]) if network[0] >> 4 == 4 else 40 + int.from_bytes(network[4:6])
        yield Packet(number, time_ns, 1, data, max(len(data), 14 + total))
