"""What display filters mean, and what they refuse; the long list beside it is compared with tshark itself."""

from __future__ import annotations

import pytest

from synfin.capture.packet import Packet
from synfin.dissect.context import Facts
from synfin.errors import FilterError
from synfin.filter import compile
from synfin.wire.frame import Frame, dissect
from wire_bytes import ETHERNET, RAW, assortment, ethernet, ipv4, packets, tcp


def frame(data: bytes, link_type: int = RAW) -> Frame:
    return dissect(Packet(1, 1_700_000_000_000_000_000, link_type, data, len(data)))


LOOPBACK = b"\x7f\0\0\1"
DATA = frame(ipv4(tcp(b"", 0x18, b"Just a test.\r\n", ports=(50210, 9501)), src=LOOPBACK, dst=LOOPBACK))
ARP = frame(ethernet(0x0806, bytes(28)), ETHERNET)


def passes(text: str, of: Frame = DATA, facts: Facts | None = None) -> bool:
    return compile(text).matches(of, facts)


def test_the_tutorials_filter() -> None:
    tutorial = "ip.addr == 127.0.0.1 and tcp.port in {9501}"
    assert passes(tutorial)
    assert not passes(tutorial, ARP)
    assert compile(tutorial).fields == {"ip.addr", "tcp.port"}


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("tcp.port == 9501", True), ("tcp.port != 9501", False), ("tcp.port === 9501", False),
        ("tcp.port !== 9501", True), ("all tcp.port > 9000", True), ("any tcp.port > 50000", True),
        ("tcp.port in {1..9501}", True), ("tcp.port not in {9501}", False), ("ip.src == 127.0.0.0/8", True),
        ("tcp.payload contains \"test\"", True), ("tcp.payload matches \"^JUST\"", True), ("tcp[13] & 8", True),
        ("tcp.payload[-2:] == 0d:0a", True), ("tcp.payload[20] == 1", False), ("len(tcp.payload) == 14", True),
        ("tcp.flags & 0x18 == 0x18", True), ("tcp.len - 4 == 10", True), ("udp.port == 9501", False),
        ("udp.port != 9501", False), ("not udp.port == 9501", True), ("tcp.srcport > tcp.dstport > 5", True),
        ("tcp.payload[0] == 'J'", True), ("tcp.len / 0 == 0", False), ("tcp.flags.push == True", True),
    ],
)  # fmt: skip
def test_meaning(text: str, answer: bool) -> None:
    assert passes(text) is answer


def test_a_missing_field_makes_every_comparison_false() -> None:
    for operator in ("==", "!=", "===", "!==", ">", "<="):
        assert not passes(f"tcp.port {operator} 9501", ARP)
    assert passes("!(tcp.port == 9501)", ARP)


def test_computed_fields_come_from_the_facts() -> None:
    facts = Facts(stream=1, analysis=("retransmission",), completeness=31, client_state="ESTABLISHED", seq=1)
    assert passes("tcp.analysis.retransmission and tcp.stream == 1", DATA, facts)
    assert passes('synfin.client_state == "ESTABLISHED"', DATA, facts)
    assert passes("tcp.completeness & 16 and tcp.seq == 1", DATA, facts)
    assert not passes("tcp.analysis.retransmission", DATA)
    assert passes("tcp.seq == 1000", DATA)


def test_connection_fields() -> None:
    class Record:
        class client:
            ip, port, packets = "::1", 50210, 5

        server = client
        close, duration_ns = "close.fin_4seg", 120_000

    facts = Facts(connection=Record)
    assert passes("conn.client.ip == ::1/128 and conn.packets == 10", DATA, facts)
    assert passes('conn.close matches "fin" && conn.duration_ns < 1000000', DATA, facts)
    assert not passes("conn.client.ip == 127.0.0.1", DATA, facts)


@pytest.mark.parametrize(
    ("text", "position", "expected"),
    [
        ("tcp.prt == 1", 0, "did you mean tcp.port"), ("tcp.port == 70000", 12, "maximum 65535"),
        ("tcp.port == foo", 12, "not a valid number"), ('tcp.port == "80"', 12, "without quotes"),
        ("ip.addr == 1.2.3", 11, "IPv4 address"), ("ip.addr == 1.2.3.4/33", 11, "prefix"),
        ("eth.dst == 00:11", 11, "MAC address"), ("1 < tcp.len", 0, "left side"),
        ("tcp.analysis.flags == 1", 19, "there or not"), ("tcp.port contains 1", 0, "needs text or bytes"),
        ("tcp.payload matches abc", 12, "double quotes"), ('tcp.payload matches "("', 20, "missing closing"),
        ("ip.proto == udp", 12, "does not compare"), ("len(tcp.payload)", 0, "no test by itself"),
        ("foo(tcp.port) == 1", 0, "no function"), ("upper(tcp.port) == 1", 0, "cannot be applied"),
        ("tcp.completeness == \"Incomplete\"", 20, "use its number"), ("ip.proto == nonsense", 12, "such as"),
        ("frame.time > yesterday", 13, "YYYY-MM-DD"), ("tcp.port[0] == 1", 8, "no parts"), ("80", 0, "neither"),
        ("tcp.flags.syn == maybe", 17, "such as Set"), ("frame.time_delta > x", 19, "seconds"),
    ],
)  # fmt: skip
def test_what_is_refused_and_why(text: str, position: int, expected: str) -> None:
    with pytest.raises(FilterError, match=expected) as caught:
        compile(text)
    assert caught.value.position == position
    assert caught.value.with_caret().splitlines()[2] == " " * (4 + position) + "^"


def test_layers_are_counted_from_outside() -> None:
    tagged = frame(ethernet(0x8100, b"\x60\x07\x81\x00\x10\x08\x08\x00" + ipv4(tcp())), ETHERNET)
    assert passes("vlan.id#1 == 7 and vlan.id#2 == 8 and vlan.id#[-1] == 8 and vlan.id#[1-2] == 8", tagged)
    assert not passes("vlan.id#1 == 8", tagged)


def test_every_filter_answers_for_every_frame() -> None:
    chosen = [compile(text) for text in ("tcp", "not tcp", "ip.addr == 10.0.0.0/8", "frame contains 00:01")]
    for packet in packets(assortment()):
        found = dissect(packet)
        answers = [each.matches(found) for each in chosen]
        assert answers[0] is not answers[1]
        assert answers[3]
