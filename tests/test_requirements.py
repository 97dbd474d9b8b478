"""Every requirement of RFC 9293 that a capture can show, put to the test: kept by one connection, broken by another.

What may be done (MAY) is not broken by whoever leaves it: there the second connection says nothing of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from segments import HANDSHAKE, REQUEST, TEXTBOOK, exchange, record_of
from synfin.explain import words
from synfin.watch.follow.quote import Quote
from synfin.watch.story.story import tell
from synfin.watch.verify import verify
from synfin.watch.verify.network import checksum_holds
from synfin.wire.tcp import Segment
from test_verify import ANSWERED, CASES, GROUP, HALF_CLOSED, OFFERED, repeated, sent

RULES = Path(__file__).parent / "data" / "rfc9293-rules.tsv"
#: true by construction: a segment with another address is another connection's
GIVEN = {"MUST-45"}
#: statistics over many connections or hosts, or knowledge of a host: reported mildly, if at all
STATISTICS = {"MUST-28", "MUST-62"}

Shown = set[tuple[str, bool]]


def rows(scope: str) -> list[str]:
    """Ids of the rows whose scope holds this letter."""
    lines = [line.split("\t") for line in RULES.read_text(encoding="utf-8").splitlines()[1:]]
    return [line[0] for line in lines if scope in line[3]]


def rulings_of(
    segments: Sequence[Segment],
    text: str,
    *,
    vantage: str = "unknown",
    past: Sequence[Segment] = (),
    quotes: Sequence[Quote] = (),
    ip: str = "",
) -> Shown:
    read = exchange(text)
    record = record_of(read)
    record.vantage = vantage
    if ip:
        record.client.ip = record.server.ip = ip
    known = tell(segments, record, capture_end_ns=read.end_ns, past=past, quotes=quotes).known
    assert known is not None
    return {(one.rule, one.kept) for one in verify(known)}


def plain(text: str, *, vantage: str = "unknown", past: str = "") -> Shown:
    """What a written connection shows; every packet has its own IP ID."""
    segments = [replace(one, ip_id=100 + one.frame) for one in exchange(text).segments]
    before = [replace(one, time_ns=one.time_ns - 5 * 10**9) for one in exchange(past).segments] if past else []
    return rulings_of(segments, text, vantage=vantage, past=before)


# --- what cannot be written in the short notation ---------------------------------------------------------------------


def near_the_server() -> Iterable[Shown]:
    each = "".join(
        sent(1 + 1000 * k, 1000) + (f"S ACK seq=1 ack={1001 + 1000 * k}\n" if k % 2 else "") for k in range(6)
    )
    texts = (
        REQUEST, f"{HANDSHAKE}{sent(1, 14)}+0.6\nS ACK seq=1 ack=15", f"{OFFERED}{each}",
        OFFERED + "".join(sent(1 + 1000 * k, 1000) for k in range(4)) + "S ACK seq=1 ack=4001",
        OFFERED + "".join(sent(1 + 9 * k, 9) + f"S ACK seq=1 ack={10 + 9 * k}\n" for k in range(5)),
        f"{REQUEST}C ACK seq=15 ack=900\nS ACK seq=1 ack=15",
    )  # fmt: skip
    return [plain(text, vantage="server") for text in texts]


def groups() -> Iterable[Shown]:
    for text in ("C SYN seq=0", HANDSHAKE):
        segments = [replace(one, src=GROUP, dst=GROUP) for one in exchange(text).segments]
        yield rulings_of(segments, text, ip="224.0.0.1")


def options() -> Iterable[Shown]:
    yield plain(f"{HANDSHAKE}C ACK seq=1 ack=1 mss=1460")
    for padding in (b"\0\0\0\0", b"\0\0\7\0"):
        segments = [replace(one, options=padding, hdr_len=24) for one in exchange(HANDSHAKE).segments]
        yield rulings_of(segments, HANDSHAKE)


def urgent() -> Iterable[Shown]:
    text = f"{HANDSHAKE}C PSH,URG,ACK seq=1 ack=1 len=5"
    for pointer in (5, 900):
        yield rulings_of([replace(one, urgent=pointer) for one in exchange(text).segments], text)


def same_ip_id() -> Iterable[Shown]:
    text = f"{HANDSHAKE}{repeated(sent(1, 14), '0.25')}"
    same = [replace(one, ip_id=77 if one.length else one.frame) for one in exchange(text).segments]
    yield rulings_of([replace(one, time_ns=one.time_ns + 10**9 * (one.frame == 5)) for one in same], text)


def stamped(text: str, past: str, *, stamps: Sequence[int]) -> Shown:
    """Every segment has a timestamp."""

    def with_stamp(one: Segment, value: int) -> Segment:
        option = b"\x01\x01\x08\x0a" + value.to_bytes(4, "big") + bytes(4)
        return replace(one, options=one.options + option, hdr_len=one.hdr_len + 12, ip_id=one.frame)

    segments = [with_stamp(one, stamps[0] + k) for k, one in enumerate(exchange(text).segments)]
    before = [with_stamp(one, stamps[1] + k) for k, one in enumerate(exchange(past).segments)]
    return rulings_of(segments, text, past=[replace(one, time_ns=one.time_ns - 5 * 10**9) for one in before])


def reused() -> Iterable[Shown]:
    yield stamped(HANDSHAKE, TEXTBOOK, stamps=(5000, 100))
    yield stamped("C SYN seq=0\nS ACK seq=1 ack=16\n+1\nC SYN seq=0", TEXTBOOK, stamps=(5000, 100))


def windows() -> Iterable[Shown]:
    yield plain(f"{OFFERED}S ACK seq=1 ack=1 win=100\n{sent(1, 600)}S ACK seq=1 ack=15 win=2\n+0.3\n{sent(15, 586)}")
    yield plain(f"{OFFERED}S ACK seq=1 ack=1 win=100\n{sent(1, 200)}S ACK seq=1 ack=15 win=2\n+0.3\n{sent(15, 186)}")
    narrow = f"{OFFERED}S ACK seq=1 ack=1 win=100\n{sent(1, 14)}S ACK seq=1 ack=15 win=2\n"
    yield plain(f"{narrow}{sent(15, 2)}C RST,ACK seq=17 ack=1")
    yield plain(f"{HANDSHAKE}S ACK seq=1 ack=1 win=40000\n{sent(1, 1)}+0.3\n{sent(2, 1)}+0.6\n{sent(3, 1)}")


def hasty_and_endless() -> Iterable[Shown]:
    yield plain(f"{HANDSHAKE}{repeated(sent(1, 14), '0.25', '0.05', '0.05')}")
    yield plain(ANSWERED + repeated("C PSH,ACK seq=15 ack=9 len=5\n", *["2"] * 40))


def late_data() -> Iterable[Shown]:
    late = "S PSH,ACK seq=1 ack=16 len=9\n"
    yield plain(f"{HALF_CLOSED}+0.3\n{late}+0.6\n{late}")


def congestion() -> Iterable[Shown]:
    opened = "C SYN,ECE,CWR seq=0\nS SYN,ECE,ACK seq=0 ack=1\nC ACK seq=1 ack=1\n"
    yield plain(f"{opened}{sent(1, 14)}S ACK,ECE seq=1 ack=15\nC PSH,ACK,CWR seq=15 ack=1 len=4")


def errors() -> Iterable[Shown]:
    """ICMP errors about the client's segments, and how it goes on."""
    opened = f"{OFFERED}{sent(1, 1400)}"
    for kind, code, mtu, text in (
        (4, 0, None, f"{opened}+1\n{sent(1401, 10)}"),
        (4, 0, None, f"{opened}+1\nC RST,ACK seq=1401 ack=1"),
        (3, 1, None, f"{opened}+1\n{sent(1, 1400)}"),
        (11, 0, None, f"{opened}+1\nC RST,ACK seq=1401 ack=1"),
        (3, 3, None, opened),
        (3, 3, None, f"{opened}+1\n{sent(1, 1400)}"),
        (3, 4, 1400, f"{opened}+1\n{sent(1, 1300)}+1\n{sent(1301, 100)}"),
        (3, 4, 1400, f"{opened}+1\n{sent(1, 1400)}+1\n{sent(1, 1400)}"),
        (3, 3, None, "C SYN seq=0"),
        (3, 3, None, "C SYN seq=0\n+1\nC SYN seq=0"),
    ):
        read = exchange(text)
        about = [one for one in read.segments if one.src_port != 9501]
        said = Quote(
            99, about[0].time_ns + 500_000_000, "192.0.2.1", kind, code, False, mtu,
            (about[0].src, about[0].src_port), about[0].seq,
        )  # fmt: skip
        yield rulings_of([replace(one, ip_id=one.frame) for one in read.segments], text, quotes=[said])


