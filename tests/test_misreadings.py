"""Fourteen verified misreadings of tshark 4.0: what it says of a capture, and what is right."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

import craft
import needs
import tshark
from segments import HANDSHAKE, ISN, REQUEST, TEXTBOOK, exchange
from synfin.capture.reader import open_capture
from synfin.dissect.context import Judged
from synfin.watch.connections.record import Connection
from synfin.watch.connections.records import record
from synfin.watch.engine.engines import engine
from synfin.watch.opinion import Kind
from synfin.watch.packets.annotate import annotated
from synfin.wire.tcp import Segment


@pytest.fixture(autouse=True)
def _tshark() -> None:
    needs.have("tshark")


def written(folder: Path, text: str) -> Path:
    return craft.write_segments(folder / "capture.pcap", exchange(text).segments)


def connections(path: Path) -> list[Connection]:
    following = engine()
    with open_capture(path) as reader:
        following.feed(reader)
    return [record(raw) for raw in following.connections()]


def opinions(path: Path) -> list[Judged]:
    """The second opinion on every segment."""
    found = [facts.opinion for _, facts in annotated([str(path)], fields=("synfin.opinion",))]
    return [one for one in found if one is not None]


def flags(folder: Path, path: Path) -> list[set[str]]:
    """tshark's analysis flags of every packet."""
    names = ("retransmission", "fast_retransmission", "spurious_retransmission", "out_of_order", "lost_segment",
             "ack_lost_segment", "duplicate_ack", "reused_ports")  # fmt: skip
    rows = tshark.rows(folder, path, [f"tcp.analysis.{name}" for name in names])
    return [{name for name, cell in zip(names, row, strict=True) if cell} for row in rows]


def column(folder: Path, path: Path, name: str) -> list[str]:
    return [row[0] for row in tshark.rows(folder, path, [name])]


def test_1_completeness_of_one_pass_lags_a_packet(tmp_path: Path) -> None:
    path = written(tmp_path, REQUEST + "C RST,ACK seq=15 ack=1")
    command = ["tshark", "-n", "-r", str(path), "-T", "fields", "-e", "tcp.completeness"]
    theirs = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    assert theirs[-1] == "15"  # the RST, which makes it 47, is not counted on any row
    ours = [facts.completeness for _, facts in annotated([str(path)])]
    assert ours == [47] * 6
    assert connections(path)[0].completeness == 47


def test_2_one_fin_is_not_a_complete_connection(tmp_path: Path) -> None:
    path = written(tmp_path, REQUEST + "C FIN,ACK seq=15 ack=1\nS ACK seq=1 ack=16")
    assert column(tmp_path, path, "tcp.completeness")[-1] == "31"  # "Complete, WITH_DATA"
    (ours,) = connections(path)
    assert ours.close == "close.still_open"
    assert (ours.client.state, ours.server.state) == ("FIN-WAIT-2", "CLOSE-WAIT")


def test_3_a_refused_connection_has_no_round_trip_and_no_ack(tmp_path: Path) -> None:
    path = written(tmp_path, "C SYN seq=0\nS RST,ACK seq=#0 ack=1 bare")
    assert column(tmp_path, path, "tcp.completeness")[-1] == "37"
    (ours,) = connections(path)
    assert (ours.open, ours.close, ours.handshake_rtt_ns) == ("open.refused", "close.never_opened", None)


SIMULTANEOUS_OPEN = """
C SYN seq=0
S SYN seq=0
C SYN,ACK seq=0 ack=1
S SYN,ACK seq=0 ack=1
"""


def test_4_a_simultaneous_open_repeats_nothing(tmp_path: Path) -> None:
    path = written(tmp_path, SIMULTANEOUS_OPEN)
    assert [bool(one & {"retransmission", "out_of_order"}) for one in flags(tmp_path, path)] == [
        False, False, True, True,
    ]  # fmt: skip
    assert column(tmp_path, path, "tcp.completeness")[-1] == "3"  # "CLIENT_ESTABLISHED"
    (ours,) = connections(path)
    assert ours.open == "open.simultaneous"
    assert (ours.client.state, ours.server.state) == ("ESTABLISHED", "ESTABLISHED")
    assert [one.kind for one in opinions(path)] == [Kind.NEW] * 4
    assert opinions(path)[2].reason == "opinion.simultaneous-open"


