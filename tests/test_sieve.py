"""What falls through a sieve, before it has a row, no filter would have chosen: pushed and not pushed are the same."""

from __future__ import annotations

import contextlib
import struct
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import needs
from synfin.capture.reader import open_capture
from synfin.errors import FilterError, UnreadableInput
from synfin.filter import Filter, compile
from wire_bytes import assortment, write_pcap

#: read from bytes alone
NUMBERS = ("tcp.port", "tcp.srcport", "tcp.dstport", "tcp.len", "tcp.flags", "tcp.hdr_len", "tcp.window_size_value",
           "tcp.seq_raw", "tcp.ack_raw", "tcp.checksum", "tcp.urgent_pointer", "ip.ttl", "ip.proto", "ip.len", "ip.id",
           "ip.hdr_len", "ip.dsfield.ecn", "ip.flags.df", "ipv6.hlim", "ipv6.plen", "ipv6.nxt", "udp.port",
           "udp.length", "frame.len", "frame.cap_len", "frame.number", "eth.type", "tcp.options.mss_val",
           "tcp.flags.syn", "tcp.flags.ack", "tcp.stream", "all tcp.port", "any ip.ttl")  # fmt: skip
PRESENT = ("tcp", "udp", "ip", "ipv6", "arp", "icmp", "eth", "vlan", "tcp.payload", "tcp.flags & 2",
           "tcp.options.sack_perm", "tcp.options.timestamp.tsval", "tcp.flags.fin", "ip.flags.mf",
           "tcp.analysis.retransmission", "tcp.analysis.duplicate_ack", "tcp.analysis.lost_segment",
           "tcp.analysis.keep_alive", "tcp.analysis.window_update", "tcp.analysis.zero_window")  # fmt: skip
ADDRESSES = ("ip.addr", "ip.src", "ip.dst", "all ip.addr", "any ip.addr")
numbers = st.integers(0, 70).map(str) | st.sampled_from(["80", "443", "1460", "65535", "0", "0x12", "0x0800", "100000"])
signs = st.sampled_from(["==", "!=", "<", "<=", ">", ">=", "===", "!=="])
leaves = st.one_of(
    st.sampled_from(PRESENT),
    st.builds("{} {} {}".format, st.sampled_from(NUMBERS), signs, numbers),
    st.builds("{} in {{{}, {} .. 9000}}".format, st.sampled_from(NUMBERS[:30]), numbers, numbers),
    st.builds("{} {} {}".format, st.sampled_from(ADDRESSES), signs,
              st.sampled_from(["10.0.0.1", "192.168.0.0/16", "10.0.0.0/8", "127.0.0.1", "0.0.0.0/0"])),
    st.builds("ipv6.addr {} {}".format, st.sampled_from(["==", "!=", "==="]),
              st.sampled_from(["::1", "fe80::/10", "2001:db8::/32"])),
    st.builds("{} contains {}".format, st.sampled_from(["tcp.payload", "frame", "tcp"]),
              st.sampled_from(['"HTTP"', '"a"', "00:01"])),
)  # fmt: skip
tests = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds("({}) and ({})".format, inner, inner),
        st.builds("({}) and ({})".format, inner, inner),
        st.builds("({}) or ({})".format, inner, inner),
        st.builds("not ({})".format, inner),
    ),
    max_leaves=6,
)
SHOWN = ("frame.number", "frame.time_delta", "frame.time_relative", "frame.time_delta_displayed", "ip.src", "tcp.len")


@pytest.fixture(autouse=True)
def kernels() -> None:
    needs.have("kernels")


def rows(path: str, wanted: Filter, *, pushed: bool) -> tuple[list[tuple[object, ...]], bool]:
    """What is told of every chosen frame; whether a sieve was used."""
    from synfin.dissect import fields
    from synfin.filter.selection import Selection

    columns = [fields.lookup(name) for name in SHOWN]
    # -c makes no difference beyond the last frame, but for the sieve
    selection = Selection([path], wanted, SHOWN, last=None if pushed else 1 << 31)
    found: list[tuple[object, ...]] = []
    with contextlib.suppress(UnreadableInput):
        for frame, facts in selection.rows():
            found.append((frame.packet, *(column.load(frame, facts) for column in columns)))
    return found, selection.blocks.sieve is not None or selection.blocks.marked is not None


def captures(folder: Path, largest: int) -> list[str]:
    truth = folder / "expected" / "tshark"
    found = (folder / str(path.relative_to(truth))[: -len(".tsv.xz")] for path in truth.glob("*/*.tsv.xz"))
    return [str(path) for path in sorted(found) if path.stat().st_size < largest and _is_capture(path)]


