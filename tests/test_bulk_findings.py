"""Findings of every connection from compiled facts: what the readable rules say, without reading a segment."""

from __future__ import annotations

import json
import random
import struct
import subprocess
import sys
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


def pcap(packets: list[Packet]) -> bytes:
    records = (
        struct.pack("<IIII", *divmod(one.time_ns, 10**9), len(one.data), one.wire_len) + one.data for one in packets
    )
    return struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 1 << 18, 1) + b"".join(records)


def told(*arguments: str) -> str:
    command = [sys.executable, "-m", "synfin", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


LATE = f"{HANDSHAKE}+2\nC PSH,ACK seq=1 ack=1 len=14\nS ACK seq=1 ack=15"


def test_findings_stand_in_every_form_and_in_filters(tmp_path: Path) -> None:
    file = tmp_path / "late.pcap"
    file.write_bytes(pcap(list(frames(LATE))))
    path = str(file)
    (record,) = map(json.loads, told("conns", "--ndjson", path).splitlines())
    assert record["findings"] == ["latency.client"]
    assert json.loads(told("conns", "--json", path))["connections"][0]["findings"] == ["latency.client"]
    assert told("conns", "--tsv", "--columns", "conn,findings", path).splitlines()[1:] == ["0\tlatency.client"]
    assert json.loads(told("conns", "--ndjson", "--no-findings", path))["findings"] == []
    for wanted, count in (('"latency."', 1), ('"rst."', 0)):
        shown = told("conns", "--ndjson", "-Y", f"conn.findings contains {wanted}", path)
        assert len(shown.splitlines()) == count


@pytest.mark.parametrize("options", [(), ("--min", "info"), ("--rfc",), ("--open", "all")], ids=" ".join)
def test_check_says_the_same_as_where_all_is_replayed(
    options: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "some.pcap"
    texts = [case.shows for case in CASES[:12]]
    apart = [
        one._replace(time_ns=one.time_ns + 10**12 * place) for place, text in enumerate(texts) for one in frames(text)
    ]
    file.write_bytes(pcap([one._replace(number=place + 1) for place, one in enumerate(apart)]))
    asked = ("check", "--lines", "--lang", "en", *options, str(file))
    opened = told(*asked)
    monkeypatch.setenv("SYNFIN_READABLE", "1")
    assert opened == told(*asked)
    assert opened
