"""`check` in bounded memory: what is left out is counted and said, and what is said stays the same where it fits."""

from __future__ import annotations

import gzip
import json
import struct
from pathlib import Path
from typing import Any

import pytest

import needs
from command import synfin
from synfin.capture.packet import Packet
from synfin.faces import cli
from synfin.faces.commands import check
from synfin.watch.connections.brief import Brief
from synfin.watch.findings import fleet
from synfin.watch.findings.fleet import Fleet
from synfin.watch.follow.raw import RawConnection, RawSide
from synfin.watch.story import gather, same_ends, selected
from synfin.watch.story.same_ends import SameEnds
from synfin.watch.story.selected import select
from test_bulk_findings import LATE, frames, pcap
from test_findings import CASES

START_NS = 1_767_323_045_000_000_000
S = 1_000_000_000


def brief(
    conn: int, at_s: float, client: str, port: int, opened: str, closed: str, by: str, server: str = "S"
) -> Brief:
    start_ns = START_NS + round(at_s * S)
    return Brief(conn, conn + 1, start_ns, start_ns + S // 10, client, server, port, opened, closed, by, True, False)


def quiet(conn: int, at_s: float) -> Brief:
    return brief(conn, at_s, f"c{conn}", 80, "open.normal", "close.fin_4seg", "client")


def scan(first: int, at_s: float, source: str = "scanner") -> list[Brief]:
    """Twenty ports tried within two seconds, in vain."""
    return [
        brief(first + n, at_s + n / 10, source, 1000 + n, "open.refused", "close.never_opened", "server")
        for n in range(20)
    ]


def restart(first: int, at_s: float) -> list[Brief]:
    return [
        brief(first + n, at_s, f"r{n}", 443, "open.normal", "close.rst_reply", "server", "10.9.9.9") for n in range(4)
    ]


def judged(known: list[Brief]) -> list[Any]:
    together = Fleet()
    for place, one in enumerate(known):
        together.note(one._replace(conn=place, first_frame=place + 1))
        assert len(together._known) <= fleet.AT_ONCE
    assert not together.left_out
    return sorted((one.id, sorted(one.connections), str(one.numbers)) for one in together.findings())


@pytest.mark.parametrize("at_s", [5.0, 44.0, 48.5, 49.9, 60.0, 97.0])
def test_what_happens_at_any_time_is_found_a_hundred_connections_at_a_time(
    at_s: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    ordinary = [quiet(n, n) for n in range(200)]
    known = sorted([*ordinary, *scan(500, at_s), *restart(600, at_s + 1)], key=lambda one: one.end_ns)
    whole = judged(known)
    assert [name for name, *_ in whole] == ["fleet.scan", "fleet.server_restarted"]
    monkeypatch.setattr(fleet, "AT_ONCE", 100)
    assert judged(known) == whole


def test_who_outlives_a_reset_by_far_still_tells_that_it_was_no_restart(monkeypatch: pytest.MonkeyPatch) -> None:
    outlived = brief(9, 40, "r9", 443, "open.normal", "close.fin_4seg", "client", "10.9.9.9")
    known = [*(quiet(n, n) for n in range(60)), *restart(600, 60), *(quiet(n, n) for n in range(61, 90))]
    known.append(outlived._replace(end_ns=START_NS + 75 * S))
    known.sort(key=lambda one: one.end_ns)
    assert judged(known) == []
    monkeypatch.setattr(fleet, "AT_ONCE", 60)
    assert judged(known) == []


def test_one_direction_is_counted_over_all(monkeypatch: pytest.MonkeyPatch) -> None:
    single = [quiet(n, n)._replace(both_spoke=False) for n in range(500)]
    whole = judged(single)
    assert whole[0][0] == "capture.one_way" and "500" in whole[0][2]
    monkeypatch.setattr(fleet, "AT_ONCE", 60)
    assert judged(single) == whole


def test_findings_over_many_name_so_many_and_are_so_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fleet, "NAMED", 5)
    monkeypatch.setattr(fleet, "MOST", 3)
    together = Fleet()
    for n in range(5):
        for one in scan(100 * n, 10 * n, f"scanner{n}"):
            together.note(one)
    found = together.findings()
    assert [len(one.connections) for one in found] == [5, 5, 5] == [len(one.frames) for one in found]
    assert {one.unnamed for one in found} == {15} and together.left_out == 2


# --- what is opened ---


def raw(conn: int, packets: int = 3, client: bytes = b"\x0a\0\0\1", port: int = 4000, marks: int = 0) -> RawConnection:
    side = RawSide(client, port, packets, 0, packets * 60, 0, 64, 0)
    other = RawSide(b"\x0a\0\0\2", 80, 0, 0, 0, 0, 64, 0)
    return RawConnection(
        conn, conn, conn + 1, conn + 1, START_NS, START_NS, side, other, False, marks, 0, (-1, -1), b"", 0
    )


def unanswered(count: int, packets: int = 3) -> list[RawConnection]:
    from synfin.watch.connections.verdict import CLIENT_SYN, decide

    assert decide(CLIENT_SYN).open != "open.normal"
    return [raw(conn, marks=CLIENT_SYN, packets=packets) for conn in range(count)]


def test_others_are_counted_and_some_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selected, "_NAMED", 10)
    selection = select(unanswered(50), "ok", 20)
    assert list(selection.chosen) == list(range(20))
    for one in selection.others():
        assert (one.connections, one.unnamed, len(one.frames)) == (tuple(range(20, 30)), 20, 10)
    assert len(select(unanswered(50), "ok", None).chosen) == 50


