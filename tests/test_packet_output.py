"""What `synfin packets` prints, beside what tshark prints of the same file."""

from __future__ import annotations

import json
import subprocess
import sys
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

import needs
import tshark
from command import synfin
from synfin.capture.reader import open_capture
from synfin.dissect import ekshape
from synfin.dissect.jsonshape import Pairs
from synfin.faces.commands.packets import displayed
from synfin.faces.packet_lines import line
from synfin.faces.packet_times import KINDS
from synfin.watch.packets.annotate import annotated
from synfin.wire.frame import Frame

pytestmark = pytest.mark.usefixtures("utc")

TEXTBOOK = Path(__file__).parent / "data" / "textbook.pcapng"
#: microseconds, nanoseconds, pcapng with comments, snoop, ERF
CLOCKS = (
    "suricata-verify/bug-4376__syn_retransmit_with_ts.pcap", "libtrace/100_packetsns.pcap", "tcptrace/all.snoop.gz",
    "libtrace/100_packets.erf", "ipfixprobe/ovpn.pcap",
)  # fmt: skip
#: protocols whose fields the table holds whole
WHOLE = frozenset({"frame", "eth", "ip", "tcp", "udp", "arp", "vlan", "sll", "pkt_comment"})


@pytest.mark.parametrize("kind", KINDS)
def test_times_are_written_as_tshark_writes_them(kind: str, tmp_path: Path) -> None:
    needs.have("tshark")
    for name in CLOCKS:
        path = needs.captures() / name
        needs.captures_ran(path)
        theirs = tshark.lines(tmp_path, path, "-t", kind, "-T", "tabs", "-c", "50")
        ours = [line(*row, kind, "\t") for row in displayed(islice(annotated([str(path)]), 50))]
        assert [row.split("\t")[:2] for row in ours] == [row.split("\t")[:2] for row in theirs]


@pytest.mark.parametrize(
    "options", [("-T", "tabs"), ("-x",), ("-P", "-x"), ("-t", "ud", "-c", "4"), ("-x", "-Y", "tcp.flags.fin == 1")]
)
def test_lines_and_bytes_are_tsharks(options: tuple[str, ...], tmp_path: Path) -> None:
    needs.have("tshark")
    assert synfin("packets", str(TEXTBOOK), *options).out.splitlines() == tshark.lines(tmp_path, TEXTBOOK, *options)


def test_bytes_of_a_datagram_that_came_in_fragments_stand_below(tmp_path: Path) -> None:
    needs.have("tshark")
    path = needs.captures() / "suricata-verify/bug-6887-defrag-ipv4-tcp-syn__frag-ip-tcp-syn.pcap"
    needs.captures_ran(path)
    assert synfin("packets", str(path), "-x").out.splitlines() == tshark.lines(tmp_path, path, "-x")


def test_json_with_chosen_fields_is_tsharks(tmp_path: Path) -> None:
    needs.have("tshark")
    asked = ["-e", "tcp.port", "-e", "ip.addr", "-e", "tcp.flags.syn", "-e", "tcp.analysis.flags", "-e", "frame.time"]
    for form in ("json", "ek"):
        ours = synfin("packets", str(TEXTBOOK), "-T", form, *asked).out.splitlines()
        theirs = tshark.lines(tmp_path, TEXTBOOK, "-T", form, *asked)
        if form == "json":
            assert json.loads("\n".join(ours)) == json.loads("\n".join(theirs))
        else:
            assert [json.loads(row) for row in ours] == [json.loads(row) for row in theirs]


def test_protocols_that_were_not_chosen_are_left_out_as_tshark_leaves_them_out(tmp_path: Path) -> None:
    needs.have("tshark")
    ours = json.loads(synfin("packets", str(TEXTBOOK), "-T", "json", "-J", "arp ip").out)
    theirs = json.loads("\n".join(tshark.lines(tmp_path, TEXTBOOK, "-T", "json", "-J", "arp ip")))
    for one, other in zip(ours, theirs, strict=True):
        layers, expected = one["_source"]["layers"], other["_source"]["layers"]
        assert layers["ip"]["ip.src"] == expected["ip"]["ip.src"]
        assert layers["tcp"] == expected["tcp"] == {"filtered": "tcp"}


def as_pairs(pairs: list[tuple[str, Any]]) -> Pairs:
    found = Pairs()
    for name, value in pairs:
        found.add(name, value)
    return found


