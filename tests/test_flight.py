"""The numbers beside tshark's flags, on exchanges small enough to count by hand."""

from __future__ import annotations

from dataclasses import replace

from segments import HANDSHAKE, STEP_NS, exchange
from synfin.watch.follow.flight import MAX_IN_FLIGHT, Flight, Sent, Values
from synfin.watch.follow.streams import StreamRow, StreamTable
from synfin.wire.tcp import Segment


def rows(text: str, options: dict[int, bytes] | None = None) -> list[StreamRow]:
    """`options` replaces those of some segments, by frame."""
    table = StreamTable(detailed=True)
    return [table.follow(_with(segment, (options or {}).get(segment.frame))) for segment in exchange(text).segments]


def _with(segment: Segment, options: bytes | None) -> Segment:
    return segment if options is None else replace(segment, options=options, hdr_len=20 + len(options))


def values(text: str, options: dict[int, bytes] | None = None) -> Values:
    """Of the last segment."""
    found = rows(text, options)[-1].values
    assert found is not None
    return found


DATA = HANDSHAKE + "C ACK seq=1 ack=1 len=100\nC PSH,ACK seq=101 ack=1 len=50\n"


def test_an_ack_names_the_frame_it_acknowledges_and_its_age() -> None:
    acked = values(DATA + "S ACK seq=1 ack=151\n")
    assert (acked.acks_frame, acked.ack_rtt_ns) == (5, STEP_NS)
    assert values(DATA + "S ACK seq=1 ack=60\n").acks_frame is None


def test_bytes_in_flight_are_what_is_sent_and_not_acknowledged() -> None:
    assert values(DATA).bytes_in_flight == 150
    assert values(DATA + "S ACK seq=1 ack=101\nC ACK seq=151 ack=1 len=10\n").bytes_in_flight == 60


def test_sacked_bytes_are_not_in_flight() -> None:
    from segments import ISN

    block = b"".join((ISN["C"] + edge).to_bytes(4, "big") for edge in (101, 151))
    text = DATA + "S ACK seq=1 ack=1\nC ACK seq=151 ack=1 len=10\n"
    assert values(text, {6: b"\x01\x01\x05\x0a" + block}).bytes_in_flight == 110


def test_bytes_in_flight_are_unknown_after_a_hole() -> None:
    assert values(HANDSHAKE + "C ACK seq=100 ack=1 len=10\n").bytes_in_flight is None


def test_push_bytes_count_from_the_segment_after_a_push() -> None:
    assert values(DATA).push_bytes_sent == 150
    assert values(DATA + "C ACK seq=151 ack=1 len=7\n").push_bytes_sent == 7


def test_a_timeout_counts_from_the_oldest_in_flight() -> None:
    late = values(DATA + "+1\nC ACK seq=101 ack=1 len=50\n")
    assert (late.rto_frame, late.rto_ns) == (4, 1_000_000_000 + 2 * STEP_NS)


def test_duplicate_acks_are_numbered_from_the_first() -> None:
    twice = values(DATA + "S ACK seq=1 ack=1\n" * 3)
    assert (twice.duplicate_ack_num, twice.duplicate_ack_frame) == (3, 2)  # the SYN,ACK said it first


def test_a_repeated_ack_with_a_multipath_operation_is_no_duplicate() -> None:
    operation = b"\x1e\x04\x50\x01"
    first, second, third = rows(DATA + "S ACK seq=1 ack=1 win=512\n" * 3, {6: operation})[-3:]
    assert [row.values.duplicate_ack_num for row in (first, second, third) if row.values] == [1, None, 2]


def test_the_first_fin_closes_also_when_it_is_sent_again() -> None:
    text = HANDSHAKE + "C FIN,ACK seq=1 ack=1\nS FIN,ACK seq=1 ack=2\nC FIN,ACK seq=1 ack=1\n"
    assert [row.closes for row in rows(text)[3:]] == [True, False, True]


def test_what_is_in_flight_is_bounded() -> None:
    flight = Flight()
    for frame in range(MAX_IN_FLIGHT):
        assert not flight.full
        flight.add(Sent(frame, 0, frame, frame + 1))
    assert flight.full
