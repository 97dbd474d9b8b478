"""`conns --separate` on several processes gives what one gives: records, notes and exit code, in the order of files."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import needs
from command import Done, synfin
from synfin.capture.pcap import PcapWriter
from test_kernels import conversation

DATA = Path(__file__).parent / "data"
RECORDED = [str(path) for path in sorted(DATA.glob("*.pcapng"))]


@pytest.fixture(autouse=True)
def kernels() -> None:
    needs.have("kernels")


def both(*words: str) -> tuple[Done, Done]:
    return synfin("conns", "--jobs", "1", *words), synfin("conns", "--jobs", "3", *words)


@pytest.mark.parametrize("form", ["--ndjson", "--tsv", "--csv", "--json"])
def test_every_form_is_the_same(form: str) -> None:
    one, several = both("--separate", form, *RECORDED)
    assert several == one
    assert one.status == 0 and len(one.out.splitlines()) >= len(RECORDED)


def test_filters_sorting_and_limits_are_the_same() -> None:
    for words in (["-Y", "tcp.flags.reset == 1"], ["--sort", "-duration_ns", "--limit", "3"], ["--keep-all"]):
        one, several = both("--separate", "--tsv", *words, *RECORDED)
        assert several == one


def test_notes_stand_in_the_order_of_files(tmp_path: Path) -> None:
    """A file that is cut, one without TCP, and one that is no capture at all, which ends it."""
    cut, empty, text = tmp_path / "cut.pcapng", tmp_path / "empty.pcap", tmp_path / "text.pcap"
    cut.write_bytes(Path(RECORDED[0]).read_bytes()[:-5])
    empty.write_bytes(bytes.fromhex("d4c3b2a1020004000000000000000000ffff000001000000"))
    text.write_text("nothing here")
    one, several = both("--separate", "--tsv", str(cut), str(empty), *RECORDED, str(cut))
    assert several == one
    assert "cut short" in one.err
    one, several = both("--separate", "--tsv", RECORDED[0], str(text), RECORDED[1])
    assert several == one
    assert one.status == 3


def test_ctrl_c_ends_all_processes_with_what_was_read(tmp_path: Path) -> None:
    paths = []
    for number in range(3):
        path = tmp_path / f"{number}.pcap"
        with path.open("wb") as file:
            writer = PcapWriter(file, 1)
            for packet in conversation(number, 200):
                writer.write(packet)
        with path.open("r+b") as file:
            file.truncate(1 << 33)  # a hole: zeros that are records of no bytes, and take long
        paths.append(str(path))
    command = [sys.executable, "-m", "synfin", "conns", "--separate", "--jobs", "3", "--tsv", *paths]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        time.sleep(2)
        os.kill(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "interrupted after" in err
    assert len(out.splitlines()) > 1
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    assert not children.exists()
