"""The second opinion, segment by segment; and against truth, on the simulation of bench/truth."""

from __future__ import annotations

import ast
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import needs
from command import synfin
from craft import write_segments
from segments import ADDRESS, HANDSHAKE, REQUEST, TEXTBOOK, exchange, told
from synfin import read
from synfin.explain import opinions as wording
from synfin.explain import words
from synfin.watch import opinion
from synfin.watch.opinion import Hole, Kind, Opinion, judge
from synfin.wire.tcp import Segment
from truth.scenarios import SCENARIOS, capture
from truth.score import compare, ours, tsharks, write

SOURCE = Path(opinion.__file__).parent


def judged(text: str) -> list[Opinion]:
    """Opinions on a written connection; every packet has the next IP ID."""
    return judge([replace(one, ip_id=100 + one.frame) for one in exchange(text).segments])


def test_an_undisturbed_connection_has_nothing_to_say() -> None:
    found = judged(TEXTBOOK)
    assert {one.kind for one in found} == {Kind.NEW, Kind.ACKNOWLEDGMENT}
    assert all(one.certain and one.hole is None for one in found)


def test_a_timeout_is_told_from_a_hint() -> None:
    assert judged(REQUEST.replace("S ACK", "+0.3\nC PSH,ACK seq=1 ack=1 len=14\nS ACK"))[4].cause == "rto"
    quick = HANDSHAKE + "C ACK seq=1 ack=1 len=9\n" * 1 + "C ACK seq=10 ack=1 len=9\nC ACK seq=19 ack=1 len=9\n"
    hinted = judged(quick + "C ACK seq=28 ack=1 len=9\n" + "S ACK seq=1 ack=1\n" * 4 + "C ACK seq=1 ack=1 len=9")
    assert (hinted[-1].kind, hinted[-1].cause) == (Kind.RETRANSMISSION, "fast")


def test_what_the_receiver_has_was_not_lost_but_missed() -> None:
    found = judged(HANDSHAKE + "C ACK seq=101 ack=1 len=100\nS ACK seq=1 ack=201")
    assert (found[3].hole, found[3].hole_certain) == (Hole.CAPTURE_GAP, True)
    assert found[3].frames == (5,)


def test_a_hole_that_only_a_retransmission_fills_is_a_loss() -> None:
    text = HANDSHAKE + "C ACK seq=101 ack=1 len=100\nS ACK seq=1 ack=1\n+0.4\nC ACK seq=1 ack=1 len=100"
    found = judged(text)
    assert (found[3].hole, found[3].hole_certain) == (Hole.NETWORK_LOSS, True)
    assert found[5].kind is Kind.RETRANSMISSION


def test_an_older_ip_id_was_overtaken() -> None:
    segments = [replace(one, ip_id=one.frame) for one in exchange(TEXTBOOK + "C ACK seq=16 ack=2\n" * 3).segments]
    data = exchange(HANDSHAKE + "".join(f"C ACK seq={1 + 10 * k} ack=1 len=10\n" for k in (0, 1, 2, 4, 3, 5))).segments
    order = [1, 2, 3, 4, 5, 6, 8, 7, 9]
    found = judge([replace(one, ip_id=number) for one, number in zip(data, order, strict=True)])
    assert (found[7].kind, found[7].reason, found[7].certain) == (Kind.REORDERED, "opinion.earlier-id", True)
    assert found[6].hole is None
    assert len(judge(segments)) == len(segments)


def test_a_keep_alive_repeats_nothing_and_a_lost_byte_is_no_keep_alive() -> None:
    quiet = judged(REQUEST + "+5\nC ACK seq=14 ack=1\nS ACK seq=1 ack=15")
    assert quiet[5].kind is Kind.KEEP_ALIVE
    byte = judged(HANDSHAKE + "C PSH,ACK seq=1 ack=1 len=1\n+0.3\nC PSH,ACK seq=1 ack=1 len=1")
    assert (byte[4].kind, byte[4].cause) == (Kind.RETRANSMISSION, "rto")
    closed = judged(REQUEST.replace("S ACK seq=1 ack=15", "S ACK seq=1 ack=15 win=0") + "+1\nC ACK seq=14 ack=1")
    assert closed[5].kind is Kind.ZERO_WINDOW_PROBE


