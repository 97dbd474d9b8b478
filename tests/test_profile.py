"""What differs between tshark's releases, one exchange for each rule; both are asked the same."""

from __future__ import annotations

import pytest

from segments import HANDSHAKE, exchange
from synfin.errors import UsageError
from synfin.watch.follow.analysis import flag_names
from synfin.watch.follow.profile import PROFILES, TSHARK_4_0, TSHARK_4_4, named
from synfin.watch.follow.streams import StreamRow, StreamTable


def rows(text: str, profile: str) -> list[StreamRow]:
    table = StreamTable(named(profile), detailed=True)
    return [table.follow(segment) for segment in exchange(text).segments]


def last(text: str) -> dict[str, tuple[str, ...]]:
    """The flags of the last segment, by profile."""
    return {name: flag_names(rows(text, name)[-1].bits) for name in PROFILES}


def test_profiles_have_names() -> None:
    assert named("tshark-4.0") is TSHARK_4_0
    assert named("tshark-4.4") is TSHARK_4_4
    with pytest.raises(UsageError, match=r"tshark-4\.0, tshark-4\.4"):
        named("tshark-1.0")


def test_the_same_number_after_a_reset_opens_a_stream_since_4_4() -> None:
    text = HANDSHAKE + "C RST seq=1 bare\nC SYN seq=0\nS SYN,ACK seq=0 ack=1\n"
    assert [row.stream.number for row in rows(text, "tshark-4.0")] == [0, 0, 0, 0, 0, 0]
    assert [row.stream.number for row in rows(text, "tshark-4.4")] == [0, 0, 0, 0, 1, 1]


def test_a_syn_ack_with_another_number_opens_a_stream_since_4_4() -> None:
    text = HANDSHAKE + "S SYN,ACK seq=9000 ack=1\n"
    assert rows(text, "tshark-4.0")[-1].stream.number == 0
    assert rows(text, "tshark-4.4")[-1].stream.number == 1
    assert "reused_ports" in last(text)["tshark-4.0"]


def test_an_ack_of_the_unseen_poisons_duplicate_acks_in_4_0_only() -> None:
    text = HANDSHAKE + "C ACK seq=1 ack=1 len=10\nS ACK seq=1 ack=100\nC ACK seq=1 ack=1 len=200\n"
    assert "fast_retransmission" not in last(text)["tshark-4.0"]  # what it asks for is not what comes
    twice = HANDSHAKE + "C ACK seq=1 ack=1 len=10\nS ACK seq=1 ack=100\nS ACK seq=1 ack=200\n"
    assert [flag_names(row.bits) for row in rows(twice, "tshark-4.0")[-2:]] == [("ack_lost_segment",), ()]
    assert [flag_names(row.bits) for row in rows(twice, "tshark-4.4")[-2:]] == [("ack_lost_segment",)] * 2


def test_what_was_never_reached_is_not_spurious_since_4_4() -> None:
    text = "C ACK seq=1 ack=1\nS ACK seq=1 ack=5000\nC ACK seq=10 ack=1 len=10\n"
    assert "spurious_retransmission" in last(text)["tshark-4.0"]
    assert "spurious_retransmission" not in last(text)["tshark-4.4"]


def test_bytes_in_flight_are_not_out_of_order_since_4_4() -> None:
    text = HANDSHAKE + "C ACK seq=1 ack=1 len=100\nC ACK seq=101 ack=1 len=100\nC ACK seq=1 ack=1 len=100\n"
    assert last(text) == {"tshark-4.0": ("out_of_order",), "tshark-4.4": ("retransmission",)}


def test_a_timeout_counts_from_the_same_bytes_since_4_4() -> None:
    text = HANDSHAKE + "C ACK seq=1 ack=1 len=100\nC ACK seq=101 ack=1 len=100\n+1\nC ACK seq=101 ack=1 len=100\n"
    frames = {name: rows(text, name)[-1].values for name in PROFILES}
    assert {name: values.rto_frame for name, values in frames.items() if values} == {"tshark-4.0": 4, "tshark-4.4": 5}


def test_an_ack_of_a_part_names_its_frame_since_4_4() -> None:
    text = HANDSHAKE + "C ACK seq=1 ack=1 len=100\nS ACK seq=1 ack=51\n"
    values = {name: rows(text, name)[-1].values for name in PROFILES}
    four, later = values["tshark-4.0"], values["tshark-4.4"]
    assert four is not None and later is not None
    assert (four.acks_frame, four.partial_ack) == (None, False)
    assert (later.acks_frame, later.partial_ack) == (4, True)


PROBE = HANDSHAKE + "S ACK seq=1 ack=1 win=0\nC ACK seq=1 ack=1 len=1\n"


def test_a_probe_whose_byte_is_taken_is_answered_since_4_4() -> None:
    closed, opened = PROBE + "S ACK seq=1 ack=2 win=0\n", PROBE + "S ACK seq=1 ack=2 win=900\n"
    assert last(closed) == {
        "tshark-4.0": ("ack_lost_segment", "zero_window"),
        "tshark-4.4": ("zero_window", "zero_window_probe_ack"),
    }
    assert last(opened) == {"tshark-4.0": ("ack_lost_segment",), "tshark-4.4": ("window_update",)}
