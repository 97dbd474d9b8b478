"""Connections leave memory: whoever was not silent for too long is as if none ever left, in a defined order."""

from __future__ import annotations

import gzip
import random
import struct
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import needs
from synfin.capture.packet import Packet
from synfin.capture.pcap import PcapWriter
from synfin.faces.cli import main
from synfin.tcp.state import matrix
from synfin.watch.engine.engine import KEEP_ALL, Limits
from synfin.watch.follow.raw import RawConnection
from traffic_in_order import ACK, SYN, Dialogue

SECOND = 10**9
FIN, RST = 1, 4

DICE = st.integers(0, 1 << 32).map(random.Random)


@pytest.fixture(autouse=True)
def kernels() -> None:
    needs.have("kernels")


def left(packets: Iterable[Packet], limits: Limits, *, every: int = 1) -> tuple[list[RawConnection], int]:
    """The connections in the order in which they leave, asked for after so many packets; how many left on the way."""
    from synfin.watch.engine.compiled import CompiledEngine, raws

    engine = CompiledEngine(records_only=True, limits=limits)
    found: list[RawConnection] = []
    for number, packet in enumerate(packets):
        engine._follow_packet(packet)
        if number % every == 0:
            for block in engine.drain():
                found.extend(raws(block))
    before = len(found)
    for block in engine.drain(everything=True):
        found.extend(raws(block))
    assert list(engine.drain(everything=True)) == []
    return found, before