def test_incarnations_are_told_by_number_reset_and_fin() -> None:
    again = "C SYN seq=0\nS SYN,ACK seq=500000 ack=1\nC ACK seq=1 ack=500001"
    for text, reason in (
        (f"{REQUEST}C RST,ACK seq=15 ack=1\n+1\n{again}", "incarnation.after-reset"),
        (f"{TEXTBOOK}+1\n{again}", "incarnation.after-fin"),
        (f"{REQUEST}+1\n{again.replace('seq=0', 'seq=90000000').replace('ack=1', 'ack=90000001')}", "incarnation.isn"),
    ):
        segments = _without_timestamps(exchange(text).segments)
        assert [one.reason for one in opinion.incarnations(segments)] == ["incarnation.first", reason]
    assert len(opinion.incarnations(exchange("C SYN seq=0\n+1\nC SYN seq=0\nS SYN,ACK seq=0 ack=1").segments)) == 1
    refused = "C SYN seq=0\nS RST,ACK seq=#0 ack=1 bare\n+1\nC SYN seq=0\nS RST,ACK seq=#0 ack=1 bare"
    assert len(opinion.incarnations(exchange(refused).segments)) == 1


def test_a_late_packet_goes_to_the_connection_that_its_timestamp_names() -> None:
    text = (
        f"{REQUEST}C RST,ACK seq=15 ack=1\n+1\nC SYN seq=2000\nS SYN,ACK seq=0 ack=2001\nC PSH,ACK seq=15 ack=1 len=9"
    )
    segments = list(exchange(text).segments)
    stamps = [100, 100, 110, 120, 120, 130, 1130, 1130, 125]
    stamped = [replace(one, options=_timestamp(value)) for one, value in zip(segments, stamps, strict=True)]
    opinions = judge(stamped)
    assert [one.incarnation for one in opinions] == [0] * 6 + [1, 1, 0]
    assert [one.began for one in opinions] == ["incarnation.first", *[""] * 5, "incarnation.isn", "", ""]


def test_a_late_packet_is_named_wherever_it_is_shown(tmp_path: Path) -> None:
    text = (
        f"{REQUEST}C RST,ACK seq=15 ack=1\n+1\nC SYN seq=2000\nS SYN,ACK seq=7000 ack=2001\nC ACK seq=2001 ack=7001\n"
        "C PSH,ACK seq=15 ack=1 len=9\nC PSH,ACK seq=2001 ack=7001 len=4"
    )
    segments = list(exchange(text).segments)
    stamps = [100, 100, 110, 120, 120, 130, 1130, 1130, 1131, 125, 1140]
    stamped = [replace(one, options=_timestamp(value)) for one, value in zip(segments, stamps, strict=True)]
    write_segments(tmp_path / "late.pcap", stamped)
    shown = synfin(
        "packets", "-r", str(tmp_path / "late.pcap"), "-T", "fields", "-e", "synfin.conn",
        "-e", "synfin.opinion.incarnation", "-e", "synfin.opinion.incarnation_reason",
    )  # fmt: skip
    rows = [line.split("\t") for line in shown.out.splitlines()]
    assert [row[1] for row in rows] == ["0"] * 6 + ["1", "1", "1", "0", "1"]
    assert (rows[0][2], rows[6][2]) == ("incarnation.first", "incarnation.isn")
    assert rows[9][0] == "1"  # tshark's stream, and ours, go on; the second opinion says what it is
    explained = synfin("explain", "--conn", "1", str(tmp_path / "late.pcap"), "--lang", "en").out
    assert explained.count("late, of an earlier connection") == 1
    capture = read(tmp_path / "late.pcap")
    assert [step.opinion.late for step in capture[1].story().steps if step.opinion] == [False] * 3 + [True, False]


def _timestamp(value: int) -> bytes:
    return b"\x01\x01\x08\x0a" + value.to_bytes(4, "big") + bytes(4)


def _without_timestamps(segments: tuple[Segment, ...]) -> list[Segment]:
    return [replace(one, options=b"", hdr_len=20) for one in segments]


