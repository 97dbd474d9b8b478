"""`synfin packets -w`: chosen packets as a capture, beside what tshark writes of the same file."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

import needs
import tshark
from command import synfin
from synfin.capture.keep import keep_pcapng
from synfin.capture.reader import open_capture
from wire_bytes import assortment, write_pcap

TEXTBOOK = Path(__file__).parent / "data" / "textbook.pcapng"
KEPT = ("frame.time_epoch", "frame.comment", "frame.interface_name", "frame.len", "frame.cap_len", "tcp.seq_raw")


def test_a_whole_pcapng_is_written_byte_for_byte(tmp_path: Path) -> None:
    out = tmp_path / "all.pcapng"
    assert synfin("packets", str(TEXTBOOK), "-w", str(out)).status == 0
    assert out.read_bytes() == TEXTBOOK.read_bytes()


@pytest.mark.parametrize("name", ["pcapplusplus/pcapng-example.pcapng", "tcpdump/of13_ericsson.pcapng"])
def test_what_stands_around_the_packets_stays(name: str, tmp_path: Path) -> None:
    needs.have("tshark")
    path, out = needs.captures() / name, tmp_path / "some.pcapng"
    needs.captures_ran(path)
    done = synfin("packets", str(path), "-Y", "tcp.len > 0", "-w", str(out))
    assert done.status == 0 and not done.out
    expected = tshark.rows(tmp_path, path, KEPT, "-Y", "tcp.len > 0")
    assert tshark.rows(tmp_path, out, KEPT) == expected and expected
    with open_capture(out) as ours, open_capture(path) as theirs:
        assert list(ours) and list(theirs)
        assert ours.interfaces == theirs.interfaces


@pytest.mark.parametrize("name", ["arkime/arkime_synthetic.pcap", "suricata-verify/tcp-fastopen-05__tfo.pcap"])
def test_a_pcap_is_byte_for_byte_what_tshark_writes(name: str, tmp_path: Path) -> None:
    needs.have("tshark")
    path, ours, theirs = needs.captures() / name, tmp_path / "ours.pcap", tmp_path / "theirs.pcap"
    needs.captures_ran(path)
    assert synfin("packets", str(path), "-Y", "tcp.flags.syn == 1", "-w", str(ours)).status == 0
    tshark.lines(tmp_path, path, "-Y", "tcp.flags.syn == 1", "-F", "pcap", "-w", str(theirs))
    assert ours.read_bytes() == theirs.read_bytes() and len(ours.read_bytes()) > 24


def test_several_files_of_different_forms_become_one(tmp_path: Path) -> None:
    other = tmp_path / "other.pcap"
    write_pcap(other, assortment())
    out = tmp_path / "both.pcapng"
    with open_capture(other) as reader:
        count = sum(1 for _ in reader)
    with out.open("wb") as file:
        assert keep_pcapng([str(TEXTBOOK), str(other)], iter([2, 9, 10, 9 + count]), file) == 4
    with open_capture(out) as reader:
        found = list(reader)
    with open_capture(TEXTBOOK) as reader, open_capture(other) as second:
        wanted, others = list(reader), list(second)
    assert [one.data for one in found] == [one.data for one in (wanted[1], wanted[8], others[0], others[-1])]
    assert [one.time_ns for one in found] == [one.time_ns for one in (wanted[1], wanted[8], others[0], others[-1])]
    assert found[0].comments == wanted[1].comments


def test_standard_output_takes_a_capture(tmp_path: Path) -> None:
    import os
    import sys

    command = [sys.executable, "-m", "synfin", "packets", "-", "-c", "3", "-Y", "tcp.flags.syn == 1", "-w", "-"]
    done = subprocess.run(command, input=TEXTBOOK.read_bytes(), capture_output=True, timeout=120, env=os.environ)
    copy = tmp_path / "copy.pcapng"
    copy.write_bytes(done.stdout)
    with open_capture(copy) as reader:
        assert [packet.comments for packet in reader] == [("handshake-1/3",), ("handshake-2/3",)]


def test_nothing_is_overwritten_by_mistake(tmp_path: Path) -> None:
    source, link, other = tmp_path / "in.pcapng", tmp_path / "link.pcapng", tmp_path / "other.pcapng"
    source.write_bytes(TEXTBOOK.read_bytes())
    link.symlink_to(source)
    other.write_bytes(b"mine")
    for name in (source, link):
        done = synfin("packets", str(source), "--force", "-w", str(name))
        assert done.status == 2 and "is the input itself" in done.err
    done = synfin("packets", str(source), "-w", str(other))
    assert done.status == 2 and "--force" in done.err and other.read_bytes() == b"mine"
    assert synfin("packets", str(source), "-w", str(other), "--force").status == 0
    assert other.read_bytes() == source.read_bytes() == TEXTBOOK.read_bytes()


def test_comments_that_pcap_cannot_hold_are_named(tmp_path: Path) -> None:
    done = synfin("packets", str(TEXTBOOK), "-w", str(tmp_path / "x.pcap"))
    assert done.status == 0 and "9 left out" in done.err
    with open_capture(tmp_path / "x.pcap") as ours, open_capture(TEXTBOOK) as theirs:
        assert ours.format == "pcap-le-ns"
        assert [one.time_ns for one in ours] == [one.time_ns for one in theirs]


def test_no_packet_is_a_capture_too(tmp_path: Path) -> None:
    for name in ("x.pcap", "x.pcapng"):
        assert synfin("packets", str(TEXTBOOK), "-Y", "tcp.port == 1", "-w", str(tmp_path / name)).status == 0
        with open_capture(tmp_path / name) as reader:
            assert not list(reader)


def test_a_capture_that_was_cut_short_gives_what_stands_before(tmp_path: Path) -> None:
    cut, out = tmp_path / "cut.pcapng", tmp_path / "out.pcapng"
    cut.write_bytes(TEXTBOOK.read_bytes()[:-150])
    done = synfin("packets", str(cut), "-w", str(out))
    assert done.status == 0 and "cut short" in done.err
    with open_capture(out) as ours, open_capture(cut) as theirs:
        assert [one.data for one in ours] == [one.data for one in theirs]
        assert not ours.warnings
