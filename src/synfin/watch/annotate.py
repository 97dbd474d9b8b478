"""Packets with what the watch knows of each: for listings, filters and packet details.

A regular file is read twice, so that every row shows final values as `tshark -2` does; what cannot be read again is
shown as one pass knows it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from synfin.capture.packet import Packet
from synfin.capture.reader import CaptureReader, open_capture
from synfin.dissect.context import Facts
from synfin.watch.analysis import flag_names
from synfin.watch.streams import StreamRow, StreamTable, revise
from synfin.watch.tracker import Tracker
from synfin.wire import seq
from synfin.wire.frame import Frame, dissect
from synfin.wire.tcp import FIN, MIN_HEADER_LEN, SYN


@dataclass(slots=True)
class Annotator:
    """Gives the facts of frames in capture order; `final` holds the streams after an earlier pass."""

    final: StreamTable | None = None
    tracker: Tracker = field(default_factory=Tracker)
    _first_ns: int | None = None
    _last_ns: int = 0

    def see(self, packet: Packet, reader: CaptureReader | None = None) -> tuple[Frame, Facts]:
        """A packet taken apart, and what is known of it."""
        frame = dissect(packet)
        facts = Facts()
        if self._first_ns is None:
            self._first_ns = self._last_ns = packet.time_ns
        facts.frame_time_relative_ns = packet.time_ns - self._first_ns
        facts.frame_time_delta_ns = packet.time_ns - self._last_ns
        self._last_ns = packet.time_ns
        if reader is not None and reader.pcapng is not None and packet.interface < len(reader.interfaces):
            facts.interface = reader.interfaces[packet.interface]
        found = self.tracker.follow(frame)
        if found is not None:
            row, tracked = found
            if self.final is not None:
                row = revise(row, self.final.streams[row.stream.number])
            facts.conn = None if row.quoted else tracked.number
            _fill(facts, row, self.final)
        return frame, facts


def _fill(facts: Facts, row: StreamRow, final: StreamTable | None) -> None:
    facts.stream = row.stream.number
    facts.completeness = row.completeness
    segment = row.segment
    if segment.hdr_len < MIN_HEADER_LEN:
        facts.seq = row.seq  # tshark stops reading there
        return
    facts.time_relative_ns, facts.time_delta_ns = row.since_first_ns, row.since_last_ns
    if row.quoted:
        return
    facts.seq, facts.ack = row.seq, row.ack
    facts.window_size, facts.scalefactor = row.window_size, row.scalefactor
    facts.analysis = flag_names(row.bits)
    facts.analysed = bool(row.bits)
    if segment.len_bytes is not None:
        facts.nxtseq = seq.add(row.seq, segment.len_bytes + bool(segment.flags & (SYN | FIN)))
    stream = row.stream if final is None else final.streams[row.stream.number]
    facts.base_seq_sender = stream.numbers.base[row.side]
    facts.base_seq_receiver = stream.numbers.base[1 - row.side]


def annotated(
    paths: Sequence[str], *, passes: int = 2, warnings: list[str] | None = None
) -> Iterator[tuple[Frame, Facts]]:
    """Every frame of the captures, read in the order given as one input, with its facts.

    `passes` 2 reads everything twice and is only for what can be read twice. Warnings of the readers are appended.
    """
    final = None
    if passes == 2:
        first = Annotator()
        for packet, _ in _packets(paths, None):
            first.tracker.follow(dissect(packet))
        final = first.tracker.streams
    annotator = Annotator(final)
    for packet, reader in _packets(paths, warnings):
        yield annotator.see(packet, reader)


def _packets(paths: Sequence[str], warnings: list[str] | None) -> Iterator[tuple[Packet, CaptureReader]]:
    number = 0
    for path in paths:
        with open_capture(path, first_number=number + 1) as reader:
            for packet in reader:
                number = packet.number
                yield packet, reader
            if warnings is not None:
                warnings.extend(reader.warnings)
