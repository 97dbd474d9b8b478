"""Connections in order for the most part: what goes the short way through the kernel is followed as by the long one."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import needs
from synfin.capture.packet import Packet
from synfin.watch.raw import RawConnection
from test_kernels import kernel_rows, readable_rows
from traffic_in_order import dialogues


@pytest.fixture(autouse=True)
def kernels() -> None:
    needs.have("kernels")


def records_only(packets: list[Packet]) -> list[RawConnection]:
    """The connections by a tracker that keeps no facts of packets."""
    from synfin.watch.compiled import CompiledEngine

    engine = CompiledEngine(records_only=True)
    for packet in packets:
        engine._follow_packet(packet)
    return list(engine.connections())


@settings(max_examples=300, deadline=None)
@given(st.randoms(use_true_random=False), st.integers(1, 150))
def test_every_fact_and_every_record_is_the_readable_cores(dice: random.Random, size: int) -> None:
    packets = list(dialogues(dice, size))
    wanted = readable_rows(packets)
    assert kernel_rows(packets) == wanted
    assert records_only(packets) == wanted[2]


@pytest.mark.parametrize("seed", range(4))
def test_long_conversations_too(seed: int) -> None:
    packets = list(dialogues(random.Random(seed), 4000))
    wanted = readable_rows(packets)
    assert kernel_rows(packets) == wanted
    assert records_only(packets) == wanted[2]
