"""Messages of HTTP out of segments: byte streams in, messages and the frames that carry them out."""

from __future__ import annotations

import os
import random
import subprocess
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import fields_agreement
import http_streams
import needs
from http_streams import CHUNKED, GZIPPED, SHORT, TO_THE_END, TRAILED, Piece, get, in_order, post, response
from synfin.capture.packet import Packet
from synfin.dissect import format
from synfin.dissect.context import Facts
from synfin.dissect.fields import all_fields, lookup
from synfin.dissect.fields_frame import protocols
from synfin.dissect.summary import summarize
from synfin.dissect.tree import build, walk
from synfin.faces.cli import main
from synfin.filter import compile
from synfin.watch.follow import messages as bounds
from synfin.watch.packets.annotate import Annotator, annotated
from synfin.wire.frame import Frame
from synfin.wire.tcp import FIN, Segment

Rows = list[tuple[Frame, Facts]]
NAMES = tuple(name for name in all_fields() if name.startswith(("http", "tcp.segment", "tcp.reassembled", "data")))


def read(tmp_path: Path, *connections: Sequence[Piece], port: int = 80) -> Rows:
    """Every frame of the connections, in two passes."""
    return list(annotated([str(http_streams.write(tmp_path / "made.pcap", connections, (port,)))]))


def cells(rows: Rows, *names: str) -> list[tuple[str, ...]]:
    """What frames with payload or a FIN show."""
    return [
        tuple(format.cell(lookup(name), frame, facts, format.Layout()) for name in names)
        for frame, facts in rows
        if frame.segment is not None and (frame.segment.len_bytes or frame.segment.flags & FIN)
    ]


# --- what is shown where ----------------------------------------------------------------------------------------------


def test_requests_in_one_segment_are_a_layer_each(tmp_path: Path) -> None:
    (frame, facts), *_ = read(tmp_path, in_order(("C", get("a") + get("b") + post())))[3:]
    assert [layer.name for layer in frame.layers] == ["ip", "tcp", "http", "http", "http", "data"]
    uris = [node.value for node in walk(build(frame, facts)) if node.name == "http.request.uri"]
    assert uris == ["/a", "/b", "/p"]
    assert protocols(frame) == "raw:ip:tcp:http:data"  # read at one time


def test_a_head_of_several_segments_is_shown_where_it_ends(tmp_path: Path) -> None:
    rows = read(tmp_path, in_order(("C", get()), size=20))
    shown = cells(rows, "http.request.method", "tcp.reassembled_in", "tcp.segment", "tcp.reassembled.length")
    assert shown == [("", "6", "", ""), ("", "6", "", ""), ("GET", "", "4,5,6", str(len(get())))]


@pytest.mark.parametrize(
    ("answer", "body"), [(SHORT, "abc"), (CHUNKED, "hello world"), (TRAILED, "hello"),
                         (GZIPPED, "hello gzip world" * 5), (TO_THE_END, "until the end " * 10)],
)  # fmt: skip
def test_a_body_is_put_together(answer: bytes, body: str, tmp_path: Path) -> None:
    shown = cells(read(tmp_path, in_order(("C", get()), ("S", answer), size=16, close="S")), "http.file_data")
    assert [cell for (cell,) in shown if cell] == [body]


def test_what_never_has_a_body_waits_for_none(tmp_path: Path) -> None:
    head = get().replace(b"GET", b"HEAD")
    answers = [response(b"", b"Content-Length: 5"), response(b"", b"Content-Length: 5", status=b"304 Not Modified")]
    rows = read(tmp_path, in_order(("C", head), ("S", answers[0]), ("C", get()), ("S", answers[1])))
    assert cells(rows, "http.response.code", "tcp.segment_data") == [("", ""), ("200", ""), ("", ""), ("304", "")]


def test_one_message_ends_and_another_begins_in_a_segment(tmp_path: Path) -> None:
    rows = read(tmp_path, in_order(("C", get("a") + get("b")), size=70))
    first, second = cells(rows, "http.request.uri", "tcp.reassembled_in", "tcp.segment", "tcp.segment_data")
    assert first == ("/a", "5", "", get("b")[:19].hex())
    assert second == ("/b", "", "4,5", get("b")[19:].hex())


