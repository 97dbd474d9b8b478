"""Findings of every connection from compiled facts: what the readable rules say, without reading a segment."""

from __future__ import annotations

import random
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

import needs
from segments import HANDSHAKE, REQUEST, TEXTBOOK, exchange
from synfin.capture.packet import Packet
from synfin.wire.tcp import Segment
from test_findings import ANSWERED, CASES, OFFERED, Case
from traffic_in_order import dialogues


@pytest.fixture(autouse=True)
def kernels() -> None:
    needs.have("kernels")


def frames(text: str) -> Iterator[Packet]:
    """A written connection as Ethernet frames; every packet has the next IP ID of its sender."""
    for one in exchange(text).segments:
        yield _packet(one)


def _packet(one: Segment) -> Packet:
    tcp = struct.pack(
        ">HHIIHHHH", one.src_port, one.dst_port, one.seq, one.ack, one.hdr_len // 4 << 12 | one.flags, one.window, 0, 0
    )
    segment = tcp + one.options + one.payload
    ip_id = (100 if one.src_port > 9501 else 50_000) + one.frame
    network = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(segment), ip_id, 0x4000, one.ttl, 6, 0) + one.src + one.dst
    data = bytes(12) + b"\x08\x00" + network + segment
    return Packet(one.frame, one.time_ns, 1, data, len(data))


def unlike(packets: list[Packet]) -> list[tuple[int, tuple[str, ...], tuple[str, ...]]]:
    """What both ways disagree on, where nothing is left open."""
    from bulk_compared import of_packets

    return [(one.conn, one.missing, one.invented) for one in of_packets(packets) if one.missing or one.invented]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_a_written_connection_has_the_same_findings(case: Case) -> None:
    from bulk_compared import found_or_open

    assert case.id in found_or_open(list(frames(case.shows)))
    for text in (case.shows, case.not_yet):
        assert unlike(list(frames(text))) == []


def test_an_ordinary_connection_has_no_sign_and_no_memory_of_one() -> None:
    from bulk_compared import keys

    for text in (TEXTBOOK, ANSWERED, HANDSHAKE, REQUEST, f"{OFFERED}C PSH,ACK seq=1 ack=1 len=9\nS ACK seq=1 ack=10"):
        assert [key >> 64 for key in keys(list(frames(text)))] == [0]


def test_any_conversation_has_the_same_findings() -> None:
    """Conversations in which every eighth segment disturbs, in ways that no host does: nearly all agree."""
    from bulk_compared import of_packets

    compared = [one for seed in range(120) for one in of_packets(list(dialogues(random.Random(seed), 40)))]
    unlike = [one for one in compared if one.missing or one.invented]
    assert len(compared) > 300
    assert len(unlike) <= len(compared) // 100, unlike


def captures() -> list[Path]:
    index = needs.captures() / "INDEX.tsv"
    return [index.parent / line.split("\t")[0] for line in index.read_text().splitlines()[1:]]


def test_all_captures_have_the_same_findings() -> None:
    from bulk_compared import of_file
    from synfin.errors import UnreadableInput

    compared = 0
    for path in captures():
        try:
            found = list(of_file(path))
        except UnreadableInput:
            continue
        compared += len(found)
        assert [one for one in found if one.missing or one.invented] == [], path
    assert compared > 500
