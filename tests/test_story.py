"""The story of a connection: states, rules, numbers in the tutorial's letters, findings."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import needs
from segments import REQUEST, TEXTBOOK, exchange, record_of, told
from synfin.capture.reader import open_capture
from synfin.errors import UnreadableInput
from synfin.explain.words import LANGUAGES, finding_facts, has, placeholders, template_of
from synfin.tcp.state import RULES, State
from synfin.watch.connections.paths import likely, seen
from synfin.watch.connections.record import Derivation, Story
from synfin.watch.connections.verdict import CLOSINGS, OPENINGS, decide
from synfin.watch.findings.known import KNOWN
from synfin.watch.follow import collect
from synfin.watch.follow.marks import marks
from synfin.watch.story.story import tell
from synfin.wire.frame import dissect
from synfin.wire.tcp import ACK, RST, SYN, Segment
from taxonomy import ALL, Case
from test_paths import LINE, without_ack

SMALL_STORY = 3000


def path(story: Story, end: str) -> str:
    """The states of one end in order, each once."""
    states = [getattr(story.steps[0], f"{end}_before")] + [getattr(step, f"{end}_after") for step in story.steps]
    return " ".join(state.label for k, state in enumerate(states) if k == 0 or state is not states[k - 1])


def written(derivations: tuple[Derivation, ...]) -> str:
    return " · ".join(f"{each.formula} = {each.value}" for each in derivations)


@pytest.mark.parametrize("case", ALL, ids=lambda case: case.name)
def test_both_ends_pass_the_states_of_the_taxonomy(case: Case) -> None:
    story = told(case.text)
    assert path(story, "client") == case.client
    assert path(story, "server") == case.server


@pytest.mark.parametrize("case", ALL, ids=lambda case: case.name)
def test_the_last_states_are_those_of_the_whole_connection(case: Case) -> None:
    read = exchange(case.text)
    conn = collect.ConnectionFacts()
    for segment in read.segments:
        collect.add(
            conn, int(segment.src_port == 9501), segment.flags, segment.seq, segment.ack, segment.length,
            segment.window, segment.hdr_len, segment.time_ns,
        )  # fmt: skip
    last = told(case.text).steps[-1]
    assert last.client_after is likely(collect.end_facts(conn, 0, 0))
    assert last.server_after is likely(collect.end_facts(conn, 1, 0))


@pytest.mark.parametrize("case", ALL, ids=lambda case: case.name)
def test_the_rules_lead_from_state_to_state(case: Case) -> None:
    for step in told(case.text).steps:
        rows = [RULES[rule] for rule in step.rules]
        for before, after in ((step.client_before, step.client_after), (step.server_before, step.server_after)):
            if before is not after:
                assert any(row.state is before for row in rows) and any(row.next is after for row in rows), step.rules
        sender = step.client_before if step.from_client else step.server_before
        assert not rows or rows[0].state is sender or rows[0].event.is_receive


def test_the_tutorials_connection_rule_by_rule() -> None:
    assert [step.rules for step in told(TEXTBOOK).steps] == [
        ("closed.snd-syn", "listen.rcv-syn"),
        ("syn-received.snd-syn-ack", "syn-sent.rcv-syn-ack"),
        ("established.snd-ack", "syn-received.rcv-ack-of-syn"),
        ("established.snd-data", "established.rcv-data"),
        ("established.snd-ack", "established.rcv-data"),
        ("established.snd-fin", "established.rcv-fin"),
        ("close-wait.snd-ack", "fin-wait-1.rcv-ack-of-fin"),
        ("close-wait.snd-fin", "fin-wait-2.rcv-fin+ack-of-fin"),
        ("time-wait.snd-ack", "last-ack.rcv-ack-of-fin"),
    ]


def test_the_tutorials_numbers_in_its_own_letters() -> None:
    assert [written(step.derivations) for step in told(TEXTBOOK).steps] == [
        "Seq = X = 0",
        "Ack = X + 1 = 1 · Seq = Y = 0",
        "Ack = Y + 1 = 1 · Seq = X + 1 = 1",
        "Seq = X + 1 = 1",
        "Ack = 1 + 14 = 15",
        "Seq = X = 15 · Ack = Z = 1",
        "Ack = X + 1 = 16 · Seq = Z = 1",
        "Seq = Y = 1 · Ack = X + 1 = 16",
        "Ack = Y + 1 = 2 · Seq = X + 1 = 16",
    ]


def test_numbers_that_do_not_hold_say_so() -> None:
    (derivation, *_) = told("C SYN seq=0\nS SYN,ACK seq=0 ack=7").steps[1].derivations
    assert derivation.formula == "Ack = X + 1" and not derivation.holds
    assert all(each.holds for step in told(TEXTBOOK).steps for each in step.derivations)


@pytest.mark.parametrize("case", ALL, ids=lambda case: case.name)
def test_every_derivation_has_its_sentence_in_both_languages(case: Case) -> None:
    for step in told(case.text).steps:
        for each in step.derivations:
            for language in LANGUAGES:
                assert placeholders(template_of(each.word, language)) <= set(each.numbers), each.word
            shown = step.seq if each.formula.startswith("Seq") else step.ack
            raw = step.segment.seq if each.formula.startswith("Seq") else step.segment.ack
            assert each.holds == (each.raw == raw)
            assert not each.holds or each.value == shown


@pytest.mark.parametrize("case", ALL, ids=lambda case: case.name)
def test_open_and_close_are_the_first_findings(case: Case) -> None:
    story = told(case.text)
    assert [finding.id for finding in story.findings[:2]] == [case.open, case.close]
    frames = {step.segment.frame for step in story.steps}
    for finding in story.findings:
        assert finding.frames and set(finding.frames) <= frames
        assert finding.who in ("client", "server", "both", "middle", "")
        assert has(f"{finding.id}.text")
        needed = placeholders(template_of(f"{finding.id}.text", "en"))
        assert needed <= set(finding.numbers), finding


def test_severities_and_references_are_the_catalogues() -> None:
    for name, (severity, reference, _) in KNOWN.items():
        known = finding_facts(name)
        assert (known.severity, known.ref) == (severity, reference), name


def test_written_after_the_close() -> None:
    story = told(REQUEST + "C FIN,ACK seq=15 ack=1\nS PSH,ACK seq=1 ack=16 len=22\nC RST seq=16 bare")
    last = story.findings[-1]
    assert (last.id, last.who, last.frames) == ("app.write_after_peer_close", "server", (6, 7, 8))
    assert last.numbers["A"] == "client" and last.numbers["B"] == "server"


def test_closed_without_reading() -> None:
    text = REQUEST + "S PSH,ACK seq=1 ack=15 len=22\nC ACK seq=15 ack=23\nC RST,ACK seq=15 ack=23"
    last = told(text).findings[-1]
    assert (last.id, last.who, last.frames) == ("close.unread_data_likely", "client", (6, 8))
    assert last.numbers["bytes"] == 22 and last.confidence == "likely"


def test_an_abort_after_the_own_data_says_nothing_about_reading() -> None:
    text = REQUEST + "S PSH,ACK seq=1 ack=15 len=22\nC PSH,ACK seq=15 ack=23 len=1\nC RST,ACK seq=16 ack=23"
    assert [finding.id for finding in told(text).findings] == ["open.normal", "close.abort"]


def test_a_request_that_crossed_the_fin() -> None:
    text = REQUEST + "+5\nS FIN,ACK seq=1 ack=15\nC PSH,ACK seq=15 ack=1 len=6\nS RST seq=1 bare"
    last = told(text).findings[-1]
    assert (last.id, last.who, last.frames) == ("close.request_crossed_fin", "client", (6, 7, 8))


def test_the_end_of_the_capture_tells_how_long_a_fin_went_unanswered() -> None:
    story = told(REQUEST + "C FIN,ACK seq=15 ack=1\nS ACK seq=1 ack=16\n+10")
    assert story.findings[1].numbers["dt"] == 10_002_000_000


def test_a_story_without_flags_or_end_is_told_all_the_same() -> None:
    read = exchange(TEXTBOOK)
    assert [step.phase for step in tell(read.segments, record_of(read)).steps][-1] == "close-4/4"
    assert tell((), record_of(read)).steps == []


@given(st.lists(LINE.map(without_ack), min_size=1, max_size=12))
@settings(max_examples=150, deadline=None)
def test_any_segments_make_a_story(lines: list[str]) -> None:
    sound(told("\n".join(lines)))


def sound(story: Story) -> None:
    """What holds for every story, whatever was captured."""
    before: tuple[State, State] | None = None
    for step in story.steps:
        assert before in (None, (step.client_before, step.server_before))
        before = step.client_after, step.server_after
        assert all(rule in RULES for rule in step.rules) and has(f"phase.{step.phase}")
        assert all(has(each.word) for each in step.derivations)
    names = [finding.id for finding in story.findings]
    assert names[:2] == [story.connection.open, story.connection.close]
    assert not {*OPENINGS, *CLOSINGS} & {*names[2:]}


def recorded(capture: Path) -> tuple[list[list[Segment]], int]:
    """The segments of a capture by address pair and initial number, and when it ended."""
    live: dict[frozenset[tuple[bytes, int]], list[Segment]] = {}
    found: list[list[Segment]] = []
    end_ns = 0
    with open_capture(capture) as reader:
        for packet in reader:
            end_ns = max(end_ns, packet.time_ns)
            segment = dissect(packet).segment
            if segment is None:
                continue
            key = frozenset(((segment.src, segment.src_port), (segment.dst, segment.dst_port)))
            if key not in live or _starts_again(live[key], segment):
                live[key] = []
                found.append(live[key])
            live[key].append(segment)
    return found, end_ns


def _starts_again(segments: list[Segment], segment: Segment) -> bool:
    if segment.flags & (SYN | ACK | RST) != SYN:
        return False
    opened = [s.seq for s in segments if s.flags & (SYN | ACK | RST) == SYN and s.src_port == segment.src_port]
    return bool(opened) and segment.seq not in opened


def files(captures: Path) -> Iterator[Path]:
    for capture in sorted(captures.glob("*/*")):
        if capture.is_file() and "expected" not in capture.parts:
            yield capture


def test_real_connections(captures_dir: Path) -> None:
    told_of = 0
    for capture in files(captures_dir):
        try:
            connections, end_ns = recorded(capture)
        except UnreadableInput:
            continue
        needs.captures_ran(capture)
        for segments in connections:
            conn = collect.ConnectionFacts()
            first = segments[0].src, segments[0].src_port
            for one in segments:
                side = int((one.src, one.src_port) != first)
                collect.add(conn, side, one.flags, one.seq, one.ack, one.length, one.window, one.hdr_len, one.time_ns)
            client = max(0, collect.client_side(conn))
            verdict = decide(marks(conn, client, end_ns))
            assert verdict.open in OPENINGS and verdict.close in CLOSINGS
            for end in (0, 1):
                vector = collect.end_facts(conn, end, client)
                assert likely(vector) in seen(vector)
            if len(segments) > SMALL_STORY:
                continue
            record = record_of(exchange("C SYN seq=0"))
            record.open, record.close, record.closed_by = verdict
            ends = [(one.src, one.src_port) for one in segments] + [(one.dst, one.dst_port) for one in segments]
            opener = first if client == 0 else next((end for end in ends if end != first), first)
            record.client.ip, record.client.port = _text(opener[0]), opener[1]
            sound(tell(segments, record, capture_end_ns=end_ns))
            told_of += 1
    assert told_of > 400


def _text(address: bytes) -> str:
    if len(address) == 4:
        return ".".join(map(str, address))
    return ":".join(address[k : k + 2].hex() for k in range(0, len(address), 2))