def test_retransmissions_are_passed_over(tmp_path: Path) -> None:
    whole = post()
    pieces = [Piece("C", 0, whole[:50]), Piece("C", 0, whole[:50]), Piece("C", 50, whole[50:])]
    shown = cells(read(tmp_path, pieces), "tcp.segment", "http.request.method", "tcp.segment_data")
    assert shown == [("", "", whole[:50].hex()), ("", "", whole[:50].hex()), ("4,6", "POST", whole[50:].hex())]


def test_what_was_acknowledged_before_is_not_looked_at(tmp_path: Path) -> None:
    """A spurious retransmission of the first half, after the answer: tshark says nothing of it."""
    whole = get()
    pieces = [Piece("C", 0, whole[:50]), Piece("C", 50, whole[50:]), Piece("S", 0, SHORT), Piece("C", 0, whole[:50])]
    rows = read(tmp_path, pieces)
    assert "spurious_retransmission" in rows[-1][1].analysis
    assert cells(rows, "tcp.segment", "tcp.segment_data", "http", "data")[-1] == ("", "", "", "")
    assert protocols(rows[-1][0]) == "raw:ip:tcp"


def test_a_message_counts_with_what_was_read_with_it(tmp_path: Path) -> None:
    rows = read(tmp_path, in_order(("C", get("a") + get("b")), ("S", SHORT)))
    first, answer = 2 * len(get("a")), len(SHORT)
    for text, frames in (
        (f"len(http) == {first}", [4]), (f"len(http) == {first // 2}", [4]), (f"len(http) == {answer}", [5]),
        ('http[-3:] == "abc"', [5]),
    ):  # fmt: skip
        assert [frame.packet.number for frame, facts in rows if compile(text).matches(frame, facts)] == frames, text


def test_a_gap_that_is_filled_later(tmp_path: Path) -> None:
    """The late segment completes the message, but what comes out of order is not read, as in Wireshark."""
    whole = post()
    pieces = [Piece("C", 0, whole[:50]), Piece("C", 54, whole[54:]), Piece("C", 50, whole[50:54])]
    rows = read(tmp_path, pieces)
    assert cells(rows, "tcp.segment", "tcp.reassembled.data")[-1] == ("4,6,5", whole.hex())


def test_overlapping_segments_are_said_to_be(tmp_path: Path) -> None:
    whole = post()
    pieces = [Piece("C", 0, whole[:50]), Piece("C", 45, whole[45:55]), Piece("C", 55, whole[55:])]
    shown = cells(read(tmp_path, pieces), "tcp.segment.overlap", "http.file_data")
    assert shown[-1] == ("1", "0123456789")


def test_a_fin_that_is_repeated_names_the_first(tmp_path: Path) -> None:
    pieces = in_order(("C", get()), ("S", TO_THE_END[:100]))
    last = Piece("S", 100, TO_THE_END[100:], FIN)
    shown = cells(read(tmp_path, [*pieces, last, last]), "tcp.segment", "tcp.fin_retransmission")
    assert shown[-2:] == [("5,6", ""), ("", "6")]


def test_requests_and_responses_are_paired(tmp_path: Path) -> None:
    rows = read(tmp_path, in_order(("C", get("a")), ("S", SHORT), ("C", get("b")), ("S", CHUNKED)))
    asked = ("http.request_in", "http.response_in", "http.prev_request_in", "http.next_request_in",
             "http.prev_response_in", "http.next_response_in", "http.time", "http.response_for.uri")  # fmt: skip
    assert cells(rows, *asked) == [
        ("", "5", "", "6", "", "", "", ""),
        ("4", "", "", "6", "", "7", "0.001000000", "http://example.org/a"),
        ("", "7", "4", "", "", "", "", ""),
        ("6", "", "4", "", "5", "", "0.001000000", "http://example.org/b"),
    ]