def service_classes() -> Iterable[Shown]:
    text = f"{HANDSHAKE}{sent(1, 14)}S ACK seq=1 ack=15\n{sent(15, 4)}"
    for classes in ((0, 0), (0, 0xB8)):
        segments = [
            replace(one, traffic_class=classes[one.frame > 5], ip_id=one.frame) for one in exchange(text).segments
        ]
        yield rulings_of(segments, text)


def checked(segment: Segment) -> Segment:
    """With the right checksum, found by trying: the code under test only says whether one holds."""
    whole = replace(segment, payload=bytes(segment.length), options=segment.options.ljust(segment.hdr_len - 20, b"\0"))
    return next(one for value in range(1, 1 << 16) if checksum_holds(one := replace(whole, checksum=value)))


def checksums() -> Iterable[Shown]:
    right = [checked(replace(one, ip_id=one.frame)) for one in exchange(REQUEST).segments]
    yield rulings_of(right, REQUEST)
    yield rulings_of([*right[:3], replace(right[3], checksum=(right[3].checksum or 0) ^ 0x1234), *right[4:]], REQUEST)


MORE = (
    near_the_server, groups, options, urgent, same_ip_id, reused, windows, hasty_and_endless, late_data, congestion,
    errors, service_classes, checksums,
)  # fmt: skip


