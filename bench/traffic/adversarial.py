"""Adversarial TCP: random segments whose numbers, flags and times lie where rules of analysis change their mind.

Two ends of each connection know what they have sent and heard, and do the worst with it. Same seed, same packets.
"""

from __future__ import annotations

import random
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from synfin.capture.packet import Packet

FIN, SYN, RST, PSH, ACK, URG, ECE = 0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40
START_NS = 1_767_323_045_000_000_000
MS = 1_000_000
#: steps of the clock: around the limits of 3 and 20 ms, none, and back
STEPS_NS = (0, 0, 1, 1000, 1000, 200_000, MS, 3 * MS - 1, 3 * MS, 3 * MS + 1, 19 * MS, 20 * MS - 1, 20 * MS,
            20 * MS + 1, 300 * MS, 2_000 * MS, -1000, -5 * MS)  # fmt: skip
#: first numbers: at the wrap-around, so that 0 is met in every part, and anywhere
FIRST = (0xFFFFFFFF, 0xFFFFFFF0, 0xFFFFFA00, 0xFFFFE000, 0, 1, 1000, 0x7FFFFFF0, 0x80000000)
LENGTHS = (1, 1, 2, 10, 100, 536, 1460, 1460)
WINDOWS = (0, 1, 100, 500, 1460, 8192, 8192, 65535)
ODD_FLAGS = (0, PSH, URG | ACK, SYN | FIN, SYN | RST, FIN | RST | ACK, ECE | ACK, 0xE10, SYN | FIN | ACK)
LINK = bytes(12)
FIXED = {
    b"\x08\x00": 14 + 20 + 20,
    b"\x86\xdd": 14 + 40 + 20,
}  #: of every captured frame: what is cut are options and data
HOSTS = (b"\x0a\x00\x00\x01", b"\x0a\x00\x00\x02")
HOSTS6 = (b"\xfd" + bytes(14) + b"\x01", b"\xfd" + bytes(14) + b"\x02")
#: Multipath TCP: DSS with a data ACK, ADD_ADDR, REMOVE_ADDR, MP_PRIO, MP_FAIL, MP_TCPRST
OPERATIONS = (b"\x1e\x08\x20\x01\x00\x00\x00\x07", b"\x1e\x08\x34\x02\x0a\x00\x00\x09", b"\x1e\x04\x40\x03",
              b"\x1e\x04\x50\x01", b"\x1e\x0c\x60\x00" + bytes(8), b"\x1e\x04\x80\x01")  # fmt: skip
COOKIES = (b"\x22\x0ccookiecook", b"\x22\x02", b"\xfe\x0c\xf9\x89cookie!!", b"\xfd\x04\xf9\x89")
TIMESTAMPS = b"\x08\x0a" + bytes(8)


@dataclass(slots=True)
class End:
    """One end: its own numbers, and what it last said."""

    first: int
    next: int = 0
    window: int = 8192
    shift: int = -1
    acked: int = 0  #: last acknowledgment number it sent
    sent: list[tuple[int, int]] = field(default_factory=list)  #: (seq, length)


