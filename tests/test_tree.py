"""The packet tree: every layer and field with its bytes, its value and its words, from any packet."""

from __future__ import annotations

from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st

from synfin.capture.packet import Packet
from synfin.dissect.chinese import in_chinese
from synfin.dissect.context import Facts
from synfin.dissect.fields import lookup
from synfin.dissect.tree import Node, build, flag_names, walk
from synfin.watch.follow.messages import Messages
from synfin.wire.frame import Frame, dissect
from wire_bytes import ETHERNET, RAW, TCP_OPTIONS, assortment, ethernet, ipv4, ipv6, packets, tcp

SYN = ethernet(0x0800, ipv4(tcp(bytes.fromhex("020405b40402080a000000010000000001030307"), 0x02, seq=999, ack=0)))


def frame(data: bytes, link_type: int = ETHERNET) -> Frame:
    return dissect(Packet(4, 1_700_000_000_123_456_789, link_type, data, len(data)))


def node(name: str, nodes: tuple[Node, ...]) -> Node:
    return next(found for found in walk(nodes) if found.name == name)


def indented(nodes: tuple[Node, ...], lang: str = "en", depth: int = 0) -> Iterator[str]:
    for found in nodes:
        yield "  " * depth + found.text(lang)
        yield from indented(found.children, lang, depth + 1)


def test_layers_outermost_first() -> None:
    assert [found.name for found in build(frame(SYN))] == ["frame", "eth", "ip", "tcp"]
    assert [found.key for found in build(frame(SYN))] == ["layer.frame", "layer.eth", "layer.ip", "layer.tcp"]


def test_tcp_header_reads_like_wireshark() -> None:
    lines = list(indented(build(frame(SYN))[-1:]))
    for line in (
        "Transmission Control Protocol, Src Port: 1234, Dst Port: 9501, Seq: 999, Len: 0",
        "  Source port: 1234",
        "  1010 .... = Header length: 40 bytes",
        "  Flags: 0x002 (SYN)",
        "    .... .... ..1. = Syn: Set",
        "    .... .... ...0 = Fin: Not set",
        "      MSS value: 1460",
        "      Kind: Window Scale (3)",
        "  Window: 500",
    ):
        assert line in lines


def test_both_languages_have_every_line() -> None:
    tree = build(frame(SYN))
    english, chinese = list(indented(tree)), list(indented(tree, "zh"))
    assert len(english) == len(chinese)
    assert "  源端口：1234" in chinese
    assert "    .... .... ..1. = 同步：置位" in chinese


def test_nodes_name_their_bytes() -> None:
    tree = build(frame(SYN))
    for name, start, octets in (
        ("eth.type", 12, "0800"), ("ip.proto", 23, "06"), ("tcp.srcport", 34, "04d2"), ("tcp.flags", 46, "a002"),
        ("tcp.options.mss", 54, "020405b4"), ("tcp.options.mss_val", 56, "05b4"),
    ):  # fmt: skip
        found = node(name, tree)
        assert (found.start, SYN[found.start : found.start + found.length].hex()) == (start, octets)


def test_computed_values_are_marked() -> None:
    facts = Facts(stream=2, seq=0, completeness=31, time_relative_ns=5, time_delta_ns=5, analysis=("retransmission",),
                  rto_ns=1, rto_frame=3, phase="handshake-1/3", conn=2)  # fmt: skip
    lines = list(indented(build(frame(SYN), facts)))
    assert "  [Stream index: 2]" in lines
    assert "  [Conversation completeness: Complete, WITH_DATA (31)]" in lines
    assert "  Sequence number: 0" in lines
    assert "  [Timestamps]" in lines
    assert "    [Time since the stream's first frame: 0.000000005 seconds]" in lines
    assert "    [TCP analysis flags]" in lines
    assert "      [(Suspected) retransmission]" in lines
    assert "  [Phase: handshake-1/3]" in lines


def test_payload_is_a_layer_of_its_own() -> None:
    data = build(frame(ethernet(0x0800, ipv4(tcp(b"", 0x18, b"Just a test.\r\n")))))[-1]
    assert (data.name, data.title_en, data.title_zh, data.length) == ("data", "Data (14 bytes)", "数据（14 字节）", 14)


def test_flag_names() -> None:
    assert flag_names(0x12) == "SYN, ACK"
    assert flag_names(0xFFF) == "FIN, SYN, RST, PSH, ACK, URG, ECE, CWR, AE, Reserved"
    assert flag_names(0) == "<None>"


def test_control_characters_never_come_raw() -> None:
    attack = b"\x1b[2J<script>alert(1)</script>\r\n"
    tree = build(frame(ipv4(tcp(b"", 0x04, attack)), RAW))
    assert "\\x1b[2J<script>" in node("tcp.reset_cause", tree).show
    assert all(line.isprintable() for line in indented(tree))


def check(found: Frame) -> None:
    size = len(found.packet.data)
    facts = Facts(stream=0, seq=1, analysis=("zero_window",), base_seq_receiver=1)
    for each in walk(build(found, facts, hidden=True)):
        assert each.start == -1 or 0 <= each.start <= each.start + each.length <= size
        assert each.text("en").isprintable()
        assert each.text("zh").isprintable()


