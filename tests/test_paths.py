"""What is claimed about states, against searches and simulations that know no facts, only the table."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segments import HANDSHAKE, REQUEST, TEXTBOOK, client_of, collected, exchange
from synfin.tcp.state import NO_ROW, SYN_RECEIVED_ACTIVE, Event, State, next_row, state_of
from synfin.watch.connections.paths import could, hidden, likely, seen
from synfin.watch.follow import collect
from synfin.wire.tcp import ACK, FIN, RST, SYN, Segment

START = (State.CLOSED, State.LISTEN)
MIDSTREAM = (State.ESTABLISHED, State.SYN_RECEIVED, SYN_RECEIVED_ACTIVE)


def brute_force(sends: set[Event], receives: set[Event], starts: Sequence[int]) -> set[State]:
    """The ends of all paths that take every captured send, and any captured reception, at any time."""
    start: list[tuple[int, frozenset[Event]]] = [(row, frozenset()) for row in starts]
    found, queue = set(start), start
    for row, sent in queue:
        for event in receives | {Event.SND_RST} | (sends - sent):
            after = next_row(row, event)
            node = after, sent | ({event} & sends)
            if after != NO_ROW and node not in found:
                found.add(node)
                queue.append(node)
    return {state_of(row) for row, sent in found if sent == sends}


def key_sends(segments: Sequence[tuple[int, int]], side: int) -> set[Event]:
    """The captured sends of one side that change its state."""
    found = set()
    for sender, flags in segments:
        if sender != side or flags & RST:
            continue
        if flags & SYN:
            found.add(Event.SND_SYN_ACK if flags & ACK else Event.SND_SYN)
        if flags & FIN:
            found.add(Event.SND_FIN)
    return found


def possible_receives(segments: Sequence[tuple[int, int]], side: int) -> set[Event]:
    """Every reception that the flags of the captured segments could mean, numbers ignored."""
    found: set[Event] = set()
    for sender, flags in segments:
        if sender == side:
            continue
        if flags & RST:
            found.add(Event.RCV_RST)
            continue
        if flags & SYN:
            found.add(Event.RCV_SYN_ACK if flags & ACK else Event.RCV_SYN)
        if flags & FIN:
            found |= {Event.RCV_FIN, Event.RCV_FIN_ACK_OF_SYN}
        if flags & ACK:
            found |= {Event.RCV_ACK_OF_SYN, Event.RCV_ACK_OF_FIN, Event.RCV_DATA}
        if flags & FIN and flags & ACK:
            found.add(Event.RCV_FIN_ACK_OF_FIN)
    return found


def check(segments: Sequence[Segment], client: int) -> None:
    """After every segment: likely is one of seen, and where nothing is hidden seen is within the search's set."""
    conn = collect.ConnectionFacts()
    first = (segments[0].src, segments[0].src_port)
    noted: list[tuple[int, int]] = []
    for segment in segments:
        side = int((segment.src, segment.src_port) != first)
        collect.add(
            conn, side, segment.flags, segment.seq, segment.ack, segment.length, segment.window, segment.hdr_len,
            segment.time_ns,
        )  # fmt: skip
        noted.append((side, segment.flags))
        for end in (0, 1):
            vector = collect.end_facts(conn, end, client)
            assert likely(vector) in seen(vector)
            sends, receives = key_sends(noted, end), possible_receives(noted, end)
            if hidden(vector) or not all(any(sender == side for sender, _ in noted) for side in (0, 1)):
                continue
            if any(flags & (SYN | RST) == SYN for _, flags in noted):
                lacks_syn = not any(sender != end and flags & (SYN | RST) == SYN for sender, flags in noted)
                works = any(sender == end and not flags & (SYN | RST) for sender, flags in noted)
                works |= 0 < conn.sides[1 - end].ledger.syn_end < conn.sides[end].ledger.ack
                if lacks_syn or works:  # what its own segments prove may be missing from the capture
                    receives |= {Event.RCV_SYN, Event.RCV_SYN_ACK, Event.RCV_ACK_OF_SYN}
                free = {Event.SND_SYN} if Event.RCV_SYN_ACK in receives else set()  # the capture may lack its SYN
                allowed = brute_force(sends, receives | free - sends, START)
                if not noted[0][1] & SYN:  # a late copy: the capture may begin in midstream
                    opening = sends & {Event.SND_SYN, Event.SND_SYN_ACK}
                    allowed |= brute_force(sends - opening, receives | opening, MIDSTREAM)
            else:
                allowed = brute_force(sends, receives, (*MIDSTREAM, State.CLOSED))
            assert seen(vector) <= allowed, (noted, end)
            assert likely(vector) in allowed


