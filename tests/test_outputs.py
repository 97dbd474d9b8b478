"""What is printed of the textbook connection is what tshark 4.0 prints; its answers are recorded in golden/outputs.

`bench/output_agreement.py` asks tshark itself, of every capture at hand.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from command import synfin
from synfin.faces.cli import main

HERE = Path(__file__).parent
TEXTBOOK = HERE / "data" / "textbook.pcapng"
_CELLS = (
    "-T", "fields", "-e", "frame.number", "-e", "ip.addr", "-e", "tcp.port", "-e", "frame.time", "-e", "frame.comment",
)  # fmt: skip
CASES: dict[str, tuple[str, ...]] = {
    "lines": (), "lines-absolute": ("-t", "ad", "-T", "tabs"), "lines-displayed": ("-t", "dd", "-Y", "tcp.len == 0"),
    "bytes": ("-x", "-c", "3"), "lines-and-bytes": ("-P", "-x", "-Y", "tcp.flags.fin == 1"),
    "count": ("-c", "5", "-Y", "tcp.len > 0"), "count-before-filter": ("-c", "3", "-Y", "tcp.flags.fin == 1"),
    "count-in-both-passes": (
        "-c", "4", "-T", "fields", "-e", "frame.number", "-e", "tcp.completeness", "-e", "tcp.analysis.initial_rtt",
        "-e", "tcp.time_relative",
    ),
    "cells-header": (*_CELLS, "-E", "header=y", "-E", "bom=y", "-E", "separator=,", "-E", "quote=d"),
    "cells-first": (*_CELLS, "-E", "occurrence=f", "-E", "separator=/s", "-E", "quote=s"),
    "cells-last": (*_CELLS, "-E", "occurrence=l", "-E", "separator=|", "-E", "quote=n"),
    "cells-aggregator": (*_CELLS, "-E", "aggregator=/s"),
    "json-j": ("-T", "json", "-j", "tcp tcp.flags"),
    "ek-j": ("-T", "ek", "-j", "tcp tcp.options"),
    "json-e": ("-T", "json", "-e", "tcp.port", "-e", "_ws.col.Info", "-c", "2"),
    "conv": ("-q", "-z", "conv,tcp", "-z", "conv,ip,tcp.flags.syn == 1", "-z", "conv,udp"),
    "endpoints": ("-q", "-z", "endpoints,tcp", "-z", "endpoints,eth", "-z", "endpoints,ip,tcp.len > 0"),
    "follow": ("-q", "-z", "follow,tcp,ascii,0", "-z", "follow,tcp,hex,0", "-z", "follow,tcp,raw,0,2"),
    "follow-ends": ("-q", "-z", "follow,tcp,yaml,127.0.0.1:55556,127.0.0.1:9501"),
    "follow-other-ends": ("-q", "-z", "follow,tcp,raw,[::1]:55556,[::1]:9501"),
    "hierarchy": ("-q", "-z", "io,phs", "-z", "io,phs,tcp.len > 0"),
    "intervals": (
        "-q",
        "-z", "io,stat,0.001,tcp.len > 0,SUM(tcp.len)tcp.len,COUNT(tcp.flags)tcp.flags,MIN(tcp.hdr_len)tcp.hdr_len",
        "-z", "io,stat,0.002,MAX(tcp.time_delta)tcp.time_delta,BYTES()tcp.flags.fin == 1",
    ),
    "one-interval": ("-q", "-z", "io,stat,0,tcp,AVG(frame.len)frame.len,FRAMES()tcp.flags.syn == 1"),
    "intervals-by-date": ("-q", "-t", "ad", "-z", "io,stat,1"),
}  # fmt: skip


@pytest.fixture(autouse=True)
def utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """tshark was asked in UTC."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def place(name: str) -> Path:
    """Where the recorded answer is."""
    return HERE / "golden" / "outputs" / f"{name}.txt"


@pytest.mark.parametrize("name", CASES)
def test_what_is_printed_is_tsharks(name: str, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert main(["packets", str(TEXTBOOK), *CASES[name]]) == 0
    assert capfdbinary.readouterr().out.decode() == place(name).read_bytes().decode()


def test_readable_code_looks_no_further_than_what_is_asked_for(
    monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    monkeypatch.setenv("SYNFIN_READABLE", "1")
    test_what_is_printed_is_tsharks("count-in-both-passes", capfdbinary)


@pytest.mark.parametrize("readable", ["0", "1"])
def test_findings_and_records_end_with_what_was_asked_for(readable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYNFIN_READABLE", readable)
    asked = ("packets", str(TEXTBOOK), "-T", "fields", "-e", "conn.server.packets", "-e", "synfin.phase", "-c")
    rows = [line.split("\t") for line in synfin(*asked, "3").out.splitlines()]
    assert {total for total, _ in rows} == {"1"}
    assert synfin(*asked, "1000").out.splitlines()[:3] != ["\t".join(row) for row in rows]
