"""The benchmarks run: data, both commands of a row, and the page that they write."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import measure
import needs
import report
from rows import rows
from shapes import SHAPES, Captures
from synfin.capture.reader import open_capture


def test_a_run_counts_what_the_command_took_and_not_what_measures_it() -> None:
    idle = measure.run([sys.executable, "-I", "-S", "-c", "pass"])
    busy = measure.run([sys.executable, "-I", "-S", "-c", "x = bytearray(200 << 20); print(sum(range(5_000_000)))"])
    assert busy.cpu_s > idle.cpu_s + 0.02 and busy.peak_kib > idle.peak_kib + (180 << 10)
    assert idle.peak_kib < 40 << 10 and busy.output_bytes == len("12499997500000\n") and idle.output_bytes == 0
    with pytest.raises(measure.CommandFailed, match="exit 3"):
        measure.run([sys.executable, "-c", "raise SystemExit(3)"])


def test_other_forms_of_a_capture_hold_the_same_packets(tmp_path: Path) -> None:
    captures = Captures(tmp_path, scale=0.002)
    plain, pcapng, tagged = (
        [(packet.time_ns, packet.data) for packet in open_capture(captures.path(name))]
        for name in ("ipv4.pcap", "ipv4.pcapng", "vlan.pcap")
    )
    assert plain == pcapng and len(plain) == captures.packets("ipv4.pcapng")
    assert [(time_ns, data[:12] + data[16:]) for time_ns, data in tagged] == plain
    assert {data[12:16] for _, data in tagged} == {bytes.fromhex("81000064")}


def test_every_row_names_captures_that_can_be_made() -> None:
    assert all(row.data in SHAPES and (row.other or row.data) in SHAPES for row in rows())


def test_the_suite_writes_a_page_with_its_figures() -> None:
    needs.have("kernels")
    command = [sys.executable, "bench/suite.py", "--quick", "--only", "tiny"]
    done = subprocess.run(command, cwd=needs.ROOT, capture_output=True, text=True, timeout=170)
    assert done.returncode == 0, done.stderr
    assert "| a tiny capture, conns into a pipe |" in done.stdout and "machine: " in done.stdout
    assert "* `synfin conns tiny.pcap`" in done.stdout


def test_a_row_says_whether_its_mark_is_met() -> None:
    two = measure.Spread(2.0, 1.5, 2.5)
    least = report.Result("a", "b", "c", 2.0, ours=two, ratio=two, peak_mb=(1, None))
    most = report.Result("a", "b", "c", 1.9, ours=two, ratio=two, peak_mb=(1, None), at_most=True)
    absent = report.Result("a", "b", "c", 2.0, missing="argus")
    assert (least.met, most.met, absent.met) == (True, False, None)
    assert "2.00 (1.50–2.50) | ≥ 2 | yes" in report.line(least) and "**no**" in report.line(most)
    assert "no argus" in report.line(absent)
