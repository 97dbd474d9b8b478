"""The compiled kernels and the readable core give the same answers: packet by packet, and connection by connection."""

from __future__ import annotations

import random
import struct
from array import array
from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fuzz_tunnels
import needs
import traffic.adversarial as adversarial
from synfin.capture.packet import Packet
from synfin.capture.pcap import PcapWriter
from synfin.capture.reader import open_capture
from synfin.errors import UnreadableInput
from synfin.tcp.state import NO_ROW, matrix, state_of
from synfin.watch.connections.records import record
from synfin.watch.connections.verdict import decide
from synfin.watch.engine.readable import ReadableEngine
from synfin.watch.follow.flight import Values
from synfin.watch.follow.raw import RawConnection
from synfin.watch.follow.streams import StreamRow, revise
from synfin.watch.follow.tracker import Tracked, Tracker
from synfin.watch.story.story import tell
from synfin.wire.fragments import Reassembler
from synfin.wire.frame import SUPPORTED, Frame, dissect
from synfin.wire.tcp import Segment

DATA = Path(__file__).parent / "data"
RECORDED = sorted(DATA.glob("*.pcapng"))  #: made by `synfin lab SCENARIO -w`

FLAGS = (0x02, 0x12, 0x10, 0x18, 0x11, 0x19, 0x04, 0x14, 0x01, 0x00, 0x29, 0x0C2, 0x03)


@pytest.fixture(autouse=True)
def kernels() -> None:
    needs.have("kernels")


# --- frames -----------------------------------------------------------------------------------------------------------


def row_of(packet: Packet) -> dict[str, object]:
    """What the kernel `scan` sees in a packet, and the readable code where it left the packet to that."""
    from synfin._kernels import scan
    from synfin.watch.engine.slow import SlowPath

    rows = bytearray(scan.row_size())
    scan.scan_frame(
        packet.data, packet.time_ns, packet.wire_len, packet.link_type, packet.offset, packet.interface, rows, 0, 7
    )
    if scan.next_slow(rows, 0, 1) == 0:
        SlowPath(7).take(packet, rows, 0)
    return dict(zip(scan.ROW_FIELDS, struct.unpack(scan.ROW_FORMAT, rows), strict=True))


def told(frame: Frame) -> tuple[object, ...]:
    """What the readable core sees, in the same terms."""
    segment = frame.segment or frame.quoted
    return (*_told(segment), frame.quoted is not None, frame.reason)


def _told(segment: Segment | None) -> tuple[object, ...]:
    if segment is None:
        return (None,)
    return (
        (segment.src, segment.src_port), (segment.dst, segment.dst_port), segment.seq, segment.ack, segment.flags,
        segment.window, segment.hdr_len, segment.len_bytes, segment.ttl, segment.ip_id or 0,
    )  # fmt: skip


def told_by_kernel(row: dict[str, object]) -> tuple[object, ...]:
    from synfin._kernels import scan

    kind = int(str(row["kind"]))
    reason = scan.REASONS[int(str(row["reason"]))]
    if not kind & 1:
        return (None, False, reason)
    size = 16 if kind & 2 else 4
    low, high = (bytes(row["low"])[:size], row["low_port"]), (bytes(row["high"])[:size], row["high_port"])  # type: ignore[call-overload]
    here, there = (high, low) if kind & 8 else (low, high)
    length = None if row["len_bytes"] == -1 else row["len_bytes"]
    return (
        here, there, row["seq"], row["ack"], row["flags"], row["window"], row["hdr_len"], length, row["ttl"],
        row["ip_id"], bool(kind & 4), reason,
    )  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(st.sampled_from([*sorted(SUPPORTED), 9, 147]), st.binary(max_size=160), st.integers(0, 300))
def test_scan_sees_in_random_bytes_what_the_readable_core_sees(link: int, data: bytes, wire_len: int) -> None:
    packet = Packet(1, 0, link, data, wire_len)
    assert told_by_kernel(row_of(packet)) == told(dissect(packet, Reassembler()))