def days(dice: random.Random, talks: int) -> list[Packet]:
    """Many dialogues after one another, some beside each other; each is over within minutes."""
    packets: list[Packet] = []
    time_ns = 10**18
    for first in range(0, talks, 4):
        beside = [Dialogue(dice, first + at, v6=dice.random() < 0.3) for at in range(4)]
        for _ in range(dice.randrange(20, 90)):
            time_ns += dice.choice((1000, 10**6, SECOND // 2, SECOND))
            data = dice.choice(beside).frame()
            packets.append(Packet(len(packets) + 1, time_ns, 1, data, len(data)))
        time_ns += dice.randrange(5) * SECOND
    return packets


@settings(max_examples=60, deadline=None)
@given(DICE, st.integers(1, 40), st.integers(1, 90))
def test_within_the_limits_nothing_differs(dice: random.Random, talks: int, every: int) -> None:
    packets = days(dice, talks)
    kept, early = left(packets, KEEP_ALL)
    assert early == 0
    assert [one.conn for one in kept] == list(range(len(kept)))
    some, _ = left(packets, Limits(100, 200), every=every)
    assert sorted(some, key=lambda one: one.conn) == kept


def test_most_have_left_before_the_end() -> None:
    packets = days(random.Random(1), 400)
    kept, _ = left(packets, KEEP_ALL)
    some, early = left(packets, Limits(100, 200))
    assert sorted(some, key=lambda one: one.conn) == kept
    assert early > len(kept) * 3 // 4


@settings(max_examples=40, deadline=None)
@given(DICE, st.integers(1, 60), st.integers(4, 20), st.integers(4, 40))
def test_the_order_does_not_depend_on_when_one_asks(dice: random.Random, talks: int, closed: int, idle: int) -> None:
    """Nor does what a late segment becomes, with limits that cut connections in two."""
    packets = days(dice, talks)
    limits = Limits(closed, idle)
    often, _ = left(packets, limits)
    assert often == left(packets, limits, every=dice.randrange(2, 50))[0]
    assert often == left(packets, limits, every=10**9)[0]


# --- one connection ---------------------------------------------------------------------------------------------------


def segment(port: int, flags: int, seq: int, ack: int, *, server: bool = False, length: int = 0) -> bytes:
    hosts, ports = (b"\x0a\x00\x00\x01", b"\x0a\x00\x00\x02"), (port, 80)
    if server:
        hosts, ports = hosts[::-1], ports[::-1]
    network = struct.pack(">BBHHHBBH", 0x45, 0, 40 + length, 0, 0, 64, 6, 0) + hosts[0] + hosts[1]
    return (
        bytes(12)
        + b"\x08\x00"
        + network
        + struct.pack(">HHIIHHHH", *ports, seq, ack, 5 << 12 | flags, 500, 0, 0)
        + (bytes(length))
    )


def opened(port: int) -> list[bytes]:
    return [
        segment(port, SYN, 100, 0), segment(port, SYN | ACK, 500, 101, server=True), segment(port, ACK, 101, 501),
    ]  # fmt: skip


def closed(port: int) -> list[bytes]:
    return [
        segment(port, FIN | ACK, 101, 501), segment(port, FIN | ACK, 501, 102, server=True),
        segment(port, ACK, 102, 502),
    ]  # fmt: skip


def at(seconds: float, frames: Sequence[bytes]) -> list[tuple[int, bytes]]:
    return [(10**18 + int(seconds * SECOND) + place, data) for place, data in enumerate(frames)]


def ticking(until_s: int) -> list[tuple[int, bytes]]:
    """Segments of another connection, one a second: the capture's clock goes."""
    return [moment for second in range(until_s) for moment in at(second, [segment(9999, ACK, 7, 7, length=1)])]


def packed(*parts: list[tuple[int, bytes]]) -> list[Packet]:
    moments = sorted((moment for part in parts for moment in part), key=lambda moment: moment[0])
    return [Packet(number, time_ns, 1, data, len(data)) for number, (time_ns, data) in enumerate(moments, 1)]


def of_port(found: Sequence[RawConnection], port: int) -> list[RawConnection]:
    return [one for one in found if port in (one.client.port, one.server.port)]


@pytest.mark.parametrize(("late_s", "connections"), [(29, 1), (31, 2)])
def test_a_segment_after_the_limit_begins_a_connection(late_s: int, connections: int) -> None:
    talk = at(0.5, opened(1000) + closed(1000)) + at(0.5 + late_s, [segment(1000, ACK, 102, 502)])
    found, _ = left(packed(ticking(60), talk), Limits(30, 50))
    mine = sorted(of_port(found, 1000), key=lambda one: one.conn)
    assert len(mine) == connections
    assert sum(one.client.packets + one.server.packets for one in mine) == 7
    assert [one.stream for one in mine] == [one.conn for one in mine], "a new stream with it"


@pytest.mark.parametrize(("silent_s", "connections"), [(31, 1), (49, 1), (51, 2)])
def test_an_open_connection_may_be_silent_for_longer(silent_s: int, connections: int) -> None:
    talk = at(0.5, opened(1000)) + at(0.5 + silent_s, [segment(1000, ACK, 101, 501, length=1)])
    assert len(of_port(left(packed(ticking(90), talk), Limits(30, 50))[0], 1000)) == connections


def test_nobody_is_gone_after_a_time_stamp_that_is_wrong() -> None:
    """Nor with captures in the wrong order: a jump counts when 64 frames have confirmed it."""
    talk = at(0.5, opened(1000)) + at(20, [segment(1000, ACK, 101, 501, length=1)])
    wrong = at(10 + 10**6, [segment(2000, ACK, 1, 1)])
    packets = packed(ticking(30), talk)
    packets.insert(15, Packet(0, wrong[0][0], 1, wrong[0][1], 54))
    assert len(of_port(left(packets, Limits(10, 25))[0], 1000)) == 1
    again = packed(at(-5000, opened(1000)), ticking(1), at(-4990, [segment(1000, ACK, 101, 501, length=1)]))
    backwards = packed(ticking(100)) + again
    assert len(of_port(left(backwards, Limits(10, 25))[0], 1000)) == 1


def test_a_new_syn_between_the_same_endpoints_is_what_it_always_was() -> None:
    """Other initial numbers: a new stream and connection, whether the old one is still in memory or not."""
    second = [
        segment(1000, SYN, 9100, 0), segment(1000, SYN | ACK, 9500, 9101, server=True), segment(1000, ACK, 9101, 9501),
    ]  # fmt: skip
    packets = packed(ticking(90), at(0.5, opened(1000) + closed(1000)), at(70, second))
    kept, _ = left(packets, KEEP_ALL)
    some, early = left(packets, Limits(30, 50))
    assert early
    assert sorted(some, key=lambda one: one.conn) == kept
    assert len(of_port(kept, 1000)) == 2


def test_records_leave_in_order_of_time_then_of_conn() -> None:
    talks = [at(1, opened(1000)), at(2, opened(1001) + closed(1001)), at(3, opened(1002) + closed(1002)), at(0.5, [
        segment(1003, SYN, 1, 0)])]  # fmt: skip
    found, early = left(packed(ticking(200), *talks), Limits(30, 120))
    assert early == 4
    ports = [one.client.port if one.client.port > 80 else one.server.port for one in found]
    assert ports == [1003, 1001, 1002, 1000, 9999]


# --- the table --------------------------------------------------------------------------------------------------------


def rows_of(dice: random.Random, count: int, tuples: int, hashes: int) -> bytearray:
    """Segments of `tuples` pairs of endpoints whose hashes collide; time goes on by seconds."""
    from synfin._kernels import scan

    empty: dict[str, Any] = dict.fromkeys(scan.ROW_FIELDS, 0)
    empty |= {"high": b"\1" + bytes(15), "low_port": 80, "window": 500}
    rows, time_ns = bytearray(), 0
    for _ in range(count):
        number = dice.randrange(tuples)
        time_ns += dice.choice((0, 0, SECOND, 3 * SECOND))
        row = empty | {
            "low": number.to_bytes(16, "big"), "hash": (number % hashes * 0x9E3779B1 & 0xFFFFFFFF) << 32,
            "high_port": 1000, "seq": dice.randrange(9), "ack": dice.randrange(9), "hdr_len": 20, "wscale": -1,
            "flags": dice.choice((0x02, 0x12, 0x10, 0x10, 0x11, 0x14)), "kind": dice.choice((1, 9)), "time_ns": time_ns,
        }  # fmt: skip
        row["ordinary"] = int(row["flags"] == 0x10 and row["ack"] != 0)
        rows.extend(struct.pack(scan.ROW_FORMAT, *(row[name] for name in scan.ROW_FIELDS)))
    return rows


@settings(max_examples=60, deadline=None)
@given(
    DICE,
    st.integers(1, 600),
    st.integers(1, 90),
    st.sampled_from((1, 2, 7, 1000)),
)
def test_slots_that_are_emptied_hide_nobody(dice: random.Random, count: int, tuples: int, hashes: int) -> None:
    """Whoever asks often empties slots one by one, whoever asks once at the end empties none before."""
    from synfin._kernels import follow, scan

    rows, size = rows_of(dice, count, tuples, hashes), scan.row_size()
    found = []
    for often in (True, False):
        tracker = follow.Tracker(matrix(), facts=False, closed_after_s=4, idle_after_s=9)
        records = b""
        for place in range(count):
            tracker.follow(rows[place * size : (place + 1) * size], 1)
            while often and (block := tracker.drain(False, dice.randrange(1, 9))):
                records += block
        while block := tracker.drain(True):
            records += block
        found.append(records)
    assert found[0] == found[1]


def test_200_000_connections_grow_and_empty_the_table() -> None:
    from synfin._kernels import follow, scan

    count, size = 200_000, scan.row_size()
    row = bytearray(rows_of(random.Random(1), 1, 1, 1))
    row[scan_place("flags") :][:2] = b"\x02\x00"
    tracker = follow.Tracker(matrix(), facts=False, closed_after_s=4, idle_after_s=9)
    for start in range(0, 2 * count, 1000):
        block = bytearray(row * 1000)
        for place in range(1000):
            number = (start + place) % count
            struct.pack_into("<q", block, place * size, (start + place) * SECOND // 50_000)
            struct.pack_into("<Q16s", block, place * size + 16, (number * 0x9E3779B1 & 0xFFFFFFFF) << 32,
                             number.to_bytes(16, "big"))  # fmt: skip
        tracker.follow(block, 1000)
        while tracker.drain():
            pass
    assert tracker.connection_count() == count
    assert len(tracker) == count
    records = 0
    while left := tracker.drain(True):
        records += len(left) // follow.record_size()
    assert records == count


def scan_place(name: str) -> int:
    from synfin._kernels import scan

    index = scan.ROW_FIELDS.index(name)
    codes = scan.ROW_FORMAT.replace("16s", "s")[1:]
    return struct.calcsize("<" + codes[:index].replace("s", "16s"))


def test_limits_must_let_a_connection_settle() -> None:
    from synfin._kernels import follow

    for wrong in ((1, 9), (9, 3)):
        with pytest.raises(ValueError, match="seconds"):
            follow.Tracker(matrix(), facts=False, closed_after_s=wrong[0], idle_after_s=wrong[1])


# --- the command line -------------------------------------------------------------------------------------------------


def test_conns_forgets_and_keeps_all(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    talk = at(0.5, opened(1000) + closed(1000)) + at(290, [segment(1000, ACK, 102, 502)])
    path = tmp_path / "long.pcap"
    with path.open("wb") as file:
        writer = PcapWriter(file, 1)
        for packet in packed(ticking(300), talk):
            writer.write(packet)
    printed = []
    options_tried = ((), ("--keep-all",), ("--closed-after", "300"), ("--closed-after", "240"), ("--idle-after", "400"))
    for options in options_tried:
        assert main(["conns", str(path), "--columns", "conn,client.port", *options]) == 0
        printed.append(capsys.readouterr().out.splitlines()[1:])
    assert [len(lines) for lines in printed] == [2, 2, 2, 3, 3]
    packed_path = tmp_path / "long.pcap.gz"
    packed_path.write_bytes(gzip.compress(path.read_bytes()))
    for forgetting, lines in ((), 3), (("--closed-after", "240"), 4):
        assert main(["conns", str(packed_path), "--tsv", *forgetting]) == 0
        assert len(capsys.readouterr().out.splitlines()) == lines
    for forgetting in ((), ("--closed-after", "240")):  # metrics are of connections that nobody forgets
        assert main(["conns", str(packed_path), "--columns", "conn,metrics.vantage", *forgetting]) == 0
        assert len(capsys.readouterr().out.splitlines()) == 3
    assert main(["conns", str(path), "--closed-after", "3"]) == 2
    assert "at least 4 seconds" in capsys.readouterr().err
