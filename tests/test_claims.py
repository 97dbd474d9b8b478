"""What is claimed beside the likely state: certain, allowed by the capture, possible at all; and who says it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from command import synfin
from segments import HANDSHAKE, REQUEST, TEXTBOOK, exchange, record_of, told
from synfin.explain import possible
from synfin.tcp.state import State
from synfin.watch.connections.claims import Claim
from synfin.watch.story.story import tell
from taxonomy import ALL, Case

RECORDED = Path(__file__).parent / "data" / "textbook.pcapng"
#: nine seconds after an earlier connection of the same endpoints
AGAIN = "C SYN seq=0\nS ACK seq=9000 ack=5000\nC RST seq=5000 bare\n+1\nC SYN seq=0\nS SYN,ACK seq=0 ack=1"


def claims_of(text: str, past: str = "") -> list[tuple[Claim, Claim]]:
    read = exchange(text)
    before = [
        replace(
            one, seq=(one.seq - 70_000) % 2**32, ack=(one.ack - 70_000) % 2**32, time_ns=one.time_ns - 9 * 10**9
        )
        for one in (exchange(past).segments if past else ())
    ]  # fmt: skip
    found = []
    for step in tell(read.segments, record_of(read), past=before).steps:
        assert step.claims is not None
        found.append(step.claims)
    return found


@pytest.mark.parametrize("case", ALL, ids=lambda case: case.name)
def test_what_is_likely_is_possible(case: Case) -> None:
    for step in told(case.text).steps:
        assert step.claims is not None
        for claim, likely in zip(step.claims, (step.client_after, step.server_after), strict=True):
            assert claim.seen <= claim.could
            assert claim.hidden or likely in claim.could


def test_the_tutorials_connection_is_certain_where_it_can_be() -> None:
    certain = [[one.certain and min(one.seen).label for one in both] for both in claims_of(TEXTBOOK)]
    assert certain == [
        ["SYN-SENT", False], [False, "SYN-RECEIVED"], ["ESTABLISHED", False], ["ESTABLISHED", False],
        ["ESTABLISHED", "ESTABLISHED"], ["FIN-WAIT-1", False], [False, "CLOSE-WAIT"], [False, "LAST-ACK"],
        ["TIME-WAIT", False],
    ]  # fmt: skip


def test_what_is_proven_is_excluded_for_good() -> None:
    _, server = claims_of(REQUEST)[-1]
    assert not server.could & {State.LISTEN, State.SYN_SENT, State.SYN_RECEIVED}
    assert server.could > server.seen == {State.ESTABLISHED}


def test_a_new_incarnation_finds_the_other_end_wherever_it_was() -> None:
    fresh = claims_of(HANDSHAKE)[0][1]
    reused = claims_of(HANDSHAKE, past=REQUEST)
    assert State.ESTABLISHED not in fresh.seen and State.ESTABLISHED in reused[0][1].seen
    assert {State.CLOSED, State.LISTEN, State.SYN_RECEIVED} <= reused[0][1].seen
    assert reused[0][0].certain  # who sent the new SYN has begun anew
    assert reused[1][1].seen == {State.SYN_RECEIVED}  # it has answered


def test_an_answer_with_old_numbers_belongs_to_the_old_incarnation() -> None:
    """RFC 9293 figure 10: the old connection still lives at the other end."""
    for both in claims_of(AGAIN, past=REQUEST)[:3]:
        assert {State.ESTABLISHED, State.CLOSED} <= both[1].seen


def test_the_words_say_certain_possible_and_excluded() -> None:
    client, server = claims_of(TEXTBOOK)[0]
    assert possible.also(client, State.SYN_SENT, "en") == "certain"
    assert possible.also(server, State.SYN_RECEIVED, "zh") == "也可能是 CLOSED、LISTEN"
    assert possible.excluded(client, "en") == "excluded: LISTEN"
    assert possible.excluded(Claim(frozenset(State), frozenset(State)), "en") == ""
    assert "missing" in possible.also(Claim(frozenset(State), frozenset(State), True), State.CLOSED, "en")


def test_explain_shows_them_on_demand() -> None:
    shown = synfin("explain", "--states", "--lang", "en", str(RECORDED)).out
    assert "server: LAST-ACK (certain); excluded: LISTEN, SYN-SENT" in shown
    chinese = synfin("explain", "--states", "--lang", "zh", str(RECORDED)).out
    assert "服务器：LAST-ACK（可以确定）；可排除：LISTEN、SYN-SENT" in chinese
    document = json.loads(synfin("explain", "--json", str(RECORDED)).out)
    last = document["steps"][-1]
    assert last["client_claim"] | {"could": 0} == {
        "seen": ["TIME-WAIT"], "could": 0, "certain": True, "hidden": False,
    }  # fmt: skip
    assert last["server_claim"]["seen"] == ["CLOSED", "LAST-ACK"] and not last["server_claim"]["certain"]