WRITTEN = [
    TEXTBOOK,
    REQUEST + "C FIN,ACK seq=15 ack=1\nS FIN,ACK seq=1 ack=16\nC ACK seq=16 ack=2",
    REQUEST + "C FIN,ACK seq=15 ack=1\nS FIN,ACK seq=1 ack=15\nC ACK seq=16 ack=2\nS ACK seq=2 ack=16",
    REQUEST + "S FIN,ACK seq=1 ack=15\nC PSH,ACK seq=15 ack=2 len=3\nS ACK seq=2 ack=18\nC RST,ACK seq=18 ack=2",
    "C SYN seq=0\nS SYN seq=0\nC SYN,ACK seq=0 ack=1\nS SYN,ACK seq=0 ack=1\nC ACK seq=1 ack=1",
    "C SYN seq=0\nC SYN seq=0\nS RST,ACK seq=#0 ack=1 bare",
    "C SYN seq=0\nS SYN,ACK seq=0 ack=1\nC RST seq=1 bare",
    "C PSH,ACK seq=1 ack=1 len=5\nS ACK seq=1 ack=6\nS FIN,ACK seq=1 ack=6\nC ACK seq=6 ack=2",
    HANDSHAKE + "C FIN,ACK seq=1 ack=1\nC FIN,ACK seq=1 ack=1\nS RST seq=1 bare",
]


@pytest.mark.parametrize("text", WRITTEN)
def test_likely_is_allowed_by_a_plain_search_of_the_table(text: str) -> None:
    segments = exchange(text).segments
    check(segments, client_of(segments))


FLAGS = ["SYN", "SYN,ACK", "ACK", "PSH,ACK", "FIN,ACK", "FIN", "RST", "RST,ACK", "NONE", "SYN,FIN,ACK"]
LINE = st.builds(
    "{} {} seq={} ack={} len={}".format,
    st.sampled_from("CS"), st.sampled_from(FLAGS), st.integers(0, 4), st.integers(0, 4), st.sampled_from([0, 0, 1]),
)  # fmt: skip


def without_ack(line: str) -> str:
    """An acknowledgment number counts only with the flag."""
    words = line.split()
    return line if "ACK" in words[1] else " ".join(word for word in words if not word.startswith("ack="))


@given(st.lists(LINE.map(without_ack), min_size=1, max_size=10))
@settings(max_examples=300, deadline=None)
def test_likely_is_allowed_on_random_segments(lines: list[str]) -> None:
    segments = exchange("\n".join(lines)).segments
    check(segments, client_of(segments))


def test_could_holds_seen() -> None:
    segments = exchange(TEXTBOOK).segments
    for count in range(1, len(segments) + 1):
        conn = collected(segments[:count])
        for end in (0, 1):
            vector = collect.end_facts(conn, end, 0)
            assert seen(vector) <= could(vector)


def test_a_certain_claim_has_one_member() -> None:
    conn = collected(exchange(TEXTBOOK).segments)
    assert seen(collect.end_facts(conn, 0, 0)) == {State.TIME_WAIT}
    assert seen(collect.end_facts(conn, 1, 0)) == {State.LAST_ACK, State.CLOSED}


def test_something_hidden_is_said_and_answered_with_what_could_be() -> None:
    # Each FIN says that the other one came first.
    conn = collected(exchange(HANDSHAKE + "C FIN,ACK seq=1 ack=2\nS FIN,ACK seq=1 ack=2").segments)
    vector = collect.end_facts(conn, 1, 0)
    assert hidden(vector) and seen(vector) == could(vector)
    assert likely(vector) in seen(vector)
