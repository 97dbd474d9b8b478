"""One generated connection, seen from a point between its ends: handshake, exchanges with mishaps, close."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import NamedTuple

from traffic.encode import ACK, FIN, PSH, RST, SYN, Endpoint, encoders
from traffic.truth import Truth

CLIENT, SERVER = 0, 1
MS = 1_000_000
MSS = 1448  #: payload of a full segment: 1500 bytes less IPv4, TCP and timestamps


class Range(NamedTuple):
    """Both ends included."""

    low: int
    high: int


@dataclass(frozen=True)
class Sizes:
    """What connections carry: `rounds` of a request and a reply of so many bytes each."""

    rounds: Range
    request: Range
    reply: Range
    segment: int = MSS  #: payload bytes of a full segment
    pause_ms: float = 5.0  #: mean time between a reply and the next request, or the close


@dataclass(frozen=True)
class Rates:
    """Chances from 0 to 1: of a loss or a reordering in a burst, and of each unusual opening or ending."""

    loss: float = 0.02
    reorder: float = 0.01
    refused: float = 0.01
    no_answer: float = 0.005
    abort: float = 0.03
    still_open: float = 0.01
    three_segments: float = 0.5


class Conversation:
    """Call `advance` until `next_ns` is None: each call gives the frames of one stage, as (time_ns, frame)."""

    def __init__(self, truth: Truth, ends: tuple[Endpoint, Endpoint], start_ns: int, sizes: Sizes, rates: Rates,
                 rng: random.Random) -> None:  # fmt: skip
        self.truth = truth
        self.next_ns: int | None = start_ns
        self._rng = rng
        self._rates = rates
        self._sizes = sizes
        self._encode = encoders(*ends, timestamps=rng.random() < 0.6)
        self._nxt = [rng.getrandbits(32), rng.getrandbits(32)]
        # Round trip from the point of capture to the receiver of each direction and back.
        self._lag_ns = (int(rng.uniform(0.1, 8) * MS), int(rng.uniform(0.1, 8) * MS))
        self._rounds = rng.randint(*sizes.rounds)
        self._frames: list[tuple[int, bytes]] = []
        self._opened = False

    def advance(self) -> list[tuple[int, bytes]]:
        """The frames of the next stage; `next_ns` is then when the one after begins (no frame of it is earlier)."""
        now, self._frames = self.next_ns, []
        if now is None:
            return self._frames
        if not self._opened:
            self._open(now)
        elif self._rounds:
            self._rounds -= 1
            self._exchange(now)
        else:
            self._close(now)
        return self._frames

    # --- stages ----------------------------------------------------------------

    def _open(self, now: int) -> None:
        self._opened = True
        chance, rates = self._rng.random(), self._rates
        isn = self._nxt[CLIENT]
        self._send(now, CLIENT, SYN, ack=0)
        if chance < rates.refused:
            self._nxt[CLIENT] = isn + 1 & 0xFFFFFFFF
            self._nxt[SERVER] = 0
            self._send(now + self._lag_ns[CLIENT], SERVER, RST | ACK)
            self._end(open_id="open.refused", close="close.never_opened", by="server")
        elif chance < rates.refused + rates.no_answer:
            for wait_s in (1, 3, 7):
                self._send(now + wait_s * 1000 * MS, CLIENT, SYN, ack=0)
            self.truth.retransmitted[CLIENT] += 3
            self.truth.lost[CLIENT] += 4
            self._end(open_id="open.no_answer", close="close.never_opened", by="none")
        else:
            self._nxt[CLIENT] = isn + 1 & 0xFFFFFFFF
            self._send(now + self._lag_ns[CLIENT], SERVER, SYN | ACK)
            self._nxt[SERVER] = self._nxt[SERVER] + 1 & 0xFFFFFFFF
            established = now + sum(self._lag_ns)
            self._send(established, CLIENT, ACK)
            self.next_ns = established + self._rng.randrange(5_000, 200_000)

    def _exchange(self, now: int) -> None:
        done = self._burst(now, CLIENT, self._cut(self._rng.randint(*self._sizes.request)), acknowledged=False)
        done += self._lag_ns[CLIENT] + self._rng.randrange(10_000, 2 * MS)
        piggyback = self._rounds > 0 and self._rng.random() < 0.3
        reply = self._cut(self._rng.randint(*self._sizes.reply))
        done = self._burst(done, SERVER, reply, acknowledged=not piggyback)
        pause = int(self._rng.expovariate(1 / self._sizes.pause_ms) * MS)
        self.next_ns = done + self._lag_ns[SERVER] + (min(pause, 30 * MS) if piggyback else pause + 1000)

    def _close(self, now: int) -> None:
        chance, rates = self._rng.random(), self._rates
        first = CLIENT if self._rng.random() < 0.7 else SERVER
        by, other = ("client", "server")[first], 1 - first
        if chance < rates.still_open:
            self._end(close="close.still_open", by="none")
            return
        if chance < rates.still_open + rates.abort:
            self._send(now, first, RST | ACK)
            self._end(close="close.abort", by=by)
            return
        self._send(now, first, FIN | ACK)
        self._nxt[first] = self._nxt[first] + 1 & 0xFFFFFFFF
        answer = now + self._lag_ns[first]
        three = self._rng.random() < rates.three_segments
        if not three:
            self._send(answer, other, ACK)
            answer += self._rng.randrange(50_000, 20 * MS)
        self._send(answer, other, FIN | ACK)
        self._nxt[other] = self._nxt[other] + 1 & 0xFFFFFFFF
        self._send(answer + self._lag_ns[other], first, ACK)
        self._end(close="close.fin_3seg" if three else "close.fin_4seg", by=by)

    def _end(self, *, close: str, by: str, open_id: str = "open.normal") -> None:
        self.truth.open, self.truth.close, self.truth.closed_by = open_id, close, by
        self.next_ns = None

    # --- bursts ----------------------------------------------------------------

    def _cut(self, size: int) -> list[int]:
        full, rest = divmod(size, self._sizes.segment)
        return [self._sizes.segment] * full + ([rest] if rest else [])

    def _burst(self, now: int, side: int, lengths: list[int], *, acknowledged: bool) -> int:
        """Send the segments of `lengths`, perhaps with one mishap; gives the time when the last one was captured."""
        chance, rates, count = self._rng.random(), self._rates, len(lengths)
        gap = self._rng.randrange(2_000, 60_000)
        first = self._nxt[side]
        starts = [first]
        for length in lengths:
            starts.append(starts[-1] + length)
        times = [now + i * gap for i in range(count)]
        if chance < rates.loss:
            if count >= 5 and self._rng.random() < 0.8:
                return self._lose_middle(times, side, starts, self._rng.randrange(0, count - 3))
            return self._lose_last(times, side, starts)
        if count >= 2 and chance < rates.loss + rates.reorder:
            return self._reorder(times, side, starts, self._rng.randrange(0, count - 1))
        for i in range(count):
            self._data(times[i], side, starts, i)
            last = i == count - 1
            if (i % 2 and not last) or (last and acknowledged):
                self._acknowledge(times[i], side, starts[i + 1])
        self._nxt[side] = starts[-1] & 0xFFFFFFFF
        return times[-1]

    def _lose_middle(self, times: list[int], side: int, starts: list[int], lost: int) -> int:
        """Segment `lost` does not arrive; three duplicate ACKs bring it again (RFC 5681 section 3.2)."""
        seen = self._rng.random() < 0.5
        for i, time_ns in enumerate(times):
            if i != lost:
                self._data(time_ns, side, starts, i)
                if i > lost or i % 2:
                    self._acknowledge(time_ns, side, starts[min(i + 1, lost) if i < lost else lost])
            elif seen:
                self._data(time_ns, side, starts, i)
        third_duplicate = times[lost + 3] + self._lag_ns[side]
        again = max(third_duplicate + self._lag_ns[1 - side], times[-1] + 1000)
        return self._repeat(again, side, starts, lost, seen)

    def _lose_last(self, times: list[int], side: int, starts: list[int]) -> int:
        """The last segment does not arrive and nothing after it tells: the timer brings it again (RFC 6298)."""
        seen, last = self._rng.random() < 0.5, len(times) - 1
        for i in range(last):
            self._data(times[i], side, starts, i)
            if i % 2 or i == last - 1:
                self._acknowledge(times[i], side, starts[i + 1])
        if seen:
            self._data(times[last], side, starts, last)
        timer_ns = 200 * MS + sum(self._lag_ns)
        return self._repeat(times[last] + timer_ns, side, starts, last, seen)

    def _repeat(self, time_ns: int, side: int, starts: list[int], lost: int, seen: bool) -> int:
        self.truth.lost[side] += 1
        (self.truth.retransmitted if seen else self.truth.filled)[side] += 1
        self._data(time_ns, side, starts, lost)
        self._acknowledge(time_ns, side, starts[-1])
        self._nxt[side] = starts[-1] & 0xFFFFFFFF
        return time_ns

    def _reorder(self, times: list[int], side: int, starts: list[int], late: int) -> int:
        """Segment `late` and the next one change places; the receiver answers the gap with a duplicate ACK."""
        self.truth.reordered[side] += 1
        order = list(range(len(times)))
        order[late], order[late + 1] = late + 1, late
        for place, i in enumerate(order):
            self._data(times[place], side, starts, i)
            last = place == len(order) - 1
            if place == late:
                self._acknowledge(times[place], side, starts[late])
            elif place == late + 1 or last or place % 2:
                self._acknowledge(times[place], side, starts[place + 1])
        self._nxt[side] = starts[-1] & 0xFFFFFFFF
        return times[-1]

    # --- segments --------------------------------------------------------------

    def _data(self, time_ns: int, side: int, starts: list[int], i: int) -> None:
        flags = ACK | PSH if i == len(starts) - 2 else ACK
        self._send(time_ns, side, flags, seq=starts[i], length=starts[i + 1] - starts[i])

    def _acknowledge(self, captured_ns: int, side: int, ack: int) -> None:
        """The receiver of `side`'s data, which passed at `captured_ns`, acknowledges up to `ack`."""
        self._send(captured_ns + self._lag_ns[side], 1 - side, ACK, ack=ack)

    def _send(self, time_ns: int, side: int, flags: int, *, seq: int | None = None, ack: int | None = None,
              length: int = 0) -> None:  # fmt: skip
        seq = self._nxt[side] if seq is None else seq & 0xFFFFFFFF
        ack = self._nxt[1 - side] if ack is None else ack & 0xFFFFFFFF
        frame = self._encode[side](seq, ack, flags, length, time_ns // MS & 0xFFFFFFFF)
        truth = self.truth
        truth.packets[side] += 1
        truth.payload_bytes[side] += length
        truth.wire_bytes[side] += len(frame)
        self._frames.append((time_ns, frame))