@cache
def shown() -> frozenset[tuple[str, bool]]:
    found: Shown = set()
    for case in CASES:
        for text in filter(None, (case.keeps, case.breaks)):
            found |= plain(text)
    for evidence in MORE:
        for one in evidence():
            found |= one
    return frozenset(found)


@pytest.mark.parametrize("rule", [rule for rule in rows("W") if rule not in GIVEN])
def test_each_row_is_kept_once_and_broken_once(rule: str) -> None:
    assert (rule, True) in shown()
    if rule.startswith("MAY"):
        assert rule not in {name for name, _ in plain("C SYN seq=0")}
    else:
        assert (rule, False) in shown()


def test_another_address_is_another_connection() -> None:
    """MUST-45 is kept by construction: connections are told apart by their addresses."""
    first, *rest = exchange(HANDSHAKE).segments
    assert {one.src for one in rest} == {first.src, first.dst}
    assert not {rule for rule, _ in shown()} & GIVEN


def test_rows_for_statistics_never_count_as_broken_hard() -> None:
    told = {rule for rule, _ in shown()} & set(rows("w"))
    assert told == STATISTICS


def test_nothing_is_judged_that_the_rfc_does_not_list() -> None:
    known = set(rows(""))
    for rule, _ in shown():
        assert rule in known and words.rfc_section(rule).startswith("3.")
        for lang in words.LANGUAGES:
            assert words.text(f"rfc.{rule}.text", lang)


def test_a_checksum_holds_or_not_or_is_left_to_the_card() -> None:
    segment = checked(exchange(REQUEST).segments[3])
    assert checksum_holds(segment) is True
    assert checksum_holds(replace(segment, seq=segment.seq ^ 1)) is False
    assert checksum_holds(replace(segment, checksum=None)) is None
    size = (segment.hdr_len + segment.length).to_bytes(4, "big")
    pseudo = int.from_bytes(segment.src + segment.dst + size + b"\0\0\0\x06", "big") % 0xFFFF
    assert checksum_holds(replace(segment, checksum=pseudo)) is None
    assert checksum_holds(replace(segment, payload=b"")) is None