@settings(max_examples=300, deadline=None)
@given(st.randoms(use_true_random=False), st.integers(0, 8), st.booleans())
def test_scan_sees_in_broken_segments_what_the_readable_core_sees(dice: random.Random, broken: int, v6: bool) -> None:
    data = bytearray(frame(dice, v6=v6))
    for _ in range(broken):
        data[dice.randrange(len(data))] = dice.randrange(256)
    cut = dice.choice([len(data), dice.randrange(len(data) + 1)])
    packet = Packet(1, 0, 1, bytes(data[:cut]), dice.choice([len(data), len(data) + 9, cut]))
    assert told_by_kernel(row_of(packet)) == told(dissect(packet, Reassembler()))


@settings(max_examples=1000, deadline=None)
@given(st.randoms(use_true_random=False), st.integers(0, 3))
def test_scan_sees_in_nested_headers_what_the_readable_core_sees(dice: random.Random, broken: int) -> None:
    link, packed = fuzz_tunnels.frame(dice)
    data = bytearray(packed)
    for _ in range(broken):
        data[dice.randrange(len(data))] = dice.randrange(256)
    if dice.random() < 0.4:
        del data[dice.randrange(len(data) + 1) :]
    packet = Packet(1, 0, link, bytes(data), max(len(data) + dice.choice((0, 0, 100, -5)), 0))
    row, found = row_of(packet), dissect(packet, Reassembler())
    assert told_by_kernel(row) == told(found)
    if found.segment is not None and found.tcp is not None:
        assert (row["at"], row["captured"]) == (found.tcp.start, len(found.segment.payload))


@settings(max_examples=600, deadline=None)
@given(st.randoms(use_true_random=False), st.integers(0, 4), st.booleans(), st.booleans())
def test_a_row_is_the_same_by_the_short_way_and_by_the_long_one(
    dice: random.Random, broken: int, v6: bool, tagged: bool
) -> None:
    """Frames of Ethernet have a short way through the kernel, the same packets without a link layer have not."""
    data = bytearray(frame(dice, v6=v6)[14:])
    for _ in range(broken):
        data[dice.randrange(len(data))] = dice.randrange(256)
    del data[dice.choice([len(data), dice.randrange(len(data) + 1)]) :]
    unsent = dice.choice([0, 0, 7, 2000])
    kind = b"\x86\xdd" if v6 else b"\x08\x00"
    link = bytes(12) + (b"\x81\x00\x20\x05" if tagged else b"") + kind
    short = row_of(Packet(1, 5, 1, link + data, len(link) + len(data) + unsent))
    long = row_of(Packet(1, 5, 229 if v6 else 228, bytes(data), len(data) + unsent))
    if int(str(short["kind"])) & 1:
        assert int(str(short["at"])) == int(str(long["at"])) + len(link)
        names = set(short) - {"at", "cap_len", "wire_len", "link_type"}
        assert {name: short[name] for name in names} == {name: long[name] for name in names}
    else:
        assert (short["kind"], short["reason"]) == (long["kind"], long["reason"])


@pytest.mark.parametrize("length", [68, 60, 48, 47, 20, 8, 0])
def test_an_802_3_length_ends_the_datagram(length: int) -> None:
    """What IP claims beyond it does not count, as in tshark."""
    segment = struct.pack(">HHIIHHHH", 1, 2, 3, 4, 5 << 12 | 0x18, 100, 0, 0) + bytes(20)
    network = struct.pack(">BBHHHBBH", 0x45, 0, 60, 0, 0, 64, 6, 0) + b"\x0a\x00\x00\x01\x0a\x00\x00\x02"
    data = bytes(12) + struct.pack(">H", length) + b"\xaa\xaa\x03\x00\x00\x00\x08\x00" + network + segment
    packet = Packet(1, 0, 1, data, len(data))
    assert told_by_kernel(row_of(packet)) == told(dissect(packet))
    found = dissect(packet).segment
    assert (found.len_bytes if found else None) == (length - 48 if length >= 48 else None)