def test_every_kind_of_frame() -> None:
    for packet in [*packets(assortment()), *packets([ipv4(tcp(option)) for option in TCP_OPTIONS], RAW)]:
        check(dissect(packet))


@given(st.binary(max_size=100), st.sampled_from((0, 1, 101, 108, 113, 276)))
def test_any_bytes_have_a_tree(data: bytes, link_type: int) -> None:
    check(frame(data, link_type))


@given(st.sampled_from(assortment()), st.integers(0, 80))
def test_cut_frames_have_a_tree(data: bytes, kept: int) -> None:
    check(dissect(Packet(1, 0, ETHERNET, data[:kept], len(data))))


def checksummed(segment: bytes, sum_of: bytes | None = None) -> bytes:
    """A TCP segment in IPv4 with its right checksum, or with the sum of other bytes."""
    from synfin.dissect.checksum import fold

    head = b"\x0a\0\0\1\x0a\0\0\2" + len(segment).to_bytes(4, "big") + b"\0\0\0\6"
    total = fold(head + segment) ^ 0xFFFF if sum_of is None else fold(head + sum_of)
    return ipv4(segment[:16] + total.to_bytes(2, "big") + segment[18:])


def verdicts(data: bytes) -> list[tuple[str, str]]:
    return [(found.plain, found.severity) for found in walk(build(frame(data, RAW))) if found.name == "synfin.checksum"]


def test_verdicts_on_checksums_know_about_offload() -> None:
    segment = tcp(b"", 0x18, b"Just a test.\r\n")
    assert verdicts(checksummed(segment))[1] == ("good", "")
    assert verdicts(checksummed(segment, b""))[1] == ("partial", "note")
    assert verdicts(ipv4(segment))[1] == ("bad", "error")
    assert verdicts(checksummed(segment)[:-3])[1] == ("unknown", "")
    assert verdicts(checksummed(segment))[0] == ("partial", "note")  # the IP header's is zero


def test_verdicts_on_udp() -> None:
    absent = ipv4(b"\x9c\x40\x9c\x41\0\x0c\0\0abcd", 17)
    assert verdicts(absent)[1] == ("absent", "")


def test_what_an_error_quotes_stands_below_it() -> None:
    quoted = ipv4(b"\3\1\0\0\0\0\0\0" + ipv4(tcp())[:28], 1)
    tree = build(frame(quoted, RAW))
    assert [found.name for found in tree] == ["frame", "ip", "icmp"]
    inner = [found.name for found in tree[-1].children if found.key.startswith("layer.")]
    assert inner == ["ip", "tcp"]


def test_extension_headers_stand_below_their_header() -> None:
    tree = build(frame(ethernet(0x86DD, ipv6(b"\6\0\5\2\0\0\1\0" + tcp(), 0))))
    assert [found.name for found in tree] == ["frame", "eth", "ipv6", "tcp"]
    assert node("ipv6.opt.router_alert", tree[2].children).value == 0


def test_notes_carry_their_severity_and_frames_are_links() -> None:
    facts = Facts(stream=0, seq=1, analysis=("duplicate_ack",), duplicate_ack_num=1, duplicate_ack_frame=7)
    tree = build(frame(ipv4(tcp()), RAW), facts)
    assert node("tcp.analysis.duplicate_ack_frame", tree).link == 7
    assert [(found.name, found.severity) for found in walk(tree) if found.severity] == [
        ("synfin.checksum", "note"), ("synfin.checksum", "error"), ("tcp.analysis.duplicate_ack", "note"),
    ]  # fmt: skip
    assert all(found.name != "synfin.checksum" for found in walk(build(frame(ipv4(tcp()), RAW), hidden=True)))


def test_a_head_of_http_is_a_layer() -> None:
    request = b"GET /a?b=1 HTTP/1.1\r\nHost: example.org\r\n\r\n"
    tree = followed(frame(ipv4(tcp(b"", 0x18, request)), RAW))
    assert [found.name for found in tree] == ["frame", "ip", "tcp", "http"]
    assert node("http.request.full_uri", tree).value == "http://example.org/a?b=1"
    assert followed(frame(ipv4(tcp(b"", 0x18, b"GET lost")), RAW))[-1].name == "data"


def followed(one: Frame) -> tuple[Node, ...]:
    facts = Facts(stream=0)
    return build(Messages().see(one, facts), facts)


def test_chinese_translates_what_this_package_words_and_nothing_of_a_packet() -> None:
    chinese = "\n".join(indented(build(frame(SYN)), "zh"))
    assert "首部长度：20 字节" in chinese and "种类：最大报文段长度（2）" in chinese
    assert " bytes" not in chinese and "Not set" not in chinese
    for name, value in (("http.host", "Set"), ("frame.comment", "True"), ("http.server", "3 bytes")):
        assert in_chinese(value, lookup(name)) == value
