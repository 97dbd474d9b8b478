"""The generator of large captures says the truth about what it wrote; tshark is the referee."""

from __future__ import annotations

import json
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

import generate
import needs


def _generate(file: Path, *options: str) -> list[dict[str, Any]]:
    arguments = generate.parser().parse_args([str(file), *options])
    records = file.with_suffix(".truth.ndjson")
    with file.open("wb") as out, records.open("w") as lines:
        generate.generate(out, lines, arguments)
    return [json.loads(line) for line in records.read_text().splitlines()]


@pytest.mark.parametrize("name", ["small.pcap", "mixed.pcapng"])
def test_tshark_counts_what_the_truth_says(tmp_path: Path, name: str) -> None:
    needs.have("tshark")
    file = tmp_path / name
    options = ["--packets", "3000", "--concurrent", "40", "--loss", "0.1", "--reorder", "0.1", "--mix", file.stem]
    truth = _generate(file, *options)
    fields = ("tcp.stream", "tcp.len", "tcp.analysis.retransmission", "tcp.checksum.status", "frame.time_delta")
    command = ["tshark", "-n", "-2", "-o", "tcp.check_checksum:TRUE", "-r", str(file), "-T", "fields"]
    for field in fields:
        command += ["-e", field]
    rows = [line.split("\t") for line in subprocess.check_output(command, text=True).splitlines()]

    packets = Counter(int(row[0]) for row in rows)
    payload, again = Counter[int](), Counter[int]()
    for row in rows:
        payload[int(row[0])] += int(row[1])
        again[int(row[0])] += row[2] != ""
    assert len(packets) == len(truth)
    for record in truth:
        stream = record["conn"]
        assert packets[stream] == sum(record["packets"])
        assert payload[stream] == sum(record["payload_bytes"])
        repeats = sum(record["retransmitted"])
        # The filling of a gap looks like a repetition to some, depending on its delay.
        assert repeats <= again[stream] <= repeats + sum(record["filled"]) + sum(record["reordered"])
    assert {row[3] for row in rows} == {"1"}, "a checksum is wrong"
    assert all(float(row[4]) >= 0 for row in rows), "time runs backwards"


def test_same_arguments_same_bytes(tmp_path: Path) -> None:
    options = ["--packets", "500", "--concurrent", "10", "--seed", "7"]
    for name in ("a.pcap", "b.pcap"):
        _generate(tmp_path / name, *options)
    assert (tmp_path / "a.pcap").read_bytes() == (tmp_path / "b.pcap").read_bytes()