@pytest.mark.parametrize("total", [40, 39, 36, 35, 30, 20, 19, 0])
def test_a_quoted_header_needs_16_bytes_by_its_own_datagram(total: int) -> None:
    about = bytearray(frame(random.Random(1)))
    about[16:18] = struct.pack(">H", total)
    packet = Packet(1, 0, 1, quoting(random.Random(1), bytes(about)), 82)
    assert told_by_kernel(row_of(packet)) == told(dissect(packet))
    assert (dissect(packet).quoted is not None) == (total in (40, 39, 36, 0)), "0 stands for the frame's end"


# --- connections ------------------------------------------------------------------------------------------------------


def frame(dice: random.Random, *, v6: bool = False) -> bytes:
    """An Ethernet frame with a segment of one of a few connections whose numbers lie close together."""
    ports = dice.choice([(1000, 80), (1000, 80), (1001, 80), (80, 80)])
    hosts = (
        [b"\x0a\x00\x00\x01", b"\x0a\x00\x00\x02"]
        if not v6
        else [b"\xfd" + bytes(14) + b"\x01", b"\xfd" + bytes(14) + b"\x02"]
    )
    if dice.random() < 0.5:
        ports, hosts = ports[::-1], hosts[::-1]
    base = dice.choice([0xFFFFFFF0, 0, 5000])
    length = dice.choice([0, 0, 0, 1, 5, 20])
    options = dice.choice(
        [b"", b"", b"\x03\x03\x07\x01", b"\x02\x04\x05\xb4", b"\x08\x0a" + bytes(8) + b"\x01\x01", b"\x03\x03\x10"]
    )
    options += bytes(-len(options) % 4)
    header = struct.pack(
        ">HHIIHHHH", *ports, (base + dice.randrange(60)) % 2**32, (base + dice.randrange(60)) % 2**32,
        (5 + len(options) // 4) << 12 | dice.choice(FLAGS), dice.choice([0, 1, 500, 500, 65535]), 0, 0,
    ) + options  # fmt: skip
    segment = header + bytes(length)
    if v6:
        network = struct.pack(">IHBB", 6 << 28, len(segment), 6, 64) + hosts[0] + hosts[1]
    else:
        network = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(segment), dice.randrange(9), 0, 64, 6, 0)
        network += hosts[0] + hosts[1]
    return bytes(12) + (b"\x86\xdd" if v6 else b"\x08\x00") + network + segment


def quoting(dice: random.Random, about: bytes) -> bytes:
    """An ICMP error about an IPv4 frame."""
    message = struct.pack(">BBHI", dice.choice([3, 11]), dice.choice([0, 1, 3, 4, 13]), 0, 0) + about[14:54]
    network = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(message), 0, 0, 64, 1, 0) + b"\x0a\x00\x00\x09\x0a\x00\x00\x01"
    return bytes(12) + b"\x08\x00" + network + message


def conversation(seed: int, size: int) -> list[Packet]:
    """Random segments of a few connections: order, numbers and times mean nothing, and every rule is met."""
    dice = random.Random(seed)
    packets, time_ns = [], dice.choice([0, 10**18])
    for number in range(1, size + 1):
        time_ns += dice.choice([0, 1000, 2_000_000, 4_000_000, 30_000_000, 1_000_000_000, -5000])
        data = frame(dice, v6=dice.random() < 0.2)
        if data[12:14] == b"\x08\x00" and dice.random() < 0.05:
            data = quoting(dice, data)
        packets.append(Packet(number, max(time_ns, 0), 1, data, len(data)))
    return packets


