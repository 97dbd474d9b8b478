"""Findings as the protocol reads: what provokes each of them, and what looks like it and is none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import pytest

from segments import HANDSHAKE, REQUEST, TEXTBOOK, exchange, record_of
from synfin.explain import words
from synfin.explain.narrative import finding_sentence
from synfin.watch.connections.record import Connection, Finding, Side
from synfin.watch.findings.fleet import fleet
from synfin.watch.findings.known import KNOWN
from synfin.watch.follow.quote import Quote
from synfin.watch.story.story import tell


def found(text: str, *, past: str = "") -> dict[str, Finding]:
    """The findings of a written connection by id; every packet has the next IP ID of its sender."""
    read = exchange(text)
    segments = [replace(one, ip_id=(100 if one.src_port > 9501 else 50_000) + one.frame) for one in read.segments]
    before = [replace(one, time_ns=one.time_ns - 10**11) for one in exchange(past).segments] if past else []
    story = tell(segments, record_of(read), capture_end_ns=read.end_ns, past=before)
    return {one.id: one for one in story.findings}


class Case(NamedTuple):
    """A finding, a connection that shows it, and one that nearly does."""

    id: str
    shows: str
    not_yet: str
    frames: tuple[int, ...] | None = None  #: evidence, where it is worth pinning


def holds_there_only(case: Case, found: Callable[[str], dict[str, Finding]]) -> None:
    """`found` gives the findings of a written connection; that of the case comes in words in both languages."""
    shown = found(case.shows)
    assert case.id in shown, sorted(shown)
    assert case.frames in (None, shown[case.id].frames)
    assert case.id not in found(case.not_yet)
    for lang in ("en", "zh"):
        sentence, todo = finding_sentence(shown[case.id], lang)
        assert "{" not in sentence + todo


DATA = "C PSH,ACK seq={} ack=1 len={}"
OFFERED = "C SYN seq=0 mss=1460 scale=7\nS SYN,ACK seq=0 ack=1 mss=1460 scale=7\nC ACK seq=1 ack=1\n"
AGAIN = "+0.25\nC PSH,ACK seq=1 ack=1 len=14\n"
ANSWERED = f"{REQUEST}S PSH,ACK seq=1 ack=15 len=8\nC ACK seq=15 ack=9\n"
LATE = "C PSH,ACK seq=15 ack=9 len=5\n" + "".join(
    f"+{wait}\nC PSH,ACK seq=15 ack=9 len=5\n" for wait in ("0.2", "0.4", "0.8", "1.6")
)
BULK = "".join(f"C ACK seq={1 + 1000 * k} ack=1 len=1000\n" for k in range(5))

CASES = (
    Case(
        "open.syn_backoff",
        "C SYN seq=0\n+1\nC SYN seq=0\n+1\nC SYN seq=0\n+1\nC SYN seq=0\n+2",
        "C SYN seq=0\n+0.3\nC SYN seq=0\n+0.3\nC SYN seq=0\n+3",
        (1, 2, 3, 4),
    ),
    Case(
        "open.syn_retransmitted",
        "C SYN seq=0\n+1\nC SYN seq=0\nS SYN,ACK seq=0 ack=1\nC ACK seq=1 ack=1",
        HANDSHAKE,
        (1, 2),
    ),
    Case(
        "open.synack_retransmitted",
        "C SYN seq=0\nS SYN,ACK seq=0 ack=1\n+1\nS SYN,ACK seq=0 ack=1\n+2\nS SYN,ACK seq=0 ack=1\n+5",
        "C SYN seq=0\nS SYN,ACK seq=0 ack=1\n+1\nC SYN seq=0\nS SYN,ACK seq=0 ack=1\nC ACK seq=1 ack=1",
    ),
    Case(
        "open.synack_retransmitted_after_ack",
        f"{HANDSHAKE}+1\nS SYN,ACK seq=0 ack=1\nC ACK seq=1 ack=1",
        f"{HANDSHAKE}S SYN,ACK seq=0 ack=1\nC ACK seq=1 ack=1",
        (2, 3, 4),
    ),
    Case(
        "open.established_but_server_silent",
        f"{HANDSHAKE}C PSH,ACK seq=1 ack=1 len=14\n{AGAIN * 3}+3",
        f"{HANDSHAKE}C PSH,ACK seq=1 ack=1 len=14\n{AGAIN * 3}S ACK seq=1 ack=15",
    ),
    Case("open.probe_rst", f"{HANDSHAKE}C RST,ACK seq=1 ack=1", f"{REQUEST}C RST,ACK seq=15 ack=1", (4,)),
    Case(
        "open.stale_connection_ack",
        f"C SYN seq=0\nS ACK seq=900 ack=7000\nC RST seq=7000 bare\n+1\n{HANDSHAKE}",
        HANDSHAKE,
        (1, 2, 3, 4),
    ),
    Case(
        "close.close_wait_lag",
        f"{REQUEST}C FIN,ACK seq=15 ack=1\nS ACK seq=1 ack=16\n+5\nS FIN,ACK seq=1 ack=16\nC ACK seq=16 ack=2",
        TEXTBOOK,
    ),
    Case(
        "close.fin_retransmitted",
        f"{REQUEST}C FIN,ACK seq=15 ack=1\n+0.2\nC FIN,ACK seq=15 ack=1\nS FIN,ACK seq=1 ack=16\nC ACK seq=16 ack=2",
        TEXTBOOK,
    ),
    Case(
        "close.finwait2_expired",
        f"{REQUEST}C FIN,ACK seq=15 ack=1\nS ACK seq=1 ack=16\n+60\nS FIN,ACK seq=1 ack=16\nC RST seq=16 bare",
        f"{REQUEST}C FIN,ACK seq=15 ack=1\nS ACK seq=1 ack=16\nS FIN,ACK seq=1 ack=16\nC RST seq=16 bare",
    ),
    Case(
        "close.unread_data_likely",
        f"{ANSWERED}S PSH,ACK seq=9 ack=15 len=22\nC ACK seq=15 ack=31\nC RST,ACK seq=15 ack=31",
        f"{REQUEST}C RST,ACK seq=15 ack=1",
    ),
    Case(
        "app.write_after_peer_close",
        f"{REQUEST}C FIN,ACK seq=15 ack=1\nS ACK seq=1 ack=16\nS PSH,ACK seq=1 ack=16 len=9\nC RST seq=16 bare",
        TEXTBOOK,
    ),
    Case(
        "close.request_crossed_fin",
        f"{ANSWERED}+5\nC PSH,ACK seq=15 ack=9 len=6\nS FIN,ACK seq=9 ack=15\nS RST seq=9 bare",
        f"{ANSWERED}+5\nS FIN,ACK seq=9 ack=15\nC PSH,ACK seq=15 ack=10 len=6\nS RST seq=10 bare",
    ),
    Case("death.peer_silent", f"{ANSWERED}{LATE}+4", f"{ANSWERED}{LATE}S ACK seq=9 ack=20"),
    Case("idle.middlebox_forgot", f"{ANSWERED}+70\n{LATE}+4", f"{ANSWERED}{LATE}+4"),
    Case(
        "death.keepalive",
        f"{ANSWERED}+10\nC ACK seq=14 ack=9\n+1\nC ACK seq=14 ack=9\n+1\nC RST,ACK seq=15 ack=9",
        f"{ANSWERED}+10\nC ACK seq=14 ack=9\nS ACK seq=9 ack=15\n+10\nC ACK seq=14 ack=9\nS ACK seq=9 ack=15",
    ),
    Case(
        "idle.keepalive",
        f"{ANSWERED}+10\nC ACK seq=14 ack=9\nS ACK seq=9 ack=15\n+10\nC ACK seq=14 ack=9\nS ACK seq=9 ack=15",
        ANSWERED,
    ),
    Case(
        "death.peer_lost_state",
        f"{ANSWERED}+30\nC PSH,ACK seq=15 ack=9 len=5\nS RST seq=9 bare",
        f"{ANSWERED}+30\nC PSH,ACK seq=15 ack=9 len=5\nS RST,ACK seq=9 ack=20",
    ),
    Case(
        "rst.injected",
        f"{ANSWERED}S RST seq=9 win=8192 ttl=44\nS PSH,ACK seq=9 ack=15 len=30\nC ACK seq=15 ack=39",
        f"{ANSWERED}S RST,ACK seq=9 ack=15",
    ),
    Case(
        "rst.ignored_challenge_ack",
        f"{ANSWERED}S RST seq=100 bare\nC ACK seq=15 ack=9\nS PSH,ACK seq=9 ack=15 len=30\nC ACK seq=15 ack=39",
        f"{ANSWERED}S RST seq=9 bare",
    ),
    Case(
        "loss.rto",
        f"{HANDSHAKE}C PSH,ACK seq=1 ack=1 len=14\n{AGAIN}S ACK seq=1 ack=15",
        REQUEST,
        (4, 5)[1:],
    ),
    Case(
        "loss.fast_retransmit",
        f"{HANDSHAKE}{BULK}S ACK seq=1 ack=1001\n"
        + "S ACK seq=1 ack=1001 sack=2001-3001\nS ACK seq=1 ack=1001 sack=2001-4001\n"
        + "S ACK seq=1 ack=1001 sack=2001-5001\nC ACK seq=1001 ack=1 len=1000\nS ACK seq=1 ack=5001",
        f"{HANDSHAKE}{BULK}S ACK seq=1 ack=5001",
    ),
    Case(
        "loss.spurious_retransmission",
        f"{REQUEST}{AGAIN}S ACK seq=1 ack=15 sack=1-15",
        REQUEST,
    ),
    Case(
        "loss.retransmission_storm",
        f"{HANDSHAKE}C PSH,ACK seq=1 ack=1 len=14\n{AGAIN * 4}S ACK seq=1 ack=15",
        f"{HANDSHAKE}C PSH,ACK seq=1 ack=1 len=14\n{AGAIN * 2}S ACK seq=1 ack=15",
    ),
    Case(
        "path.mtu_blackhole",
        f"{OFFERED}C PSH,ACK seq=1 ack=1 len=100\nS ACK seq=1 ack=101\n"
        + "C ACK seq=101 ack=1 len=1460\n"
        + "".join(f"+{wait}\nC ACK seq=101 ack=1 len=1460\n" for wait in ("0.2", "0.4", "0.8"))
        + "+2",
        f"{OFFERED}C PSH,ACK seq=1 ack=1 len=100\nS ACK seq=1 ack=101\n"
        "C ACK seq=101 ack=1 len=1460\nS ACK seq=1 ack=1561",
    ),
    Case(
        "path.asymmetric",
        "S ACK seq=1 ack=1000 len=100\nS ACK seq=101 ack=2000 len=100\nS ACK seq=201 ack=3000 len=100",
        REQUEST,
    ),
    Case(
        "window.zero_stall",
        f"{REQUEST}S ACK seq=1 ack=15 win=0\n+0.5\nS ACK seq=1 ack=15 win=512\nC PSH,ACK seq=15 ack=1 len=9",
        f"{REQUEST}S ACK seq=1 ack=15 win=0\nS ACK seq=1 ack=15 win=512\nC PSH,ACK seq=15 ack=1 len=9",
        (6, 7),
    ),
    Case(
        "window.update_lost_or_late",
        f"{OFFERED}C PSH,ACK seq=1 ack=1 len=14\nS ACK seq=1 ack=15 win=0\n+0.05\nS ACK seq=1 ack=15 win=512\n+0.9\n"
        "C PSH,ACK seq=15 ack=1 len=9",
        f"{OFFERED}C PSH,ACK seq=1 ack=1 len=14\nS ACK seq=1 ack=15 win=0\n+0.05\nS ACK seq=1 ack=15 win=512\n"
        "C PSH,ACK seq=15 ack=1 len=9",
    ),
    Case(
        "window.full",
        HANDSHAKE
        + "".join(f"C PSH,ACK seq={1 + 512 * k} ack=1 len=512\nS ACK seq=1 ack={513 + 512 * k}\n" for k in range(6)),
        HANDSHAKE
        + "".join(f"C PSH,ACK seq={1 + 100 * k} ack=1 len=100\nS ACK seq=1 ack={101 + 100 * k}\n" for k in range(6)),
    ),
    Case(
        "window.scale_mismatch",
        "C SYN seq=0 scale=7\nS SYN,ACK seq=0 ack=1 win=65160\nC ACK seq=1 ack=1\nC PSH,ACK seq=1 ack=1 len=5\n"
        "S ACK seq=1 ack=6 win=509",
        "C SYN seq=0 scale=7\nS SYN,ACK seq=0 ack=1 win=65160\nC ACK seq=1 ack=1\nC PSH,ACK seq=1 ack=1 len=5\n"
        "S ACK seq=1 ack=6 win=65155",
    ),
    Case(
        "app.nagle_delayed_ack",
        HANDSHAKE
        + "".join(f"C PSH,ACK seq={1 + 10 * k} ack=1 len=10\n+0.04\nS ACK seq=1 ack={11 + 10 * k}\n" for k in range(5)),
        HANDSHAKE
        + "".join(f"C PSH,ACK seq={1 + 10 * k} ack=1 len=10\nS ACK seq=1 ack={11 + 10 * k}\n" for k in range(5)),
    ),
    Case("latency.client", f"{HANDSHAKE}+2\nC PSH,ACK seq=1 ack=1 len=14\nS ACK seq=1 ack=15", REQUEST, (3, 4)),
    Case(
        "latency.server",
        f"{REQUEST}+2\nS PSH,ACK seq=1 ack=15 len=8\nC ACK seq=15 ack=9",
        f"{REQUEST}S PSH,ACK seq=1 ack=15 len=8\nC ACK seq=15 ack=9",
        (4, 6),
    ),
    Case(
        "capture.offload_segments",
        f"{OFFERED}C PSH,ACK seq=1 ack=1 len=4380\nS ACK seq=1 ack=4381",
        f"{OFFERED}C PSH,ACK seq=1 ack=1 len=1460\nS ACK seq=1 ack=1461",
        (4,),
    ),
    Case(
        "capture.missing_segments",
        f"{REQUEST}C PSH,ACK seq=115 ack=1 len=10\nS ACK seq=1 ack=125\nS PSH,ACK seq=1 ack=125 len=3\n"
        "C ACK seq=125 ack=4",
        REQUEST,
    ),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_a_finding_where_it_holds_and_only_there(case: Case) -> None:
    holds_there_only(case, found)


def test_an_ordinary_connection_has_nothing_beside_its_two_ids() -> None:
    for text in (TEXTBOOK, ANSWERED, HANDSHAKE, f"{OFFERED}C PSH,ACK seq=1 ack=1 len=9\nS ACK seq=1 ack=10"):
        assert len(found(text)) == 2


def test_a_router_that_announces_its_mtu() -> None:
    def of(size: int) -> dict[str, Finding]:
        text = f"{OFFERED}C PSH,ACK seq=1 ack=1 len=1400\nC PSH,ACK seq=1 ack=1 len={size}\nS ACK seq=1 ack=1401"
        read = exchange(text)
        big = read.segments[3]
        said = Quote(9, big.time_ns + 1, "192.0.2.1", 3, 4, False, 1300, (big.src, big.src_port), big.seq)
        story = tell(read.segments, record_of(read), capture_end_ns=read.end_ns, quotes=[said])
        return {one.id: one for one in story.findings}

    adapted = of(1248)["path.pmtu_icmp"]
    assert (adapted.frames, adapted.numbers["mtu"]) == ((4, 9, 5), 1300)
    assert "path.pmtu_icmp" not in of(1400)


def test_endpoints_that_had_a_connection_before_have_one_again() -> None:
    assert found(TEXTBOOK, past=TEXTBOOK)["open.tuple_reused"].frames == (1,)
    assert "open.tuple_reused" not in found(TEXTBOOK)


def test_a_strong_finding_speaks_for_the_weak_ones() -> None:
    for case in CASES:
        shown = found(case.shows)
        assert not {weak for name in shown for weak in KNOWN[name].explains} & shown.keys()


def test_severities_and_references_are_the_catalogues() -> None:
    for name, (severity, reference, explains) in KNOWN.items():
        facts = words.finding_facts(name)
        assert (severity, reference) == (facts.severity, facts.ref)
        assert {*explains} <= KNOWN.keys()
    assert KNOWN.keys() >= {*words.finding_ids()}


# --- many connections ---


def connection(conn: int, at_s: float, client: str, server: str, opened: str, closed: str, by: str) -> Connection:
    ends = [Side(ip, int(port), packets=1) for ip, port in (client.split(":"), server.split(":"))]
    start = 1_700_000_000_000_000_000 + round(at_s * 1e9)
    return Connection(conn, conn, start, 10**9, (conn + 1, conn + 1), ends[0], ends[1], False, opened, closed, by)


def test_many_ports_tried_in_vain_are_a_scan() -> None:
    def tried(opened: str) -> list[Connection]:
        return [
            connection(n, n, "10.0.0.9:4000", f"10.0.0.1:{n + 20}", opened, "close.never_opened", "server")
            for n in range(20)
        ]

    (scan,) = fleet(tried("open.refused"))
    assert (scan.id, scan.numbers, scan.connections) == (
        "fleet.scan", {"src": "10.0.0.9", "n": 20, "pct": "100 %"}, tuple(range(20)),
    )  # fmt: skip
    assert not fleet(tried("open.normal")) and not fleet(tried("open.refused")[:14])


def test_unanswered_requests_beside_answered_ones_are_an_overflow_or_a_flood() -> None:
    def asked(sources: int) -> list[Finding]:
        lost = [
            connection(n, n / 10, f"10.0.{n % sources}.1:{n + 1000}", "10.9.9.9:80", "open.no_answer",
                       "close.never_opened", "timeout")
            for n in range(30)
        ]  # fmt: skip
        served = [connection(99, 1, "10.0.0.1:5", "10.9.9.9:80", "open.normal", "close.fin_4seg", "server")]
        return fleet(lost + served)

    (few,), (many,) = asked(2), asked(30)
    assert few.id == many.id == "fleet.syn_flood_or_overflow"
    assert (few.numbers["case"], many.numbers["case"]) == ("overflow", "flood")
    assert few.numbers["lost"] == 30


def test_connections_reset_together_are_a_restart() -> None:
    def reset(apart_s: float) -> list[Connection]:
        return [
            connection(n, n * apart_s, f"10.0.0.{n}:4{n}", "10.9.9.9:80", "open.normal", "close.rst_reply", "server")
            for n in range(4)
        ]

    assert [one.id for one in fleet(reset(0.1))] == ["fleet.server_restarted"]
    assert not fleet(reset(20))
    outlived = connection(9, 0.5, "10.0.0.9:49", "10.9.9.9:80", "open.normal", "close.fin_4seg", "client")
    assert not fleet([*reset(0.1), outlived])


def test_a_client_that_closes_too_many_runs_out_of_ports() -> None:
    def closed(rate: int) -> list[Finding]:
        return fleet(
            connection(n, n / rate, f"10.0.0.1:{n + 1024}", "10.9.9.9:80", "open.normal", "close.fin_4seg", "client")
            for n in range(10 * rate)
        )

    assert [one.id for one in closed(300)] == ["fleet.time_wait_pressure"]
    assert not closed(100)


def test_a_capture_of_one_direction_says_so_first() -> None:
    def heard(both: int) -> list[Finding]:
        known = [
            connection(n, n, f"10.0.0.{n}:4{n}", "10.9.9.9:80", "open.midstream", "close.still_open", "none")
            for n in range(10)
        ]
        for one in known[both:]:
            one.server.packets = 0
        return fleet(known)

    assert [one.id for one in heard(0)] == ["capture.one_way"]
    assert not heard(2)