class Connection:
    """One tuple and whoever uses it, one incarnation after another."""

    def __init__(self, dice: random.Random, ports: tuple[int, int], v6: bool) -> None:
        self._dice = dice
        self._ports = ports
        self._hosts = HOSTS6 if v6 else HOSTS
        self._multipath = dice.random() < 0.15
        self._queue: list[Callable[[], bytes]] = []
        self.ends = (End(0), End(0))
        self._actions: tuple[tuple[Callable[[int], bytes], float], ...] = (
            (self._data, 20), (self._again, 10), (self._gap, 3), (self._acknowledge, 18), (self._repeat_ack, 8),
            (self._window, 5), (self._probe, 5), (self._keep_alive, 6), (self._fill, 4), (self._fin, 2),
            (self._reset, 1.2), (self._syn, 1), (self._syn_ack, 1), (self._anything, 4), (self._broken, 0.3),
            (self._incarnate, 1.2),
        )  # fmt: skip
        self._begin()

    def next(self) -> bytes:
        """The next frame on the wire."""
        if self._queue:
            return self._queue.pop(0)()
        act = self._dice.choices([action for action, _ in self._actions], [weight for _, weight in self._actions])[0]
        return act(self._dice.randrange(2))

    def _begin(self) -> None:
        dice = self._dice
        for end in self.ends:
            end.first = dice.choice([*FIRST, dice.randrange(1 << 32), end.first, end.first])
            end.next, end.acked, end.window, end.sent = end.first, 0, dice.choice(WINDOWS), []
        if dice.random() < 0.7:
            self._handshake(dice.randrange(2))
        else:
            for end in self.ends:
                end.next = (end.first + dice.choice([0, 1, 5000])) % 2**32

    def _handshake(self, side: int) -> None:
        """Queue a handshake from which any part may be missing, or that both ends begin."""
        dice, parts = self._dice, [lambda: self._syn(side), lambda: self._syn_ack(1 - side), lambda: self._plain(side)]
        if dice.random() < 0.1:
            parts[0:1] = [lambda: self._syn(side), lambda: self._syn(1 - side)]
        if dice.random() < 0.15:
            parts.pop(dice.randrange(len(parts)))
        self._queue.extend(parts)

    def plain(self, seq: int, flags: int, length: int) -> bytes:
        """A frame with one segment of the first end, and nothing else about it."""
        header = struct.pack(">HHIIHHHH", *self._ports, seq, 1, 5 << 12 | flags, 8192, 0, 0)
        return self._frame(0, header + bytes(length))

    # --- what an end may do ---------------------------------------------------------------------------------------

    def _incarnate(self, side: int) -> bytes:
        self._begin()
        return self.next()

    def _plain(self, side: int) -> bytes:
        return self._send(side, self.ends[side].next, ACK)

    def _syn(self, side: int) -> bytes:
        end, dice = self.ends[side], self._dice
        if dice.random() < 0.1:
            end.first = (end.first + dice.choice([1, 1000, 1 << 31])) % 2**32
        end.next = end.first
        options = self._syn_options(end)
        length = dice.choice([0, 3, 1000] if b"cook" in options else [0, 0, 0, 0, 3])
        return self._send(side, end.first, SYN, length, options=options, ack=dice.choice([0, 0, 0, 7]))

    def _syn_ack(self, side: int) -> bytes:
        end, dice = self.ends[side], self._dice
        if dice.random() < 0.1:
            end.first = (end.first + dice.choice([1, 1000, 1 << 31])) % 2**32
        end.next = end.first
        peer = self.ends[1 - side]
        ack = dice.choice([None, None, peer.first + 1, peer.first + dice.randrange(3)])
        length = dice.choice([0, 0, 0, 0, 0, 5])
        return self._send(side, end.first, SYN | ACK, length, ack=ack, options=self._syn_options(end))

    def _syn_options(self, end: End) -> bytes:
        dice = self._dice
        options = dice.choice([b"", b"\x02\x04\x05\xb4", b"\x02\x04\x05\xb4\x04\x02"])
        end.shift = dice.choice([-1, -1, 0, 2, 7, 14, 15])
        if end.shift >= 0:
            options += bytes([3, 3, end.shift])
        if dice.random() < 0.3:
            options += dice.choice(COOKIES)
        return options

    def _data(self, side: int) -> bytes:
        flags = ACK | (PSH if self._dice.random() < 0.4 else 0)
        return self._send(side, self.ends[side].next, flags, self._dice.choice(LENGTHS))

    def _again(self, side: int) -> bytes:
        """Something sent before: the same, a part, or with more behind it."""
        end, dice = self.ends[side], self._dice
        if not end.sent:
            return self._data(side)
        seq, length = dice.choice(end.sent[-dice.choice([1, 2, 5, 40]) :])
        if dice.random() < 0.25:
            cut = dice.randrange(length + 1)
            seq, length = (seq + cut) % 2**32, length - cut
        if dice.random() < 0.15:
            length += dice.choice(LENGTHS)
        return self._send(side, seq, ACK | dice.choice([0, PSH]), length)

    def _gap(self, side: int) -> bytes:
        """A segment goes by that the capture does not have."""
        end = self.ends[side]
        end.next = (end.next + self._dice.choice(LENGTHS)) % 2**32
        return self._send(side, end.next, ACK, self._dice.choice((0, *LENGTHS)))

    def _acknowledge(self, side: int) -> bytes:
        return self._send(side, self.ends[side].next, ACK, ack=self._ack(side))

    def _ack(self, side: int) -> int:
        """Everything, a part, something old, or more than was sent."""
        peer, dice = self.ends[1 - side], self._dice
        choice = dice.random()
        if choice < 0.6 or not peer.sent:
            return peer.next
        if choice < 0.95:
            seq, length = dice.choice(peer.sent[-10:])
            return (seq + dice.choice([0, length, length, dice.randrange(length + 1)])) % 2**32
        return (peer.next + dice.choice([1, 2, 1460])) % 2**32

    def _repeat_ack(self, side: int) -> bytes:
        """The same ACK several times, with SACK blocks or without, and what it asks for after it."""
        end, dice = self.ends[side], self._dice
        seq, ack = end.next, end.acked
        for _ in range(dice.randrange(4)):
            self._queue.append(lambda: self._send(side, seq, ACK, ack=ack, options=self._sack(side)))
        if dice.random() < 0.5:
            self._queue.append(lambda: self._send(1 - side, ack, ACK, dice.choice(LENGTHS)))
        return self._send(side, seq, ACK, ack=ack, options=self._sack(side))

    def _sack(self, side: int) -> bytes:
        peer, dice = self.ends[1 - side], self._dice
        if not peer.sent or dice.random() < 0.4:
            return b""
        blocks = b""
        count = dice.choice([1, 1, 2, 3, 4])
        for _ in range(count):
            seq, length = dice.choice(peer.sent[-10:])
            blocks += struct.pack(">II", seq, (seq + length) % 2**32)
        return b"\x01\x01\x05" + bytes([2 + 8 * count]) + blocks

    def _window(self, side: int) -> bytes:
        end = self.ends[side]
        end.window = self._dice.choice(WINDOWS)
        return self._send(side, end.next, ACK, ack=self._dice.choice([end.acked, self._ack(side)]))

    def _probe(self, side: int) -> bytes:
        """A closed window, a probe of one byte, and the answer."""
        end, peer, dice = self.ends[side], self.ends[1 - side], self._dice
        peer.window = 0
        ack = peer.acked
        self._queue.append(lambda: self._send(side, end.next, ACK, 1))
        self._queue.append(lambda: self._send(1 - side, peer.next, ACK, ack=(ack + dice.choice([0, 0, 1])) % 2**32))
        if dice.random() < 0.7:
            self._queue.append(lambda: self._window(1 - side))
        return self._send(1 - side, peer.next, ACK, ack=ack)

    def _keep_alive(self, side: int) -> bytes:
        end, peer, dice = self.ends[side], self.ends[1 - side], self._dice
        if dice.random() < 0.7:
            self._queue.append(lambda: self._send(1 - side, peer.next, ACK, ack=peer.acked))
        if dice.random() < 0.2:
            self._queue.append(lambda: self._send(side, end.next - 1, ACK, dice.choice([2, 100])))
        return self._send(side, end.next - 1, ACK, dice.choice([0, 0, 1]))

    def _fill(self, side: int) -> bytes:
        """Data up to the window's very end."""
        end, peer, dice = self.ends[side], self.ends[1 - side], self._dice
        peer.window = dice.choice([100, 500, 1400])
        self._queue.append(lambda: self._send(side, *self._to_edge(side)))
        return self._send(1 - side, peer.next, ACK, ack=end.next)

    def _to_edge(self, side: int) -> tuple[int, int, int]:
        end, peer = self.ends[side], self.ends[1 - side]
        shift = max(min(peer.shift, 14), 0) if end.shift >= 0 else 0
        room = (peer.acked + (peer.window << shift) - end.next) % 2**32
        return end.next, ACK, room if 0 < room <= 1460 else self._dice.choice(LENGTHS)

    def _fin(self, side: int) -> bytes:
        end, dice = self.ends[side], self._dice
        seq = end.sent[-1][0] if end.sent and dice.random() < 0.2 else end.next
        return self._send(
            side, seq, dice.choice([FIN | ACK, FIN | ACK, FIN | PSH | ACK, FIN]), dice.choice([0, 0, 1, 50])
        )

    def _reset(self, side: int) -> bytes:
        end, dice = self.ends[side], self._dice
        seq = dice.choice([end.next, end.next, self.ends[1 - side].acked, end.next + 2_000_000, 0])
        return self._send(
            side, seq, dice.choice([RST, RST | ACK]), dice.choice([0, 0, 0, 6]), ack=dice.choice([None, 0])
        )

    def _anything(self, side: int) -> bytes:
        """Flags that do not belong together, numbers from either side."""
        end, peer, dice = self.ends[side], self.ends[1 - side], self._dice
        flags = dice.choice(
            [0, PSH, URG | ACK, SYN | FIN, SYN | RST, FIN | RST | ACK, ECE | ACK, 0xE10, SYN | FIN | ACK]
        )
        seq = dice.choice([end.next, end.first, end.next - 1, peer.next, end.acked, 0])
        return self._send(side, seq, flags, dice.choice([0, 0, 1, 100]), ack=dice.choice([None, 0, peer.first]))

    def _broken(self, side: int) -> bytes:
        """A data offset below the header, or behind the datagram."""
        return self._send(side, self.ends[side].next, ACK, offset=self._dice.choice([0, 4, 15]))

    # --- the wire -------------------------------------------------------------------------------------------------

    def _send(self, side: int, seq: int, flags: int, length: int = 0, *, ack: int | None = None, options: bytes = b"",
              offset: int | None = None) -> bytes:  # fmt: skip
        end, peer, dice = self.ends[side], self.ends[1 - side], self._dice
        seq %= 2**32
        ack = (peer.next if flags & ACK else 0) if ack is None else ack % 2**32
        if dice.random() < 0.02:
            options = b"\x03\x03" + bytes([dice.randrange(16)]) + options
        options = (options + self._more_options(len(options)))[:40]
        options += b"\x01" * (-len(options) % 4)
        window = end.window
        if flags & RST:
            window = dice.choice([0, window])
        end.acked = ack
        after = (seq + length + (1 if flags & (SYN | FIN) else 0)) % 2**32
        if length and offset is None:
            end.sent.append((seq, length))
        if 0 < (after - end.next) % 2**32 < 1 << 31:
            end.next = after
        words = 5 + len(options) // 4 if offset is None else offset
        header = struct.pack(">HHIIHHHH", self._ports[side], self._ports[1 - side], seq, ack, words << 12 | flags,
                             window, 0, 0)  # fmt: skip
        return self._frame(side, header + options + bytes(length))

    def _more_options(self, taken: int) -> bytes:
        dice, more = self._dice, b""
        if dice.random() < 0.1 and taken <= 24:
            more += b"\x01\x01" + TIMESTAMPS
        if self._multipath and dice.random() < 0.3 and taken + len(more) <= 28:
            more += dice.choice(OPERATIONS)
        return more

    def _frame(self, side: int, segment: bytes) -> bytes:
        source, target = self._hosts[side], self._hosts[1 - side]
        if len(source) == 16:
            network = struct.pack(">IHBB", 6 << 28, len(segment), 6, 64) + source + target
            return LINK + b"\x86\xdd" + network + segment
        network = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(segment), 0, 0, 64, 6, 0) + source + target
        return LINK + b"\x08\x00" + network + segment


