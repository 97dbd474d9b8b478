"""Single rows of a block as the readable core would give them: the frame taken apart, and its facts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from struct import Struct, unpack_from
from typing import TYPE_CHECKING

from synfin._kernels import follow, scan
from synfin.capture.blocks import PacketOptions, packet_options, parse_enhanced
from synfin.capture.packet import Packet
from synfin.capture.pcap import RECORD_HEADER_LEN
from synfin.dissect.context import Datagram, Facts
from synfin.watch.engine.described import int64
from synfin.watch.follow.analysis import flag_names
from synfin.watch.follow.datagrams import NAMES, Datagrams
from synfin.watch.packets.blocks import BEFORE_DATA, Blocks
from synfin.watch.packets.column_fields import layout
from synfin.watch.packets.recalling import Recalling
from synfin.watch.packets.shown import Said, show
from synfin.wire import seq
from synfin.wire.frame import Frame, dissect
from synfin.wire.tcp import ACK, MIN_HEADER_LEN, Segment

if TYPE_CHECKING:
    from synfin.watch.connections.told_records import Records
    from synfin.watch.packets.spoken import Spoken
    from synfin.watch.recall.memory import Memory

_ROW, _FACT, _VALUE = Struct(scan.ROW_FORMAT), Struct(follow.FACT_FORMAT), Struct(follow.VALUE_FORMAT)
_PLACES = [scan.ROW_FIELDS.index(name) for name in ("offset", "cap_len", "wire_len", "link_type", "interface")]
_KIND_AT = layout(scan.ROW_FORMAT, scan.ROW_FIELDS)["kind"][0]
_KIND_TCP, _KIND_QUOTED = 1, 4  # of _kernels/row.pxd

Numbers = tuple[int, ...]  #: the members of a fact or a value


class Told:
    """Frames and facts of a block's rows.

    `record` finds the record of a connection, where those are asked for; `past` has seen the whole input before.
    """

    def __init__(self, blocks: Blocks, record: Records | None = None, past: Memory | None = None,
                 spoken: Spoken | None = None) -> None:  # fmt: skip
        self._blocks = blocks
        self.recalling = Recalling(blocks, self.packet, past)
        self._spoken = spoken  # where the bytes of connections are followed
        self._record = record
        self._shown_ns: int | None = None  # exact, where it was told here
        self._conversations = Datagrams()
        self._datagrams: dict[int, Mapping[int, Datagram]] = {}  # of this block's rows

    def row(self, index: int) -> tuple[Frame, Facts]:
        """One row; the same as `annotated` yields."""
        packet = self.packet(index)
        frame = self._frame(index, packet)
        facts = self._facts(index, packet, frame)
        if self._spoken is not None and facts.stream is not None:
            frame = self._spoken.row(index, frame, facts)
        return frame, facts

    def frame(self, index: int) -> Frame:
        """One row taken apart, without what stands above TCP."""
        return self._frame(index, self.packet(index))

    def see_datagrams(self) -> None:
        """Follow the UDP of a whole block: to be called for every block where that is asked for."""
        self._datagrams = {}
        for index in self._blocks.view.datagrams():
            frame = self._frame(index, self.packet(index))
            if any(layer.name in NAMES for layer in frame.layers):
                self._datagrams[index] = self._conversations.see(frame)

    def _frame(self, index: int, packet: Packet) -> Frame:
        kept = self._blocks.taken_apart.get(index)
        return dissect(packet) if kept is None else _numbered(kept, packet)

    def see_messages(self) -> None:
        """Follow the bytes of a whole block's connections: to be called for every block where that is asked for."""
        if self._spoken is not None:
            self._spoken.see(self)

    def shown(self, index: int) -> None:
        """A row was shown: the time since it is what the next one's `frame.time_delta_displayed` tells."""
        self._shown_ns = self._blocks.time_ns(index)
        self._blocks.view.shown(int64(self._shown_ns))

    def _shown_last(self) -> int | None:
        """The kernel writes lines too, and knows times in 64 bits."""
        last_ns = self._blocks.view.shown_last()
        return self._shown_ns if self._shown_ns is not None and int64(self._shown_ns) == last_ns else last_ns

    def rows(self) -> Iterator[tuple[Frame, Facts]]:
        """Every row of the block."""
        self.see_datagrams()
        self.recalling.see()
        self.see_messages()
        return map(self.row, range(self._blocks.count))

    def packet(self, index: int) -> Packet:
        """The packet as its reader would give it."""
        blocks = self._blocks
        if blocks.packet is not None:
            return blocks.packet
        values = _ROW.unpack_from(blocks.rows, index * _ROW.size)
        offset, cap_len, wire_len, link_type, interface = (values[place] for place in _PLACES)
        time_ns = blocks.time_ns(index)
        at = offset - blocks.base
        data = bytes(blocks.buffer[at : at + cap_len])
        in_block = blocks.reader is not None and blocks.reader.pcapng is not None
        told = self._options(at) if in_block else PacketOptions()
        record = offset - (BEFORE_DATA if in_block else RECORD_HEADER_LEN)
        return Packet(
            blocks.number(index), time_ns, link_type, data, wire_len, offset, interface, told.comments, told.flags,
            told.drops, record, told.noted, self._fcs_len(interface, told),
        )  # fmt: skip

    def _fcs_len(self, interface: int, told: PacketOptions) -> int | None:
        reader = self._blocks.reader
        if told.fcs_len is not None or reader is None or interface >= len(reader.interfaces):
            return told.fcs_len
        return reader.interfaces[interface].fcs_len

    def _options(self, at: int) -> PacketOptions:
        """Of a packet block, whose options follow the packet's bytes."""
        reader, buffer = self._blocks.reader, self._blocks.buffer
        assert reader is not None and reader.pcapng is not None
        order = reader.pcapng.byte_order
        (size,) = unpack_from(order + "I", buffer, at - BEFORE_DATA + 4)
        body = bytes(buffer[at - BEFORE_DATA + 8 : at - BEFORE_DATA + size - 4])
        return packet_options(body, parse_enhanced(body, order), order)

    def _facts(self, index: int, packet: Packet, frame: Frame) -> Facts:
        blocks, facts = self._blocks, Facts()
        facts.recalled = self.recalling.row(index)
        facts.frame_time_relative_ns = packet.time_ns - blocks.first_ns
        facts.frame_time_delta_ns = packet.time_ns - blocks.before_row_ns(index)
        shown_ns = self._shown_last()
        facts.frame_time_delta_displayed_ns = 0 if shown_ns is None else packet.time_ns - shown_ns
        reader = blocks.reader
        if reader is not None and packet.interface < len(reader.interfaces):
            interface = reader.interfaces[packet.interface]
            facts.time_decimals = interface.time_decimals
            facts.interface = interface if reader.pcapng is not None or interface.name else None
        if index in self._datagrams:
            facts.datagrams = self._datagrams[index]
        segment = frame.segment or frame.quoted
        kind = blocks.rows[index * _ROW.size + _KIND_AT]
        if blocks.facts is not None and kind & _KIND_TCP and segment is not None:
            self._fill(facts, index, segment, quoted=bool(kind & _KIND_QUOTED))
        elif kind & _KIND_TCP and segment is not None:
            self._mark(facts, index, segment, quoted=bool(kind & _KIND_QUOTED))
        return facts

    def _fill(self, facts: Facts, index: int, segment: Segment, *, quoted: bool) -> None:
        """As `synfin.watch.packets.annotate` fills them."""
        fact, value = self.numbers(index)
        fill(facts, fact, value, segment, quoted=quoted)
        if facts.conn is not None:
            facts.connection = None if self._record is None else self._record(facts.conn)

    def _mark(self, facts: Facts, index: int, segment: Segment, *, quoted: bool) -> None:
        """The same where only streams and flags were followed."""
        marks, streams = self._blocks.marks, self._blocks.streams
        if marks is None or streams is None:
            return
        facts.stream = streams[index]
        if segment.hdr_len >= MIN_HEADER_LEN and not (quoted or segment.cut or segment.options_cut):
            facts.analysis = flag_names(marks[index])

    def numbers(self, index: int) -> tuple[Numbers, Numbers | None]:
        """The fact and the value of a row that has some."""
        blocks = self._blocks
        assert blocks.facts is not None
        value = None if blocks.values is None else _VALUE.unpack_from(blocks.values, index * _VALUE.size)
        return _FACT.unpack_from(blocks.facts, index * _FACT.size), value


