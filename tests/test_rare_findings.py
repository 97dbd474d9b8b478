"""Findings that take a special provocation, each beside what nearly is one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from segments import HANDSHAKE, REQUEST, TEXTBOOK, exchange, record_of
from synfin.watch.connections.record import Finding
from synfin.watch.story.story import tell
from test_findings import ANSWERED, OFFERED, Case, holds_there_only

_TINY = "".join(f"C PSH,ACK seq={11 + 10 * k} ack=1 len=10\n" for k in range(30))
_ALERT = "\x15\x03\x03\x00\x02\x02\x28"  #: fatal, handshake_failure

RARE = (
    Case(
        "loss.tlp",
        f"{HANDSHAKE}C PSH,ACK seq=1 ack=1 len=14\n+0.02\nC PSH,ACK seq=1 ack=1 len=14\n+0.02\nS ACK seq=1 ack=15",
        f"{HANDSHAKE}C PSH,ACK seq=1 ack=1 len=14\n+0.3\nC PSH,ACK seq=1 ack=1 len=14\n+0.02\nS ACK seq=1 ack=15",
        (5,),
    ),
    Case(
        "path.reordering",
        f"{HANDSHAKE}C PSH,ACK seq=1 ack=1 len=100\nC PSH,ACK seq=201 ack=1 len=100\nC PSH,ACK seq=101 ack=1 len=100\n"
        "S ACK seq=1 ack=301",
        f"{HANDSHAKE}C PSH,ACK seq=1 ack=1 len=100\nC PSH,ACK seq=101 ack=1 len=100\nS ACK seq=1 ack=201",
        (6,),
    ),
    Case(
        "window.zero_probe",
        f"{REQUEST}S ACK seq=1 ack=15 win=0\n+0.02\nC ACK seq=14 ack=1\nS ACK seq=1 ack=15 win=0\n+0.02\n"
        "S ACK seq=1 ack=15 win=512",
        f"{REQUEST}S ACK seq=1 ack=15 win=512\n+0.02\nC ACK seq=14 ack=1\nS ACK seq=1 ack=15 win=512",
        (7,),
    ),
    Case(
        "latency.wire",
        "C SYN seq=0\n+0.4\nS SYN,ACK seq=0 ack=1\nC ACK seq=1 ack=1",
        "C SYN seq=0\n+0.2\nS SYN,ACK seq=0 ack=1\nC ACK seq=1 ack=1",
        (1, 2),
    ),
    Case(
        "app.silly_window",
        f"{OFFERED}C PSH,ACK seq=1 ack=1 len=10\nS ACK seq=1 ack=11\n{_TINY}S ACK seq=1 ack=311",
        f"{OFFERED}C PSH,ACK seq=1 ack=1 len=10\nS ACK seq=1 ack=11\n" + "".join(_TINY.splitlines(True)[:9]),
    ),
    Case(
        "rst.tls_alert_first",
        f"{REQUEST}S PSH,ACK seq=1 ack=15 data={_ALERT}\nS RST,ACK seq=8 ack=15",
        f"{REQUEST}S PSH,ACK seq=1 ack=15 data=alert!!\nS RST,ACK seq=8 ack=15",
        (6, 7),
    ),
    Case(
        "rst.conntrack_invalid",
        f"{ANSWERED}+0.5\nC PSH,ACK seq=1 ack=9 len=14\nS RST seq=9 bare",
        f"{ANSWERED}+0.5\nC PSH,ACK seq=15 ack=9 len=14\nS RST seq=9 bare",
    ),
)


def found(text: str) -> dict[str, Finding]:
    """The findings of a written connection by id; no IP ID tells in which order packets were sent."""
    read = exchange(text)
    first, second, third = (one.time_ns for one in read.segments[:3])
    known = replace(record_of(read), handshake_legs_ns=(second - first, third - second))
    return {one.id: one for one in tell(read.segments, known, capture_end_ns=read.end_ns).findings}


@pytest.mark.parametrize("case", RARE, ids=lambda case: case.id)
def test_a_rare_finding_where_it_holds_and_only_there(case: Case) -> None:
    holds_there_only(case, found)


def test_packets_that_were_captured_twice() -> None:
    read = exchange(TEXTBOOK)
    twice = [
        replace(one, frame=2 * one.frame + copy, ip_id=100 + one.frame, time_ns=one.time_ns + 5_000 * copy)
        for one in read.segments
        for copy in range(2)
    ]
    story = tell(twice, record_of(read), capture_end_ns=read.end_ns)
    assert "capture.duplicates" in story.connection.findings
    once = tell([replace(one, ip_id=100 + one.frame) for one in read.segments], record_of(read))
    assert "capture.duplicates" not in once.connection.findings


@pytest.mark.parametrize("case", RARE, ids=lambda case: case.id)
def test_bulk_says_the_same_or_leaves_it_open(case: Case) -> None:
    import needs

    needs.have("kernels")
    from bulk_compared import found_or_open
    from test_bulk_findings import frames, unlike

    assert case.id in found_or_open(list(frames(case.shows)))
    for text in (case.shows, case.not_yet):
        assert unlike(list(frames(text))) == []
