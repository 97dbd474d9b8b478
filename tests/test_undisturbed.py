"""Connections in order for the most part: what goes the short way through the kernel is followed as by the long one."""

from __future__ import annotations

import random
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import needs
from synfin.capture.packet import Packet
from synfin.tcp.state import matrix
from synfin.watch.follow.raw import RawConnection
from test_kernels import kernel_rows, readable_rows
from traffic_in_order import LOST_OR_AGAIN, dialogues


@pytest.fixture(autouse=True)
def kernels() -> None:
    needs.have("kernels")


def records_only(packets: list[Packet]) -> list[RawConnection]:
    """The connections by a tracker that keeps no facts of packets."""
    from synfin.watch.engine.compiled import CompiledEngine

    engine = CompiledEngine(records_only=True)
    for packet in packets:
        engine._follow_packet(packet)
    return list(engine.connections())


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 1 << 32).map(random.Random), st.integers(1, 150))
def test_every_fact_and_every_record_is_the_readable_cores(dice: random.Random, size: int) -> None:
    packets = list(dialogues(dice, size))
    wanted = readable_rows(packets)
    assert kernel_rows(packets) == wanted
    assert records_only(packets) == wanted[2]


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 1 << 32).map(random.Random))
def test_numbers_that_wrap_more_than_once(dice: random.Random) -> None:
    """Holes of a quarter of the numbers, so that the short way comes by every place where a number's meaning turns."""
    packets = list(dialogues(dice, 120, 1, LOST_OR_AGAIN))
    wanted = readable_rows(packets)
    assert kernel_rows(packets) == wanted
    assert records_only(packets) == wanted[2]


@pytest.mark.parametrize("seed", range(4))
def test_long_conversations_too(seed: int) -> None:
    packets = list(dialogues(random.Random(seed), 4000))
    wanted = readable_rows(packets)
    assert kernel_rows(packets) == wanted
    assert records_only(packets) == wanted[2]


def bulk_rows(dice: random.Random, count: int) -> bytearray:
    """A handshake, then in-order segments of up to an eighth of a gigabyte each, and their acknowledgments."""
    from synfin._kernels import scan

    empty = dict.fromkeys(scan.ROW_FIELDS, 0) | {"low": bytes(16), "high": b"\1" + bytes(15)}
    fixed = empty | {"low_port": 80, "high_port": 40000, "hdr_len": 20, "window": 500, "wscale": -1, "hash": 9 << 32}
    seqs = [dice.getrandbits(32), dice.getrandbits(32)]
    often = dice.choice(((0, 1 << 20, 1 << 27), (1 << 27,) * 9))
    rows = bytearray()

    def add(side: int, flags: int, length: int) -> None:
        numbers = {"seq": seqs[side], "ack": seqs[1 - side] if flags & 0x10 else 0, "flags": flags}
        row = fixed | numbers | {"len_bytes": length, "captured": length, "kind": 1 | 8 * side, "time_ns": len(rows)}
        row["ordinary"] = int(flags == 0x10 and numbers["ack"] != 0)
        rows.extend(struct.pack(scan.ROW_FORMAT, *(row[name] for name in scan.ROW_FIELDS)))
        seqs[side] = (seqs[side] + length + (flags >> 1 & 1)) % 2**32

    for side, flags in ((0, 0x02), (1, 0x12), (0, 0x10)):
        add(side, flags, 0)
    for _ in range(count):
        side = int(dice.random() < 0.2)
        add(side, 0x10, dice.choice((1, *often)))
        if dice.random() < 0.01:
            seqs[side] = (seqs[side] - dice.choice((1, 1 << 20))) % 2**32
    add(0, 0x11, 0)
    return rows


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 1 << 32).map(random.Random), st.integers(1, 300))
def test_many_gigabytes_go_either_way(dice: random.Random, count: int) -> None:
    """A segment that is not marked as ordinary goes the long way."""
    from synfin._kernels import follow, scan

    short = bulk_rows(dice, count)
    long, size = bytearray(short), scan.row_size()
    assert scan.ROW_FIELDS[-1] == "ordinary"
    place = struct.calcsize(scan.ROW_FORMAT.rstrip("x0123456789")) - 1
    found = []
    long[place::size] = bytes(len(long) // size)
    assert long != short or count < 2
    for rows in (short, long):
        tracker, facts = follow.Tracker(matrix()), bytearray(len(rows) // size * follow.fact_size())
        tracker.follow(rows, len(rows) // size, facts)
        found.append((bytes(facts), tracker.records(0, 9)))
    assert found[0] == found[1]
