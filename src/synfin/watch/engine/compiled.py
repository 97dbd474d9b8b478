"""The engine on compiled kernels: chunks of bytes -> rows (`scan`) -> connections (`follow`).

Whatever the kernels do not read themselves (other pcapng blocks, damaged records, rare forms of pcap) goes through the
readable reader, packet by packet, and back to the kernels: both see the same input and give the same warnings.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from heapq import heappop, heappush
from itertools import islice
from struct import Struct
from typing import TYPE_CHECKING

from synfin._kernels import follow, scan
from synfin.tcp.state import matrix
from synfin.watch.engine.described import int64
from synfin.watch.engine.engine import KEEP_ALL, Limits, Place
from synfin.watch.engine.row_walk import RowWalk, row_walk
from synfin.watch.engine.slow import SlowPath
from synfin.watch.follow.raw import RawConnection, RawSide

if TYPE_CHECKING:
    from synfin.capture.packet import Packet
    from synfin.capture.reader import CaptureReader
    from synfin.wire.frame import Frame

CHUNK = 1 << 18  #: bytes in memory at a time: few enough to stay in the cache until they are read
SLOWLY = 64  #: packets that the readable reader takes before the kernels try again
BLOCK = 1024  #: rows between `scan` and `follow`: small enough to stay in the cache

_FACT = Struct(follow.FACT_FORMAT)
_RECORD = Struct(follow.RECORD_FORMAT)
_RECORDS_AT_ONCE = 1024
_QUOTED = 0xFFFFFFFF  # `conn` of a row that only quotes
_Sink = Callable[[bytearray, bytearray, int], None]


class CompiledEngine:
    """See `Engine`.

    A second engine that is given the `finished` first one shows what a second pass shows. `sink` is called with every
    block of rows and facts, and how many they are. An engine for records alone keeps no facts of packets.
    Connections leave memory as `Limits` say, without them never. `findings`: their records tell what was unusual;
    with `sums` also which checksums are wrong.
    """

    def __init__(
        self,
        finished: CompiledEngine | None = None,
        sink: _Sink | None = None,
        *,
        records_only: bool = False,
        limits: Limits = KEEP_ALL,
        findings: bool = False,
        sums: bool = False,
    ) -> None:
        self._tracker = follow.Tracker(
            matrix(),
            facts=not records_only,
            closed_after_s=limits.closed_after_s or 0,
            idle_after_s=limits.idle_after_s or 0,
            limits=thresholds() if findings else b"",
        )
        self._limits = limits
        self._finished = None if finished is None else finished._tracker
        self._sink = sink
        self._rows = bytearray(BLOCK * scan.row_size())
        self._facts = None if records_only else bytearray(BLOCK * follow.fact_size())
        self._seed = int.from_bytes(os.urandom(8), "little")  # whoever writes packets cannot know which of them collide
        self._sums = sums
        self._slow = SlowPath(self._seed, sums=sums)

    @property
    def tracker(self) -> follow.Tracker:
        """What has followed the frames so far."""
        return self._tracker

    @property
    def last(self) -> Frame | None:
        return self._slow.last

    @property
    def frames(self) -> int:
        return self._tracker.counts()[0]

    @property
    def segments(self) -> int:
        return self._tracker.counts()[2]

    def see(self, packet: Packet) -> Place | None:
        if self._facts is None:
            raise ValueError("this engine keeps no facts of packets")
        if not self._follow_packet(packet):
            return None
        values = _FACT.unpack_from(self._facts)
        stream, conn, bits = values[0], values[1], values[8]
        return Place(None if conn == _QUOTED else conn, stream, bits)

    def _follow_packet(self, packet: Packet) -> bool:
        """Follow one packet in row 0; whether it holds a TCP header."""
        time_ns = int64(packet.time_ns)
        scan.scan_frame(
            packet.data, time_ns, packet.wire_len, packet.link_type, packet.offset, packet.interface,
            self._rows, 0, self._seed,
        )  # fmt: skip
        self._slow.last = None
        if self._sums:
            self._sum_up(1, packet.data, packet.offset)
        if scan.next_slow(self._rows, 0, 1) == 0:
            # fragments are of one age whichever way they come, by the walks or by the readable reader
            self._slow.take(packet if time_ns == packet.time_ns else packet._replace(time_ns=time_ns), self._rows, 0)
        before = self._tracker.counts()[1]
        self._follow(1)
        return self._tracker.counts()[1] > before

    def _follow(self, count: int) -> None:
        self._tracker.follow(self._rows, count, self._facts, self._finished)
        if self._sink is not None and self._facts is not None and count:
            self._sink(self._rows, self._facts, count)

    def feed(self, reader: CaptureReader) -> None:
        for _ in self.steps(reader):
            pass

    def steps(self, reader: CaptureReader) -> Iterator[None]:
        """The same, with a pause after every chunk."""
        walk = row_walk(reader, self._rows, self._seed)
        if walk is None:
            for packet in reader:
                self._follow_packet(packet)
                yield
            return
        buffer = bytearray(CHUNK)
        filled = 0
        while True:
            with memoryview(buffer) as view:
                got = reader.source.readinto(view[filled:])
            filled += got
            at, stuck = self._follow_bytes(walk, buffer, filled, reader.source.tell() - filled)
            yield
            if got and not stuck and (at or filled < len(buffer)):
                if at:
                    buffer[: filled - at] = buffer[at:filled]
                    filled -= at
            elif self._follow_slowly(reader, bytes(buffer[at:filled])):
                filled = 0
            else:
                return

    def _follow_slowly(self, reader: CaptureReader, rest: bytes) -> bool:
        """Follow a few packets by the readable reader, which begins at `rest`; False at the end of the input."""
        reader.source.unread(rest)
        reader.resume(self.frames)
        packets = list(islice(reader, SLOWLY))
        for packet in packets:
            self._follow_packet(packet)
        return len(packets) == SLOWLY

    def _follow_bytes(self, walk: RowWalk, buffer: bytearray, end: int, base: int) -> tuple[int, bool]:
        """Follow the whole records in buffer[:end]; (position of the rest, whether the kernels cannot read it)."""
        at = 0
        if not end:
            return 0, False
        while True:
            count, at, why = walk(buffer, at, end, base)
            if self._sums:
                self._sum_up(count, buffer, base)
            self._slow.complete(self._rows, count, buffer, base)
            self._follow(count)
            if why != scan.FULL:
                return at, why != scan.DONE

    def _sum_up(self, count: int, buffer: bytes | bytearray, base: int) -> None:
        from synfin._kernels import sums

        sums.judge(self._rows, count, buffer, base)

    def connections(self) -> Iterator[RawConnection]:
        return raw_connections(self._tracker)

    def record_blocks(self) -> Iterator[bytes]:
        """The same as records of `follow.RECORD_FORMAT`, in the order in which they were made."""
        return (
            self._tracker.records(start, start + _RECORDS_AT_ONCE)
            for start in range(0, len(self._tracker), _RECORDS_AT_ONCE)
        )

    def drain(self, everything: bool = False) -> Iterator[bytes]:
        """Records of the connections that have left memory since; with `everything` the others leave, too.

        In the order of leaving, ties by `conn`.
        """
        while block := self._tracker.drain(everything, _RECORDS_AT_ONCE):
            yield block

    @property
    def connection_count(self) -> int:
        return self._tracker.connection_count()

    def connection(self, number: int) -> RawConnection | None:
        # Only headers quoted before their connection move a record away from the place of its number.
        for around in (0, _RECORDS_AT_ONCE):
            near = self._tracker.records(max(number - around, 0), number + around + 1)
            for values in _RECORD.iter_unpack(near):
                raw = _raw(*values)
                if raw.conn == number:
                    return raw
        return next((raw for raw in self.connections() if raw.conn == number), None)

    def from_client(self, facts: bytearray, count: int, out: bytearray) -> None:
        """For each of `count` facts of a second pass: 1 in `out` where the client sent the segment, else 0."""
        self._tracker.from_client(facts, count, out)


def thresholds() -> bytes:
    """What the tracker takes to look for signs of findings."""
    from synfin.watch.findings.bulk import limits

    return limits()


def raw_connections(tracker: follow.Tracker) -> Iterator[RawConnection]:
    """Every connection so far, in order of `conn`."""
    early: list[RawConnection] = []  # a quoted header made their record: it stands before their number's turn
    expected = 0
    for start in range(0, len(tracker), _RECORDS_AT_ONCE):
        for values in _RECORD.iter_unpack(tracker.records(start, start + _RECORDS_AT_ONCE)):
            heappush(early, _raw(*values))
            while early and early[0].conn == expected:
                yield heappop(early)
                expected += 1


def raws(records: bytes) -> Iterator[RawConnection]:
    """The connections of a block of records."""
    return (_raw(*values) for values in _RECORD.iter_unpack(records))


def _raw(
    marks: int, signs: int, payload_c: int, payload_s: int, wire_c: int, wire_s: int, first_ns: int, last_ns: int,
    leg_0: int, leg_1: int, client: bytes, server: bytes, conn: int, stream: int, first_frame: int, last_frame: int,
    packets_c: int, packets_s: int, retransmissions_c: int, retransmissions_s: int, vector_c: int, vector_s: int,
    completeness: int, port_c: int, port_s: int, history: bytes, history_len: int, ttl_c: int, ttl_s: int,
    v6: int, role_guessed: int, conn_state: int,
) -> RawConnection:  # fmt: skip
    size = 16 if v6 else 4
    return RawConnection(
        conn, stream, first_frame, last_frame, first_ns, last_ns,
        RawSide(client[:size], port_c, packets_c, payload_c, wire_c, retransmissions_c, ttl_c, vector_c),
        RawSide(server[:size], port_s, packets_s, payload_s, wire_s, retransmissions_s, ttl_s, vector_s),
        bool(role_guessed), marks, completeness, (leg_0, leg_1), history[:history_len], conn_state, signs,
    )  # fmt: skip