def test_every_reason_kind_and_cause_has_words() -> None:
    used = {
        node.value
        for path in SOURCE.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith("opinion.")
    }
    used |= {f"opinion.{which}-{by}" for which in ("earlier", "later") for by in ("tsval", "id", "rtt")}
    used -= {"opinion.earlier-", "opinion.later-"}
    used |= {f"opinion-kind.{kind}" for kind in Kind} | {f"opinion-hole.{hole}" for hole in Hole}
    used |= {f"opinion-cause.{cause}" for cause in ("rto", "fast", "tlp")}
    assert not [key for key in sorted(used) if not words.has(key)]


def test_the_ladder_says_where_the_two_differ() -> None:
    text = REQUEST + "+0.3\nC PSH,ACK seq=1 ack=1 len=14"
    step = told(text, [()] * 5 + [("out_of_order",)]).steps[5]
    assert wording.second(step, "en") == "spurious retransmission (timeout)"
    assert wording.second(replace(step, flags=("retransmission", "spurious_retransmission")), "en") == ""
    assert wording.second(replace(step, opinion=None), "en") == ""


def test_the_fields_show_it(tmp_path: Path) -> None:
    path = write_segments(tmp_path / "again.pcap", exchange(REQUEST + "+0.3\nC PSH,ACK seq=1 ack=1 len=14").segments)
    fields = [
        word for name in ("", ".reason", ".certain", ".cause", ".hole") for word in ("-e", f"synfin.opinion{name}")
    ]
    done = synfin("packets", str(path), "-Y", 'synfin.opinion contains "retrans"', "-T", "fields", *fields)
    assert done.out == "spurious-retransmission\topinion.acked-before\t1\trto\t\n"


@st.composite
def anything(draw: st.DrawFn) -> list[Segment]:
    """Segments that no host would send."""
    found = []
    for frame in range(1, draw(st.integers(1, 25))):
        here, there = ADDRESS["C"], (b"\x7f\x00\x00\x02", 9501)
        if draw(st.booleans()):
            here, there = there, here
        near = st.integers(0, 40) | st.sampled_from([0, 2**32 - 1, 2**31, 2**31 - 1])
        length = draw(st.sampled_from([0, 0, 1, 10, None]))
        options = draw(
            st.sampled_from([b"", _timestamp(7), b"\x05\x0a" + bytes(7) + b"\x05", b"\x05\xff", b"\x04\x02"])
        )
        found.append(
            Segment(
                frame, draw(st.integers(-10, 10**9)), here[0], there[0], here[1], there[1], draw(near), draw(near),
                draw(st.integers(0, 31)), draw(st.sampled_from([0, 500])), 20, length, options, b"",
                ip_id=draw(st.sampled_from([None, 0, 5, 6])),
            )
        )  # fmt: skip
    return found


@given(anything())
@settings(max_examples=300, deadline=None)
def test_no_segment_is_too_strange(segments: list[Segment]) -> None:
    assert [one.frame for one in judge(segments)] == [one.frame for one in segments]


#: the least F1 of the second opinion, by class, on every scenario of the quick test
LEAST = 0.9


@pytest.mark.parametrize(
    ("name", "tap"),
    [
        ("loss", "receiver"), ("loss, no SACK", "middle"), ("reordering and loss", "middle"),
        ("ACKs held up", "sender"),
        ("SPAN, all twice", "receiver"), ("capture drops and loss", "middle"), ("closed windows", "sender"),
        ("duplication by the network", "middle"),
    ],
)  # fmt: skip
def test_it_is_nearer_to_the_truth_than_the_flags(name: str, tap: str, tmp_path: Path) -> None:
    needs.have("tshark")
    frames = capture(next(one for one in SCENARIOS if one.name == name), tap, connections=1)
    write(frames, tmp_path / "truth.pcap")
    truth = [frame.truth for frame in frames]
    mine, theirs = compare(truth, ours(frames)), compare(truth, tsharks(tmp_path / "truth.pcap"))
    for of, score in mine.items():
        if score.right + score.missed:
            assert score.f1 >= theirs[of].f1, (of, score, theirs[of])
            assert score.f1 >= LEAST, (of, score)
