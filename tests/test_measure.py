"""What is measured of a connection: tcptrace's numbers, and round trips by Karn's rule, timestamps and SACK."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from pathlib import Path

import pytest

from command import synfin
from segments import ADDRESS, HANDSHAKE, ISN, STEP_NS, TEXTBOOK, exchange
from synfin.explain import words
from synfin.faces.measurements import ROWS
from synfin.watch.measure.measure import Measurements, measure, read_options
from synfin.watch.measure.rtt import MAX_FLIGHT, RoundTrips
from synfin.watch.measure.sent import Sent
from synfin.watch.measure.spread import Spread
from synfin.wire.tcp import Segment


def measured(text: str, **changes: dict[int, bytes]) -> Measurements:
    """A written connection measured; `options` gives segments (counted from 1) other options."""
    read = exchange(text)
    options = changes.get("options", {})
    segments = [replace(one, options=options.get(one.frame, b"")) for one in read.segments]
    return measure(segments, ADDRESS["C"], capture_end_ns=read.end_ns)


def sack(*blocks: tuple[int, int]) -> bytes:
    """SACK blocks of the client's numbers."""
    edges = [(ISN["C"] + edge) % 2**32 for block in blocks for edge in block]
    body = b"".join(edge.to_bytes(4, "big") for edge in edges)
    return bytes((1, 1, 5, 2 + len(body))) + body


def stamp(value: int, echo: int) -> bytes:
    return b"\x01\x01\x08\x0a" + value.to_bytes(4, "big") + echo.to_bytes(4, "big")


# --- counts -----------------------------------------------------------------------------------------------------------


def test_the_textbook_connection() -> None:
    both = measured(TEXTBOOK)
    client, server = both.client, both.server
    assert (client.packets, client.pure_acks, client.syns, client.fins, client.resets) == (5, 2, 1, 1, 0)
    assert (client.data_packets, client.data_bytes, client.unique_bytes, client.pushed_packets) == (1, 14, 14, 1)
    assert (client.stream_bytes, client.missed_bytes, server.stream_bytes, server.missed_bytes) == (14, 0, 0, 0)
    assert (client.handshake_rtt_ns, server.handshake_rtt_ns) == (STEP_NS, STEP_NS)
    assert (client.sent.rtt.count, server.sent.rtt.count) == (3, 2)
    assert client.throughput_bytes_per_s == 14 / 0.008


def test_repeated_late_and_missing_data() -> None:
    both = measured(
        HANDSHAKE
        + """
        C ACK seq=1 ack=1 len=10
        C ACK seq=21 ack=1 len=10   // 11 to 20 are missing
        C ACK seq=11 ack=1 len=10   // and come late
        C ACK seq=11 ack=1 len=15   // ten again, and five of the next again
        S ACK seq=1 ack=31
        C FIN,ACK seq=41 ack=1      // ten more were never captured
        """
    )
    client = both.client
    assert (client.data_packets, client.data_bytes, client.unique_bytes) == (4, 45, 30)
    assert (client.retransmitted_packets, client.retransmitted_bytes, client.out_of_order_packets) == (1, 15, 1)
    assert (client.stream_bytes, client.missed_bytes) == (40, 10)
    assert client.sent.most_again == 1 and client.sent.again_after.least == STEP_NS


def test_a_repeated_syn_counts_one_sequence_number_and_gives_no_round_trip() -> None:
    both = measured("C SYN seq=0\n+1\nC SYN seq=0\nS SYN,ACK seq=0 ack=1\nC ACK seq=1 ack=1")
    assert (both.client.retransmitted_packets, both.client.retransmitted_bytes, both.client.unique_bytes) == (1, 1, 0)
    assert both.client.handshake_rtt_ns is None and both.server.handshake_rtt_ns == STEP_NS
    assert both.client.sent.ambiguous_rtt.count == 1 and both.client_trips.ambiguous == 1


def test_window_probes_are_not_data() -> None:
    both = measured(
        HANDSHAKE
        + """
        C ACK seq=1 ack=1 len=10
        S ACK seq=1 ack=11 win=0
        C ACK seq=11 ack=1 len=1
        S ACK seq=1 ack=11 win=0
        S ACK seq=1 ack=11 win=700
        C ACK seq=11 ack=1 len=10
        """
    )
    client, server = both.client, both.server
    assert (client.zero_window_probes, client.zero_window_probe_bytes) == (1, 1)
    assert (client.unique_bytes, client.retransmitted_packets) == (20, 0)
    assert (server.zero_windows, server.window_min_bytes, server.window_max_bytes) == (2, 512, 700)


