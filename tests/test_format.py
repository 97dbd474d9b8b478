"""Values and lines as tshark prints them: cells, layouts, JSON, the packet list."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synfin.capture.packet import Packet
from synfin.dissect import address, fields, format, jsonshape, show
from synfin.dissect.context import Facts
from synfin.dissect.summary import summarize
from synfin.errors import UsageError
from synfin.wire.frame import Frame, dissect
from wire_bytes import ETHERNET, RAW, assortment, ethernet, ipv4, packets, tcp


def frame(data: bytes, link_type: int = RAW) -> Frame:
    return dissect(Packet(4, 1_700_000_000_123_456_789, link_type, data, len(data)))


SYN_ACK = frame(ipv4(tcp(bytes.fromhex("020405b40402080a000000010000000201030307"), 0x12)))


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("tcp.flags", 0x12, "0x0012"), ("ip.flags", 2, "0x02"), ("ip.id", 1, "0x0001"), ("tcp.port", 80, "80"),
        ("tcp.flags.syn", 1, "1"), ("tcp.flags.syn", 0, "0"), ("tcp.analysis.flags", True, "1"),
        ("eth.dst", b"\0\1\2\3\4\5", "00:01:02:03:04:05"), ("ip.src", b"\x7f\0\0\1", "127.0.0.1"),
        ("ipv6.src", bytes(15) + b"\1", "::1"), ("tcp.payload", b"Ab", "4162"), ("frame.time_delta", 5, "0.000000005"),
        ("tcp.window_size_scalefactor", -2, "-2"), ("frame.time_delta", -1_500_000_000, "-1.500000000"),
        ("frame.time_epoch", 1_700_000_000_123_456_789, "1700000000.123456789"),
        ("frame.comment", "a\tb\x1b", "a\\tb\\x1b"),
    ],
)  # fmt: skip
def test_values(name: str, value: object, text: str) -> None:
    assert fields.lookup(name).show(value) == text


def test_cells_follow_the_layout() -> None:
    asked = [fields.lookup(name) for name in ("tcp.port", "udp.port", "tcp.option_kind")]
    assert format.row(asked, SYN_ACK, None, format.Layout()) == "1234,9501\t\t2,4,8,1,3"
    assert format.row(asked, SYN_ACK, None, format.layout(["occurrence=f", "separator=;"])) == "1234;;2"
    assert format.row(asked, SYN_ACK, None, format.layout(["occurrence=l", "quote=d"])) == '"9501"\t\t"3"'
    assert format.row(asked, SYN_ACK, None, format.layout(["aggregator=/s"])) == "1234 9501\t\t2 4 8 1 3"
    assert format.header(asked, format.layout(["header=y"])) == "tcp.port\tudp.port\ttcp.option_kind"


@pytest.mark.parametrize("option", ["header=maybe", "occurrence=x", "separator=abc", "colour=y", "quote", ""])
def test_unknown_layouts_are_refused(option: str) -> None:
    with pytest.raises(UsageError, match="-E"):
        format.layout([option])


def test_summary_reads_like_the_packet_list() -> None:
    facts = Facts(seq=0, ack=1, window_size=500, frame_time_relative_ns=13_000)
    found = summarize(SYN_ACK, facts)
    assert found[2:] == ("10.0.0.1", "10.0.0.2", "TCP", 60,
                         "1234 → 9501 [SYN, ACK] Seq=0 Ack=1 Win=500 Len=0 MSS=1460 SACK_PERM TSval=1 TSecr=2 WS=128"
                         )  # fmt: skip
    assert found.line().startswith("    4   0.000013     10.0.0.1 → 10.0.0.2     TCP 60 1234 → 9501 [SYN, ACK]")


def test_summary_prefixes() -> None:
    facts = Facts(seq=1, analysis=("duplicate_ack", "retransmission", "fast_retransmission", "zero_window"),
                  duplicate_ack_frame=3, duplicate_ack_num=2)  # fmt: skip
    info = summarize(SYN_ACK, facts).info
    assert info.startswith("[TCP ZeroWindow] [TCP Dup ACK 3#2] [TCP Fast Retransmission] 1234 → 9501")


@pytest.mark.parametrize(
    ("place", "protocol", "info"),
    [
        (10, "ICMP", "Echo (ping) request id=0x0007, seq=9"), (11, "UDP", "40000 → 40001 Len=4"),
        (12, "ARP", "Who has 10.0.0.2? Tell 10.0.0.1"), (13, "ARP", "10.0.0.1 is at 00:01:02:03:04:05"),
        (17, "ICMPv6", "Echo (ping) request id=0x0007, seq=9"), (21, "IPv4", "unknown (99)"),
        (22, "IPv4", "Fragmented IP protocol (proto=TCP 6, off=24, ID=0001)"), (23, "0x1234", "Ethernet II"),
    ],
)  # fmt: skip
def test_summary_of_other_protocols(place: int, protocol: str, info: str) -> None:
    found = summarize(dissect(packets(assortment())[place]))
    assert (found.protocol, found.info) == (protocol, info)


def test_json_has_the_shape_of_tshark() -> None:
    text = "".join(jsonshape.stream([jsonshape.document(SYN_ACK, Facts(seq=0, stream=0, analysis=("zero_window",)))]))
    (document,) = json.loads(text)
    assert list(document) == ["_index", "_type", "_score", "_source"]
    tcp_layer = document["_source"]["layers"]["tcp"]
    assert tcp_layer["tcp.srcport"] == "1234"
    assert tcp_layer["tcp.flags"] == "0x0012"
    assert tcp_layer["tcp.flags_tree"]["tcp.flags.syn"] == "1"
    assert tcp_layer["tcp.options"].startswith("02:04:05:b4:")
    assert tcp_layer["tcp.options_tree"]["tcp.options.mss_tree"]["tcp.options.mss_val"] == "1460"
    assert tcp_layer["tcp.analysis"]["tcp.analysis.flags"]["_ws.expert"]["tcp.analysis.zero_window"] == ""


def test_json_of_no_packets_and_of_many() -> None:
    assert json.loads("".join(jsonshape.stream([]))) == []
    many = [jsonshape.document(dissect(packet)) for packet in packets(assortment())]
    assert len(json.loads("".join(jsonshape.stream(many)))) == len(assortment())


def test_payload_bytes_never_reach_a_line_raw() -> None:
    attack = ethernet(0x0800, ipv4(tcp(b"", 0x04, b"\x1b]0;owned\x07\xc2\x9b")))
    asked = [fields.lookup("tcp.reset_cause")]
    line = format.row(asked, frame(attack, ETHERNET), None, format.Layout())
    assert line.isprintable()
    assert summarize(frame(attack, ETHERNET)).line().isprintable()


@given(st.binary(min_size=16, max_size=16))
def test_ipv6_text_reads_back(value: bytes) -> None:
    assert address.parse_ipv6(address.ipv6(value)) == value


@pytest.mark.parametrize("text", ["1.2.3", "1.2.3.256", "1.2.3.4.5", "a.b.c.d", "", "1..2.3", "٣.1.1.1"])
def test_what_is_no_ipv4_address(text: str) -> None:
    assert address.parse_ipv4(text) is None


@pytest.mark.parametrize("text", ["", ":", ":::", "1::2::3", "12345::", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "g::"])
def test_what_is_no_ipv6_address(text: str) -> None:
    assert address.parse_ipv6(text) is None


@given(st.text(max_size=40))
def test_escaped_text_is_printable(text: str) -> None:
    assert show.escape(text).isprintable()
