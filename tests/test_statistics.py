"""`-z conv` and `-z follow`, beside what tshark prints of the same file."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

import needs
import tshark
from command import synfin
from synfin.faces.statistics import statistics, watched
from synfin.watch.packets.annotate import annotated

pytestmark = pytest.mark.usefixtures("utc")

TEXTBOOK = Path(__file__).parent / "data" / "textbook.pcapng"
#: holes, retransmissions, both ends on one address, tunnels, cut segments, IPv6, several families
CAPTURES = (
    "tcptrace/urgent.dmp.gz", "ipfixprobe/tls.pcap", "tcptrace/all.snoop.gz", "arkime/gre-erspan-vxlan.pcap",
    "tcpflow/test5-lines-randomized.pcap", "ndpi/6in4tunnel.pcap", "zeek/ipv6-http-atomic-frag.pcap",
    "suricata-verify/tcp-rst-unacked-stream-03-gap__input.pcap", "arkime/gtp-iphone.pcap", "dpkt/nb6-http.pcap",
    "wireshark/http-ooo2.pcap",
)  # fmt: skip
STREAMS = 8  #: of each capture that are followed


@pytest.mark.parametrize("name", CAPTURES)
def test_tables_and_streams_are_tsharks(name: str, tmp_path: Path) -> None:
    needs.have("tshark")
    path = needs.captures() / name
    needs.captures_ran(path)
    rows = list(annotated([str(path)]))
    count = len({facts.stream for _, facts in rows if facts.stream is not None})
    asked = [f"{table},{protocol}" for table in ("conv", "endpoints") for protocol in ("tcp", "ip", "ipv6", "eth")]
    asked += ["conv,tcp,tcp.len > 0", "endpoints,tcp,tcp.flags.syn == 1"]
    asked += [
        f"follow,tcp,{form},{at}" for at in range(min(count, STREAMS)) for form in ("ascii", "hex", "raw", "yaml")
    ]
    taps = statistics(asked, "r")
    for _ in watched(iter(rows), taps):
        pass
    ours = "\n".join(text for tap in reversed(taps) for text in tap.lines())
    theirs = tshark.lines(tmp_path, path, "-q", *(word for one in asked for word in ("-z", one)))
    assert ours.encode().decode("utf-8", "replace").split("\n") == theirs


@pytest.mark.parametrize("times", ["r", "a", "ad", "adoy", "e", "u", "ud", "udoy", "dd"])
def test_the_start_is_shown_as_the_times_are(times: str, tmp_path: Path) -> None:
    needs.have("tshark")
    options = ("-q", "-t", times, "-z", "conv,tcp", "-z", "conv,udp")
    assert synfin("packets", str(TEXTBOOK), *options).out.splitlines() == tshark.lines(tmp_path, TEXTBOOK, *options)


def test_statistics_stand_behind_the_packets_and_count_those_that_are_not_shown(tmp_path: Path) -> None:
    needs.have("tshark")
    options = ("-Y", "tcp.flags.fin == 1", "-z", "conv,ip", "-c", "8")
    ours = synfin("packets", str(TEXTBOOK), *options).out.splitlines()
    assert ours == tshark.lines(tmp_path, TEXTBOOK, *options) and len(ours) == 9


def test_a_stream_that_is_not_there(tmp_path: Path) -> None:
    needs.have("tshark")
    options = ("-q", "-z", "follow,tcp,hex,7")
    assert synfin("packets", str(TEXTBOOK), *options).out.splitlines() == tshark.lines(tmp_path, TEXTBOOK, *options)


def test_quiet_prints_nothing() -> None:
    done = synfin("packets", str(TEXTBOOK), "-q")
    assert (done.status, done.out, done.err) == (0, "", "")


@pytest.mark.parametrize(
    "asked",
    [
        "conv", "conv,xx", "endpoints", "follow,tcp,hex", "follow,tcp,hexx,0", "follow,tcp,hex,-1",
        "follow,tcp,hex,0,0", "follow,tcp,hex,0,3-2", "follow,tcp,hex,10.0.0.1:1,10.0.0.2",
        "follow,tcp,hex,10.0.0.1:1,10.0.0.256:2",
        "follow,udp,hex,::1:1,::2:2", "io", "io,stat", "io,xx", "",
    ],
)  # fmt: skip
def test_what_is_not_known_is_refused_with_what_is(asked: str) -> None:
    done = synfin("packets", str(TEXTBOOK), "-q", "-z", asked)
    assert done.status == 2 and "conv,eth|ip|ipv6|tcp|udp" in done.err


def test_utf_8_keeps_what_can_be_read_and_nothing_that_steers() -> None:
    done = synfin("packets", str(TEXTBOOK), "-q", "-z", "follow,tcp,utf-8,0")
    assert "14\nJust a test.\r\n" in done.out


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ("io,stat,x", "no interval"), ("io,stat,-1", "no interval"), ("io,stat,1,SUM(ip.src)ip", "neither"),
        ("io,stat,1,LOAD(tcp.len)tcp", "LOAD"), ("io,stat,0.000001,tcp.foo", "tcp.foo"),
        ("conv,tcp,tcp.prt==1", "tcp.port"),
        ("expert,tcp.flags.sin", "tcp.flags.syn"), ("io,phs,tcp ==", "expected"),
    ],
)  # fmt: skip
def test_a_statistic_that_cannot_be_made_says_why(asked: str, says: str) -> None:
    done = synfin("packets", str(TEXTBOOK), "-q", "-z", asked)
    assert done.status == 2 and says in done.err


def test_intervals_are_not_too_many(tmp_path: Path) -> None:
    path = tmp_path / "long.pcap"
    head, packet = struct.Struct("<IHHIIII"), struct.Struct("<IIII")
    path.write_bytes(
        head.pack(0xA1B2C3D4, 2, 4, 0, 0, 65535, 1) + packet.pack(0, 0, 0, 0) + packet.pack(4_000_000_000, 0, 0, 0)
    )
    done = synfin("packets", str(path), "-q", "-z", "io,stat,0.001")
    assert done.status == 2 and "longer interval" in done.err
    assert "0.0 <> 4000000000.0" in synfin("packets", str(path), "-q", "-z", "io,stat,0").out


def test_io_stat_does_not_go_with_every_time() -> None:
    done = synfin("packets", str(TEXTBOOK), "-q", "-t", "e", "-z", "io,stat,1")
    assert done.status == 2 and "-t e" in done.err