def test_one_pass_knows_what_was_before(tmp_path: Path) -> None:
    path = http_streams.write(tmp_path / "made.pcap", [in_order(("C", get()), ("S", SHORT), size=30)])
    names = "tcp.reassembled_in", "tcp.segment", "http.response_in", "http.request_in"
    shown = [cell for row in annotated([str(path)], passes=1) for cell in cells([row], *names)]
    assert shown == [("", "", "", ""), ("", "4,5", "", ""), ("", "", "", ""), ("", "6,7", "", "5")]


def test_another_port_needs_a_line_of_http(tmp_path: Path) -> None:
    pieces = in_order(("C", b"hello\n"), ("C", get()), ("S", SHORT))
    assert cells(read(tmp_path, pieces, port=9501), "data.data", "http.request.method", "http.response.code") == [
        (b"hello\n".hex(), "", ""), ("", "GET", ""), (b"abc".hex(), "", "200"),
    ]  # fmt: skip


def test_what_a_connection_changes_to_is_not_read(tmp_path: Path) -> None:
    upgrade = response(b"", b"Upgrade: websocket", b"Connection: Upgrade", status=b"101 Switching Protocols")
    rows = read(tmp_path, in_order(("C", get()), ("S", upgrade), ("S", b"\x81\x05hello")))
    assert cells(rows, "http.response.code", "data.data")[-1] == ("", b"\x81\x05hello".hex())


def test_filters_ask_for_what_was_put_together(tmp_path: Path) -> None:
    rows = read(tmp_path, in_order(("C", get()), ("S", CHUNKED), size=30))
    for text, frames in (
        ("http.file_data contains \"hello world\"", [8]), ("tcp.segment == 7", [8]), ("tcp.reassembled_in == 5", [4]),
        ("http.request_in == 5", [8]), ("tcp.segment.count > 2", [8]), ("http", [5, 8]), ("data", [8]),
        ("tcp.reassembled.data contains \"world\"", [8]), ("http.time < 1 and http.chunk_size == 6", [8]),
    ):  # fmt: skip
        assert [frame.packet.number for frame, facts in rows if compile(text).matches(frame, facts)] == frames, text


def test_the_line_of_a_packet_tells_its_messages(tmp_path: Path) -> None:
    page = response(b"<p>hi</p>", b"Content-Type: text/html; charset=utf-8", b"Content-Length: 9")
    rows = read(tmp_path, in_order(("C", get("a") + get("b")), ("S", page + SHORT), ("S", b"more\x1b[31m\n")))
    assert [(said.protocol, said.info) for said in (summarize(*row) for row in rows[3:])] == [
        ("HTTP", "GET /a HTTP/1.1 GET /b HTTP/1.1"),
        ("HTTP", "HTTP/1.1 200 OK  (text/html)HTTP/1.1 200 OK"),
        ("HTTP", "Continuation"),
    ]


def test_tshark_has_the_same_line(tmp_path: Path) -> None:
    needs.have("tshark")
    page = response(b"<p>hi</p>", b"Content-Type: text/html; charset=utf-8", b"Content-Length: 9")
    bodies = [SHORT, CHUNKED, GZIPPED, page, page + SHORT]
    asked = [part for body in bodies for part in (("C", get()), ("S", body))]
    path = http_streams.write(tmp_path / "made.pcap", [in_order(*asked), in_order(*asked, size=50)])
    told = ["tshark", "-2", "-r", str(path), "-Y", "http", "-T", "fields", "-e", "frame.number", "-e", "_ws.col.Info"]
    expected = subprocess.run(told, capture_output=True, text=True, check=True).stdout.splitlines()
    rows = [row for row in annotated([str(path)]) if any(layer.name == "http" for layer in row[0].layers)]
    found = [f"{frame.packet.number}\t{summarize(frame, facts).info}" for frame, facts in rows]
    assert found == [line.rstrip() for line in expected]
    assert len(found) > 15