@pytest.mark.parametrize(
    "name",
    [
        "tcptrace/urgent.dmp.gz",
        "arkime/gre-erspan-vxlan.pcap",
        "arkime/arkime_synthetic.pcap",
        "zeek/ipv6-http-atomic-frag.pcap",
    ],
)
def test_the_shape_for_elasticsearch_is_tsharks(name: str, tmp_path: Path) -> None:
    """tshark's own `-T json`, told in this shape, is its `-T ek`, name by name and value by value."""
    needs.have("tshark")
    path = needs.captures() / name
    needs.captures_ran(path)
    shown = "\n".join(tshark.lines(tmp_path, path, "-T", "json", "-c", "100"))
    documents = json.loads(shown, object_pairs_hook=as_pairs)
    bulk = [json.loads(row, object_pairs_hook=list) for row in tshark.lines(tmp_path, path, "-T", "ek", "-c", "100")]
    checked = 0
    with open_capture(path) as packets:
        for packet, document, ((_, time_ms), (_, layers)) in zip(packets, documents, bulk[1::2], strict=False):
            source = dict(document.items())["_source"]
            chosen = as_pairs([pair for pair in dict(source.items())["layers"].items() if pair[0] in WHOLE])
            ours = json.dumps(ekshape.flattened(chosen, Frame(packet, ())))
            assert json.loads(ours, object_pairs_hook=list) == [one for one in layers if one[0] in WHOLE]
            assert time_ms == str(packet.time_ns // 1_000_000)
            checked += 1
    assert checked >= 7


def test_our_lines_for_elasticsearch_hold_what_our_json_holds() -> None:
    lines = synfin("packets", str(TEXTBOOK), "-T", "ek").out.splitlines()
    assert len(lines) == 18
    assert json.loads(lines[0]) == {"index": {"_index": "packets-2026-11-22", "_type": "doc"}}
    tcp = json.loads(lines[1])["layers"]["tcp"]
    assert tcp["tcp_tcp_srcport"] == "55556" and tcp["tcp_tcp_flags_syn"] is True
    assert tcp["tcp_options_mss"] == "02:04:ff:d7" and tcp["tcp_tcp_options_mss_val"] == "65495"


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("-T", "fields", "-e", "ip.src", "-E", "escape=n"), "printed raw"),
        (("-T", "fields"), "needs at least one -e"), (("-e", "tcp.port"), "-e goes with"),
        (("-T", "json", "-x"), "-x prints bytes"),
        (("-T", "json", "-j", "tcp", "-J", "ip"), "exclude each other"), (("-j", "tcp"), "-j goes with"),
        (("-o", "x.csv", "-w", "y.pcapng"), "does not go with -w"),
        (("-t", "xx"), "invalid choice"), (("-T", "xml"), "invalid choice"),
    ],
)  # fmt: skip
def test_what_does_not_go_together_is_refused(options: tuple[str, ...], says: str) -> None:
    done = synfin("packets", str(TEXTBOOK), *options)
    assert done.status == 2 and says in done.err


def test_the_tree_in_lines() -> None:
    shown = synfin("packets", str(TEXTBOOK), "-O", "tcp", "-c", "1").out.splitlines()
    assert shown[0].startswith("Frame 1: 74 bytes on wire (592 bits), 74 bytes captured (592 bits) on interface lo")
    assert "    Source Port: 55556" in shown or "    Source port: 55556" in shown
    assert any("[Expert Info (Chat/Sequence)" in row for row in shown)
    assert not any("Version: 4" in row for row in shown) and shown[-1] == ""


@pytest.mark.parametrize("form", ["fields", "json"])
def test_columns_of_the_lines_as_fields(form: str, tmp_path: Path) -> None:
    needs.have("tshark")
    columns = ("No.", "Time", "Source", "Destination", "Protocol", "Length", "Info")
    asked = ["-t", "ad", "-T", form, *(word for name in columns for word in ("-e", f"_ws.col.{name}"))]
    assert synfin("packets", str(TEXTBOOK), *asked).out.splitlines() == tshark.lines(tmp_path, TEXTBOOK, *asked)
    assert synfin("packets", str(TEXTBOOK), "-T", "fields", "-e", "_ws.col.info", "-c", "1").out.startswith(
        "55556 → 9501"
    )
    done = synfin("packets", str(TEXTBOOK), "-T", "fields", "-e", "_ws.col.Nosuch")
    assert done.status == 2 and "_ws.col.Info" in done.err


@pytest.mark.parametrize(
    "names", ["tcp ip", "tcp tcp.flags text", "tcp.flags", "tcp Timestamps", "tcp tcp.options tcp.options.mss"]
)
@pytest.mark.parametrize("form", ["json", "ek"])
def test_fields_within_protocols_are_chosen_by_name(form: str, names: str, tmp_path: Path) -> None:
    needs.have("tshark")
    options = ("-T", form, "-j", names)
    assert synfin("packets", str(TEXTBOOK), *options).out.splitlines() == tshark.lines(tmp_path, TEXTBOOK, *options)


def test_lines_leave_at_once() -> None:
    command = [sys.executable, "-m", "synfin", "packets", "-l", "-"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as running:
        assert running.stdin is not None and running.stdout is not None
        running.stdin.write(TEXTBOOK.read_bytes())
        running.stdin.close()
        assert running.stdout.readline().split()[0] == b"1"