def test_a_long_connection_is_not_opened_unless_all_are() -> None:
    long = unanswered(2, packets=selected.LONG + 1)
    selection = select(long, "ok", 20)
    assert not selection.chosen and not list(selection.others())
    assert {one.connections for one in selection.long()} == {(0, 1)}
    assert list(select(long, "ok", None).chosen) == [0, 1]


def test_what_is_opened_fits_into_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selected, "_ROOM_BYTES", 10_000)
    selection = select(unanswered(20, packets=5), "ok", 20)
    assert len(selection.chosen) == 10_000 // (5 * (60 + selected._SEGMENT_BYTES))
    assert {one.connections[0] for one in selection.others()} == {len(selection.chosen)}


def test_the_last_connections_of_the_same_endpoints_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(same_ends, "REACH", 4)
    ends = SameEnds()
    again = [raw(conn, port=4000 + conn % 2) for conn in range(8)]
    for one in again:
        ends.note(one)
    assert ends.before({7: again[7], 4: again[4]}) == {7: frozenset({5})}
    assert len(ends._ends) == 4


# --- the command ---


def written(file: Path, texts: list[str]) -> Path:
    apart = [
        one._replace(time_ns=one.time_ns + 10**12 * place) for place, text in enumerate(texts) for one in frames(text)
    ]
    file.write_bytes(pcap([one._replace(number=place + 1) for place, one in enumerate(apart)]))
    return file


@pytest.fixture(scope="module")
def some(tmp_path_factory: pytest.TempPathFactory) -> Path:
    needs.have("kernels")
    return written(tmp_path_factory.mktemp("check") / "some.pcap", [case.shows for case in CASES[:12]])


def said(file: Path, *options: str) -> str:
    """What is said of a capture, whatever it is called."""
    done = synfin("check", "--lines", "--lang", "en", *options, str(file))
    return (done.out + done.err).replace(str(file), "FILE")


@pytest.mark.parametrize("options", [(), ("--open", "1"), ("--rfc",)], ids=" ".join)
def test_a_compressed_capture_has_the_findings_of_the_plain_one(options: tuple[str, ...], some: Path) -> None:
    packed = some.with_suffix(".pcap.gz")
    packed.write_bytes(gzip.compress(some.read_bytes()))
    assert said(packed, *options) == said(some, *options) != ""


def in_fragments(packet: Packet) -> list[Packet]:
    """A frame whose IP payload comes in two parts."""
    head, body = packet.data[14:34], packet.data[34:]
    parts = []
    for start, stop in ((0, 16), (16, len(body))):
        place = start // 8 | (0x2000 if stop < len(body) else 0)
        ip = head[:2] + struct.pack(">HHH", 20 + stop - start, packet.number, place) + head[8:]
        data = packet.data[:14] + ip + body[start:stop]
        parts.append(packet._replace(data=data, wire_len=len(data)))
    return parts


def test_segments_in_fragments_are_opened_as_where_all_is_replayed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    needs.have("kernels")
    file = tmp_path / "fragments.pcap"
    parts = [part for one in frames(LATE) for part in in_fragments(one)]
    file.write_bytes(pcap([one._replace(number=place + 1) for place, one in enumerate(parts)]))
    opened = said(file)
    monkeypatch.setenv("SYNFIN_READABLE", "1")
    assert opened == said(file)
    assert "latency.client" in opened


@pytest.mark.parametrize(("many", "very_many"), [(3, 1000), (3, 5)])
def test_the_more_connections_the_sooner_they_are_let_go(
    many: int, very_many: int, some: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["check", "--json", "--lang", "en", "--fail-on", "never", str(some)]
    cli.main(asked)
    whole = json.loads(capsys.readouterr().out)
    monkeypatch.setattr(check, "_MANY", many)
    monkeypatch.setattr(check, "_VERY_MANY", very_many)
    cli.main(asked)
    found = json.loads(capsys.readouterr().out)
    assert [one["id"] for one in found["findings"]] == [one["id"] for one in whole["findings"]] != []
    assert any("connections at once" in line for line in found["warnings"]) is (very_many == 5)


def test_few_errors_and_little_of_the_past_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gather, "_PAST", 6)
    first, second = raw(0), raw(1)
    gatherer = gather.Gatherer({1: second}, {1: frozenset({0})}, START_NS)
    assert gatherer.wanted == {0, 1}
    from synfin.wire.frame import dissect

    for packet in list(frames(LATE)) * 3:
        gatherer.note(first.conn, 0, dissect(packet))
    kept = [segment.frame for _, segment in gatherer._past[0]]
    assert len(kept) == 6 and kept == [packet.number for packet in list(frames(LATE)) * 3][-6:]