def readable_rows(
    packets: Sequence[Packet],
) -> tuple[list[tuple[object, ...]], list[tuple[object, ...]], list[RawConnection]]:
    """Facts of one pass, of a second pass, and the connections, by the readable core."""
    tracker, again = Tracker(detailed=True), Tracker(detailed=True)
    first = [found for packet in packets if (found := tracker.follow(dissect(packet)))]
    one = [_facts(*found) for found in first]
    connections = tracker.connections()
    second = [found for packet in packets if (found := again.follow(dissect(packet)))]
    two = [_facts(revise(row, tracker.streams.streams[row.stream.number]), tracked) for row, tracked in second]
    return one, two, connections


def _facts(row: object, tracked: object) -> tuple[object, ...]:
    assert isinstance(row, StreamRow) and isinstance(tracked, Tracked)
    return (
        row.stream.number, None if row.quoted else tracked.number, row.seq, row.ack, row.window_size, row.scalefactor,
        row.since_first_ns, row.since_last_ns, row.bits, row.completeness, row.side, _values(row),
    )  # fmt: skip


def _values(row: StreamRow) -> tuple[object, ...]:
    """The numbers beside the flags; 0 for what is not shown."""
    known = row.values or Values()
    number, frame = known.duplicate_ack_num, known.duplicate_ack_frame
    return (
        known.ack_rtt_ns or 0, row.initial_rtt_ns, known.rto_ns or 0, known.acks_frame or 0, known.rto_frame or 0,
        number or 0, frame or 0, known.bytes_in_flight or 0, known.push_bytes_sent or 0,
        known.analysed or bool(row.bits), row.closes, row.fast_open,
    )  # fmt: skip


def kernel_rows(
    packets: Sequence[Packet],
    compare_quick: bool = True,
) -> tuple[list[tuple[object, ...]], list[tuple[object, ...]], list[RawConnection]]:
    """The same by the kernels."""
    from synfin._kernels import follow, scan
    from synfin.watch.engine.compiled import raw_connections

    rows = bytearray(len(packets) * scan.row_size())
    facts = bytearray(len(packets) * follow.fact_size())
    for index, packet in enumerate(packets):
        scan.scan_frame(
            packet.data,
            packet.time_ns,
            packet.wire_len,
            packet.link_type,
            packet.offset,
            packet.interface,
            rows,
            index,
            3,
        )
    values = bytearray(len(packets) * follow.value_size())
    quick, first, second = follow.Tracker(matrix()), follow.Tracker(matrix(), True), follow.Tracker(matrix(), True)
    quick.follow(rows, len(packets), facts)
    plain = bytes(facts)
    first.follow(rows, len(packets), facts, None, values)
    assert not compare_quick or facts == plain, "the flags depend on whether values are asked for"
    connections = list(raw_connections(first))
    one = list(_unpacked(rows, facts, values))
    second.follow(rows, len(packets), facts, first, values)
    return one, list(_unpacked(rows, facts, values)), connections


def _unpacked(rows: bytearray, facts: bytearray, values: bytearray) -> Iterable[tuple[object, ...]]:
    from synfin._kernels import follow, scan

    for row, fact, value in zip(
        struct.iter_unpack(scan.ROW_FORMAT, rows),
        struct.iter_unpack(follow.FACT_FORMAT, facts),
        struct.iter_unpack(follow.VALUE_FORMAT, values),
        strict=True,
    ):
        kind = row[scan.ROW_FIELDS.index("kind")]
        if kind & 1:
            stream, conn, seq, ack, window, scale, since_first, since_last, bits, completeness, side = fact[:11]
            factor = None if scale == follow.NO_SCALE else scale if scale < 0 else 1 << scale
            yield (
                stream, None if kind & 4 else conn, seq, ack, window, factor, since_first, since_last, bits,
                completeness, side, _unpacked_value(value),
            )  # fmt: skip


def _unpacked_value(value: tuple[int, ...]) -> tuple[object, ...]:
    from synfin._kernels import follow

    marks = value[-1]
    closes = True if marks & follow.CLOSES else False if marks & follow.FOLLOWS else None
    fast_open = "".join(name for mark, name in follow.FAST_OPEN.items() if marks & mark)
    return (*value[:-1], bool(marks & follow.ANALYSED), closes, fast_open)