def fill(facts: Facts, fact: Numbers, values: Numbers | None, segment: Segment, *, quoted: bool) -> None:
    """What the kernels say of a segment; no record."""
    (
        facts.stream, conn, number, ack, window, scale, since_first, since_last, bits, facts.completeness, *_,
    ) = fact  # fmt: skip
    facts.conn = None if quoted else conn
    marks = 0 if values is None else values[-1]
    closes = bool(marks & follow.CLOSES) if marks & (follow.CLOSES | follow.FOLLOWS) else None
    fast_open = tuple(name for bit, name in follow.FAST_OPEN.items() if marks & bit)
    said = Said(
        number, ack, window, _factor(scale), since_first, since_last, bits, fast_open, closes, segment.options_cut,
        _bases(segment, number, ack),
    )  # fmt: skip
    if show(facts, segment, said, quoted=quoted) and values is not None and (bits or marks & follow.ANALYSED):
        facts.analysed = True
        _fill_values(facts, *values)


def _bases(segment: Segment, number: int, ack: int) -> tuple[int | None, int | None]:
    if segment.len_bytes is None:
        return None, None
    return seq.add(segment.seq, -number), seq.add(segment.ack, -ack) if segment.flags & ACK else None


def _factor(scale: int) -> int | None:
    if scale == follow.NO_SCALE:
        return None
    return scale if scale < 0 else 1 << scale


def _fill_values(
    facts: Facts, ack_rtt_ns: int, initial_rtt_ns: int, rto_ns: int, acks_frame: int, rto_frame: int,
    duplicate_ack_num: int, duplicate_ack_frame: int, bytes_in_flight: int, push_bytes_sent: int, marks: int,
) -> None:  # fmt: skip
    """0 is not shown, but where another number tells that it is."""
    facts.ack_rtt_ns, facts.initial_rtt_ns = ack_rtt_ns or None, initial_rtt_ns or None
    facts.acks_frame, facts.bytes_in_flight = acks_frame or None, bytes_in_flight or None
    facts.rto_ns, facts.rto_frame = (rto_ns, rto_frame) if rto_ns else (None, None)
    if duplicate_ack_num:
        facts.duplicate_ack_num, facts.duplicate_ack_frame = duplicate_ack_num, duplicate_ack_frame
    facts.push_bytes_sent = push_bytes_sent if bytes_in_flight else None


def _numbered(frame: Frame, packet: Packet) -> Frame:
    segment = None if frame.segment is None else replace(frame.segment, frame=packet.number)
    quoted = None if frame.quoted is None else replace(frame.quoted, frame=packet.number)
    return replace(frame, packet=packet, segment=segment, quoted=quoted)