def test_windows_are_scaled_where_both_offered_it() -> None:
    scale = bytes((1, 3, 3, 7))
    both = measured(HANDSHAKE + "S ACK seq=1 ack=1 win=2", options={1: scale, 2: scale})
    assert (both.server.window_shift, both.server.window_min_bytes, both.server.window_max_bytes) == (7, 256, 256)
    one_sided = measured(HANDSHAKE + "S ACK seq=1 ack=1 win=2", options={1: scale})
    assert (one_sided.server.window_shift, one_sided.server.window_min_bytes) == (None, 2)


def test_outstanding_data_and_the_first_window() -> None:
    both = measured(
        HANDSHAKE
        + """
        C ACK seq=1 ack=1 len=10
        C ACK seq=11 ack=1 len=10
        C ACK seq=21 ack=1 len=10
        S ACK seq=1 ack=31
        C ACK seq=31 ack=1 len=5
        """
    )
    assert (both.client.initial_window_bytes, both.client.initial_window_packets) == (30, 3)
    assert (both.client.outstanding.most, both.client.outstanding.least) == (30, 0)


def test_duplicate_acks_by_rfc_5681() -> None:
    both = measured(
        HANDSHAKE
        + """
        C ACK seq=1 ack=1 len=10
        S ACK seq=1 ack=11
        S ACK seq=1 ack=11           // nothing is outstanding: no duplicate
        C ACK seq=21 ack=1 len=10
        S ACK seq=1 ack=11           // the first
        S ACK seq=1 ack=11 win=700   // a window update
        S ACK seq=1 ack=11 win=700   // the second
        S ACK seq=1 ack=11 win=700 len=3
        """
    )
    assert both.client.duplicate_acks == 2


def test_sack_and_dsack() -> None:
    both = measured(
        HANDSHAKE
        + """
        C ACK seq=1 ack=1 len=30
        S ACK seq=1 ack=11
        S ACK seq=1 ack=11
        S ACK seq=1 ack=31
        """,
        options={5: sack((21, 31)), 6: sack((23, 25), (21, 31)), 7: sack((1, 11))},
    )
    assert (both.server.sack_packets, both.server.max_sack_blocks, both.server.dsack_packets) == (3, 2, 2)


def test_idle_time_goes_on_to_the_captures_end_while_the_connection_is_open() -> None:
    still_open = measured(HANDSHAKE + "\n+7")
    assert still_open.client.idle_max_ns == 7 * 10**9 + STEP_NS
    assert measured(TEXTBOOK + "\n+7").client.idle_max_ns == 3 * STEP_NS
    assert measured("C SYN seq=0").server.idle_max_ns is None


def test_urgent_and_truncated_data() -> None:
    (segment,) = exchange("C PSH,URG,ACK seq=1 ack=1 len=10").segments
    both = measure([replace(segment, urgent=4, payload=bytes(3))], ADDRESS["C"])
    assert (both.client.urgent_packets, both.client.urgent_bytes) == (1, 4)
    assert (both.client.truncated_packets, both.client.truncated_bytes) == (1, 7)


def test_what_is_unknown_is_null_in_json() -> None:
    document = measured("C SYN seq=0").to_dict()
    server = document["server"]
    assert server["stream_bytes"] is server["window_max_bytes"] is server["idle_max_ns"] is None
    assert server["rtt"] == {
        "samples": 0, "min_ns": None, "avg_ns": None, "max_ns": None, "stdev_ns": None, "by_ack": 0, "by_sack": 0,
        "by_timestamp": 0, "ambiguous": 0,
    }  # fmt: skip


def test_numbers_may_wrap() -> None:
    segments = [_data(2**32 - 15 + 10 * k, 1_000_000 * k) for k in range(5)]
    both = measure(segments, ADDRESS["C"])
    assert (both.client.unique_bytes, both.client.out_of_order_packets, both.client.retransmitted_bytes) == (50, 0, 0)


def _data(seq: int, time_ns: int) -> Segment:
    (segment,) = exchange("C ACK seq=1 ack=1 len=10").segments
    return replace(segment, seq=seq % 2**32, time_ns=time_ns)


def test_options_of_wrong_length_are_left_out() -> None:
    found = read_options(bytes((2, 3, 9, 3, 2, 5, 5, 1, 2, 3, 8, 4, 0, 0)))
    assert (found.mss, found.shift, found.blocks, found.timestamp) == (None, None, [], None)