@settings(max_examples=120, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 60))
def test_follow_agrees_with_the_readable_core_on_random_segments(seed: int, size: int) -> None:
    packets = conversation(seed, size)
    assert kernel_rows(packets) == readable_rows(packets)


def test_follow_agrees_on_a_long_conversation() -> None:
    packets = conversation(20260102, 6000)
    assert kernel_rows(packets) == readable_rows(packets)


def test_follow_agrees_on_adversarial_traffic() -> None:
    for seed in range(3):
        packets = list(adversarial.packets(seed, 2500))
        assert kernel_rows(packets) == readable_rows(packets)


def test_follow_agrees_where_too_much_is_in_flight() -> None:
    """Beyond 10,000 segments in flight none is noted, and SYN and FIN take no number."""
    packets = list(adversarial.unanswered(10_050))
    rows, kernel = readable_rows(packets), kernel_rows(packets, compare_quick=False)
    assert kernel == rows


def test_both_engines_agree_on_every_capture(captures_dir: Path) -> None:
    from synfin.watch.engine.compiled import CompiledEngine

    for path in sorted(path for path in captures_dir.glob("*/*") if path.is_file()):
        try:
            one, other = open_capture(path), open_capture(path)
        except UnreadableInput:
            continue
        with one, other:
            compiled, readable = CompiledEngine(), ReadableEngine()
            compiled.feed(one)
            readable.feed(other)
        assert (compiled.frames, compiled.segments) == (readable.frames, readable.segments), path
        assert one.warnings == other.warnings, path
        if path.name != "pcapng-example.pcapng":  # its clock is beyond 64 bits of nanoseconds
            assert list(compiled.connections()) == list(readable.connections()), path
        needs.captures_ran(path)


@pytest.mark.parametrize("seed", range(20))
def test_follow_agrees_wherever_the_clock_stands(seed: int) -> None:
    """Before 1970 too, and with jumps of a century."""
    dice = random.Random(seed)
    jumps = (-(2**62), 2**62 - 1, 0, -1, 3 * 10**9)
    packets = [packet._replace(time_ns=dice.choice(jumps)) for packet in conversation(seed, 60)]
    assert kernel_rows(packets) == readable_rows(packets)


def test_a_time_that_spans_64_bits_settles_a_connection() -> None:
    first, last = conversation(3, 2)
    packets = [first._replace(time_ns=-(2**63)), last._replace(time_ns=2**63 - 1)]
    kernel, readable = kernel_rows(packets)[2], readable_rows(packets)[2]
    assert [one.marks for one in kernel] == [one.marks for one in readable]


def test_connections_whose_hashes_collide_stay_apart() -> None:
    from synfin._kernels import follow, scan

    packets = conversation(11, 300)
    rows, size = bytearray(), scan.row_size()
    for packet in packets:
        row = bytearray(size)
        scan.scan_frame(packet.data, packet.time_ns, packet.wire_len, 1, 0, 0, row, 0, 3)
        rows += row
    alike = bytearray(rows)
    for at in range(0, len(alike), size):
        alike[at + 16 : at + 24] = b"\xff" * 8
    found = []
    for given_rows in (rows, alike):
        tracker, facts = follow.Tracker(matrix()), bytearray(len(packets) * follow.fact_size())
        tracker.follow(given_rows, len(packets), facts)
        found.append((bytes(facts), tracker.records(0, len(packets))))
    assert found[0] == found[1]