def test_5_who_closes_is_not_decided_by_order_or_repetition(tmp_path: Path) -> None:
    crossing = REQUEST + "C FIN,ACK seq=15 ack=1\nS FIN,ACK seq=1 ack=15\nS ACK seq=2 ack=16\nC ACK seq=16 ack=2"
    path = written(tmp_path, crossing)
    passive = column(tmp_path, path, "tcp.connection.fin_passive")
    assert passive[6]  # the server's FIN, though it had not heard of the client's
    (ours,) = connections(path)
    assert (ours.close, ours.closed_by) == ("close.simultaneous", "both")
    again = TEXTBOOK.replace("C FIN,ACK seq=15 ack=1", "C FIN,ACK seq=15 ack=1\n+0.3\nC FIN,ACK seq=15 ack=1")
    path = written(tmp_path, again)
    active = column(tmp_path, path, "tcp.connection.fin_active")
    assert active[5] and active[6]  # "initiates" twice
    assert opinions(path)[6].kind == Kind.RETRANSMISSION
    assert connections(path)[0].closed_by == "client"


def test_6_a_reset_outside_the_window_ends_nothing(tmp_path: Path) -> None:
    going_on = "C PSH,ACK seq=15 ack=1 len=10\nS ACK seq=1 ack=25"
    path = written(tmp_path, f"{REQUEST}S RST seq=2000001 bare\n{going_on}")
    assert column(tmp_path, path, "tcp.completeness")[-1] == "47"
    (ours,) = connections(path)
    assert (ours.close, ours.closed_by) == ("close.still_open", "none")
    assert opinions(path)[5].kind == Kind.RESET_OUTSIDE


def test_7_the_same_initial_number_after_a_reset_is_a_new_connection(tmp_path: Path) -> None:
    again = "C SYN seq=0\nS SYN,ACK seq=777000 ack=1\nC ACK seq=1 ack=777001"
    path = written(tmp_path, f"{REQUEST}C RST,ACK seq=15 ack=1\n+2\n{again}")
    assert set(column(tmp_path, path, "tcp.stream")) == {"0"}
    theirs = flags(tmp_path, path)
    assert "retransmission" in theirs[6] and "reused_ports" in theirs[7] and "ack_lost_segment" in theirs[8]
    first, second = connections(path)
    assert (first.close, second.open) == ("close.abort", "open.normal")
    assert (first.frames, second.frames) == ((1, 6), (7, 9))
    assert [one.kind for one in opinions(path)][6:] == [Kind.NEW, Kind.NEW, Kind.ACKNOWLEDGMENT]


def test_8_a_handshake_may_end_with_data(tmp_path: Path) -> None:
    path = written(tmp_path, "C SYN seq=0\nS SYN,ACK seq=0 ack=1\nC PSH,ACK seq=1 ack=1 len=14\n")
    assert column(tmp_path, path, "tcp.completeness")[-1] == "11"  # no ACK seen, it says
    (ours,) = connections(path)
    assert ours.open == "open.normal"
    assert ours.server.state == "ESTABLISHED"


def test_9_a_quoted_header_is_no_packet_of_the_connection(tmp_path: Path) -> None:
    syn, reset = exchange("C SYN seq=0\nS RST,ACK seq=#0 ack=1 bare").segments
    quoting = craft.icmp_unreachable(3, craft.ip_packet(reset), syn.src, syn.dst)
    path = craft.write(tmp_path / "capture.pcap", [(syn.time_ns, craft.ip_packet(syn)), (reset.time_ns, quoting)])
    assert column(tmp_path, path, "tcp.completeness")[-1] == "37"  # as if it had been refused
    (ours,) = connections(path)
    assert (ours.open, ours.frames) == ("open.pending", (1, 1))


