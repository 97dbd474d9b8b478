"""Requirements that are counted, not ruled on: each row where its case is there, and where it is not."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from command import synfin
from segments import HANDSHAKE, REQUEST, TEXTBOOK, exchange, record_of
from synfin.explain import words
from synfin.explain.rulings import counted
from synfin.faces import cli
from synfin.watch.story.story import tell
from synfin.watch.verify import Statistic, Statistics
from synfin.watch.verify.statistics import RULES
from synfin.wire.tcp import Segment
from test_requirements import rows

LOUD = str(Path(__file__).parent / "data" / "as-written.pcapng")
OFFERED = "C SYN seq=0 mss=1460\nS SYN,ACK seq=0 ack=1 mss=1440\nC ACK seq=1 ack=1\n"
DATA = "C PSH,ACK seq=1 ack=1 len=14\n"

Change = Callable[[Segment], Segment]


def same(segment: Segment) -> Segment:
    return segment


def fed(
    into: Statistics, text: str, *, conn: int = 0, change: Change = same, sums: Mapping[int, str] | None = None
) -> None:
    read = exchange(text)
    record = record_of(read)
    segments = [change(one) for one in read.segments]
    record.conn = conn
    for end, ip, port in (
        (record.client, segments[0].src, segments[0].src_port), (record.server, segments[0].dst, segments[0].dst_port),
    ):  # fmt: skip
        end.ip, end.port = socket.inet_ntop(socket.AF_INET if len(ip) == 4 else socket.AF_INET6, ip), port
    known = tell(segments, record, capture_end_ns=read.end_ns, sums=sums).known
    assert known is not None
    into.add(known)


def row(rule: str, into: Statistics) -> Statistic:
    return next(one for one in into.rows() if one.rule == rule)


def of(rule: str, text: str, *, change: Change = same, sums: Mapping[int, str] | None = None) -> tuple[int, ...]:
    """`n` and the counts of one connection."""
    into = Statistics()
    fed(into, text, change=change, sums=sums)
    found = row(rule, into)
    assert found.connections == ((0,) if found.n else ())
    return found.n, *found.counts.values()


def with_options(raw: bytes, frames: Sequence[int]) -> Change:
    """These options and no others, in these frames; the rest without any."""

    def change(one: Segment) -> Segment:
        own = raw if one.frame in frames else b""
        return replace(one, options=own, hdr_len=20 + len(own))

    return change


def many(count: int, isn: Callable[[int], int], *, apart_ns: int = 1_000_000_000, ports: int = 1000) -> Statistics:
    """So many SYNs of one client, from one port after another, with these initial numbers."""
    into = Statistics()
    for k in range(count):

        def change(one: Segment, k: int = k) -> Segment:
            time_ns = one.time_ns + k * apart_ns
            return replace(one, time_ns=time_ns, src_port=5000 + k % ports, seq=isn(k) & 0xFFFFFFFF)

        fed(into, "C SYN seq=0", conn=k, change=change)
    return into


def noise(k: int) -> int:
    return (k + 1) * (k + 7) * 2_654_435_761


def test_the_rows_are_those_of_the_list() -> None:
    assert set(RULES) == set(rows("w"))
    told = Statistics().rows()
    assert [one.rule for one in told] == list(RULES)
    assert all(one.n == 0 and not one.connections and not any(one.counts.values()) for one in told)


def test_each_row_has_words_in_both_languages_that_tell_every_count() -> None:
    for rule, names in RULES.items():
        assert words.rfc_section(rule).startswith("3.")
        told = {"wait" if name == "least_ns" else name for name in names}
        for lang in words.LANGUAGES:
            used = words.placeholders(words.template_of(f"rfc.{rule}.counted", lang))
            assert told <= used <= told | {"n"}
            assert "…" not in counted(Statistic(rule, 3, dict.fromkeys(names, 2), (), False), lang)


def test_a_wrong_checksum_that_the_receiver_took_or_not() -> None:
    again = f"{REQUEST}C PSH,ACK seq=15 ack=1 len=4\n+0.3\nC PSH,ACK seq=15 ack=1 len=4\nS ACK seq=1 ack=19"
    assert of("MUST-3", REQUEST, sums={4: "bad"}) == (1, 1)
    assert of("MUST-3", again, sums={6: "bad"}) == (1, 0)
    assert of("MUST-3", REQUEST) == (0, 0)
    assert of("MUST-3", REQUEST, sums={4: "bad", 3: "partial"}) == (0, 0)
    assert of("MUST-3", REQUEST, sums={1: "bad", 3: "bad", 4: "bad"}) == (0, 0)


STAMP = b"\x01\x01\x08\x0a" + bytes(8)
STRANGE = b"\xc8\x04\x00\x00"  # kind 200: nobody's
SHORT = b"\x02\x03\x05\x00"  # an MSS of one byte
ENDLESS = b"\x08\x00\x00\x00"  # its length does not move on
ACKED, RESET, SILENT = HANDSHAKE + DATA + "S ACK seq=1 ack=15", HANDSHAKE + DATA + "S RST seq=1 bare", HANDSHAKE + DATA


@pytest.mark.parametrize(
    ("rule", "raw"), [("MUST-5", STAMP), ("MUST-6", STRANGE), ("MUST-7", SHORT), ("MUST-7", ENDLESS)]
)
def test_options_and_what_the_receiver_made_of_them(rule: str, raw: bytes) -> None:
    there = with_options(raw, [4])
    assert of(rule, ACKED, change=there) == (1, 1, 0, 0)
    assert of(rule, RESET, change=there) == (1, 0, 1, 0)
    assert of(rule, SILENT, change=there) == (1, 0, 0, 1)
    assert of(rule, ACKED, change=with_options(b"\x01\x01\x01\x00", [4])) == (0, 0, 0, 0)
    assert of(rule, ACKED, change=with_options(raw, [3])) == (0, 0, 0, 0)  # nothing to acknowledge


def test_options_that_are_known_and_whole() -> None:
    assert of("MUST-6", ACKED, change=with_options(STAMP, [4]))[0] == 0
    assert of("MUST-7", ACKED, change=with_options(STAMP, [4]))[0] == 0
    assert of("MUST-7", ACKED, change=with_options(SHORT, [1])) == (1, 1, 0, 0)
    assert of("MUST-5", ACKED, change=with_options(SHORT, [1]))[0] == 0
    assert of("MUST-5", "C PSH,ACK seq=1 ack=1 len=3")[0] == 0  # one-way


def test_the_same_endpoints_again() -> None:
    for step, counts in ((70_000, (1, 1, 0)), (-70_000, (1, 0, 1))):
        found = row("MUST-8", many(2, lambda k, step=step: 9_000_000 + k * step, ports=1))  # type: ignore[misc]
        assert (found.n, *found.counts.values()) == counts
        assert found.remarkable == (step < 0)
    assert row("MUST-8", many(2, lambda k: k * 70_000)).n == 0
    assert row("MUST-8", many(2, lambda k: 77, ports=1)).n == 0  # a late copy
    assert row("MUST-8", many(2, lambda k: k * 70_000, ports=1, apart_ns=10**13)).n == 0


def test_initial_numbers_that_look_predictable() -> None:
    def both(into: Statistics) -> tuple[tuple[int, ...], tuple[int, ...]]:
        first, second = row("MUST-9", into), row("SHLD-1", into)
        return (first.n, *first.counts.values()), (second.n, *second.counts.values())

    assert both(many(9, lambda k: k * 64_000)) == ((9, 1, 1, 1), (8, 7, 0))
    assert both(many(9, lambda k: 77)) == ((9, 1, 1, 1), (8, 7, 0))
    assert both(many(9, lambda k: k * 250_000 + k * k)) == ((9, 1, 1, 1), (8, 0, 8))
    assert both(many(9, lambda k: k * k, apart_ns=9_000)) == ((9, 1, 1, 0), (8, 0, 0))
    assert both(many(7, lambda k: k * 64_000)) == ((7, 1, 0, 0), (6, 5, 0))
    assert both(many(9, noise)) == ((9, 1, 1, 0), (8, 0, 0))
    assert both(many(9, lambda k: k * 250_000, ports=1)) == ((9, 1, 1, 0), (0, 0, 0))  # by RFC 6528 they do
    assert row("MUST-9", many(1, noise)).connections == (0,)


def test_what_is_kept_has_an_end() -> None:
    found = row("SHLD-1", many(90, lambda k: k))
    assert (found.n, len(found.connections)) == (63, 8)


def test_the_first_keep_alive() -> None:
    probe = "C ACK seq=14 ack=1\nS ACK seq=1 ack=15"
    assert of("MUST-28", f"{REQUEST}+30\n{probe}\n+20\n{probe}")[:2] == (1, 1)
    assert of("MUST-28", f"{REQUEST}+30\n{probe}\n+20\n{probe}")[2] == 30_001_000_000
    assert of("MUST-28", f"{REQUEST}+7300\n{probe}")[:2] == (1, 0)
    assert of("MUST-28", REQUEST) == (0, 0, 0)


def test_acknowledgments_against_data() -> None:
    there = f"{DATA}C PSH,ACK seq=15 ack=1 len=6\nS ACK seq=1 ack=21\n"
    two = f"{HANDSHAKE}{there}S PSH,ACK seq=1 ack=21 len=5\nC ACK seq=21 ack=6"
    assert of("MUST-58", two) == (3, 2, 1, 1, 2)  # the client's ACK of the handshake is one
    assert of("MUST-59", two) == (2, 1, 1)
    assert of("MUST-58", HANDSHAKE)[0] == of("MUST-59", HANDSHAKE)[0] == 0


@pytest.mark.parametrize(("pointer", "counts"), [(14, (1, 0, 1, 0)), (13, (1, 1, 0, 0)), (900, (1, 0, 0, 1))])
def test_the_urgent_pointer(pointer: int, counts: tuple[int, ...]) -> None:
    text = f"{HANDSHAKE}C PSH,URG,ACK seq=1 ack=1 len=14"
    assert of("MUST-62", text, change=lambda one: replace(one, urgent=pointer)) == counts
    assert of("MUST-62", REQUEST, change=lambda one: replace(one, urgent=pointer))[0] == 0


def test_announced_sizes() -> None:
    def outside(one: Segment) -> Segment:
        return replace(one, src=b"\x0a" + one.src[1:], dst=b"\x0a" + one.dst[1:])

    def six(one: Segment) -> Segment:
        return replace(one, src=bytes(12) + one.src, dst=bytes(12) + one.dst)

    large = OFFERED.replace("1460", "8960")
    assert of("MUST-67", OFFERED) == (2, 0, 1460)
    assert of("MUST-67", large) == (2, 0, 8960)
    assert of("MUST-67", OFFERED.replace("1460", "65500")) == (2, 1, 65500)
    assert of("MUST-67", HANDSHAKE) == (0, 0, 0)
    for text, change, above in ((large, outside, 1), (OFFERED, outside, 0), (OFFERED, six, 1)):
        assert of("MUST-67", text, change=change)[1] == above


def test_data_beyond_the_window() -> None:
    shrunk = f"{HANDSHAKE}C PSH,ACK seq=1 ack=1 len=400\nS ACK seq=1 ack=1 win=100\n+1\nC PSH,ACK seq=1 ack=1 len=400\n"
    assert of("SHLD-17", f"{shrunk}S ACK seq=1 ack=401") == (1, 1, 0)
    assert of("SHLD-17", f"{shrunk}+9\nC RST,ACK seq=401 ack=1") == (1, 1, 1)
    assert of("SHLD-17", f"{HANDSHAKE}S ACK seq=1 ack=1 win=10\n{DATA}S ACK seq=1 ack=15") == (1, 1, 0)
    assert of("SHLD-17", TEXTBOOK) == (0, 0, 0)


def test_service_classes() -> None:
    def classes(*values: int) -> Change:
        return lambda one: replace(one, traffic_class=values[(one.frame - 1) % len(values)])

    assert of("SHLD-22", "C SYN seq=0\nS SYN,ACK seq=0 ack=1\nC ACK seq=1 ack=1", change=classes(0, 0, 0xB8)) == (1, 1)
    assert of("SHLD-22", HANDSHAKE, change=classes(0xB8, 0, 0xB9)) == (1, 0)  # ECN is not part of it
    assert of("SHLD-22", HANDSHAKE) == (0, 0)


def test_check_tells_them_behind_the_findings_and_in_json_only() -> None:
    lines, without, whole = (
        synfin("check", LOUD),
        synfin("check", "--rfc", LOUD),
        synfin("check", "--rfc", "--json", LOUD),
    )
    assert "counted" not in without.out and "Of " not in lines.out
    assert lines.status == without.status == whole.status
    told = json.loads(whole.out)["statistics"]
    assert [one["rule"] for one in told] == list(RULES)
    assert all(bool(one["text"]) == bool(one["n"]) for one in told)
    assert "statistics" not in json.loads(synfin("check", "--json", LOUD).out)


def test_check_shows_people_what_was_there(capsys: pytest.CaptureFixture[str]) -> None:
    cli.main(["check", "--rfc", "--grouped", "--lang", "en", LOUD])
    _, section = capsys.readouterr().out.split("RFC 9293, counted but not judged\n")
    assert "MUST-9 (§3.4.1): Initial numbers seen: " in section
    assert "MUST-62" not in section
    cli.main(["check", "--grouped", "--lang", "en", LOUD])
    assert "counted" not in capsys.readouterr().out
