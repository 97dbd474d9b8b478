"""What filters take beyond Wireshark 4.0: names of 4.4, connection fields, macros, shorthands."""

from __future__ import annotations

from pathlib import Path

import pytest

import wire_bytes
from synfin.capture.packet import Packet
from synfin.dissect.context import Facts
from synfin.dissect.fields import find
from synfin.errors import FilterError, UsageError
from synfin.faces.arguments import parse
from synfin.filter import compile
from synfin.filter.macros import expand, read
from synfin.filter.shorthand import between, host, joined, ports
from synfin.watch.connections.record import Connection, Side
from synfin.wire.frame import dissect

FRAME = dissect(Packet(1, 0, wire_bytes.RAW, wire_bytes.ipv4(wire_bytes.tcp(b"", 0x12, ports=(80, 40000))), 40))


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("tcp xor udp", True), ("tcp ^^ ip", False), ("tcp xor ip xor frame", True), ("udp or tcp xor ip", False),
        ("tcp.flags bitand 2", True), ("tcp.flags bitand 1", False), ("@tcp.srcport == 00:50", True),
        ("@tcp.stream", False), ("@ip.src[0:1] == 0a", True), ('dec(tcp.port) == "80"', True),
        ('hex(tcp.flags) == "0x0012"', True), ('vals(ip.proto) == "TCP"', True), ('vals(ip.proto) == "UDP"', False),
        ("len(string(ip.src)) == 8", True), ('upper(lower(frame.protocols)) contains "TCP"', True),
        ("tcp.port == $tcp.port", False), ("tcp.port == ${@tcp.port}", False), ("abs(min(tcp.port)) == 80", True),
    ],
)  # fmt: skip
def test_of_wireshark_4_4(text: str, answer: bool) -> None:
    if "${@" in text:
        with pytest.raises(FilterError, match="compare"):
            compile(text)
    else:
        assert compile(text).matches(FRAME) is answer


RECORD = Connection(
    conn=3, stream=2, start_ns=10**18, duration_ns=5, frames=(1, 9), open="open.normal", close="close.abort",
    client=Side("10.0.0.1", 40000, 5, 100, 400, 3, "CLOSED", ("CLOSED", "TIME-WAIT")),
    server=Side("10.0.0.2", 80, 4, 50, 300, 1, "CLOSED", ("CLOSED",)), role_guessed=False, closed_by="client",
    handshake_legs_ns=(7, None), completeness=31, findings=("loss.rto",),
)  # fmt: skip


def names(record: object, before: str = "conn.") -> list[str]:
    assert isinstance(record, dict)
    return [
        name
        for key, value in record.items()
        for name in (names(value, f"{before}{key}.") if isinstance(value, dict) else [before + key])
    ]


@pytest.mark.parametrize("name", names(RECORD.to_dict()))
def test_every_name_of_the_record_is_a_field(name: str) -> None:
    found = find(name)
    assert found is not None
    known = name not in ("conn.handshake_rtt_ns", "conn.conn_state", "conn.history")
    assert bool(found.load(FRAME, Facts(connection=RECORD))) is known


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ('conn.close == "close.abort" and conn.server.port in {80,443} and conn.retransmissions > 3', True),
        ("conn.retransmissions > 4", False), ("conn.packets == 9 and conn.payload_bytes == 150", True),
        ("conn.wire_bytes in {700}", True), ('conn.client.states_seen == "TIME-WAIT"', True),
        ("conn.handshake_rtt_ns", False),
        ("conn.frames == 9", True), ("conn.handshake_legs_ns == 7", True), ('conn.findings ~ "^loss"', True),
        ("conn.client.ip == 10.0.0.0/8", True), ("conn.client.ip == ::1", False), ('conn.closed_by != "server"', True),
        ('conn.start > "2001-09-09 01:46:39Z"', True), ("conn.role_guessed == False", True),
    ],
)  # fmt: skip
def test_connections_by_their_record(text: str, answer: bool) -> None:
    chosen = compile(text)
    assert chosen.asks_connections
    assert chosen.accepts(RECORD) is answer
    assert chosen.matches(FRAME, Facts(connection=RECORD)) is answer


MACROS = {"web": "tcp.port == $1", "both": "(${web:$1}) and ip.addr == $2", "plain": "tcp", "round": "!${round}"}