def test_10_zero_is_a_sequence_number(tmp_path: Path) -> None:
    shift = -15 - ISN["C"]  # the first 14 bytes end where the numbers begin again
    read = exchange(HANDSHAKE + "C PSH,ACK seq=1 ack=1 len=14\n+0.3\nC PSH,ACK seq=1 ack=1 len=14").segments
    moved = [_shifted(segment, shift) for segment in read]
    path = craft.write_segments(tmp_path / "capture.pcap", moved)
    assert flags(tmp_path, path)[4] == set()
    assert opinions(path)[4].kind == Kind.RETRANSMISSION
    assert opinions(path)[4].cause == "rto"


def _shifted(segment: Segment, by: int) -> Segment:
    if segment.src_port == 9501:
        return replace(segment, ack=(segment.ack + by) % 2**32)
    return replace(segment, seq=(segment.seq + by) % 2**32)


def test_11_an_unseen_acknowledgment_makes_no_fast_retransmission(tmp_path: Path) -> None:
    text = HANDSHAKE + "S PSH,ACK seq=1 ack=1 len=100\nS ACK seq=101 ack=500\nS PSH,ACK seq=1 ack=500 len=100"
    path = written(tmp_path, text)
    assert "fast_retransmission" in flags(tmp_path, path)[5]  # nobody has sent a duplicate ACK
    assert opinions(path)[5].kind == Kind.RETRANSMISSION
    assert opinions(path)[5].cause != "fast"


def test_12_a_field_without_its_flag_says_nothing(tmp_path: Path) -> None:
    text = f"{REQUEST}S RST seq=2000001 bare\n+0.3\nC PSH,ACK seq=1 ack=1 len=14"
    path = written(tmp_path, text)
    assert "spurious_retransmission" not in flags(tmp_path, path)[6]  # the RST's ACK field, 0, was believed
    assert opinions(path)[6].kind == Kind.SPURIOUS
    assert opinions(path)[6].reason == "opinion.acked-before"


FAR_SENDER = """
C SYN seq=0
+0.05
S SYN,ACK seq=0 ack=1
+0.05
C ACK seq=1 ack=1
C ACK seq=101 ack=1 len=100
S ACK seq=1 ack=1
C ACK seq=201 ack=1 len=100
S ACK seq=1 ack=1
C ACK seq=301 ack=1 len=100
S ACK seq=1 ack=1
C ACK seq=401 ack=1 len=100
S ACK seq=1 ack=1
+0.1
C ACK seq=1 ack=1 len=100
"""


def test_13_a_fast_retransmission_may_come_from_far_away(tmp_path: Path) -> None:
    path = written(tmp_path, FAR_SENDER)
    assert "fast_retransmission" not in flags(tmp_path, path)[-1]
    last = opinions(path)[-1]
    assert (last.kind, last.cause) == (Kind.RETRANSMISSION, "fast")
    assert opinions(path)[3].hole == "network-loss"


@pytest.mark.parametrize("ttl", [None, 63])
def test_14_a_packet_captured_twice_is_one_packet(tmp_path: Path, ttl: int | None) -> None:
    packets: list[tuple[int, bytes]] = []
    for segment in _plain(exchange(TEXTBOOK).segments):
        packets.append((segment.time_ns, craft.ip_packet(segment)))
        packets.append((segment.time_ns + 4_000, craft.ip_packet(segment, ttl=ttl)))
    path = craft.write(tmp_path / "capture.pcap", packets)
    theirs = flags(tmp_path, path)
    assert sum(bool(one & {"retransmission", "out_of_order", "duplicate_ack"}) for one in theirs) >= 7
    ours = [one.kind for one in opinions(path)]
    assert ours[1::2] == [Kind.CAPTURE_DUPLICATE] * 9
    assert set(ours[::2]) == {Kind.NEW, Kind.ACKNOWLEDGMENT}


def _plain(segments: Sequence[Segment]) -> list[Segment]:
    return [replace(segment, frame=1000 + number) for number, segment in enumerate(segments)]
