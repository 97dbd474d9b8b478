"""Two captures of the same traffic: what was lost, injected, changed, delayed between them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from command import synfin
from craft import write_segments
from segments import HANDSHAKE, REQUEST, TEXTBOOK, exchange, record_of
from synfin.watch.compare import Comparison, Heard, compare
from synfin.wire.tcp import SYN, Segment

DELAY_NS = 20_000_000
AHEAD_NS = 3_000_000_000  #: of the clock at the server
NAT = (b"\xc0\x00\x02\x07", 40_001)


def at_client(text: str) -> list[Segment]:
    """What the notation says, as the client's host sees it; every segment has its own ID and timestamp."""
    return [
        replace(one, ip_id=100 + one.frame, options=_stamp(one.frame), hdr_len=32, payload=one.payload)
        for one in exchange(text).segments
    ]


def _stamp(value: int) -> bytes:
    return b"\x01\x01\x08\x0a" + value.to_bytes(4, "big") + bytes(4)


def at_server(segments: list[Segment], *, nat: bool = False) -> list[Segment]:
    """The same segments at the other end: earlier or later by the delay, on another clock."""
    found = []
    for one in segments:
        late = DELAY_NS if one.src_port > 9501 else -DELAY_NS
        moved = replace(one, time_ns=one.time_ns + AHEAD_NS + late)
        found.append(_translated(moved) if nat else moved)
    return sorted(found, key=lambda one: one.time_ns)


def _translated(one: Segment) -> Segment:
    if one.src_port > 9501:
        return replace(one, src=NAT[0], src_port=NAT[1])
    return replace(one, dst=NAT[0], dst_port=NAT[1])


def heard(segments: list[Segment], text: str) -> list[Heard]:
    record = record_of(exchange(text))
    if any(one.src_port == NAT[1] for one in segments):
        record.client.ip, record.client.port = "192.0.2.7", NAT[1]
    return [Heard(record, segments)]


def compared(text: str, second: list[Segment], first: list[Segment] | None = None) -> Comparison:
    return compare(heard(first or at_client(text), text), heard(second, text))


def ids(found: Comparison) -> list[str]:
    return [decision.id for one in found.compared for decision in one.decisions]


def test_clocks_and_places_from_both_directions() -> None:
    found = compared(TEXTBOOK, at_server(at_client(TEXTBOOK)))
    clocks = found.clocks
    assert (clocks.offset_ns, clocks.delay_ns, clocks.first_is_nearer) == (AHEAD_NS, DELAY_NS, True)
    assert [way.typical_ns for way in found.compared[0].ways] == [DELAY_NS, DELAY_NS]
    assert not ids(found)
    turned = compare(heard(at_server(at_client(TEXTBOOK)), TEXTBOOK), heard(at_client(TEXTBOOK), TEXTBOOK))
    assert (turned.clocks.offset_ns, turned.clocks.first_is_nearer) == (-AHEAD_NS, False)


@pytest.mark.parametrize(
    ("frame", "what"),
    [(1, "compare.syn-lost"), (3, "compare.syn-ack-lost"), (5, "compare.ack-lost"), (6, "compare.data-lost")],
)
def test_a_loss_between_the_places_is_named(frame: int, what: str) -> None:
    text = (
        "C SYN seq=0\n+1\nC SYN seq=0\nS SYN,ACK seq=0 ack=1\nS SYN,ACK seq=0 ack=1\nC ACK seq=1 ack=1\n"
        "C PSH,ACK seq=1 ack=1 len=14\n+0.3\nC PSH,ACK seq=1 ack=1 len=14\nS ACK seq=1 ack=15"
    )
    all_of_it = at_client(text)
    near, far = list(all_of_it), at_server(all_of_it)
    if all_of_it[frame - 1].src_port > 9501:
        far = [one for one in far if one.frame != frame]
    else:
        near = [one for one in near if one.frame != frame]
    found = compared(text, far, near)
    assert ids(found) == [what]
    decision = found.compared[0].decisions[0]
    assert (decision.frames_first or decision.frames_second) == (frame,)