@pytest.mark.parametrize(
    ("text", "expanded"),
    [
        ("${web:80}", "tcp.port == 80"), ("${web;80}", "tcp.port == 80"), ("$web(80)", "tcp.port == 80"),
        ("${both:80;10.0.0.1}", "(tcp.port == 80) and ip.addr == 10.0.0.1"), ("not ${plain}", "not tcp"),
        ("tcp.port == ${tcp.port}", "tcp.port == ${tcp.port}"),
        ('frame contains "${plain}"', 'frame contains "tcp"'),
        ('http.host == "${web:a b}"', 'http.host == "tcp.port == a b"'),
        ('frame contains "${tcp.port} $5 ${plain}$"', 'frame contains "${tcp.port} $5 tcp$"'),
    ],
)  # fmt: skip
def test_macros(text: str, expanded: str) -> None:
    assert expand(text, MACROS) == expanded


@pytest.mark.parametrize(
    ("text", "expected"),
    [("${web}", "takes 1 argument, not 0"), ("${web:1;2}", "takes 1 argument, not 2"), ("${nope:1}", "not defined"),
     ("${round}", "levels deep"), ('frame contains "${nope}"', "not defined"), ('ip contains "${tcp}"', "not defined"),
     ('frame contains "${x y}"', "begins a macro"), ('frame contains "a${"', "begins a macro"),
     ('frame matches "^a${2}"', r"write \\x24\{")],
)  # fmt: skip
def test_macros_that_cannot_be_put_in(text: str, expected: str) -> None:
    with pytest.raises(FilterError, match=expected):
        expand(text, MACROS)


def test_macros_that_grow_are_bounded() -> None:
    with pytest.raises(FilterError, match="longer than"):
        expand("${a}", {"a": "${a} or ${a} or ${a} or ${a} or ${a} or ${a} or ${a} or ${a}" + " or tcp" * 20})


def test_macros_are_read_where_wireshark_keeps_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "wireshark" / "dfilter_macros"
    place.parent.mkdir()
    place.write_text('# comment\n"web","tcp.port == $1"\n"quoted","frame contains \\x22x\\x22"\n')
    assert read(place) == {"web": "tcp.port == $1", "quoted": 'frame contains "x"'}
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert compile("${web:80}").matches(FRAME)
    place.write_text("web = tcp\n")
    with pytest.raises(UsageError, match=":1: no macro"):
        compile("${web:80}")


@pytest.mark.parametrize(
    ("short", "written"),
    [
        (ports("80"), "tcp.port in {80}"), (ports("80,8000-8080"), "tcp.port in {80, 8000 .. 8080}"),
        (host("10.0.0.0/8"), "ip.addr == 10.0.0.0/8"), (host("::1"), "ipv6.addr == ::1"),
        (between("10.0.0.1,10.0.0.2"),
         "((ip.src == 10.0.0.1 and ip.dst == 10.0.0.2) or (ip.src == 10.0.0.2 and ip.dst == 10.0.0.1))"),
        (joined("udp or tcp", port=["80"], hosts=[], ends=[], follow=4),
         "tcp.port in {80} and synfin.conn == 4 and (udp or tcp)"),
    ],
)  # fmt: skip
def test_shorthands(short: str, written: str) -> None:
    assert short == written
    compile(short)


@pytest.mark.parametrize("make", [ports, host, between])
@pytest.mark.parametrize(
    "text", ["", "x", "70000", "80-", "1.2.3", "10.0.0.1,10.0.0.2,10.0.0.3", "[::1]:x,::1", "a} or {"]
)
def test_shorthands_that_are_refused(make: object, text: str) -> None:
    assert callable(make)
    with pytest.raises(UsageError, match="--"):
        make(text)


def test_ends_with_ports() -> None:
    chosen = compile(between("10.0.0.1:80,10.0.0.2:40000"))
    assert chosen.matches(FRAME)
    assert compile(between("10.0.0.2:40000,10.0.0.1")).matches(FRAME)
    assert not compile(between("10.0.0.1:81,10.0.0.2")).matches(FRAME)
    compile(between("[::1]:80,[::2]:1"))


def test_the_command_line_combines_them() -> None:
    asked = parse(["packets", "x.pcap", "--port", "80", "--host", "10.0.0.1", "-Y", "tcp.len > 0", "--follow", "0"])
    wanted = "tcp.port in {80} and ip.addr == 10.0.0.1 and synfin.conn == 0 and (tcp.len > 0)"
    assert asked.filter == wanted
    assert parse(["conns", "x.pcap"]).filter is None
    assert parse(["packets", "x.pcap", "-Y", ""]).filter == ""


def test_the_empty_filter_passes_everything() -> None:
    assert compile("").matches(FRAME)
    assert compile(" \n").matches(FRAME)
