"""The compiled way of `packets` (rows, planned filters, written lines) says what the readable code says."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator, Sequence
from dataclasses import fields as members
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import needs
from command import synfin as run
from synfin.dissect import fields, format
from synfin.dissect.context import Facts
from synfin.errors import FilterError, UnreadableInput
from synfin.filter import Filter, compile
from synfin.watch.packets.annotate import annotated
from synfin.wire.frame import Frame
from wire_bytes import assortment, write_pcap

FILTERS = Path(__file__).with_name("filters.txt").read_text().splitlines()
SMALL = 25_000  #: bytes of a capture on which every filter is tried
LARGEST = 120_000  #: bytes of a capture whose every row is compared
DATA = Path(__file__).parent / "data"

OF_CONNECTIONS = (
    'conn.close == "close.abort" and conn.server.port in {80,443}', "conn.retransmissions > 0 and tcp.len > 0",
    "conn.completeness >= 15 or udp", "not conn.open", "conn.client.ip == 10.0.0.0/8 && tcp.flags.fin == 1",
)  # fmt: skip


@pytest.fixture(autouse=True)
def kernels() -> None:
    needs.have("kernels")


def understood(texts: Sequence[str]) -> list[Filter]:
    found = []
    for text in texts:
        with contextlib.suppress(FilterError):
            found.append(compile(text))
    return found


def captures(folder: Path, largest: int) -> Iterator[str]:
    truth = folder / "expected" / "tshark"
    for path in sorted(truth.glob("*/*.tsv.xz")):
        capture = folder / str(path.relative_to(truth))[: -len(".tsv.xz")]
        if capture.stat().st_size < largest:
            yield str(capture)


def readable(path: str, passes: int = 2) -> list[tuple[Frame, Facts]]:
    """All rows by the readable core; empty where the file is none."""
    try:
        return list(annotated([path], passes=passes, fields=["conn.conn"]))
    except UnreadableInput:
        return []


def chosen(path: str, wanted: Filter) -> list[int]:
    """Numbers of the frames that a planned filter chooses."""
    from synfin.filter.selection import Selection

    selection = Selection([path], wanted, ())
    return list(selection.numbers())


# --- rows -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("passes", [1, 2])
def test_a_row_of_a_block_is_that_of_the_readable_core(passes: int, captures_dir: Path) -> None:
    from synfin.watch.packets.blocks import Blocks
    from synfin.watch.packets.column_fields import EVERYTHING
    from synfin.watch.packets.foreseen import foreseen
    from synfin.watch.packets.told import Told

    #: told from the records by another test; known only where the numbers tell it
    elsewhere = {"connection", "frame_time_delta_displayed_ns", "base_seq_sender", "base_seq_receiver"}
    names = [one.name for one in members(Facts) if one.name not in elsewhere]
    compared = 0
    for path in captures(captures_dir, LARGEST):
        theirs = readable(path, passes)
        if not theirs:
            continue
        finished, past = foreseen([path], EVERYTHING) if passes == 2 else (None, None)
        blocks = Blocks([path], EVERYTHING, finished)
        told = Told(blocks, past=past)
        ours = (row for _ in blocks for row in told.rows())
        for (frame, facts), (wanted, said) in zip(ours, theirs, strict=True):
            here = f"{path}: frame {wanted.packet.number}"
            assert frame == wanted, here
            if abs(wanted.packet.time_ns) < 2**63:
                assert [getattr(facts, name) for name in names] == [getattr(said, name) for name in names], here
            compared += 1
        needs.captures_ran(path)
    assert compared > 5_000


# --- filters ----------------------------------------------------------------------------------------------------------


def test_planned_filters_choose_what_the_readable_code_chooses(captures_dir: Path) -> None:
    from synfin.filter.selection import can_be_compiled

    filters = [one for one in understood([*FILTERS, *OF_CONNECTIONS]) if can_be_compiled((), one)]
    assert len(filters) > 250
    tried = hits = 0
    for path in captures(captures_dir, SMALL):
        rows = readable(path)
        if not 0 < len(rows) < 200:
            continue
        for wanted in filters:
            expected = [frame.packet.number for frame, facts in rows if wanted.matches(frame, facts)]
            assert chosen(path, wanted) == expected, f"{path}: {wanted.text}"
            tried, hits = tried + 1, hits + bool(expected)
        needs.captures_ran(path)
    assert tried > 5_000 and hits > 1_000


NUMBERS = ("tcp.port", "tcp.len", "tcp.seq", "ip.ttl", "frame.len", "tcp.window_size", "tcp.stream", "udp.port",
           "tcp.options.mss_val", "tcp.analysis.acks_frame", "ip.proto", "synfin.conn", "tcp.flags", "frame.number",
           "tcp.options.sack_le", "ipv6.plen", "tcp.completeness", "tcp.analysis.bytes_in_flight")  # fmt: skip
PRESENT = ("tcp", "udp", "ip", "ipv6", "arp", "icmp", "eth", "tcp.analysis.flags", "tcp.analysis.retransmission",
           "tcp.payload", "tcp.flags & 2", "tcp.options.sack_perm", "vlan", "tcp.analysis", "conn.close")  # fmt: skip
numbers = st.integers(0, 70).map(str) | st.sampled_from(["80", "443", "1460", "65535", "0", "0x12", "100000"])
signs = st.sampled_from(["==", "!=", "<", "<=", ">", ">=", "===", "!=="])
leaves = st.one_of(
    st.sampled_from(PRESENT),
    st.builds("{} {} {}".format, st.sampled_from(NUMBERS), signs, numbers),
    st.builds("{} {} {}".format, st.sampled_from(["any tcp.port", "all udp.port", "all tcp.port"]), signs, numbers),
    st.builds("{} in {{{}, {} .. 9000}}".format, st.sampled_from(NUMBERS), numbers, numbers),
    st.builds("{} {} {}".format, st.sampled_from(["ip.addr", "ip.src"]), signs,
              st.sampled_from(["10.0.0.1", "192.168.0.0/16", "10.0.0.0/8", "127.0.0.1"])),
    st.builds("ipv6.addr {} {}".format, st.sampled_from(["==", "!="]), st.sampled_from(["::1", "fe80::/10"])),
    st.builds("{} contains {}".format, st.sampled_from(["tcp.payload", "frame", "tcp"]),
              st.sampled_from(['"HTTP"', '"a"', "00:01", "0d:0a"])),
    st.builds("{}[{}:2] == 00:50".format, st.sampled_from(["tcp", "frame", "tcp.payload"]), st.integers(0, 30)),
)  # fmt: skip
tests = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds("not ({})".format, inner),
        st.builds("({}) and ({})".format, inner, inner),
        st.builds("({}) or ({})".format, inner, inner),
    ),
    max_leaves=6,
)


@cache
def made(place: str) -> tuple[str, list[tuple[Frame, Facts]]]:
    return place, readable(place)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=tests, which=st.integers(0, 3))
def test_random_filters(text: str, which: int, captures_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    place = tmp_path_factory.getbasetemp() / "assortment.pcap"
    if not place.exists():
        write_pcap(place, assortment())
    names = ["tcpflow/bug4.pcap", "zeek/ipv6-http-atomic-frag.pcap", "tcpdump/mptcp-v1.pcap"]
    path, rows = made(str([place, *(captures_dir / name for name in names)][which]))
    wanted = next(iter(understood([text])), None)
    assume(wanted is not None)
    assert wanted is not None
    assert chosen(path, wanted) == [frame.packet.number for frame, facts in rows if wanted.matches(frame, facts)]


# --- lines ------------------------------------------------------------------------------------------------------------


def lines_of(path: str, wanted: Filter | None, passes: int, options: Sequence[str]) -> tuple[list[str], list[str]]:
    """Every field that can be written, by the compiled writer and by the readable code."""
    from synfin.faces.packet_writer import can_write, write_lines
    from synfin.filter.selection import Selection
    from synfin.watch.packets.column_fields import known_names

    style = format.layout(options)
    columns = [one for name in known_names() if can_write([one := fields.lookup(name)], style)]
    assert len(columns) > 100
    expected, last_ns = [], None
    for frame, facts in readable(path, passes):
        if wanted is None or wanted.matches(frame, facts):
            facts.frame_time_delta_displayed_ns = 0 if last_ns is None else frame.packet.time_ns - last_ns
            last_ns = frame.packet.time_ns
            expected.append(format.row(columns, frame, facts, style))
    out = io.StringIO()
    selection = Selection([path], wanted, [one.name for one in columns], passes=passes)
    with contextlib.redirect_stdout(out):
        write_lines(selection, columns, style, lambda row: format.row(columns, *selection.told.row(row), style) + "\n")
    return out.getvalue().split("\n")[:-1], expected


@pytest.mark.parametrize("passes", [1, 2])
def test_written_lines_are_the_readable_ones(passes: int, captures_dir: Path) -> None:
    compared = 0
    for path in captures(captures_dir, LARGEST):
        if readable(path, 1):
            found, expected = lines_of(path, None, passes, ())
            assert found == expected, path
            compared += len(found)
            needs.captures_ran(path)
    assert compared > 5_000


@pytest.mark.parametrize(
    "options",
    [["occurrence=f"], ["occurrence=l"], ["aggregator=;", "quote=d"], ["separator=,", "quote=s"]],
)
def test_layouts_of_written_lines(options: list[str], tmp_path: Path) -> None:
    path = str(write_pcap(tmp_path / "frames.pcap", assortment()))
    found, expected = lines_of(path, compile("frame.len > 60"), 2, options)
    assert found == expected and found


def test_most_frames_need_no_readable_code(captures_dir: Path) -> None:
    from synfin.filter.selection import Selection

    selection = Selection([str(captures_dir / "wireshark/tls-renegotiation.pcap")], None, None)
    unsure = rows = 0
    for _ in selection:
        unsure, rows = unsure + len(selection.blocks.view.unsure()), rows + selection.blocks.count
    assert unsure * 20 < rows > 50


def test_the_command_prints_what_the_readable_core_prints(tmp_path: Path) -> None:
    path = str(write_pcap(tmp_path / "frames.pcap", assortment()))
    for arguments in (
        ["-T", "fields", "-e", "frame.number", "-e", "tcp.flags", "-e", "ip.addr", "-E", "header=y", "-Y", "tcp"],
        ["-T", "fields", "-e", "frame.protocols", "-e", "frame.time_delta_displayed", "-Y", "frame.len > 60"],
        ["-Y", "tcp.len > 0 or udp"], ["-T", "json", "-Y", "tcp.port == 80"], ["-c", "5"],
        ["-T", "fields", "-e", "frame.number", "-c", "3"],
    ):  # fmt: skip
        compiled = run("packets", path, *arguments)
        assert compiled == run("packets", path, *arguments, env={"SYNFIN_READABLE": "1"}), arguments
        assert compiled.status == 0 and compiled.out


# --- what else filters choose, and how the plan is told ---------------------------------------------------------------


@pytest.mark.parametrize("text", ["tcp.flags.reset == 1", "conn.open", 'tcp.payload contains "test"', "udp", "tcp"])
def test_connections_are_chosen_by_their_packets(text: str) -> None:
    recorded = sorted(map(str, DATA.glob("*.pcapng")))
    compiled = run("conns", "-Y", text, "--tsv", *recorded)
    assert compiled == run("conns", "-Y", text, "--tsv", *recorded, env={"SYNFIN_READABLE": "1"})
    assert compiled.status == 0


def test_packets_are_written_by_a_filter(tmp_path: Path) -> None:
    path = str(write_pcap(tmp_path / "frames.pcap", assortment()))
    for name, env in (("compiled", {}), ("readable", {"SYNFIN_READABLE": "1"})):
        assert run("packets", path, "-Y", "tcp.len > 0 or udp", "-w", str(tmp_path / name), env=env).status == 0
    assert (tmp_path / "compiled").read_bytes() == (tmp_path / "readable").read_bytes()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("ip.addr == 10.0.0.1 and tcp.port in {9501}", ["no connection is followed", "tcp.port", "ip.addr"]),
        ("tcp.analysis.retransmission", ["Read once"]),
        ("tcp.seq > 3", ["Read twice"]),
        ('tcp.payload matches "a.b" and tcp.port == 80', ["compiled, numbers compared: tcp.port", "the readable code"]),
        ('synfin.phase == "data"', ["the whole filter", "synfin.phase"]),
        ('conn.close == "close.abort"', ["once for each connection"]),
    ],
)
def test_a_plan_is_told(text: str, said: list[str]) -> None:
    told = run("packets", "-Y", text, "--explain-filter", "-T", "fields", "-e", "frame.number", "--lang", "en")
    assert told.status == 0 and all(part.lower() in told.out.lower() for part in said), told.out
    chinese = run("packets", "-Y", text, "--explain-filter", "--lang", "zh")
    assert "执行计划" in chinese.out


def test_cheap_tests_come_first() -> None:
    from synfin.filter.planned import plan, steps

    test = plan(
        compile('tcp.payload contains "a" and tcp.payload matches "b" and ip.ttl == 1 and tcp.port == 80').condition
    )
    assert [step.names for step in steps(test)] == [("tcp.port",), ("ip.ttl",), ("tcp.payload",), ("tcp.payload",)]