def test_a_reset_that_its_end_never_sent_was_injected() -> None:
    text = f"{REQUEST}S RST seq=1 bare"
    near = at_client(text)
    far = [one for one in at_server(near) if one.frame != 6]
    (decision,) = compared(text, far, near).compared[0].decisions
    assert (decision.id, decision.frames_first, decision.numbers) == (
        "compare.reset-injected",
        (6,),
        {"B": "server", "n": 1},
    )


def test_what_a_device_rewrote() -> None:
    scaled = [
        replace(one, options=one.options + b"\x01\x03\x03\x07", hdr_len=36) if one.flags & SYN else one
        for one in at_client(REQUEST)
    ]
    far = at_server(scaled)
    stripped = [replace(one, options=one.options[:12], hdr_len=32) if one.frame == 2 else one for one in scaled]
    assert ids(compared(REQUEST, far, stripped)) == ["compare.scale-stripped"]
    payload = [replace(one, payload=b"x" * one.length) if one.length else one for one in far]
    assert ids(compared(REQUEST, payload, scaled)) == ["compare.changed"]


def test_bytes_that_one_capture_missed_were_not_lost() -> None:
    near = at_client(REQUEST)
    far = [one for one in at_server(near) if one.frame != 4]
    found = compared(REQUEST, far, near)
    assert not ids(found) and [one.frame for one in found.compared[0].ways[0].missed] == [4]


def test_a_connection_is_found_behind_a_nat() -> None:
    found = compared(TEXTBOOK, at_server(at_client(TEXTBOOK), nat=True))
    assert ids(found) == ["compare.translated"] and found.clocks.offset_ns == AHEAD_NS
    middle = [one for one in at_client(TEXTBOOK) if one.frame > 3]
    assert ids(compared(TEXTBOOK, at_server(middle, nat=True), middle)) == ["compare.translated"]


def test_captures_that_do_not_belong_together_say_so(tmp_path: Path) -> None:
    one = write_segments(tmp_path / "a.pcap", at_client(TEXTBOOK))
    moved = [replace(one, seq=(one.seq + 77_777) & 0xFFFFFFFF) for one in at_client(HANDSHAKE)]
    other = write_segments(tmp_path / "b.pcap", moved)
    done = synfin("compare", str(one), str(other))
    assert done.status == 1 and done.out.startswith("The two captures do not belong together")
    assert synfin("compare", str(one)).status == 2


def test_the_command_in_both_languages_and_as_json(tmp_path: Path) -> None:
    text = f"C SYN seq=0\n+1\n{HANDSHAKE}C PSH,ACK seq=1 ack=1 len=14\nS ACK seq=1 ack=15"
    near = at_client(text)
    one = write_segments(tmp_path / "a.pcap", near)
    two = write_segments(tmp_path / "b.pcap", [one for one in at_server(near) if one.frame != 1])
    done = synfin("compare", str(one), str(two), "--lang", "en")
    assert done.status == 0 and "The SYN was lost between the two places (1×)" in done.out and "[A: 1]" in done.out
    assert "SYN 在两个抓包点之间丢失（1 次）" in synfin("compare", str(one), str(two), "--lang", "zh").out
    document = json.loads(synfin("compare", str(one), str(two), "--json").out)
    assert (document["clock_offset_ns"], document["nearer_to_clients"]) == (AHEAD_NS, "first")
    assert document["connections"][0]["decisions"][0]["id"] == "compare.syn-lost"


def test_it_says_which_capture_is_which_and_when_nothing_happened() -> None:
    textbook = str(Path(__file__).parent / "data" / "textbook.pcapng")
    lines = synfin("compare", textbook, textbook).out.splitlines()
    assert " ".join(lines).startswith(f"A, the first capture, is {textbook}; B, the second, is {textbook}.")
    assert lines[-1].startswith("Nothing happened between the two places") and ": 1 (" in lines[-1]
    assert "connection 0 of A, 0 of B: " in synfin("compare", "--full", textbook, textbook).out