def packets(seed: int, count: int) -> Iterator[Packet]:
    """`count` packets of a few connections at a time."""
    dice = random.Random(seed)
    now, port = START_NS, 20_000
    active: list[Connection] = []
    for number in range(1, count + 1):
        if len(active) < 3 or dice.random() < 0.005:
            port += 1
            active.append(Connection(dice, (port, 9501) if dice.random() < 0.9 else (port, port), dice.random() < 0.2))
            if len(active) > 4:
                active.pop(0)
        now += dice.choice(STEPS_NS)
        data = active[-1 if dice.random() < 0.6 else dice.randrange(len(active))].next()
        cut = dice.randrange(len(data) - dice.choice([0, 0, 5, 40])) if dice.random() < 0.01 else len(data)
        yield Packet(number, now, 1, data[: max(cut, FIXED[data[12:14]])], len(data))


def unanswered(count: int) -> Iterator[Packet]:
    """One end alone sends `count` segments and a FIN, twice: more than any list of segments in flight holds."""
    connection = Connection(random.Random(0), (20_000, 9501), False)
    seq, now = 1000, START_NS
    for number in range(1, count + 3):
        flags, length = (FIN | ACK, 0) if number > count else (ACK, 10)
        now += 5 * MS
        data = connection.plain(seq, flags, length)
        seq += length
        yield Packet(number, now, 1, data, len(data))