def test_a_stream_of_many_incarnations_takes_a_step_for_each() -> None:
    """Not one for each pair of them: 5 000 000 000 steps would not go unnoticed."""
    from synfin._kernels import follow, scan

    count, size = 100_000, scan.row_size()
    segments = ((5, 0, 0x02), (6, 9, 0x10), (6, 9, 0x14))
    header = [struct.pack(">HHIIHHHH", 1000, 80, *numbers, 5 << 12 | flags, 5, 0, 0) for *numbers, flags in segments]
    network = struct.pack(">BBHHHBBH", 0x45, 0, 40, 0, 0, 64, 6, 0) + b"\x0a\x00\x00\x01\x0a\x00\x00\x02"
    rows = bytearray(3 * size)
    for index in range(3):
        scan.scan_frame(network + header[index], 0, 40, 101, 0, 0, rows, index, 3)
    first, second = follow.Tracker(matrix()), follow.Tracker(matrix())
    many, facts = rows * count, bytearray(3 * count * follow.fact_size())
    first.follow(many, 3 * count, facts)
    assert len(first) == count
    second.follow(many, 3 * count, facts, first)
    assert len(first.records(0, count)) == count * follow.record_size()


@settings(max_examples=200, deadline=None)
@given(st.randoms(use_true_random=False), st.integers(1, 40))
def test_follow_survives_rows_that_scan_never_writes(dice: random.Random, count: int) -> None:
    from synfin._kernels import follow, scan

    rows = bytearray(dice.randbytes(count * scan.row_size()))
    few = dice.randbytes(32)
    for at in range(0, len(rows), scan.row_size()):
        rows[at + 16 : at + 56] = bytes(7) + few[:1] + few  # a hash and endpoints that come again
    tracker, facts = follow.Tracker(matrix()), bytearray(count * follow.fact_size())
    tracker.follow(rows, count, facts)
    follow.Tracker(matrix()).follow(rows, count, facts, tracker)
    tracker.follow(rows, count, facts, tracker)
    assert len(tracker) <= 2 * count


def test_kernels_refuse_what_does_not_fit() -> None:
    from synfin._kernels import follow, scan

    tracker, rows, facts = follow.Tracker(matrix()), bytearray(scan.row_size()), bytearray(follow.fact_size())
    for count in (2, 1 << 60, 1 << 62, (1 << 63) - 1):
        with pytest.raises(IndexError):
            tracker.follow(rows, count, facts)
    for index in (-1, 1, 1 << 60, (1 << 63) - 1):
        with pytest.raises(IndexError):
            scan.scan_frame(b"", 0, 0, 1, 0, 0, rows, index, 0)
    for start, end in ((-1, 2), (0, 3)):
        with pytest.raises(IndexError):
            scan.scan_pcap(b"ab", start, end, 0, 0, 1, 1, rows, 0)
        with pytest.raises(IndexError):
            scan.scan_pcapng(b"ab", start, end, 0, 0, array("q"), rows, 0)
    for wrong in (b"", matrix()[:-1], matrix() + b"\0", b"\x0c" * 384):
        with pytest.raises(ValueError, match="matrix"):
            follow.Tracker(wrong)
    with pytest.raises(OverflowError):
        tracker.records(-1, 1)
    assert tracker.records(5, 1) == tracker.records(0, 0xFFFFFFFF) == b""


# --- states -----------------------------------------------------------------------------------------------------------


def stepped(packets: Iterable[Packet]) -> dict[int, list[tuple[Segment, tuple[int, int]]]]:
    """By connection: its segments, with the matrix rows of sender and receiver after each (NO_ROW: handed over)."""
    from synfin._kernels import follow, scan
    from synfin.watch.engine.slow import SlowPath

    tracker, slow, fragments = follow.Tracker(matrix()), SlowPath(1), Reassembler()
    rows, facts = bytearray(scan.row_size()), bytearray(follow.fact_size())
    found: dict[int, list[tuple[Segment, tuple[int, int]]]] = {}
    for packet in packets:
        segment = dissect(packet, fragments).segment
        time_ns = packet.time_ns % 2**62
        scan.scan_frame(packet.data, time_ns, packet.wire_len, packet.link_type, 0, 0, rows, 0, 1)
        if scan.next_slow(rows, 0, 1) == 0:
            slow.take(packet, rows, 0)
        tracker.follow(rows, 1, facts)
        if segment is not None:
            fact = dict(zip(follow.FACT_FIELDS, struct.unpack(follow.FACT_FORMAT, facts), strict=True))
            ends = (fact["state_high"], fact["state_low"]) if fact["side"] else (fact["state_low"], fact["state_high"])
            found.setdefault(fact["conn"], []).append((segment, ends))
    return found


