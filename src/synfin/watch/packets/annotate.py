"""Packets with what the watch knows of each: for listings, filters and packet details.

What can be read twice is read twice, so that every row shows final values as `tshark -2` does; else a row shows what
one pass knows.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from synfin.capture.packet import Packet
from synfin.capture.reader import CaptureReader, open_capture
from synfin.dissect.context import Facts
from synfin.dissect.ppp_walk import without_checks
from synfin.dissect.preferences import DEFAULT, Preferences
from synfin.watch.connections.record import Connection, Step
from synfin.watch.connections.records import record
from synfin.watch.engine.engines import engine
from synfin.watch.follow.accurate_ecn import AccurateEcn
from synfin.watch.follow.datagrams import NAMES, Datagrams
from synfin.watch.follow.flight import Values
from synfin.watch.follow.messages import Messages
from synfin.watch.follow.profile import TSHARK_4_0, Profile
from synfin.watch.follow.raw import RawConnection
from synfin.watch.follow.streams import Stream, StreamRow, revise
from synfin.watch.follow.tracker import Tracker
from synfin.watch.packets.column_fields import Needs, needs
from synfin.watch.packets.prefer import prefer
from synfin.watch.packets.shown import Said, show
from synfin.watch.recall.memory import Memory
from synfin.watch.story.stories import listen, packets
from synfin.wire.fragments import Reassembler
from synfin.wire.frame import Frame, dissect

#: fields that only a whole connection can tell
_OF_THE_STORY = (
    "synfin.phase", "synfin.client_state", "synfin.server_state", "synfin.opinion", "synfin.opinion.reason",
    "synfin.opinion.certain", "synfin.opinion.cause", "synfin.opinion.hole", "synfin.opinion.incarnation",
    "synfin.opinion.incarnation_reason",
)  # fmt: skip
_OF_THE_RECORD = "conn."


def needs_hindsight(fields: Collection[str]) -> bool:
    """Whether one of these fields can only be shown by a second pass."""
    return any(name in _OF_THE_STORY or name.startswith(_OF_THE_RECORD) for name in fields)


@dataclass(slots=True)
class Hindsight:
    """What a first pass over the whole input has found out."""

    streams: Sequence[Stream] = ()
    connections: Mapping[int, RawConnection] = field(default_factory=dict)  #: by `conn`
    steps: Mapping[int, Step] = field(default_factory=dict)  #: by frame number, where stories were asked for
    memory: Memory | None = None
    findings: Mapping[int, tuple[str, ...]] | None = None  #: by `conn`, where they were asked for
    _records: dict[int, Connection] = field(default_factory=dict)

    def connection(self, conn: int) -> Connection | None:
        """The record of a connection."""
        raw = self.connections.get(conn)
        if raw is not None and conn not in self._records:
            found = record(raw)
            if self.findings is not None:
                found = replace(found, findings=self.findings.get(conn, ()))
            self._records[conn] = found
        return self._records.get(conn)


@dataclass(slots=True)
class Annotator:
    """Gives the facts of packets in capture order; without `past` as one pass knows them."""

    past: Hindsight | None = None
    profile: Profile = TSHARK_4_0
    preferences: Preferences = DEFAULT
    messages: Messages | None = field(default_factory=Messages)  #: None where nothing above TCP is asked for
    _tracker: Tracker = field(init=False)
    _fragments: Reassembler = field(default_factory=Reassembler)
    _datagrams: Datagrams = field(default_factory=Datagrams)
    _memory: Memory = field(init=False)
    _agreed: AccurateEcn = field(default_factory=AccurateEcn)
    _places: dict[int, int] = field(default_factory=dict)  # packets of each stream so far
    _first_ns: int | None = None
    _last_ns: int = 0

    def __post_init__(self) -> None:
        self._tracker = Tracker(self.profile, detailed=True)
        self._memory = Memory(None if self.past is None else self.past.memory)

    def see(self, packet: Packet, reader: CaptureReader | None = None) -> tuple[Frame, Facts]:
        """A packet taken apart, and what is known of it."""
        frame = without_checks(dissect(packet, self._fragments), self.preferences)
        facts = Facts(preferences=self.preferences)
        self._note_time(packet.time_ns, facts)
        if reader is not None and packet.interface < len(reader.interfaces):
            interface = reader.interfaces[packet.interface]
            facts.time_decimals = interface.time_decimals
            facts.interface = interface if reader.pcapng is not None or interface.name else None
        if any(layer.name in NAMES for layer in frame.layers):
            facts.datagrams = self._datagrams.see(frame)
        found = self._tracker.follow(frame)
        facts.recalled = self._memory.see(frame, None if found is None else found[0].stream.number)
        if found is not None:
            row, tracked = found
            conn = None if row.quoted else tracked.number
            facts.conn = conn
            self._fill(facts, row)
            if self.preferences is not DEFAULT:
                prefer(facts, self.preferences, row)
            if self.past is not None and conn is not None:
                facts.connection = self.past.connection(conn)
                _fill_step(facts, self.past.steps.get(packet.number))
            if self.messages is not None and not row.quoted:
                frame = self.messages.see(frame, facts)
        return frame, facts

    def _note_time(self, time_ns: int, facts: Facts) -> None:
        if self._first_ns is None:
            self._first_ns = self._last_ns = time_ns
        facts.frame_time_relative_ns = time_ns - self._first_ns
        facts.frame_time_delta_ns = time_ns - self._last_ns
        self._last_ns = time_ns

    def _fill(self, facts: Facts, row: StreamRow) -> None:
        segment, stream = row.segment, row.stream
        if self.past is not None:
            stream = self.past.streams[stream.number]
            row = revise(row, stream)
        facts.stream, facts.completeness = stream.number, row.completeness
        facts.accurate_ecn = self._agreed.see(stream.number, segment) if not row.quoted else False
        if self.profile.newer_fields:
            facts.stream_packet = self._places[stream.number] = self._places.get(stream.number, 0) + 1
        scalefactor = row.scalefactor
        if scalefactor is None and segment.cut:
            scalefactor = stream.numbers.window(row.side, segment)[1]
        bases = stream.numbers.base[row.side], stream.numbers.base[1 - row.side]
        said = Said(
            row.seq, row.ack, row.window_size, scalefactor, row.since_first_ns, row.since_last_ns, row.bits,
            (row.fast_open,) if row.fast_open else (), row.closes, row.options_cut, bases,
        )  # fmt: skip
        if show(facts, segment, said, quoted=row.quoted) and row.values is not None:
            _fill_values(facts, row.values, row.initial_rtt_ns)


def _fill_values(facts: Facts, values: Values, initial_rtt_ns: int) -> None:
    if not values.analysed and not facts.analysed:
        return
    facts.analysed, facts.initial_rtt_ns = True, initial_rtt_ns or None
    facts.acks_frame, facts.ack_rtt_ns = values.acks_frame, values.ack_rtt_ns
    facts.rto_frame, facts.rto_ns = values.rto_frame, values.rto_ns
    facts.duplicate_ack_num, facts.duplicate_ack_frame = values.duplicate_ack_num, values.duplicate_ack_frame
    if values.partial_ack:
        facts.analysis = ("partial_ack", *facts.analysis)
    facts.bytes_in_flight, facts.push_bytes_sent = values.bytes_in_flight, values.push_bytes_sent


def _fill_step(facts: Facts, step: Step | None) -> None:
    if step is not None:
        facts.phase = step.phase
        facts.client_state, facts.server_state = step.client_after.label, step.server_after.label
        facts.opinion = step.opinion


def annotated(
    paths: Sequence[str],
    *,
    passes: int = 2,
    fields: Collection[str] = (),
    messages: bool | None = None,
    warnings: list[str] | None = None,
    profile: Profile = TSHARK_4_0,
    preferences: Preferences = DEFAULT,
    last: int | None = None,
) -> Iterator[tuple[Frame, Facts]]:
    """Every frame of the captures, read in the order given as one input, with its facts.

    `passes` 2 reads everything twice and is only for what can be read twice. `fields` names what will be asked for:
    phases and states are worked out only then. What stands above TCP is followed where `fields` ask for it, or name
    nothing, unless `messages` says so or not. Warnings are appended. `profile` says whose rules hold,
    `preferences` what they leave to choose. Both passes end with frame number `last`.
    """
    stories = any(name in _OF_THE_STORY for name in fields)
    findings = "conn.findings" in fields
    asked = (not fields or bool(needs(fields) & Needs.MESSAGES)) if messages is None else messages
    first, past = Messages(warnings=warnings) if asked else None, None
    if passes == 2:
        past = _look_back(paths, profile, first, last, stories=stories, findings=findings)
    followed = first if first is None or past is None else Messages(first)
    annotator = Annotator(past, profile, preferences, followed)
    for packet, reader in packets(paths, warnings, last=last):
        yield annotator.see(packet, reader)


def _look_back(
    paths: Sequence[str],
    profile: Profile,
    messages: Messages | None,
    last: int | None,
    *,
    stories: bool,
    findings: bool,
) -> Hindsight:
    """A first pass; findings are those of the records, which the engine of `conns` notices on a pass of its own."""
    memory = Memory()
    heard = listen(paths, profile=profile, segments=stories, messages=messages, also=memory.see, last=last)
    steps = {step.segment.frame: step for story in heard.stories() for step in story.steps}
    noticed = _noticed(paths, last) if findings else None
    return Hindsight(heard.tracker.streams.streams, heard.connections, steps, memory, noticed)


def _noticed(paths: Sequence[str], last: int | None) -> Mapping[int, tuple[str, ...]]:
    following = engine(records_only=last is None, findings=True)
    if last is not None:
        for packet, _ in packets(paths, None, last=last):
            following.see(packet)
    else:
        for path in paths:
            with open_capture(path, first_number=following.frames + 1) as reader:
                following.feed(reader)
    return {raw.conn: record(raw).findings for raw in following.connections()}