def test_what_is_said_of_messages_is_said_in_chinese_too(tmp_path: Path) -> None:
    rows = read(tmp_path, in_order(("C", get()), ("S", CHUNKED), ("C", get()), ("S", GZIPPED), size=30))
    texts = [node.text("zh") for row in rows for node in walk(build(*row))]
    for text in (
        "数据分块（5 字节）",
        "分块大小：5 字节",
        f"经过编码的正文（gzip）：{len(http_streams.PACKED)} 字节 -> 80 字节",
    ):
        assert text in texts
    assert not [text for text in texts if " bytes" in text or "octets" in text]


def test_the_page_says_which_bytes_are_not_of_the_packet(tmp_path: Path) -> None:
    path = http_streams.write(tmp_path / "made.pcap", [in_order(("C", get()), size=30)])
    out = tmp_path / "page.html"
    assert main(["explain", str(path), "--packet", "5", "-o", str(out)]) == 0
    page = out.read_text()
    own = 40 + len(get()) - 30
    assert page.count(f"The bytes from {own:04x} on do not stand in this packet") == 1
    assert 'href="#packet-4"' in page and 'id="packet-4"' in page and "GET /a HTTP/1.1" in page


# --- bounds -----------------------------------------------------------------------------------------------------------


def test_what_is_too_large_is_let_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "LARGEST_MESSAGE", 1000)
    path = http_streams.write(tmp_path / "made.pcap", [in_order(("C", post(bytes(5000))), size=200)])
    said: list[str] = []
    rows = list(annotated([str(path)], warnings=said))
    assert len(said) == 1 and "not put together" in said[0]
    assert not any(cell for (cell,) in cells(rows, "tcp.segments"))


@pytest.mark.parametrize(
    ("bound", "most", "said"),
    [("LARGEST_MESSAGE", 1000, "16 MiB"), ("MOST_HELD", 4000, "64 MiB"), ("MOST_STREAMS", 3, "65,536 connections")],
)
@pytest.mark.parametrize("passes", [1, 2])
@pytest.mark.parametrize("compiled", [True, False])
def test_the_user_is_told_of_a_bound_once(
    bound: str, most: int, said: str, passes: int, compiled: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    if compiled:
        needs.have("kernels")
    monkeypatch.setattr(bounds, bound, most)
    monkeypatch.setenv("SYNFIN_READABLE", "01"[not compiled])
    begun = in_order(("C", post(bytes(5000))[:3000]), size=200)
    path = http_streams.write(tmp_path / "made.pcap", [begun] * 6)
    source = os.open(path, os.O_RDONLY) if passes == 2 else piped(path)
    try:
        assert main(["packets", f"/dev/fd/{source}", "-T", "json"]) == 0
    finally:
        os.close(source)
    printed = capsys.readouterr()
    assert printed.out.count('"frame.number"') == 6 * 18
    (line,) = printed.err.splitlines()
    assert said in line and "not put together" in line


def test_the_user_is_not_told_of_connections_that_were_not_chosen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    needs.have("kernels")
    monkeypatch.setattr(bounds, "LARGEST_MESSAGE", 1000)
    connections = [in_order(("C", get()), ("S", SHORT)), in_order(("C", post(bytes(5000))), size=200)]
    path = str(http_streams.write(tmp_path / "made.pcap", connections))
    for stream, lines in ((0, 0), (1, 1)):
        assert main(["packets", path, "-T", "json", "-Y", f"tcp.stream == {stream}"]) == 0
        assert len(capsys.readouterr().err.splitlines()) == lines


def piped(path: Path) -> int:
    """The file's bytes in a pipe, which can be read once."""
    out, into = os.pipe()
    os.write(into, path.read_bytes())
    os.close(into)
    return out


def test_memory_of_many_messages_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "MOST_STREAMS", 8)
    annotator = Annotator()
    for number in range(50):
        for segment in http_streams.stream([Piece("C", 0, post()[:50])], client_port=1000 + number):
            annotator.see(packet(segment, b""))
    assert annotator.messages is not None
    assert annotator.messages.held_bytes <= 8 * 50


def packet(segment: Segment, junk: bytes) -> Packet:
    from craft import RAW_IP, ip_packet

    data = ip_packet(segment) + junk
    return Packet(segment.frame, segment.time_ns, RAW_IP, data, len(data))