def undisturbed(path: Path) -> list[tuple[RawConnection, list[tuple[Segment, tuple[int, int]]]]]:
    """The connections of a capture that opened completely and that the stepping kernel never handed over."""
    engine = ReadableEngine()
    with open_capture(path) as reader:
        packets = list(reader)
    for packet in packets:
        engine.see(packet)
    by_conn = stepped(packets)
    return [
        (raw, by_conn[raw.conn])
        for raw in engine.connections()
        if by_conn[raw.conn][-1][1][0] != NO_ROW and decide(raw.marks).open == "open.normal"
    ]


def assert_states_of_the_story(path: Path) -> int:
    """Stepping through the matrix gives the likely states of the story, after every segment; how many there were."""
    compared = 0
    for raw, segments in undisturbed(path):
        story = tell([segment for segment, _ in segments], record(raw))
        for step, (segment, (sender, receiver)) in zip(story.steps, segments, strict=True):
            ours = (
                (step.client_after, step.server_after) if step.from_client else (step.server_after, step.client_after)
            )
            assert (state_of(sender), state_of(receiver)) == ours, f"{path} frame {segment.frame}"
            compared += 1
    return compared


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)
def test_the_matrix_leads_through_the_labs_connections_as_the_story_does(path: Path) -> None:
    assert_states_of_the_story(path)


def test_the_matrix_leads_through_textbook_and_half_close_to_the_end() -> None:
    for name, count in (("textbook", 9), ("half-close", 11), ("three-segment", 8)):
        assert assert_states_of_the_story(DATA / f"{name}.pcapng") == count


def test_the_matrix_leads_through_undisturbed_connections_as_the_story_does(captures_dir: Path) -> None:
    compared = 0
    for path in sorted(path for path in captures_dir.glob("*/*") if path.is_file()):
        try:
            compared += assert_states_of_the_story(path)
        except UnreadableInput:
            continue
        needs.captures_ran(path)
    assert compared > 5000


# --- the engine's walk over bytes -------------------------------------------------------------------------------------


@pytest.mark.parametrize("chunk", [16, 40, 57, 4096])
def test_records_may_be_cut_anywhere_by_the_chunks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chunk: int) -> None:
    from synfin.watch.engine import compiled

    packets = conversation(7, 200)
    path = tmp_path / "a.pcap"
    with path.open("wb") as file:
        writer = PcapWriter(file, 1)
        for packet in packets:
            writer.write(packet)
    monkeypatch.setattr(compiled, "CHUNK", chunk)
    engine = compiled.CompiledEngine()
    with open_capture(path) as reader:
        engine.feed(reader)
    assert engine.frames == len(packets)
    assert list(engine.connections()) == readable_rows(packets)[2]


def test_the_places_of_signs_are_in_the_order_of_their_names() -> None:
    needs.have("kernels")
    import synfin._kernels
    from synfin._kernels.signs import LIMITS, SIGNS

    folder = Path(synfin._kernels.__path__[0])
    places = (folder / "sign.pxd").read_text().partition("cdef enum:\n")[2].partition("\n\n")[0].split()
    assert tuple(place.lower() for place in places) == SIGNS
    limits = (folder / "noticed.pxd").read_text().partition("struct Limits:\n")[2].partition("\n\n")[0]
    names = [line.split()[1] for line in limits.splitlines()]
    assert names == [name.lower().replace("backoff_ratio", "backoff") for name in LIMITS]
