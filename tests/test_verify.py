"""RFC 9293's requirements, each kept by one connection and broken by another; and each segment judged."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import pytest

from segments import HANDSHAKE, REQUEST, TEXTBOOK, exchange, record_of
from synfin.explain import rulings, words
from synfin.watch.story.story import tell
from synfin.watch.verify import Judged, Ruling, judge_segments, verify

OFFERED = "C SYN seq=0 mss=1460 scale=7\nS SYN,ACK seq=0 ack=1 mss=1460 scale=7\nC ACK seq=1 ack=1\n"
ANSWERED = f"{REQUEST}S PSH,ACK seq=1 ack=15 len=8\nC ACK seq=15 ack=9\n"
GROUP = bytes([224, 0, 0, 1])


class Case(NamedTuple):
    """A requirement, a connection that keeps it, and one that does not."""

    rule: str
    keeps: str
    breaks: str = ""
    who: str = "client"


def rulings_of(text: str, *, past: str = "", vantage: str = "unknown") -> list[Ruling]:
    read = exchange(text)
    segments = [replace(one, ip_id=100 + one.frame) for one in read.segments]
    before = [replace(one, time_ns=one.time_ns - 5 * 10**9) for one in exchange(past).segments] if past else []
    record = record_of(read)
    record.vantage = vantage
    known = tell(segments, record, capture_end_ns=read.end_ns, past=before).known
    assert known is not None
    return verify(known)


def sent(seq: int, length: int, *, push: bool = True) -> str:
    return f"C {'PSH,' if push else ''}ACK seq={seq} ack=1 len={length}\n"


def repeated(text: str, *waits: str) -> str:
    return text + "".join(f"+{wait}\n{text}" for wait in waits)


CLOSED = f"{OFFERED}{sent(1, 14)}S ACK seq=1 ack=15 win=0\n"
PROBES = "".join(f"+{wait}\nC ACK seq=14 ack=1\nS ACK seq=1 ack=15 win=0\n" for wait in ("0.25", "0.5", "1.0"))
OPEN_AGAIN = f"S ACK seq=1 ack=15 win=512\n{sent(15, 5)}S ACK seq=1 ack=20\n"
OPENED = HANDSHAKE.replace("SYN,ACK seq=0 ack=1", "SYN,ACK seq=0 ack=1 win=14")
FILLED = f"{OPENED}{sent(1, 14)}S ACK seq=1 ack=15 win=0\n"
KEEP_ALIVE = f"{ANSWERED}+7300\nC ACK seq=14 ack=9\n"
HALF_CLOSED = f"{REQUEST}C FIN,ACK seq=15 ack=1\nS ACK seq=1 ack=16\nS PSH,ACK seq=1 ack=16 len=9\n"

CASES = (
    Case("MUST-1", f"{HANDSHAKE}S ACK seq=1 ack=1 win=40000\n{sent(1, 14)}"),
    Case(
        "MUST-10",
        "C SYN seq=0\nS SYN seq=0\nC SYN,ACK seq=0 ack=1\nS SYN,ACK seq=0 ack=1",
        "C SYN seq=0\nS SYN seq=0\nC ACK seq=1 ack=1\nS RST seq=1 bare",
        "server",
    ),
    Case(
        "MUST-11",
        "C SYN seq=0\nS SYN,ACK seq=0 ack=1\nC RST seq=1 bare\n+1\nC SYN seq=0\nS SYN,ACK seq=0 ack=1",
        "C SYN seq=0\nS SYN,ACK seq=0 ack=1\nC RST seq=1 bare\n+1\nC SYN seq=0\nS RST,ACK seq=#0 ack=1 bare",
        "server",
    ),
    Case(
        "MUST-13",
        f"{TEXTBOOK}+0.2\nS FIN,ACK seq=1 ack=16\nC ACK seq=16 ack=2",
        f"{TEXTBOOK}+0.2\nS FIN,ACK seq=1 ack=16\nC RST seq=16 bare",
    ),
    Case("MUST-14", f"{OFFERED}{sent(1, 1400)}", f"{OFFERED}{sent(1, 1500)}"),
    Case("MUST-15", f"{HANDSHAKE}{sent(1, 536)}", f"{HANDSHAKE}{sent(1, 537)}"),
    Case("MUST-16", f"{OFFERED}{sent(1, 1448)}", f"{OFFERED}{sent(1, 1460)}"),
    Case("MUST-18", f"{HANDSHAKE}{repeated(sent(1, 14), '0.25')}"),
    Case(
        "MUST-19",
        f"{HANDSHAKE}{repeated(sent(1, 14), '0.2', '0.4', '0.8', '1.6')}",
        f"{HANDSHAKE}{repeated(sent(1, 14), '0.3', '0.3', '0.3', '0.3')}",
    ),
    Case("MUST-20", f"{ANSWERED}" + repeated("C PSH,ACK seq=15 ack=9 len=5\n", "0.2", "0.4", "0.8", "1.6", "3.2")),
    Case("MUST-22", f"C SYN seq=0\n+1\n{HANDSHAKE}", f"C SYN seq=0\n+0.1\n{HANDSHAKE}"),
    Case(
        "MUST-23",
        "C SYN seq=0\n+40\nC SYN seq=0\n+80\nC SYN seq=0\n+200",
        "C SYN seq=0\n+1\nC SYN seq=0\n+1\nC SYN seq=0\n+20",
    ),
    Case(
        "MUST-26",
        KEEP_ALIVE,
        f"{ANSWERED}C PSH,ACK seq=15 ack=9 len=5\n+10\nC ACK seq=19 ack=9",
    ),
    Case("MUST-28", KEEP_ALIVE, f"{ANSWERED}+30\nC ACK seq=14 ack=9"),
    Case(
        "MUST-29",
        f"{KEEP_ALIVE}+75\nC ACK seq=14 ack=9\n+75\nC RST,ACK seq=15 ack=9",
        f"{KEEP_ALIVE}+75\nC RST,ACK seq=15 ack=9",
    ),
    Case("MUST-34", f"{OFFERED}S ACK seq=1 ack=1 win=100\n{sent(1, 14)}S ACK seq=1 ack=15 win=2\n{sent(15, 5)}"),
    Case("MUST-35", f"{CLOSED}{PROBES}{OPEN_AGAIN}"),
    Case("MUST-36", f"{CLOSED}{PROBES}{OPEN_AGAIN}", f"{CLOSED}+5\n{OPEN_AGAIN}"),
    Case("MUST-37", f"{CLOSED}{PROBES}{OPEN_AGAIN}", f"{CLOSED}{PROBES}C RST,ACK seq=15 ack=1"),
    Case(
        "MUST-38",
        OFFERED + sent(1, 1448, push=False) + sent(1449, 1448, push=False) + sent(2897, 100) + "S ACK seq=1 ack=2997",
        OFFERED + sent(1, 10, push=False) + sent(11, 10, push=False) + sent(21, 10) + "S ACK seq=1 ack=31",
    ),
    Case(
        "MUST-39",
        f"{CLOSED}+0.3\nS ACK seq=1 ack=15 win=512\n",
        f"{CLOSED}+0.3\nS ACK seq=1 ack=15 win=1\n{sent(15, 5)}S ACK seq=1 ack=20 win=512\n",
        "server",
    ),
    Case(
        "MUST-61",
        f"{OFFERED}{sent(1, 14)}S ACK seq=1 ack=15\n{sent(15, 4)}S ACK seq=1 ack=19",
        f"{OFFERED}{sent(1, 14, push=False)}S ACK seq=1 ack=15\n{sent(15, 4)}S ACK seq=1 ack=19",
    ),
    Case(
        "MUST-66",
        f"{CLOSED}C RST seq=15 bare",
        f"{CLOSED}C RST seq=15 bare\nS PSH,ACK seq=1 ack=15 len=4",
        "server",
    ),
    Case(
        "SHLD-2",
        f"{ANSWERED}C RST,ACK seq=15 ack=9 len=5",
        f"{ANSWERED}C RST,ACK seq=15 ack=9 len=5\nS ACK seq=9 ack=15",
        "server",
    ),
    Case("SHLD-3", f"{HALF_CLOSED}C RST seq=16 bare"),
    Case("SHLD-5", f"{OFFERED}", HANDSHAKE),
    Case(
        "SHLD-7",
        f"{OFFERED}{sent(1, 5)}S ACK seq=1 ack=6\n{sent(6, 5)}S ACK seq=1 ack=11",
        f"{OFFERED}{sent(1, 5)}{sent(6, 5)}S ACK seq=1 ack=11",
    ),
    Case(
        "SHLD-8",
        "C SYN,ECE,CWR seq=0\nS SYN,ECE,ACK seq=0 ack=1\nC ACK seq=1 ack=1",
        "C SYN,ECE,CWR seq=0\nS SYN,ECE,CWR,ACK seq=0 ack=1\nC ACK seq=1 ack=1",
        "server",
    ),
    Case(
        "SHLD-11",
        f"{ANSWERED}"
        + repeated("C PSH,ACK seq=15 ack=9 len=5\n", "1", "2", "4", "8", "16", "32", "64")
        + "+5\nC RST,ACK seq=20 ack=9",
        f"{ANSWERED}" + repeated("C PSH,ACK seq=15 ack=9 len=5\n", "1", "2", "4", "8") + "+5\nC RST,ACK seq=20 ack=9",
    ),
    Case("SHLD-12", KEEP_ALIVE, f"{ANSWERED}+7300\nC ACK seq=14 ack=9 len=1"),
    Case(
        "SHLD-14",
        f"{OFFERED}S ACK seq=1 ack=1 win=100\n{sent(1, 14)}S ACK seq=1 ack=15 win=100",
        f"{OFFERED}S ACK seq=1 ack=1 win=100\n{sent(1, 14)}S ACK seq=1 ack=15 win=50",
        "server",
    ),
    Case(
        "SHLD-15",
        f"{OFFERED}S ACK seq=1 ack=1 win=100\n{sent(1, 14)}S ACK seq=1 ack=15 win=2\n{sent(15, 5)}",
        f"{OFFERED}S ACK seq=1 ack=1 win=100\n{sent(1, 14)}S ACK seq=1 ack=15 win=2\n{sent(15, 1000)}",
    ),
    Case(
        "SHLD-28",
        OFFERED + sent(1, 1448, push=False) + sent(1449, 100) + "S ACK seq=1 ack=1549",
        OFFERED + sent(1, 10, push=False) + sent(11, 100) + "S ACK seq=1 ack=111",
    ),
    Case(
        "SHLD-29",
        f"{CLOSED}{PROBES}{OPEN_AGAIN}",
        f"{CLOSED}C ACK seq=14 ack=1\nS ACK seq=1 ack=15 win=0\n{OPEN_AGAIN}",
    ),
    Case(
        "SHLD-30",
        f"{CLOSED}{PROBES}{OPEN_AGAIN}",
        CLOSED + "+0.25\nC ACK seq=14 ack=1\nS ACK seq=1 ack=15 win=0\n" * 4 + OPEN_AGAIN,
    ),
    Case(
        "SHLD-31",
        f"{REQUEST}{sent(25, 10)}S ACK seq=1 ack=15\n{sent(15, 10)}S ACK seq=1 ack=35",
        f"{REQUEST}{sent(25, 10)}S ACK seq=1 ack=15\n{sent(15, 10)}S ACK seq=1 ack=25",
        "server",
    ),
    Case("MAY-1", f"{HALF_CLOSED}C RST seq=16 bare"),
    Case("MAY-3", OFFERED),
    Case("MAY-5", KEEP_ALIVE),
    Case("MAY-6", f"{ANSWERED}+7300\nC ACK seq=14 ack=9 len=1"),
    Case("MAY-8", f"{CLOSED}+11\nC ACK seq=14 ack=1\nS ACK seq=1 ack=15 win=0", who="server"),
    Case(
        "MAY-13",
        f"{REQUEST}{sent(25, 10)}S ACK seq=1 ack=15\n{sent(15, 10)}S ACK seq=1 ack=35",
        f"{REQUEST}{sent(25, 10)}S PSH,ACK seq=1 ack=15 len=3",
        "server",
    ),
    Case("SHLD-13", "", f"{HANDSHAKE}C PSH,URG,ACK seq=1 ack=1 len=5"),
    Case("MUST-30", "", f"{HANDSHAKE}C PSH,URG,ACK seq=1 ack=1 len=5"),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.rule)
def test_a_requirement_is_kept_by_one_and_broken_by_the_other(case: Case) -> None:
    def of(text: str) -> set[bool]:
        return {one.kept for one in rulings_of(text) if (one.rule, one.who) == (case.rule, case.who)}

    if case.keeps:
        assert of(case.keeps) == {True}
    if case.breaks:
        assert False in of(case.breaks)


def test_what_the_tap_near_the_receiver_shows_of_acknowledging() -> None:
    def of(rule: str, text: str) -> set[bool]:
        return {one.kept for one in rulings_of(text, vantage="server") if (one.rule, one.who) == (rule, "server")}

    assert of("MUST-40", REQUEST) == {True}
    assert of("MUST-40", f"{HANDSHAKE}{sent(1, 14)}+0.6\nS ACK seq=1 ack=15") == {False}
    burst = "".join(sent(1 + 1000 * k, 1000) for k in range(4))
    assert of("SHLD-19", f"{OFFERED}{burst}S ACK seq=1 ack=4001") == {False}
    each = "".join(
        sent(1 + 1000 * k, 1000) + (f"S ACK seq=1 ack={1001 + 1000 * k}\n" if k % 2 else "") for k in range(6)
    )
    assert of("SHLD-19", f"{OFFERED}{each}") == {True}
    assert of("SHLD-18", f"{OFFERED}{each}") == {True}
    eager = "".join(sent(1 + 9 * k, 9) + f"S ACK seq=1 ack={10 + 9 * k}\n" for k in range(5))
    assert of("SHLD-18", f"{OFFERED}{eager}") == {False}
    assert of("MAY-12", f"{REQUEST}C ACK seq=15 ack=900\nS ACK seq=1 ack=15") == {True}
    assert of("MAY-12", f"{REQUEST}C ACK seq=15 ack=900\nS PSH,ACK seq=1 ack=15 len=2") == {False}


def test_addresses_of_groups_are_no_endpoints() -> None:
    def of(text: str) -> set[tuple[str, bool]]:
        read = exchange(text)
        segments = [replace(one, src=GROUP, dst=GROUP) for one in read.segments]
        record = record_of(read)
        record.client.ip = record.server.ip = "224.0.0.1"
        known = tell(segments, record).known
        assert known is not None
        return {(one.rule, one.kept) for one in verify(known)}

    assert of("C SYN seq=0") >= {("MUST-46", False), ("MUST-57", True), ("MUST-63", True)}
    assert of(HANDSHAKE) >= {("MUST-57", False), ("MUST-63", False)}


def test_a_pair_of_endpoints_is_opened_again() -> None:
    rules = {one.rule for one in rulings_of(HANDSHAKE, past=TEXTBOOK)}
    assert {"MAY-2", "SHLD-4"} <= rules
    assert not {"MAY-2", "SHLD-4"} & {one.rule for one in rulings_of(HANDSHAKE)}


def test_the_same_ip_id_on_a_repetition() -> None:
    read = exchange(f"{HANDSHAKE}{repeated(sent(1, 14), '0.25')}")
    same = [replace(one, ip_id=77 if one.length else one.frame) for one in read.segments]
    stamped = [replace(one, time_ns=one.time_ns + 10**9 * (one.frame == 5)) for one in same]
    known = tell(stamped, record_of(read)).known
    assert known is not None and "MAY-4" in {one.rule for one in verify(known)}


def test_options_where_they_do_not_belong() -> None:
    late = "C ACK seq=1 ack=1 mss=1460"
    assert ("MUST-65", False) in {(one.rule, one.kept) for one in rulings_of(f"{HANDSHAKE}{late}")}
    assert ("MUST-65", True) in {(one.rule, one.kept) for one in rulings_of(OFFERED)}
    for padding, kept in ((b"\0\0\0\0", True), (b"\0\0\7\0", False)):
        read = exchange(HANDSHAKE)
        segments = [replace(one, options=padding, hdr_len=24) for one in read.segments]
        known = tell(segments, record_of(read)).known
        assert known is not None
        assert {one.kept for one in verify(known) if one.rule == "MUST-69"} == {kept}


def test_urgent_pointers() -> None:
    read = exchange(f"{HANDSHAKE}C PSH,URG,ACK seq=1 ack=1 len=5")
    for pointer, kept in ((5, True), (900, False)):
        segments = [replace(one, urgent=pointer) for one in read.segments]
        known = tell(segments, record_of(read)).known
        assert known is not None
        assert {one.rule: one.kept for one in verify(known)}.items() >= {("MUST-30", True), ("MUST-62", kept)}


def test_congestion_marks_are_answered() -> None:
    opened = "C SYN,ECE,CWR seq=0\nS SYN,ECE,ACK seq=0 ack=1\nC ACK seq=1 ack=1\n"
    echoed = f"{opened}{sent(1, 14)}S ACK,ECE seq=1 ack=15\n"
    for text, kept in (("C PSH,ACK,CWR seq=15 ack=1 len=4", True), (sent(15, 4), False)):
        found = {one.kept for one in rulings_of(f"{echoed}{text}") if one.rule == "MAY-18"}
        assert found == {kept}


def test_windows_that_were_taken_back_and_retransmissions() -> None:
    taken = f"{OFFERED}S ACK seq=1 ack=1 win=100\n{sent(1, 600)}S ACK seq=1 ack=15 win=2\n+0.3\n{sent(15, 586)}"
    rules = {(one.rule, one.kept) for one in rulings_of(taken)}
    assert {("SHLD-16", False), ("MAY-7", True)} <= rules
    inside = f"{OFFERED}S ACK seq=1 ack=1 win=100\n{sent(1, 200)}S ACK seq=1 ack=15 win=2\n+0.3\n{sent(15, 186)}"
    assert ("SHLD-16", True) in {(one.rule, one.kept) for one in rulings_of(inside)}


def test_every_requirement_has_words_and_a_section() -> None:
    for case in CASES:
        assert words.rfc_section(case.rule).startswith("3.")
    some = next(one for one in rulings_of(CASES[4].breaks) if not one.kept)
    assert rulings.broken(some, "en").startswith("The client does not keep MUST-14 (RFC 9293 §3.7.1)")
    assert rulings.broken(some, "zh").startswith("客户端没有遵守 MUST-14")


# --- each segment ---


def judged(text: str) -> list[Judged]:
    read = exchange(text)
    segments = [replace(one, ip_id=100 + one.frame) for one in read.segments]
    known = tell(segments, record_of(read)).known
    assert known is not None
    return judge_segments(known.moves)


@pytest.mark.parametrize(
    ("text", "drop"),
    [
        (f"{TEXTBOOK}", ""),
        (f"{REQUEST}C PSH,ACK seq=1 ack=1 len=14", "TCP_OLD_DATA"),
        (f"{REQUEST}C ACK seq=5 ack=1", "TCP_OLD_SEQUENCE"),
        (f"{REQUEST}C ACK seq=900000 ack=1", "TCP_INVALID_SEQUENCE"),
        (f"{REQUEST}C PSH,ACK seq=15 ack=900 len=5", "TCP_ACK_UNSENT_DATA"),
        (f"{REQUEST}C SYN seq=15", "TCP_INVALID_SYN"),
        (f"{REQUEST}C NONE seq=15", "TCP_FLAGS"),
        (f"{FILLED}C PSH,ACK seq=15 ack=1 len=5", "TCP_ZEROWINDOW"),
        ("C SYN seq=0\nS ACK seq=900 ack=7000", "TCP_INVALID_ACK_SEQUENCE"),
        (f"{REQUEST}C RST,ACK seq=15 ack=1\nS PSH,ACK seq=1 ack=15 len=5", "NO_SOCKET"),
    ],
)
def test_why_linux_would_drop_it(text: str, drop: str) -> None:
    assert judged(text)[-1].drop == drop
    assert {one.drop for one in judged(text)[:-1]} <= {""}


def test_an_old_timestamp_is_dropped() -> None:
    read = exchange(f"{REQUEST}C PSH,ACK seq=15 ack=1 len=5")
    stamps = [10, 10, 11, 12, 12, 5]
    old = b"\x01\x01\x08\x0a"
    segments = [
        replace(one, ip_id=one.frame, options=old + stamp.to_bytes(4, "big") + bytes(4))
        for one, stamp in zip(read.segments, stamps, strict=True)
    ]
    known = tell(segments, record_of(read)).known
    assert known is not None and judge_segments(known.moves)[-1].drop == "TCP_RFC7323_PAWS"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (TEXTBOOK, ""),
        (f"{REQUEST}S SYN seq=900", "established.snd-syn"),
        (f"{REQUEST}C SYN,ACK seq=0 ack=1", "established.snd-syn-ack"),
        (f"{TEXTBOOK}C PSH,ACK seq=16 ack=2 len=3", "time-wait.snd-data"),
        (f"{TEXTBOOK}+1\nS PSH,ACK seq=2 ack=16 len=3", "closed.snd-data"),
        ("C SYN seq=0\nC PSH,ACK seq=1 ack=1 len=5\nS RST,ACK seq=#0 ack=1 bare", "syn-sent.snd-data"),
    ],
)
def test_what_no_row_of_the_table_allows_has_a_code(text: str, code: str) -> None:
    codes = [one.illegal for one in judged(text) if one.illegal]
    assert codes == ([code] if code else [])