# --- any bytes, any cuts ----------------------------------------------------------------------------------------------

MESSAGES = st.sampled_from([SHORT, CHUNKED, TRAILED, GZIPPED, response(b"", status=b"204 No Content")])
SHOWN = ("http.request.uri", "http.response.code", "http.response.line", "http.request.line", "http.file_data",
         "http.chunk_size", "http.chunked_trailer_part", "data.data")  # fmt: skip


def told(pieces: Sequence[Piece]) -> list[tuple[str, ...]]:
    """The messages of one connection, in order."""
    annotator = Annotator()
    found = []
    for segment in http_streams.stream(pieces):
        frame, facts = annotator.see(packet(segment, b""))
        for layer in frame.layers:
            if layer.name == "http":
                spots = [lookup(name).loader(frame, layer, facts) for name in SHOWN[:-1]]
                found.append(tuple(repr([spot.value for spot in one]) for one in spots))
    return found


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    answers=st.lists(MESSAGES, min_size=1, max_size=4),
    last=st.booleans(),
    cuts=st.lists(st.integers(1, 400), max_size=40),
)
@example(answers=[CHUNKED], last=True, cuts=list(range(1, 40)))
def test_any_cutting_gives_the_same_messages(answers: list[bytes], last: bool, cuts: list[int]) -> None:
    requests = b"".join(get(str(number)) for number in range(len(answers))) + post()
    sent = b"".join(answers) + (TO_THE_END if last else SHORT)
    pieces: list[Piece] = []
    for side, data in (("C", requests), ("S", sent)):
        ends = sorted({cut % len(data) for cut in cuts} - {0})
        bounds_of = [0, *ends, len(data)]
        pieces += [Piece(side, at, data[at:end]) for at, end in pairwise(bounds_of)]
    closing = [Piece("S", len(sent), b"", FIN)]
    whole = [Piece("C", 0, requests), Piece("S", 0, sent), *closing]
    assert told([*pieces, *closing]) == told(whole)
    assert len(told(whole)) == 2 * len(answers) + 2


LINES = (b"GET / HTTP/1.1\r\n", b"HTTP/1.1 200 OK\r\n", b"Content-Length: 99999999999\r\n", b"Content-Length: 7\r\n",
         b"Transfer-Encoding: chunked\r\n", b"\r\n", b"fffffffffffffffff\r\n", b"7fffffff\r\n", b"0\r\n",
         b"5;\r\nhello", b"Content-Encoding: gzip\r\n", b": \r\n", b"\0", b"\n", b"\r", b"-1\r\n")  # fmt: skip


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    parts=st.lists(
        st.tuples(st.sampled_from("CS"), st.integers(-30, 200),
                  st.lists(st.sampled_from(LINES) | st.binary(max_size=9)), st.sampled_from((0, FIN, 4))),
        max_size=12,
    )
)  # fmt: skip
def test_any_bytes_in_any_order(parts: list[tuple[str, int, list[bytes], int]]) -> None:
    """Nothing raises, offsets stay within the frame, and every field can be shown."""
    pieces = [Piece(side, at % (1 << 20), b"".join(lines), flags) for side, at, lines, flags in parts]
    annotator = Annotator()
    for segment in http_streams.stream(pieces):
        frame, facts = annotator.see(packet(segment, b""))
        for layer in frame.layers:
            assert 0 <= layer.start <= len(frame.data)
        for name in NAMES:
            format.cell(lookup(name), frame, facts, format.Layout())
        build(frame, facts)


# --- the same elsewhere -----------------------------------------------------------------------------------------------