def _is_capture(path: Path) -> bool:
    try:
        with open_capture(path):
            return True
    except UnreadableInput:
        return False


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=tests, which=st.integers(0, 10_000))
def test_pushed_and_not_pushed_choose_the_same(
    text: str, which: int, captures_dir: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    place = tmp_path_factory.getbasetemp() / "assortment.pcap"
    if not place.exists():
        write_pcap(place, assortment())
    every = [str(place), *captures(captures_dir, 200_000)]
    try:
        wanted = compile(text)
    except FilterError:
        assume(False)
    for path in (every[0], every[which % len(every)]):
        assert rows(path, wanted, pushed=True)[0] == rows(path, wanted, pushed=False)[0], path


EVERYWHERE = ("ip.addr == 10.0.0.1 and tcp.port in {80, 443}", "tcp.flags.syn == 1 and tcp.options.mss_val < 1460",
              "tcp.port == 80 or udp.port == 53", "ip.addr == 10.0.0.0/8 and frame.len > 60",
              'tcp.payload contains "HTTP"', "ipv6.addr == fe80::/10 and tcp",
              "tcp.len > 0 and ip.ttl < 64", "tcp.analysis.retransmission", "tcp.analysis.duplicate_ack and ip",
              "tcp.analysis.lost_segment or tcp.analysis.window_full", "tcp.stream == 1",
              "tcp.stream in {0, 2..4} and tcp.analysis.retransmission")  # fmt: skip


def test_every_capture(captures_dir: Path) -> None:
    sifted = hits = 0
    for path in captures(captures_dir, 400_000):
        for text in EVERYWHERE:
            found, used = rows(path, compile(text), pushed=True)
            assert found == rows(path, compile(text), pushed=False)[0], f"{path}: {text}"
            sifted, hits = sifted + used, hits + bool(found)
        needs.captures_ran(path)
    assert sifted > 200 and hits > 100


def segment(number: int, size: int = 0, v6: bool = False) -> bytes:
    """A TCP segment from port 1000 + number % 7 in IPv4 or IPv6."""
    tcp = struct.pack(">HHIIBBHHH", 1000 + number % 7, 80, number, 1, 0x50, 0x10, 512, 0, 0) + bytes(size)
    if v6:
        return bytes(12) + b"\x86\xdd" + struct.pack(">IHBB", 6 << 28, len(tcp), 6, 64) + bytes(32) + tcp
    ip = struct.pack(">BBHHHBBHII", 0x45, 0, 20 + len(tcp), number & 0xFFFF, 0, 64, 6, 0, 0x0A000001, 0x0A000002)
    return bytes(12) + b"\x08\x00" + ip + tcp


def written(path: Path, frames: Sequence[bytes]) -> str:
    head = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)
    records = (struct.pack("<IIII", 5 + i, i % 1000, len(one), len(one)) + one for i, one in enumerate(frames))
    path.write_bytes(head + b"".join(records))
    return str(path)


@pytest.mark.parametrize("text", ["tcp.port == 1003", "tcp.port in {1000..1005}", "tcp.port == 7", "frame.number == 1"])
def test_blocks_and_chunks(text: str, tmp_path: Path) -> None:
    """Few rows of many frames, many of them (a sieve is given up then), none; larger than a chunk."""
    frames = [segment(i, size=i % 90, v6=i % 3 == 0) for i in range(12_000)]
    path = written(tmp_path / "many.pcap", frames)
    found, used = rows(path, compile(text), pushed=True)
    assert used and found == rows(path, compile(text), pushed=False)[0]
    if text == "tcp.port == 1003":
        assert [row[1] for row in found] == [[i + 1] for i in range(12_000) if i % 7 == 3]


@pytest.mark.parametrize("every", [2, 700, 5_000])
def test_marks_over_many_blocks(every: int, tmp_path: Path) -> None:
    """Flags alone are followed as facts are: few rows have one, or most."""
    frames = [segment(7 * (i + 1 - (i % every == 0)), size=7) for i in range(9_000)]
    path = written(tmp_path / "again.pcap", frames)
    wanted = compile("tcp.analysis.retransmission")
    found, used = rows(path, wanted, pushed=True)
    assert used and found == rows(path, wanted, pushed=False)[0] and found
    with_facts = compile("tcp.analysis.retransmission and tcp.stream >= 0")  # numbers need facts
    assert [row[1] for row in found] == [row[1] for row in rows(path, with_facts, pushed=True)[0]]


def test_damage_behind_what_falls_through(tmp_path: Path) -> None:
    """Where records end in damage the warning names the same frame."""
    from synfin.filter.selection import Selection

    path = Path(written(tmp_path / "broken.pcap", [segment(i) for i in range(50)]))
    path.write_bytes(path.read_bytes() + struct.pack("<IIII", 1, 2, 0x7FFFFFFF, 4) + bytes(30))
    said: list[list[str]] = [[], []]
    for pushed in (0, 1):
        wanted = compile("tcp.port == 7")
        last = None if pushed else 1 << 31
        assert list(Selection([str(path)], wanted, (), last=last, warnings=said[pushed]).numbers()) == []
    assert said[0] == said[1] and said[0]


def test_a_filter_starts_quickly(tmp_path: Path) -> None:
    """What takes long to load is not loaded: it would be most of what a filter over a small capture costs."""
    path = written(tmp_path / "few.pcap", [segment(i) for i in range(20)])
    filters = ("ip.addr == 10.0.0.1 and tcp.port in {1003}", "tcp.analysis.retransmission")
    heavy = {"dataclasses", "inspect", "hashlib", "rich", "numpy", "asyncio", "synfin.wire.frame", "synfin.tcp.state"}
    for text in filters:
        arguments = ["packets", path, "-Y", text, "-T", "fields", "-e", "frame.number"]
        program = (
            "import sys; had = set(sys.modules); from synfin.faces.cli import main; main(sys.argv[1:]); "
            "print(*set(sys.modules) - had, sep='\\n')"
        )
        done = subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=True)
        assert heavy & set(done.stdout.split()) == set()