def test_sent_counts_as_a_set_of_bytes_does() -> None:
    dice = random.Random(3)
    for _ in range(200):
        sent, seen = Sent(), set[int]()
        for step in range(30):
            first = dice.randrange(1, 120)
            span = set(range(first, first + dice.randrange(1, 20)))
            repeated, _ = sent.send(first, max(span) + 1, step)
            assert repeated == len(span & seen)
            seen |= span
            if dice.random() < 0.3:
                sent.acknowledge(dice.randrange(1, 140), step, repeats=False)
        covered = [n for piece in sent.pieces for n in range(piece.first, piece.end)]
        assert covered == sorted(seen)


def test_spread_of_a_series() -> None:
    spread = Spread()
    assert (spread.mean, spread.deviation) == (None, None)
    for value in (2, 4, 4, 4, 5, 5, 7, 9):
        spread.add(value)
    assert (spread.least, spread.mean, spread.most, round(spread.deviation or 0, 3)) == (2, 5, 9, 2.138)


# --- round trips ------------------------------------------------------------------------------------------------------


def hows(both: Measurements) -> list[tuple[int, int, str]]:
    """(frame sent, frame that answered, how) of the client's round trips after its SYN."""
    return [(one.sent_frame, one.ack_frame, one.how) for one in both.client_trips.samples[1:]]


def test_the_first_ack_that_covers_a_segment_is_its_sample() -> None:
    both = measured(HANDSHAKE + "C ACK seq=1 ack=1 len=10\nC ACK seq=11 ack=1 len=10\nS ACK seq=1 ack=21")
    assert hows(both) == [(5, 6, "ack")]
    assert both.client_trips.samples[1].rtt_ns == STEP_NS


RESENT = (
    HANDSHAKE
    + """
    C ACK seq=1 ack=1 len=10
    +0.2
    C ACK seq=1 ack=1 len=10
    S ACK seq=1 ack=11
    """
)


def test_karn_what_was_sent_twice_gives_no_sample() -> None:
    both = measured(RESENT)
    assert hows(both) == [] and both.client_trips.ambiguous == 1


def test_a_timestamp_tells_which_copy_was_answered() -> None:
    copies = {4: stamp(100, 1), 5: stamp(300, 1)}
    second = measured(RESENT, options=copies | {6: stamp(7, 300)})
    assert hows(second) == [(5, 6, "timestamp")] and second.client_trips.samples[1].rtt_ns == STEP_NS
    first = measured(RESENT, options=copies | {6: stamp(7, 100)})
    assert first.client_trips.samples[1].rtt_ns == 200_000_000 + 2 * STEP_NS
    same = measured(RESENT, options={4: stamp(100, 1), 5: stamp(100, 1), 6: stamp(7, 100)})
    assert same.client_trips.ambiguous == 1


def test_a_sack_block_is_an_earlier_sign_than_the_ack() -> None:
    both = measured(
        HANDSHAKE
        + """
        C ACK seq=1 ack=1 len=10
        C ACK seq=11 ack=1 len=10
        S ACK seq=1 ack=1
        +0.2
        C ACK seq=1 ack=1 len=10
        S ACK seq=1 ack=21
        """,
        options={6: sack((11, 21))},
    )
    assert hows(both) == [(5, 6, "sack")]
    assert both.client_trips.ambiguous == 1
    assert both.client_trips.to_dict()["by_sack"] == 1


def test_the_memory_of_round_trips_is_bounded() -> None:
    trips = RoundTrips()
    for k in range(MAX_FLIGHT + 100):
        trips.send(k, k + 1, k, k, None)
    assert len(trips.flight) == MAX_FLIGHT


# --- shown ------------------------------------------------------------------------------------------------------------

RECORDED = Path(__file__).parent / "data" / "half-close.pcapng"


def test_explain_prints_the_measurements_as_a_table() -> None:
    done = synfin("explain", "--measure", "--lang", "en", str(RECORDED))
    lines = {line[:50].strip(): line[50:].split("  ") for line in done.out.splitlines()}
    assert [cell.strip() for cell in lines["data: segments / bytes"] if cell.strip()] == ["1 / 14", "1 / 22"]
    assert done.status == 0 and "–" not in done.out.splitlines()[2]


def test_explain_has_the_measurements_in_its_json() -> None:
    document = json.loads(synfin("explain", "--json", str(RECORDED)).out)
    server = document["measurements"]["server"]
    assert (server["data_bytes"], server["rtt"]["samples"], server["missed_bytes"]) == (22, 3, 0)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_every_row_has_its_words(lang: words.Language) -> None:
    assert all(words.text(f"measure.{key}", lang) for key in ROWS)