def test_tshark_says_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every field of both, over connections that show every rule."""
    needs.have("tshark")
    monkeypatch.setenv("TZ", "UTC")
    connections = http_streams.exchanges()
    http_streams.write(tmp_path / "made.pcap", [*connections, *connections[:4]], [80] * len(connections) + [9501])
    report = fields_agreement.Report(fields_agreement.rules())
    fields_agreement.compare(str(tmp_path), tmp_path, "made.pcap", fields_agreement.asked(), report, 1 << 30)
    assert not report.differing, "\n".join(report.examples)
    assert report.packets > 150


def test_random_connections_as_tshark_shows_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Messages one after the other, cut anywhere, some segments twice."""
    needs.have("tshark")
    monkeypatch.setenv("TZ", "UTC")
    draw = random.Random(8)
    made = []
    for _ in range(40):
        sent = {"C": b"".join(draw.choice((get(), post(), get("b"))) for _ in range(3)), "S": b""}
        sent["S"] = b"".join(draw.choice((SHORT, GZIPPED)) for _ in range(3))
        pieces: list[Piece] = []
        for side in "CS":
            at = 0
            while at < len(sent[side]):
                end = min(at + draw.randint(20, 120), len(sent[side]))
                pieces += [Piece(side, at, sent[side][at:end])] * (1 + (draw.random() < 0.1))
                at = end
        made.append(pieces)
    http_streams.write(tmp_path / "made.pcap", made)
    report = fields_agreement.Report(fields_agreement.rules())
    fields_agreement.compare(str(tmp_path), tmp_path, "made.pcap", fields_agreement.asked(), report, 1 << 30)
    assert not report.differing, "\n".join(report.examples)


@pytest.mark.parametrize("passes", [1, 2])
def test_the_compiled_way_says_the_same(tmp_path: Path, passes: int) -> None:
    needs.have("kernels")
    from synfin.filter.selection import Selection

    path = str(http_streams.write(tmp_path / "made.pcap", http_streams.exchanges(), (80, 9501)))
    fields = [lookup(name) for name in (*NAMES, "frame.protocols", "tcp.fin_retransmission")]
    expected = [format.row(fields, *row, format.Layout()) for row in annotated([path], passes=passes)]
    found = [format.row(fields, *row, format.Layout()) for row in Selection([path], None, None, passes=passes).rows()]
    assert found == expected
    assert any("hello world" in row for row in found)


@pytest.mark.parametrize(
    "text", ["tcp.stream == 1", "frame.number <= 40", "tcp.len > 20", "tcp.analysis.flags", "tcp.window_size > 0",
             "conn.packets > 8", "http.request", "http.response.code == 200 and tcp.stream", "!http", "tcp.port == 7"],
)  # fmt: skip
def test_the_chosen_are_told_as_if_all_were(tmp_path: Path, text: str) -> None:
    """Only the connections of chosen packets are followed; what is shown of those does not change."""
    needs.have("kernels")
    from synfin.filter.selection import Selection

    path = str(http_streams.write(tmp_path / "made.pcap", http_streams.exchanges(), (80, 9501)))
    fields, wanted = [lookup(name) for name in (*NAMES, "frame.protocols")], compile(text)
    told = [row for row in annotated([path], fields=[*NAMES, *wanted.fields]) if wanted.matches(*row)]
    found = list(Selection([path], wanted, None).rows())
    assert [format.row(fields, *row, format.Layout()) for row in found] == [
        format.row(fields, *row, format.Layout()) for row in told
    ]
    few = [format.row(fields, *row, format.Layout()) for row in Selection([path], wanted, None, last=30).rows()]
    begun = annotated([path], fields=[*NAMES, *wanted.fields], last=30)  # both passes end there
    assert few == [format.row(fields, *row, format.Layout()) for row in begun if wanted.matches(*row)]
    assert bool(found) == (text != "tcp.port == 7")


def test_only_the_connections_of_chosen_packets_are_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    needs.have("kernels")
    from synfin.filter.selection import Selection

    followed, see = set(), bounds.Messages.see

    def watched(self: bounds.Messages, frame: Frame, facts: Facts) -> Frame:
        followed.add(facts.stream)
        return see(self, frame, facts)

    monkeypatch.setattr(bounds.Messages, "see", watched)
    path = str(http_streams.write(tmp_path / "made.pcap", http_streams.exchanges()))
    shown = {facts.stream for _, facts in Selection([path], compile("tcp.stream in {2, 5}"), None).rows()}
    assert shown == followed == {2, 5}
